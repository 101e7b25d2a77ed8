//! One machine as a seed sets it up: its clocks, files and faults, and the database that all its processes use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use ade::base::clock::Timestamp;
use ade::configuration::Configuration;
use ade::engine::EnginePackage;
use ade::environment::needed::prepare::PreparedConfiguration;
use ade::settings::paths::Paths;
use ade::settings::{Inputs, Settings};
use ade::store::{Call, ConfigurationRecord, EnvironmentKey, Store};
use ade::system::bell::Bell;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::chance::Chance;
use super::disk::Disk;
use super::judge::{Circumstances, Judge, words};
use super::process::Process;
use super::snapshot::{self, Window};

/// The possible lengths of the leases of processes.
pub const LEASES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(150)];
/// The maximum number of attempts at a run, and at building an environment.
pub const MOST_ATTEMPTS: u32 = 3;
/// The length of the lease of collection in milliseconds.
const COLLECTION_LEASE: i64 = 60_000;
/// The minimum difference of the wall clock that counts as a jump.
pub const JUMP: Duration = Duration::from_secs(5);
/// The workspace of all that happens here.
pub const WORKSPACE: &str = "default";
/// The id of the database.
pub const DATABASE: &str = "simulated-database";
/// Files of another database, or unknown to this one: a finished workbook, an input, an environment.
const FOREIGN: [&str; 3] = [
    "/data/workspaces/default/runs/foreign/output/out.xlsx",
    "/data/workspaces/other/runs/foreign/input/in.xlsx",
    "/data/venvs/default/configuration/deps-foreign/foreign/logs/events.ndjson",
];
/// The folder of the one configuration.
pub const CONFIGURATION: &str = "/configuration";
/// The input of every run.
pub const INPUT: &str = "/inputs/in.xlsx";

/// Both clocks, read at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub steady: i64,
    pub wall: i64,
}

/// Defines the rates of faults: chances in ten thousand, at each step or at each call.
macro_rules! fault_rates {
    ($($(#[$words:meta])* $fault:ident: $rare:literal, $common:literal;)*) => {
        #[derive(Clone, Copy, Debug, Default)]
        pub struct FaultRates {
            $($(#[$words])* pub $fault: u64,)*
        }

        impl FaultRates {
            /// Draws rates so that each fault is absent from some worlds, rare in some and common in some. This also finds
            /// violations that only show in the absence of another fault.
            pub fn draw(chance: &Chance) -> Self {
                let some = |rare: u64, common: u64| *chance.pick(&[0, rare, rare, common]);
                Self {
                    $($fault: some($rare, $common),)*
                }
            }
        }
    };
}

// The first number is for worlds in which the fault is rare, the second for those in which it is common.
fault_rates! {
    crash: 15, 80;
    freeze: 15, 80;
    /// Freezing between the last look at a claim and the call that ends it.
    stall: 500, 3000;
    jump: 10, 60;
    busy: 200, 1500;
    ambiguous: 100, 500;
    delay: 50, 400;
    cancel: 20, 150;
    pause: 5, 30;
    interrupt: 20, 100;
    vanish: 15, 80;
    collect: 15, 80;
    /// `ade env build`, by a person.
    build: 10, 40;
    stop: 5, 30;
    start: 20, 60;
    /// Of a call that changes a file.
    disk: 30, 300;
    /// Of a call that renames or deletes a folder.
    undeletable: 300, 2000;
    rebuild: 10, 50;
    /// Of an engine's or installer's end.
    engine_killed: 1000, 5000;
    engine_failed: 1000, 5000;
    build_hiccup: 1000, 5000;
    build_failed: 200, 1500;
    /// Of a start of threads or of an engine, where the machine has no more of them.
    exhausted: 50, 500;
}

/// The counted events. Each happens many times in a few hundred seeds, since an event that never happens proves nothing.
const COUNTED: &str = "attempts left, builds, builds failed, builds timed out, busy, calls, cancelled while queued, \
    cancelled while running, claimed again, claims, clock jumps, clock jumps noticed, collections, \
    collections held, collections refused, crashes, delays, ended under ade run, engines failed, \
    engines killed, engines not started, engines started, engines started on another host, \
    engines started where locks are not seen, enqueued, environments built anew, environments built by hand, \
    environments collected, environments removed, environments vanished, environments' records deleted by hand, \
    expired, file errors, folders that could not be taken, freezes, killed, lock files lost, lost answers, \
    lost claims noticed, pauses, recovered, recovered by ade run, retried by ade run, run at once, stalls, \
    steps, stops, stops at once, threads not started";

/// A database in memory. Creating one takes longer than most seeds live, so it is swept and used again.
struct Database {
    store: Store,
    window: Window,
    sweeper: Connection,
}

static SPARE: Mutex<Vec<Database>> = Mutex::new(Vec::new());

impl Database {
    fn get() -> Self {
        let spare = SPARE.lock().unwrap().pop();
        spare.unwrap_or_else(|| {
            // Databases of one name are one database, and several worlds may exist at once.
            static DATABASES: AtomicU64 = AtomicU64::new(0);
            let name = format!("world-{}", DATABASES.fetch_add(1, Ordering::Relaxed));
            let store = Store::in_memory(settings(), &name).unwrap();
            let sweeper = snapshot::connect(&name, OpenFlags::SQLITE_OPEN_READ_WRITE);
            sweeper.pragma_update(None, "foreign_keys", true).unwrap();
            Self {
                store,
                window: Window::open(&name),
                sweeper,
            }
        })
    }

    fn sweep(self) {
        let tables = "run_metrics run_fields run_table_columns run_attempts queue runs environments configurations \
                      workspaces workers leases observed_time pauses ended";
        let mut sql: String = tables
            .split(' ')
            .filter(|table| !table.is_empty())
            .map(|table| format!("DELETE FROM {table};"))
            .collect();
        sql.push_str(
            "UPDATE totals SET succeeded = 0, failed = 0, cancelled = 0, lost_attempts = 0",
        );
        self.sweeper.execute_batch(&sql).unwrap();
        SPARE.lock().unwrap().push(self);
    }
}

/// The settings of every process.
fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let flags = [
            ("ADE_DATA_DIR", "/data"),
            ("ADE_DATABASE_SQLITE_SYNCHRONOUS", "OFF"),
            ("ADE_WORKER_LEASE_SECONDS", "60"),
            ("ADE_WORKER_POLL_INTERVAL", "4"),
            ("ADE_WORKER_POLL_INTERVAL_MAX", "15"),
            ("ADE_WORKER_CLEANUP_INTERVAL", "15"),
            ("ADE_WORKER_METRICS_INTERVAL", "300"),
            ("ADE_WORKER_BACKOFF_BASE_SECONDS", "2"),
            ("ADE_WORKER_BACKOFF_MAX_SECONDS", "30"),
            ("ADE_WORKER_MAX_ATTEMPTS", "3"),
            ("ADE_WORKER_GC_INTERVAL", "90"),
        ];
        let mut settings = Settings::resolve(&Inputs {
            flags: flags
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            variables: BTreeMap::new(),
            folder: PathBuf::from("/"),
            program: None,
        })
        .unwrap();
        settings.worker.env_ttl = Some(Duration::from_secs(45));
        // No jump of the clock is long enough to delete the files of a run.
        settings.worker.run_artifact_ttl = None;
        settings
    })
}

/// Returns the configuration that is built and run: always the same, and read once.
fn blueprint() -> &'static Configuration {
    static BLUEPRINT: OnceLock<Configuration> = OnceLock::new();
    BLUEPRINT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/roster");
        Configuration::open(&folder).unwrap()
    })
}

/// The record of the one configuration.
fn configuration(id: &str) -> ConfigurationRecord {
    ConfigurationRecord {
        id: id.to_owned(),
        workspace_id: WORKSPACE.to_owned(),
        name: "simulated".to_owned(),
        path: CONFIGURATION.into(),
    }
}

/// The token by which a process collects, with the time of its last renewal; and when each process renewed its own last.
type CollectionLease = (Option<(String, i64)>, BTreeMap<String, i64>);

/// See the module.
pub struct World {
    pub store: Store,
    pub chance: Chance,
    pub settings: Settings,
    pub paths: Paths,
    pub disk: Mutex<Disk>,
    /// The environments that engines run in, by engine.
    pub engines: Mutex<BTreeMap<u32, PathBuf>>,
    pub collection: Mutex<CollectionLease>,
    last_jump: AtomicI64,
    /// True if deleting the content of an environment's folder takes long.
    pub is_slow: bool,
    /// The live processes, by their ids in the database.
    pub alive: Mutex<BTreeMap<String, Arc<Process>>>,
    pub keys: Vec<EnvironmentKey>,
    /// Rings for all processes when a run is queued.
    pub wake: Bell,
    faults: Mutex<FaultRates>,
    judge: Mutex<Judge>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
    steady: AtomicI64,
    skew: AtomicI64,
    numbers: AtomicU32,
    trace: Option<Mutex<Vec<String>>>,
    violation: Mutex<Option<String>>,
    /// The connection that sweeps the world at its end.
    sweeper: Mutex<Connection>,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Arc<Self> {
        let Database {
            store,
            window,
            sweeper,
        } = Database::get();
        let chance = Chance::new(seed);
        let start = 1_800_000_000_000;
        let configuration = store
            .ensure_configuration(&configuration("configuration"), Timestamp(start))
            .unwrap();
        let keys = (0..1 + chance.below(2))
            .map(|number| EnvironmentKey {
                workspace_id: WORKSPACE.to_owned(),
                configuration_id: configuration.id.clone(),
                engine_spec: "embedded".to_owned(),
                deps_digest: format!("digest-{number}"),
            })
            .collect();
        let settings = settings().clone();
        let mut disk = Disk::default();
        disk.create_folder(CONFIGURATION.as_ref(), Timestamp(start));
        disk.write(INPUT.as_ref(), b"messy", Timestamp(start));
        let paths = Paths::new(&settings).unwrap();
        let snapshots = paths.snapshots(WORKSPACE, &configuration.id);
        disk.create_folder(&snapshots, Timestamp(start));
        for file in FOREIGN {
            disk.write(file.as_ref(), b"theirs", Timestamp(start - 864_000_000));
        }
        store.observe(Timestamp(start)).unwrap();
        Arc::new(Self {
            is_slow: chance.hits(2_500),
            faults: Mutex::new(FaultRates::draw(&chance)),
            judge: Mutex::new(Judge::new(window)),
            sweeper: Mutex::new(sweeper),
            paths,
            settings,
            store,
            chance,
            disk: Mutex::new(disk),
            engines: Mutex::default(),
            collection: Mutex::default(),
            last_jump: AtomicI64::new(i64::MIN),
            alive: Mutex::default(),
            keys,
            wake: Bell::default(),
            counts: Mutex::new(COUNTED.split(", ").map(|what| (what, 0)).collect()),
            steady: AtomicI64::new(0),
            skew: AtomicI64::new(start),
            numbers: AtomicU32::new(0),
            trace: traced.then(Mutex::default),
            violation: Mutex::default(),
        })
    }

    /// Ends this world; the next one reuses its database.
    pub fn end(self: Arc<Self>) {
        self.alive.lock().unwrap().clear();
        let world = Arc::into_inner(self).expect("a task outlived its world");
        Database {
            store: world.store,
            window: world.judge.into_inner().unwrap().into_window(),
            sweeper: world.sweeper.into_inner().unwrap(),
        }
        .sweep();
    }

    pub fn faults(&self) -> FaultRates {
        *self.faults.lock().unwrap()
    }

    /// Injects no faults from now on.
    pub fn stop_faults(&self) {
        *self.faults.lock().unwrap() = FaultRates::default();
    }

    /// Resumes everything, since the process that paused it may have died.
    pub fn resume(&self) {
        for pause in self.store.pauses().unwrap() {
            self.store
                .resume(pause.configuration_id.as_deref())
                .unwrap();
        }
        self.judge().look_again();
    }

    pub fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap()
    }

    pub fn steady(&self) -> i64 {
        self.steady.load(Ordering::Relaxed)
    }

    pub fn moment(&self) -> Moment {
        let steady = self.steady();
        Moment {
            steady,
            wall: steady + self.skew.load(Ordering::Relaxed),
        }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.moment().wall)
    }

    pub fn pass(&self, milliseconds: i64) {
        self.steady
            .fetch_add(milliseconds.max(0), Ordering::Relaxed);
    }

    pub fn jump(&self, by: i64) {
        self.skew.fetch_add(by, Ordering::Relaxed);
        self.judge().clock_jumped(self.steady(), by);
        self.last_jump.store(self.steady(), Ordering::Relaxed);
        self.count("clock jumps");
        self.trace(|| format!("the clock jumps by {:.1} s", by as f64 / 1000.0));
    }

    /// Returns a number that was not given before.
    pub fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts an event that is one of [`COUNTED`].
    pub fn count(&self, what: &'static str) {
        let mut counts = self.counts.lock().unwrap();
        *counts.get_mut(what).expect("it is listed") += 1;
    }

    pub fn counted(&self, what: &'static str) -> u64 {
        self.counts()[what]
    }

    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().unwrap().clone()
    }

    /// Returns the prepared configuration for an environment of this key.
    pub fn prepared(&self, key: &EnvironmentKey) -> PreparedConfiguration {
        let snapshots = self.paths.snapshots(WORKSPACE, &key.configuration_id);
        let snapshot = snapshots.join("source");
        PreparedConfiguration {
            configuration: blueprint().clone(),
            record: configuration(&key.configuration_id),
            source_digest: "source".to_owned(),
            package_folder: snapshot.clone(),
            snapshot,
            python: super::tools::python(),
            engine: EnginePackage::Embedded,
            key: key.clone(),
        }
    }

    /// Judges the effects of a call to the store.
    pub fn judge_call(
        &self,
        caller: &Process,
        moment: Moment,
        call: &Call<'_>,
        held: Option<bool>,
    ) {
        let alive = self.alive.lock().unwrap();
        let disk = self.disk.lock().unwrap();
        let around = Circumstances {
            moment,
            steady: self.steady(),
            is_alive: &|process| alive.contains_key(process),
            has_been_whole: &|folder| disk.has_been_whole(Path::new(folder), moment.steady),
            is_asked_for: caller.builds_anew(),
            ttl: caller.ttl(),
            is_stopped: &|process| {
                // A worker that is stopped gives its runs back; to stop `ade run` is to cancel its runs.
                let process = alive.get(process);
                process.is_some_and(|process| process.is_ade_run() && process.stop.is_cancelled())
            },
            held_up: &|process| {
                alive
                    .get(process)
                    .map_or(i64::MAX, |process| process.held_up())
            },
        };
        let verdict = self.judge().after(call, held, &around);
        if let Err(reason) = verdict {
            self.violated(&format!("after `{}`: {reason}", words(call)));
        }
    }

    pub fn violated(&self, reason: &str) {
        self.trace(|| format!("VIOLATION {reason}"));
        self.violation
            .lock()
            .unwrap()
            .get_or_insert_with(|| reason.to_owned());
    }

    pub fn violation(&self) -> Option<String> {
        self.violation.lock().unwrap().clone()
    }

    /// Deletes the record of an environment in the database itself, as a person might. Returns false if there is none to delete.
    pub fn delete_a_record(&self) -> bool {
        let ready: Vec<String> = {
            let judge = self.judge();
            let environments = judge.snapshot().environments.iter();
            let ready = environments.filter(|(_, environment)| environment.status == "ready");
            ready.map(|(id, _)| id.clone()).collect()
        };
        if ready.is_empty() {
            return false;
        }
        let id = self.chance.pick(&ready);
        self.sweeper
            .lock()
            .unwrap()
            .execute("DELETE FROM environments WHERE id = ?1", [id])
            .unwrap();
        self.count("environments' records deleted by hand");
        self.trace(|| format!("the record of environment {id} is deleted by hand"));
        self.judge().look_again();
        true
    }

    /// Judges a process that took the lease of collection, or renewed it.
    pub fn collects(&self, process: &str, token: &str) {
        let now = self.steady();
        let mut collection = self.collection.lock().unwrap();
        if let Some((other, since)) = &collection.0
            && other != token
            && self.last_jump.load(Ordering::Relaxed) < *since
            && now < since + COLLECTION_LEASE
        {
            self.violated(&format!("{process} collects, and so does another one"));
        }
        collection.0 = Some((token.to_owned(), now));
        collection.1.insert(process.to_owned(), now);
    }

    /// Checks that a process that deletes collected files holds the lease, or had no time to notice that it lost it.
    pub fn judge_collector(&self, process: &Process) {
        let collection = self.collection.lock().unwrap();
        let held = collection.1.get(&process.id).copied();
        let until = held.map_or(i64::MIN, |held| {
            held.max(process.held_up()) + COLLECTION_LEASE
        });
        if until + 40_000 < self.steady() {
            self.violated(&format!("{} collects without the lease", process.id));
        }
    }

    /// Judges a process that is about to delete the folder of an environment, or the file that makes it whole.
    pub fn judge_deleting(&self, process: &str, path: &Path) {
        for environment in self.engines.lock().unwrap().values() {
            if environment.starts_with(path) {
                self.violated(&format!(
                    "{process} takes {} from under an engine",
                    path.display()
                ));
            }
        }
        let judge = self.judge();
        let mut recorded = judge.snapshot().environments.values();
        let is_ready = recorded.any(|row| row.status == "ready" && Path::new(&row.folder) == path);
        drop(judge);
        if is_ready {
            self.violated(&format!(
                "{process} deletes {}, which is ready",
                path.display()
            ));
        }
    }

    /// Judges a process that is about to rename or delete a folder.
    pub fn judge_taking(&self, process: &str, path: &Path, is_deleted: bool) {
        if is_deleted {
            self.judge_deleting(process, path);
        }
        let taken = path.display().to_string();
        if self.judge().folders.values().any(|folder| *folder == taken) {
            self.violated(&format!("{process} takes {taken} from under a builder"));
        }
        let is_runs_own = path.parent() == Some(&self.paths.runs(WORKSPACE));
        let run = path.file_name().unwrap_or_default().to_string_lossy();
        if is_runs_own && self.judge().snapshot().runs.contains_key(&*run) {
            self.violated(&format!("{process} takes the files of run {run}"));
        }
    }

    /// Deletes the files of an environment, for whatever reason; the engines in it may fail.
    pub fn vanish(&self, environment: &Path) {
        let mut disk = self.disk.lock().unwrap();
        let _ = disk.remove_tree(environment, self.now());
        self.engines
            .lock()
            .unwrap()
            .retain(|_, used| used != environment);
        self.count("environments vanished");
        self.trace(|| format!("the files of {} vanish", environment.display()));
    }

    /// Deletes the lock file of a dead process.
    pub fn lose_lock(&self, process: &Process) {
        let Some(member) = process.member() else {
            return;
        };
        let path = self.paths.worker_lock(&member);
        if self.disk.lock().unwrap().lose(&path) {
            self.count("lock files lost");
            self.trace(|| format!("the lock file of {} is gone", process.id));
        }
    }

    pub fn release_locks(&self, process: &str) {
        self.disk.lock().unwrap().release_locks(process);
    }

    /// Judges a line that was written into a log, if it is the end of a run.
    pub fn judge_log(&self, line: &[u8], log: &[u8]) {
        let Some((run, status)) = end_of(line) else {
            return;
        };
        self.trace(|| format!("the log of {run} says: {status}"));
        let times = ends_in(log);
        if times > 1 {
            self.violated(&format!("the end of run {run} is reported {times} times"));
        }
        let recorded = {
            let judge = self.judge();
            let row = judge.snapshot().runs.get(&run);
            row.map(|row| row.status.clone())
        };
        if recorded.as_deref() != Some(status.as_str()) {
            self.violated(&format!(
                "the log of run {run} says that it {status}, but its record says {recorded:?}"
            ));
        }
    }

    /// Checks that the claims of each dead process whose lock file can be seen have been recovered.
    pub fn judge_dead(&self) {
        let judge = self.judge();
        for (id, run) in &judge.snapshot().runs {
            let Some(process) = &run.process else {
                continue;
            };
            let is_alive = self.alive.lock().unwrap().contains_key(process);
            if !is_alive {
                self.violated(&format!("run {id} is held by {process}, which is dead"));
            }
        }
    }

    /// Checks the conditions that must hold at the end.
    pub fn judge_rest(&self) {
        let verdict = self.judge().at_rest();
        if let Err(reason) = verdict {
            self.violated(&format!("at rest: {reason}"));
        }
        let disk = self.disk.lock().unwrap();
        for file in FOREIGN {
            if !disk.is_there(file.as_ref()) {
                self.violated(&format!("at rest: {file} is gone, which was another's"));
            }
        }
        drop(disk);
        let runs: Vec<String> = self.judge().snapshot().runs.keys().cloned().collect();
        for run in runs {
            let folder = self.paths.run(WORKSPACE, &run);
            let disk = self.disk.lock().unwrap();
            let log = disk.read(&folder.events()).unwrap_or_default();
            drop(disk);
            let times = ends_in(&log);
            // If a process recorded an end and could not write it, readers of the log make it from the record.
            let excuses = ["killed", "lost answers", "file errors"];
            let is_excused = excuses.iter().any(|excuse| self.counted(excuse) > 0);
            if times > 1 || (times == 0 && !is_excused) {
                self.violated(&format!(
                    "at rest: the end of run {run} is reported {times} times"
                ));
            }
        }
    }

    /// Adds a line to the trace; does not make the line if nobody reads it.
    pub fn trace(&self, line: impl FnOnce() -> String) {
        let Some(trace) = &self.trace else { return };
        let text = line();
        trace
            .lock()
            .unwrap()
            .push(format!("{:>9.3} s  {text}", self.steady() as f64 / 1000.0));
    }

    pub fn traced(&self) -> Vec<String> {
        self.trace
            .as_ref()
            .map(|trace| trace.lock().unwrap().clone())
            .unwrap_or_default()
    }
}

/// Returns the run and the status, if a line of a log is the end of a run.
fn end_of(line: &[u8]) -> Option<(String, String)> {
    let event: Value = serde_json::from_slice(line).ok()?;
    if event["event"] != ade::events::names::RUN_COMPLETE {
        return None;
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some((text(&event["run_id"])?, text(&event["data"]["status"])?))
}

fn ends_in(log: &[u8]) -> usize {
    log.split(|byte| *byte == b'\n')
        .filter(|line| end_of(line).is_some())
        .count()
}
