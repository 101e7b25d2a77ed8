//! `ade backup` while something is written and while a worker has a run. The rest is in `tests/cli/backup.md` and `tests/api/backup.md`.

use crate::common;

use std::fs;

use common::{Place, Told};

#[test]
fn a_run_that_a_worker_had_is_executed_again_at_once() {
    let (mut place, begun, worker) = Place::busy("one");
    place.ade("backup kept.tar.gz").success();
    place.let_go();
    place.wait_for_status(&begun, "succeeded");
    worker.stops();
    place.set("ADE_DATA_DIR", "again");
    assert_eq!(place.json("restore kept.tar.gz --json")["recovered"], 1);
    assert_eq!(place.statuses(), ["queued"]);
    place.ade("worker --drain -q").success();
    assert_eq!(place.statuses(), ["succeeded"]);
}

#[test]
fn a_backup_is_consistent_however_much_is_written_meanwhile() {
    let mut place = Place::cold();
    place.ade("run config members.csv --detach -q").success();
    let submitting = place.start("run config members.csv members.csv members.csv --detach -q");
    for round in 0..3 {
        place.ade(&format!("backup {round}.tar.gz")).success();
    }
    submitting.wait().success();
    for round in 0..3 {
        place.set("ADE_DATA_DIR", format!("data{round}"));
        place.ade(&format!("restore {round}.tar.gz")).success();
        // The backup has the input of each run that it knows.
        let runs = place.json("runs ls --json");
        for run in runs.list() {
            let folder = run["run_dir"].text();
            assert!(
                fs::metadata(format!("{folder}/input/members.csv")).is_ok(),
                "{run}"
            );
        }
        assert!(!runs.list().is_empty());
    }
}
