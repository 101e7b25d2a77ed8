//! Bodies without a fixed length: streams of events, and uploads.
//!
//! - [`tail`] follows the log of a run for any number of clients at once; [`stream`] turns it into NDJSON and server-sent
//!   events.
//! - [`upload`] receives files.
//! - [`held`] ends the streams of a token that has ended.

pub(crate) mod held;
pub(crate) mod stream;
pub(crate) mod tail;
pub(crate) mod upload;
