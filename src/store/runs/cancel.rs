//! Requests to cancel: a run that waits ends at once; one that runs is marked, for its holder to see.

use super::end::{cancelled, complete};
use super::live;
use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Transaction, params};
use crate::store::{Call, CancelOutcome, Result, RunStatus, Store};

impl Store {
    /// Requests the cancellation of a run. A queued one is cancelled at once.
    ///
    /// # Errors
    /// There is no such run, or the database cannot be used.
    pub fn request_cancel(&self, id: &str, now: Timestamp) -> Result<CancelOutcome> {
        self.observed(Call::Cancel(id), Some(now), |store| {
            store.write(|transaction| {
                // An environment that nobody builds may go with its last run. It is locked before the run, in the order in which all lock.
                let environment = "SELECT 1 FROM environments WHERE id = (SELECT environment_id FROM queue WHERE run_id = ?1) AND status = 'queued' FOR UPDATE";
                transaction.lock(environment, [id])?;
                // Which of the two happens is decided under one write lock: a run that waits is cancelled here, one that is under a claim
                // is left to its holder, which learns of it with its next heartbeat. Asking again does not change when it was asked first.
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

/// An environment that no process has begun to build was asked for by runs that wait. Without them no run would use it.
fn forget_unneeded(transaction: &Transaction<'_>, environment: &str) -> driver::Result<()> {
    let free = "SELECT 1 FROM environments WHERE id = ?1 FOR UPDATE SKIP LOCKED";
    if !transaction.lock(free, [environment])? {
        // Somebody records a run for it.
        return Ok(());
    }
    transaction.execute(
        "DELETE FROM environments WHERE id = ?1 AND status = 'queued' AND attempt_count = 0
         AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = ?1)",
        [environment],
    )
}
