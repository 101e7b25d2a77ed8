//! Builds whose builder is killed or frozen: nobody waits for it longer than necessary. Trouble of the network and the machine
//! is in `tests/cli/worker-trouble.md`, builds that are asked for again in `tests/cli/env-build-again.md`.
//!
//! A build is held where the test wants it by an installer that waits for a file; time decides nothing.
use crate::common;
use common::{Place, Printed, Told};
use libc::SIGCONT;

/// A place whose installer waits at the gate.
fn held_place() -> (Place, common::Gate) {
    let mut place = Place::new();
    place.hurry();
    let gate = place.hold_installs();
    place.members("members.csv");
    (place, gate)
}

#[test]
fn a_command_that_waits_for_a_builder_that_stands_still_takes_over_without_a_worker() {
    let (mut place, gate) = held_place();
    place.set("ADE_WORKER_LEASE_SECONDS", "1.5");
    place.configuration("config");
    let frozen = place.start("env build config");
    gate.wait_until_reached();
    place.ade_refuses("env rm config", "is building");
    frozen.freezes();
    place.remember_environments();
    let mut waits = place.start("run config members.csv");
    waits.wait_until_says(&format!("process {}", frozen.id()));
    gate.open();
    waits
        .wait()
        .success()
        .says("its builder stopped responding");
    frozen.signal(SIGCONT);
    // The process finds the environment that the other one has built.
    frozen.wait().success();
    assert_eq!(place.environments()[0]["status"], "ready");
}

#[test]
fn an_env_build_that_is_killed_holds_up_no_other_process() {
    let (place, gate) = held_place();
    place.configuration("config");
    let run = place.enqueue("config", "members.csv");
    let killed = place.start("env build config");
    gate.wait_until_reached();
    assert_eq!(place.query::<i64>("SELECT count(*) FROM workers"), 1);
    let mut waits = place.start("check config");
    waits.wait_until_says("waiting for another process");
    place.remember_environments();
    killed.dies();
    gate.open();
    waits.wait().success();
    place.drains(&run);
    assert_eq!(place.worker_locks(), Vec::<String>::new());
}

#[test]
fn an_installer_that_kills_its_worker_is_not_started_for_ever() {
    let mut place = Place::cold();
    place.hurry();
    let run = place.enqueue("config", "members.csv");
    // A confined build may not signal its worker.
    place.set("ADE_SANDBOX", "off");
    place.before_installs("kill -9 $PPID");
    for _ in 0..3 {
        place
            .start_worker_with("doomed", "--drain")
            .wait()
            .interrupted();
    }
    place.ade("worker --drain -q").success();
    place.is_sound(&run, "failed", &[]);
    let shown = place.json(&format!("runs show {run} --json"));
    let message = shown["error"]["message"].text();
    assert!(
        message.contains("the process that was building it died (attempt 3)"),
        "{message}"
    );
    // A new request does not get the former failure as its answer.
    place.remember_environments();
    place.ade(&format!("runs retry {run}")).success();
    place.ade("worker --drain -q").success();
    assert_eq!(place.statuses(), ["succeeded", "failed"]);
}

/// Simulates a mounted folder whose disk is not mounted.
#[test]
fn nothing_is_claimed_while_the_folder_of_runs_is_away() {
    let mut place = Place::cold();
    place.hurry();
    place.set("ADE_RUNS_DIR", place.path("mounted"));
    place.warm("config");
    let runs = [(); 5].map(|()| place.enqueue("config", "members.csv"));
    let (here, away) = (place.path("mounted"), place.path("away"));
    std::fs::rename(&here, &away).unwrap();
    std::fs::create_dir(&here).unwrap();
    let mut worker = place.start_worker("one");
    worker.wait_until_says("no run is claimed until its disk is mounted");
    // The worker releases the runs that it had claimed before.
    worker.wait_until_says("queued: cannot use the folder");
    std::fs::remove_dir(&here).unwrap();
    std::fs::rename(&away, &here).unwrap();
    for run in &runs {
        place.wait_for_status(run, "succeeded");
        assert_eq!(place.outcomes(run), ["succeeded"]);
    }
    let said = worker.stderr();
    worker.stops();
    assert_eq!(said.matches(": claimed").count(), 1 + runs.len(), "{said}");
}
