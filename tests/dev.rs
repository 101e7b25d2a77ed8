//! `ade dev`: API, pages, worker and the watch over configurations in one process.

mod common;

use common::{Place, Server, wait_for};

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
    let id = run["id"].as_str().unwrap();
    assert_eq!(server.events(id, 0).last().unwrap().1, "run.complete");
    // One log for both.
    server.process.wait_until_says("\"event\":\"run.ended\"");
    server.process.wait_until_says("\"event\":\"api.request\"");
    server.process.signal(libc::SIGINT);
    let ended = server.process.wait().succeeds();
    assert!(!ended.stderr.contains(&server.token), "{ended}");
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
    let id = run["id"].as_str().unwrap();
    wait_for("the run", || {
        server.get(&format!("/api/v1/runs/{id}")).json()["status"] == "running"
    });
    server.process.signal(libc::SIGINT);
    server.process.wait().succeeds();
    let shown = place.json(&format!("runs show {id} --json"));
    common::has(
        &shown,
        serde_json::json!({"status": "queued", "attempt_count": 0}),
    );
}

#[test]
fn a_mistake_in_a_configuration_is_told_when_its_file_is_saved() {
    let place = Place::cold();
    let configuration = place.configuration("config");
    place.configuration_id("config");
    let mut server = Server::dev(&place, "--no-worker");
    let good = "[project]\nname = \"people\"\nversion = \"1\"\n";
    let (mut number, saved) = (0, |text: &str| configuration.write("pyproject.toml", text));
    // The server may look for the first time after the first of these changes, and then has nothing to compare it with.
    wait_for("the news of a broken manifest", || {
        number += 1;
        saved(if number % 2 == 0 { good } else { "[project\n" });
        std::thread::sleep(std::time::Duration::from_millis(700));
        server.process.stderr().contains("configuration.broken")
    });
    saved(&format!("{good}# saved\n"));
    server.process.wait_until_says("configuration.changed");
}

#[test]
fn a_port_that_is_taken_names_the_process_that_listens_there() {
    let place = Place::new();
    let server = Server::dev(&place, "--no-worker");
    let port = server.address.rsplit(':').next().unwrap();
    let refused = place.ade(&format!("dev --port {port}")).ends_with(2);
    let expected = format!(
        "127.0.0.1:{port} is in use: process {} (ade) listens there",
        server.process.id()
    );
    assert!(refused.stderr.contains(&expected), "{refused}");
}
