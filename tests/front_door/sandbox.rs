//! What a run may read, write, reach and use up: small configurations, each of which does one ordinary thing, and what its
//! author gets. After each of them ADE goes on as before.
//!
//! Every `ade` here is started with limits of its own and ended after a while, so that a protection that is missing
//! harms nothing but the test.

#![cfg(target_os = "linux")]

use crate::common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::sync::OnceLock;

use common::{Configuration, Outcome, Place, Told};

/// A hook that does one thing.
fn does(configuration: &Configuration, code: &str) {
    does_each(configuration, &[code.to_owned()]);
}

/// A hook that does for the input `does_N.csv` the Nth of these, and for others the first.
fn does_each(configuration: &Configuration, codes: &[String]) {
    let codes = codes.iter().enumerate();
    let named = codes.map(|(number, code)| (format!("does_{number}"), code.as_str()));
    configuration.does_by_input(named, "does_0");
}

/// Runs `ade`, bounded, with further environment variables.
fn bounded(place: &Place, variables: &[(&str, &str)], line: &str) -> Outcome {
    let set: String = variables
        .iter()
        .map(|(name, value)| format!("{name}='{value}' "))
        .collect();
    place.shell(&format!(
        "ulimit -c 0; ulimit -f 409600; ulimit -v 6000000; ulimit -t 120; \
         exec env {set} timeout -k 5 100 '{}' {line}",
        env!("CARGO_BIN_EXE_ade")
    ))
}

/// A place whose runs may do what they may by default.
fn place() -> (Place, Configuration) {
    let mut place = Place::ready();
    place.unset("ADE_SANDBOX_WRITE");
    place.set("ADE_WORKER_BACKOFF_BASE_SECONDS", "0.01");
    place.set("ADE_WORKER_CONCURRENCY", "1");
    place.write("outside/read.txt", "outside");
    place.write("outside/more/there.txt", "there");
    let configuration = place.configuration("config");
    configuration.write("src/ade_config/hooks/known.txt", "known");
    configuration.write(".gitignore", "data/\n");
    configuration.write("src/ade_config/hooks/data/rates.csv", "1");
    (place, configuration)
}

/// What a configuration gets.
enum Gets {
    /// What it wants.
    It,
    /// An error with this code, and with these words in message and hint.
    Error(&'static str, &'static [&'static str]),
}
use Gets::{Error, It};

const NO_NETWORK: &[&str] = &[
    "this run has no network",
    "--allow-network",
    "ADE_ALLOW_NETWORK",
];
const NO_READING: &[&str] = &["tried to open", "may open only", "ADE_SANDBOX_READ"];
const NO_WRITING: &[&str] = &["tried to write", "may write only", "ADE_SANDBOX_WRITE"];
const NO_SHARING: &[&str] = &["multiprocessing", "ThreadPoolExecutor"];
const NO_LEAVING: &[&str] = &["may not leave its group", "start_new_session"];
const CONNECT: &str = "import socket; socket.create_connection((\"127.0.0.1\", PORT), 5).close()";

/// What this kernel has of a sandbox: whether files are confined, in which version, and whether sockets are.
struct Kernel {
    files: bool,
    landlock: u64,
    calls: bool,
}

impl Kernel {
    fn of(place: &Place) -> Self {
        place.ade("run config members.csv").succeeds();
        let applied = place.latest_artifact()["sandbox"]["applied"].clone();
        Self {
            files: applied["files"] == true,
            landlock: applied["landlock_abi"].as_u64().unwrap_or(0),
            calls: applied["system_calls"] == true,
        }
    }

    /// The same, found out once for all tests.
    fn known(place: &Place) -> &'static Self {
        static KERNEL: OnceLock<Kernel> = OnceLock::new();
        KERNEL.get_or_init(|| Self::of(place))
    }

    /// Whether it can hold a configuration to what the row says. What it lacks is told.
    fn has_what_it_needs(&self, (what, _, _, gets): &Row) -> bool {
        let words = match gets {
            Error("hook_error", words) => *words,
            _ if matches!(
                *what,
                "asks the kernel for what outlives it"
                    | "hides what it has open"
                    | "enlarges the buffers of a socket"
                    | "makes a namespace"
                    | "adopts orphans"
            ) =>
            {
                &[]
            }
            _ => return true,
        };
        let has = match *what {
            "signals ade" => self.landlock >= 6,
            "changes the limits of ade"
            | "makes memory without a name"
            | "shares memory without a file"
            | "sets the time of a file" => self.calls,
            _ if words.is_empty() => self.calls,
            _ if words == NO_LEAVING => self.calls,
            "cuts a file elsewhere" => self.landlock >= 3,
            _ if words.contains(&"this run has no network") => self.calls,
            _ => self.files,
        };
        if !has {
            eprintln!("not tested, because this kernel cannot: {what}");
        }
        has
    }
}

/// What is done, in words and in code, with which further variables, and what comes of it. `PLACE` in the code is the folder of
/// the test, `PORT` where something listens.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    Gets,
);

#[rustfmt::skip]
const FILES: &[Row] = &[
    ("reads a file of its own", "assert (HERE / 'known.txt').read_text() == 'known'", &[], It),
    ("reads the input", "assert open(metadata['input_file']).read()", &[], It),
    ("lists its own folder", "assert 'known.txt' in os.listdir(HERE)", &[], It),
    ("writes beside the output", "(pathlib.Path(metadata['output_file']).parent / 'more.txt').write_text('x')", &[], It),
    ("makes a temporary file", "import tempfile\nwith tempfile.NamedTemporaryFile('w') as file: file.write('x')", &[], It),
    ("writes into its home", "(pathlib.Path.home() / 'kept').write_text('x')", &[], It),
    ("touches files", "import shutil\nhome = pathlib.Path.home()\n(home / 'new').touch(); (home / 'new').touch()\nsubprocess.run(['touch', home / 'other', home / 'new'], check=True)\nshutil.copy2(home / 'new', home / 'copied')\nassert {'new', 'other', 'copied'} <= set(os.listdir(home))", &[], It),
    ("touches elsewhere", "pathlib.Path('PLACE/outside/new.txt').touch()", &[], Error("hook_error", NO_WRITING)),
    ("writes to nowhere", "open(os.devnull, 'w').write('x')", &[], It),
    ("asks for a time zone", "import zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')", &[], It),
    ("asks who it is", "import pwd; pwd.getpwuid(os.getuid())", &[], It),
    ("reads what the kernel says of itself", "assert open('/proc/self/status').read()", &[], It),
    ("starts a program", "subprocess.run(['/bin/true'], check=True)", &[], It),
    ("starts a Python", "subprocess.run([sys.executable, '-c', 'import polars'], check=True)", &[], It),
    ("reads what the operator adds", "assert open('PLACE/outside/read.txt').read()", &[("ADE_SANDBOX_READ", "PLACE/outside")], It),
    ("writes what the operator adds", "open('PLACE/outside/more/new.txt', 'w').write('x')", &[("ADE_SANDBOX_WRITE", "PLACE/nothing:PLACE/outside/more")], It),
    ("looks for what git ignores", "open(HERE / 'data/rates.csv').read()", &[], Error("hook_error", &["without the files that git ignores", ".gitignore", "ADE_SANDBOX_READ"])),
    ("looks for what git ignores in its own folder", "open('PLACE/config/src/ade_config/hooks/data/rates.csv').read()", &[], Error("hook_error", &["where git does not ignore it"])),
    ("reads what git ignores, which the operator adds", "open('PLACE/config/src/ade_config/hooks/data/rates.csv').read()", &[("ADE_SANDBOX_READ", "PLACE/config/src/ade_config/hooks/data")], It),
    ("reads elsewhere", "open('PLACE/outside/read.txt').read()", &[], Error("hook_error", NO_READING)),
    ("lists elsewhere", "os.listdir('PLACE/outside')", &[], Error("hook_error", NO_READING)),
    ("reads the database", "open('PLACE/data/db/ade.sqlite', 'rb')", &[], Error("hook_error", NO_READING)),
    ("reads an earlier run", "open('PLACE/FIRST', 'rb')", &[], Error("hook_error", NO_READING)),
    ("reads the environment of ade", "open(f'/proc/{os.getppid()}/environ')", &[], Error("hook_error", &["tried to open", "may open only"])),
    ("writes elsewhere", "open('PLACE/outside/new.txt', 'w').write('x')", &[], Error("hook_error", NO_WRITING)),
    ("writes elsewhere where it may read", "open('PLACE/outside/read.txt', 'a').write('x')", &[("ADE_SANDBOX_READ", "PLACE/outside")], Error("hook_error", NO_WRITING)),
    ("changes its own code", "open(HERE / 'known.txt', 'w').write('x')", &[], Error("hook_error", NO_WRITING)),
    ("changes the input", "open(metadata['input_file'], 'a').write('x')", &[], Error("hook_error", NO_WRITING)),
    ("cuts a file elsewhere", "os.truncate('PLACE/outside/read.txt', 0)", &[], Error("hook_error", NO_READING)),
    ("deletes elsewhere", "os.unlink('PLACE/outside/read.txt')", &[], Error("hook_error", &["may open only", "ADE_SANDBOX_WRITE"])),
    ("moves a file elsewhere", "(pathlib.Path.home() / 'a').write_text('x'); os.rename(pathlib.Path.home() / 'a', 'PLACE/outside/a')", &[], Error("hook_error", NO_WRITING)),
    ("writes a table elsewhere", "import polars as pl; pl.DataFrame({'a': [1]}).write_csv('PLACE/outside/a.csv')", &[], Error("hook_error", &["ADE_SANDBOX_WRITE"])),
];

#[rustfmt::skip]
const OTHERS: &[Row] = &[
    ("connects", CONNECT, &[], Error("hook_error", NO_NETWORK)),
    ("connects where only the operator says so", CONNECT, &[("ADE_ALLOW_NETWORK", "1")], Error("hook_error", NO_NETWORK)),
    ("asks, and the operator says nothing", CONNECT, &[("ASK", "1")], Error("hook_error", &["this run has no network", "it asked for one", "ADE_ALLOW_NETWORK"])),
    ("asks, and the operator allows it", CONNECT, &[("ASK", "1"), ("ADE_ALLOW_NETWORK", "1")], It),
    ("fetches", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:PORT/', timeout=5)", &[], Error("hook_error", NO_NETWORK)),
    ("looks a name up", "import socket; socket.getaddrinfo('example.org', 80)", &[], Error("hook_error", NO_NETWORK)),
    ("catches it and says its own", "import socket\ntry: socket.socket()\nexcept OSError as error: raise ValueError('no rates')", &[], Error("hook_error", &["no rates", "this run has no network"])),
    ("uses pairs of sockets and loops of events", "import asyncio, socket\nsocket.socketpair()\nasync def nothing(): await asyncio.to_thread(int)\nasyncio.run(nothing())", &[], It),
    ("changes the limits of ade", "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0))", &[], Error("hook_error", &["PermissionError"])),
    ("looks at its own limits", "import resource; resource.prlimit(0, resource.RLIMIT_CORE)", &[], It),
    ("makes a lock for processes", "import multiprocessing; multiprocessing.Lock()", &[], Error("hook_error", NO_SHARING)),
    ("makes a pool of processes", "import concurrent.futures; concurrent.futures.ProcessPoolExecutor(2).submit(int).result()", &[], Error("hook_error", NO_SHARING)),
    ("shares memory", "from multiprocessing import shared_memory; shared_memory.SharedMemory(create=True, size=100)", &[], Error("hook_error", NO_SHARING)),
    ("has a pool of threads of multiprocessing", "from multiprocessing.pool import ThreadPool; ThreadPool(1).map(int, [1])", &[], Error("hook_error", NO_SHARING)),
    ("opens a file in a thread", "import concurrent.futures; concurrent.futures.ThreadPoolExecutor(1).submit(open, 'PLACE/outside/read.txt').result()", &[], Error("hook_error", &["tried to open", "ADE_SANDBOX_READ"])),
    ("starts a session", "subprocess.Popen(['/bin/true'], start_new_session=True)", &[], Error("hook_error", NO_LEAVING)),
    ("leaves its group", "os.setsid()", &[], Error("hook_error", NO_LEAVING)),
    ("makes memory without a name", "os.memfd_create('a')", &[], Error("hook_error", &["counted for no process", "bytearray"])),
    ("shares memory without a file", "import mmap; mmap.mmap(-1, 1 << 20)", &[], Error("hook_error", &["counted for no process", "bytearray"])),
    ("has memory of its own, and a file in memory", "import mmap\nmmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE)\nwith open(pathlib.Path.home() / 'a', 'w+b') as file:\n    file.truncate(4096); mmap.mmap(file.fileno(), 4096)[:1] = b'x'", &[], It),
    ("enlarges the buffers of a socket", "import socket\none, other = socket.socketpair()\nbefore = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)\none.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)\nassert one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == before", &[], It),
    ("makes a namespace", "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == -1", &[], It),
    ("adopts orphans", "import ctypes; assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == -1", &[], It),
    ("fills the buffers of sockets", "import socket, time\nkept = [socket.socketpair() for _ in range(500)]\ntime.sleep(60)", &[("ADE_WORKER_MEM_MB", "200"), ("ADE_WORKER_OPEN_FILES", "1100")], Error("memory_limit", &["200 MB", "ADE_WORKER_MEM_MB"])),
    ("starts 5,000 threads", "import threading, time\nthreading.stack_size(1 << 15)\nfor _ in range(5_000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\ntime.sleep(60)", &[], Error("process_limit", &["4,096 threads"])),
    ("asks the kernel for what outlives it", "import ctypes, platform\nlibc = ctypes.CDLL(None, use_errno=True)\ncalls = [(libc.semget, 1, 250, 0o1600), (libc.shmget, 0, 4096, 0o1600), (libc.msgget, 0, 0o1600), (libc.mq_open, b'/a', 0o102, 0o600, None), *([(libc.syscall, call, b'user', b'a', b'b', 1, -3) for call in ((248, 249, 250) if platform.machine() == 'x86_64' else (217, 218, 219))])]\nfor call, *arguments in calls:\n    assert call(*arguments) == -1 and ctypes.get_errno() == 1, (call, arguments)", &[], It),
    ("sets the time of a file", "os.utime(pathlib.Path.home())", &[], Error("hook_error", &["does not change the times of files"])),
    ("hides what it has open", "import ctypes; assert ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == -1", &[], It),
    ("signals ade", "os.kill(os.getppid(), 0)", &[], Error("hook_error", &["PermissionError"])),
    ("uses 200 MB of 100", "kept = [bytearray(b'x' * 1_000_000) for _ in range(200)]", &[("ADE_WORKER_MEM_MB", "100")], Error("memory_limit", &["100 MB", "ADE_WORKER_MEM_MB"])),
    ("uses a GB at once of 200", "kept = bytearray(1_000_000_000)", &[("ADE_WORKER_MEM_MB", "200")], Error("memory_limit", &["200 MB", "ADE_WORKER_MEM_MB", "does.py"])),
    ("uses too much in children", "children = [subprocess.Popen([sys.executable, '-c', 'import time; kept = bytearray(b\"x\" * 60_000_000); time.sleep(60)']) for _ in range(4)]\nfor child in children: child.wait()", &[("ADE_WORKER_MEM_MB", "200")], Error("memory_limit", &["ADE_WORKER_MEM_MB"])),
    ("loops", "while True: pass", &[("ADE_WORKER_CPU_SECONDS", "1")], Error("cpu_limit", &["limit of 1 s", "ADE_WORKER_CPU_SECONDS"])),
    ("lets children loop", "children = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(3)]\nfor child in children: child.wait()", &[("ADE_WORKER_CPU_SECONDS", "2")], Error("cpu_limit", &["limit of 2 s", "ADE_WORKER_CPU_SECONDS"])),
    ("writes 20 MB of 10", "open(pathlib.Path.home() / 'a', 'wb').write(b'x' * 20_000_000)", &[("ADE_WORKER_FSIZE_MB", "10")], Error("file_size_limit", &["10 MB", "ADE_WORKER_FSIZE_MB", "does.py"])),
    ("starts five children of two", "children = [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']) for _ in range(5)]\nfor child in children: child.wait()", &[("ADE_WORKER_PROCESSES", "2")], Error("process_limit", &["limit of 2", "ADE_WORKER_PROCESSES"])),
    ("prints 50 MB", "for _ in range(50): print('x' * 1_000_000)", &[("ADE_WORKER_PRINT_MB", "2")], Error("print_limit", &["2 MB", "ADE_WORKER_PRINT_MB"])),
    ("prints 50 MB in one line", "print('x' * 50_000_000)", &[("ADE_WORKER_PRINT_MB", "2")], Error("print_limit", &["2 MB", "ADE_WORKER_PRINT_MB"])),
    ("prints 10 MB on standard error", "for _ in range(10): print('x' * 1_000_000, file=sys.stderr)", &[("ADE_WORKER_PRINT_MB", "2")], Error("print_limit", &["2 MB", "ADE_WORKER_PRINT_MB"])),
    ("fills its folders", "import time\nfor name in range(12): (pathlib.Path.home() / str(name)).write_bytes(os.urandom(2_000_000))\ntime.sleep(60)", &[("ADE_WORKER_DISK_MB", "10")], Error("disk_limit", &["10 MB", "ADE_WORKER_DISK_MB"])),
    ("fills the disk with what has no name", "import tempfile, time\nkept = [tempfile.TemporaryFile() for _ in range(12)]\nfor file in kept: file.write(os.urandom(2_000_000)); file.flush()\ntime.sleep(60)", &[("ADE_WORKER_DISK_MB", "10")], Error("disk_limit", &["10 MB", "ADE_WORKER_DISK_MB"])),
    ("makes 110,000 files, and ends", "for name in range(110_000): os.close(os.open(pathlib.Path.home() / str(name), os.O_CREAT))", &[("ADE_WORKER_DISK_MB", "10")], Error("disk_limit", &["more than 100,000 files"])),
    ("writes less than its folders may hold", "import time\nfor name in range(3): (pathlib.Path.home() / str(name)).write_bytes(os.urandom(2_000_000))\ntime.sleep(1.5)", &[("ADE_WORKER_DISK_MB", "10")], It),
    ("opens 300 files of 64", "kept = [open(HERE / 'known.txt') for _ in range(300)]", &[("ADE_WORKER_OPEN_FILES", "64")], Error("open_files_limit", &["limit of 64", "ADE_WORKER_OPEN_FILES"])),
    ("sleeps beyond its time", "import time; time.sleep(60)", &[("ADE_RUN_TIMEOUT_SECONDS", "1")], Error("timeout", &["1 s"])),
];

/// All rows with the same variables in one call, each with an input of its own. After each call nothing outside has changed, and
/// the errors say what they must.
fn every_row_gets_what_it_must(rows: &[Row]) {
    let (place, configuration) = place();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let here = place.path("").display().to_string();
    let here = here.trim_end_matches('/');
    let kernel = Kernel::of(&place);
    let first = place.latest_run()["output_path"].string();
    let mut calls: Vec<Vec<&Row>> = Vec::new();
    for row in rows.iter().filter(|row| kernel.has_what_it_needs(row)) {
        match calls.iter_mut().find(|call| call[0].2 == row.2) {
            Some(call) => call.push(row),
            None => calls.push(vec![row]),
        }
    }
    for call in calls {
        let code = |row: &&Row| {
            row.1
                .replace("PLACE/FIRST", &first)
                .replace("PLACE", here)
                .replace("PORT", &port)
        };
        does_each(&configuration, &call.iter().map(code).collect::<Vec<_>>());
        let mut line = "run config --json --jobs 1".to_owned();
        for number in 0..call.len() {
            place.members(&format!("does_{number}.csv"));
            line.push_str(&format!(" does_{number}.csv"));
        }
        let set = call[0].2.iter();
        let set: Vec<_> = set
            .map(|(name, value)| (*name, value.replace("PLACE", here)))
            .collect();
        let variables: Vec<_> = set.iter().map(|(name, value)| (*name, &**value)).collect();
        if variables.iter().any(|(name, _)| *name == "ASK") {
            line.push_str(" --allow-network");
        }
        let ran = bounded(&place, &variables, &line);
        let runs = ran.records();
        assert_eq!(runs.len(), call.len(), "{ran}");
        let mut wanted: i32 = 0;
        for ((what, _, _, gets), run) in call.into_iter().zip(runs) {
            let error = &run["error"];
            match gets {
                It => assert_eq!(run["status"], "succeeded", "{what}: {ran}"),
                Error(code, words) => {
                    assert_eq!(error["code"], *code, "{what}: {ran}");
                    let said = format!("{} {}", error["message"], error["hint"]);
                    for words in *words {
                        assert!(said.contains(words), "{what}: {words:?} in {said}");
                    }
                    let status = if *code == "hook_error" { 1 } else { 4 };
                    wanted = wanted.max(status);
                }
            }
        }
        assert_eq!(ran.status, wanted, "{ran}");
        assert_eq!(place.read("outside/read.txt"), "outside", "{ran}");
        assert!(!place.path("outside/new.txt").exists(), "{ran}");
    }
    does(&configuration, "pass");
    bounded(&place, &[], "run config members.csv").succeeds();
}

#[test]
fn files_are_open_to_runs_that_may_read_or_write_them() {
    every_row_gets_what_it_must(FILES);
}

#[test]
fn network_processes_and_what_is_used_up_have_limits() {
    every_row_gets_what_it_must(OTHERS);
}

#[test]
fn a_worker_goes_on_after_runs_that_hit_limits() {
    let (place, configuration) = place();
    for code in [
        "while True: pass",
        "kept = []\nwhile True: kept.append(bytearray(b'x' * 10_000_000))",
        "while True: print('x' * 100_000)",
        "children = [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']) for _ in range(9)]\nfor child in children: child.wait()",
        "pass",
    ] {
        does(&configuration, code);
        place.ade("run config members.csv --detach").succeeds();
    }
    let limits = [
        ("ADE_WORKER_CPU_SECONDS", "2"),
        ("ADE_WORKER_MEM_MB", "200"),
        ("ADE_WORKER_PRINT_MB", "1"),
        ("ADE_WORKER_PROCESSES", "3"),
    ];
    let worked = bounded(&place, &limits, "worker --drain");
    assert_eq!(worked.status, 0, "{worked}");
    let runs = place.ade("runs ls --json").json();
    let ends: Vec<&str> = runs
        .list()
        .iter()
        .map(|run| run["error"]["code"].as_str().unwrap_or("none"))
        .collect();
    let wanted = [
        "none",
        "process_limit",
        "print_limit",
        "memory_limit",
        "cpu_limit",
    ];
    assert_eq!(ends, wanted, "{worked}");
    for run in runs.list() {
        assert_eq!(run["attempt_count"], 1, "no limit is tried again: {run}");
        let id = run["id"].text();
        let attempt = place.json(&format!("runs show {id} --json"))["attempts"][0].take();
        let peak = attempt["peak_memory_bytes"].as_u64();
        assert!(peak > Some(1 << 20), "{attempt}");
        assert!(attempt["cpu_seconds"].as_f64().is_some(), "{attempt}");
    }
}

fn log(place: &Place) -> String {
    let run = place.latest_run();
    place.read(format!("{}/logs/events.ndjson", run["run_dir"].text()))
}

#[test]
fn the_operator_decides_how_strict_the_sandbox_is() {
    let (place, configuration) = place();
    a_strict_sandbox_runs_where_the_kernel_has_all_of_it(&place);
    what_a_kernel_lacks_is_said_and_a_strict_sandbox_refuses_it(&place);
    without_a_sandbox_a_run_may_what_ade_may_and_its_log_says_so(&place, &configuration);
}

fn a_strict_sandbox_runs_where_the_kernel_has_all_of_it(place: &Place) {
    let is_whole = place.finding("sandbox")["state"] == "ok";
    let strict = [("ADE_SANDBOX", "strict")];
    let ran = bounded(place, &strict, "run config members.csv");
    assert_eq!(ran.status == 0, is_whole, "{ran}");
    if is_whole {
        let sandbox = place.latest_artifact()["sandbox"].clone();
        assert_eq!(sandbox["missing"], serde_json::json!([]));
        assert_eq!(sandbox["applied"]["network"], false);
        assert_eq!(sandbox["applied"]["limits"]["cpu_seconds"], 60.0);
    }
}

fn without_a_sandbox_a_run_may_what_ade_may_and_its_log_says_so(
    place: &Place,
    configuration: &Configuration,
) {
    let outside = place.path("outside/new.txt");
    does(configuration, &format!("open({outside:?}, 'w').write('x')"));
    bounded(place, &[("ADE_SANDBOX", "off")], "run config members.csv").succeeds();
    assert!(outside.exists());
    assert_eq!(place.latest_artifact()["sandbox"]["applied"]["mode"], "off");
    assert!(log(place).contains("the sandbox is off"), "{}", log(place));
}

/// `ade` on a kernel that lacks Landlock and seccomp, as it seems to it: their system calls are refused.
fn on_an_old_kernel(place: &Place, variables: &[(&str, &str)], line: &str) -> Outcome {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

    let calls = [libc::SYS_landlock_create_ruleset, libc::SYS_seccomp];
    let filter: BpfProgram = SeccompFilter::new(
        calls.iter().map(|call| (*call, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        std::env::consts::ARCH.try_into().unwrap(),
    )
    .unwrap()
    .try_into()
    .unwrap();
    let mut command = place.command();
    command
        .args(line.split_whitespace())
        .envs(variables.iter().copied());
    // SAFETY: a system call that reads memory which lives as long as the command.
    unsafe {
        command
            .pre_exec(move || apply_filter(&filter).map_err(|_| std::io::Error::last_os_error()));
    }
    Place::to_its_end(command)
}

fn what_a_kernel_lacks_is_said_and_a_strict_sandbox_refuses_it(place: &Place) {
    on_an_old_kernel(place, &[], "run config members.csv").succeeds();
    let sandbox = place.latest_artifact()["sandbox"].clone();
    assert_eq!(sandbox["applied"]["files"], false, "{sandbox}");
    assert_eq!(sandbox["applied"]["system_calls"], false, "{sandbox}");
    assert!(
        sandbox["missing"][0].text().contains("Landlock"),
        "{sandbox}"
    );
    assert!(log(place).contains("the sandbox is incomplete"));
    let strict = [("ADE_SANDBOX", "strict")];
    let refused = on_an_old_kernel(place, &strict, "run config members.csv").ends_with(1);
    assert!(refused.stderr.contains("no Landlock"), "{refused}");
    assert_eq!(place.latest_run()["error"]["code"], "sandbox_incomplete");
    on_an_old_kernel(place, &strict, "check config")
        .ends_with(1)
        .says("no Landlock");
    on_an_old_kernel(place, &[], "doctor").succeeds();
    let doctor = on_an_old_kernel(place, &strict, "doctor").ends_with(1);
    assert!(doctor.stdout.contains("✗ sandbox"), "{doctor}");
}

#[test]
fn a_link_in_the_place_of_the_workbook_is_no_workbook() {
    let (place, configuration) = place();
    place.write("secret.txt", "hunter2");
    // When the engine has ended, `ade` looks at the workbook, and `ade` may read everything.
    let secret = place.path("secret.txt").display().to_string();
    does(
        &configuration,
        &"import atexit\nout = metadata['output_file']\ndef swap():\n    os.remove(out); os.symlink('SECRET', out)\natexit.register(swap)"
            .replace("SECRET", &secret),
    );
    let run = bounded(&place, &[], "run config members.csv -o copies");
    run.ends_with(1).says("wrote no");
    assert!(!place.path("copies/members_normalized.xlsx").exists());
}

#[test]
fn a_check_is_confined_too() {
    let (place, configuration) = place();
    if !Kernel::known(&place).files {
        eprintln!("not tested, because this kernel cannot confine files");
        return;
    }
    let outside = place.path("outside/read.txt");
    configuration.module(&format!("open({outside:?}).read()"));
    let checked = bounded(&place, &[], "check config").ends_with(1);
    for words in ["tried to open", "outside/read.txt", "ADE_SANDBOX_READ"] {
        assert!(checked.stderr.contains(words), "{words}: {checked}");
    }
    // Where the working folder is none that may be written, a check says so as a run does.
    configuration.module("open('my.log', 'w')");
    for line in ["check config", "run config members.csv"] {
        let refused = bounded(&place, &[], line).ends_with(1);
        for words in ["my.log", "ADE_SANDBOX_WRITE"] {
            assert!(refused.stderr.contains(words), "{line}: {words}: {refused}");
        }
    }
    configuration.module("for _ in iter(int, 1):\n    pass");
    let checked = bounded(&place, &[("ADE_WORKER_CPU_SECONDS", "1")], "check config").ends_with(4);
    assert!(
        checked.stderr.contains("ADE_WORKER_CPU_SECONDS"),
        "{checked}"
    );
}

#[test]
fn nothing_that_a_run_started_outlives_it() {
    let (place, configuration) = place();
    if !Kernel::known(&place).calls {
        eprintln!("not tested, because this kernel cannot refuse system calls");
        return;
    }
    does(
        &configuration,
        "try: subprocess.Popen(['sleep', '1000'], start_new_session=True)\nexcept PermissionError: pass\nelse: raise AssertionError\nsubprocess.Popen(['sleep', '1000'])",
    );
    bounded(&place, &[], "run config members.csv").succeeds();
    let folder = place.latest_run()["run_dir"].string();
    let left: Vec<_> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            let variables = fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&variables).contains(&folder)
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Makes the configuration one whose dependencies only a build can tell, with code that is executed then.
fn builds(configuration: &Configuration, code: &str) {
    configuration.write("pyproject.toml", "");
    configuration.write(
        "backend/own.py",
        &format!(
            "import os, pathlib, socket, subprocess, sys, tempfile, zipfile\n{code}\n\n\ndef build_wheel(folder, settings=None, metadata=None):\n    info = 'made-1.dist-info'\n    with zipfile.ZipFile(os.path.join(folder, 'made-1-py3-none-any.whl'), 'w') as wheel:\n        wheel.writestr(f'{{info}}/METADATA', 'Metadata-Version: 2.1\\nName: made\\nVersion: 1\\n')\n        wheel.writestr(f'{{info}}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: own\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n        wheel.writestr(f'{{info}}/RECORD', '')\n    return 'made-1-py3-none-any.whl'\n"
        ),
    );
    configuration.write(
        "pyproject.toml",
        "[project]\nname = \"made\"\nversion = \"1\"\ndynamic = [\"dependencies\"]\n[build-system]\nrequires = []\nbuild-backend = \"own\"\nbackend-path = [\"backend\"]\n",
    );
}

#[test]
fn a_build_writes_to_its_own_places_and_nowhere_else() {
    let (place, configuration) = place();
    if !Kernel::known(&place).files {
        eprintln!("not tested, because this kernel cannot confine files");
        return;
    }
    let outside = place.path("outside/new.txt");
    let ours = "tempfile.mkstemp()\npathlib.Path('beside').write_text('x')\nsubprocess.run([sys.executable, '-c', 'pass'], check=True, start_new_session=True)\nsocket.socket()\nopen('/dev/null', 'w').write('x')\nimport ctypes; assert ctypes.CDLL(None).semget(0, 1, 0o1600) == -1";
    let other = format!("open({outside:?}, 'w').write('x')");
    builds(&configuration, ours);
    bounded(&place, &[], "env build config --force").succeeds();
    builds(&configuration, &other);
    let refused = bounded(&place, &[], "env build config --force").ends_with(3);
    let words = ["Permission denied", "Read-only file system"];
    assert!(
        words.iter().any(|words| refused.stderr.contains(words)),
        "{refused}"
    );
    assert!(refused.stderr.contains("ADE_SANDBOX_WRITE"), "{refused}");
    assert!(!outside.exists());
    let folder = place.path("outside").display().to_string();
    for variables in [
        [("ADE_SANDBOX_WRITE", folder.as_str())],
        [("ADE_SANDBOX", "off")],
    ] {
        bounded(&place, &variables, "env build config --force").succeeds();
        fs::remove_file(&outside).unwrap();
    }
    let strict = [("ADE_SANDBOX", "strict")];
    let refused = on_an_old_kernel(&place, &strict, "env build config --force").ends_with(3);
    assert!(refused.stderr.contains("no Landlock"), "{refused}");
}
