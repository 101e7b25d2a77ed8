//! `ade run` after failures that can pass: another attempt, another try at recording, another builder.

mod common;

use common::{Place, wait_for};
use libc::{SIGCONT, SIGINT, SIGSTOP};

#[test]
fn to_cancel_the_input_that_builds_the_environment_cancels_no_other() {
    let mut place = Place::new();
    place.configuration("config");
    place.members("one.csv");
    place.members("two.csv");
    let gate = place.gate("gate");
    place.hold_installs(&gate);
    let running = place.start("run config one.csv two.csv --jobs 2 -o out");
    gate.wait_until_reached();
    wait_for("both runs", || {
        place.query::<i64>("SELECT count(*) FROM runs WHERE status = 'running'") == 2
    });
    let builder: String = place.query(
        "SELECT runs.id FROM runs JOIN environments ON environments.claimed_by = runs.claimed_by",
    );
    place.ade(&format!("runs cancel {builder}")).succeeds();
    place.wait_for_status(&builder, "cancelled");
    gate.open();
    running
        .wait()
        .ends_with(130)
        .says("1 of 2 files normalized, 1 failed");
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
    let run = place.latest_run()["id"].as_str().unwrap().to_owned();
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
    place
        .ade("run config members.csv")
        .succeeds()
        .says("note: attempt 1 of 3 at members.csv failed: Build failed before run could start");
    let run = place.latest_run()["id"].as_str().unwrap().to_owned();
    place.is_sound(&run, "succeeded", &["retried", "succeeded"]);
}

#[test]
fn a_run_that_a_worker_took_over_is_followed_to_its_end() {
    let mut place = Place::held("");
    place.hurry();
    place.set("ADE_WORKER_LEASE_SECONDS", "2");
    let running = place.start("run config members.csv -o out");
    place.wait_until_held(1);
    running.signal(SIGSTOP);
    let run = place.latest_run()["id"].as_str().unwrap().to_owned();
    let worker = place.start_worker("w");
    // Its engine is a second one; that of the process that stands still is ended before it.
    place.wait_until_held(2);
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    running.signal(SIGCONT);
    running
        .wait()
        .succeeds()
        .says("note: members.csv was taken over by another process; waiting for its end")
        .prints("2 of 2 fields mapped");
    assert_eq!(place.files_below("out").len(), 1);
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
    worker.signal(SIGINT);
    worker.wait().succeeds();
}
