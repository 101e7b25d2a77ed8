//! Claims the next runs on a server, where other processes claim at the same time: by the rules of `due.rs`, and with the same
//! outcome as if one claimed after the other.
//!
//! A claim locks the turns that it serves until the end of its transaction, so that other claims take the turns after them.
//! They wait only if there are no other turns. One statement finds the turns, claims their first due runs that no other
//! transaction has locked, and reads their records; it is asked for one run.
//!
//! Each connection plans that statement once, perhaps while the tables are empty. So the statement leaves no choice: the
//! lookup for each turn is a subquery with a LIMIT, which the planner neither joins nor hashes, and which one index answers.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::json;

use super::claim::touch_environment;
use super::read::SELECT;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Transaction, params, record};
use crate::store::values::signed;
use crate::store::{Claim, Priority, RunRecord, Submitter};

/// The due runs of a turn for the worker `?2`.
const DUE: &str = "FROM queue WHERE environment_id = t.environment_id AND priority = t.priority AND submitter = t.submitter AND status = 'queued'
    AND available_at <= ?1 AND attempt_count < max_attempts
    AND ((SELECT only_label FROM workers WHERE id = ?2) IS NULL OR instr(labels, (SELECT only_label FROM workers WHERE id = ?2)) > 0)
    ORDER BY available_at, created_at, run_id";

/// The turns that this worker may serve now, in order. At most `?3` runs of a submitter and `?4` runs of a workspace may be
/// running.
static TURNS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT t.environment_id, t.priority, t.submitter, t.turn FROM queue_turns t
    WHERE (SELECT quieted_at FROM workers WHERE id = ?2) IS NULL
    AND (SELECT 1 FROM environments e WHERE e.id = t.environment_id AND e.status = 'ready'
        AND ((SELECT only_workspace FROM workers WHERE id = ?2) IS NULL OR (SELECT only_workspace FROM workers WHERE id = ?2) = e.workspace_id)
        AND (SELECT 1 FROM pauses p WHERE p.configuration_id IN ('', e.configuration_id) LIMIT 1) IS NULL
        AND (SELECT c.max_concurrency IS NULL OR c.max_concurrency > (SELECT count(*) FROM environments_anywhere o JOIN queue r ON r.environment_id = o.id
            WHERE r.status = 'running' AND o.workspace_id = c.workspace_id AND o.configuration_id = c.id) FROM configurations c WHERE c.id = e.configuration_id LIMIT 1)
        AND (CAST(?4 AS BIGINT) IS NULL OR ?4 > (SELECT count(*) FROM queue r JOIN runs o ON o.id = r.run_id WHERE r.status = 'running' AND o.workspace_id = e.workspace_id))
        LIMIT 1) IS NOT NULL
    AND (CAST(?3 AS BIGINT) IS NULL OR t.submitter = '' OR ?3 > (SELECT count(*) FROM queue r WHERE r.status = 'running' AND r.submitter = t.submitter))
    AND (SELECT 1 {DUE} LIMIT 1) IS NOT NULL"
    )
});

const IN_ORDER: &str = "ORDER BY t.priority, t.turn, t.environment_id, t.submitter";

/// Finds a row if any turn may be served.
static ANY_TURN: LazyLock<String> = LazyLock::new(|| format!("{} LIMIT 1", *TURNS));

/// Finds a row if a configuration has more running runs than allowed.
const IS_OVER: &str = "SELECT 1 FROM configurations c WHERE c.id = ?1 AND c.max_concurrency < (SELECT count(*) FROM environments_anywhere o
    JOIN queue r ON r.environment_id = o.id WHERE r.status = 'running' AND o.workspace_id = c.workspace_id AND o.configuration_id = c.id)";

/// Finds a row if a submitter, or a workspace, has more running runs than allowed.
const IS_OVER_OF_SUBMITTER: &str =
    "SELECT 1 WHERE ?2 < (SELECT count(*) FROM queue WHERE status = 'running' AND submitter = ?1)";
const IS_OVER_OF_WORKSPACE: &str = "SELECT 1 WHERE ?2 < (SELECT count(*) FROM queue r JOIN runs o ON o.id = r.run_id WHERE r.status = 'running' AND o.workspace_id = ?1)";

/// Claims the next runs, as many as the list `?5` has claims and at most `?6`, and reads their records ([`SELECT`]): the first
/// run of each turn, then the second of each. If the runs of a configuration with a limit are among them, only one run is
/// claimed. Turns that were served go behind all others.
static CLAIM: LazyLock<[String; 2]> = LazyLock::new(|| {
    let turns = &*TURNS;
    let record = SELECT
        .replace(
            "FROM runs r ",
            &format!(", q.n, q.turn, c.max_concurrency IS NOT NULL AS is_limited,
             (SELECT 1 FROM queue_turns t WHERE ?7 > 0 AND q.n = 1 AND t.priority = q.priority AND t.turn < q.turn AND {NOTHING_LEFT} LIMIT 1) IS NOT NULL AS has_passed FROM runs r "),
        )
        .replace("LEFT JOIN queue q ", "JOIN served q ");
    // Locked turns are skipped as long as there are others, and so are turns that went behind all others since this statement
    // began: in its snapshot, all other turns have been served before them. A transaction never waits for more than one turn.
    let in_its_place = "AND (t.turn = (SELECT s.turn FROM queue_turns s WHERE s.environment_id = t.environment_id AND s.priority = t.priority
        AND s.submitter = t.submitter LIMIT 1)) IS TRUE";
    let of_free = format!("{in_its_place} {IN_ORDER} LIMIT ?6 FOR NO KEY UPDATE OF t SKIP LOCKED");
    let of_any = format!("{IN_ORDER} LIMIT 1 FOR NO KEY UPDATE OF t");
    [of_free, of_any].map(|which| {
        format!(
            "WITH turns AS MATERIALIZED ({turns} {which}),
             due AS (SELECT d.run_id, t.*, row_number() OVER (ORDER BY t.priority, d.round, t.turn, t.environment_id, t.submitter) AS n,
                bool_or((SELECT (SELECT c.max_concurrency IS NOT NULL FROM configurations c WHERE c.id = e.configuration_id LIMIT 1)
                    FROM environments e WHERE e.id = t.environment_id LIMIT 1)) OVER () AS is_limited
                FROM turns t, LATERAL (SELECT run_id, row_number() OVER (ORDER BY available_at, created_at, run_id) AS round {DUE} LIMIT ?6) AS d),
             next AS MATERIALIZED (SELECT d.* FROM due d, LATERAL (SELECT 1 FROM queue WHERE run_id = d.run_id AND status = 'queued' LIMIT 1 FOR UPDATE SKIP LOCKED) AS q
                WHERE d.n <= CASE WHEN d.is_limited THEN 1 ELSE ?6 END),
             served AS (UPDATE queue q SET status = 'running', claimed_by = c.worker, claim_token = c.token, claim_expires_at = c.until, claim_process = ?2, claimed_at = ?1,
                started_at = coalesce(started_at, ?1), attempt_count = attempt_count + 1, last_error = NULL
                FROM next, json_to_recordset(CAST(?5 AS json)) AS c (n bigint, worker text, token text, until bigint)
                WHERE q.run_id = next.run_id AND c.n = next.n RETURNING q.*, next.n, next.turn),
             last AS (UPDATE queue_turns q SET turn = s.last + s.n FROM (SELECT environment_id, priority, submitter, max(n) AS n,
                    (SELECT max(turn) FROM queue_turns WHERE priority = served.priority) AS last FROM served GROUP BY 1, 2, 3) AS s
                WHERE q.environment_id = s.environment_id AND q.priority = s.priority AND q.submitter = s.submitter AND q.turn <> s.last)
             {record}"
        )
    })
});

/// The maximum number of searches for another turn after another process took the runs of the turn that was found.
const LOOKS: usize = 5;

/// A claimed run, and the facts about its turn.
struct ServerClaim {
    run: RunRecord,
    turn: i64,
    is_limited: bool,
    /// Whether an earlier turn has nothing left.
    has_passed: bool,
}

/// Claims the next run. `None`: no run is left. With `forgets`, skipped turns that have nothing left are deleted.
pub(super) fn claim(
    transaction: &Transaction<'_>,
    claim: &Claim,
    forgets: bool,
    now: Timestamp,
) -> driver::Result<Option<RunRecord>> {
    let of_submitter = claim.limits.of_submitter.running.map(signed);
    let of_workspace = claim.limits.of_workspace.running.map(signed);
    let until = now.plus(claim.lease).0;
    let asked = json!([{ "n": 1, "worker": claim.worker, "token": claim.token, "until": until }]);
    let [of_free, of_any] = &*CLAIM;
    let may = params![now, claim.process, of_submitter, of_workspace];
    let values = params![
        now,
        claim.process,
        of_submitter,
        of_workspace,
        asked.to_string(),
        1,
        i64::from(forgets)
    ];
    let mut found: Option<ServerClaim> = transaction.row(of_free, values)?;
    for _ in 0..LOOKS {
        if found.is_some() || !transaction.exists(&ANY_TURN, may)? {
            break;
        }
        found = transaction.row(of_any, values)?;
    }
    let Some(claimed) = found else {
        return Ok(None);
    };
    let key = &claimed.run.key;
    let by = claimed.run.options.submitted_by.as_ref();
    let submitter = by.map(Submitter::key).unwrap_or_default();
    let mut is_over = false;
    if claimed.is_limited {
        transaction.gate(&key.configuration_id)?;
        is_over |= transaction.exists(IS_OVER, [&key.configuration_id])?;
    }
    if let Some(most) = of_submitter.filter(|_| !submitter.is_empty()) {
        transaction.gate(&format!("running of {submitter}"))?;
        is_over |= transaction.exists(IS_OVER_OF_SUBMITTER, params![submitter, most])?;
    }
    if let Some(most) = of_workspace {
        transaction.gate(&format!("running in {}", key.workspace_id))?;
        let values = params![key.workspace_id, most];
        is_over |= transaction.exists(IS_OVER_OF_WORKSPACE, values)?;
    }
    if is_over {
        let faster = "another process claimed the last run that could be executed now";
        return Err(driver::Error::Conflict(faster.to_owned()));
    }
    if claimed.has_passed {
        forget(
            transaction,
            claimed.run.options.priority as u8,
            claimed.turn,
        )?;
    }
    if let Some(environment) = &claimed.run.environment_id {
        touch_environment(transaction, environment, now)?;
    }
    Ok(Some(claimed.run))
}

record!(ServerClaim(row) { turn, is_limited, has_passed; run: RunRecord::from_row(row)? });

/// Deletes turns before a given turn that have nothing left, unless another transaction is recording a run for them.
fn forget(transaction: &Transaction<'_>, priority: u8, before: i64) -> driver::Result<()> {
    let held: Vec<Turn> = transaction.rows(&HELD_TURNS, params![priority, before])?;
    if held.is_empty() {
        return Ok(());
    }
    // Now that the turns are locked, the statement checks again whether something is left.
    let held = serde_json::to_string(&held).unwrap_or_default();
    transaction.later(&FORGOTTEN, params![priority, held])
}

/// The same for all turns: cleans up after a queue that is empty now.
pub(super) fn forget_all(transaction: &Transaction<'_>) -> driver::Result<()> {
    let mut each = Priority::ALL.into_iter();
    each.try_for_each(|priority| forget(transaction, priority as u8, i64::MAX))
}

/// The submitter whose turn it is in an environment.
#[derive(Serialize)]
struct Turn {
    environment: String,
    submitter: String,
}

record!(Turn(row) { environment, submitter });

const NOTHING_LEFT: &str = "(SELECT 1 FROM queue o WHERE o.environment_id = t.environment_id AND o.priority = t.priority AND o.submitter = t.submitter
    AND o.status = 'queued' LIMIT 1) IS NULL";

static HELD_TURNS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT environment_id AS environment, submitter FROM queue_turns t WHERE priority = ?1 AND turn < ?2 AND {NOTHING_LEFT} ORDER BY turn LIMIT 1000 FOR UPDATE SKIP LOCKED"
    )
});

static FORGOTTEN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "DELETE FROM queue_turns t USING json_to_recordset(CAST(?2 AS json)) AS h (environment text, submitter text)
         WHERE t.environment_id = h.environment AND t.priority = ?1 AND t.submitter = h.submitter AND {NOTHING_LEFT}"
    )
});
