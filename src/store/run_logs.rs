//! Stores the logs of runs if several hosts share a database: one host writes them, and the others read them here.
//!
//! A log is also a file on each host; this table holds its content in pieces, each with its position in the file. The holder
//! of the run's claim writes; without a claim, only the process that recorded the run or ended its claim writes.

use super::driver::params;
use super::{Result, Store};
use crate::base::clock::Timestamp;

impl Store {
    /// Returns whether logs are stored here. False: all processes see the same files.
    pub fn keeps_logs(&self) -> bool {
        self.connections.backend.host().is_some()
    }

    /// Appends whole lines to the log of a run, at its end `at` in bytes. False: nothing was changed, because the log ends
    /// elsewhere, or the run is under another claim (or under any claim if `claim` is `None`).
    pub fn append_to_log(
        &self,
        run: &str,
        claim: Option<&str>,
        at: u64,
        lines: &str,
    ) -> Result<bool> {
        let sql = "INSERT INTO run_logs (run_id, at, lines) SELECT CAST(?1 AS TEXT), CAST(?2 AS BIGINT), CAST(?4 AS TEXT)
             WHERE coalesce((SELECT at + octet_length(lines) FROM run_logs WHERE run_id = ?1 ORDER BY at DESC LIMIT 1), 0) = ?2
             AND coalesce((SELECT claim_token FROM queue WHERE run_id = ?1), '') = ?3
             AND EXISTS (SELECT 1 FROM runs WHERE id = ?1)
             ON CONFLICT (run_id, at) DO NOTHING";
        let values = params![run, at, claim.unwrap_or_default(), lines];
        self.changes(sql, values)
    }

    /// Returns the length of a log in bytes.
    pub fn length_of_log(&self, run: &str) -> Result<u64> {
        let sql = "SELECT at + octet_length(lines) FROM run_logs WHERE run_id = ?1 ORDER BY at DESC LIMIT 1";
        Ok(self.row(sql, [run])?.unwrap_or_default())
    }

    /// Deletes the logs of runs that ended before a time. Returns the number of deleted pieces.
    pub fn forget_logs(&self, before: Timestamp) -> Result<usize> {
        if !self.keeps_logs() {
            return Ok(0);
        }
        let sql = "DELETE FROM run_logs WHERE run_id IN (SELECT l.run_id FROM run_logs l JOIN runs r ON r.id = l.run_id WHERE r.completed_at < ?1)";
        self.write(|transaction| transaction.changed(sql, [before]))
    }

    /// Returns the pieces that begin at or after a position, each with its position.
    pub fn log_from(&self, run: &str, at: u64) -> Result<Vec<(u64, String)>> {
        let sql = "SELECT at, lines FROM run_logs WHERE run_id = ?1 AND at >= ?2 ORDER BY at";
        self.rows(sql, params![run, at])
    }
}
