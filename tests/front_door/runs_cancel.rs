//! `ade runs cancel` of runs in progress; the rest is in `tests/cli/runs-cancel.md`.

use crate::common;

use common::{Place, Printed, Told, is_alive, wait_for, wait_for_death};

#[test]
fn a_run_in_progress_is_stopped_by_its_worker_within_a_second_or_so() {
    let (place, run, worker) = Place::busy("one");
    let engine = place.wait_until_held(1)[0];
    place.ade_prints("runs show latest", "running");
    place.ade_prints("env show config", "1 run");
    place.ade_refuses("runs rm latest", "is running");
    let answer = place.json(&format!("runs cancel {run} --json"));
    assert_eq!(answer["cancel_requested"], true);
    // A second request changes nothing, whether the run has ended or not.
    let again = place.ade(&format!("runs cancel {run}"));
    assert!([Some(0), Some(2)].contains(&again.status()), "{again}");
    place.wait_for_status(&run, "cancelled");
    wait_for_death(engine);
    let took: i64 = place.query(&format!(
        "SELECT completed_at - cancel_requested_at FROM runs WHERE id = '{run}'"
    ));
    // The lease is renewed every five minutes, so the request is not noticed by a heartbeat here.
    assert!(took < 60_000, "{took} ms");
    place.is_sound(&run, "cancelled", &["cancelled"]);
    assert_eq!(place.event_counts(&run)["run.cancel_requested"], 1);
    // The worker keeps running. `ade run` in another terminal is cancelled, too.
    let running = place.start("run config members.csv -q");
    place.wait_until_held(2);
    place.ade("runs cancel latest").success();
    running.wait().code(130);
    place.is_sound(&place.latest_id(), "cancelled", &["cancelled"]);
    place.let_go();
    let next = place.enqueue("config", "members.csv");
    place.wait_for_status(&next, "succeeded");
    worker.stops();
}

/// A configuration whose run starts children that ignore TERM.
const STUBBORN: &str = "import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for name, apart in ('grandchild', False), ('stranger', True):
    child = subprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP INT; while :; do sleep 0.1; done'], start_new_session=apart)
    (PLACE / name).write_text(str(child.pid))";

/// Returns the processes that such a run has started.
pub fn family(place: &Place) -> Vec<i32> {
    let names = ["grandchild", "stranger"];
    let has_started =
        |name: &str| std::fs::read_to_string(place.path(name)).is_ok_and(|text| !text.is_empty());
    wait_for("the family", || names.iter().all(|name| has_started(name)));
    names.map(|name| place.read(name).parse().unwrap()).to_vec()
}

/// Returns a place whose runs start a process that leaves the group, which no process of a confined run can do.
pub fn stubborn() -> Place {
    let mut place = Place::held(STUBBORN);
    place.set("ADE_SANDBOX", "off");
    place
}

#[test]
fn a_cancel_ends_children_that_ignore_sigterm_and_such_as_left_the_group() {
    let place = stubborn();
    let run = place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    let engine = place.wait_until_held(1)[0];
    let family = family(&place);
    assert!(family.iter().all(|process| is_alive(*process)));
    place.ade("runs cancel latest").success();
    place.wait_for_status(&run, "cancelled");
    wait_for_death(engine);
    if std::path::Path::new("/proc/self/environ").exists() {
        family.into_iter().for_each(wait_for_death);
    }
    worker.stops();
    place.is_sound(&run, "cancelled", &["cancelled"]);
    place.nothing_runs();
}

#[test]
fn a_timeout_ends_them_too() {
    let place = stubborn();
    // On a busy machine a second may pass before all processes have started.
    for seconds in [1, 8, 64] {
        let line = format!("run config members.csv --detach --timeout {seconds} -q");
        place.ade(&line).success();
        place.ade("worker --drain -q").success();
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
    place.ade(&format!("runs cancel {run}")).success();
    worker.dies();
    place.ade("worker --drain -q").success();
    place.is_sound(&run, "cancelled", &["cancelled"]);
}
