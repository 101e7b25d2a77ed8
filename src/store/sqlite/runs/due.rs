//! What may be claimed: the oldest due run whose environment is ready.
//!
//! The queue is looked through environment by environment, from each to the next in the index `queue_of_environment`, and
//! within one only at its first entries. So the time depends on how many environments have runs in the queue, and not on how
//! many runs wait for one that is not ready.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::read::{SELECT, record};
use crate::base::clock::Timestamp;
use crate::store::sqlite::values::{row, rows};
use crate::store::{QueuePlace, RunRecord, WaitingRun, WaitsFor};

/// The next environment that has runs in the queue, after a given one, and whether it is ready.
pub(in crate::store::sqlite) const NEXT_ENVIRONMENT: &str =
    "SELECT environment_id, (SELECT status = 'ready' FROM environments WHERE id = environment_id)
    FROM queue WHERE environment_id > ?1 ORDER BY environment_id LIMIT 1";

/// The runs of an environment, or of none, that are due by a time, oldest first. Runs whose attempts are spent are normally not queued; the schema forbids one
/// attempt more, so without the condition one such run would make every claim fail.
pub(in crate::store::sqlite) const DUE_IN: &str = "SELECT available_at, created_at, run_id FROM queue
    WHERE environment_id IS ?1 AND status = 'queued' AND available_at <= ?2 AND attempt_count < max_attempts
    ORDER BY available_at, created_at, run_id LIMIT ?3";

/// Passes each environment that has runs in the queue to `visit`, with whether it is ready, until that returns false.
pub(in crate::store::sqlite) fn each_environment(
    connection: &Connection,
    mut visit: impl FnMut(&str, bool) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let mut next = connection.prepare_cached(NEXT_ENVIRONMENT)?;
    let mut last = String::new();
    while let Some((environment, ready)) = next
        .query_row([&last], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<bool>>(1)?))
        })
        .optional()?
    {
        if !visit(&environment, ready.unwrap_or(false))? {
            break;
        }
        last = environment;
    }
    Ok(())
}

/// The id of the run that is to be claimed next.
pub(super) fn next(connection: &Connection, now: Timestamp) -> rusqlite::Result<Option<String>> {
    let mut oldest: Option<(i64, i64, String)> = None;
    each_environment(connection, |environment, ready| {
        if ready {
            let due = row(connection, DUE_IN, params![environment, now.0, 1], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            oldest = due.into_iter().chain(oldest.take()).min();
        }
        Ok(true)
    })?;
    Ok(oldest.map(|(_, _, id)| id))
}

/// The places of all runs that wait, in order: of those that may be claimed now the order in which [`next`] takes them.
fn places(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<QueuePlace>> {
    let mut places = Vec::new();
    let mut wait = |environment: Option<&str>, ready: bool| {
        let all = params![environment, i64::MAX, -1];
        places.extend(rows(connection, DUE_IN, all, |row| {
            let available_at = row.get(0)?;
            Ok(QueuePlace {
                waits_for: match ready {
                    false => WaitsFor::Environment,
                    true if available_at > now.0 => WaitsFor::Retry,
                    true => WaitsFor::Slot,
                },
                available_at,
                created_at: row.get(1)?,
                run_id: row.get(2)?,
            })
        })?);
        Ok(true)
    };
    wait(None, false)?;
    each_environment(connection, |environment, ready| {
        wait(Some(environment), ready)
    })?;
    places.sort();
    Ok(places)
}

/// The runs of a workspace that wait, at most `limit` of those behind a place.
pub(super) fn waiting_runs(
    connection: &Connection,
    workspace: &str,
    behind: Option<&QueuePlace>,
    limit: u32,
    now: Timestamp,
) -> rusqlite::Result<Vec<WaitingRun>> {
    let places = places(connection, now)?;
    let first = behind.map_or(0, |behind| places.partition_point(|place| place <= behind));
    let ids: Vec<&str> = places[first..].iter().map(|place| &*place.run_id).collect();
    let ids = serde_json::to_string(&ids).unwrap_or_default();
    let sql = format!(
        "{SELECT} WHERE r.id IN (SELECT runs.id FROM json_each(?1) given CROSS JOIN runs ON runs.id = given.value
         WHERE runs.workspace_id = ?2 ORDER BY given.key LIMIT ?3)"
    );
    let found = rows(connection, &sql, params![ids, workspace, limit], record)?;
    let mut found: HashMap<String, RunRecord> =
        found.into_iter().map(|run| (run.id.clone(), run)).collect();
    let numbered = places.into_iter().zip(1..).skip(first);
    let waiting = numbered.filter_map(|(place, position)| {
        Some(WaitingRun {
            run: found.remove(&place.run_id)?,
            place,
            position,
        })
    });
    Ok(waiting.collect())
}

/// Runs that wait for whatever, due or not: the one with this id, or at most `limit`.
pub(super) fn waiting(
    connection: &Connection,
    only: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let this = "SELECT run_id FROM queue WHERE run_id = ?1 AND status = 'queued'";
    let any = "SELECT run_id FROM queue WHERE status = 'queued' LIMIT ?1";
    match only {
        Some(id) => rows(connection, this, [id], |row| row.get(0)),
        None => rows(connection, any, [limit], |row| row.get(0)),
    }
}

/// Runs that wait for an environment, due or not, at most `limit`.
pub(in crate::store::sqlite) fn waiting_in(
    connection: &Connection,
    environment: &str,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = "SELECT run_id FROM queue WHERE environment_id = ?1 AND status = 'queued' ORDER BY available_at, created_at, run_id LIMIT ?2";
    rows(connection, sql, params![environment, limit], |row| {
        row.get(0)
    })
}
