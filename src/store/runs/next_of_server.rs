//! Claims the run that is next on a server, where others claim at the same time: by the rules of `due.rs`, and with the same outcome
//! as if one claimed after the other.
//!
//! Whoever claims holds the turn that it serves until the end of its transaction, so that others take the turns behind it. Only
//! where there are none do they wait for it. One statement finds the turn, claims the first due run of it that nobody else holds, and reads
//! its record.

use std::sync::LazyLock;

use super::claim::touch_environment;
use super::read::{SELECT, record};
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Row, Transaction, params};
use crate::store::values::{exists, row, signed};
use crate::store::{Claim, RunRecord};

/// The turn that is next of those that may be served now by the worker `?2`, of whom and where no more than `?3` and `?4` runs may be
/// executed.
const TURN: &str = "SELECT t.environment_id, t.priority, t.submitter, t.turn, e.configuration_id, e.workspace_id, c.max_concurrency IS NOT NULL AS is_limited
    FROM queue_turns t JOIN environments e ON e.id = t.environment_id JOIN configurations c ON c.id = e.configuration_id
    LEFT JOIN workers w ON w.id = ?2
    WHERE e.status = 'ready' AND w.quieted_at IS NULL AND (w.only_workspace IS NULL OR w.only_workspace = e.workspace_id)
    AND (CAST(?3 AS BIGINT) IS NULL OR t.submitter = '' OR ?3 > (SELECT count(*) FROM queue r WHERE r.status = 'running' AND r.submitter = t.submitter))
    AND (CAST(?4 AS BIGINT) IS NULL OR ?4 > (SELECT count(*) FROM queue r JOIN runs o ON o.id = r.run_id WHERE r.status = 'running' AND o.workspace_id = e.workspace_id))
    AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.configuration_id IN ('', e.configuration_id))
    AND EXISTS (SELECT 1 FROM queue q WHERE q.environment_id = t.environment_id AND q.priority = t.priority AND q.submitter = t.submitter
        AND q.status = 'queued' AND q.available_at <= ?1 AND q.attempt_count < q.max_attempts AND (w.only_label IS NULL OR instr(q.labels, w.only_label) > 0))
    AND (c.max_concurrency IS NULL OR c.max_concurrency > (SELECT count(*) FROM environments_anywhere o JOIN queue r ON r.environment_id = o.id
        WHERE r.status = 'running' AND o.workspace_id = c.workspace_id AND o.configuration_id = c.id))
    ORDER BY t.priority, t.turn, t.environment_id, t.submitter LIMIT 1";

/// Whether more runs of a configuration are executed than may be.
const IS_OVER: &str = "SELECT 1 FROM configurations c WHERE c.id = ?1 AND c.max_concurrency < (SELECT count(*) FROM environments_anywhere o
    JOIN queue r ON r.environment_id = o.id WHERE r.status = 'running' AND o.workspace_id = c.workspace_id AND o.configuration_id = c.id)";

/// Whether more runs of a submitter, or of a workspace, are executed than may be.
const IS_OVER_OF_SUBMITTER: &str =
    "SELECT 1 WHERE ?2 < (SELECT count(*) FROM queue WHERE status = 'running' AND submitter = ?1)";
const IS_OVER_OF_WORKSPACE: &str = "SELECT 1 WHERE ?2 < (SELECT count(*) FROM queue r JOIN runs o ON o.id = r.run_id WHERE r.status = 'running' AND o.workspace_id = ?1)";

/// Claims the first due run of that turn and reads its record ([`SELECT`]), with the turn. The turn goes behind all others where more wait of whoever
/// was served; else the triggers delete it. Those who would have been served before and have nothing left are listed and held, except where
/// somebody records a run for them.
static CLAIM: LazyLock<[String; 2]> = LazyLock::new(|| {
    let record = SELECT
        .replace(
            "FROM runs r ",
            ", t.environment_id AS turn_environment, t.priority AS turn_priority, t.configuration_id AS turn_configuration, t.workspace_id AS turn_workspace, t.submitter AS turn_submitter, t.is_limited,
             (SELECT CAST(json_agg(submitter) AS TEXT) FROM passed) AS passed FROM turn t, runs r ",
        )
        .replace("LEFT JOIN queue q ", "JOIN served q ");
    // Turns that somebody holds are passed over, as long as there are others, and so are those that went behind all others since this statement began:
    // seen from there, all have been served before.
    let in_its_place = TURN.replace(
        "ORDER BY",
        "AND t.turn = (SELECT s.turn FROM queue_turns s WHERE s.environment_id = t.environment_id AND s.priority = t.priority AND s.submitter = t.submitter)
    ORDER BY",
    );
    [(in_its_place.as_str(), " SKIP LOCKED"), (TURN, "")].map(|(turn, if_held)| {
        format!(
            "WITH turn AS MATERIALIZED ({turn} FOR NO KEY UPDATE OF t{if_held}),
             next AS MATERIALIZED (SELECT q.run_id FROM turn t, LATERAL (SELECT run_id FROM queue WHERE environment_id = t.environment_id AND priority = t.priority
                AND submitter = t.submitter AND status = 'queued' AND available_at <= ?1 AND attempt_count < max_attempts
                AND ((SELECT only_label FROM workers WHERE id = ?2) IS NULL OR instr(labels, (SELECT only_label FROM workers WHERE id = ?2)) > 0)
                ORDER BY available_at, created_at, run_id LIMIT 1 FOR UPDATE SKIP LOCKED) q),
             served AS (UPDATE queue q SET status = 'running', claimed_by = ?5, claim_token = ?6, claim_expires_at = ?7, claim_process = ?2, claimed_at = ?1,
                started_at = coalesce(started_at, ?1), attempt_count = attempt_count + 1, last_error = NULL
                FROM next WHERE q.run_id = next.run_id RETURNING q.*),
             last AS (UPDATE queue_turns q SET turn = (SELECT max(turn) FROM queue_turns) + 1 FROM turn t, served s
                WHERE q.environment_id = t.environment_id AND q.priority = t.priority AND q.submitter = t.submitter AND q.turn < (SELECT max(turn) FROM queue_turns)
                AND EXISTS (SELECT 1 FROM queue o WHERE o.environment_id = t.environment_id AND o.priority = t.priority AND o.submitter = t.submitter
                    AND o.status = 'queued' AND o.run_id <> s.run_id)),
             passed AS MATERIALIZED (SELECT q.submitter FROM queue_turns q WHERE q.environment_id = (SELECT environment_id FROM turn)
                AND q.priority = (SELECT priority FROM turn) AND q.turn < (SELECT turn FROM turn)
                AND NOT EXISTS (SELECT 1 FROM queue o WHERE o.environment_id = q.environment_id AND o.priority = q.priority
                    AND o.submitter = q.submitter AND o.status = 'queued') ORDER BY q.turn LIMIT 100 FOR UPDATE OF q SKIP LOCKED)
             {record}"
        )
    })
});

/// So often another turn is looked for where another process took the runs of the one that was found.
const LOOKS: usize = 5;

struct Turn {
    environment: String,
    priority: i64,
    configuration: String,
    workspace: String,
    submitter: String,
    is_limited: bool,
    /// Who was to be served before and has nothing left: a list in JSON.
    passed: Option<String>,
}

pub(super) fn claim(
    transaction: &Transaction<'_>,
    claim: &Claim,
    now: Timestamp,
) -> driver::Result<Option<RunRecord>> {
    let [of_free, of_any] = &*CLAIM;
    let of_submitter = claim.limits.of_submitter.running.map(signed);
    let of_workspace = claim.limits.of_workspace.running.map(signed);
    let asked = params![now.0, claim.process, of_submitter, of_workspace];
    let values = params![
        now.0,
        claim.process,
        of_submitter,
        of_workspace,
        claim.worker,
        claim.token,
        now.plus(claim.lease).0,
    ];
    let mut found = row(transaction, of_free, values, claimed)?;
    for _ in 0..LOOKS {
        if found.is_some() || !exists(transaction, TURN, asked)? {
            break;
        }
        found = row(transaction, of_any, values, claimed)?;
    }
    let Some((run, turn)) = found else {
        return Ok(None);
    };
    // Whoever claims at the same time was not counted: so it is counted again, one after the other.
    let mut is_over = false;
    if turn.is_limited {
        transaction.gate(&turn.configuration)?;
        is_over |= exists(transaction, IS_OVER, [&turn.configuration])?;
    }
    if let Some(most) = of_submitter.filter(|_| !turn.submitter.is_empty()) {
        transaction.gate(&format!("running of {}", turn.submitter))?;
        is_over |= exists(
            transaction,
            IS_OVER_OF_SUBMITTER,
            params![turn.submitter, most],
        )?;
    }
    if let Some(most) = of_workspace {
        transaction.gate(&format!("running in {}", turn.workspace))?;
        is_over |= exists(
            transaction,
            IS_OVER_OF_WORKSPACE,
            params![turn.workspace, most],
        )?;
    }
    if is_over {
        let faster = "another process claimed the last run that may be executed now";
        return Err(driver::Error::Conflict(faster.to_owned()));
    }
    forget_passed(transaction, &turn)?;
    touch_environment(transaction, &turn.environment, now)?;
    Ok(Some(run))
}

fn claimed(row: &Row<'_>) -> driver::Result<(RunRecord, Turn)> {
    let turn = Turn {
        environment: row.get("turn_environment")?,
        priority: row.get("turn_priority")?,
        configuration: row.get("turn_configuration")?,
        workspace: row.get("turn_workspace")?,
        submitter: row.get("turn_submitter")?,
        is_limited: row.get("is_limited")?,
        passed: row.get("passed")?,
    };
    Ok((record(row)?, turn))
}

fn forget_passed(transaction: &Transaction<'_>, turn: &Turn) -> driver::Result<()> {
    let passed = turn.passed.as_deref().map(serde_json::from_str);
    let passed: Vec<String> = passed.and_then(Result::ok).unwrap_or_default();
    for submitter in passed {
        // Seen anew now that the turn is held.
        let sql = "DELETE FROM queue_turns t WHERE environment_id = ?1 AND priority = ?2 AND submitter = ?3
             AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.environment_id = t.environment_id AND q.priority = t.priority
                 AND q.submitter = t.submitter AND q.status = 'queued')";
        transaction.later(sql, params![turn.environment, turn.priority, submitter])?;
    }
    Ok(())
}
