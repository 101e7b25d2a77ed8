//! `ade dev`: API, pages, worker and the watch over configurations in one process.

use crate::common;

use common::{Place, Printed, Server, Told, wait_for};

#[test]
fn one_command_is_all_that_a_developer_types() {
    let mut place = Place::new();
    place.hurry();
    place.configuration("config");
    let members = place.members("members.csv");
    let configuration = place.configuration_id("config");
    let mut server = Server::dev(&place, "--no-web");
    server.plain("GET", "/").send().is(404);
    let document = server.upload(&members);
    let run = server.submit(&configuration, &document);
    let id = run["id"].text();
    assert_eq!(server.events(id, 0).last().unwrap().1, "run.complete");
    // The server and the worker share one log.
    server.process.wait_until_says("\"event\":\"run.ended\"");
    server.process.wait_until_says("\"event\":\"api.request\"");
    server.process.signal(libc::SIGINT);
    let token = server.token.clone();
    let ended = server.process.wait().success();
    ended.stderr_lacks(&token);
    // The token of the link ended with the server.
    let tokens = place.json("tokens ls --json");
    assert!(tokens[0]["revoked_at"].is_string(), "{tokens}");
}

#[test]
fn a_run_in_progress_goes_back_to_the_queue() {
    let place = Place::held("");
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "");
    let document = server.upload(&place.path("members.csv"));
    let run = server.submit(&configuration, &document);
    let id = run["id"].text();
    server.wait_for(id, "running");
    server.process.signal(libc::SIGINT);
    server.process.wait().success();
    let shown = place.json(&format!("runs show {id} --json"));
    common::has(
        &shown,
        serde_json::json!({"status": "queued", "attempt_count": 0}),
    );
}

/// Returns a module of a configuration with this first line.
fn module(line: &str) -> String {
    format!("{line}\n\n\ndef register(registry):\n    pass\n")
}

/// Returns the number of times that a server has printed these words.
fn times(server: &Server, words: &str) -> usize {
    server.process.stderr().matches(words).count()
}

#[test]
fn a_mistake_in_a_configuration_is_told_when_its_file_is_saved() {
    let place = Place::ready();
    let configuration = place.configuration("config");
    let mut server = Server::dev(&place, "--no-worker");
    let saved = |text: &str| configuration.write("src/ade_config/columns/rates.py", text);
    for (line, mistake) in [
        ("RATE = 1 / 0", "ZeroDivisionError: division by zero"),
        ("RATE = = 1", "SyntaxError: invalid syntax at `RATE = = 1`"),
        ("import nowhere_at_all", "No module named 'nowhere_at_all'"),
    ] {
        saved(&module(line));
        server.process.wait_until_says(mistake);
        let told = format!(
            "people changed, and cannot be used: {mistake} ({}, line 1",
            place
                .path("config/src/ade_config/columns/rates.py")
                .display()
        );
        assert_eq!(times(&server, &told), 1, "{}", server.process.stderr());
    }
    saved(&module("RATE = 1"));
    server.process.wait_until_says("people loads again");
    assert!(server.process.stderr().contains("add it to `dependencies`"));
    // The server reported each mistake once, and does not repeat that a configuration loads.
    assert_eq!(times(&server, "configuration.broken"), 3);
    saved(&module("RATE = 7"));
    server
        .process
        .wait_until_says("people changed, and loads without errors");
    assert_eq!(times(&server, "people loads again"), 1);
    // The manifest has a mistake.
    configuration.write("pyproject.toml", "[project\n");
    wait_for("the news of a broken manifest", || {
        times(&server, "configuration.broken") == 4
    });
    configuration.depend_on(&[]);
    wait_for("the news that it loads again", || {
        times(&server, "people loads again") == 2
    });
}

#[test]
fn a_mistake_is_told_before_the_environment_is_there_and_after_it_is_built() {
    let mut place = Place::cold();
    let configuration = place.configuration("config");
    let saved = |line: &str| configuration.write("src/ade_config/columns/rates.py", &module(line));
    let line = format!(
        "({}, line 1",
        place
            .path("config/src/ade_config/columns/rates.py")
            .display()
    );
    let mut server = Server::dev(&place, "--no-worker");
    // A file that is never imported may hold anything.
    configuration.write("src/ade_config/columns/_notes.py", "not Python");
    server
        .process
        .wait_until_says("people changed; its environment is built");
    saved("RATE = = 1");
    server.process.wait_until_says(&format!(
        "SyntaxError: invalid syntax at `RATE = = 1` {line}"
    ));
    drop(server);
    // Only an environment finds the next mistake.
    place.hurry();
    saved("RATE = 1");
    let mut server = Server::dev(&place, "");
    saved("RATE = 1 / 0");
    server
        .process
        .wait_until_says(&format!("ZeroDivisionError: division by zero {line}"));
    assert_eq!(place.environments()[0]["status"], "ready");
}

/// Returns the names of the configurations that a server knows.
fn names(server: &Server) -> Vec<String> {
    let known = server.read("/api/v1/workspaces/default/configs?limit=1000");
    known["items"].texts("name")
}

#[test]
fn the_configurations_of_the_folder_are_known() {
    let place = Place::new();
    let members = place.members("members.csv");
    place.ade("init crew -q").success();
    // Other Python projects are no configurations.
    place.write("library/pyproject.toml", "[project]\nname = \"library\"\n");
    place.write("library/src/library/__init__.py", "");
    place.write("notes/pyproject.toml", "[project\n");
    let mut server = Server::dev(&place, "--no-worker");
    assert_eq!(names(&server), ["crew"]);
    let known = server.read("/api/v1/workspaces/default/configs")["items"][0].clone();
    common::has(
        &known,
        serde_json::json!({"uploaded": false, "runs_use": "folder", "last_run_at": null}),
    );
    // The configuration can run at once, and a run of the folder is a run of the same configuration.
    let id = known["id"].text();
    let document = server.upload(&members);
    let run = server.submit(id, &document);
    assert_eq!(run["status"], "queued");
    assert_eq!(place.configuration_id("crew"), id);
    assert_eq!(names(&server), ["crew"]);
    // The server also finds a configuration that is created meanwhile.
    place.ade("init later -q").success();
    server
        .process
        .wait_until_says("later is new here, and can be run");
    assert_eq!(names(&server), ["crew", "later"]);
}

#[test]
fn a_folder_that_is_a_configuration_is_known_without_its_parts() {
    let place = Place::new();
    place.ade("init crew -q").success();
    place.ade("init crew/night -q").success();
    let mut command = place.command();
    command
        .args(["dev", "--port", "0", "--no-worker"])
        .current_dir(place.path("crew"));
    let mut process = common::Running::start(command);
    process.wait_until_prints("Ctrl-C stops");
    let known = place.json("configs ls --json --data-dir crew/data");
    let folder = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let paths: Vec<_> = known.each("path");
    assert_eq!(paths, [&folder("crew"), &folder("crew/night")]);
}

#[test]
fn of_very_many_configurations_the_first_are_known() {
    let place = Place::new();
    for number in 0..52 {
        let folder = format!("c{number:02}/src/ade_config/__init__.py");
        place.write(folder, "");
        let manifest = format!("[project]\nname = \"c{number:02}\"\n");
        place.write(format!("c{number:02}/pyproject.toml"), manifest);
    }
    let mut process = place.start("dev --port 0 --no-worker");
    process.wait_until_says("2 more configurations in this folder are not listed");
    let known = place.json("configs ls --json");
    let known = known.list();
    assert_eq!(known.len(), 50);
    assert!(known.iter().all(|one| one["name"].as_str() < Some("c50")));
}

#[test]
fn a_folder_whose_runs_use_a_version_is_told_apart() {
    let place = Place::ready();
    let configuration = place.configuration("config");
    let saved = |line: &str| configuration.write("src/ade_config/columns/rates.py", &module(line));
    let mut server = Server::dev(&place, "--no-worker");
    let known = server.read("/api/v1/workspaces/default/configs")["items"][0].clone();
    let publish = format!("/api/v1/configs/{}/publish", known["id"].text());
    server
        .post(&publish, &serde_json::json!({"force": true}))
        .is(201);
    saved("RATE = 1");
    server.process.wait_until_says(
        "the folder of people changed, and loads without errors; runs over the API use version 1 and not the folder: `ade configs deactivate people --version` changes that",
    );
    assert_eq!(times(&server, "\"people changed"), 0);
    place.ade("configs deactivate people --version").success();
    saved("RATE = 2");
    server
        .process
        .wait_until_says("\"people changed, and loads without errors\"");
}

#[test]
fn there_is_one_for_a_data_directory() {
    let place = Place::new();
    let server = Server::dev(&place, "--no-worker");
    let refused = place.ade("dev --port 0 --json").code(2);
    let error = refused.error();
    assert_eq!(error["code"], "address_unusable");
    let message = error["message"].text();
    for named in [
        format!("process {} on ", server.process.id()),
        format!("http://{}", server.address),
        place.path("data").display().to_string(),
    ] {
        assert!(message.contains(&named), "{message}");
    }
    // So is one on the same port.
    let port = server.address.rsplit(':').next().unwrap();
    place.ade_fails(&format!("dev --port {port}"), 2, "address_unusable");
    let refused = place.ade(&format!("dev --port {port} --data-dir other"));
    let expected = format!(
        "127.0.0.1:{port} is in use: process {} (ade) listens there",
        server.process.id()
    );
    refused.code(2).says(&expected);
    // Another data directory has its own, and a server for a team may be beside it.
    let mut other = place.start("dev --port 0 --no-worker --data-dir other");
    other.wait_until_prints("Ctrl-C stops");
    let _beside = Server::serve(&place, "");
    // A killed server leaves nothing in the way of the next one.
    server.process.dies();
    Server::dev(&place, "--no-worker");
}
