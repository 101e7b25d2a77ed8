//! Determines which runs may be claimed, and the order of all waiting runs.
//!
//! The queue is searched environment by environment, in the order of the index `queue_of_environment`. Runs of an environment
//! may be claimed if the environment is ready, its configuration is not paused, the limits of running runs for the
//! configuration and the workspace are not reached, and the worker accepts runs of this workspace. Within an environment, the
//! table `queue_turns` gives the submitter whose turn it is, and the first entry in `queue_of_submitter` gives that
//! submitter's run. So the time depends on the number of environments with runs in the queue, and neither on the number of
//! waiting runs nor on the number of submitters.

use std::collections::HashMap;

use super::limits::RunningCounts;
use super::read::SELECT;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, DbRow, FromRow, Transaction, params, record};
use crate::store::{Claim, Limits, QueuePlace, Result, RunRecord, Store, WaitReason, WaitingRun};

/// The first environment after a given one that has runs in the queue, and the facts that decide what its runs wait for.
pub const NEXT_ENVIRONMENT: &str = "SELECT q.id, e.status = 'ready',
    EXISTS (SELECT 1 FROM pauses WHERE configuration_id = '') OR EXISTS (SELECT 1 FROM pauses p WHERE p.configuration_id = e.configuration_id),
    (SELECT CASE WHEN c.max_concurrency IS NULL THEN FALSE ELSE c.max_concurrency <= (SELECT count(*) FROM environments/*pg_anywhere*/ o
        CROSS JOIN queue r INDEXED BY queue_of_environment ON r.environment_id = o.id AND r.status = 'running'
        WHERE o.workspace_id = c.workspace_id AND o.configuration_id = c.id) END FROM configurations c WHERE c.id = e.configuration_id),
    e.workspace_id, e.last_used_at
    FROM (SELECT environment_id AS id FROM queue WHERE environment_id > ?1 ORDER BY environment_id LIMIT 1) q LEFT JOIN environments/*pg_anywhere*/ e ON e.id = q.id";

/// The submitters with runs that wait for an environment, in the order of their turns.
pub const TURNS: &str = "SELECT priority, turn, submitter FROM queue_turns WHERE environment_id = ?1 ORDER BY priority, turn";

/// The runs of a submitter that wait for an environment and are due by a given time, oldest first. Runs without attempts left
/// are normally not queued; but the schema forbids a further attempt, so without the condition one such run would make every
/// claim fail.
pub const DUE_OF: &str = "SELECT available_at, created_at, run_id FROM queue
    WHERE environment_id = ?1 AND priority = ?2 AND submitter = ?3 AND status = 'queued' AND available_at <= ?4 AND attempt_count < max_attempts
    ORDER BY available_at, created_at, run_id LIMIT ?5";

/// The same, limited to runs with a label.
pub const DUE_WITH_LABEL: &str = "SELECT available_at, created_at, run_id FROM queue
    WHERE environment_id = ?1 AND priority = ?2 AND submitter = ?3 AND status = 'queued' AND available_at <= ?4 AND attempt_count < max_attempts
    AND labels IS NOT NULL AND instr(labels, ?6) > 0 ORDER BY available_at, created_at, run_id LIMIT ?5";

/// Returns the workspace and the label that a process is limited to; no limits if it is not a registered worker. `None`: it is
/// quieted and takes nothing.
fn takes(
    connection: &Connection,
    process: Option<&str>,
) -> driver::Result<Option<(Option<String>, Option<String>)>> {
    let known: Option<(Option<String>, Option<String>, bool)> = match process {
        Some(process) => connection.row(TAKES, [process])?,
        None => None,
    };
    let (workspace, label, is_quieted) = known.unwrap_or_default();
    Ok((!is_quieted).then_some((workspace, label)))
}

const TAKES: &str =
    "SELECT only_workspace, only_label, quieted_at IS NOT NULL FROM workers WHERE id = ?1";

/// The waiting runs that have no environment yet.
const WITHOUT_ENVIRONMENT: &str = "SELECT q.available_at, q.created_at, q.run_id, q.priority,
    EXISTS (SELECT 1 FROM pauses WHERE configuration_id IN ('', r.configuration_id))
    FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL AND q.status = 'queued'";

/// Returns what due runs of an environment wait for.
fn waits_for(row: &DbRow<'_>) -> driver::Result<WaitReason> {
    let is = |column| Ok::<_, driver::Error>(row.get::<_, Option<bool>>(column)? == Some(true));
    Ok(match () {
        () if is(2)? => WaitReason::Pause,
        () if !is(1)? => WaitReason::Environment,
        () if is(3)? => WaitReason::Limit,
        () => WaitReason::Slot,
    })
}

/// An environment that has runs in the queue.
pub struct QueueEnvironment {
    pub id: String,
    /// The reason why its due runs wait.
    waits_for: WaitReason,
    /// Empty if the environment's record was deleted.
    workspace: String,
    last_used_at: Option<i64>,
}

impl FromRow for QueueEnvironment {
    fn from_row(row: &DbRow<'_>) -> driver::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            waits_for: waits_for(row)?,
            workspace: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            last_used_at: row.get(5)?,
        })
    }
}

/// Passes each environment that has runs in the queue to `visit`, until `visit` returns false.
pub fn each_environment(
    connection: &Connection,
    mut visit: impl FnMut(&QueueEnvironment) -> driver::Result<bool>,
) -> driver::Result<()> {
    let mut next = connection.prepare_cached(NEXT_ENVIRONMENT)?;
    let mut last = String::new();
    while let Some(wanted) = next.first::<QueueEnvironment>([&last])? {
        if !visit(&wanted)? {
            break;
        }
        last = wanted.id;
    }
    Ok(())
}

/// The turn of a submitter with runs of one priority that wait for an environment.
struct Turn {
    priority: i64,
    turn: i64,
    submitter: String,
}

record!(Turn(row) { priority, turn, submitter });

/// The run to be claimed next, with its environment and the turn that it uses.
pub(super) struct NextRun {
    environment: String,
    /// When the environment was last used, as far as known.
    pub last_used_at: Option<i64>,
    turn: Turn,
    /// Whether submitters with an earlier turn were skipped because they have no run that may be claimed.
    passed_over: bool,
    pub run: String,
}

/// Finds the next run for a claim.
pub(super) fn next(
    connection: &Connection,
    claim: &Claim,
    now: Timestamp,
) -> driver::Result<Option<NextRun>> {
    let Some((only, label)) = takes(connection, claim.process.as_deref())? else {
        return Ok(None);
    };
    let busy = RunningCounts::count(connection, &claim.limits)?;
    let is_taken = |workspace: &String| only.as_ref().is_none_or(|only| only == workspace);
    let mut first: Option<NextRun> = None;
    each_environment(connection, |wanted| {
        let environment = &wanted.id;
        if wanted.waits_for == WaitReason::Slot
            && is_taken(&wanted.workspace)
            && busy.has_room_in_workspace(&wanted.workspace)
        {
            let mut turns = connection.prepare_cached(TURNS)?;
            let mut passed_over = false;
            // Submitters whose runs are all due later are skipped.
            turns.each([environment], |row| {
                let turn = Turn::from_row(row)?;
                if first
                    .as_ref()
                    .is_some_and(|first| !turn.is_before(&first.turn))
                {
                    return Ok(false);
                }
                let run = match busy.has_room_for_submitter(&turn.submitter) {
                    true => oldest_due(connection, environment, &turn, label.as_deref(), now)?,
                    false => None,
                };
                let Some(run) = run else {
                    passed_over = true;
                    return Ok(true);
                };
                first = Some(NextRun {
                    environment: environment.clone(),
                    last_used_at: wanted.last_used_at,
                    turn,
                    passed_over,
                    run,
                });
                Ok(false)
            })?;
        }
        Ok(true)
    })?;
    Ok(first)
}

fn oldest_due(
    connection: &Connection,
    environment: &str,
    turn: &Turn,
    label: Option<&str>,
    now: Timestamp,
) -> driver::Result<Option<String>> {
    let (priority, submitter) = (turn.priority, &turn.submitter);
    let due = params![environment, priority, submitter, now, 1, label];
    let found: Option<QueueEntry> = match label {
        None => connection.row(DUE_OF, &due[..5])?,
        Some(_) => connection.row(DUE_WITH_LABEL, due)?,
    };
    Ok(found.map(|due| due.run_id))
}

impl Turn {
    fn is_before(&self, other: &Self) -> bool {
        (self.priority, self.turn) < (other.priority, other.turn)
    }
}

/// Moves the submitter that was served to the end. Deletes earlier turns of submitters that have nothing left.
pub(super) fn served(transaction: &Transaction<'_>, next: &NextRun) -> driver::Result<()> {
    let (environment, turn) = (&next.environment, &next.turn);
    let last = "UPDATE queue_turns SET turn = (SELECT max(turn) FROM queue_turns) + 1
         WHERE environment_id = ?1 AND priority = ?2 AND submitter = ?3 AND turn < (SELECT max(turn) FROM queue_turns)";
    let values = params![environment, turn.priority, turn.submitter];
    transaction.execute(last, values)?;
    if !next.passed_over {
        return Ok(());
    }
    let without = "DELETE FROM queue_turns WHERE environment_id = ?1 AND priority = ?2 AND turn < ?3
         AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.environment_id = queue_turns.environment_id AND q.priority = queue_turns.priority
             AND q.submitter = queue_turns.submitter AND q.status = 'queued')";
    let values = params![environment, turn.priority, turn.turn];
    transaction.execute(without, values)
}

/// Returns the positions of all waiting runs in order. Runs that may be claimed now are in the order in which [`next`] takes
/// them.
fn places(
    connection: &Connection,
    limits: &Limits,
    now: Timestamp,
) -> driver::Result<Vec<QueuePlace>> {
    let busy = RunningCounts::count(connection, limits)?;
    let mut places = Vec::new();
    let mut without = connection.prepare_cached(WITHOUT_ENVIRONMENT)?;
    without.each([], |row| {
        let waits_for = match row.get::<_, bool>(4)? {
            true => WaitReason::Pause,
            false => WaitReason::Environment,
        };
        places.push(QueueEntry::from_row(row)?.at(waits_for, row.get(3)?, 0, 0));
        Ok(true)
    })?;
    each_environment(connection, |wanted| {
        let environment = &wanted.id;
        for turn in connection.rows::<Turn>(TURNS, [environment])? {
            let has_room = busy.has_room_in_workspace(&wanted.workspace)
                && busy.has_room_for_submitter(&turn.submitter);
            let why = match wanted.waits_for {
                WaitReason::Slot if !has_room => WaitReason::Limit,
                why => why,
            };
            let mut rounds = 0..;
            let all = params![
                environment,
                turn.priority,
                turn.submitter,
                i64::MAX,
                i64::MAX
            ];
            let all: Vec<QueueEntry> = connection.rows(DUE_OF, all)?;
            places.extend(all.into_iter().map(|due| {
                let is_due = due.available_at <= now.0;
                match why {
                    WaitReason::Slot if is_due => {
                        let round = rounds.next().unwrap_or_default();
                        due.at(why, turn.priority, round, turn.turn)
                    }
                    WaitReason::Slot | WaitReason::Limit if !is_due => {
                        due.at(WaitReason::Retry, turn.priority, 0, 0)
                    }
                    why => due.at(why, turn.priority, 0, 0),
                }
            }));
        }
        Ok(true)
    })?;
    places.sort();
    Ok(places)
}

/// A waiting run in the queue.
struct QueueEntry {
    available_at: i64,
    created_at: i64,
    run_id: String,
}

record!(QueueEntry(row) { available_at, created_at, run_id });

impl QueueEntry {
    fn at(self, waits_for: WaitReason, priority: i64, round: u64, turn: i64) -> QueuePlace {
        QueuePlace {
            waits_for,
            priority,
            round,
            turn,
            available_at: self.available_at,
            created_at: self.created_at,
            run_id: self.run_id,
        }
    }
}

/// Returns the index where the page after a position begins. If a run that waited for a slot is no longer waiting, the runs
/// before it were claimed earlier, so the page begins with the first run.
fn first_behind(places: &[QueuePlace], behind: &QueuePlace) -> usize {
    match places
        .iter()
        .position(|place| place.run_id == behind.run_id)
    {
        Some(at) => at + 1,
        None if behind.waits_for == WaitReason::Slot => 0,
        None => places.partition_point(|place| place <= behind),
    }
}

impl Store {
    /// Returns the waiting runs of a workspace, in the order in which they are claimed within these limits: at most `limit`
    /// runs after a given position.
    pub fn waiting_runs(
        &self,
        workspace: &str,
        behind: Option<&QueuePlace>,
        limit: u32,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Vec<WaitingRun>> {
        self.read(|connection| {
            let places = places(connection, limits, now)?;
            let first = behind.map_or(0, |behind| first_behind(&places, behind));
            let ids: Vec<&str> = places[first..].iter().map(|place| &*place.run_id).collect();
            let ids = serde_json::to_string(&ids).unwrap_or_default();
            let sql = format!(
                "{SELECT} WHERE r.id IN (SELECT runs.id FROM json_each(?1) given CROSS JOIN runs ON runs.id = given.value
                 WHERE runs.workspace_id = ?2 ORDER BY given.key LIMIT ?3)"
            );
            let found: Vec<RunRecord> = connection.rows(&sql, params![ids, workspace, limit])?;
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
        })
    }
}

/// Returns at most `limit` runs that wait for an environment, due or not.
pub fn waiting_in(
    connection: &Connection,
    environment: &str,
    limit: usize,
) -> driver::Result<Vec<String>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = "SELECT run_id FROM queue WHERE environment_id = ?1 AND status = 'queued' ORDER BY available_at, created_at, run_id LIMIT ?2 /*pg FOR UPDATE SKIP LOCKED*/";
    connection.rows(sql, params![environment, limit])
}
