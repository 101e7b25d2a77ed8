//! The HTTP API: routes, streaming, problems, tokens, OpenAPI.
//!
//! - [`server`] accepts connections and shuts down. It has all routes, and the parts that every response shares.
//! - `pages` are HTML; `resources` are the JSON resources, one file each. Handlers call the library, which blocks, so they run
//!   on the blocking pool ([`state::Api::work`]).
//! - [`access`] decides who may do what; `transfer` has streams and uploads; `description` is the OpenAPI document.
//! - [`state`] is shared by all requests: workspaces, limits, figures, recent changes.
//! - `http` has problem documents, bodies, cursors and downloads; `prelude` has the imports of most handlers.
//!
//! Promises: everything that is acknowledged is recorded; no response contains a secret, and no error a path of the machine; a
//! stream resumes after any received event.

pub mod access;
mod description;
mod http;
mod pages;
mod prelude;
mod resources;
pub mod server;
pub mod state;
mod transfer;

pub use http::problem::ApiError;
pub use server::routes::{description, router};
pub use state::{Api, ServeOptions};
