//! The figures of a database and of those that work on it, read at one moment: for `ade top`, /metrics, the statistics of a
//! workspace and the log of a worker.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::base::clock::{Timestamp, milliseconds};
use crate::base::counted::duration;
use crate::store::{
    DeliveryCounts, EndedCount, LIMITS, Overview, Pause, RunStatus, RunningRun, Store, StoreError,
    Totals, WorkerRecord,
};
use crate::workspace::{Workspace, fleet};

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
    /// The run that has been executed longest.
    pub longest: Option<LongestRun>,
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

/// The run that has been executed longest, beside what others of its configuration take: nothing ends a run that hangs, unless there is a
/// timeout.
#[derive(Clone, Debug)]
pub struct LongestRun {
    /// Its record.
    pub run: RunningRun,
    /// Since when, in milliseconds.
    pub running_ms: u64,
    /// How long runs of its configuration take. `None`: none has succeeded yet.
    pub usual_ms: Option<u64>,
}

impl LongestRun {
    /// The times as long as usual, a minute at least, after which a run is overdue.
    const TIMES: u64 = 10;
    /// What is usual at least, and where nothing is known.
    const LEAST_MS: u64 = 6_000;
    const UNKNOWN_MS: u64 = 360_000;

    /// That of these runs, which are ordered by their claims.
    pub fn of(
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

    /// Whether it takes ten times as long as is usual, and a minute at least; if nothing is known, an hour.
    pub fn is_overdue(&self) -> bool {
        let usual = self.usual_ms.unwrap_or(Self::UNKNOWN_MS);
        self.running_ms > Self::TIMES * usual.max(Self::LEAST_MS)
    }

    /// The command that ends it.
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
            Some(usual) => write!(formatter, "such runs take {}", duration(usual)),
            None => formatter.write_str("no such run has succeeded yet"),
        }
    }
}

/// How many runs waited, or took, so long: for each of [`LIMITS`] those within it, and last all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Those within each limit; those within a lower one are counted again. Last all.
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

/// What somebody has in the queue, and what has ended of it.
#[derive(Clone, Debug, Default)]
pub struct Share {
    /// Runs that wait.
    pub queued: u64,
    /// Runs that are executed.
    pub running: u64,
    /// Runs that ended: succeeded, failed, cancelled. They are counted since a database of this kind is in use.
    pub ended: [u64; 3],
    /// From the record of a run to its first claim.
    pub waited: Histogram,
    /// How long the last attempt took.
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

/// A configuration, where it is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its workspace.
    pub workspace_id: String,
}

/// The figures by whose runs they are of; of each kind those that have most.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// All together.
    pub all: Share,
    /// By configuration.
    pub configurations: Vec<(Named, Share)>,
    /// By workspace.
    pub workspaces: Vec<(String, Share)>,
    /// By submitter: `user` and a number, or `token` and an id.
    pub submitters: Vec<(String, Share)>,
}

impl Shares {
    /// Of each kind so many at most.
    const MOST: usize = 50;

    /// Reads them.
    pub fn read(workspace: &Workspace) -> Result<Self, StoreError> {
        let store = &workspace.store;
        let mut known: HashMap<String, Named> = HashMap::new();
        for one in store.workspaces()? {
            for found in store.configurations(&one.id)? {
                let record = found.record;
                let named = Named {
                    id: record.id.clone(),
                    name: record.name,
                    workspace_id: record.workspace_id,
                };
                known.insert(record.id, named);
            }
        }
        let mut all = Share::default();
        let mut configurations: HashMap<&Named, Share> = HashMap::new();
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

/// Those with most runs, in the order of their keys.
fn largest<T>(
    all: impl Iterator<Item = (T, Share)>,
    key: impl Fn(&T) -> String,
) -> Vec<(T, Share)> {
    let mut all: Vec<(T, Share)> = all.collect();
    all.sort_by_cached_key(|(one, share)| (std::cmp::Reverse(share.weight()), key(one)));
    all.truncate(Shares::MOST);
    all.sort_by_cached_key(|(one, _)| key(one));
    all
}

impl Figures {
    /// Reads them, with what ended within a window before now.
    pub fn read(workspace: &Workspace, of: Of<'_>, window: Duration) -> Result<Self, StoreError> {
        let store = &workspace.store;
        let now = workspace.machine.now();
        let since = Timestamp(now.0.saturating_sub(milliseconds(window)));
        let queue = store.overview(of.workspace, since, now)?;
        let mut busy: HashMap<String, u64> = HashMap::new();
        let running = store.running_runs(of.busy_with)?;
        for run in &running {
            *busy.entry(run.process.clone()).or_default() += 1;
        }
        let longest = LongestRun::of(store, running, now)?;
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

    /// The workers among the processes: those that take what is queued.
    pub fn workers(&self) -> impl Iterator<Item = &BusyProcess> {
        self.processes
            .iter()
            .filter(|known| known.record.kind == fleet::WORKER)
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
