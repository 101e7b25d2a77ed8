//! Submits a client's run: checks the queue's limits and the client's key and records the run, in one transaction.

use std::time::Duration;

use super::enqueue;
use super::limits::over_queued;
use super::read::by_id;
use crate::base::clock::{Timestamp, milliseconds};
use crate::store::documents::is_deleted;
use crate::store::driver::{self, Connection, params};
use crate::store::{NewRun, Result, Store, Submission, SubmissionOutcome};

/// How long a client's key is stored.
const KEPT: Duration = Duration::from_secs(24 * 3600);

impl Store {
    /// Records a run as queued, unless the queue is full or the key was used before: all in one transaction.
    pub fn submit_run(
        &self,
        run: &NewRun,
        asked: &Submission,
        now: Timestamp,
    ) -> Result<SubmissionOutcome> {
        self.demand_in_place()?;
        self.write(|transaction| {
            let workspace = &run.key.workspace_id;
            // Rows that do not exist yet decide: a key, or one more run.
            if asked.key.is_some() || asked.most_queued.is_some() {
                transaction.gate("submit")?;
            }
            if let Some((key, request)) = &asked.key {
                let oldest = Timestamp(now.0 - milliseconds(KEPT));
                let forgotten = "DELETE FROM idempotency_keys WHERE created_at < ?1";
                transaction.later(forgotten, [oldest])?;
                let of_key = "SELECT request, run_id FROM idempotency_keys WHERE workspace_id = ?1 AND key = ?2";
                match transaction.row::<(String, String)>(of_key, [workspace, key])? {
                    Some((used_for, id)) if used_for == *request => {
                        return Ok(SubmissionOutcome::Repeated(Box::new(by_id(transaction, &id)?)));
                    }
                    Some(_) => return Ok(SubmissionOutcome::KeyInUse),
                    None => {}
                }
            }
            if let Some(document) = &run.document_id
                && transaction.lock(
                    "SELECT 1 FROM documents WHERE id = ?1 FOR SHARE",
                    [document],
                )?
                && is_deleted(transaction, document, &run.input_path)?
            {
                return Ok(SubmissionOutcome::DocumentDeleted(document.clone()));
            }
            if let Some(most) = asked.most_queued {
                let queued = queued(transaction, most)?;
                if queued >= most {
                    return Ok(SubmissionOutcome::Full(queued));
                }
            }
            if let Some(over) = over_queued(transaction, std::slice::from_ref(run))? {
                return Ok(SubmissionOutcome::Over(over));
            }
            let recorded = enqueue::insert(transaction, run, None, now)?;
            if let Some((key, request)) = &asked.key {
                transaction.later(
                    "INSERT INTO idempotency_keys (workspace_id, key, request, run_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![workspace, key, request, run.id, now],
                )?;
            }
            Ok(SubmissionOutcome::Queued(Box::new(recorded)))
        })
    }
}

/// Counts the queued runs of all workspaces that were submitted over HTTP, up to `most`.
fn queued(connection: &Connection, most: u64) -> driver::Result<u64> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    connection.one(
        "SELECT count(*) FROM (SELECT 1 FROM queue WHERE status = 'queued' AND by_http = 1 LIMIT ?1) AS waiting",
        [most],
    )
}
