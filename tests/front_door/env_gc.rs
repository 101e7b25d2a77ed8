//! `ade env gc` beside a run that continues, a worker and a build. `tests/cli/env-gc.md` has which environments are deleted,
//! `tests/cli/env-gc-files.md` which files, and `tests/cli/cache-gc.md` which parts of the cache.

use crate::common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use common::{Place, Told};

/// Makes a folder this many days old.
fn age(folder: &Path, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 86_400);
    File::open(folder).unwrap().set_modified(then).unwrap();
}

/// The folder of the one environment.
fn environment_folder(place: &Place) -> PathBuf {
    place
        .path("data")
        .join(place.query::<String>("SELECT folder FROM environments"))
}

#[test]
fn an_environment_that_a_run_has_open_stays_whatever_the_records_say() {
    let (place, gate) = Place::gated();
    // A module that the run has not imported yet.
    let late = "import openpyxl.chart";
    place.configuration("config").wait_at_with(&gate, "", late);
    let old = environment_folder(&place);
    let run = place.start("run config members.csv -q");
    gate.wait_until_reached();
    place.ade("env build config --force -q").success();
    let new = environment_folder(&place);
    assert_ne!(old, new);
    age(&old, 1);
    // The new one is needed by its record, the old one by the process that has it open.
    let report = place.json("env gc --json");
    assert_eq!(report["skipped"]["a run needs it"], 2, "{report}");
    assert!(old.join(".ready").exists());
    gate.open();
    run.wait().success();
    // The run has left its warnings there, which makes the folder newer.
    age(&old, 1);
    let report = place.json("env gc --json");
    assert_eq!(report["removed"].texts("id"), [old.to_str().unwrap()]);
    assert!(!old.exists() && new.join(".ready").exists());
}

#[test]
fn a_worker_collects_unless_it_is_told_not_to() {
    let mut place = Place::ready();
    place.hurry();
    place.change("UPDATE environments SET last_used_at = 0, updated_at = 0");
    for (setting, flag, words) in [
        ("1", "--no-gc", "looking for work"),
        ("0", "", "looking for work"),
        ("1", "", "deleted 1 item, "),
    ] {
        assert_eq!(place.environments().len(), 1);
        place.set("ADE_WORKER_ENABLE_GC", setting);
        let mut worker = place.start_worker_with("one", flag);
        worker.wait_until_says(words);
        worker.stops();
    }
    assert!(place.environments().is_empty());
}

#[test]
fn a_build_that_is_under_way_keeps_the_whole_cache() {
    let mut place = Place::ready();
    let engine = fs::read_dir(place.path("home/.cache/ade/engine"))
        .unwrap()
        .next();
    let engine = engine.unwrap().unwrap().path();
    // The build is for another data directory.
    let gate = place.hold_installs();
    let building = place.start("env build config --data-dir elsewhere");
    gate.wait_until_reached();
    age(&engine, 100);
    place.ade("env gc").success();
    assert!(engine.exists());
    building.dies();
    gate.open();
}
