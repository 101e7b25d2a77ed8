//! `ade run` after failures that can pass, beyond `tests/cli/run-attempts.md`: locks, another builder, another worker.

use crate::common;

use common::{Place, Printed, Running, Told, wait_for};
use libc::{SIGCONT, SIGINT};

/// Checks that a follower of the environment sees the build to its end.
#[test]
fn of_two_first_starts_one_builds_and_the_other_says_for_what_it_waits() {
    let mut place = Place::cold();
    place.set("ADE_DATA_DIR", place.path("fresh"));
    let gate = place.hold_installs();
    let runs = [0, 1].map(|_| place.start("run config members.csv"));
    gate.wait_until_reached();
    let waits = "waiting for another process (process ";
    wait_for("one of them to wait for the other", || {
        runs.iter().any(|run| run.stderr().contains(waits))
    });
    let id = place.environments()[0]["id"].string();
    let mut follower = place.start(&format!("logs tail {id} -f"));
    follower.wait_until_prints("environment.start");
    gate.open();
    let said = runs.map(|run| {
        let end = run.wait().success();
        end.prints("2 of 2 fields mapped").said()
    });
    let said = said.concat();
    assert_eq!(
        said.matches("Building the environment of people (new)")
            .count(),
        1,
        "{said}"
    );
    let holder = said.split_once(waits).unwrap().1;
    assert!(
        holder.starts_with(|letter: char| letter.is_ascii_digit()),
        "{said}"
    );
    assert_eq!(place.statuses(), ["succeeded", "succeeded"]);
    assert_eq!(place.environments().len(), 1);
    let followed = follower.wait().success().printed();
    let last = followed.lines().last().unwrap();
    assert!(last.contains("environment.complete"), "{followed}");
}

#[test]
fn to_cancel_the_input_that_builds_the_environment_cancels_no_other() {
    let mut place = Place::new();
    place.configuration("config");
    place.all_members(["one.csv", "two.csv"]);
    let gate = place.hold_installs();
    let running = place.start("run config one.csv two.csv --jobs 2 -o out");
    gate.wait_until_reached();
    wait_for("both runs", || {
        place.query::<i64>("SELECT count(*) FROM queue WHERE status = 'running'") == 2
    });
    let builder: String = place.query(
        "SELECT run_id FROM queue JOIN environments ON environments.claimed_by = queue.claimed_by",
    );
    // The other process builds the environment then.
    place.remember_environments();
    place.ade(&format!("runs cancel {builder}")).success();
    place.wait_for_status(&builder, "cancelled");
    let done = running.wait().code(130);
    done.says("1 of 2 files normalized, 1 cancelled");
    assert_eq!(place.files_below("out").len(), 1);
}

/// Locks the database while something is done to a run, until the run says these words.
fn while_it_is_locked(place: &Place, running: &mut Running, act: impl Fn(&Running), words: &str) {
    let lock = place.database();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    act(running);
    running.wait_until_says(words);
    lock.execute_batch("COMMIT").unwrap();
}

#[test]
fn an_end_or_a_cancel_that_a_locked_database_does_not_take_is_recorded_when_it_does() {
    let mut place = Place::held("");
    place.set("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "100");
    let mut running = place.start("run config members.csv -o out");
    place.wait_until_held(1);
    let let_go = |_: &Running| place.let_go();
    while_it_is_locked(&place, &mut running, let_go, "cannot be recorded yet");
    running.wait().success();
    place.is_sound(&place.latest_id(), "succeeded", &["succeeded"]);
    assert_eq!(place.files_below("out").len(), 1);

    // A cancel while the run waits for its next attempt.
    place.set("ADE_WORKER_BACKOFF_BASE_SECONDS", "600");
    let die = "import os; os.kill(os.getpid(), 9)";
    let configuration = place.configuration("config");
    configuration.hook("on_workbook_start", "die()", die);
    let mut running = place.start("run config members.csv");
    running.wait_until_says("attempt 1 of 3");
    let cancel = |running: &Running| running.signal(SIGINT);
    while_it_is_locked(&place, &mut running, cancel, "is locked by another process");
    running.wait().code(130);
    assert_eq!(place.latest_run()["status"], "cancelled");
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_run_that_a_worker_took_over_is_followed_to_its_end() {
    let mut place = Place::held("");
    place.hurry();
    place.set("ADE_WORKER_LEASE_SECONDS", "2");
    let running = place.start("run config members.csv -o out");
    place.wait_until_held(1);
    running.freezes();
    let run = place.latest_id();
    let worker = place.start_worker("w");
    // The worker's engine is a second one; it ends the engine of the frozen process first.
    place.wait_until_held(2);
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    running.signal(SIGCONT);
    let done = running.wait().success();
    done.says("note: this process no longer executes members.csv; waiting for the run to end")
        .prints("2 of 2 fields mapped");
    assert_eq!(place.files_below("out").len(), 1);
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
    worker.stops();
}
