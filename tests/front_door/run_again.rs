//! `ade run` after failures that can pass: another attempt, another try at recording, another builder.

use crate::common;

use common::{Place, signal, wait_for};
use libc::{SIGCONT, SIGINT};

#[test]
fn to_cancel_the_input_that_builds_the_environment_cancels_no_other() {
    let mut place = Place::new();
    place.configuration("config");
    place.members("one.csv");
    place.members("two.csv");
    let gate = place.hold_installs();
    let running = place.start("run config one.csv two.csv --jobs 2 -o out");
    gate.wait_until_reached();
    wait_for("both runs", || {
        place.query::<i64>("SELECT count(*) FROM queue WHERE status = 'running'") == 2
    });
    let builder: String = place.query(
        "SELECT run_id FROM queue JOIN environments ON environments.claimed_by = queue.claimed_by",
    );
    place.ade(&format!("runs cancel {builder}")).succeeds();
    place.wait_for_status(&builder, "cancelled");
    gate.open();
    running
        .wait()
        .ends_with(130)
        .says("1 of 2 files normalized, 1 cancelled");
    let mut statuses = place.statuses();
    statuses.sort();
    assert_eq!(statuses, ["cancelled", "succeeded"]);
    assert_eq!(place.files_below("out").len(), 1);
}

#[test]
fn an_end_that_a_locked_database_does_not_take_is_recorded_when_it_does() {
    let mut place = Place::held("");
    place.set("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "100");
    let mut running = place.start("run config members.csv -o out");
    place.wait_until_held(1);
    let mut database = place.database();
    let lock = database
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    place.let_go();
    running.wait_until_says("cannot be recorded yet");
    drop(lock);
    running.wait().succeeds();
    let run = place.latest_id();
    place.is_sound(&run, "succeeded", &["succeeded"]);
    assert_eq!(place.files_below("out").len(), 1);
}

#[test]
fn an_installer_that_cannot_reach_its_index_is_tried_again() {
    let mut place = Place::new();
    place.hurry();
    place.configuration("config").depend_on(&["et-xmlfile"]);
    place.members("members.csv");
    place.without_network_at_first();
    place.ade_says(
        "run config members.csv",
        "note: attempt 1 of 3 at members.csv failed: Build failed before run could start",
    );
    let run = place.latest_id();
    place.is_sound(&run, "succeeded", &["retried", "succeeded"]);
}

#[test]
fn an_index_that_cannot_be_reached_at_all_is_tried_for_one_input_and_not_for_each() {
    let mut place = Place::new();
    place.hurry();
    place.configuration("config").depend_on(&["et-xmlfile"]);
    place.all_members(["one.csv", "two.csv", "three.csv"]);
    let tries = place.without_network(1_000);
    place
        .ade("run config one.csv two.csv three.csv --jobs 1")
        .ends_with(3)
        .says("0 of 3 files normalized, 3 failed");
    // Each build asks its caches first and the index then.
    let tries = std::fs::read_to_string(tries).unwrap().lines().count();
    assert_eq!(tries, 6, "three attempts");
}

#[test]
fn a_cancel_while_it_waits_for_its_next_attempt_is_recorded_when_the_database_takes_it() {
    let mut place = Place::new();
    place.set("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "100");
    place.set("ADE_WORKER_BACKOFF_BASE_SECONDS", "600");
    let configuration = place.configuration("config");
    place.members("members.csv");
    place.warm("config");
    configuration.hook(
        "on_workbook_start",
        "die()",
        "import os; os.kill(os.getpid(), 9)",
    );
    let mut running = place.start("run config members.csv");
    running.wait_until_says("attempt 1 of 3");
    let mut database = place.database();
    let lock = database
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    running.signal(SIGINT);
    running.wait_until_says("is locked by another process");
    drop(lock);
    running.wait().ends_with(130);
    assert_eq!(place.latest_run()["status"], "cancelled");
}

#[test]
fn a_run_whose_log_cannot_be_opened_fails_and_is_claimed_by_no_process() {
    let mut place = Place::held("");
    place.set("ADE_WORKER_BACKOFF_BASE_SECONDS", "0.2");
    let mut running = place.start("run config members.csv");
    let engine = place.wait_until_held(1)[0];
    let run = place.latest_id();
    let log = place.run_folder(&run).join("logs/events.ndjson");
    std::fs::remove_file(&log).unwrap();
    std::fs::create_dir(&log).unwrap();
    signal(engine, libc::SIGKILL);
    running.wait_until_says("attempt 2 of 3");
    running.wait().ends_with(1);
    assert_eq!(place.status_of(&run), "failed");
}

#[test]
fn a_run_that_a_worker_took_over_is_followed_to_its_end() {
    let mut place = Place::held("");
    place.hurry();
    place.set("ADE_WORKER_LEASE_SECONDS", "2");
    let running = place.start("run config members.csv -o out");
    place.wait_until_held(1);
    running.freezes();
    let run = place.latest_id();
    let worker = place.start_worker("w");
    // Its engine is a second one; that of the process that stands still is ended before it.
    place.wait_until_held(2);
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    running.signal(SIGCONT);
    running
        .wait()
        .succeeds()
        .says("note: this process no longer has members.csv; waiting for its end")
        .prints("2 of 2 fields mapped");
    assert_eq!(place.files_below("out").len(), 1);
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
    worker.signal(SIGINT);
    worker.wait().succeeds();
}
