//! Starts and ends warm engines.
//!
//! A single thread does both, because the kernel ends an engine together with the thread that started it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::base::host;
use crate::base::mutex::lock;
use crate::engine::process::{HEAP, RUN_MARKER, START};
use crate::engine::sandbox::{self, Policy};
use crate::system::process::{Gate, HeldGroup, die_with_thread};

use super::OnCold;

/// The maximum time that a warm engine waits for another run.
const IDLE: Duration = Duration::from_secs(300);
/// The maximum number of runs that one warm engine starts.
const MAX_ENGINE_RUNS: u32 = 5_000;
/// The interval at which the keeper looks for engines to end.
const EVERY: Duration = Duration::from_secs(5);
/// The machine is short of memory if less than one part in this many is available.
const MIN_MEMORY_DIVISOR: u64 = 10;
/// The number of times in a row that an engine may be killed before it starts a run.
const TRIES: u32 = 3;
/// The room for the variables of a fork, in bytes.
pub(super) const ROOM: usize = 16 << 10;
/// The variable that reserves room for the variables of forks.
const ROOM_MAKER: &str = "ADE_ENGINE_ROOM";
/// The maximum number of processes in an engine's own group: forks that have no group of their own yet.
const MAX_PROCESSES: u32 = 256;
/// The exit status of an engine that has more than one thread.
const HAS_THREADS: i32 = 3;

/// The warm engines of a workspace.
pub struct WarmEngines {
    asks: Option<Mutex<Sender<WarmEngineRequest>>>,
    keeper: Option<JoinHandle<()>>,
    /// The folder with the folders of all runs.
    pub(super) runs: PathBuf,
}

/// A request for the engine of an environment.
struct WarmEngineRequest {
    python: PathBuf,
    /// The environment variables that are the same for all runs.
    variables: Vec<(OsString, OsString)>,
    policy: Policy,
    /// The folder with the folders of all runs.
    runs: PathBuf,
    snapshots: PathBuf,
    answer: Sender<Option<Arc<WarmEngine>>>,
}

/// A warm engine, as seen by callers that ask it for forks.
pub(super) struct WarmEngine {
    pub socket: OwnedFd,
    /// The folder of the snapshots that its forks may read.
    pub snapshots: PathBuf,
    /// The missing parts of its confinement.
    pub missing: Vec<String>,
    /// Answers its forks before they fork. If `None`, they do not ask.
    pub gate: Option<Arc<Gate>>,
    /// True after it has started a run.
    pub has_begun: AtomicBool,
    /// True after it failed to answer.
    pub is_silent: AtomicBool,
}

impl WarmEngines {
    /// Starts the keeper without any engine. `runs` is the folder with the folders of all runs.
    pub(super) fn new(runs: PathBuf, on_cold: OnCold) -> Self {
        let (asks, asked) = mpsc::channel();
        let keeper = Keeper {
            kept: Vec::new(),
            cold: HashMap::new(),
            on_cold,
        };
        let thread = std::thread::Builder::new()
            .name("warm engines".to_owned())
            .stack_size(512 << 10);
        // If no thread starts, every run is cold.
        let keeper = thread.spawn(move || keeper.keep(&asked)).ok();
        Self {
            asks: Some(Mutex::new(asks)),
            keeper,
            runs,
        }
    }

    /// Returns the engine of an environment, which may still be starting. Returns `None` if there is none.
    pub(super) fn engine_for(
        &self,
        python: &Path,
        variables: Vec<(OsString, OsString)>,
        policy: Policy,
        snapshots: &Path,
    ) -> Option<Arc<WarmEngine>> {
        let (answer, answered) = mpsc::channel();
        let ask = WarmEngineRequest {
            python: python.to_owned(),
            variables,
            policy,
            runs: self.runs.clone(),
            snapshots: snapshots.to_owned(),
            answer,
        };
        lock(self.asks.as_ref()?).send(ask).ok()?;
        answered.recv().ok()?
    }
}

impl Drop for WarmEngines {
    fn drop(&mut self) {
        drop(self.asks.take());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Identifies when an environment was made. A different environment at the same path has another stamp.
type EnvironmentStamp = (u64, u64, i64, i64);

fn made(python: &Path) -> Option<EnvironmentStamp> {
    let file = python.parent()?.parent()?.join("pyvenv.cfg");
    let found = fs::metadata(file).ok()?;
    Some((found.dev(), found.ino(), found.mtime(), found.mtime_nsec()))
}

/// A warm engine that was started.
struct RunningEngine {
    python: PathBuf,
    made: EnvironmentStamp,
    process: Child,
    /// Counts its own group, which a fork belongs to until it gets a group of its own.
    _held: Option<HeldGroup>,
    engine: Arc<WarmEngine>,
    used: Instant,
    runs: u32,
}

impl Drop for RunningEngine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Keeper {
    /// The engine that was used most recently is last.
    kept: Vec<RunningEngine>,
    /// The environments that stay cold, and those whose engine was killed before it started a run, with the number of times.
    cold: HashMap<PathBuf, (EnvironmentStamp, u32)>,
    on_cold: OnCold,
}

impl Keeper {
    fn keep(mut self, asked: &Receiver<WarmEngineRequest>) {
        loop {
            let ask = if self.kept.is_empty() {
                asked.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                asked.recv_timeout(EVERY)
            };
            match ask {
                Ok(ask) => {
                    let engine = self.engine(&ask);
                    // The sender waits for this answer.
                    let _ = ask.answer.send(engine);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.kept.retain(|kept| kept.used.elapsed() < IDLE);
            if !self.kept.is_empty() && is_short_of_memory() {
                self.kept.remove(0);
            }
        }
    }

    fn engine(&mut self, ask: &WarmEngineRequest) -> Option<Arc<WarmEngine>> {
        let made = made(&ask.python)?;
        let place = self.kept.iter().position(|kept| kept.python == ask.python);
        let kept = place.map(|place| self.kept.remove(place));
        let kept = match kept {
            Some(kept) if kept.made == made && kept.runs < MAX_ENGINE_RUNS => self.if_usable(kept),
            _ => None,
        };
        let tries = match self.cold.get(&ask.python) {
            Some((then, tries)) if *then == made => *tries,
            _ => 0,
        };
        let mut kept = match kept {
            Some(kept) => kept,
            None if tries >= TRIES || is_short_of_memory() => return None,
            None => {
                if let Some(file) = start_up_code(&ask.python) {
                    let why = format!("{} is executed whenever Python starts", file.display());
                    self.stays_cold(&ask.python, made, &why);
                    return None;
                }
                start(ask, made).ok()?
            }
        };
        kept.runs += 1;
        kept.used = Instant::now();
        let engine = Arc::clone(&kept.engine);
        self.kept.push(kept);
        Some(engine)
    }

    /// Returns the engine unless it has ended or does not answer. Reports once why an environment stays cold.
    fn if_usable(&mut self, mut kept: RunningEngine) -> Option<RunningEngine> {
        let has_begun = kept.engine.has_begun.load(Ordering::Acquire);
        let is_silent = kept.engine.is_silent.load(Ordering::Acquire);
        let (why, tries) = match kept.process.try_wait() {
            Ok(None) if !is_silent => return Some(kept),
            Ok(None) => ("it does not answer".to_owned(), TRIES),
            Ok(Some(status)) if status.code() == Some(HAS_THREADS) => (
                "something in it starts threads when it is imported".to_owned(),
                TRIES,
            ),
            // The next engine may live longer.
            Ok(Some(_)) if has_begun => return None,
            Ok(Some(status)) if status.signal().is_some() => {
                let before = self.cold.get(&kept.python).map_or(0, |(_, tries)| *tries);
                (status.to_string(), before + 1)
            }
            Ok(Some(status)) => (status.to_string(), TRIES),
            Err(error) => (error.to_string(), TRIES),
        };
        if tries >= TRIES {
            self.stays_cold(&kept.python, kept.made, &why);
        } else {
            self.cold.insert(kept.python.clone(), (kept.made, tries));
        }
        None
    }

    fn stays_cold(&mut self, python: &Path, made: EnvironmentStamp, why: &str) {
        let environment = python.parent().and_then(Path::parent).unwrap_or(python);
        (self.on_cold)(&format!(
            "each run starts Python itself, because {} cannot have a warm engine: {why}",
            environment.display()
        ));
        self.cold.insert(python.to_owned(), (made, TRIES));
    }
}

fn start(ask: &WarmEngineRequest, made: EnvironmentStamp) -> io::Result<RunningEngine> {
    let (ours, its) = sandbox::channel()?;
    let mut command = Command::new(&ask.python);
    command
        .args(START)
        .arg("warm")
        .arg(std::process::id().to_string())
        // The engine rehearses a run below this folder, which its policy lets it write.
        .arg(&ask.runs)
        .current_dir("/")
        .env_clear()
        .envs(ask.variables.iter().map(|(name, value)| (name, value)))
        .env(RUN_MARKER, "1")
        .env(HEAP.0, HEAP.1)
        // Otherwise polars starts a memory thread when it is imported.
        .env("_RJEM_MALLOC_CONF", "background_thread:false")
        .env(ROOM_MAKER, " ".repeat(ROOM))
        .stdin(its)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    die_with_thread(&mut command);
    let confined = sandbox::confine(&ask.policy, host::processors(), &mut command)?;
    let process = command.spawn()?;
    let gate = confined.gate()?;
    let group = process.id().cast_signed();
    let held = gate
        .as_ref()
        .map(|gate| gate.hold(group, Some(MAX_PROCESSES), true));
    Ok(RunningEngine {
        python: ask.python.clone(),
        made,
        process,
        _held: held,
        engine: Arc::new(WarmEngine {
            socket: ours,
            snapshots: ask.snapshots.clone(),
            missing: confined.record().missing,
            gate,
            has_begun: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
        }),
        used: Instant::now(),
        runs: 0,
    })
}

/// Returns a file of a package whose code Python executes whenever it starts. This code must not run where it could reach the
/// files of more than one run.
fn start_up_code(python: &Path) -> Option<PathBuf> {
    /// The files of the installer, of ADE and of setuptools.
    const KNOWN: [&str; 3] = [
        "_virtualenv.pth",
        "_ade_configuration.pth",
        "distutils-precedence.pth",
    ];
    let folders = fs::read_dir(python.parent()?.parent()?.join("lib")).ok()?;
    let packages = folders
        .flatten()
        .map(|folder| folder.path().join("site-packages"));
    let files = packages
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let is_executed = |file: &PathBuf| {
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let is_path_file = name.ends_with(".pth") && !KNOWN.contains(&name);
        // Python's module `site` treats all other lines as folders.
        let has_code = || {
            let text = fs::read(file).unwrap_or_default();
            let mut lines = text.split(|byte| *byte == b'\n');
            lines.any(|line| line.starts_with(b"import ") || line.starts_with(b"import\t"))
        };
        name.starts_with("sitecustomize") || (is_path_file && has_code())
    };
    files.map(|file| file.path()).find(is_executed)
}

/// Returns whether little memory is available, so that engines should make room for other programs.
fn is_short_of_memory() -> bool {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    match (kilobytes("MemTotal:"), kilobytes("MemAvailable:")) {
        (Some(total), Some(available)) => available < total / MIN_MEMORY_DIVISOR,
        _ => false,
    }
}
