//! Which environment a configuration needs.
//!
//! - [`prepare`] opens the configuration, keeps a snapshot of it and names the environment by digest.
//! - `fitting` says whether its lock fits what it declares.

pub(crate) mod fitting;
pub mod prepare;
