//! The logs of runs, where several hosts share a database: what one host writes, the others read from here.
//!
//! A log stays a file on each host, and what is here is its content in pieces, each with its place in the file. Whoever holds the
//! claim of a run writes, and without a claim nobody does but the process that recorded it or ended its claim.

use super::Result;
use crate::base::clock::Timestamp;

/// Pieces of logs.
pub trait RunLogs {
    /// Whether logs are kept here. False: all processes see the same files.
    fn keeps_logs(&self) -> bool {
        false
    }

    /// Appends whole lines to the log of a run, at a place in bytes where it ends. False, and nothing was changed: it ends
    /// elsewhere, or the run is under another claim than this, or, without one, under any.
    fn append_to_log(
        &self,
        _run: &str,
        _claim: Option<&str>,
        _at: u64,
        _lines: &str,
    ) -> Result<bool> {
        Ok(false)
    }

    /// The length of a log, in bytes.
    fn length_of_log(&self, _run: &str) -> Result<u64> {
        Ok(0)
    }

    /// Deletes the logs of runs that ended before a time. Returns how many pieces.
    fn forget_logs(&self, _before: Timestamp) -> Result<usize> {
        Ok(0)
    }

    /// The pieces that begin at a place or behind it, each with its place.
    fn log_from(&self, _run: &str, _at: u64) -> Result<Vec<(u64, String)>> {
        Ok(Vec::new())
    }
}
