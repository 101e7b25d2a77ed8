//! Checks over the API, and publishing, before which one is made.

mod common;

use common::api::Server;
use common::{Place, has, processes_of, wait_for};
use serde_json::{Value, json};

const MODULE: &str = "config/src/ade_config/columns/more.py";
const BROKEN: &str = "def register(registry:\n";
/// A module that never ends to load.
const ENDLESS: &str = "import time\n\ntime.sleep(100000)\n\n\ndef register(registry):\n    pass\n";

/// A server whose workspace knows the folder `config`, and the configuration's id. Its environment is ready.
fn known(place: &Place, settings: &[(&str, &str)]) -> (Server, String) {
    let server = Server::with(place, settings);
    let listed = server.read("workspaces/default/configs");
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    (server, id)
}

fn check(server: &Server, id: &str) -> Value {
    let path = format!("configs/{id}/check");
    server.send("POST", &path, &[], b"").is(200).json()
}

#[test]
fn a_check_says_what_is_registered_and_where_it_fails() {
    let place = Place::ready();
    let (mut server, id) = known(&place, &[]);
    place.write("config/settings.toml", "merge_table_in_sheet = true\n");
    let checked = check(&server, &id);
    has(&checked, json!({"loads": true, "error": null}));
    has(
        &checked["registered"],
        json!({"fields": 2, "row_detectors": 1, "column_validators": 1}),
    );
    let warning = checked["warnings"][0].as_str().unwrap();
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
        json!({"code": "unknown_error", "file": "src/ade_config/columns/more.py", "line": 1});
    has(&checked["error"], wanted);
    let message = checked["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("(<configuration>/src/ade_config/columns/more.py, line 1)"),
        "{message}"
    );
    assert_eq!(
        server.read("runs")["items"],
        json!([]),
        "no run is recorded"
    );

    place.write(
        MODULE,
        "import os\n\nos._exit(3)\n\n\ndef register(registry):\n    pass\n",
    );
    has(
        &check(&server, &id)["error"],
        json!({"code": "engine_crashed"}),
    );
    std::fs::remove_file(place.path(MODULE)).unwrap();
    place.write("config/pyproject.toml", "[project\n");
    let path = format!("configs/{id}/check");
    server
        .send("POST", &path, &[], b"")
        .refuses(422, "manifest_invalid");

    server.use_token(server.token(ade::store::Scope::Run, None));
    server
        .send("POST", &path, &[], b"")
        .refuses(403, "forbidden");
}

#[test]
fn what_does_not_load_is_published_by_force_alone() {
    let place = Place::ready();
    let (server, id) = known(&place, &[]);
    let path = format!("configs/{id}/publish");
    place.write(MODULE, BROKEN);
    let problem = server
        .send("POST", &path, &[], b"")
        .refuses(409, "config_invalid");
    has(
        &problem["error"],
        json!({"code": "unknown_error", "file": "src/ade_config/columns/more.py", "line": 1}),
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
        .send("POST", &path, &[], b"")
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
}

#[test]
fn a_draft_waits_for_its_environment_which_a_worker_builds() {
    let place = Place::ready();
    let server = Server::of(&place);
    let new = json!({"name": "mine", "template": "default"});
    let id = server.post("workspaces/default/configs", &new).is(201).id();
    let path = |what: &str| format!("configs/{id}/{what}");
    let ask = |what: &str| server.send("POST", &path(what), &[], b"");
    let waits = ask("publish");
    assert!(waits.header("retry-after").is_some());
    let problem = waits.refuses(409, "environment_not_ready");
    let hint = problem["hint"].as_str().unwrap().to_owned();
    let environments = server.read("environments")["items"].clone();
    let of_draft = environments.as_array().unwrap().iter();
    let asked: Vec<&Value> = of_draft
        .filter(|one| one["configuration_id"] == *id)
        .collect();
    assert_eq!(asked.len(), 1, "{environments}");
    assert_eq!(asked[0]["status"], "queued");
    let build = format!("builds/{}", asked[0]["id"].as_str().unwrap());
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

#[test]
fn in_safe_mode_nothing_is_loaded() {
    let place = Place::ready();
    let (server, id) = known(&place, &[("ADE_SAFE_MODE", "1")]);
    for what in ["check", "publish"] {
        let answer = server.send("POST", &format!("configs/{id}/{what}"), &[], b"");
        answer.refuses(409, "safe_mode_enabled");
    }
    let force = json!({"force": true});
    server
        .post(&format!("configs/{id}/publish"), &force)
        .is(201);
}

#[test]
fn a_check_ends_with_its_client_and_many_leave_room_for_other_requests() {
    let place = Place::ready();
    if processes_of(&place.path("")).is_none() {
        return;
    }
    let (server, id) = known(&place, &[]);
    place.write(MODULE, ENDLESS);
    let engines = || {
        let all = processes_of(&place.path("")).unwrap_or_default();
        all.iter().filter(|one| one.contains("validate")).count()
    };
    let path = format!("configs/{id}/check");
    let clients: Vec<_> = (0..24).map(|_| server.begin(&path)).collect();
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
