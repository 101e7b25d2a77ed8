//! The queue at one moment: `ade top`.

use std::time::Duration;

use super::chosen::short_ids;
use crate::base::clock::Timestamp;
use crate::run::ending::recover::settle;
use crate::store::{Overview, RunFilter, RunRecord, RunStatus, StoreError, WorkerRecord};
use crate::workspace::pause::Paused;
use crate::workspace::{Workspace, pause};

/// Ended runs are counted for this long.
pub const WINDOW: Duration = Duration::from_secs(60);
/// The largest number of running runs that are listed.
const RUNNING: u32 = 50;
/// Ended runs are listed if they are among this many newest runs.
const RECENT: u32 = 10;

/// The queue at one moment.
pub struct View {
    /// That moment.
    pub now: Timestamp,
    /// Counts of queued, running and, within [`WINDOW`], ended runs.
    pub overview: Overview,
    /// What is paused.
    pub paused: Vec<Paused>,
    /// The registered processes.
    pub workers: Vec<WorkerRecord>,
    /// The runs that are being executed.
    pub running: Vec<RunRecord>,
    /// The part of the id of each that tells it from all others.
    pub running_ids: Vec<String>,
    /// Runs that have ended recently, newest first.
    pub recent: Vec<RunRecord>,
}

/// Reads the state of the queue, after the runs of dead processes were recovered.
pub fn look(workspace: &Workspace) -> Result<View, StoreError> {
    settle(workspace);
    let store = &*workspace.store;
    let now = Timestamp::now();
    let since = Timestamp(now.0 - i64::try_from(WINDOW.as_millis()).unwrap_or(0));
    let runs = |status, limit| {
        store.runs(&RunFilter {
            workspace_id: workspace.id().to_owned(),
            statuses: Vec::from_iter(status),
            limit,
            ..RunFilter::default()
        })
    };
    let mut recent = runs(None, RECENT)?;
    recent.retain(|run| run.status.is_terminal());
    let running = runs(Some(RunStatus::Running), RUNNING)?;
    Ok(View {
        now,
        overview: store.overview(since, now)?,
        paused: pause::all(workspace)?,
        workers: store.workers()?,
        running_ids: short_ids(workspace, &running)?,
        running,
        recent,
    })
}
