//! Files in an object store (`ADE_FILES_URL`): what is put there, what is fetched from there, and what goes.
//!
//! A host that has none of the files is played by emptying the folder of workspaces in the data directory. The store is a shared
//! folder; `tests/objects.rs` holds the other kinds to the same.

use crate::common;

use std::fs;

use common::api::Server;
use common::{Place, Told, has};
use serde_json::{Value, json};

/// A roster in which two cells cannot be read, under a name that not every store takes as it is.
const INPUT: &str = "süd #1 100%.csv";
const ROSTER: &str = "Surname,First name,E-mail,Start date\nLee,Ann,ann@example.org,2024-01-03\n\
    Ray,Bob,bob at example.org,soon\n";

const DAY: i64 = 24 * 3_600_000;

fn with_a_store(mut place: Place) -> Place {
    fs::create_dir_all(place.path("shared")).unwrap();
    place.set(
        "ADE_FILES_URL",
        format!("file://{}", place.path("shared").display()),
    );
    place
}

/// A configuration as `ade init` writes it, with a run of that roster.
fn with_a_run() -> Place {
    let place = with_a_store(Place::new());
    place.ade("init crew").succeeds();
    place.write(INPUT, ROSTER);
    place.ade_with(["run", "crew", INPUT, "-q"]).succeeds();
    place
}

/// From now on the files of this host are those that it fetches.
fn forget_files(place: &Place) {
    let workspaces = place.path("data/workspaces");
    let removed = place.shell(&format!(
        "chmod -R u+w '{0}' && rm -r '{0}'",
        workspaces.display()
    ));
    removed.succeeds();
}

/// The keys of the objects, without the store's identity.
fn keys(place: &Place) -> Vec<String> {
    let mut keys = place.files_below("shared");
    keys.retain(|key| !key.ends_with("identity.json"));
    keys
}

/// Lets the objects that collection has seen without a record be seen for a day.
fn a_day_later(place: &Place) {
    let path = "data/db/seen-objects.json";
    let mut seen: Value = serde_json::from_str(&place.read(path)).unwrap();
    for since in seen["unnamed"].as_object_mut().unwrap().values_mut() {
        *since = json!(since.as_i64().unwrap() - DAY);
    }
    place.write(path, seen.to_string());
}

fn collected(place: &Place) -> Vec<Value> {
    let report = place.json("env gc --json");
    assert_eq!(report["failed"], json!([]), "{report}");
    let removed = report["removed"].list().iter();
    removed
        .filter(|removed| removed["kind"] == "object")
        .cloned()
        .collect()
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn a_host_without_the_files_shows_a_run_as_the_one_that_executed_it() {
    let place = with_a_run();
    let run = place.latest_run();
    let calls = [
        "runs show latest --json",
        "issues latest --json",
        "explain latest --json",
        "runs diff latest latest --json",
    ];
    let told = calls.map(|call| place.ade(call).succeeds().stdout);
    let events = || -> Vec<Value> {
        let log = place.ade("logs tail latest --json").succeeds().records();
        log.iter().map(|event| event["event"].clone()).collect()
    };
    let known = events();
    forget_files(&place);
    // Its last line is made from the record.
    assert_eq!(events(), known);
    let cells = place.cells(run["output_path"].text());
    for (call, told) in calls.iter().zip(&told) {
        forget_files(&place);
        assert_eq!(&place.ade(call).succeeds().stdout, told, "{call}");
    }
    forget_files(&place);
    place.ade("annotate latest -o marked.xlsx").succeeds();
    assert!(place.cells("marked.xlsx").to_string().contains("soon"));
    forget_files(&place);
    place.ade("report latest --html page.html").succeeds();
    assert!(place.read("page.html").contains("soon"));
    assert_eq!(place.cells(run["output_path"].text()), cells);

    // What is here is not fetched again: the store may be away.
    fs::rename(place.path("shared"), place.path("away")).unwrap();
    place.ade("issues latest").succeeds();
    forget_files(&place);
    for call in calls {
        let call = call.trim_end_matches(" --json");
        place.ade_fails(call, 5, "files_unreachable");
    }
    place.ade_fails("run crew süd.csv", 2, "input_not_found");
    let refused = place.ade_with(["run", "crew", INPUT]).ends_with(5);
    assert!(
        refused
            .stderr
            .contains(place.path("shared").to_str().unwrap())
    );
    fs::rename(place.path("away"), place.path("shared")).unwrap();

    // It is repeated from the input and the snapshot of then.
    fs::remove_file(place.path(INPUT)).unwrap();
    place.ade("runs retry latest").succeeds();
    forget_files(&place);
    place.ade("worker --drain -q").succeeds();
    let again = place.latest_run();
    has(
        &again,
        json!({"status": "succeeded", "retry_of_run_id": run["id"], "metrics": run["metrics"]}),
    );
    assert_eq!(place.cells(again["output_path"].text()), cells);
}

#[test]
fn the_api_serves_documents_and_runs_that_another_host_has_put() {
    let place = with_a_store(Place::ready());
    place.configuration("config");
    let server = Server::of(&place);
    let bytes = b"Name,Email\nAnn,ann@example.org\n";
    let stored = server.form(
        "workspaces/default/documents",
        &[("file", Some("members.csv"), bytes)],
    );
    let document = stored.is(201).id();
    let configuration = place.query::<String>("SELECT id FROM configurations");
    let run = server
        .post(
            &format!("configs/{configuration}/runs"),
            &json!({"document_id": document}),
        )
        .is(201)
        .id();
    forget_files(&place);
    place.ade("worker --drain -q").succeeds();
    let paths = [
        format!("documents/{document}/download"),
        format!("runs/{run}/output"),
        format!("runs/{run}/input"),
        format!("runs/{run}/artifact"),
        format!("runs/{run}/sheets"),
    ];
    let told = paths.each_ref().map(|path| server.get(path).is(200).body);
    for (path, told) in paths.iter().zip(&told) {
        forget_files(&place);
        assert!(&server.get(path).is(200).body == told, "{path}");
    }
    let left = |path: &str, key: &str| -> Vec<Value> {
        let items = server.read(path)["items"].list().clone();
        items.into_iter().map(|item| item[key].clone()).collect()
    };
    forget_files(&place);
    let files = left(&format!("runs/{run}/files"), "name");
    assert!(files.contains(&json!("events.ndjson")) && files.contains(&json!("members.csv")));
    forget_files(&place);
    let log = server.get(&format!("runs/{run}/logs")).is(200).text();
    assert!(log.contains("run.start"), "{log}");
    forget_files(&place);
    fs::rename(place.path("shared"), place.path("away")).unwrap();
    for path in &paths {
        server.refuses(path, 503, "files_unreachable");
    }
    let refused = server.form(
        "workspaces/default/documents",
        &[("file", Some("other.csv"), bytes)],
    );
    refused.refuses(503, "files_unreachable");
    assert_eq!(place.query::<i64>("SELECT count(*) FROM documents"), 1);
    fs::rename(place.path("away"), place.path("shared")).unwrap();

    // The run keeps the input that it read when the document goes.
    server
        .bare("DELETE", &format!("documents/{document}"))
        .is(204);
    assert_eq!(collected(&place), Vec::<Value>::new());
    a_day_later(&place);
    assert_eq!(collected(&place).len(), 1);
    forget_files(&place);
    assert_eq!(server.get(&format!("runs/{run}/input")).is(200).body, bytes);
}

#[test]
fn an_object_goes_a_day_after_no_record_named_it() {
    let place = with_a_store(Place::ready());
    place.ade("run config people.csv -q").succeeds();
    place.ade("run config members.csv -q").succeeds();
    let run = place.latest_run();
    let id = run["id"].text();
    let whole = keys(&place);

    // What an attempt has left whose claim was lost, an input that was never recorded, and what is not ADE's.
    let of_run = format!("shared/workspaces/default/runs/{id}");
    let lost = place.write(format!("{of_run}/1-lost/output/a.xlsx"), "x");
    let unrecorded = place.write("shared/workspaces/default/runs/unknown/input/a.csv", "x");
    let foreign = place.write("shared/notes.txt", "x");
    assert_eq!(collected(&place), Vec::<Value>::new());
    assert_eq!(collected(&place), Vec::<Value>::new());
    a_day_later(&place);
    assert_eq!(
        place.json("env gc --dry-run --json")["removed"]
            .list()
            .len(),
        2
    );
    assert!(lost.is_file());
    assert_eq!(collected(&place).len(), 2);
    assert!(!lost.exists() && !unrecorded.exists() && foreign.is_file());
    fs::remove_file(foreign).unwrap();
    assert_eq!(keys(&place), whole);

    // Of a run that is removed.
    place.ade(&format!("runs rm {id}")).succeeds();
    assert_eq!(collected(&place), Vec::<Value>::new());
    a_day_later(&place);
    assert!(collected(&place).len() >= 4);
    assert!(keys(&place).iter().all(|key| !key.contains(id)));
    forget_files(&place);
    place.ade("runs show latest").succeeds();
    place.ade("runs retry latest").succeeds();
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.latest_run()["status"], "succeeded");
}

/// An object that was without a record for a while, and has one now, is not at its second look.
#[test]
fn what_is_recorded_between_two_looks_stays() {
    let place = with_a_store(Place::ready());
    place.ade("run config people.csv -q").succeeds();
    let run = place.latest_run();
    let id = run["id"].text();
    let snapshots = || {
        keys(&place)
            .into_iter()
            .filter(|key| key.ends_with(".tar"))
            .count()
    };
    assert_eq!(snapshots(), 1);
    place.ade(&format!("runs rm {id}")).succeeds();
    place.change("DELETE FROM environments");
    assert_eq!(collected(&place), Vec::<Value>::new());
    place.ade("run config people.csv -q").succeeds();
    a_day_later(&place);
    let gone = collected(&place);
    assert!(!gone.is_empty() && gone.iter().all(|object| object["id"].text().contains(id)));
    assert_eq!(snapshots(), 1);
}

#[test]
fn a_store_of_another_database_is_refused_and_so_is_an_empty_disk_in_its_place() {
    let place = with_a_store(Place::ready());
    place.ade("run config people.csv -q").succeeds();
    let before = keys(&place);
    place
        .ade_with(["run", "config", "people.csv", "--data-dir", "other"])
        .ends_with(5);
    let refused = place.ade_with(["env", "gc", "--data-dir", "other", "--json"]);
    assert!(
        refused.stdout.contains("belongs to another database"),
        "{}",
        refused.stdout
    );
    assert_eq!(keys(&place), before);

    fs::rename(place.path("shared"), place.path("away")).unwrap();
    fs::create_dir(place.path("shared")).unwrap();
    place.ade_fails("run config people.csv", 5, "files_unreachable");
    assert_eq!(place.files_below("shared"), Vec::<String>::new());
    let found = |place: &Place| place.finding("object store")["state"].clone();
    assert_eq!(found(&place), "problem");
    fs::remove_dir(place.path("shared")).unwrap();
    fs::rename(place.path("away"), place.path("shared")).unwrap();
    assert_eq!(found(&place), "ok");
    credentials_of_a_store_are_not_passed_on_and_not_shown(place);
}

fn credentials_of_a_store_are_not_passed_on_and_not_shown(mut place: Place) {
    place.set("AWS_SECRET_ACCESS_KEY", "hidden-key");
    place.set("AZURE_STORAGE_ACCOUNT_KEY", "hidden-key");
    let look = "import os; logger.info('names: %s', ' '.join(sorted(os.environ)))";
    let configuration = place.configuration("config");
    configuration.hook("on_workbook_start", "look(*, logger, **_)", look);
    place.ade("run config people.csv -q").succeeds();
    let log = place.ade("logs tail latest --json").succeeds().stdout;
    assert!(log.contains("names: "), "{log}");
    for name in ["AWS_", "AZURE_", "ADE_FILES_URL", "hidden-key"] {
        assert!(!log.contains(name), "{name}");
    }
    place.set("ADE_FILES_URL", "s3://user:hidden-key@bucket/prefix");
    let shown = place.ade("settings").succeeds().stdout;
    assert!(!shown.contains("hidden-key"), "{shown}");
}

#[test]
fn a_url_that_names_no_store_is_refused() {
    let mut place = Place::cold();
    for url in ["/shared", "ftp://host/x"] {
        place.set("ADE_FILES_URL", url);
        place.ade_fails("run config people.csv", 2, "files_url_invalid");
    }
    place.set("ADE_FILES_URL", "file:///shared");
    place.set("ADE_RUNS_DIR", place.path("elsewhere"));
    place.ade_fails("run config people.csv", 2, "files_url_invalid");
}

/// The work of an engine is not thrown away because the store cannot be written for a moment, and a run does not fail for an
/// input that is out of reach.
#[test]
fn an_end_and_a_begin_wait_for_the_store_and_spend_no_attempt() {
    let place = with_a_store(Place::held(""));
    let run = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker("w");
    place.wait_until_held(1);
    fs::rename(place.path("shared"), place.path("away")).unwrap();
    place.let_go();
    worker.wait_until_says("cannot be recorded yet");
    assert_eq!(place.status_of(&run), "running");
    fs::rename(place.path("away"), place.path("shared")).unwrap();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    place.is_sound(&run, "succeeded", &["succeeded"]);
    forget_files(&place);
    place.ade("runs show latest").succeeds();

    // A host that does not have the input cannot begin.
    let run = place.enqueue("config", "members.csv");
    forget_files(&place);
    fs::rename(place.path("shared"), place.path("away")).unwrap();
    let mut worker = place.start_worker("w");
    worker.wait_until_says("its folder is not there");
    place.wait_for_status(&run, "queued");
    fs::rename(place.path("away"), place.path("shared")).unwrap();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    let shown = place.json(&format!("runs show {run} --json"));
    assert_eq!(shown["attempt_count"], 1, "{shown}");
}
