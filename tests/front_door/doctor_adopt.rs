//! A database and its data directory that do not belong together are refused, and `ade doctor --adopt`.

use crate::common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Place, Told, snapshot};
use serde_json::Value;

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// A copy of the database.
fn backed_up(place: &Place) -> PathBuf {
    let backup = place.path("backup.sqlite");
    place.change(&format!("VACUUM INTO '{}'", backup.display()));
    backup
}

/// Puts a copy of the database in its place.
fn restore(place: &Place, backup: &Path) {
    for extra in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.path(format!("data/db/ade.sqlite{extra}")));
    }
    fs::copy(backup, place.path("data/db/ade.sqlite")).unwrap();
}

fn label(place: &Place) -> Value {
    serde_json::from_str(&place.read("data/identity.json")).unwrap()
}

fn identity_finding(place: &Place) -> Value {
    place.finding("identity")
}

#[test]
fn a_database_and_its_data_directory_know_each_other_from_the_first_command_on() {
    let place = Place::new();
    assert_eq!(identity_finding(&place)["state"], "ok");
    assert!(!place.path("data/identity.json").exists());
    place.ade("runs ls").succeeds();
    assert!(
        !place.path("data/identity.json").exists(),
        "looking changes nothing"
    );
    place.ade("migrate").succeeds();
    let known = label(&place);
    let recorded: String = place.query("SELECT database_id || ' ' || data_id FROM identity");
    let ids = ["database_id", "data_id"].map(|name| known[name].text());
    assert_eq!(recorded, ids.join(" "));
    place.ade("runs ls").succeeds();
    assert_eq!(label(&place), known);
    assert_eq!(identity_finding(&place)["state"], "ok");
    // As a process that died in between left it: the database names the data directory, and the file was not written yet.
    fs::remove_file(place.path("data/identity.json")).unwrap();
    place.ade("runs ls").succeeds();
    assert_eq!(label(&place), known);
    // It is the same by another name.
    std::os::unix::fs::symlink(place.path("data"), place.path("link")).unwrap();
    place.ade("--data-dir link runs ls").succeeds();
}

#[test]
fn a_data_directory_from_before_is_adopted_silently_and_an_older_database_is_not() {
    let place = Place::ready();
    // As an ade left it that knew no identities.
    fs::remove_file(place.path("data/identity.json")).unwrap();
    place.change("DELETE FROM identity");
    let backup = backed_up(&place);
    place.ade("runs ls").succeeds();
    let known = label(&place);
    place.ade("run config members.csv -q").succeeds();
    assert_eq!(label(&place), known);
    // A backup from before does not say whose it is.
    restore(&place, &backup);
    place.ade("runs ls").ends_with(5);
    place.ade("doctor --adopt").succeeds();
    place.ade("run config members.csv -q").succeeds();
}

#[test]
fn a_restored_backup_goes_on_and_keeps_what_it_does_not_know() {
    let place = Place::ready();
    let backup = backed_up(&place);
    place.ade("run config members.csv -q").succeeds();
    let output = place.latest_run()["output_path"].clone();
    let waiting = place.enqueue("config", "members.csv");
    restore(&place, &backup);
    age_runs(&place);
    let report = place.json("env gc --json");
    assert_eq!(report["skipped"]["not in the database"], 2, "{report}");
    assert!(Path::new(output.text()).exists());
    assert!(
        place
            .run_folder(&waiting)
            .join("input/members.csv")
            .exists()
    );
}

#[test]
fn a_data_directory_whose_database_was_moved_away_is_not_given_another_unasked() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    let run = place.latest_run();
    let output = run["output_path"].string();
    place.ade("runs ls").succeeds();
    fs::rename(place.path("data/db"), place.path("db-away")).unwrap();
    snapshot!(place, place.ade("run config members.csv"), @r"
    status 5
    --- stderr
    error: the data directory [HERE]/data belongs to a database, and there is none at [HERE]/data/db/ade.sqlite
    hint: put the database back, or name it with --database-url. To begin with an empty database, use `ade doctor --adopt`; the files of runs stay
    ");
    for line in ["worker --drain", "migrate", "runs ls", "env gc"] {
        place.ade(line).ends_with(5);
    }
    assert!(!place.path("data/db/ade.sqlite").exists());
    place.ade("doctor").ends_with(1).prints("✗ identity");
    let adopted = place.ade("doctor --adopt").succeeds();
    adopted.stdout_has("is created");
    // The promise of docs/how-to/back-up.md: finished workbooks stay.
    place.ade("worker --drain -q").succeeds();
    age_runs(&place);
    let report = place.json("env gc --json");
    assert_eq!(report["skipped"]["not in the database"], 1, "{report}");
    assert!(Path::new(&output).exists());
    place.ade("run config members.csv -q").succeeds();
    // The former database is refused from now on.
    fs::rename(place.path("data/db"), place.path("db-new")).unwrap();
    fs::rename(place.path("db-away"), place.path("data/db")).unwrap();
    place.ade_fails("runs ls", 5, "identity_mismatch");
}

/// Makes every run's folder two days old.
fn age_runs(place: &Place) {
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    for folder in fs::read_dir(place.path("data/workspaces/default/runs")).unwrap() {
        let folder = fs::File::open(folder.unwrap().path()).unwrap();
        folder.set_modified(long_ago).unwrap();
    }
}

#[test]
fn a_second_database_on_one_data_directory_is_refused() {
    let place = Place::cold();
    place.ade("run config members.csv --dry-run -q").succeeds();
    let second = format!("sqlite:///{}", place.path("second.sqlite").display());
    let refused = place.run(&[("ADE_DATABASE_URL", &second)], ["worker", "--drain"]);
    refused
        .ends_with(5)
        .says("belongs to a database, and there is none at");
    let other = Place::new();
    other.ade("migrate").succeeds();
    copy(
        &other.path("data/db/ade.sqlite"),
        &place.path("second.sqlite"),
    );
    let refused = place.run(&[("ADE_DATABASE_URL", &second)], ["env", "gc"]);
    refused
        .ends_with(5)
        .says("belongs to another database than")
        .says("second.sqlite");
    // One that belongs to nothing yet.
    let database = rusqlite::Connection::open(place.path("second.sqlite")).unwrap();
    database.execute_batch("DELETE FROM identity").unwrap();
    let refused = place.run(&[("ADE_DATABASE_URL", &second)], ["env", "gc"]);
    snapshot!(place, refused, @r"
    status 5
    --- stderr
    error: the data directory [HERE]/data belongs to another database than [HERE]/second.sqlite
    hint: name the two that belong together (--data-dir, --database-url). If these two are to belong together from now on, use `ade doctor --adopt`
    ");
    assert_eq!(place.environments().len(), 1);
}

#[test]
fn a_second_data_directory_of_one_database_is_refused() {
    let place = Place::cold();
    place.ade("migrate").succeeds();
    let database = format!("sqlite:///{}", place.path("data/db/ade.sqlite").display());
    let refused = place.ade_with([
        "--database-url",
        &database,
        "--data-dir",
        "other",
        "run",
        "config",
        "members.csv",
    ]);
    snapshot!(place, refused, @r"
    status 5
    --- stderr
    error: the database [HERE]/data/db/ade.sqlite belongs to another data directory than [HERE]/other
    hint: name the two that belong together (--data-dir, --database-url). If these two are to belong together from now on, use `ade doctor --adopt`
    ");
    assert!(!place.path("other").exists());
    // Nor while a worker of it is at work.
    let mut worker = place.start("worker");
    worker.wait_until_says("looking for work");
    let adopt = [
        "--database-url",
        &database,
        "--data-dir",
        "other",
        "doctor",
        "--adopt",
    ];
    place
        .ade_with(adopt)
        .ends_with(1)
        .says("processes of the database");
    worker.stops();
    place.ade("runs ls").succeeds();
}

#[test]
fn a_data_directory_can_be_moved() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    let before = place.latest_run();
    let id = before["id"].text();
    let waiting = place.enqueue("config", "members.csv");
    fs::rename(place.path("data"), place.path("moved")).unwrap();
    let ade = |line: &str| place.ade(&format!("--data-dir moved {line}")).succeeds();
    let runs = ade("runs ls --json").json();
    assert_eq!(runs.list().len(), 2, "{runs}");
    let after = ade(&format!("runs show {id} --json")).json();
    for name in ["run_dir", "output_path"] {
        let path = after[name].text();
        let former = path.replace("/moved/", "/data/");
        assert_eq!(before[name], former.as_str(), "{name}");
        assert!(Path::new(path).exists(), "{path}");
    }
    ade(&format!("logs tail {id}"));
    ade(&format!("runs retry {id}"));
    // What waits and what is repeated run in the environment that came along.
    let worker = ade("worker --drain");
    worker.stderr_lacks(": building");
    let runs = ade("runs ls --json").json();
    let all_succeeded = |run: &Value| run["status"] == "succeeded";
    assert!(runs.list().iter().all(all_succeeded), "{runs}");
    assert!(runs.to_string().contains(&waiting), "{runs}");
    assert_eq!(ade("env gc --json").json()["deleted"], 0);
    let ready = ade("env ls --json").json();
    assert_eq!(ready.list().len(), 1, "{ready}");
    ade(&format!("runs rm {id}"));
    assert!(
        !place.path("data").exists(),
        "nothing goes to the old place"
    );
}

#[test]
fn a_worker_whose_data_directory_was_moved_away_ends_and_harms_no_run() {
    let place = Place::ready();
    let mut worker = place.start("worker --no-gc");
    worker.wait_until_says("looking for work");
    fs::rename(place.path("data"), place.path("moved")).unwrap();
    place
        .ade("--data-dir moved run config members.csv --detach -q")
        .succeeds();
    worker.wait().ends_with(5).says("there is no database at");
    place.ade("--data-dir moved worker --drain -q").succeeds();
    let runs = place.ade("--data-dir moved runs ls --json").json();
    assert_eq!(runs[0]["status"], "succeeded", "{runs}");
    assert_eq!(runs[0]["attempt_count"], 1, "{runs}");
}

#[test]
fn a_copy_of_a_data_directory_works_by_itself_and_touches_nothing_of_the_original() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    let output = place.latest_run()["output_path"].clone();
    copy(&place.path("data"), &place.path("copy"));
    let mut worker = place.start("worker --no-gc");
    worker.wait_until_says("looking for work");
    // The worker of the original, which the copy's database knows, too, is none of the copy's.
    for extra in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.path(format!("copy/db/ade.sqlite{extra}")));
    }
    let database = place.path("copy/db/ade.sqlite");
    place.change(&format!("VACUUM INTO '{}'", database.display()));
    place
        .ade("--data-dir copy run config members.csv --detach -q")
        .succeeds();
    place.ade("--data-dir copy worker --drain -q").succeeds();
    let runs = place.ade("--data-dir copy runs ls --json").json();
    assert_eq!(runs[0]["status"], "succeeded", "{runs}");
    assert_eq!(runs.list().len(), 2, "{runs}");
    let changes = "UPDATE runs SET completed_at = 0; UPDATE environments SET last_used_at = 0, updated_at = 0; UPDATE configurations SET last_run_at = 0";
    rusqlite::Connection::open(place.path("copy/db/ade.sqlite"))
        .unwrap()
        .execute_batch(changes)
        .unwrap();
    let report = place.json("--data-dir copy env gc --json");
    // The environment, the files of the runs, and their records.
    assert_eq!(report["deleted"], 5, "{report}");
    assert!(Path::new(output.text()).exists());
    worker.stops();
    assert_eq!(place.ade("runs ls --json").json().list().len(), 1);
    let again = place.ade("run config members.csv").succeeds();
    again.stderr_lacks("uilding");
    assert_eq!(place.environments().len(), 1);
}
