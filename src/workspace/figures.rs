//! The figures of a database and of those that work on it, read at one moment: for `ade top`, /metrics, the statistics of a
//! workspace and the log of a worker.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::clock::{Timestamp, milliseconds};
use crate::store::{DeliveryCounts, Overview, Pause, StoreError, Totals, WorkerRecord};
use crate::workspace::{Workspace, fleet};

/// The kind of a process that works the queue.
const WORKER: &str = "worker";

/// Of what figures are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Of<'a> {
    /// The runs and environments of this workspace; `None`: of all.
    pub workspace: Option<&'a str>,
    /// The processes that execute runs of these workspaces, busy with these alone; `None`: all that live.
    pub busy_with: Option<&'a [String]>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The moment.
    pub now: Timestamp,
    /// What waits, what runs, and what ended within the window that was asked for.
    pub queue: Overview,
    /// What has happened in all workspaces.
    pub totals: Totals,
    /// What is paused, and how many runs wait because of that.
    pub pauses: Vec<Pause>,
    /// See `pauses`.
    pub paused_runs: u64,
    /// What is still to be told of runs that have ended, in all workspaces.
    pub deliveries: DeliveryCounts,
    /// The processes that live, or of which nothing else is known, oldest first. They work for all workspaces of the database.
    pub processes: Vec<BusyProcess>,
    /// The free bytes of the disk of the data directory, where the system tells.
    pub free_bytes: Option<u64>,
}

/// A registered process and how many runs it executes.
#[derive(Clone, Debug)]
pub struct BusyProcess {
    /// Its record.
    pub record: WorkerRecord,
    /// Its runs.
    pub busy: u64,
}

impl Figures {
    /// Reads them, with what ended within a window before now.
    pub fn read(workspace: &Workspace, of: Of<'_>, window: Duration) -> Result<Self, StoreError> {
        let store = &*workspace.store;
        let now = workspace.machine.now();
        let since = Timestamp(now.0.saturating_sub(milliseconds(window)));
        let queue = store.overview(of.workspace, since, now)?;
        let mut busy: HashMap<String, u64> = HashMap::new();
        for run in store.running_runs(of.busy_with)? {
            *busy.entry(run.process).or_default() += 1;
        }
        let processes = fleet::living(workspace)?
            .into_iter()
            .map(|record| BusyProcess {
                busy: busy.remove(&record.id).unwrap_or(0),
                record,
            });
        Ok(Self {
            now,
            queue,
            totals: store.totals()?,
            pauses: store.pauses()?,
            paused_runs: store.paused_runs()?,
            deliveries: store.count_deliveries()?,
            processes: processes
                .filter(|known| of.busy_with.is_none() || known.busy > 0)
                .collect(),
            free_bytes: workspace.files().room(workspace.paths.data()),
        })
    }

    /// The workers among the processes: those that take what is queued.
    pub fn workers(&self) -> impl Iterator<Item = &BusyProcess> {
        self.processes
            .iter()
            .filter(|known| known.record.kind == WORKER)
    }

    /// The slots of all workers.
    pub fn slots(&self) -> u64 {
        self.workers()
            .map(|known| u64::from(known.record.slots))
            .sum()
    }

    /// The busy ones.
    pub fn busy_slots(&self) -> u64 {
        self.workers().map(|known| known.busy).sum()
    }
}
