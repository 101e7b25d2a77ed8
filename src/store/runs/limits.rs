//! Counts the waiting and running runs of a submitter or workspace, and compares them with the limits.

use std::collections::HashMap;

use crate::store::driver::{self, Connection, Transaction, params};
use crate::store::values::signed;
use crate::store::{LimitExceeded, Limits, NewRun, Owner, Submitter};

/// Counts the waiting runs of a submitter, found by its turns, up to `?2`.
const QUEUED_OF_SUBMITTER: &str = "SELECT count(*) AS found FROM (
    SELECT 1 FROM queue_turns t CROSS JOIN queue q INDEXED BY queue_of_submitter ON q.environment_id = t.environment_id AND q.priority = t.priority
        AND q.submitter = t.submitter AND q.status = 'queued' WHERE t.submitter = ?1
    UNION ALL SELECT 1 FROM queue WHERE environment_id IS NULL AND status = 'queued' AND submitter = ?1 LIMIT ?2) AS waiting";

/// The same for a workspace, found by its environments.
const QUEUED_OF_WORKSPACE: &str = "SELECT count(*) AS found FROM (
    SELECT 1 FROM environments/*pg_anywhere*/ e CROSS JOIN queue q INDEXED BY queue_of_environment ON q.environment_id = e.id AND q.status = 'queued'
        WHERE e.workspace_id = ?1
    UNION ALL SELECT 1 FROM queue q JOIN runs r ON r.id = q.run_id WHERE q.environment_id IS NULL AND q.status = 'queued' AND r.workspace_id = ?1 LIMIT ?2) AS waiting";

/// Counts the running runs by submitter and workspace.
const RUNNING: &str = "SELECT q.submitter, r.workspace_id, count(*) AS found FROM queue_running w JOIN queue q ON q.run_id = w.run_id
    JOIN runs r ON r.id = w.run_id GROUP BY q.submitter, r.workspace_id";

/// Returns the limit that new runs would exceed, if any. Runs that execute nothing do not wait and do not count.
pub(super) fn over_queued(
    transaction: &Transaction<'_>,
    runs: &[NewRun],
) -> driver::Result<Option<LimitExceeded>> {
    let mut new: HashMap<(Owner, u64), u64> = HashMap::new();
    for run in runs.iter().filter(|run| !run.options.safe_mode) {
        let by = run.options.submitted_by.as_ref().map(Submitter::key);
        let of_submitter = by.map(Owner::Submitter);
        let of_workspace = Some(Owner::Workspace(run.key.workspace_id.clone()));
        let Limits {
            of_submitter: submitter,
            of_workspace: workspace,
        } = run.limits;
        for (owner, most) in [
            (of_submitter, submitter.queued),
            (of_workspace, workspace.queued),
        ] {
            if let (Some(owner), Some(limit)) = (owner, most) {
                *new.entry((owner, limit)).or_default() += 1;
            }
        }
    }
    let mut new: Vec<_> = new.into_iter().collect();
    // Transactions that pass several gates pass them in the same order.
    new.sort_by_key(|((owner, _), _)| owner.to_string());
    for ((owner, limit), count) in new {
        transaction.gate(&format!("queued of {owner}"))?;
        let (sql, key) = match &owner {
            Owner::Submitter(key) => (QUEUED_OF_SUBMITTER, key),
            Owner::Workspace(id) => (QUEUED_OF_WORKSPACE, id),
        };
        let values = params![key, signed(limit.saturating_add(1))];
        let queued: u64 = transaction.one(sql, values)?;
        if queued + count > limit {
            return Ok(Some(LimitExceeded::Queued {
                owner,
                queued,
                limit,
            }));
        }
    }
    Ok(None)
}

/// The number of running runs of each submitter and workspace, if there are limits for them.
pub(super) struct RunningCounts {
    limits: Limits,
    of: HashMap<Owner, u64>,
}

impl RunningCounts {
    pub fn count(connection: &Connection, limits: &Limits) -> driver::Result<Self> {
        let mut busy = Self {
            limits: *limits,
            of: HashMap::new(),
        };
        if limits.of_submitter.running.is_none() && limits.of_workspace.running.is_none() {
            return Ok(busy);
        }
        let all: Vec<(String, String, u64)> = connection.rows(RUNNING, [])?;
        for (submitter, workspace, count) in all {
            for owner in [Owner::Submitter(submitter), Owner::Workspace(workspace)] {
                *busy.of.entry(owner).or_default() += count;
            }
        }
        Ok(busy)
    }

    /// Returns whether another run of a submitter may start. Runs without a known submitter have no limit.
    pub fn has_room_for_submitter(&self, key: &str) -> bool {
        let limit = self.limits.of_submitter.running;
        key.is_empty() || self.has_room(limit, || Owner::Submitter(key.to_owned()))
    }

    /// Returns whether another run of a workspace may start.
    pub fn has_room_in_workspace(&self, id: &str) -> bool {
        self.has_room(self.limits.of_workspace.running, || {
            Owner::Workspace(id.to_owned())
        })
    }

    fn has_room(&self, limit: Option<u64>, owner: impl FnOnce() -> Owner) -> bool {
        limit.is_none_or(|limit| self.of.get(&owner()).copied().unwrap_or(0) < limit)
    }
}
