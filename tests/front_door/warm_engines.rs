//! Warm engines that die or are turned off. Runs in them are in `tests/cli/warm-engines.md`, and environments without one in
//! `tests/cli/warm-engines-none.md`.

use crate::common;

use std::fs;

use common::{Place, engines_of, is_alive, signal, wait_for};
use libc::SIGKILL;

/// Returns the processes that wait for runs.
fn warm(place: &Place) -> Vec<i32> {
    let engines = engines_of(&place.path("")).into_iter();
    let warm = engines.filter(|engine| engine.is_warm);
    warm.map(|engine| engine.id).collect()
}

#[test]
fn a_run_outlives_its_warm_engine_and_the_next_run_gets_another() {
    let mut place = Place::held("");
    place.set("ADE_WARM_ENGINES", "auto");
    let (run, worker) = place.begun("one");
    let engine = warm(&place);
    assert_eq!(engine.len(), 1, "{engine:?}");
    let fork = place.wait_until_held(1)[0];
    signal(engine[0], SIGKILL);
    wait_for("the end of the engine", || warm(&place).is_empty());
    assert!(is_alive(fork));
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    let next = place.enqueue("config", "members.csv");
    place.wait_for_status(&next, "succeeded");
    let before = warm(&place);
    assert_eq!(before.len(), 1);
    // The same holds for the engine of a rebuilt environment. If its folder is another one, the former engine keeps running until
    // it ends by itself.
    place.ade("env build --force config -q").success();
    let last = place.enqueue("config", "members.csv");
    place.wait_for_status(&last, "succeeded");
    let after = warm(&place);
    assert!(
        after.iter().any(|engine| !before.contains(engine)),
        "{before:?} {after:?}"
    );
    worker.stops();
    for run in [&run, &next, &last] {
        place.is_sound(run, "succeeded", &["succeeded"]);
    }
    place.nothing_runs();
}

#[test]
fn they_can_be_turned_off_and_one_file_at_a_terminal_needs_none() {
    let mut place = Place::held("");
    place.set("ADE_WARM_ENGINES", "auto");
    let starts = |place: &Place, count: usize| {
        let running = place.start("run config members.csv -q");
        place.wait_until_held(count);
        let warm = warm(place).len();
        place.let_go();
        running.wait().success();
        fs::remove_file(place.path("open")).unwrap();
        warm
    };
    assert_eq!(starts(&place, 1), 0);
    place.set("ADE_WARM_ENGINES", "1");
    assert_eq!(starts(&place, 2), 1);
    place.set("ADE_WARM_ENGINES", "0");
    let run = place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    place.wait_until_held(3);
    assert_eq!(warm(&place), Vec::<i32>::new());
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
}
