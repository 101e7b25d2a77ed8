//! Decides who may use the API, and for what.
//!
//! - `caller` reads the token of a request and checks its permissions.
//! - [`tokens`] makes, lists and revokes tokens and sessions.

pub(crate) mod caller;
pub mod tokens;
