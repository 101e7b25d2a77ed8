//! `ade run --detach` and `ade worker`, as a user at a terminal sees them.

use crate::common;

use std::fs;
use std::path::Path;

use common::{Place, Told, snapshot};

#[test]
fn detached_runs_are_done_by_a_worker_that_builds_what_they_need() {
    let place = Place::new();
    place.configuration("config");
    place.members("one.csv");
    place.write("broken.xlsx", "none");
    snapshot!(place, place.ade("run config one.csv --detach"), @r"
    status 0
    --- stdout
    [ID]
    --- stderr
    queued one.csv; `ade worker --drain` executes queued runs
    ");
    let queued = place
        .ade("run config broken.xlsx --detach --json")
        .succeeds();
    assert_eq!(queued.records()[0]["status"], "queued");
    assert_eq!(queued.records()[0]["attempt_count"], 0);
    assert_eq!(place.environments()[0]["status"], "queued");

    let worker = place.ade("worker --drain").succeeds();
    assert_eq!(worker.stdout, "");
    for words in [
        "building",
        "ready",
        "claimed",
        "one.csv, attempt 1",
        "broken.xlsx, attempt 1",
    ] {
        worker.stderr_has(words);
    }
    assert_eq!(place.statuses(), ["failed", "succeeded"]);
    let runs = place.ade("runs ls --json").json();
    assert_eq!(runs[0]["error"]["code"], "input_error");
    // A failure of the input is final at once.
    assert_eq!(runs[0]["attempt_count"], 1);
    assert!(std::path::Path::new(runs[1]["output_path"].text()).exists());
    // Nothing is left to do.
    place.ade("worker --drain").succeeds();
}

#[test]
fn once_takes_one_run() {
    let place = Place::ready();
    for _ in 0..2 {
        place.enqueue("config", "members.csv");
    }
    place.ade("worker --once -q").succeeds();
    assert_eq!(place.statuses(), ["queued", "succeeded"]);
    place.ade("worker --once -q").succeeds();
    assert_eq!(place.statuses(), ["succeeded", "succeeded"]);
    place.ade("worker --once -q").succeeds();
}

#[test]
fn a_database_that_is_not_there_is_named_with_its_remedy() {
    let place = Place::new();
    snapshot!(place, place.ade("worker --drain"), @r"
    status 5
    --- stderr
    error: there is no database at [HERE]/data/db/ade.sqlite
    hint: `ade migrate` creates it, and so does the first `ade run`; or check --data-dir
    ");
    place
        .run(
            &[("ADE_WORKER_AUTO_CREATE_SCHEMA", "1")],
            ["worker", "--drain", "-q"],
        )
        .succeeds();
    assert!(place.path("data/db/ade.sqlite").exists());
}

#[test]
fn a_worker_that_is_told_to_stop_lets_its_run_finish() {
    let (place, gate) = Place::gated();
    place.ade("run config members.csv --detach -q").succeeds();
    let mut worker = place.start("worker --grace 600");
    gate.wait_until_reached();
    worker.signal(libc::SIGTERM);
    worker.wait_until_says("stopping: no more claims");
    gate.open();
    worker.wait().succeeds();
    assert_eq!(place.statuses(), ["succeeded"]);
}

#[test]
fn a_build_that_hangs_holds_up_no_run_that_is_ready_in_the_same_worker() {
    let mut place = Place::new();
    place.hurry();
    place.set("ADE_WORKER_CONCURRENCY", "1");
    place.configuration("ready");
    place.members("members.csv");
    place.warm("ready");
    let gate = place.hold_installs();
    place.configuration("slow").depend_on(&["et-xmlfile"]);
    let slow = place.enqueue("slow", "members.csv");
    let worker = place.start_worker("one");
    gate.wait_until_reached();
    // A run that waits for it says why.
    place.ade_prints(
        &format!("runs show {slow}"),
        "waits for      its environment, which one",
    );
    let quick = place.enqueue("ready", "members.csv");
    place.wait_for_status(&quick, "succeeded");
    gate.open();
    place.wait_for_status(&slow, "succeeded");
    worker.stops();
}

#[test]
fn slots_run_side_by_side() {
    let place = Place::held("");
    for _ in 0..3 {
        place.enqueue("config", "members.csv");
    }
    let shown = place.json("runs show latest --json");
    assert_eq!(shown["waits_for"], "a worker");
    let worker = place.start_worker_with("one", "--concurrency 3 --drain");
    place.wait_until_held(3);
    place.let_go();
    worker.wait().succeeds();
    let workers: i64 = place.query("SELECT count(DISTINCT worker) FROM run_attempts");
    assert_eq!(workers, 3, "each slot has an id of its own");
}

#[test]
fn drained_means_that_nothing_runs_elsewhere_either() {
    let (place, run, first) = Place::busy("first");
    let mut drain = place.start_worker_with("drain", "--drain --concurrency 1");
    drain.wait_until_says("looking for work");
    first.dies();
    place.let_go();
    drain.wait().succeeds();
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
}

#[test]
fn a_second_signal_releases_runs_at_once_and_spends_no_attempt() {
    let place = Place::held("");
    let run = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker_with("one", "--grace 600");
    let engine = place.wait_until_held(1)[0];
    worker.signal(libc::SIGTERM);
    worker.wait_until_says("stopping");
    worker.signal(libc::SIGTERM);
    // Long before the grace is over.
    worker.wait().succeeds();
    common::wait_for_death(engine);
    let attempts: i64 = place.query("SELECT attempt_count FROM runs");
    assert_eq!((place.status_of(&run).as_str(), attempts), ("queued", 0));
    place.let_go();
    place.drains(&run);
}

#[test]
fn a_second_signal_releases_a_build_at_once() {
    let mut place = Place::new();
    place.hurry();
    let gate = place.hold_installs();
    place.configuration("config");
    place.members("members.csv");
    let run = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker_with("one", "--grace 600");
    gate.wait_until_reached();
    worker.signal(libc::SIGTERM);
    worker.wait_until_says("stopping");
    worker.stops();
    let environment = &place.environments()[0];
    common::has(
        environment,
        serde_json::json!({"status": "queued", "attempt_count": 0}),
    );
    gate.open();
    place.drains(&run);
}

#[test]
fn a_third_signal_ends_at_once_and_loses_nothing() {
    let place = Place::held("");
    let run = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker_with("one", "--grace 600");
    let engine = place.wait_until_held(1)[0];
    worker.signal(libc::SIGTERM);
    worker.wait_until_says("stopping");
    // The database cannot be written, so that nothing can be released.
    let mut database = place.database();
    let locked = database
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    worker.signal(libc::SIGTERM);
    common::wait_for_death(engine);
    worker.signal(libc::SIGTERM);
    worker.wait().ends_with(130);
    drop(locked);
    place.let_go();
    place.ade("worker --drain -q").succeeds();
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
}

#[test]
fn a_folder_that_cannot_be_locked_holds_up_no_other_configuration() {
    let mut place = Place::new();
    place.hurry();
    place.set("ADE_WORKER_MAX_ATTEMPTS", "50");
    place.configuration("broken");
    place.members("members.csv");
    let waits = place.enqueue("broken", "members.csv");
    let folder = place.environments()[0]["folder"].string();
    // A file has the name of the folder of all its environments.
    let key = Path::new(&folder).parent().unwrap().to_owned();
    fs::create_dir_all(key.parent().unwrap()).unwrap();
    fs::write(&key, "").unwrap();
    place.configuration("config");
    place.warm("config");
    let run = place.enqueue("config", "members.csv");
    let name = key.file_name().unwrap().to_str().unwrap();
    // The run that is ready comes first.
    place.ade("worker --once").succeeds();
    place.is_sound(&run, "succeeded", &["succeeded"]);
    // Without other work the worker ends, where it would build again and again.
    place.ade("worker --once").ends_with(3).says(name);
    assert_eq!(place.status_of(&waits), "queued");
    fs::remove_file(&key).unwrap();
    place.ade("worker --drain -q").succeeds();
    place.is_sound(&waits, "succeeded", &["succeeded"]);
}

#[test]
fn a_run_that_was_released_keeps_its_attempts() {
    let place = Place::held("");
    let run = place.enqueue("config", "members.csv");
    for round in 1..=4 {
        let worker = place.start_worker_with("one", "--grace 0");
        place.wait_until_held(round);
        worker.signal(libc::SIGTERM);
        worker.wait().succeeds().says("queued");
        assert_eq!(place.outcomes(&run), ["released"]);
        assert_eq!(place.query::<i64>("SELECT attempt_count FROM queue"), 0);
    }
    place.let_go();
    place.drains(&run);
}

#[test]
fn a_log_in_json_is_one_object_a_line() {
    let mut place = Place::new();
    place.hurry();
    place.set("ADE_LOG_FORMAT", "json");
    place.set("ADE_WORKER_METRICS_INTERVAL", "0.2");
    place.set("ADE_WORKSPACE", "other");
    place.holding("config", "");
    place.members("members.csv");
    place.enqueue("config", "members.csv");
    let run = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker("one");
    place.wait_until_held(1);
    worker.wait_until_says("queue: 1 queued, oldest waits");
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    worker.wait_until_says("queue: 0 queued, 0 running");
    worker.signal(libc::SIGTERM);
    let end = worker.wait().succeeds();
    assert_eq!(end.stdout, "");
    let lines: Vec<serde_json::Value> = end
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for line in &lines {
        for key in ["timestamp", "level", "worker", "event", "message"] {
            assert!(line[key].is_string(), "{key}: {line}");
        }
    }
    let find = |event: &str| lines.iter().find(|line| line["event"] == event).unwrap();
    for event in [
        "worker.started",
        "environment.building",
        "environment.ready",
        "run.claimed",
        "worker.stopping",
        "worker.stopped",
    ] {
        find(event);
    }
    let ended = lines.iter().rfind(|line| line["event"] == "run.ended");
    common::has(
        ended.unwrap(),
        serde_json::json!({"run_id": run, "status": "succeeded"}),
    );
    let entries = lines.iter().filter(|line| line["event"] == "queue.metrics");
    let mut succeeded = 0;
    for entry in entries {
        let metrics = &entry["metrics"];
        for key in ["queued", "running", "succeeded", "failed", "claims"] {
            assert!(metrics[key].is_u64(), "{key}: {metrics}");
        }
        succeeded += metrics["succeeded"].as_u64().unwrap();
    }
    // Each says what ended since the one before it; ends after the last one are in none.
    assert!((1..=2).contains(&succeeded), "{end}");
    end.stderr_has(", claimed after ");
    // The environment was built below its own workspace.
    let built = place.files_below("data/venvs/other");
    assert!(
        built.iter().any(|path| path.ends_with("build.lock")),
        "{built:?}"
    );
    assert!(!place.path("data/venvs/default").exists());
}

#[test]
fn a_reader_of_the_log_that_stands_still_stops_no_worker() {
    use std::io::Read;
    use std::os::fd::AsRawFd;

    let mut place = Place::ready();
    place.hurry();
    place.set("ADE_WORKER_METRICS_INTERVAL", "0.01");
    place.set("ADE_LOG_FORMAT", "json");
    let (mut reader, writer) = std::io::pipe().unwrap();
    // SAFETY: no memory is involved; the descriptor is open.
    unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) };
    let mut command = place.command();
    command.arg("worker").stderr(writer);
    let mut worker = command.spawn().unwrap();
    // With it goes this process's end of the pipe.
    drop(command);
    // Long after the pipe is full, it works.
    std::thread::sleep(std::time::Duration::from_secs(1));
    for _ in 0..3 {
        let run = place.enqueue("config", "members.csv");
        place.wait_for_status(&run, "succeeded");
    }
    // SAFETY: no memory is involved; the child was not waited for, so the id is still its own.
    unsafe { libc::kill(i32::try_from(worker.id()).unwrap(), libc::SIGTERM) };
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(worker.wait().unwrap().success());
    assert!(text.lines().count() > 10, "{text}");
    assert!(text.contains("run.ended"), "{text}");
}
