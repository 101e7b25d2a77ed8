//! `ade env gc`, and collection by a worker.

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use common::{Place, snapshot};
use serde_json::{Value, json};

/// A hundred days in milliseconds.
const LONG_AGO: i64 = 100 * 86_400_000;

fn environment_of(place: &Place, configuration: &str) -> Option<String> {
    let folder = place.path(configuration);
    let known = place.environments();
    let found = known
        .iter()
        .find(|environment| environment["configuration_path"] == folder.to_str().unwrap());
    found.map(|environment| environment["id"].as_str().unwrap().to_owned())
}

/// Makes the environments of a configuration unused for a hundred days.
fn cool(place: &Place, configuration: &str) {
    let id = configuration_id(place, configuration);
    place.change(&format!(
        "UPDATE environments SET last_used_at = last_used_at - {LONG_AGO}, updated_at = updated_at - {LONG_AGO} WHERE configuration_id = '{id}'"
    ));
}

/// Makes the last run of a configuration a hundred days old.
fn forget(place: &Place, configuration: &str) {
    let id = configuration_id(place, configuration);
    place.change(&format!(
        "UPDATE configurations SET last_run_at = last_run_at - {LONG_AGO} WHERE id = '{id}'"
    ));
}

fn configuration_id(place: &Place, configuration: &str) -> String {
    let path = place.path(configuration);
    place.query(&format!(
        "SELECT id FROM configurations WHERE path = '{}'",
        path.display()
    ))
}

/// Makes everything in a folder a day old.
fn age(folder: &Path) {
    let day_ago = SystemTime::now() - Duration::from_secs(86_400);
    File::open(folder).unwrap().set_modified(day_ago).unwrap();
}

fn removed(report: &Value) -> Vec<&str> {
    report["removed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|removed| removed["id"].as_str().unwrap())
        .collect()
}

#[test]
fn an_environment_goes_only_when_it_is_cold_unused_and_of_no_active_configuration() {
    let place = Place::new();
    place.members("members.csv");
    for name in ["active", "cold", "lately", "needed"] {
        place.configuration(name);
        place.warm(name);
    }
    place.configuration("waiting");
    place.ade("run active members.csv --dry-run -q").succeeds();
    place.enqueue("needed", "members.csv");
    place.enqueue("waiting", "members.csv");
    for name in ["active", "cold", "needed", "waiting"] {
        cool(&place, name);
    }
    for name in ["needed", "waiting"] {
        forget(&place, name);
    }
    let cold = environment_of(&place, "cold").unwrap();
    let folder: String = place.query(&format!(
        "SELECT folder FROM environments WHERE id = '{cold}'"
    ));

    snapshot!(place, place.ade("env gc --dry-run"), @r"
    status 0
    --- stdout
    would be deleted environment [SHORT-ID] people [SIZE] (unused, and its configuration is not active)
    kept 1 environment (a run needs it)
    kept 1 environment (its build has not ended)
    kept 1 environment (its configuration is active)
    kept 1 environment (used recently)
    [SIZE] would be freed
    ");
    assert!(Path::new(&folder).exists(), "a dry run deletes nothing");
    let would = place.ade("env gc --dry-run --json").succeeds().json();
    let report = place.ade("env gc --json").succeeds().json();
    assert_eq!(removed(&report), [cold.as_str()]);
    assert_eq!(removed(&would), removed(&report));
    assert_eq!(
        (&would["dry_run"], &report["dry_run"], &report["deleted"]),
        (&true.into(), &false.into(), &1.into())
    );
    assert_eq!(
        report["skipped"],
        json!({"a run needs it": 1, "its configuration is active": 1, "its build has not ended": 1, "used recently": 1})
    );
    assert_eq!(report["failed"], json!([]));
    assert!(report["bytes_freed"].as_u64().unwrap() > 0);
    assert!(report["scanned"].as_u64().unwrap() >= 5);
    // The folder of the environment's key is deleted too.
    assert!(!Path::new(&folder).parent().unwrap().exists());
    assert_eq!(environment_of(&place, "cold"), None);

    let again = place.ade("env gc --json").succeeds().json();
    assert_eq!(removed(&again), Vec::<&str>::new());
    assert_eq!(again["bytes_freed"], 0);
    // Kept environments work, and deleted ones are built again.
    place.ade("worker --drain -q").succeeds();
    place.ade("run cold members.csv -q").succeeds();
    assert_eq!(place.statuses()[0], "succeeded");
}

#[test]
fn a_configuration_whose_folder_is_gone_is_not_active_and_one_that_was_activated_is() {
    let place = Place::new();
    place.members("members.csv");
    for name in ["gone", "activated"] {
        place.configuration(name);
        place.ade(&format!("run {name} members.csv -q")).succeeds();
        cool(&place, name);
    }
    forget(&place, "activated");
    let id = configuration_id(&place, "activated");
    place.change(&format!(
        "UPDATE configurations SET active = 1 WHERE id = '{id}'"
    ));
    let gone = environment_of(&place, "gone").unwrap();
    fs::remove_dir_all(place.path("gone")).unwrap();
    let report = place.ade("env gc --json").succeeds().json();
    assert_eq!(removed(&report), [gone.as_str()]);
    assert_eq!(report["skipped"], json!({"its configuration is active": 1}));
}

#[test]
fn what_a_changed_dependency_left_behind_goes_when_it_is_asked_for() {
    let place = Place::new();
    place.members("members.csv");
    let configuration = place.configuration("config");
    place.ade("run config members.csv -q").succeeds();
    let old = environment_of(&place, "config").unwrap();
    configuration.depend_on(&["et-xmlfile"]);
    place.ade("run config members.csv -q").succeeds();
    let warm = place.ade("env gc --superseded --json").succeeds().json();
    assert_eq!(removed(&warm), Vec::<&str>::new());
    cool(&place, "config");
    let kept = place.ade("env gc --json").succeeds().json();
    assert_eq!(kept["skipped"], json!({"its configuration is active": 2}));
    let report = place.ade("env gc --superseded --json").succeeds().json();
    assert_eq!(removed(&report), [old.as_str()]);
    assert_eq!(
        report["removed"][0]["reason"],
        "unused, and superseded by a newer one"
    );
    let again = place.ade("env gc --superseded --json").succeeds().json();
    assert_eq!(removed(&again), Vec::<&str>::new());
    place.ade("run config members.csv -q").succeeds();
    assert_eq!(place.environments().len(), 1);
}

#[test]
fn a_time_to_live_is_a_flag_and_zero_means_never() {
    let place = Place::new();
    place.configuration("config");
    place.warm("config");
    cool(&place, "config");
    for line in ["env gc --ttl-days 0 --json", "env gc --ttl-days 101 --json"] {
        let report = place.ade(line).succeeds().json();
        assert_eq!(removed(&report), Vec::<&str>::new(), "{line}");
    }
    place.ade("env gc --ttl-days soon").ends_with(2);
    let report = place.ade("env gc --ttl-days 99.5 --json").succeeds().json();
    assert_eq!(removed(&report).len(), 1);
}

#[test]
fn folders_that_no_record_knows_go_when_they_are_old() {
    let place = Place::new();
    place.configuration("config");
    place.warm("config");
    let key: PathBuf = {
        let folder: String = place.query("SELECT folder FROM environments");
        Path::new(&folder).parent().unwrap().to_owned()
    };
    let orphan = key.join("01990000-0000-7000-8000-000000000000");
    let young = key.join("01990000-0000-7000-8000-000000000001");
    let trash = key.join(".trash-1");
    let run = place.run_folder("01990000-0000-7000-8000-000000000002");
    for folder in [&orphan, &young, &trash, &run] {
        place.write(folder.join("inside/file"), "some bytes");
    }
    age(&orphan);
    age(&run);
    let report = place.ade("env gc --json").succeeds().json();
    let mut gone = removed(&report);
    gone.sort_unstable();
    let mut wanted = [&orphan, &trash, &run].map(|folder| folder.to_str().unwrap());
    wanted.sort_unstable();
    assert_eq!(gone, wanted);
    assert!(!orphan.exists() && !trash.exists() && !run.exists());
    assert!(young.exists(), "a process may be about to record it");
    assert_eq!(
        removed(&place.ade("env gc --json").succeeds().json()),
        Vec::<&str>::new()
    );
    // The environment itself still works.
    place.members("members.csv");
    place.ade("run config members.csv -q").succeeds();
}

#[test]
fn files_of_runs_go_with_time_and_their_records_stay() {
    let place = Place::new();
    place.configuration("config");
    place.people();
    place.warm("config");
    place.ade("run config people.csv -q").succeeds();
    let old = place.latest_run()["id"].as_str().unwrap().to_owned();
    let cancelled = place.enqueue("config", "people.csv");
    place.ade(&format!("runs cancel {cancelled}")).succeeds();
    place.change(&format!(
        "UPDATE runs SET completed_at = completed_at - {LONG_AGO}"
    ));
    place.ade("run config people.csv -q").succeeds();
    let new = place.latest_run()["id"].as_str().unwrap().to_owned();
    let waiting = place
        .ade(&format!("runs retry {old} --json"))
        .succeeds()
        .json();
    let held = place.ade("env gc --json").succeeds().json();
    assert_eq!(removed(&held), [cancelled.as_str()]);
    assert_eq!(held["skipped"]["a retry of it has not ended"], 1);
    place.ade("worker --drain -q").succeeds();
    assert_eq!(
        place.status_of(waiting["id"].as_str().unwrap()),
        "succeeded"
    );
    let report = place.ade("env gc --json").succeeds().json();
    assert_eq!(removed(&report), [old.as_str()]);
    assert!(!place.run_folder(&old).exists() && place.run_folder(&new).exists());
    assert_eq!(place.statuses().len(), 4);
    place
        .ade(&format!("runs show {old}"))
        .succeeds()
        .prints("succeeded");
    place.ade(&format!("logs tail {old} -f")).succeeds();
    place
        .ade(&format!("runs retry {old}"))
        .ends_with(2)
        .says("is gone");
    assert_eq!(
        removed(&place.ade("env gc --json").succeeds().json()),
        Vec::<&str>::new()
    );
}

#[test]
fn a_worker_collects_unless_it_is_told_not_to() {
    let mut place = Place::new();
    place.hurry();
    place.configuration("config");
    place.warm("config");
    cool(&place, "config");
    let mut careful = place.start_worker_with("careful", "--no-gc");
    careful.wait_until_says("looking for work");
    careful.signal(libc::SIGTERM);
    careful.wait().succeeds();
    place.set("ADE_WORKER_ENABLE_GC", "0");
    let mut forbidden = place.start_worker("forbidden");
    forbidden.wait_until_says("looking for work");
    forbidden.signal(libc::SIGTERM);
    forbidden.wait().succeeds();
    assert_eq!(place.environments().len(), 1);
    place.set("ADE_WORKER_ENABLE_GC", "1");
    let mut worker = place.start_worker("one");
    worker.wait_until_says("deleted 1 item, ");
    worker.signal(libc::SIGTERM);
    worker.wait().succeeds();
    assert!(place.environments().is_empty());
}

#[test]
fn without_a_database_there_is_nothing_to_collect() {
    let place = Place::new();
    let report = place.ade("env gc --json").succeeds().json();
    assert_eq!((removed(&report).len(), &report["scanned"]), (0, &0.into()));
}
