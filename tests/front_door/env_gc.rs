//! `ade env gc`, and collection by a worker.

use crate::common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use common::{Place, Told, snapshot};
use serde_json::{Value, json};

/// A hundred days in milliseconds.
const LONG_AGO: i64 = 100 * 86_400_000;

fn environment_of(place: &Place, configuration: &str) -> Option<String> {
    let folder = place.path(configuration);
    let known = place.environments();
    let found = known
        .iter()
        .find(|environment| environment["configuration_path"] == folder.to_str().unwrap());
    found.map(|environment| environment["id"].string())
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

fn removed(report: &Value) -> Vec<String> {
    report["removed"].texts("id")
}

/// The report of a collection with these flags.
#[track_caller]
fn collect(place: &Place, flags: &str) -> Value {
    place.json(&format!("env gc --json {flags}"))
}

/// The same, of a collection that removes nothing.
#[track_caller]
fn nothing_goes(place: &Place, flags: &str) -> Value {
    let report = collect(place, flags);
    assert!(removed(&report).is_empty(), "{report}");
    report
}

#[test]
fn an_environment_goes_only_when_it_is_cold_unused_and_so_is_its_configuration() {
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
    let folder = folder_of(&place, &cold);

    snapshot!(place, place.ade("env gc --dry-run"), @r"
    status 0
    --- stdout
    would be deleted environment [SHORT-ID] people [SIZE] (unused, and so is its configuration)
    kept 2 environments (a run needs it)
    kept 1 environment (its configuration was run recently)
    kept 1 environment (used recently)
    [SIZE] would be freed
    ");
    assert!(folder.exists(), "a dry run deletes nothing");
    let would = collect(&place, "--dry-run");
    let report = collect(&place, "");
    assert_eq!(removed(&report), [cold.as_str()]);
    assert_eq!(removed(&would), removed(&report));
    assert_eq!(
        (&would["dry_run"], &report["dry_run"], &report["deleted"]),
        (&true.into(), &false.into(), &1.into())
    );
    assert_eq!(
        report["skipped"],
        json!({"a run needs it": 2, "its configuration was run recently": 1, "used recently": 1})
    );
    assert_eq!(report["failed"], json!([]));
    assert!(report["bytes_freed"].as_u64().unwrap() > 0);
    assert!(report["scanned"].as_u64().unwrap() >= 5);
    // The folder of the environment's key is deleted too.
    assert!(!folder.parent().unwrap().exists());
    assert_eq!(environment_of(&place, "cold"), None);

    let again = nothing_goes(&place, "");
    assert_eq!(again["bytes_freed"], 0);
    // Kept environments work, and deleted ones are built again.
    place.ade("worker --drain -q").succeeds();
    place.ade("run cold members.csv -q").succeeds();
    assert_eq!(place.statuses()[0], "succeeded");
}

#[test]
fn a_configuration_whose_folder_is_gone_keeps_no_environment() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    cool(&place, "config");
    nothing_goes(&place, "");
    let gone = environment_of(&place, "config").unwrap();
    fs::remove_dir_all(place.path("config")).unwrap();
    assert_eq!(removed(&collect(&place, "")), [gone]);
}

#[test]
fn what_a_changed_dependency_left_behind_goes_when_it_is_asked_for() {
    let place = Place::cold();
    let configuration = place.configuration("config");
    place.ade("run config members.csv -q").succeeds();
    let old = environment_of(&place, "config").unwrap();
    configuration.depend_on(&["et-xmlfile"]);
    place.ade("run config members.csv -q").succeeds();
    nothing_goes(&place, "--superseded");
    cool(&place, "config");
    let kept = collect(&place, "");
    assert_eq!(
        kept["skipped"],
        json!({"its configuration was run recently": 2})
    );
    let report = collect(&place, "--superseded");
    assert_eq!(removed(&report), [old.as_str()]);
    assert_eq!(
        report["removed"][0]["reason"],
        "unused, and superseded by a newer one"
    );
    nothing_goes(&place, "--superseded");
    place.ade("run config members.csv -q").succeeds();
    assert_eq!(place.environments().len(), 1);
}

/// What a process of this place's database writes into what it owns.
fn mark(place: &Place) -> String {
    place.query::<String>("SELECT database_id FROM identity") + "\n"
}

/// The folder of an environment.
fn folder_of(place: &Place, id: &str) -> PathBuf {
    let sql = format!("SELECT folder FROM environments WHERE id = '{id}'");
    place.path("data").join(place.query::<String>(&sql))
}

/// The folder of the one environment.
fn environment_folder(place: &Place) -> PathBuf {
    folder_of(place, &place.query::<String>("SELECT id FROM environments"))
}

#[test]
fn folders_that_no_record_knows_go_with_proof_that_they_are_this_databases_own() {
    let place = Place::ready();
    let key = environment_folder(&place).parent().unwrap().to_owned();
    let mark = mark(&place);
    let others = "01990000-0000-7000-8000-00000000000d";
    let id = |number: u32| format!("01990000-0000-7000-8000-{number:012}");

    let own = key.join(id(0));
    place.write(own.join(".owner"), &mark);
    // What a deletion that was interrupted at its very end left.
    let locked = key.join(id(1));
    place.write(locked.join("build.lock"), "");
    let unrecorded = place.run_folder(&id(2));
    place.write(unrecorded.join(".unrecorded"), &mark);
    let elsewhere = place.path("data/workspaces/other/runs").join(id(3));
    place.write(elsewhere.join(".unrecorded"), &mark);
    let going = [&own, &locked, &unrecorded, &elsewhere];

    let young = key.join(id(4));
    place.write(young.join(".owner"), &mark);
    let young_run = place.run_folder(&id(12));
    place.write(young_run.join(".unrecorded"), &mark);
    let unknown = key.join(id(5));
    let of_others = key.join(id(6));
    place.write(of_others.join(".owner"), others);
    let run = place.run_folder(&id(8));
    let with_output = place.run_folder(&id(10));
    place.write(with_output.join(".unrecorded"), &mark);
    place.write(with_output.join("output/o.xlsx"), "o");
    // Its process has not died, but takes its time until it records the run.
    let being_staged = place.run_folder(&id(13));
    place.write(being_staged.join(".unrecorded"), &mark);
    let staging = fs::File::open(being_staged.join(".unrecorded")).unwrap();
    staging.lock().unwrap();
    let of_others_run = place.run_folder(&id(11));
    place.write(of_others_run.join(".unrecorded"), others);
    let staying = [
        &young,
        &young_run,
        &unknown,
        &of_others,
        &run,
        &with_output,
        &being_staged,
        &of_others_run,
    ];
    for folder in going.into_iter().chain(staying) {
        if folder != &locked {
            place.write(folder.join("inside/file"), "some bytes");
        }
        if ![&young, &young_run].contains(&folder) {
            age(folder);
        }
    }
    let would = collect(&place, "--dry-run");
    let report = collect(&place, "");
    let mut gone = removed(&report);
    gone.sort_unstable();
    let mut wanted = going.map(|folder| folder.to_str().unwrap());
    wanted.sort_unstable();
    assert_eq!(gone, wanted);
    let mut said = removed(&would);
    said.sort_unstable();
    assert_eq!(said, wanted);
    for folder in going {
        assert!(!folder.exists(), "{}", folder.display());
    }
    for folder in staying {
        assert!(folder.join("inside/file").exists(), "{}", folder.display());
    }
    assert_eq!(report["skipped"]["not in the database"], 5, "{report}");
    nothing_goes(&place, "");
    // The environment itself still works.
    place.members("members.csv");
    place.ade("run config members.csv -q").succeeds();
}

#[test]
fn after_a_jump_of_the_clock_nothing_is_collected_for_a_day() {
    let mut place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    fs::rename(place.path("config"), place.path("config-away")).unwrap();
    // As it is after a jump of the clock by a hundred days, and in a backup as old: all that was recorded is that much older.
    place.change(&format!(
        "UPDATE environments SET last_used_at = last_used_at - {LONG_AGO}, updated_at = updated_at - {LONG_AGO};
         UPDATE configurations SET last_run_at = last_run_at - {LONG_AGO};
         UPDATE runs SET completed_at = completed_at - {LONG_AGO};
         UPDATE observed_time SET seen_at = seen_at - {LONG_AGO}"
    ));
    let staged = place.run_folder("01990000-0000-7000-8000-000000000000");
    place.write(staged.join(".unrecorded"), mark(&place));
    age(&staged);
    let held = "less than a day in use since a gap or a jump of the clock";
    for flags in ["--dry-run", ""] {
        let report = nothing_goes(&place, flags);
        assert_eq!(report["skipped"], json!({ held: 1 }), "{flags}");
        assert!(report["collects_from"].is_string(), "{report}");
    }
    place
        .ade("env gc")
        .succeeds()
        .prints("Nothing is collected until 2")
        .prints("--trust-clock collects at once");
    let listed = place.json("env ls --json");
    assert_eq!(listed[0]["gc"]["reason"], held, "{listed}");
    // A worker that starts after the jump, and one that would collect at once.
    place.set("ADE_WORKER_GC_INTERVAL_SECONDS", "1");
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.environments().len(), 1);
    assert!(staged.exists());
    let in_use = |hours: i64| {
        place.change(&format!(
            "UPDATE observed_time SET in_use_since = seen_at - {hours} * 3600000"
        ));
        collect(&place, "--dry-run")
    };
    assert_eq!(removed(&in_use(23)), Vec::<&str>::new());
    let after_a_day = in_use(24);
    assert_eq!(removed(&after_a_day).len(), 3, "{after_a_day}");
    assert_eq!(after_a_day["collects_from"], Value::Null);
    in_use(0);
    let report = collect(&place, "--trust-clock");
    assert_eq!(removed(&report).len(), 3, "{report}");
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
    place.ade("env build config --force -q").succeeds();
    let new = environment_folder(&place);
    assert_ne!(old, new);
    age(&old);
    let report = nothing_goes(&place, "");
    // The new one is needed by its record, the old one by the process that has it open.
    assert_eq!(report["skipped"]["a run needs it"], 2, "{report}");
    assert!(old.join(".ready").exists());
    gate.open();
    run.wait().succeeds();
    // The run has left something there: its warnings.
    age(&old);
    let report = collect(&place, "");
    assert_eq!(removed(&report), [old.to_str().unwrap()]);
    assert!(!old.exists() && new.join(".ready").exists());
}

#[test]
fn an_interrupted_deletion_is_completed_and_a_refused_one_changes_nothing() {
    let place = Place::new();
    place.members("members.csv");
    for name in ["one", "two"] {
        place.configuration(name);
        place.warm(name);
        cool(&place, name);
    }
    let id = |name: &str| environment_of(&place, name).unwrap();
    let [one, two] = ["one", "two"].map(|name| folder_of(&place, &id(name)));
    // The process died after it had deleted the record, and a part of the folder.
    place.change(&format!(
        "DELETE FROM environments WHERE id = '{}'",
        id("two")
    ));
    fs::remove_file(two.join(".ready")).unwrap();
    fs::remove_dir_all(two.join(".venv")).unwrap();
    age(&two);
    let report = collect(&place, "--ttl-days 0");
    assert_eq!(removed(&report), [two.to_str().unwrap()]);
    assert!(!two.exists() && one.join(".ready").exists());

    place.change(
        "CREATE TRIGGER refuse BEFORE DELETE ON environments BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    place.ade("env gc").ends_with(70);
    assert!(one.join(".ready").exists());
    place.change("DROP TRIGGER refuse");
    place.ade("run one members.csv -q").succeeds();
    assert_eq!(folder_of(&place, &id("one")), one, "it was not built again");
}

#[test]
fn the_record_of_a_run_goes_a_year_after_its_end_and_not_before_its_files() {
    let place = Place::cold();
    for _ in 0..3 {
        place.ade("run config members.csv --dry-run -q").succeeds();
    }
    let ids: Vec<String> = {
        let runs = place.ade("runs ls --json").json();
        runs.texts("id")
    };
    const DAY: i64 = 86_400_000;
    for (id, days) in ids.iter().zip([364, 366, 10]) {
        let ago = days * DAY;
        place.change(&format!(
            "UPDATE runs SET completed_at = completed_at - {ago} WHERE id = '{id}'"
        ));
    }
    let report = collect(&place, "");
    let kinds: Vec<_> = report["removed"].texts("kind");
    assert_eq!(kinds, ["run", "run", "record"], "{report}");
    assert_eq!(report["removed"][2]["id"], ids[1].as_str());
    assert_eq!(place.statuses().len(), 2);
    place.ade(&format!("runs show {}", ids[0])).succeeds();
}

#[test]
fn snapshots_that_nothing_needs_go() {
    let place = Place::ready();
    let configuration = place.configuration("config");
    // The environment is provisioned from the first, and each of the next two has a run.
    let mut runs = Vec::new();
    for number in 0..3 {
        configuration.write("notes.txt", &format!("{number}"));
        place.ade("run config members.csv -q").succeeds();
        runs.push(place.latest_id());
    }
    let folder: PathBuf = {
        let of_environment: String = place.query("SELECT snapshot_path FROM environments");
        let snapshot = place.path("data").join(of_environment);
        snapshot.parent().unwrap().to_owned()
    };
    let snapshots = || {
        let names = fs::read_dir(&folder).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    };
    let all = snapshots();
    assert_eq!(all.len(), 4);
    for name in &all {
        age(&folder.join(name));
    }
    // Of another data directory with the same ADE_CONFIGS_DIR.
    let configurations = folder.ancestors().find(|path| path.ends_with("configs"));
    let other = configurations.unwrap().join("another/snapshots/digest");
    fs::create_dir_all(&other).unwrap();
    age(&other);
    nothing_goes(&place, "");
    let last: String = place.query(&format!(
        "SELECT source_digest FROM runs WHERE id = '{}'",
        runs[2]
    ));
    for run in &runs {
        place.ade(&format!("runs rm {run} -q")).succeeds();
    }
    // One that is used again just now is kept; a run that needs it is about to be recorded.
    place.ade("env build config -q").succeeds();
    let report = collect(&place, "");
    assert_eq!(removed(&report).len(), 2, "{report}");
    assert_eq!(report["removed"][0]["kind"], "snapshot");
    assert_eq!(snapshots().len(), 2);
    assert!(snapshots().contains(&last));
    assert!(other.is_dir());
    place.ade("run config members.csv -q").succeeds();
}

#[test]
fn the_lock_file_of_a_live_process_stays_and_what_is_left_of_dead_ones_goes() {
    let place = Place::ready();
    let locks = place.path("data/db/workers");
    let process = |id: &str| {
        let lock = locks.join(format!("{id}.lock"));
        place.change(&format!(
            "INSERT INTO workers (id, host, pid, name, kind, slots, lock_path, started_at, seen_at) VALUES ('{id}', 'elsewhere', 1, 'w-{id}', 'worker', 1, '{}', 0, 0)",
            lock.display()
        ));
        lock
    };
    place.ade("run config members.csv -q").succeeds();
    process("gone");
    let lock = process("holder");
    for (path, held) in [(lock, true), (locks.join("forgotten.lock"), false)] {
        place.write(&path, "");
        age(&path);
        let file = File::open(&path).unwrap();
        if held {
            file.lock().unwrap();
            std::mem::forget(file);
        }
    }
    collect(&place, "");
    assert_eq!(place.files_below("data/db/workers"), ["holder.lock"]);
    // Each command that looks at runs finds who is dead.
    place.ade("runs ls").succeeds();
    assert_eq!(
        place.query::<String>("SELECT group_concat(id) FROM workers"),
        "holder"
    );
}

#[test]
fn one_process_collects_at_a_time_and_says_so() {
    let place = Place::ready();
    cool(&place, "config");
    // A time to live is a flag, too, and zero means never.
    nothing_goes(&place, "--ttl-days 0");
    nothing_goes(&place, "--ttl-days 101");
    place.ade("env gc --ttl-days soon").ends_with(2);
    place.change(
        "INSERT INTO leases SELECT 'gc', 'elsewhere:7:0', 'theirs', CAST(unixepoch('subsec') * 1000 AS INTEGER) + 50000",
    );
    let refused = place.ade("env gc");
    refused
        .ends_with(1)
        .says("error: elsewhere:7:0 is collecting already (its lease holds until ");
    place.ade_fails("env gc", 1, "collection_busy");
    assert_eq!(place.environments().len(), 1);
    let would = collect(&place, "--dry-run");
    assert_eq!(removed(&would).len(), 1);
    // The lease of one that died expires.
    place.change("UPDATE leases SET expires_at = expires_at - 51000");
    let report = collect(&place, "--ttl-days 99.5");
    assert_eq!(removed(&report).len(), 1);
    assert_eq!(place.query::<i64>("SELECT count(*) FROM leases"), 0);
}

#[test]
fn files_of_runs_go_with_time_and_their_records_stay() {
    let place = Place::ready();
    place.ade("run config people.csv -q").succeeds();
    let old = place.latest_id();
    let cancelled = place.enqueue("config", "people.csv");
    place.ade(&format!("runs cancel {cancelled}")).succeeds();
    place.change(&format!(
        "UPDATE runs SET completed_at = completed_at - {LONG_AGO}"
    ));
    place.ade("run config people.csv -q").succeeds();
    let new = place.latest_id();
    let waiting = place.json(&format!("runs retry {old} --json"));
    let report = collect(&place, "");
    let mut gone = removed(&report);
    gone.sort_unstable();
    assert_eq!(gone, [old.as_str(), cancelled.as_str()]);
    // The retry has an input of its own.
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.status_of(waiting["id"].text()), "succeeded");
    assert!(!place.run_folder(&old).exists() && place.run_folder(&new).exists());
    assert_eq!(place.statuses().len(), 4);
    place.ade_prints(&format!("runs show {old}"), "succeeded");
    place.ade(&format!("logs tail {old} -f")).succeeds();
    place.ade_refuses(&format!("runs retry {old}"), "is gone");
    nothing_goes(&place, "");
    // The record says that they go, and the process died before it did it.
    place.change(&format!(
        "UPDATE runs SET artifacts_deleted_at = 1 WHERE id = '{new}'"
    ));
    let report = collect(&place, "");
    assert_eq!(removed(&report), [new.as_str()]);
    assert_eq!(
        report["removed"][0]["reason"],
        "its files were to be deleted"
    );
    assert!(!place.run_folder(&new).exists());
    assert_eq!(place.statuses().len(), 4);
}

#[test]
fn a_worker_collects_unless_it_is_told_not_to() {
    let mut place = Place::ready();
    place.hurry();
    cool(&place, "config");
    let mut careful = place.start_worker_with("careful", "--no-gc");
    careful.wait_until_says("looking for work");
    careful.stops();
    place.set("ADE_WORKER_ENABLE_GC", "0");
    let mut forbidden = place.start_worker("forbidden");
    forbidden.wait_until_says("looking for work");
    forbidden.stops();
    assert_eq!(place.environments().len(), 1);
    place.set("ADE_WORKER_ENABLE_GC", "1");
    let mut worker = place.start_worker("one");
    worker.wait_until_says("deleted 1 item, ");
    worker.stops();
    assert!(place.environments().is_empty());
}

/// Makes a part of the cache unused for a hundred days.
fn leave_unused(part: &Path) {
    let long_ago = SystemTime::now() - Duration::from_millis(LONG_AGO.unsigned_abs());
    File::open(part).unwrap().set_modified(long_ago).unwrap();
}

/// The only folder in a folder of the cache.
fn only(place: &Place, name: &str) -> PathBuf {
    let folders = fs::read_dir(place.path(name)).unwrap();
    let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders.remove(0)
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn parts_of_the_cache_go_that_no_build_has_used_for_long() {
    let mut place = Place::ready();
    let engine = only(&place, "home/.cache/ade/engine");
    let cache = place.path("home/.cache/ade");
    // A link is not the cache's own, nor is what a setting puts into it.
    let tool = cache.join("tools/uv-old");
    let (uv, pip) = (cache.join("uv"), cache.join("pip"));
    let former = place.path("data/cache/uv");
    for part in [&tool, &uv, &pip, &former] {
        fs::create_dir_all(part).unwrap();
        fs::write(part.join("file"), "x").unwrap();
        leave_unused(part);
    }
    let recent = cache.join("engine/recent");
    fs::create_dir_all(&recent).unwrap();
    place.set("ADE_PIP_CACHE_DIR", &pip);
    place.unset("ADE_UV_CACHE_DIR");
    leave_unused(&engine);
    let cold = [&engine, &tool, &uv, &former];

    place.set("ADE_WORKER_CACHE_TTL_DAYS", "0");
    place.ade("env gc").succeeds();
    assert!(cold.iter().all(|part| part.exists()));
    place.unset("ADE_WORKER_CACHE_TTL_DAYS");
    let would = collect(&place, "--dry-run");
    assert_eq!(would["deleted"], 4, "{would}");
    assert!(cold.iter().all(|part| part.exists()));

    // A build uses them: first one that is under way, of another data directory, then one that has begun since.
    place.configuration("other");
    place.set("ADE_UV_CACHE_DIR", common::machine().uv_cache());
    let gate = place.hold_installs();
    let building = place.start("env build other --data-dir elsewhere");
    gate.wait_until_reached();
    place.unset("ADE_UV_CACHE_DIR");
    leave_unused(&engine);
    place.ade("env gc -q").succeeds();
    assert!([&engine, &tool, &uv].iter().all(|part| part.exists()));
    assert!(
        !former.exists(),
        "no build uses the place of earlier versions"
    );
    gate.open();
    building.wait().succeeds();
    place.set("ADE_UV_CACHE_DIR", common::machine().uv_cache());
    place.ade("env build other --data-dir third -q").succeeds();
    place.unset("ADE_UV_CACHE_DIR");

    let collected = place.ade("env gc").succeeds();
    for gone in [&tool, &uv] {
        assert!(!gone.exists(), "{}", gone.display());
        let words = format!("deleted cache {}", gone.display());
        collected.stdout_has(&words);
    }
    for kept in [&engine, &recent, &pip] {
        assert!(kept.exists(), "{}", kept.display());
    }
    let left = fs::read_dir(&cache).unwrap().flatten();
    let names = left.map(|entry| entry.file_name().into_string().unwrap());
    assert!(!names.into_iter().any(|name| name.starts_with(".trash")));
    assert_eq!(collect(&place, "")["deleted"], 0);
    // What is ready needs none of it.
    leave_unused(&engine);
    place.ade("env gc -q").succeeds();
    assert!(!engine.exists());
    place.ade("run config members.csv --offline -q").succeeds();
}
