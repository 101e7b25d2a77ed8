//! Helpers for tests of the queue: queued runs, workers that are killed, and their records and logs afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::place::{Configuration, Place};
use super::printed::Printed;
use super::running::{Running, processes_of, wait_for};
use super::told::Told;

/// A hook that writes its process id to a file, and continues when another file exists.
const HOLD: &str = r#"
import os, pathlib, subprocess, time

PLACE = pathlib.Path(@PLACE@)


def hold():
    (PLACE / "pids").mkdir(exist_ok=True)
    beside = PLACE / "pids" / f".{os.getpid()}"
    beside.write_text("")
    beside.rename(PLACE / "pids" / str(os.getpid()))
@CODE@
    while not (PLACE / "open").exists():
        time.sleep(0.01)


def register(registry):
    registry.register_hook(hold, hook="on_workbook_start", priority=10)
"#;

/// A recorded attempt at a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub attempt: u32,
    pub outcome: Option<String>,
    pub error: Option<String>,
}

/// A query for the status of the run whose id follows.
const STATUS: &str = "SELECT coalesce(r.status, q.status) FROM runs r LEFT JOIN queue q ON q.run_id = r.id WHERE r.id =";

impl Place {
    /// Sets a worker's intervals to fractions of a second, so that no test waits for them. A lease still outlives the test.
    pub fn hurry(&mut self) {
        for (name, value) in [
            ("ADE_WORKER_POLL_INTERVAL", "0.1"),
            ("ADE_WORKER_POLL_INTERVAL_MAX", "0.2"),
            ("ADE_WORKER_CLEANUP_INTERVAL", "0.2"),
            ("ADE_WORKER_BACKOFF_BASE_SECONDS", "0.2"),
            ("ADE_WORKER_BACKOFF_MAX_SECONDS", "1"),
        ] {
            self.set(name, value);
        }
    }

    /// Makes a place whose configuration holds its runs, with a ready environment. `code` as in [`Place::holding`].
    pub fn held(code: &str) -> Self {
        let mut place = Self::new();
        place.hurry();
        place.holding("config", code);
        place.members("members.csv");
        place.warm("config");
        place
    }

    /// Like [`Self::held`], with a run that a worker of this name has begun.
    pub fn busy(worker: &str) -> (Self, String, Running) {
        let place = Self::held("");
        let (run, worker) = place.begun(worker);
        (place, run, worker)
    }

    /// Queues a run, and starts a worker of this name that begins it and is held.
    #[track_caller]
    pub fn begun(&self, worker: &str) -> (String, Running) {
        let run = self.enqueue("config", "members.csv");
        let worker = self.start_worker(worker);
        self.wait_until_held(1);
        (run, worker)
    }

    /// Writes a configuration whose runs write their process id and wait until [`Place::let_go`]. `code` runs before that.
    pub fn holding(&self, name: &str, code: &str) -> Configuration {
        let configuration = self.configuration(name);
        let code: String = code.lines().map(|line| format!("    {line}\n")).collect();
        let hook = HOLD
            .replace("@PLACE@", &format!("{:?}", self.path("")))
            .replace("@CODE@", &code);
        configuration.write("src/ade_config/hooks/hold.py", &hook);
        fs::create_dir_all(self.path("pids")).unwrap();
        configuration
    }

    /// Waits until this many runs in total wait in the hook. Returns their process ids, unordered.
    #[track_caller]
    pub fn wait_until_held(&self, count: usize) -> Vec<i32> {
        let held = || -> Vec<i32> {
            fs::read_dir(self.path("pids"))
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
                .collect()
        };
        wait_for("runs that stop where they should", || held().len() >= count);
        held()
    }

    /// Lets all waiting runs continue, and all later ones.
    pub fn let_go(&self) {
        self.write("open", "");
    }

    /// Queues a run. Returns its id.
    #[track_caller]
    pub fn enqueue(&self, configuration: &str, input: &str) -> String {
        let queued = self
            .ade(&format!("run {configuration} {input} --detach -q"))
            .success();
        queued.printed().trim().to_owned()
    }

    /// Starts a worker with one slot and this name.
    pub fn start_worker(&self, name: &str) -> Running {
        self.start_worker_with(name, "--concurrency 1")
    }

    /// Starts a worker with a name and flags.
    pub fn start_worker_with(&self, name: &str, flags: &str) -> Running {
        let mut command = self.command();
        command
            .arg("worker")
            .args(flags.split_whitespace())
            .env("ADE_WORKER_ID", name);
        Running::start(command)
    }

    /// Opens the database for reading.
    pub fn database(&self) -> Connection {
        let path = self.path("data/db/ade.sqlite");
        let database =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        database
            .busy_timeout(std::time::Duration::from_secs(60))
            .unwrap();
        database
    }

    /// Returns one value from the database.
    #[track_caller]
    pub fn query<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.database()
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Changes the database directly, as time or an operator would.
    #[track_caller]
    pub fn change(&self, sql: &str) {
        self.database()
            .execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Returns the recorded status of a run.
    pub fn status_of(&self, run: &str) -> String {
        self.query(&format!("{STATUS} '{run}'"))
    }

    /// Waits until a run has this status.
    #[track_caller]
    pub fn wait_for_status(&self, run: &str, status: &str) {
        let database = self.database();
        wait_for(&format!("run {run} to be {status}"), || {
            let now: String = database
                .query_row(&format!("{STATUS} ?1"), [run], |row| row.get(0))
                .unwrap();
            now == status
        });
    }

    /// Returns the recorded attempts at a run.
    pub fn attempts(&self, run: &str) -> Vec<Attempt> {
        let database = self.database();
        let mut statement = database
            .prepare("SELECT attempt, outcome, error FROM run_attempts WHERE run_id = ?1 ORDER BY attempt")
            .unwrap();
        statement
            .query_map([run], |row| {
                Ok(Attempt {
                    attempt: row.get(0)?,
                    outcome: row.get(1)?,
                    error: row.get(2)?,
                })
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    /// Returns how the attempts at a run ended, in order.
    pub fn outcomes(&self, run: &str) -> Vec<String> {
        self.attempts(run)
            .into_iter()
            .map(|attempt| attempt.outcome.unwrap_or_else(|| "open".to_owned()))
            .collect()
    }

    /// Returns the folder of a run.
    pub fn run_folder(&self, run: &str) -> PathBuf {
        self.path("data/workspaces/default/runs").join(run)
    }

    /// Returns a run's complete event log, and checks that its sequence has no gaps or repetitions.
    #[track_caller]
    pub fn events(&self, run: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.run_folder(run).join("logs/events.ndjson")).unwrap();
        let events: Vec<Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let sequences: Vec<usize> = events
            .iter()
            .map(|event| event["sequence"].as_u64().unwrap() as usize)
            .collect();
        assert_eq!(
            sequences,
            (1..=events.len()).collect::<Vec<_>>(),
            "the numbering of run {run}:\n{text}"
        );
        events
    }

    /// Returns a run's event log as `ade logs tail` prints it.
    #[track_caller]
    pub fn events_as_read(&self, run: &str) -> Vec<Value> {
        let tail = self.ade(&format!("logs tail {run} --json --level debug"));
        let events = tail.success().records();
        let numbers = events.iter().map(|event| event["sequence"].as_u64());
        assert!(
            numbers.eq((1..=events.len() as u64).map(Some)),
            "{events:#?}"
        );
        events
    }

    /// Returns how often each event is in a run's log.
    #[track_caller]
    pub fn event_counts(&self, run: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in self.events(run) {
            *counts.entry(event["event"].string()).or_default() += 1;
        }
        counts
    }

    /// Checks a run that ended in order: one end, written once and last, one outcome per attempt, no claim, no torn line.
    #[track_caller]
    pub fn is_sound(&self, run: &str, status: &str, outcomes: &[&str]) {
        assert_eq!(self.status_of(run), status, "{run}");
        let written = self.events(run);
        // The end is recorded a moment before it is written to the log; if the recorder was killed in between, a reader derives
        // the event from the record.
        let mut events = Vec::new();
        wait_for(&format!("the end of run {run} to be read"), || {
            events = self.events_as_read(run);
            events
                .last()
                .is_some_and(|event| event["event"] == "run.complete")
        });
        let ends: Vec<usize> = events
            .iter()
            .enumerate()
            .filter(|(_, event)| event["event"] == "run.complete")
            .map(|(index, _)| index)
            .collect();
        assert_eq!(ends, [events.len() - 1], "{events:#?}");
        assert_eq!(events[ends[0]]["data"]["status"], status);
        assert_eq!(self.outcomes(run), outcomes, "{:#?}", self.attempts(run));
        let numbers: Vec<u32> = self
            .attempts(run)
            .iter()
            .map(|attempt| attempt.attempt)
            .collect();
        assert_eq!(numbers, (1..=outcomes.len() as u32).collect::<Vec<_>>());
        let queued = format!("SELECT count(*) FROM queue WHERE run_id = '{run}'");
        assert_eq!(
            self.query::<i64>(&queued),
            0,
            "a run that has ended is not in the queue"
        );
        let torn: Vec<String> = self
            .files_below(self.run_folder(run))
            .into_iter()
            .filter(|name| {
                name.contains(".ade-") || name.starts_with("tmp/") || name.ends_with(".tmp")
            })
            .collect();
        assert!(torn.is_empty(), "{torn:?}");
        // This event is written before the end in the log.
        let is_told = written
            .last()
            .is_some_and(|event| event["event"] == "run.complete");
        if is_told || status == "succeeded" {
            let artifact = self.artifact(self.run_folder(run).to_str().unwrap());
            Self::keeps_to_the_schema(&artifact);
            assert_eq!(artifact["run"]["status"], status);
        }
    }

    /// Runs a worker on the queue, which must finish this run at the first attempt.
    #[track_caller]
    pub fn drains(&self, run: &str) {
        self.ade("worker --drain -q").success();
        self.is_sound(run, "succeeded", &["succeeded"]);
    }

    /// Waits until no process of the place is left. The kernel kills children when their parent ends, which takes a moment.
    #[track_caller]
    pub fn nothing_runs(&self) {
        wait_for("the processes to end", || {
            processes_of(&self.path("")).is_none_or(|left| left.is_empty())
        });
    }

    /// Returns the lock files of workers.
    pub fn worker_locks(&self) -> Vec<String> {
        self.files_below("data/db/workers")
    }
}

/// Returns whether a process runs, and is not only the entry of an ended one.
pub fn is_alive(process: i32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
        return false;
    };
    let state = stat.rsplit(')').next().unwrap_or_default();
    !state.trim_start().starts_with(['Z', 'X'])
}

/// Sends a signal to a process.
pub fn signal(process: i32, signal: i32) {
    // SAFETY: no memory is involved.
    unsafe { libc::kill(process, signal) };
}

/// Waits until a process has ended.
#[track_caller]
pub fn wait_for_death(process: i32) {
    wait_for(&format!("process {process} to end"), || !is_alive(process));
}
