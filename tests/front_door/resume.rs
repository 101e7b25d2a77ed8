//! `ade resume`: a pause ends, whenever it was made.

use crate::common;

use common::Place;

#[test]
fn a_pause_outlives_workers_and_ends_once() {
    let place = Place::ready();
    place.ade("run config members.csv --detach").succeeds();
    place.ade_says("resume", "Nothing was paused by that");
    place.ade("pause --reason weekend").succeeds();
    // Each of these is a worker of its own.
    for _ in 0..2 {
        place.ade_fails("worker --drain", 1, "paused");
    }
    place.ade_fails("resume --config nobody", 2, "configuration_not_found");
    place.ade_says("resume", "everything is resumed");
    let again = place.json("resume --json");
    assert!(again["resumed"].is_null(), "{again}");
    place.ade("worker --drain").succeeds();
    assert_eq!(place.statuses(), ["succeeded"]);
}
