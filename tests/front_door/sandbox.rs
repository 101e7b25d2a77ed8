//! The files, addresses and resources that a run may use: small configurations that each do one ordinary thing, and the result
//! for their author. After each of them ADE works as before.
//!
//! Every `ade` here is started with limits of its own and ended after a while, so that a protection that is missing
//! harms nothing but the test.

#![cfg(target_os = "linux")]

use crate::common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::sync::OnceLock;

use common::{Assert, Configuration, Place, Printed, Told};

/// Adds a hook that does one thing.
fn does(configuration: &Configuration, code: &str) {
    does_each(configuration, &[code.to_owned()]);
}

/// Adds a hook that does the Nth of these for the input `does_N.csv`, and the first for others.
fn does_each(configuration: &Configuration, codes: &[String]) {
    let codes = codes.iter().enumerate();
    let named = codes.map(|(number, code)| (format!("does_{number}"), code.as_str()));
    configuration.does_by_input(named, "does_0");
}

/// Runs `ade`, bounded, with further environment variables.
fn bounded(place: &Place, variables: &[(&str, &str)], line: &str) -> Assert {
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

/// Returns a place whose runs have the default permissions.
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

/// The parts of a sandbox that this kernel has: confined files, the version of Landlock, and confined system calls.
struct Kernel {
    files: bool,
    landlock: u64,
    calls: bool,
}

impl Kernel {
    fn probe(place: &Place) -> Self {
        place.ade("run config members.csv").success();
        let applied = place.latest_artifact()["sandbox"]["applied"].clone();
        Self {
            files: applied["files"] == true,
            landlock: applied["landlock_abi"].as_u64().unwrap_or(0),
            calls: applied["system_calls"] == true,
        }
    }

    /// Returns the kernel, probed once for all tests.
    fn known(place: &Place) -> &'static Self {
        static KERNEL: OnceLock<Kernel> = OnceLock::new();
        KERNEL.get_or_init(|| Self::probe(place))
    }

    /// Returns whether the kernel can confine a configuration as the row needs it. Prints the part that it lacks.
    fn has_what_it_needs(&self, row: &Row) -> bool {
        let has = match &*row.needs {
            "" => true,
            "files" => self.files,
            "system calls" => self.calls,
            landlock => self.landlock >= landlock["Landlock ".len()..].parse().unwrap(),
        };
        if !has {
            eprintln!("not tested, because this kernel cannot: {}", row.what);
        }
        has
    }
}

/// A row of `sandbox.md`.
#[derive(Default)]
struct Row {
    what: String,
    code: String,
    variables: Vec<(String, String)>,
    needs: String,
    /// The code of an error, and words of its message.
    error: Option<(String, String)>,
}

/// The rows of a part.
fn rows(part: &str) -> Vec<Row> {
    let (_, text) = include_str!("sandbox.md").split_once(part).unwrap();
    let rows = text.split("\n## ").next().unwrap().split("\n### ").skip(1);
    let row = |text: &str| {
        let mut row = Row::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            if row.what.is_empty() {
                row.what = line.to_owned();
            } else if let Some(code) = line.strip_prefix("    ") {
                row.code += &format!("{code}\n");
            } else if let Some(needs) = line.strip_prefix("needs ") {
                row.needs = needs.to_owned();
            } else if let Some(error) = line.strip_prefix("→ ") {
                row.error = error.split_once(": ").map(owned);
            } else {
                row.variables.extend(line.split_once('=').map(owned));
            }
        }
        row
    };
    rows.map(row).collect()
}

/// The rows that wait for a limit or use a lot of resources. For each change, `a_worker_goes_on_after_runs_that_hit_limits` and the
/// remaining rows show the effect of each limit on a run.
const LONG: [&str; 14] = [
    "fills the buffers of sockets",
    "starts 5,000 threads",
    "uses 200 MB of 100",
    "uses too much in children",
    "loops",
    "lets children loop",
    "starts five children of two",
    "prints 50 MB",
    "prints 50 MB in one line",
    "prints 10 MB on standard error",
    "fills the disk with what has no name",
    "makes 110,000 files, and ends",
    "writes less than its folders may hold",
    "sleeps beyond its time",
];

/// Runs all rows with the same variables in one call, each with an input of its own. Checks after each call that nothing outside
/// has changed, and that the errors are those of the rows.
fn every_row_gets_what_it_must(part: &str, are_long: bool) {
    let (place, configuration) = place();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let here = place.path("").display().to_string();
    let here = here.trim_end_matches('/');
    let kernel = Kernel::known(&place);
    let first = match part {
        "## Files\n" => {
            place.ade("run config members.csv").success();
            place.latest_run()["output_path"].string()
        }
        _ => String::new(),
    };
    let mut calls: Vec<Vec<Row>> = Vec::new();
    let all = rows(part).into_iter();
    let all = all.filter(|row| LONG.contains(&&*row.what) == are_long);
    for row in all.filter(|row| kernel.has_what_it_needs(row)) {
        match calls
            .iter_mut()
            .find(|call| call[0].variables == row.variables)
        {
            Some(call) => call.push(row),
            None => calls.push(vec![row]),
        }
    }
    for call in calls {
        let code = |row: &Row| {
            row.code
                .trim_end()
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
        let set = call[0].variables.iter();
        let set: Vec<_> = set
            .map(|(name, value)| (&**name, value.replace("PLACE", here)))
            .collect();
        let variables: Vec<_> = set.iter().map(|(name, value)| (*name, &**value)).collect();
        if variables.iter().any(|(name, _)| *name == "ASK") {
            line.push_str(" --allow-network");
        }
        let ran = bounded(&place, &variables, &line);
        let runs = ran.records();
        assert_eq!(runs.len(), call.len(), "{ran}");
        let mut wanted: i32 = 0;
        for (row, run) in call.iter().zip(runs) {
            let (what, error) = (&row.what, &run["error"]);
            let Some((code, words)) = &row.error else {
                assert_eq!(run["status"], "succeeded", "{what}: {ran}");
                continue;
            };
            assert_eq!(error["code"], code.as_str(), "{what}: {ran}");
            let said = format!("{} {}", error["message"], error["hint"]);
            for words in words.split("; ") {
                assert!(said.contains(words), "{what}: {words:?} in {said}");
            }
            wanted = wanted.max(if code == "hook_error" { 1 } else { 4 });
        }
        assert_eq!(ran.status(), Some(wanted), "{ran}");
        assert_eq!(place.read("outside/read.txt"), "outside", "{ran}");
        assert!(!place.path("outside/new.txt").exists(), "{ran}");
    }
    does(&configuration, "pass");
    bounded(&place, &[], "run config members.csv").success();
}

#[test]
fn files_are_open_to_runs_that_may_read_or_write_them() {
    every_row_gets_what_it_must("## Files\n", false);
}

#[test]
fn network_processes_and_what_is_used_up_have_limits() {
    every_row_gets_what_it_must("## Others\n", false);
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn what_is_used_up_in_many_ways_has_limits() {
    let all = rows("## Others\n");
    for long in LONG {
        assert!(all.iter().any(|row| row.what == long), "{long}");
    }
    every_row_gets_what_it_must("## Others\n", true);
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
        place.ade("run config members.csv --detach").success();
    }
    let limits = [
        ("ADE_WORKER_CPU_SECONDS", "1"),
        ("ADE_WORKER_MEM_MB", "200"),
        ("ADE_WORKER_PRINT_MB", "1"),
        ("ADE_WORKER_PROCESSES", "3"),
    ];
    let worked = bounded(&place, &limits, "worker --drain");
    let worked = worked.success();
    let runs = place.ade("runs ls --json").json();
    let wanted = [
        (None, ""),
        (Some("process_limit"), "limit of 3; ADE_WORKER_PROCESSES"),
        (Some("print_limit"), "limit of 1 MB; ADE_WORKER_PRINT_MB"),
        (Some("memory_limit"), "limit of 200 MB; ADE_WORKER_MEM_MB"),
        (Some("cpu_limit"), "limit of 1 s; ADE_WORKER_CPU_SECONDS"),
    ];
    assert_eq!(runs.list().len(), wanted.len(), "{worked}");
    for (run, (code, words)) in runs.list().iter().zip(wanted) {
        let error = &run["error"];
        assert_eq!(error["code"].as_str(), code, "{worked}");
        let said = format!("{} {}", error["message"], error["hint"]);
        assert!(
            words.split("; ").all(|words| said.contains(words)),
            "{said}"
        );
    }
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
    assert_eq!(ran.status() == Some(0), is_whole, "{ran}");
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
    bounded(place, &[("ADE_SANDBOX", "off")], "run config members.csv").success();
    assert!(outside.exists());
    assert_eq!(place.latest_artifact()["sandbox"]["applied"]["mode"], "off");
    assert!(log(place).contains("the sandbox is off"), "{}", log(place));
}

/// Runs `ade` as on a kernel that lacks Landlock and seccomp, by refusing their system calls.
fn on_an_old_kernel(place: &Place, variables: &[(&str, &str)], line: &str) -> Assert {
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
    on_an_old_kernel(place, &[], "run config members.csv").success();
    let sandbox = place.latest_artifact()["sandbox"].clone();
    assert_eq!(sandbox["applied"]["files"], false, "{sandbox}");
    assert_eq!(sandbox["applied"]["system_calls"], false, "{sandbox}");
    assert!(
        sandbox["missing"][0].text().contains("Landlock"),
        "{sandbox}"
    );
    assert!(log(place).contains("the sandbox is incomplete"));
    let strict = [("ADE_SANDBOX", "strict")];
    let refused = on_an_old_kernel(place, &strict, "run config members.csv").code(1);
    assert!(refused.said().contains("no Landlock"), "{refused}");
    assert_eq!(place.latest_run()["error"]["code"], "sandbox_incomplete");
    on_an_old_kernel(place, &strict, "check config")
        .code(1)
        .says("no Landlock");
    on_an_old_kernel(place, &[], "doctor").success();
    let doctor = on_an_old_kernel(place, &strict, "doctor").code(1);
    assert!(doctor.printed().contains("✗ sandbox"), "{doctor}");
}

#[test]
fn a_link_in_the_place_of_the_workbook_is_no_workbook() {
    let (place, configuration) = place();
    place.write("secret.txt", "hunter2");
    // When the engine has ended, `ade` reads the workbook, and `ade` may read everything.
    let secret = place.path("secret.txt").display().to_string();
    does(
        &configuration,
        &"import atexit\nout = metadata['output_file']\ndef swap():\n    os.remove(out); os.symlink('SECRET', out)\natexit.register(swap)"
            .replace("SECRET", &secret),
    );
    let run = bounded(&place, &[], "run config members.csv -o copies");
    run.code(1).says("wrote no");
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
    let checked = bounded(&place, &[], "check config").code(1);
    for words in ["tried to open", "outside/read.txt", "ADE_SANDBOX_READ"] {
        assert!(checked.said().contains(words), "{words}: {checked}");
    }
    // If runs may not write to the working folder, a check says so, as a run does.
    configuration.module("open('my.log', 'w')");
    for line in ["check config", "run config members.csv"] {
        let refused = bounded(&place, &[], line).code(1);
        for words in ["my.log", "ADE_SANDBOX_WRITE"] {
            assert!(refused.said().contains(words), "{line}: {words}: {refused}");
        }
    }
    configuration.module("for _ in iter(int, 1):\n    pass");
    let checked = bounded(&place, &[("ADE_WORKER_CPU_SECONDS", "1")], "check config").code(4);
    assert!(
        checked.said().contains("ADE_WORKER_CPU_SECONDS"),
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
    bounded(&place, &[], "run config members.csv").success();
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

/// Changes the configuration to one whose dependencies only a build knows, with code that the build executes.
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
    // Each build fails in the end, since installing and compiling its package would take longer than all of this.
    let ours = "tempfile.mkstemp()\npathlib.Path('beside').write_text('x')\nsubprocess.run([sys.executable, '-c', 'pass'], check=True, start_new_session=True)\nsocket.socket()\nopen('/dev/null', 'w').write('x')\nimport ctypes; assert ctypes.CDLL(None).semget(0, 1, 0o1600) == -1";
    let other = format!("open({outside:?}, 'w').write('x')\nraise SystemExit('all of it')");
    builds(&configuration, &format!("{ours}\n{other}"));
    let refused = bounded(&place, &[], "env build config --force").code(3);
    let words = ["Permission denied", "Read-only file system"];
    assert!(
        words.iter().any(|words| refused.said().contains(words)),
        "{refused}"
    );
    for words in ["outside/new.txt", "ADE_SANDBOX_WRITE"] {
        assert!(refused.said().contains(words), "{words}: {refused}");
    }
    assert!(!outside.exists());
    let folder = place.path("outside").display().to_string();
    for (name, value) in [("ADE_SANDBOX_WRITE", &*folder), ("ADE_SANDBOX", "off")] {
        let built = bounded(&place, &[(name, value)], "env build config --force");
        built.code(3).says("all of it");
        fs::remove_file(&outside).unwrap();
        // Without a sandbox all of it is allowed.
        builds(&configuration, &other);
    }
    let strict = [("ADE_SANDBOX", "strict")];
    let refused = on_an_old_kernel(&place, &strict, "env build config --force").code(3);
    assert!(refused.said().contains("no Landlock"), "{refused}");
}
