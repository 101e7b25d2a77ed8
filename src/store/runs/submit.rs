//! A client's run enters the queue: back-pressure, the client's key and the record in one transaction.

use std::time::Duration;

use super::enqueue;
use super::limits::over_queued;
use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::store::documents::is_deleted;
use crate::store::driver::{self, Connection, Transaction, params};
use crate::store::values::{count, row};
use crate::store::{NewRun, RunRecord, Submission, Submitted};

/// How long a client's key is remembered.
const KEPT: Duration = Duration::from_secs(24 * 3600);

pub(super) fn submit(
    transaction: &Transaction<'_>,
    run: &NewRun,
    asked: &Submission,
    now: Timestamp,
) -> driver::Result<Submitted> {
    let workspace = &run.key.workspace_id;
    // What is absent decides: a key, or one run more.
    if asked.key.is_some() || asked.most_queued.is_some() {
        transaction.gate("submit")?;
    }
    if let Some((key, request)) = &asked.key {
        let oldest = Timestamp(now.0 - crate::base::clock::milliseconds(KEPT));
        let forgotten = "DELETE FROM idempotency_keys WHERE created_at < ?1";
        transaction.later(forgotten, [oldest.0])?;
        match of_key(transaction, workspace, key)? {
            Some((used_for, id)) if used_for == *request => {
                let run: RunRecord = by_id(transaction, &id)?;
                return Ok(Submitted::Repeated(Box::new(run)));
            }
            Some(_) => return Ok(Submitted::KeyInUse),
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
        return Ok(Submitted::DocumentDeleted(document.clone()));
    }
    if let Some(most) = asked.most_queued {
        let queued = queued(transaction, most)?;
        if queued >= most {
            return Ok(Submitted::Full(queued));
        }
    }
    if let Some(over) = over_queued(transaction, std::slice::from_ref(run))? {
        return Ok(Submitted::Over(over));
    }
    let recorded = enqueue::insert(transaction, run, None, now)?;
    if let Some((key, request)) = &asked.key {
        transaction.later(
            "INSERT INTO idempotency_keys (workspace_id, key, request, run_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![workspace, key, request, run.id, now.0],
        )?;
    }
    Ok(Submitted::Queued(Box::new(recorded)))
}

/// Counts the queued runs of all workspaces that came by HTTP, up to the first that is too many.
fn queued(connection: &Connection, most: u64) -> driver::Result<u64> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    count(
        connection,
        "SELECT count(*) FROM (SELECT 1 FROM queue WHERE status = 'queued' AND by_http = 1 LIMIT ?1) AS waiting",
        [most],
    )
}

fn of_key(
    connection: &Connection,
    workspace: &str,
    key: &str,
) -> driver::Result<Option<(String, String)>> {
    let sql = "SELECT request, run_id FROM idempotency_keys WHERE workspace_id = ?1 AND key = ?2";
    row(connection, sql, [workspace, key], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}
