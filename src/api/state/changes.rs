//! What changed in a workspace since the last look, for those that show its runs and environments while they change.
//!
//! What is told is state and no log: a run that changed twice between two looks is told once, as it is. To be told something
//! twice does no harm; nothing that stays is left out. Records that are deleted are not told, but for environments, after which
//! everything is to be loaded anew.
//!
//! The work of a look is bounded: what is queued and running is read, what ended within the last minute, and the few
//! environments. Where more changed than [`MOST`] runs, nothing but that is told.

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

/// So many runs are told at once.
pub const MOST: usize = 1000;
/// Ended runs are counted for this long. What ended within this time is compared with what was told: an end is recorded with
/// the time at which its process looked at the clock, and seen when it is committed, which may have to wait for others.
pub const WINDOW: Duration = Duration::from_secs(60);
/// While nothing is written, the counts are read again after so many milliseconds.
const PACE: u64 = 1000;
/// Of the runs that ended, so many are looked at.
const LOOK_AT: u32 = 10_000;

/// Something to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// A run as it is now.
    Run(Value),
    /// An environment as it is now.
    Environment(Value),
    /// How many wait, run and, within [`WINDOW`], ended.
    Counts(Overview),
    /// More changed than is told one by one: load lists anew.
    Reset,
}

/// What was told of a workspace.
#[derive(Debug, Default)]
pub struct ToldSoFar {
    mark: Option<ChangeMark>,
    live: HashMap<String, LiveRun>,
    /// Runs that ended within the window, by id.
    ended: HashMap<String, (RunStatus, Timestamp)>,
    environments: BTreeMap<String, Shown>,
    counted_at: Option<Timestamp>,
    /// The counts that were told, and of when they are.
    counts: Option<(Timestamp, Overview)>,
}

/// What a change of an environment shows in. When it was used last is none.
#[derive(Debug, PartialEq)]
struct Shown {
    status: EnvironmentStatus,
    folder: std::path::PathBuf,
    attempt_count: u32,
    updated_at: Timestamp,
}

/// All that is compared, read at one moment.
struct Now {
    at: Timestamp,
    counts: Overview,
    live: Vec<LiveRun>,
    ended: EndedRuns,
    environments: Vec<EnvironmentRecord>,
}

impl Now {
    fn read(workspace: &Workspace, ended_since: Timestamp) -> Result<Self, StoreError> {
        let store = &workspace.store;
        let at = workspace.machine.now();
        // What ends between the two statements is in both, and never in neither.
        let live = store.live_runs(workspace.id())?;
        Ok(Self {
            at,
            counts: store.overview(Some(workspace.id()), before(at), at)?,
            live,
            ended: store.ended_runs(workspace.id(), ended_since, LOOK_AT)?,
            environments: store.environments(workspace.id())?,
        })
    }
}

impl ToldSoFar {
    /// What is there now, of which nothing is told.
    pub fn begin(workspace: &Workspace, paths: &Hider) -> Result<Self, StoreError> {
        let mut seen = Self::default();
        seen.look(workspace, paths)?;
        Ok(seen)
    }

    /// Looks what changed since the last look, which is then told.
    ///
    /// # Errors
    /// The store cannot be used. What changed is told with the next look that succeeds.
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
        let now = Now::read(workspace, before(moment))?;
        let mut changes = self.of_environments(&now.environments, paths);
        let ids = self.changed_runs(&now);
        if ids.len() > MOST || now.ended.only_since.is_some() {
            changes.push(Update::Reset);
        } else {
            changes.extend(runs(workspace, &ids, paths)?);
        }
        changes.extend(self.counted(now.at, now.counts));
        // Nothing fails from here on: what is told is noted.
        self.mark = Some(mark);
        let by_id = |run: LiveRun| (run.id.clone(), run);
        self.live = now.live.into_iter().map(by_id).collect();
        let ended = now.ended.runs.into_iter();
        self.ended = ended
            .map(|run| (run.id, (run.status, run.completed_at)))
            .collect();
        let shown = |known: &EnvironmentRecord| (known.id.clone(), Shown::of(known));
        self.environments = now.environments.iter().map(shown).collect();
        Ok(changes)
    }

    /// What changes by time alone: runs that become due, and ends that leave the window.
    fn passed(&mut self, workspace: &Workspace, now: Timestamp) -> Result<Vec<Update>, StoreError> {
        let begin = before(now);
        self.ended.retain(|_, (_, ended)| *ended >= begin);
        if self.counted_at.is_some_and(|at| now.since(at) < PACE) {
            return Ok(Vec::new());
        }
        let counts = workspace.store.overview(Some(workspace.id()), begin, now)?;
        Ok(self.counted(now, counts).into_iter().collect())
    }

    /// Notes counts. Tells them where they are others than those that were told.
    fn counted(&mut self, now: Timestamp, counts: Overview) -> Option<Update> {
        self.counted_at = Some(now);
        let told = self.counts.map(|(of, told)| compared(of, told));
        if told == Some(compared(now, counts)) {
            return None;
        }
        self.counts = Some((now, counts));
        Some(Update::Counts(counts))
    }

    /// The runs that were made, changed, or ended, by id: in the order in which they were made.
    fn changed_runs(&self, now: &Now) -> BTreeSet<String> {
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
            self.environments.get(&known.id) != Some(&Shown::of(known))
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

impl Shown {
    fn of(known: &EnvironmentRecord) -> Self {
        Self {
            status: known.status,
            folder: known.folder.clone(),
            attempt_count: known.attempt_count,
            updated_at: known.updated_at,
        }
    }
}

/// What a client has to be told that was told of everything up to `after`, and of nothing since: the counts, the runs that are
/// running, those that were made, went back to the queue or ended since then, and environments that changed since then. Without
/// `after`: the counts and the running ones.
pub fn catch_up(
    workspace: &Workspace,
    after: Option<Timestamp>,
    paths: &Hider,
) -> Result<Vec<Update>, StoreError> {
    let now = workspace.machine.now();
    // What was committed later than its time says may have been missed by the look of then.
    let since = after.map(before);
    let window = before(now);
    let read = Now::read(workspace, since.map_or(window, |since| since.min(window)))?;
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
    if ids.len() > MOST || (since.is_some() && read.ended.only_since.is_some()) {
        changes.push(Update::Reset);
    } else {
        changes.extend(runs(workspace, &ids, paths)?);
    }
    Ok(changes)
}

/// The begin of the window that ends at this instant.
fn before(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(milliseconds(WINDOW)))
}

/// What is compared of counts: not how long the run that has been due longest has waited, which grows by itself, but since when
/// it is due.
fn compared(of: Timestamp, counts: Overview) -> (Overview, Option<i64>) {
    let waits = counts.oldest_wait_ms;
    let due = waits.map(|wait| of.0 - i64::try_from(wait).unwrap_or(0));
    let counts = Overview {
        oldest_wait_ms: None,
        ..counts
    };
    (counts, due)
}

/// The runs with these ids, as they are now. One that was deleted meanwhile is left out.
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
        Self::Environment(json!(EnvironmentView::of(known, paths)))
    }

    /// The name of its event.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => names::WORKSPACE_RUN,
            Self::Environment(_) => names::WORKSPACE_ENVIRONMENT,
            Self::Counts(_) => names::WORKSPACE_COUNTS,
            Self::Reset => names::WORKSPACE_RESET,
        }
    }

    /// What its event says.
    pub fn data(&self) -> Value {
        match self {
            Self::Run(object) | Self::Environment(object) => object.clone(),
            Self::Counts(counts) => json!(counts),
            Self::Reset => json!({}),
        }
    }
}
