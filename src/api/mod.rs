//! The HTTP API: routes, streaming, problems, tokens, OpenAPI.
//!
//! - [`server`] accepts connections and shuts down; it has all routes, and what every answer has.
//! - `pages` are HTML; `resources` are the JSON resources, a file each. Handlers call the library, which blocks, so they run on the
//!   blocking pool ([`state::Api::work`]).
//! - [`access`]: who may do what; `transfer`: streams and uploads; `description`: the OpenAPI document.
//! - [`state`]: what all requests share: workspaces, limits, figures, what changed lately.
//! - `http`: problem documents, bodies, cursors, downloads; `prelude` has what most handlers use.
//!
//! Promises: what is acknowledged is recorded; no answer contains a secret, and no error a path of the machine; a stream
//! resumes behind any event that was received.

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
