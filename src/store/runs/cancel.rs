//! Cancels runs: a waiting run ends at once; a running run is marked, and its holder stops it.

use super::end::{cancelled, complete};
use super::live;
use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Transaction, params};
use crate::store::{Call, CancelOutcome, Result, RunStatus, Store};

impl Store {
    /// Requests the cancellation of a run. A queued run is cancelled at once.
    ///
    /// # Errors
    /// There is no such run, or the database cannot be used.
    pub fn request_cancel(&self, id: &str, now: Timestamp) -> Result<CancelOutcome> {
        self.observed(Call::Cancel(id), Some(now), |store| {
            store.write(|transaction| {
                // An environment that no process is building may be deleted with its last run. It is locked before the run, in
                // the same order as everywhere.
                let environment = "SELECT 1 FROM environments WHERE id = (SELECT environment_id FROM queue WHERE run_id = ?1) AND status = 'queued' FOR UPDATE";
                transaction.lock(environment, [id])?;
                // The write lock decides which of the two happens: a waiting run is cancelled here; a run under a claim is
                // left to its holder, which sees the request at its next heartbeat. A repeated request does not change the
                // time of the first.
                if let Some(mut live) = live::queued(transaction, id)? {
                    live.cancel_requested_at.get_or_insert(now);
                    let (status, error) = (RunStatus::Cancelled, cancelled());
                    complete(transaction, id, &live, status, Some(&error), None, now)?;
                    if let Some(environment) = &live.environment_id {
                        forget_unneeded(transaction, environment)?;
                    }
                    return Ok(CancelOutcome::Cancelled(Box::new(by_id(transaction, id)?)));
                }
                let asked = transaction.changes(
                    "UPDATE queue SET cancel_requested_at = coalesce(cancel_requested_at, ?2) WHERE run_id = ?1 AND status = 'running'",
                    params![id, now],
                )?;
                let run = Box::new(by_id(transaction, id)?);
                Ok(match asked {
                    true => CancelOutcome::Requested(run),
                    false => CancelOutcome::Ended(run),
                })
            })
        })
    }
}

/// Deletes an environment that no process has begun to build if no run waits for it any more: then no run would use it.
fn forget_unneeded(transaction: &Transaction<'_>, environment: &str) -> driver::Result<()> {
    let free = "SELECT 1 FROM environments WHERE id = ?1 FOR UPDATE SKIP LOCKED";
    if !transaction.lock(free, [environment])? {
        // Another process is recording a run for it.
        return Ok(());
    }
    transaction.execute(
        "DELETE FROM environments WHERE id = ?1 AND status = 'queued' AND attempt_count = 0
         AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = ?1)",
        [environment],
    )
}
