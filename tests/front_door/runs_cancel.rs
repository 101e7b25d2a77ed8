//! `ade runs cancel`.

use crate::common;

use std::time::Instant;

use common::{Place, Told, is_alive, snapshot, wait_for, wait_for_death};

#[test]
fn a_run_is_cancelled_by_a_command() {
    let place = Place::held("");
    a_run_that_waits_is_cancelled_at_once(&place);
    ade_run_in_another_terminal_is_cancelled_too(&place);
}

fn a_run_that_waits_is_cancelled_at_once(place: &Place) {
    let run = place.enqueue("config", "members.csv");
    snapshot!(place, place.ade("runs cancel latest"), @r"
    status 0
    --- stdout
    [ID] members.csv cancelled
    ");
    place.is_sound(&run, "cancelled", &[]);
    assert_eq!(place.event_counts(&run)["run.cancel_requested"], 1);
    snapshot!(place, place.ade("runs cancel latest"), @r"
    status 2
    --- stderr
    error: run [ID] has ended already: cancelled
    ");
    // No worker takes it.
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.statuses(), ["cancelled"]);
}

fn ade_run_in_another_terminal_is_cancelled_too(place: &Place) {
    let running = place.start("run config members.csv -q");
    place.wait_until_held(1);
    place.ade("runs cancel latest").succeeds();
    running.wait().ends_with(130);
    let run = place.latest_id();
    place.is_sound(&run, "cancelled", &["cancelled"]);
}

#[test]
fn a_run_in_progress_is_stopped_by_its_worker_within_a_second_or_so() {
    let (place, run, worker) = Place::busy("one");
    let engine = place.wait_until_held(1)[0];
    let asked = Instant::now();
    let answer = place.json(&format!("runs cancel {run} --json"));
    assert_eq!(answer["cancel_requested"], true);
    // A second request changes nothing, whether the run has ended or not.
    let again = place.ade(&format!("runs cancel {run}"));
    assert!([0, 2].contains(&again.status), "{again}");
    place.wait_for_status(&run, "cancelled");
    eprintln!("cancelled {:?} after it was asked for", asked.elapsed());
    wait_for_death(engine);
    let took: i64 = place.query(&format!(
        "SELECT completed_at - cancel_requested_at FROM runs WHERE id = '{run}'"
    ));
    // The lease is renewed every five minutes, so the request is not noticed by a heartbeat here.
    assert!(took < 60_000, "{took} ms");
    place.is_sound(&run, "cancelled", &["cancelled"]);
    assert_eq!(place.event_counts(&run)["run.cancel_requested"], 1);
    // The worker keeps running.
    place.let_go();
    let next = place.enqueue("config", "members.csv");
    place.wait_for_status(&next, "succeeded");
    worker.stops();
}

/// A configuration whose run starts a child that ignores TERM.
const STUBBORN: &str = "import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP INT; while :; do sleep 0.1; done'])
(PLACE / 'grandchild').write_text(str(child.pid))
stranger = subprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP INT; while :; do sleep 0.1; done'], start_new_session=True)
(PLACE / 'stranger').write_text(str(stranger.pid))";

/// The processes that such a run has started.
pub fn family(place: &Place) -> Vec<i32> {
    let names = ["grandchild", "stranger"];
    let has_started =
        |name: &str| std::fs::read_to_string(place.path(name)).is_ok_and(|text| !text.is_empty());
    wait_for("the family", || names.iter().all(|name| has_started(name)));
    names.map(|name| place.read(name).parse().unwrap()).to_vec()
}

#[test]
fn a_cancel_ends_children_that_ignore_sigterm_and_such_as_left_the_group() {
    let place = stubborn();
    let run = place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    let engine = place.wait_until_held(1)[0];
    let family = family(&place);
    assert!(family.iter().all(|process| is_alive(*process)));
    place.ade("runs cancel latest").succeeds();
    place.wait_for_status(&run, "cancelled");
    wait_for_death(engine);
    if std::path::Path::new("/proc/self/environ").exists() {
        family.into_iter().for_each(wait_for_death);
    }
    worker.stops();
    place.is_sound(&run, "cancelled", &["cancelled"]);
    place.nothing_runs();
}

/// A configuration whose process leaves the group. Where runs are confined none can.
pub fn stubborn() -> Place {
    let mut place = Place::held(STUBBORN);
    place.set("ADE_SANDBOX", "off");
    place
}

#[test]
fn a_timeout_ends_them_too() {
    let place = stubborn();
    // On a busy machine a second may pass before all processes have started.
    for seconds in [1, 8, 64] {
        place
            .ade(&format!(
                "run config members.csv --detach --timeout {seconds} -q"
            ))
            .succeeds();
        place.ade("worker --drain -q").succeeds();
        if place.path("stranger").exists() {
            break;
        }
    }
    let run = place.latest_run();
    assert_eq!(run["error"]["code"], "timeout");
    family(&place).into_iter().for_each(wait_for_death);
    // The limit would be hit again, so it is final.
    place.is_sound(run["id"].text(), "failed", &["failed"]);
}

#[test]
fn a_cancel_is_not_forgotten_when_the_worker_dies_or_releases_the_run() {
    let (place, run, worker) = Place::busy("one");
    worker.freezes();
    place.ade(&format!("runs cancel {run}")).succeeds();
    worker.dies();
    place.ade("worker --drain -q").succeeds();
    place.is_sound(&run, "cancelled", &["cancelled"]);
}

#[test]
fn an_environment_that_only_cancelled_runs_wanted_is_built_for_nobody() {
    let mut place = Place::cold();
    place.hurry();
    let first = place.enqueue("config", "members.csv");
    let second = place.enqueue("config", "members.csv");
    place.ade(&format!("runs cancel {first}")).succeeds();
    assert_eq!(place.environments().len(), 1, "the other run needs it");
    place.ade(&format!("runs cancel {second}")).succeeds();
    assert_eq!(place.environments().len(), 0);
    let worked = place.ade("worker --drain").succeeds();
    worked.stderr_lacks("building");
}

#[test]
fn filters_choose_what_is_cancelled_and_ended_runs_stay() {
    let place = Place::ready();
    place.write("other.csv", place.read("members.csv"));
    place.ade("run config members.csv -q").succeeds();
    for _ in 0..2 {
        place.enqueue("config", "members.csv");
    }
    let kept = place.enqueue("config", "other.csv");
    let line = "runs cancel --input members.csv --since 1h";
    place.ade_says(&format!("{line} --dry-run"), "2 runs would be cancelled");
    let told = place.ade(&format!("{line} --dry-run --json")).succeeds();
    assert_eq!(told.records().len(), 2, "{told}");
    assert_eq!(
        place.statuses(),
        ["queued", "queued", "queued", "succeeded"]
    );
    place.ade_says(line, "2 runs cancelled");
    assert_eq!(
        place.statuses(),
        ["queued", "cancelled", "cancelled", "succeeded"]
    );
    place.ade_says("runs cancel --status running", "0 runs cancelled");
    place.ade_fails(&format!("runs cancel {kept} --status queued"), 2, "usage");
    // Of several named ones those that are there are cancelled.
    let [one, two] = [0, 1].map(|_| place.enqueue("config", "members.csv"));
    place.ade_refuses(
        &format!("runs cancel {one} nonsense {two}"),
        "there is no run \"nonsense\"",
    );
    assert_eq!(place.statuses()[..3], ["cancelled", "cancelled", "queued"]);
    place.ade_fails("runs cancel", 2, "usage");
    // Elsewhere than on a terminal nothing is asked, however many there are.
    for _ in 0..12 {
        place.enqueue("config", "members.csv");
    }
    place.ade_says(
        "runs cancel --configuration config --status queued",
        "13 runs cancelled",
    );
}
