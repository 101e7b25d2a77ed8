//! `ade pause` and `ade resume`, beyond `tests/cli/pause.md`: builds, runs that were begun, and the API.

use crate::common;

use common::{Place, Server, Told};
use serde_json::{Value, json};

/// A place with configurations whose environments are ready.
fn place(configurations: &[&str]) -> Place {
    let mut place = Place::new();
    place.hurry();
    place.members("members.csv");
    for name in configurations {
        place.configuration(name);
        place.warm(name);
    }
    place
}

fn detach(place: &Place, configuration: &str) -> String {
    let line = format!("run {configuration} members.csv --detach --json");
    let run = place.ade(&line).succeeds().records().remove(0);
    run["id"].string()
}

fn status(place: &Place, run: &str) -> Value {
    place.json(&format!("runs show {run} --json"))["status"].clone()
}

#[test]
fn no_environment_is_built_for_what_is_paused() {
    let mut place = Place::new();
    place.hurry();
    let trace = place.path("built");
    place.configuration("config");
    place.members("members.csv");
    place.before_installs(&format!(": > '{}'", trace.display()));
    detach(&place, "config");
    place.ade("pause --config config").succeeds();
    place.ade_fails("worker --drain", 1, "paused");
    assert!(!trace.exists());
    place.ade("resume --config config").succeeds();
    place.ade("worker --drain").succeeds();
    assert!(trace.exists());
}

#[test]
fn a_run_that_was_begun_goes_on() {
    let (place, run, worker) = Place::busy("w");
    place.ade("pause").succeeds();
    let waits = detach(&place, "config");
    place.let_go();
    common::wait_for("the end", || status(&place, &run) == "succeeded");
    worker.stops();
    assert_eq!(status(&place, &waits), "queued");
}

#[test]
fn over_the_api_administrators_pause_and_everybody_is_told() {
    let mut place = place(&["config"]);
    let configuration = place.configuration_id("config");
    place.set("ADE_WORKER_CONCURRENCY", "1");
    let server = Server::dev(&place, "");
    let nothing = json!({});
    let refused = server.post("/api/v1/pause", &json!({"reason": "x".repeat(501)}));
    refused.is(422);
    let paused = server.post("/api/v1/pause", &json!({"reason": "new-disk"}));
    let paused = paused.is(200).json();
    assert_eq!(paused["reason"], "new-disk", "{paused}");
    assert!(paused["paused_by"].text().starts_with("token "));
    let ready = server.get("/readyz").is(200).json();
    common::has(&ready, json!({"status": "ok", "paused": true}));
    let document = server.upload(&place.path("members.csv"));
    let run = server.submit(&configuration, &document);
    let id = run["id"].text();
    let queue = server.read("/api/v1/queue");
    assert_eq!(queue["items"][0]["waits_for"], "pause", "{queue}");
    assert_eq!(queue["items"][0]["run"]["id"], id);
    let metrics = server.get("/metrics").is(200).text();
    assert!(metrics.contains("\nade_paused 1\n"), "{metrics}");
    assert!(metrics.contains("\nade_runs_paused 1\n"), "{metrics}");

    let own = format!("/api/v1/configs/{configuration}");
    server.post(&format!("{own}/pause"), &nothing).is(200);
    let resumed = server.post("/api/v1/resume", &nothing).is(200).json();
    assert_eq!(resumed["resumed"]["reason"], "new-disk", "{resumed}");
    let all = server.read("/api/v1/pause");
    assert_eq!(all["items"][0]["configuration_name"], "people", "{all}");
    let ready = server.get("/readyz").is(200).json();
    assert_eq!(ready["paused"], false, "{ready}");
    assert_eq!(ready["paused_configurations"], 1, "{ready}");
    assert_eq!(
        server.read("/api/v1/queue")["items"][0]["waits_for"],
        "pause"
    );
    server.post(&format!("{own}/resume"), &nothing).is(200);
    let again = server
        .post(&format!("{own}/resume"), &nothing)
        .is(200)
        .json();
    assert_eq!(again["resumed"], Value::Null, "{again}");
    server.wait_for(id, "succeeded");
}
