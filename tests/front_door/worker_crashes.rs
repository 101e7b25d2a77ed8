//! Real workers that die or freeze: no run is lost, executed twice or stuck. Every moment between any two steps is in tests/simulation.
//!
//! A run is held where the test wants it by a configuration that waits for a file; then the worker is killed or stopped there.
//! Time decides nothing. Workers that are killed at random while they execute a queue are in hosts.rs.

use crate::common;
use crate::runs_cancel::{family, stubborn};

use std::fs;

use common::{Place, Printed, is_alive, wait_for, wait_for_death};
use libc::{SIGCONT, SIGTERM};

#[test]
fn a_worker_killed_in_the_middle_of_the_engine_leaves_a_run_that_the_next_one_does() {
    let (place, run, worker) = Place::busy("one");
    let run_itself = place.wait_until_held(1)[0];
    let engines = common::engines_of(&place.path(""));
    assert!(engines.iter().any(|engine| engine.id == run_itself));
    worker.dies();
    engines.iter().for_each(|engine| wait_for_death(engine.id));
    place.let_go();
    place.ade("worker --drain -q").success();
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
    let counts = place.event_counts(&run);
    assert_eq!((counts["run.start"], counts["run.recovered"]), (2, 1));
    let artifact = place.artifact(&format!("data/workspaces/default/runs/{run}"));
    assert_eq!(artifact["run"]["attempt"], 2);
    assert!(place.worker_locks().is_empty());
    place.nothing_runs();
}

#[test]
fn a_dead_process_is_found_whatever_its_host_was_called() {
    let (place, run, first) = Place::busy("first");
    // The host has another name, as in a new container, or after a backup was restored on another machine; and the recorded path of
    // the lock file leads nowhere here, as if the data directory were mounted elsewhere.
    place.change("UPDATE workers SET host = 'another', lock_path = '/elsewhere/' || lock_path");
    let second = place.start_worker("second");
    first.dies();
    // The second worker finds it at once: its lease would hold for much longer than this test waits.
    place.wait_until_held(2);
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    second.signal(SIGTERM);
    let end = second.wait().success();
    end.says("its process died, queued now");
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
}

#[test]
fn of_a_process_whose_lock_file_cannot_be_examined_nothing_is_known() {
    let (place, run, worker) = Place::busy("one");
    let locks = place.worker_locks();
    let (here, away) = (place.path("data/db/workers"), place.path("elsewhere"));
    fs::rename(&here, &away).unwrap();
    // The lock file is neither there nor missing.
    fs::write(&here, "").unwrap();
    place.ade("runs ls").success();
    // No attempt is taken for lost, since an attempt is recorded when it ends.
    assert_eq!(place.status_of(&run), "running");
    assert_eq!(place.outcomes(&run), Vec::<String>::new());
    fs::remove_file(&here).unwrap();
    // A process recreates its lock file if it is deleted.
    wait_for("its lock file", || place.worker_locks() == locks);
    place.ade("runs ls").success();
    assert_eq!(place.status_of(&run), "running");
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    place.is_sound(&run, "succeeded", &["succeeded"]);
    assert_eq!(place.worker_locks(), Vec::<String>::new());
    assert_eq!(place.query::<i64>("SELECT count(*) FROM workers"), 0);
}

#[test]
fn what_was_in_flight_when_a_backup_was_made_is_put_back_at_once() {
    let (place, run, worker) = Place::busy("one");
    let (database, backup) = (
        place.path("data/db/ade.sqlite"),
        place.path("backup.sqlite"),
    );
    place.change(&format!("VACUUM INTO '{}'", backup.display()));
    for extra in ["-wal", "-shm"] {
        fs::remove_file(place.path(format!("data/db/ade.sqlite{extra}"))).unwrap();
    }
    fs::rename(&backup, &database).unwrap();
    place.let_go();
    // A worker whose database is replaced claims nothing more.
    worker.wait().code(5).says("was replaced while it was open");
    let _ = fs::remove_dir_all(place.path("data/db/workers"));
    assert_eq!(place.status_of(&run), "running");
    place.ade("runs ls").success();
    assert_eq!(place.status_of(&run), "queued");
    assert_eq!(place.query::<i64>("SELECT count(*) FROM workers"), 0);
    place.ade("worker --drain -q").success();
    assert_eq!(place.status_of(&run), "succeeded");
    assert_eq!(place.outcomes(&run), ["lost", "succeeded"]);
}

#[test]
fn the_record_of_a_dead_process_keeps_no_lease_from_ending() {
    let (place, run, worker) = Place::busy("one");
    worker.dies();
    // No dead process can be found for this claim, so that only its lease says that it ended.
    place.change("UPDATE queue SET claim_process = NULL, claim_expires_at = 1");
    fs::remove_dir_all(place.path("data/db/workers")).unwrap();
    place.let_go();
    // A third of a lease is longer than this test waits.
    place.ade("worker --drain -q").success();
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
}

#[test]
fn a_run_of_a_worker_that_died_fails_where_that_is_wanted_or_its_attempts_are_used_up() {
    for (name, value) in [("ADE_WORKER_MAX_ATTEMPTS", "1"), ("ADE_RECOVERY", "fail")] {
        let mut place = Place::held("");
        place.set(name, value);
        let (run, worker) = place.begun("one");
        worker.dies();
        place.let_go();
        place.ade("worker --drain -q").success();
        place.is_sound(&run, "failed", &["lost"]);
        let artifact = place.artifact(place.run_folder(&run).to_str().unwrap());
        assert!(artifact["environment"]["packages"].is_array(), "{artifact}");
        let shown = place.json(&format!("runs show {run} --json"));
        assert_eq!(shown["error"], artifact["run"]["error"], "{name}");
        if name == "ADE_RECOVERY" {
            assert_eq!(shown["error"]["code"], "worker_died");
            assert_eq!(shown["error"]["hint"], "`ade runs retry` runs it again");
            place.ade(&format!("runs retry {run}")).success();
            place.ade("worker --drain -q").success();
            assert_eq!(place.statuses(), ["succeeded", "failed"]);
        }
    }
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux shows which run a process belongs to"
)]
fn what_the_configuration_started_does_not_outlive_a_killed_worker() {
    let place = stubborn();
    let run = place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    let left = family(&place);
    worker.dies();
    // One process has left the group of the run, which ends with the worker.
    wait_for_death(left[0]);
    assert!(is_alive(left[1]));
    place.ade(&format!("runs cancel {run}")).success();
    place.ade("worker --drain -q").success();
    left.into_iter().for_each(wait_for_death);
    place.is_sound(&run, "cancelled", &["lost"]);
}

#[test]
fn a_worker_that_froze_while_its_run_goes_on_elsewhere_stops_its_engine() {
    let mut place = Place::held("");
    place.set("ADE_WORKER_LEASE_SECONDS", "1.5");
    let run = place.enqueue("config", "members.csv");
    let mut frozen = place.start_worker("frozen");
    let engine = place.wait_until_held(1)[0];
    frozen.freezes();
    let healthy = place.start_worker("healthy");
    place.wait_until_held(2);
    frozen.signal(SIGCONT);
    frozen.wait_until_says("the claim was lost; this worker writes nothing more");
    wait_for_death(engine);
    assert_eq!(
        place.status_of(&run),
        "running",
        "the new owner is undisturbed"
    );
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    healthy.stops();
    place.is_sound(&run, "succeeded", &["lost", "succeeded"]);
    let worker: String = place.query(&format!(
        "SELECT worker FROM run_attempts WHERE run_id = '{run}' AND attempt = 2"
    ));
    assert!(worker.starts_with("healthy"), "{worker}");
    // The other worker continues with other work.
    let next = place.enqueue("config", "members.csv");
    place.wait_for_status(&next, "succeeded");
    frozen.stops();
    place.nothing_runs();
}

#[test]
fn every_command_that_looks_at_runs_settles_what_a_killed_ade_run_left() {
    let place = Place::held("");
    for (number, look) in ["runs show", "logs tail", "top --once", "runs cancel latest"]
        .into_iter()
        .enumerate()
    {
        let running = place.start("run config members.csv -q");
        place.wait_until_held(number + 1);
        let run = place.latest_id();
        assert_eq!(place.status_of(&run), "running");
        running.dies();
        place.nothing_runs();
        let cancels = look.starts_with("runs cancel");
        place.ade(look).success();
        // No process executes the run, so a cancel ends it at once; without a recovery the run would stay as it is.
        let status = if cancels { "cancelled" } else { "queued" };
        assert_eq!(place.status_of(&run), status, "{look}");
        if !cancels {
            place.ade(&format!("runs cancel {run}")).success();
        }
        place.ade(&format!("runs rm {run}")).success();
    }
    // A follower that would wait for ever gets the reason.
    let running = place.start("run config members.csv -q");
    place.wait_until_held(5);
    let mut follower = place.start("logs tail -f");
    follower.wait_until_prints("engine.workbook.started");
    running.dies();
    follower.wait_until_says("the run waits, and no worker is running");
    place.ade("runs cancel latest").success();
    follower.wait().code(130);
}
