//! `ade logs tail -f` while workers die and others start: it loses no line and ends with the run.
use crate::common;
use common::{Place, Printed, Running};

/// Checks that a follower with `--json --level debug` printed the whole log.
#[track_caller]
fn printed_all(place: &Place, run: &str, end: &common::Assert) {
    assert_eq!(end.records(), place.events(run));
}

fn follow(place: &Place, run: &str) -> Running {
    place.start(&format!("logs tail {run} -f --json --level debug"))
}

#[test]
fn a_run_is_followed_to_its_end_and_its_status_taken_over() {
    let place = Place::new();
    let gate = place.gate("gate");
    place
        .configuration("config")
        .wait_at_with(&gate, "", "raise ValueError(\"no more\")");
    place.members("members.csv");
    place.warm("config");
    let running = place.start("run config members.csv");
    gate.wait_until_reached();
    let mut followers = [
        place.start("logs tail -f"),
        place.start("logs tail latest -f --json -n 1"),
    ];
    followers[0].wait_until_prints("run.start");
    followers[1].wait_until_prints("\"event\"");
    gate.open();
    running.wait().code(1);
    let [readable, json] = followers.map(|follower| follower.wait().code(1));
    let lines = readable.printed();
    let last = lines.lines().last().unwrap();
    assert!(last.ends_with("run.complete failed"), "{readable}");
    // The error appears once, with the author's own file.
    assert_eq!(
        readable.printed().matches("no more").count(),
        2,
        "{readable}"
    );
    readable.prints("config/src/ade_config/hooks/");
    readable.stdout_lacks("snapshots/");
    let records = json.records();
    assert_eq!(records.last().unwrap()["event"], "run.complete");
}

#[test]
fn a_follower_goes_on_across_attempts_and_the_restart_of_the_worker() {
    let place = Place::held("");
    let run = place.enqueue("config", "members.csv");
    let mut early = follow(&place, &run);
    early.wait_until_prints("run.queued");
    let first = place.start_worker("first");
    place.wait_until_held(1);
    let mut late = follow(&place, &run);
    late.wait_until_prints("engine.workbook.started");
    first.dies();
    let second = place.start_worker("second");
    early.wait_until_prints("run.recovered");
    place.wait_until_held(2);
    place.let_go();
    for follower in [early, late] {
        printed_all(&place, &run, &follower.wait().success());
    }
    second.stops();
    assert_eq!(place.event_counts(&run)["run.start"], 2);
}

#[test]
fn a_follower_ends_with_the_runs_own_status() {
    let place = Place::held("");
    place.let_go();
    let cancelled = place.enqueue("config", "members.csv");
    let mut follower = follow(&place, &cancelled);
    follower.wait_until_prints("run.queued");
    // Ctrl-C ends the following alone.
    let mut another = follow(&place, &cancelled);
    another.wait_until_prints("run.queued");
    another.signal(libc::SIGINT);
    another.wait().code(130);
    place.ade(&format!("runs cancel {cancelled}")).success();
    printed_all(&place, &cancelled, &follower.wait().code(130));

    place.write("broken.xlsx", "none");
    let failed = place.enqueue("config", "broken.xlsx");
    let follower = follow(&place, &failed);
    place.ade("worker --drain -q").success();
    printed_all(&place, &failed, &follower.wait().code(1));
}
