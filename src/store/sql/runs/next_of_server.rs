//! Claims the run that is next on a server, where others claim at the same time: by the rules of `due.rs`, and with the same outcome
//! as if one claimed after the other.
//!
//! Whoever claims holds the turn that it serves until the end of its transaction, so that others take the turns behind it. Only
//! where there are none do they wait for it. The first due run of the turn that nobody else holds is claimed in the same statement.

use super::claim::touch_environment;
use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Transaction, params};
use crate::store::sql::values::{execute, exists, row};
use crate::store::{Claim, RunRecord};

/// The turn that is next of those that may be served now, and may be held now.
const TURN: &str = "SELECT t.environment_id, t.priority, t.submitter, t.turn, e.configuration_id, c.max_concurrency IS NOT NULL
    FROM queue_turns t JOIN environments e ON e.id = t.environment_id JOIN configurations c ON c.id = e.configuration_id
    WHERE e.status = 'ready' AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.configuration_id IN ('', e.configuration_id))
    AND EXISTS (SELECT 1 FROM queue q WHERE q.environment_id = t.environment_id AND q.priority = t.priority AND q.submitter = t.submitter
        AND q.status = 'queued' AND q.available_at <= ?1 AND q.attempt_count < q.max_attempts)
    AND (c.max_concurrency IS NULL OR c.max_concurrency > (SELECT count(*) FROM environments_anywhere o JOIN queue r ON r.environment_id = o.id
        WHERE r.status = 'running' AND o.workspace_id = c.workspace_id AND o.configuration_id = c.id))
    ORDER BY t.priority, t.turn, t.environment_id, t.submitter LIMIT 1 FOR NO KEY UPDATE OF t";

/// Whether more runs of a configuration are executed than may be.
const IS_OVER: &str = "SELECT 1 FROM configurations c WHERE c.id = ?1 AND c.max_concurrency < (SELECT count(*) FROM environments_anywhere o
    JOIN queue r ON r.environment_id = o.id WHERE r.status = 'running' AND o.workspace_id = c.workspace_id AND o.configuration_id = c.id)";

/// Claims the first due run of a turn. The triggers delete the turn where it was the last.
const SERVE: &str = "UPDATE queue SET status = 'running', claimed_by = ?5, claim_token = ?6, claim_expires_at = ?7, claim_process = ?8, claimed_at = ?4,
        started_at = coalesce(started_at, ?4), attempt_count = attempt_count + 1, last_error = NULL
    WHERE run_id = (SELECT run_id FROM queue WHERE environment_id = ?1 AND priority = ?2 AND submitter = ?3 AND status = 'queued'
        AND available_at <= ?4 AND attempt_count < max_attempts ORDER BY available_at, created_at, run_id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING run_id";

/// Puts a turn behind all others. Those who would have been served before and have nothing left are forgotten, except where somebody
/// records a run for them.
const PASSED: &str = "WITH served AS (UPDATE queue_turns SET turn = (SELECT max(turn) FROM queue_turns) + 1
        WHERE environment_id = ?1 AND priority = ?2 AND submitter = ?4 AND turn < (SELECT max(turn) FROM queue_turns))
    SELECT submitter FROM queue_turns t WHERE environment_id = ?1 AND priority = ?2 AND turn < ?3
    AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.environment_id = t.environment_id AND q.priority = t.priority
        AND q.submitter = t.submitter AND q.status = 'queued') FOR UPDATE SKIP LOCKED";

/// So often another turn is looked for where another process took the runs of the one that was found.
const LOOKS: usize = 5;

struct Turn {
    environment: String,
    priority: i64,
    submitter: String,
    turn: i64,
    configuration: String,
    is_limited: bool,
}

pub(super) fn claim(
    transaction: &Transaction<'_>,
    claim: &Claim,
    now: Timestamp,
) -> driver::Result<Option<RunRecord>> {
    for _ in 0..LOOKS {
        let Some(turn) = next_turn(transaction, now)? else {
            return Ok(None);
        };
        let values = params![
            turn.environment,
            turn.priority,
            turn.submitter,
            now.0,
            claim.worker,
            claim.token,
            now.plus(claim.lease).0,
            claim.process,
        ];
        let Some(id) = row(transaction, SERVE, values, |row| row.get::<_, String>(0))? else {
            continue;
        };
        if turn.is_limited {
            // Whoever claims at the same time was not counted: so it is counted again, one after the other.
            transaction.gate(&turn.configuration)?;
            if exists(transaction, IS_OVER, [&turn.configuration])? {
                let faster = "another process claimed the last run that may be executed now";
                return Err(driver::Error::Conflict(faster.to_owned()));
            }
        }
        serve_last(transaction, &turn)?;
        touch_environment(transaction, &turn.environment, now)?;
        return by_id(transaction, &id).map(Some);
    }
    Ok(None)
}

fn next_turn(transaction: &Transaction<'_>, now: Timestamp) -> driver::Result<Option<Turn>> {
    let read = |sql: &str| {
        row(transaction, sql, [now.0], |row| {
            Ok(Turn {
                environment: row.get(0)?,
                priority: row.get(1)?,
                submitter: row.get(2)?,
                turn: row.get(3)?,
                configuration: row.get(4)?,
                is_limited: row.get(5)?,
            })
        })
    };
    match read(&format!("{TURN} SKIP LOCKED"))? {
        Some(free) => Ok(Some(free)),
        None => read(TURN),
    }
}

fn serve_last(transaction: &Transaction<'_>, turn: &Turn) -> driver::Result<()> {
    let mut passed = transaction.prepare_cached(PASSED)?;
    let values = params![turn.environment, turn.priority, turn.turn, turn.submitter];
    let submitters: Vec<String> = passed.rows(values, |row| row.get(0))?;
    for submitter in submitters {
        // Seen anew now that the turn is held.
        let sql = "DELETE FROM queue_turns t WHERE environment_id = ?1 AND priority = ?2 AND submitter = ?3
             AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.environment_id = t.environment_id AND q.priority = t.priority
                 AND q.submitter = t.submitter AND q.status = 'queued')";
        let values = params![turn.environment, turn.priority, submitter];
        execute(transaction, sql, values)?;
    }
    Ok(())
}
