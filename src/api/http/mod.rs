//! HTTP as every resource speaks it.
//!
//! - [`problem`] turns every error into a problem document (RFC 9457); [`body`] reads JSON and queries, and names the field that is wrong.
//! - [`request_id`] is what a request is called in its answer and in the server's log; [`names`], what a route is called besides its path.
//! - [`cursor`] is pagination; [`answer`] the JSON of answers; [`download`] serves files with ETag and ranges, [`log_pieces`] what was added to a log.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod download;
pub(crate) mod log_pieces;
pub(crate) mod names;
pub(crate) mod problem;
pub(crate) mod request_id;
