//! Warm engines: runs that are forks of one process end as runs that each start Python, and trouble with that process costs none of them
//! anything.

use crate::common;

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use common::{Place, Told, engines_of, is_alive, signal, wait_for, wheel};
use libc::SIGKILL;
use serde_json::Value;

/// What a run of a configuration that changes all it can reach says of what it found.
const LEAVES_TRACES: &str = r#"
"""Leaves traces, and says which it found."""
import builtins, gc, os, random, signal, sys, tempfile, threading
from pathlib import Path

import polars


def register(registry):
    registry.register_hook(on_workbook_start, hook="on_workbook_start", priority=10)


def on_workbook_start(**_):
    found = [
        hasattr(builtins, "trace"),
        hasattr(polars, "trace"),
        "TRACE" in os.environ,
        os.getcwd() == "/",
        signal.getsignal(signal.SIGUSR1) != signal.SIG_DFL,
        "trace" in sys.path,
        threading.active_count() > 1,
        (os.umask(0o027) == 0o027),
        sum(os.path.exists(f"/proc/self/fd/{number}") for number in range(3, 200)),
    ]
    print("found", found, "random", random.random(), "of", os.environ["TMPDIR"] == tempfile.gettempdir())
    builtins.trace = polars.trace = True
    os.environ["TRACE"] = "1"
    os.chdir("/")
    signal.signal(signal.SIGUSR1, lambda *_: None)
    sys.path.append("trace")
    random.seed(1)
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    for number in range(20):
        globals()[f"file_{number}"] = open(os.devnull)
"#;

/// The processes that wait for runs.
fn warm(place: &Place) -> Vec<i32> {
    let engines = engines_of(&place.path("")).into_iter();
    let warm = engines.filter(|engine| engine.is_warm);
    warm.map(|engine| engine.id).collect()
}

/// A place with many small files, and their arguments.
fn many(count: usize) -> (Place, String) {
    let place = Place::new();
    place.configuration("config");
    let names: Vec<String> = (0..count)
        .map(|number| format!("in/{number}.csv"))
        .collect();
    for (number, name) in names.iter().enumerate() {
        place.write(
            name,
            format!("Name,E-Mail\nAnn {number},ann{number}@x.org\nBob,bob\n"),
        );
    }
    place.warm("config");
    (place, names.join(" "))
}

/// The workbooks below a folder, with their bytes.
fn workbooks(place: &Place, folder: &str) -> Vec<(String, Vec<u8>)> {
    let names = place.files_below(folder);
    let read = |name: String| {
        let bytes = fs::read(place.path(folder).join(&name)).unwrap();
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn workbooks_and_records_are_the_same_cold_and_warm() {
    let (place, files) = many(6);
    let told = |warm: &str| {
        let line = format!("run config {files} --jobs 2 --json --output-dir {warm}");
        let said = place.run(&[("ADE_WARM_ENGINES", warm)], line.split(' '));
        let mut runs = said.ends_with(0).records();
        runs.sort_by_key(|run| run["input_name"].to_string());
        let facts = [
            "input_name",
            "status",
            "exit_code",
            "issue_count",
            "results",
            "error",
        ];
        let facts = runs.iter().map(|run| facts.map(|key| run[key].clone()));
        facts.collect::<Vec<_>>()
    };
    assert_eq!(told("0"), told("auto"));
    assert_eq!(workbooks(&place, "0"), workbooks(&place, "auto"));
    assert_eq!(workbooks(&place, "0").len(), 6);
    place.nothing_runs();
}

#[test]
fn nothing_that_a_run_changes_reaches_the_next_one() {
    let place = Place::new();
    let configuration = place.configuration("config");
    configuration.write("src/ade_config/hooks/traces.py", LEAVES_TRACES);
    let names: Vec<String> = (0..5).map(|number| format!("{number}.csv")).collect();
    place.all_members(&names);
    place.warm("config");
    let files = names.join(" ");
    let found = |warm: &str| {
        let line = format!("run config {files} --jobs 1 -q");
        let said = place.run(&[("ADE_WARM_ENGINES", warm)], line.split(' '));
        said.succeeds();
        let runs = place.ade("runs ls --json --limit 5").json();
        let mut found = Vec::new();
        for run in runs.list() {
            let folder = PathBuf::from(run["run_dir"].text());
            let log = fs::read_to_string(folder.join("logs/events.ndjson")).unwrap();
            let line = log.lines().find(|line| line.contains("found [")).unwrap();
            let event: Value = serde_json::from_str(line).unwrap();
            let words = event["message"].text();
            let (traces, random) = words.split_once(" random ").unwrap();
            found.push((traces.to_owned(), random.to_owned()));
        }
        found
    };
    let (cold, warm) = (found("0"), found("auto"));
    assert!(
        cold[0]
            .0
            .contains("[False, False, False, False, False, False, False, False,")
    );
    let all = cold.iter().chain(&warm);
    assert!(
        all.clone().all(|run| run.0 == cold[0].0),
        "{cold:?} {warm:?}"
    );
    let randoms: HashSet<&String> = all.map(|run| &run.1).collect();
    assert_eq!(randoms.len(), 10, "{randoms:?}");
}

#[test]
fn a_run_outlives_its_warm_engine_and_the_next_run_gets_another() {
    let (place, run, worker) = Place::busy("one");
    let engine = warm(&place);
    assert_eq!(engine.len(), 1, "{engine:?}");
    let fork = place.wait_until_held(1)[0];
    signal(engine[0], SIGKILL);
    wait_for("the end of the engine", || warm(&place).is_empty());
    assert!(is_alive(fork));
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    let next = place.enqueue("config", "members.csv");
    place.wait_for_status(&next, "succeeded");
    let before = warm(&place);
    assert_eq!(before.len(), 1);
    // So does one of an environment that is built anew. Its folder may be another, and the engine of the one before is then left to its
    // end.
    place.ade("env build --force config -q").succeeds();
    let last = place.enqueue("config", "members.csv");
    place.wait_for_status(&last, "succeeded");
    let after = warm(&place);
    assert!(
        after.iter().any(|engine| !before.contains(engine)),
        "{before:?} {after:?}"
    );
    worker.stops();
    for run in [&run, &next, &last] {
        place.is_sound(run, "succeeded", &["succeeded"]);
    }
    place.nothing_runs();
}

/// Has the environment of `config` hold a file of a package.
fn install(place: &Place, name: &str, code: &str) {
    let file = "planted-1.0-py3-none-any.whl";
    let wheel = place.write(file, wheel("planted", "1.0", "", &[(name, code)]));
    let wanted = format!("planted @ file://{}", wheel.display());
    place.configuration("config").depend_on(&[&wanted]);
    place.warm("config");
}

#[test]
fn an_environment_that_cannot_have_one_stays_cold_and_says_so_once() {
    let thread =
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()";
    for (file, code, why) in [
        (
            "distutils-precedence.pth",
            thread,
            "starts threads when it is imported",
        ),
        (
            "other.pth",
            "import os",
            "other.pth is executed whenever Python starts",
        ),
    ] {
        let (place, files) = many(6);
        install(&place, file, code);
        let said = place.ade(&format!("run config {files} --jobs 1"));
        let said = said.succeeds().says(why);
        assert_eq!(
            said.stderr.matches("cannot have a warm engine").count(),
            1,
            "{said}"
        );
        assert_eq!(place.statuses(), vec!["succeeded"; 6]);
        place.nothing_runs();
    }
}

#[test]
fn a_package_that_starts_threads_is_imported_in_the_fork_alone() {
    let (place, files) = many(3);
    // As numpy does, which openpyxl imports where it is installed.
    let thread =
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()";
    install(&place, "numpy.py", thread);
    let said = place.ade(&format!("run config {files} --jobs 1"));
    let said = said.succeeds();
    said.stderr_lacks("cannot have a warm engine");
}

#[test]
fn they_can_be_turned_off_and_one_file_at_a_terminal_needs_none() {
    let mut place = Place::held("");
    place.set("ADE_WARM_ENGINES", "auto");
    let starts = |place: &Place, count: usize| {
        let running = place.start("run config members.csv -q");
        place.wait_until_held(count);
        let warm = warm(place).len();
        place.let_go();
        running.wait().succeeds();
        fs::remove_file(place.path("open")).unwrap();
        warm
    };
    assert_eq!(starts(&place, 1), 0);
    place.set("ADE_WARM_ENGINES", "1");
    assert_eq!(starts(&place, 2), 1);
    place.set("ADE_WARM_ENGINES", "0");
    let run = place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    place.wait_until_held(3);
    assert_eq!(warm(&place), Vec::<i32>::new());
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
}
