//! Checks over the API, and publishing, before which one is made.

use crate::common;

use common::api::Server;
use common::{Place, Told, has, processes_of, wait_for};
use serde_json::{Value, json};

const MODULE: &str = "config/src/ade_config/columns/more.py";
const BROKEN: &str = "def register(registry:\n";
/// A module that never ends to load.
const ENDLESS: &str = "import time\n\ntime.sleep(100000)\n\n\ndef register(registry):\n    pass\n";

fn check(server: &Server, id: &str) -> Value {
    let path = format!("configs/{id}/check");
    server.bare("POST", &path).is(200).json()
}

#[test]
fn a_check_says_what_is_registered_and_where_it_fails() {
    let place = Place::ready();
    let (mut server, id) = Server::known(&place, &[]);
    place.write("config/settings.toml", "merge_table_in_sheet = true\n");
    let checked = check(&server, &id);
    has(&checked, json!({"loads": true, "error": null}));
    has(
        &checked["registered"],
        json!({"fields": 2, "row_detectors": 1, "column_validators": 1}),
    );
    let warning = checked["warnings"][0].text();
    assert!(
        warning.starts_with("<configuration>/settings.toml, line 1"),
        "{warning}"
    );
    assert_eq!(checked["environment_id"], place.environments()[0]["id"]);
    let as_command = place.json("check config --json");
    assert_eq!(checked["source_digest"], as_command["source_digest"]);

    place.write(MODULE, BROKEN);
    let checked = check(&server, &id);
    has(
        &checked,
        json!({"loads": false, "registered": {}, "warnings": []}),
    );
    let wanted =
        json!({"code": "config_error", "file": "src/ade_config/columns/more.py", "line": 1});
    has(&checked["error"], wanted);
    let message = checked["error"]["message"].text();
    assert!(
        message.contains("(<configuration>/src/ade_config/columns/more.py, line 1)"),
        "{message}"
    );
    assert_eq!(
        server.read("runs")["items"],
        json!([]),
        "no run is recorded"
    );

    std::fs::remove_file(place.path(MODULE)).unwrap();
    place.write("config/pyproject.toml", "[project\n");
    let path = format!("configs/{id}/check");
    server.bare("POST", &path).refuses(422, "manifest_invalid");

    server.use_token(server.token(ade::store::Scope::Run, None));
    server.bare("POST", &path).refuses(403, "forbidden");
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn folders_and_documents_are_checked_tried_and_published() {
    let place = Place::ready();
    a_check_ends_with_its_client_and_many_leave_room_for_other_requests(&place);
    a_trial_takes_documents_and_names_those_that_are_gone(&place);
    what_does_not_load_is_published_by_force_alone(&place);
}

fn a_check_ends_with_its_client_and_many_leave_room_for_other_requests(place: &Place) {
    if processes_of(&place.path("")).is_none() {
        return;
    }
    let (server, id) = Server::known(place, &[]);
    place.write(MODULE, ENDLESS);
    let engines = || {
        let all = processes_of(&place.path("")).unwrap_or_default();
        all.iter().filter(|one| one.contains("validate")).count()
    };
    let path = format!("configs/{id}/check");
    let clients: Vec<_> = (0..24).map(|_| server.ask("POST", &path).begin()).collect();
    wait_for("the first checks", || engines() == 4);
    assert_eq!(
        server.read("workspaces/default/configs")["items"][0]["id"],
        *id
    );
    assert_eq!(engines(), 4);
    drop(clients);
    wait_for("the engines to end", || engines() == 0);
    std::fs::remove_file(place.path(MODULE)).unwrap();
    assert_eq!(check(&server, &id)["loads"], true);
}

fn a_trial_takes_documents_and_names_those_that_are_gone(place: &Place) {
    let (mut server, id) = Server::known(place, &[]);
    let first = server.document("first.csv", "Name,Email\nAnn,a@b.example\n");
    let gone = server.document("gone.csv", "Name,Email\nBob,b@b.example\n");
    server.bare("DELETE", &format!("documents/{gone}")).is(204);
    let tried = trial(&server, &id, &json!({"document_ids": [first, gone]}));
    has(
        &tried["inputs"][0],
        json!({"input": "first.csv", "document_id": first, "run_id": null, "succeeds": true, "fields_before": null, "changes": null}),
    );
    assert_eq!(tried["inputs"][0]["metrics"]["rows"], 1);
    let unreached = json!([{"input": "gone.csv", "document_id": gone, "run_id": null}]);
    assert_eq!(tried["not_reached"], unreached);
    assert_eq!(server.read("runs")["items"], json!([]));

    let path = format!("configs/{id}/trial");
    for (field, wrong) in [
        ("runs", json!({"runs": 21})),
        ("runs", json!({"runs": 1, "document_ids": [first]})),
        ("document_ids", json!({"document_ids": []})),
        ("document_ids", json!({"document_ids": vec!["a"; 21]})),
    ] {
        server.post(&path, &wrong).refuses_field(field);
    }
    let unknown = json!({"document_ids": ["00000000-0000-0000-0000-000000000000"]});
    server.post(&path, &unknown).refuses(404, "not_found");
    server.use_token(server.token(ade::store::Scope::Run, None));
    server.post(&path, &json!({})).refuses(403, "forbidden");
}

fn what_does_not_load_is_published_by_force_alone(place: &Place) {
    let (server, id) = Server::known(place, &[]);
    let path = format!("configs/{id}/publish");
    place.write(MODULE, BROKEN);
    let problem = server.bare("POST", &path).refuses(409, "config_invalid");
    has(
        &problem["error"],
        json!({"code": "config_error", "file": "src/ade_config/columns/more.py", "line": 1}),
    );
    let versions = || server.read(&format!("configs/{id}/versions"))["items"].clone();
    assert_eq!(versions(), json!([]));
    server
        .post(&path, &json!({"force": "yes"}))
        .refuses_field("force");
    server.post(&path, &json!({"force": true})).is(201);
    assert_eq!(versions()[0]["version"], 1);
    // What is active already is not looked at again.
    server
        .bare("POST", &path)
        .refuses(409, "nothing_to_publish");

    // Who says which files are meant publishes no others.
    let tag = || {
        let listed = server.get(&format!("configs/{id}/files")).is(200);
        listed.header("etag").unwrap().to_owned()
    };
    let seen = tag();
    place.write(MODULE, "def register(registry):\n    pass\n");
    let publish = |tag: &str| server.send("POST", &path, &[("if-match", tag)], b"");
    publish(&seen).refuses(412, "precondition_failed");
    publish("no tag").refuses_field("If-Match");
    assert_eq!(publish(&tag()).is(201).json()["version"], 2);

    // In safe mode nothing is loaded.
    place.write(MODULE, BROKEN);
    let (server, id) = Server::known(place, &[("ADE_SAFE_MODE", "1")]);
    for what in ["check", "publish", "trial"] {
        let answer = server.bare("POST", &format!("configs/{id}/{what}"));
        answer.refuses(409, "safe_mode_enabled");
    }
    let path = format!("configs/{id}/publish");
    server.post(&path, &json!({"force": true})).is(201);
}

#[test]
fn a_draft_waits_for_its_environment_which_a_worker_builds() {
    let place = Place::ready();
    let server = Server::of(&place);
    let new = json!({"name": "mine", "template": "default"});
    let id = server.post("workspaces/default/configs", &new).is(201).id();
    let path = |what: &str| format!("configs/{id}/{what}");
    let ask = |what: &str| server.bare("POST", &path(what));
    let waits = ask("publish");
    assert!(waits.header("retry-after").is_some());
    let problem = waits.refuses(409, "environment_not_ready");
    let hint = problem["hint"].string();
    let environments = server.read("environments")["items"].clone();
    let of_draft = environments.list().iter();
    let asked: Vec<&Value> = of_draft
        .filter(|one| one["configuration_id"] == *id)
        .collect();
    assert_eq!(asked.len(), 1, "{environments}");
    assert_eq!(asked[0]["status"], "queued");
    ask("trial").refuses(409, "environment_not_ready");
    let build = format!("builds/{}", asked[0]["id"].text());
    assert!(hint.contains(&build), "{hint}");

    let worker = place.start("worker");
    wait_for("the environment", || {
        server.read(&build)["status"] == "ready"
    });
    assert_eq!(check(&server, &id)["loads"], true);
    // Publishing goes on with the files of one moment.
    assert_eq!(ask("publish").is(201).json()["version"], 1);
    worker.stops();
}

/// A transform of names.
const SHOUT: &str = "import polars as pl\n\n\ndef shout(field_name):\n    return pl.col(field_name).str.to_uppercase()\n\n\ndef register(registry):\n    registry.register_column_transform(shout, field=\"name\", priority=10)\n";
const FIELDS: &str = "config/src/ade_config/columns/fields.py";

fn trial(server: &Server, id: &str, what: &Value) -> Value {
    let path = format!("configs/{id}/trial");
    server.post(&path, what).is(200).json()
}

#[test]
fn a_trial_says_what_would_be_another_and_records_nothing() {
    let place = Place::ready();
    let lists = "issue_list = true\nissues_sheet = true\n";
    place.write("config/settings.toml", lists);
    for input in ["members.csv", "people.csv"] {
        place.ade(&format!("run config {input}")).succeeds();
    }
    let (server, id) = Server::known(&place, &[]);
    let recorded = || {
        (
            server.read("runs"),
            place.files_below("data/workspaces/default/runs"),
        )
    };
    let before = recorded();
    let same = trial(&server, &id, &json!({}));
    assert_eq!(same["inputs"].list().len(), 2, "{same}");
    let none = json!({"changed_cells": 0, "cells": [], "added_rows": 0, "removed_rows": 0, "added_columns": [], "removed_columns": []});
    for (one, name) in [("0", "people.csv"), ("1", "members.csv")] {
        let one = same.pointer(&format!("/inputs/{one}")).unwrap();
        has(
            one,
            json!({"input": name, "succeeds": true, "error": null, "issues": [], "changes": none}),
        );
        assert_eq!(one["fields"], json!(["name", "email"]));
        assert_eq!(one["fields_before"], one["fields"]);
        assert_eq!(one["metrics"], one["metrics_before"]);
        assert!(one["metrics"]["rows"].as_u64().unwrap() > 0, "{one}");
    }

    place.write(MODULE, SHOUT);
    let tried = trial(&server, &id, &json!({"runs": 1}));
    let listed = &before.0["items"];
    let one = &tried["inputs"][0];
    has(
        one,
        json!({"run_id": listed[0]["id"], "succeeds": true, "issues": []}),
    );
    let cell = |row: u64, before: &str, after: &str| json!({"sheet": "people", "row": row, "column": 1, "before": before, "after": after});
    has(
        &one["changes"],
        json!({"changed_cells": 2, "cells": [cell(2, "Ann", "ANN"), cell(3, "Bob", "BOB")], "added_columns": [], "added_rows": 0}),
    );
    assert_eq!(tried["inputs"][1], Value::Null);
    assert_ne!(tried["source_digest"], same["source_digest"]);

    // Without the field of addresses, its column is gone, and with it the check. The other columns are still compared.
    let fields = place.read(FIELDS);
    let fewer = fields.replace("(\"name\", \"email\")", "(\"name\",)");
    let cut = fewer
        .find("    registry.register_column_validator")
        .unwrap();
    place.write(FIELDS, &fewer[..cut]);
    let tried = trial(&server, &id, &json!({"runs": 1}));
    let one = &tried["inputs"][0];
    assert_eq!(one["fields"], json!(["name"]));
    assert_eq!(one["fields_before"], json!(["name", "email"]));
    let rule = &one["issues"][0];
    has(rule, json!({"before": 1, "after": 0}));
    assert_eq!(
        one["metrics_before"]["issues"], one["issues"][0]["before"],
        "{one}"
    );
    assert_eq!(one["changes"]["changed_cells"], 2, "{one}");
    assert_eq!(one["changes"]["removed_columns"], json!(["email"]));
    assert_eq!(recorded(), before);

    // The sender's file is another one now, and the copy of it is gone.
    let run = listed[0]["id"].text();
    let staged = format!("data/workspaces/default/runs/{run}/input/people.csv");
    std::fs::remove_file(place.path(staged)).unwrap();
    place.write("people.csv", "Name\nEve\n");
    let tried = trial(&server, &id, &json!({"runs": 1}));
    assert_eq!(tried["inputs"], json!([]));
    has(
        &tried["not_reached"][0],
        json!({"input": "people.csv", "run_id": run}),
    );
}

#[test]
fn a_trial_of_what_fails_says_where() {
    let place = Place::ready();
    place.ade("run config people.csv").succeeds();
    let (server, id) = Server::known(&place, &[]);
    let raises = SHOUT.replace("return ", "raise ValueError(\"no\")\n    return ");
    place.write(MODULE, raises);
    let tried = trial(&server, &id, &json!({}));
    let one = &tried["inputs"][0];
    has(one, json!({"succeeds": false, "changes": null}));
    let place_of_it = json!({"file": "src/ade_config/columns/more.py", "line": 5});
    has(&one["error"], place_of_it);
}

#[test]
fn a_trial_ends_with_its_client() {
    let (place, gate) = Place::gated();
    if processes_of(&place.path("")).is_none() {
        return;
    }
    gate.open();
    place.ade("run config people.csv").succeeds();
    for passed in [&gate.open, &gate.reached] {
        std::fs::remove_file(passed).unwrap();
    }
    let (server, id) = Server::known(&place, &[]);
    let client = server.ask("POST", &format!("configs/{id}/trial")).begin();
    gate.wait_until_reached();
    drop(client);
    wait_for("the engine to end", || {
        let all = processes_of(&place.path("")).unwrap_or_default();
        !all.iter().any(|one| one.contains("people.csv"))
    });
    gate.open();
    assert_eq!(
        trial(&server, &id, &json!({}))["inputs"][0]["succeeds"],
        true
    );
}
