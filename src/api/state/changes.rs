//! Finds the changes in a workspace since the last look, for clients that show its runs and environments live.
//!
//! Updates are state, not a log: a run that changed twice between two looks is reported once, as it is now. Reporting something
//! twice does no harm, and nothing that stays is left out. Deleted records are not reported, except environments: after such a
//! deletion, clients load everything anew.
//!
//! The work of a look is limited: it reads queued and running runs, runs that ended within the last minute, and the few
//! environments. If more than [`MAX_REPORTED_RUNS`] runs changed, only that fact is reported.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::clock::{Timestamp, milliseconds};
use crate::base::hide_paths::Hider;
use crate::environment::json::EnvironmentView;
use crate::events::names;
use crate::run::views::json::runs_json;
use crate::store::{
    ChangeMark, EndedRuns, EnvironmentRecord, EnvironmentStatus, LiveRun, Overview, RunStatus,
    StoreError,
};
use crate::workspace::Workspace;

/// The maximum number of runs that are reported at once.
pub const MAX_REPORTED_RUNS: usize = 1000;
/// The time for which ended runs are counted, and compared with the reported runs: an end has the time when its process read
/// the clock, but becomes visible only when it is committed, which may have to wait for other processes.
pub const WINDOW: Duration = Duration::from_secs(60);
/// The interval in milliseconds for reading the counts while nothing is written.
const PACE: u64 = 1000;
/// The maximum number of ended runs that are looked at.
const MAX_ENDED_RUNS: u32 = 10_000;

/// A change of a workspace to report.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// A run in its present state.
    Run(Value),
    /// An environment in its present state.
    Environment(Value),
    /// The numbers of runs that wait, run and, within [`WINDOW`], ended.
    Counts(Overview),
    /// Too many changes for single reports: load lists anew.
    Reset,
}

/// The reported state of a workspace.
#[derive(Debug, Default)]
pub struct ReportedState {
    mark: Option<ChangeMark>,
    live: HashMap<String, LiveRun>,
    /// Runs that ended within the window, by id.
    ended: HashMap<String, (RunStatus, Timestamp)>,
    environments: BTreeMap<String, EnvironmentState>,
    counted_at: Option<Timestamp>,
    /// The reported counts, with their time.
    counts: Option<(Timestamp, Overview)>,
}

/// The facts whose change is reported for an environment. The time of its last use is not among them.
#[derive(Debug, PartialEq)]
struct EnvironmentState {
    status: EnvironmentStatus,
    folder: std::path::PathBuf,
    attempt_count: u32,
    updated_at: Timestamp,
}

/// All compared facts, read at one time.
struct WorkspaceSnapshot {
    at: Timestamp,
    counts: Overview,
    live: Vec<LiveRun>,
    ended: EndedRuns,
    environments: Vec<EnvironmentRecord>,
}

impl WorkspaceSnapshot {
    fn read(workspace: &Workspace, ended_since: Timestamp) -> Result<Self, StoreError> {
        let store = &workspace.store;
        let at = workspace.machine.now();
        // A run that ends between the two statements is in both results, never in neither.
        let live = store.live_runs(workspace.id())?;
        Ok(Self {
            at,
            counts: store.overview(Some(workspace.id()), before(at), at)?,
            live,
            ended: store.ended_runs(workspace.id(), ended_since, MAX_ENDED_RUNS)?,
            environments: store.environments(workspace.id())?,
        })
    }
}

impl ReportedState {
    /// Reads the present state. Nothing of it is reported.
    pub fn begin(workspace: &Workspace, paths: &Hider) -> Result<Self, StoreError> {
        let mut seen = Self::default();
        seen.look(workspace, paths)?;
        Ok(seen)
    }

    /// Returns the changes since the last look, and records them as reported.
    ///
    /// # Errors
    /// The store cannot be used. The next successful look returns the changes.
    pub fn look(
        &mut self,
        workspace: &Workspace,
        paths: &Hider,
    ) -> Result<Vec<Update>, StoreError> {
        let mark = workspace.store.change_mark()?;
        let moment = workspace.machine.now();
        if self.mark == Some(mark) {
            return self.passed(workspace, moment);
        }
        let now = WorkspaceSnapshot::read(workspace, before(moment))?;
        let mut changes = self.of_environments(&now.environments, paths);
        let ids = self.changed_runs(&now);
        if ids.len() > MAX_REPORTED_RUNS || now.ended.only_since.is_some() {
            changes.push(Update::Reset);
        } else {
            changes.extend(runs(workspace, &ids, paths)?);
        }
        changes.extend(self.counted(now.at, now.counts));
        // Nothing can fail from here on, so the changes are recorded as reported.
        self.mark = Some(mark);
        let by_id = |run: LiveRun| (run.id.clone(), run);
        self.live = now.live.into_iter().map(by_id).collect();
        let ended = now.ended.runs.into_iter();
        self.ended = ended
            .map(|run| (run.id, (run.status, run.completed_at)))
            .collect();
        let shown = |known: &EnvironmentRecord| (known.id.clone(), EnvironmentState::new(known));
        self.environments = now.environments.iter().map(shown).collect();
        Ok(changes)
    }

    /// Returns changes by time alone: runs that become due, and ends that leave the window.
    fn passed(&mut self, workspace: &Workspace, now: Timestamp) -> Result<Vec<Update>, StoreError> {
        let begin = before(now);
        self.ended.retain(|_, (_, ended)| *ended >= begin);
        if self.counted_at.is_some_and(|at| now.since(at) < PACE) {
            return Ok(Vec::new());
        }
        let counts = workspace.store.overview(Some(workspace.id()), begin, now)?;
        Ok(self.counted(now, counts).into_iter().collect())
    }

    /// Records counts. Returns them if they differ from the reported counts.
    fn counted(&mut self, now: Timestamp, counts: Overview) -> Option<Update> {
        self.counted_at = Some(now);
        let told = self.counts.map(|(of, told)| compared(of, told));
        if told == Some(compared(now, counts)) {
            return None;
        }
        self.counts = Some((now, counts));
        Some(Update::Counts(counts))
    }

    /// Returns the ids of the runs that were made, changed or ended, in the order in which they were made.
    fn changed_runs(&self, now: &WorkspaceSnapshot) -> BTreeSet<String> {
        let is_new = |run: &&LiveRun| self.live.get(&run.id) != Some(run);
        let live = now.live.iter().filter(is_new).map(|run| &run.id);
        let still: std::collections::HashSet<&str> =
            now.live.iter().map(|run| run.id.as_str()).collect();
        let gone = self
            .live
            .keys()
            .filter(|id| !still.contains(id.as_str()) && !self.ended.contains_key(*id));
        let ended = now.ended.runs.iter().map(|run| &run.id);
        let ended = ended.filter(|id| !self.ended.contains_key(*id));
        live.chain(gone).chain(ended).cloned().collect()
    }

    fn of_environments(&self, environments: &[EnvironmentRecord], paths: &Hider) -> Vec<Update> {
        let is_new = |known: &&EnvironmentRecord| {
            self.environments.get(&known.id) != Some(&EnvironmentState::new(known))
        };
        let mut changes: Vec<Update> = environments
            .iter()
            .filter(is_new)
            .map(|known| Update::of_environment(known, paths))
            .collect();
        let stays = |id: &String| environments.iter().any(|known| known.id == *id);
        if !self.environments.keys().all(stays) {
            changes.push(Update::Reset);
        }
        changes
    }
}

impl EnvironmentState {
    fn new(known: &EnvironmentRecord) -> Self {
        Self {
            status: known.status,
            folder: known.folder.clone(),
            attempt_count: known.attempt_count,
            updated_at: known.updated_at,
        }
    }
}

/// Returns the updates for a client that has everything up to `after`: the counts, the running runs, the runs that were made,
/// requeued or ended since then, and the environments that changed since then. Without `after`, returns the counts and the
/// running runs.
pub fn catch_up(
    workspace: &Workspace,
    after: Option<Timestamp>,
    paths: &Hider,
) -> Result<Vec<Update>, StoreError> {
    let now = workspace.machine.now();
    // A change that was committed later than its time may have been missed by the look at that time.
    let since = after.map(before);
    let window = before(now);
    let read = WorkspaceSnapshot::read(workspace, since.map_or(window, |since| since.min(window)))?;
    let is_new = |run: &&LiveRun| {
        let changed = run.created_at.max(run.available_at);
        run.status == RunStatus::Running || since.is_some_and(|since| changed >= since)
    };
    let ended = read
        .ended
        .runs
        .iter()
        .filter(|run| since.is_some_and(|since| run.completed_at >= since));
    let mut ids: BTreeSet<String> = read
        .live
        .iter()
        .filter(is_new)
        .map(|run| run.id.clone())
        .collect();
    ids.extend(ended.map(|run| run.id.clone()));
    let mut changes = vec![Update::Counts(read.counts)];
    let environments = read
        .environments
        .iter()
        .filter(|known| since.is_some_and(|since| known.updated_at >= since));
    changes.extend(environments.map(|known| Update::of_environment(known, paths)));
    if ids.len() > MAX_REPORTED_RUNS || (since.is_some() && read.ended.only_since.is_some()) {
        changes.push(Update::Reset);
    } else {
        changes.extend(runs(workspace, &ids, paths)?);
    }
    Ok(changes)
}

/// Returns the start of the window that ends at this time.
fn before(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(milliseconds(WINDOW)))
}

/// Returns the comparable part of counts. The wait of the run that has been due longest grows by itself, so its due time is
/// compared instead.
fn compared(of: Timestamp, counts: Overview) -> (Overview, Option<i64>) {
    let waits = counts.oldest_wait_ms;
    let due = waits.map(|wait| of.0 - i64::try_from(wait).unwrap_or(0));
    let counts = Overview {
        oldest_wait_ms: None,
        ..counts
    };
    (counts, due)
}

/// Returns the runs with these ids, as they are now. A run that was deleted meanwhile is left out.
fn runs(
    workspace: &Workspace,
    ids: &BTreeSet<String>,
    paths: &Hider,
) -> Result<Vec<Update>, StoreError> {
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        match workspace.store.run_of_any_workspace(id) {
            Ok(run) => records.push(run),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(runs_json(workspace, &records, paths)?
        .into_iter()
        .map(|run| Update::Run(json!(run)))
        .collect())
}

impl Update {
    fn of_environment(known: &EnvironmentRecord, paths: &Hider) -> Self {
        Self::Environment(json!(EnvironmentView::new(known, paths)))
    }

    /// Returns the name of its event.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => names::WORKSPACE_RUN,
            Self::Environment(_) => names::WORKSPACE_ENVIRONMENT,
            Self::Counts(_) => names::WORKSPACE_COUNTS,
            Self::Reset => names::WORKSPACE_RESET,
        }
    }

    /// Returns the data of its event.
    pub fn data(&self) -> Value {
        match self {
            Self::Run(object) | Self::Environment(object) => object.clone(),
            Self::Counts(counts) => json!(counts),
            Self::Reset => json!({}),
        }
    }
}
