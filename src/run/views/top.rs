//! The queue at one moment: `ade top`.

use std::time::Duration;

use super::chosen::short_ids;
use crate::run::ending::recover::settle;
use crate::store::{RunFilter, RunRecord, RunStatus, StoreError};
use crate::workspace::figures::{FigureScope, Figures};
use crate::workspace::pause::ActivePause;
use crate::workspace::{Workspace, pause};

/// The time for which ended runs are counted.
pub const WINDOW: Duration = Duration::from_secs(60);
/// The maximum number of running runs that are listed.
const RUNNING: u32 = 50;
/// The number of newest runs among which ended runs are listed.
const RECENT: u32 = 10;

/// The state of the queue at one moment.
pub struct QueueView {
    /// Its figures; ended runs are counted within [`WINDOW`].
    pub figures: Figures,
    /// The paused parts of the queue.
    pub paused: Vec<ActivePause>,
    /// The runs that are being executed.
    pub running: Vec<RunRecord>,
    /// The unique part of each running run's id.
    pub running_ids: Vec<String>,
    /// Runs that have ended recently, newest first.
    pub recent: Vec<RunRecord>,
}

/// Reads the state of the queue, after recovering the runs of dead processes.
pub fn look(workspace: &Workspace) -> Result<QueueView, StoreError> {
    settle(workspace);
    let runs = |status, limit| {
        workspace.store.runs(&RunFilter {
            workspace_id: workspace.id().to_owned(),
            statuses: Vec::from_iter(status),
            limit,
            ..RunFilter::default()
        })
    };
    let mut recent = runs(None, RECENT)?;
    recent.retain(|run| run.status.is_terminal());
    let running = runs(Some(RunStatus::Running), RUNNING)?;
    Ok(QueueView {
        figures: Figures::read(workspace, FigureScope::default(), WINDOW)?,
        paused: pause::all(workspace)?,
        running_ids: short_ids(workspace, &running)?,
        running,
        recent,
    })
}
