//! The HTTP API: routes, streaming, problems, tokens, OpenAPI.
//!
//! One file for each resource. A handler parses the request, calls the library and renders the answer; the work is done by the
//! modules that `ade run` and the worker use. Calls of the library block, so they run on the blocking pool ([`state::Api::work`]).
//!
//! - `runs`, `jobs` (other names for runs), `documents`, `configurations`, `builds`, `environments`, `workspaces`, `events`, `stats`,
//!   `settings`, `cells`, `health`, `pages`: the resources.
//! - `caller` says which token a request has and what it allows; `guard` holds what every answer has: the check of the Host
//!   header, headers for security, compression; `figures` are those of requests.
//! - `problem` turns every error into a problem document (RFC 9457); `body` reads JSON and queries, and names the field that is
//!   wrong; `page` is pagination by cursor; `download` serves files with ETag and ranges; `upload` takes them, and `linger`
//!   reads on where a request is refused.
//! - `tail` follows the log of a run for any number of clients at once; `stream` makes NDJSON and server-sent events of it.
//! - `events` and `watched` do the same for a workspace, whose runs and environments change.
//! - `server` accepts connections and shuts down, `routes` has all routes; `openapi` and `typescript` describe the API.
//!
//! Promises: what is acknowledged is recorded; no answer contains a secret, and no error a path of the machine; a stream
//! resumes behind any event that was received.

mod answer;
mod body;
mod builds;
mod caller;
mod cells;
mod configurations;
mod documents;
mod download;
mod environments;
mod events;
mod figures;
mod guard;
mod health;
mod jobs;
mod known;
mod linger;
mod openapi;
mod page;
mod pages;
mod pieces;
mod problem;
mod routes;
mod runs;
mod schemas;
pub mod server;
mod settings;
pub mod state;
mod stats;
mod stream;
mod tail;
pub mod typescript;
mod upload;
mod watched;
mod workspaces;

pub use problem::ApiError;
pub use routes::{description, router};
pub use state::{Api, Options};
