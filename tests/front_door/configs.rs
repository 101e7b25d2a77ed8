//! `ade configs`: which configurations the workspace knows, which one is the default, and which version runs use.

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
fn without_any_it_says_how_one_is_made_known() {
    let place = Place::new();
    place.ade_says("configs ls", "the first `ade run` of one makes it known");
    assert_eq!(place.json("configs ls --json"), json!([]));
    place.ade_refuses("configs show x", "knows no configurations yet");
    assert!(!place.path("data").exists(), "a look creates nothing");
}

#[test]
fn one_is_the_default_and_listed_first() {
    let place = two();
    place.ade_says("configs default other", "people is the default now: runs over the API that name no configuration use it, and `ade env gc` keeps its environments");
    snapshot!(place, place.ade("configs ls"), @r"
    status 0
    --- stdout
    ID      CONFIGURATION  DEFAULT  RUNS USE  LAST RUN  FOLDER
    [SHORT-ID]  people         yes      folder    never     other
    [SHORT-ID]  people         no       folder    never     config
    ");
    // Another one takes its place.
    place.ade("configs default config").succeeds();
    let listed = place.json("configs ls --json");
    let default = [0, 1].map(|at| listed[at]["default"].clone());
    assert_eq!(default, [true, false]);
    assert!(listed[0]["path"].text().ends_with("/config"));
    let ended =
        "people is not the default any more: runs over the API have to name a configuration";
    place.ade_says("configs default --none", ended);
    place.ade_refuses("configs default --none", "has no default configuration");
    place.ade_refuses("configs default", "required");
    // Other names for the same.
    let shown = place.ade("configs activate config --json").json();
    assert_eq!(shown["default"], true);
    let shown = place.ade("configs deactivate config --json").json();
    assert_eq!(shown["default"], false);
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

#[test]
fn one_with_runs_is_put_away_and_one_without_is_deleted_when_that_is_agreed_to() {
    let place = Place::ready();
    let refused = "is a folder, and has its name from the pyproject.toml in it";
    place.ade_refuses("configs rename config x", refused);
    let run = place.enqueue("config", "members.csv");
    place.ade_refuses("configs archive config", "has 1 run in the queue");
    place.ade(&format!("runs cancel {run}")).succeeds();
    place.ade_says("configs archive config", "people is archived");
    assert_eq!(place.json("configs ls --json"), json!([]));
    place.ade_says("configs ls", "All configurations are archived");
    place.ade_prints("configs ls --archived", "people");
    snapshot!(place, place.ade("run config members.csv"), @r#"
    status 2
    --- stderr
    error: configuration "people" is archived
    hint: `ade configs restore people` ends that
    "#);
    for command in [
        "run config members.csv --detach",
        "env build config --force",
    ] {
        place.ade_fails(command, 2, "configuration_archived");
    }
    assert_eq!(
        place.latest_id(),
        run,
        "nothing was recorded, and it is readable"
    );
    place.ade_says("configs restore people", "people is in use again");

    snapshot!(place, place.ade("configs rm config --yes"), @r#"
    status 2
    --- stderr
    error: configuration "people" has 1 run
    hint: `ade configs archive people` puts it away, and keeps them
    "#);
    place.ade("runs rm latest").succeeds();
    snapshot!(place, place.ade("configs rm config"), @r"
    status 2
    --- stderr
    would be deleted environment people [ID]
    would be deleted configuration people [ID]
    [SIZE] would be freed
    error: people was not deleted: nobody is there to agree
    hint: `--yes` deletes it without asking
    ");
    snapshot!(place, place.ade("configs rm config --yes"), @r"
    status 0
    --- stdout
    deleted environment people [ID]
    deleted configuration people [ID]
    [SIZE] freed
    --- stderr
    Its folder config stays
    ");
    assert!(place.environments().is_empty());
    assert_eq!(place.files_below("data/venvs"), Vec::<String>::new());
    place.ade_fails("configs show config", 2, "configuration_not_found");
    // The folder becomes known again, as another one.
    place.ade("run config members.csv -q").succeeds();
}

#[test]
fn its_files_are_exported_by_its_name() {
    let place = Place::cold();
    place.configuration_id("config");
    place.ade_prints("configs export config", "Exported people to people.zip");
    let again = place.json("configs export config -o again.zip --draft --json");
    assert!(again["bytes"].as_u64().unwrap() > 100, "{again}");
    let read = |name: &str| std::fs::read(place.path(name)).unwrap();
    assert_eq!(read("people.zip"), read("again.zip"));
    let nowhere = "configs export config -o nowhere/x.zip";
    place.ade_fails(nowhere, 2, "output_unwritable");
    place.ade_fails("configs export config --version 3", 2, "not_found");
}
