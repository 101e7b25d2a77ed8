//! `ade configs`, beyond `tests/cli/configs.md`: ids, versions, and what is executed meanwhile.

use crate::common;

use common::api::Server;
use common::{Place, Told, has, snapshot};
use serde_json::{Value, json};

fn ids(place: &Place) -> Vec<String> {
    let listed = place.ade("configs ls --json").json();
    listed.texts("id")
}

/// With the configurations `config` and `other`.
fn two() -> Place {
    let place = Place::ready();
    place.configuration("other");
    place.warm("other");
    place
}

#[test]
fn default_has_one_meaning_in_both_listings() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    // Its runs keep an environment, and make nothing the default.
    let listed = place.ade("configs ls --json").json();
    assert_eq!(listed[0]["default"], false);
    let why = || place.environments()[0]["gc"]["reason"].clone();
    assert_eq!(why(), "its configuration was run recently");
    place.ade("configs default config").succeeds();
    assert_eq!(why(), "its configuration is the workspace's default");
}

#[test]
fn it_is_found_by_name_folder_id_and_part_of_an_id() {
    let place = two();
    let id = ids(&place).remove(0);
    let end = &id[id.len() - 12..];
    for given in [id.as_str(), end, "config", "./config", &id.to_uppercase()] {
        let shown = place.json(&format!("configs show {given} --json"));
        assert_eq!(shown["id"].as_str(), Some(id.as_str()), "{given}");
    }
    for given in ["nothing", "./nowhere", &id[..5], "0"] {
        place.ade_fails(
            &format!("configs show {given}"),
            2,
            "configuration_not_found",
        );
    }
    snapshot!(place, place.ade("configs show config"), @r"
    status 0
    --- stdout
    people not the default
    id             [ID]
    folder         config
    runs use       folder
    known since    [INSTANT] ([AGO])
    ");
}

#[test]
fn versions_are_shown_and_any_is_made_the_one_that_runs_use() {
    let place = Place::cold();
    place.configuration_id("config");
    let server = Server::of(&place);
    let id = ids(&place).remove(0);
    let publish = || server.post(&format!("configs/{id}/publish"), &json!({"force": true}));
    publish().is(201);
    let shown = place.json("configs show config --json");
    assert_eq!(shown["versions"][0]["status"], "active");
    has(&shown, json!({"default": true, "active_version": 1}));
    place.ade_prints("configs show config", "  1 active ");

    // Two of one name: the name is not enough.
    for (command, code) in [("default", "not_published"), ("show", "ambiguous_id")] {
        let draft = json!({"name": "draft"});
        server.post("workspaces/default/configs", &draft).is(201);
        place.ade_fails(&format!("configs {command} draft"), 2, code);
    }

    // Any version is made the one that runs use, and the folder again.
    place.write(
        "config/src/ade_config/columns/more.py",
        "def register(registry):\n    pass\n",
    );
    publish().is(201);
    place.ade_prints("configs ls", "version 2");
    place.ade_says(
        "configs activate config --version 1",
        "people uses version 1 for its runs over the API from now on",
    );
    let shown = place.json("configs show config --json");
    has(&shown, json!({"active_version": 1, "runs_use": "version"}));
    let statuses = [0, 1].map(|at| shown["versions"][at]["status"].clone());
    assert_eq!(statuses, ["archived", "active"]);
    place.ade_fails("configs activate config --version 3", 2, "not_found");
    place.ade_says(
        "configs deactivate config --version",
        "people uses its folder for runs over the API from now on",
    );
    let shown = place.json("configs show config --json");
    has(
        &shown,
        json!({"active_version": null, "runs_use": "folder"}),
    );
    assert_eq!(shown["default"], true, "that is another thing");
}

#[test]
fn a_limit_keeps_further_runs_of_a_configuration_waiting() {
    let place = Place::held("");
    let limited = place.json("configs limit config 1 --json");
    assert_eq!(limited["max_concurrency"], 1, "{limited}");
    place.ade_prints("configs show config", "1 run");
    let runs = [(); 2].map(|()| place.enqueue("config", "members.csv"));
    let worker = place.start_worker_with("w", "--concurrency 2");
    place.wait_until_held(1);
    let waits = place.json(&format!("runs show {} --json", runs[1]));
    assert_eq!(waits["status"], "queued", "{waits}");
    let why = waits["waits_for"].text();
    assert!(why.contains("at most 1 at once"), "{why}");
    // It holds from now on, also for what waits.
    place.ade("configs limit config --none").succeeds();
    place.wait_until_held(2);
    place.let_go();
    worker.stops();
    place.ade_fails("configs limit config 0", 2, "usage");
}

#[test]
fn over_the_api_a_configuration_has_a_limit_or_none() {
    let place = Place::cold();
    let configuration = place.configuration_id("config");
    let server = Server::of(&place);
    let path = format!("configs/{configuration}/limit");
    let limited = server
        .post(&path, &json!({"max_concurrency": 2}))
        .is(200)
        .json();
    assert_eq!(limited["max_concurrency"], 2, "{limited}");
    server.post(&path, &json!({"max_concurrency": 0})).is(422);
    let ended = server.send("DELETE", &path, &[], b"").is(200).json();
    assert_eq!(ended["max_concurrency"], Value::Null, "{ended}");
}
