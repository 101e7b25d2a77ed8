//! Who may use the API, and for what.
//!
//! - `caller`: which token a request has, and what it allows.
//! - [`tokens`]: tokens and sessions, made, listed and revoked.

pub(crate) mod caller;
pub mod tokens;
