//! Workers that are asked to stop, to pause or to hold a limit while they have runs. Their messages are in `tests/cli/worker.md`.

use crate::common;

use common::{Place, Printed, Told};

#[test]
fn a_worker_that_is_told_to_stop_lets_its_run_finish() {
    let (place, gate) = Place::gated();
    place.ade("run config members.csv --detach -q").success();
    let mut worker = place.start("worker --grace 600");
    gate.wait_until_reached();
    worker.signal(libc::SIGTERM);
    worker.wait_until_says("stopping: no more claims");
    gate.open();
    worker.wait().success();
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
    assert_eq!(place.status_of(&slow), "queued");
    worker.dies();
    gate.open();
}

#[test]
fn a_limit_keeps_further_runs_of_a_configuration_waiting_and_others_run_side_by_side() {
    let place = Place::held("");
    place.ade("configs limit config 1").success();
    let runs = [(); 2].map(|()| place.enqueue("config", "members.csv"));
    let shown = place.json("runs show latest --json");
    assert_eq!(shown["waits_for"], "a worker");
    let worker = place.start_worker_with("w", "--concurrency 2");
    place.wait_until_held(1);
    let waits = place.json(&format!("runs show {} --json", runs[1]));
    let why = waits["waits_for"].text();
    assert!(why.contains("at most 1 at once"), "{why}");
    // The change of the limit holds from now on, also for waiting runs.
    place.ade("configs limit config --none").success();
    place.wait_until_held(2);
    place.let_go();
    worker.stops();
    let workers: i64 = place.query("SELECT count(DISTINCT worker) FROM run_attempts");
    assert_eq!(workers, 2, "each slot has an id of its own");
}

#[test]
fn a_run_that_was_begun_before_a_pause_goes_on() {
    let (place, run, worker) = Place::busy("w");
    place.ade("pause").success();
    let waits = place.enqueue("config", "members.csv");
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    assert_eq!(place.status_of(&waits), "queued");
}

#[test]
fn drained_means_that_nothing_runs_elsewhere_either() {
    let (place, run, first) = Place::busy("first");
    let mut drain = place.start_worker_with("drain", "--drain --concurrency 1");
    drain.wait_until_says("looking for work");
    first.dies();
    place.let_go();
    drain.wait().success();
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
}

#[test]
fn a_run_that_is_released_after_the_grace_or_by_a_second_signal_keeps_its_attempts() {
    let place = Place::held("");
    let run = place.enqueue("config", "members.csv");
    for (round, grace) in ["--grace 0", "--grace 600"].into_iter().enumerate() {
        let mut worker = place.start_worker_with("one", grace);
        let engines = place.wait_until_held(round + 1);
        worker.signal(libc::SIGTERM);
        if grace == "--grace 600" {
            worker.wait_until_says("stopping");
            // The worker ends long before the grace is over.
            worker.signal(libc::SIGTERM);
        }
        worker.wait().success().says("queued");
        engines.into_iter().for_each(common::wait_for_death);
        assert_eq!(place.status_of(&run), "queued");
        assert_eq!(place.outcomes(&run), ["released"]);
        assert_eq!(place.query::<i64>("SELECT attempt_count FROM queue"), 0);
    }
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
    place.remember_environments();
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
    worker.wait().code(130);
    drop(locked);
    place.let_go();
    place.ade("worker --drain -q").success();
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
}

#[test]
fn the_figures_of_a_queue_are_in_the_log() {
    let mut place = Place::held("");
    place.set("ADE_LOG_FORMAT", "json");
    place.set("ADE_WORKER_METRICS_INTERVAL", "0.2");
    place.enqueue("config", "members.csv");
    let (run, mut worker) = place.begun("one");
    worker.wait_until_says("queue: 1 queued, oldest waits");
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    worker.wait_until_says("queue: 0 queued, 0 running");
    worker.signal(libc::SIGTERM);
    let end = worker.wait().success();
    end.says(", claimed after ");
    let said = end.said();
    let lines = said.lines().map(|line| serde_json::from_str(line).unwrap());
    let entries = lines.filter(|line: &serde_json::Value| line["event"] == "queue.metrics");
    let succeeded: u64 = entries
        .map(|entry| entry["metrics"]["succeeded"].as_u64().unwrap())
        .sum();
    // Each entry has the ends since the previous one; ends after the last entry are in none.
    assert!((1..=2).contains(&succeeded), "{end}");
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
    // Dropping the command closes this process's end of the pipe.
    drop(command);
    // The worker still works long after the pipe is full.
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
