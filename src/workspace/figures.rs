//! The figures of a database and its processes at one moment: for `ade top`, /metrics, the statistics of a workspace and a
//! worker's log.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::base::clock::{Timestamp, milliseconds};
use crate::base::counted::duration;
use crate::store::{
    DeliveryCounts, EndedCount, LIMITS, Overview, Pause, QueueTotals, RunStatus, RunningRun, Store,
    StoreError, WorkerRecord,
};
use crate::workspace::{Workspace, fleet};

/// The scope of the figures.
#[derive(Clone, Copy, Debug, Default)]
pub struct FigureScope<'a> {
    /// The workspace whose runs and environments count. `None`: all.
    pub workspace: Option<&'a str>,
    /// The workspaces whose runs a process must be executing to be listed, counting only these runs. `None`: all living
    /// processes.
    pub busy_with: Option<&'a [String]>,
}

/// The figures of a database at one moment.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The time when they were read.
    pub now: Timestamp,
    /// The waiting and running runs, and those that ended within the requested window.
    pub queue: Overview,
    /// The totals over all workspaces.
    pub totals: QueueTotals,
    /// The run that has been executed longest.
    pub longest: Option<LongestRun>,
    /// The pauses that hold now.
    pub pauses: Vec<Pause>,
    /// The number of runs that wait because of `pauses`.
    pub paused_runs: u64,
    /// The pending and failed deliveries about ended runs, in all workspaces.
    pub deliveries: DeliveryCounts,
    /// The processes that are not known to be dead, oldest first. They work for all workspaces of the database.
    pub processes: Vec<BusyProcess>,
    /// The free bytes on the disk of the data directory, if known.
    pub free_bytes: Option<u64>,
}

/// A registered process with the number of runs that it executes.
#[derive(Clone, Debug)]
pub struct BusyProcess {
    /// The record of the process.
    pub record: WorkerRecord,
    /// The number of its runs.
    pub busy: u64,
}

/// The run that has been executed longest, with the usual duration of its configuration's runs. Without a timeout, nothing ends
/// a run that hangs.
#[derive(Clone, Debug)]
pub struct LongestRun {
    /// The record of the run.
    pub run: RunningRun,
    /// The time since its claim, in milliseconds.
    pub running_ms: u64,
    /// The usual duration of its configuration's runs, in milliseconds. `None` if none has succeeded yet.
    pub usual_ms: Option<u64>,
}

impl LongestRun {
    /// The multiple of the usual duration after which a run is overdue.
    const TIMES: u64 = 10;
    /// The minimum usual duration, and the one assumed if none is known.
    const MIN_USUAL_MS: u64 = 6_000;
    const UNKNOWN_MS: u64 = 360_000;

    /// Finds the longest of these runs, which are ordered by their claims.
    pub fn from_running(
        store: &Store,
        running: Vec<RunningRun>,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(run) = running.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(Self {
            running_ms: now.since(run.claimed_at),
            usual_ms: store.usual_duration(&run.configuration_id)?,
            run,
        }))
    }

    /// Returns whether it takes more than ten times the usual duration, and at least a minute; an hour if the usual one is
    /// unknown.
    pub fn is_overdue(&self) -> bool {
        let usual = self.usual_ms.unwrap_or(Self::UNKNOWN_MS);
        self.running_ms > Self::TIMES * usual.max(Self::MIN_USUAL_MS)
    }

    /// Returns the command that cancels it.
    pub fn cancel(&self) -> String {
        format!("ade runs cancel {}", self.run.id)
    }
}

impl fmt::Display for LongestRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunningRun {
            input_name,
            configuration_name,
            ..
        } = &self.run;
        let running = duration(self.running_ms);
        write!(
            formatter,
            "{input_name} ({configuration_name}) has run for {running}; "
        )?;
        match self.usual_ms {
            Some(usual) => write!(
                formatter,
                "runs of this configuration take {}",
                duration(usual)
            ),
            None => formatter.write_str("no run of this configuration has succeeded yet"),
        }
    }
}

/// A histogram of waiting times or durations of runs, with [`LIMITS`] as the upper bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The number of runs within each limit, including those within lower limits. The last entry counts all runs.
    pub within: [u64; LIMITS.len() + 1],
    /// The sum of the times, in milliseconds.
    pub sum_ms: u64,
}

impl Histogram {
    fn add(&mut self, place: Option<usize>, runs: u64, sum_ms: u64) {
        if let Some(place) = place {
            self.sum_ms += sum_ms;
            self.within
                .iter_mut()
                .skip(place)
                .for_each(|within| *within += runs);
        }
    }
}

/// The queued, running and ended runs of a configuration, workspace or submitter.
#[derive(Clone, Debug, Default)]
pub struct Share {
    /// The number of queued runs.
    pub queued: u64,
    /// The number of running runs.
    pub running: u64,
    /// The numbers of runs that succeeded, failed and were cancelled, counted since the database had these figures.
    pub ended: [u64; 3],
    /// The times from recording a run to its first claim.
    pub waited: Histogram,
    /// The durations of the last attempts.
    pub took: Histogram,
    /// The bytes of stored documents.
    pub stored_bytes: u64,
}

impl Share {
    fn add_ended(&mut self, count: &EndedCount) {
        let place = RunStatus::ENDED
            .iter()
            .position(|status| *status == count.status);
        if let Some(place) = place {
            self.ended[place] += count.runs;
        }
        self.waited.add(count.waited, count.runs, count.waited_ms);
        self.took.add(count.took, count.runs, count.took_ms);
    }

    fn weight(&self) -> u64 {
        self.ended.iter().sum::<u64>() + self.queued + self.running
    }
}

/// A known configuration with its names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedConfiguration {
    /// The id of the configuration.
    pub id: String,
    /// The name of the configuration.
    pub name: String,
    /// The id of its workspace.
    pub workspace_id: String,
}

/// The figures by configuration, workspace and submitter, each limited to those with the most runs.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// The figures of all runs together.
    pub all: Share,
    /// The figures by configuration.
    pub configurations: Vec<(NamedConfiguration, Share)>,
    /// The figures by workspace.
    pub workspaces: Vec<(String, Share)>,
    /// The figures by submitter: `user` and a number, or `token` and an id.
    pub submitters: Vec<(String, Share)>,
}

impl Shares {
    /// The maximum number of entries by configuration, workspace and submitter each.
    const MAX_SHARES: usize = 50;

    /// Reads the figures of the database.
    pub fn read(workspace: &Workspace) -> Result<Self, StoreError> {
        let store = &workspace.store;
        let mut known: HashMap<String, NamedConfiguration> = HashMap::new();
        for workspace_record in store.workspaces()? {
            for found in store.configurations(&workspace_record.id)? {
                let record = found.record;
                let named = NamedConfiguration {
                    id: record.id.clone(),
                    name: record.name,
                    workspace_id: record.workspace_id,
                };
                known.insert(record.id, named);
            }
        }
        let mut all = Share::default();
        let mut configurations: HashMap<&NamedConfiguration, Share> = HashMap::new();
        let mut workspaces: HashMap<String, Share> = HashMap::new();
        let mut submitters: HashMap<String, Share> = HashMap::new();
        for live in store.live_counts()? {
            let add = |share: &mut Share| {
                share.queued += live.queued;
                share.running += live.running;
            };
            add(&mut all);
            if let Some(named) = known.get(&live.configuration_id) {
                add(configurations.entry(named).or_default());
                add(workspaces.entry(named.workspace_id.clone()).or_default());
            }
            add(submitters.entry(live.submitter.clone()).or_default());
        }
        for count in store.ended_counts()? {
            match count.subject.split_once(' ') {
                Some(("configuration", id)) => {
                    all.add_ended(&count);
                    if let Some(named) = known.get(id) {
                        configurations.entry(named).or_default().add_ended(&count);
                        workspaces
                            .entry(named.workspace_id.clone())
                            .or_default()
                            .add_ended(&count);
                    }
                }
                Some(("submitter", key)) => {
                    submitters
                        .entry(key.to_owned())
                        .or_default()
                        .add_ended(&count);
                }
                _ => {}
            }
        }
        for stored in store.stored_bytes()? {
            all.stored_bytes += stored.bytes;
            workspaces
                .entry(stored.workspace_id)
                .or_default()
                .stored_bytes += stored.bytes;
            submitters.entry(stored.submitter).or_default().stored_bytes += stored.bytes;
        }
        submitters.remove("");
        let configurations = configurations
            .into_iter()
            .map(|(named, share)| (named.clone(), share));
        Ok(Self {
            all,
            configurations: largest(configurations, |named| named.id.clone()),
            workspaces: largest(workspaces.into_iter(), String::clone),
            submitters: largest(submitters.into_iter(), String::clone),
        })
    }
}

/// Returns those with the most runs, sorted by key.
fn largest<T>(
    all: impl Iterator<Item = (T, Share)>,
    key: impl Fn(&T) -> String,
) -> Vec<(T, Share)> {
    let mut all: Vec<(T, Share)> = all.collect();
    all.sort_by_cached_key(|(owner, share)| (std::cmp::Reverse(share.weight()), key(owner)));
    all.truncate(Shares::MAX_SHARES);
    all.sort_by_cached_key(|(owner, _)| key(owner));
    all
}

impl Figures {
    /// Reads the figures. `window` is the time before now whose ended runs count.
    pub fn read(
        workspace: &Workspace,
        of: FigureScope<'_>,
        window: Duration,
    ) -> Result<Self, StoreError> {
        let store = &workspace.store;
        let now = workspace.machine.now();
        let since = Timestamp(now.0.saturating_sub(milliseconds(window)));
        let queue = store.overview(of.workspace, since, now)?;
        let mut busy: HashMap<String, u64> = HashMap::new();
        let running = store.running_runs(of.busy_with)?;
        for run in &running {
            *busy.entry(run.process.clone()).or_default() += 1;
        }
        let longest = LongestRun::from_running(store, running, now)?;
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
            longest,
            pauses: store.pauses()?,
            paused_runs: store.paused_runs()?,
            deliveries: store.count_deliveries()?,
            processes: processes
                .filter(|known| of.busy_with.is_none() || known.busy > 0)
                .collect(),
            free_bytes: workspace.files().room(workspace.paths.data()),
        })
    }

    /// Returns the processes that are workers and claim queued runs.
    pub fn workers(&self) -> impl Iterator<Item = &BusyProcess> {
        self.processes
            .iter()
            .filter(|known| known.record.kind == fleet::WORKER)
    }

    /// Returns the number of slots of all workers.
    pub fn slots(&self) -> u64 {
        self.workers()
            .map(|known| u64::from(known.record.slots))
            .sum()
    }

    /// Returns the number of busy slots.
    pub fn busy_slots(&self) -> u64 {
        self.workers().map(|known| known.busy).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_overdue_after_ten_times_of_what_is_usual() {
        let run = RunningRun {
            id: "r".to_owned(),
            workspace_id: "w".to_owned(),
            configuration_id: "c".to_owned(),
            configuration_name: "config".to_owned(),
            input_name: "a.csv".to_owned(),
            attempt: 1,
            claimed_at: Timestamp(0),
            claim_expires_at: Timestamp(0),
            process: "p".to_owned(),
        };
        let mut longest = LongestRun {
            run,
            running_ms: 0,
            usual_ms: None,
        };
        for (usual_ms, least) in [
            (Some(1), 60_000),
            (Some(10_000), 100_000),
            (None, 3_600_000),
        ] {
            for (running_ms, is_overdue) in [(least, false), (least + 1, true)] {
                longest = LongestRun {
                    running_ms,
                    usual_ms,
                    ..longest
                };
                assert_eq!(longest.is_overdue(), is_overdue, "{longest}");
            }
        }
    }
}
