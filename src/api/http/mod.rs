//! The parts of HTTP that every resource uses.
//!
//! - [`problem`] turns every error into a problem document (RFC 9457); [`body`] reads JSON and queries, and names the invalid
//!   field.
//! - [`request_id`] is the id of a request in its response and in the server's log; [`names`] adds the second names of routes.
//! - [`cursor`] is pagination; [`answer`] makes JSON responses; [`download`] serves files with ETag and ranges, and
//!   [`log_pieces`] the new lines of a log.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod download;
pub(crate) mod log_pieces;
pub(crate) mod names;
pub(crate) mod problem;
pub(crate) mod request_id;
