//! `ade pause` and `ade resume`: what is paused waits, wherever it was submitted, and says so.

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
fn what_is_paused_waits() {
    let place = place(&["config", "other"]);
    nothing_is_claimed_while_everything_is_paused_and_resuming_goes_on(&place);
    a_paused_configuration_waits_and_others_go_on(&place);
}

fn nothing_is_claimed_while_everything_is_paused_and_resuming_goes_on(place: &Place) {
    let run = detach(place, "config");
    place.ade_says("resume", "Nothing was paused by that");
    place.ade_says("pause --reason new-disk", "everything is paused by user");
    let drained = place.ade("worker --drain --json").ends_with(1);
    assert_eq!(drained.error()["code"], "paused", "{drained}");
    drained.stderr_has("new-disk");
    place.ade_fails("worker --once", 1, "paused");
    assert_eq!(status(place, &run), "queued");
    place.ade_prints(&format!("runs show {run}"), "new-disk");
    let told = place.json("top --once --json");
    assert_eq!(told["paused"][0]["reason"], "new-disk", "{told}");
    assert_eq!(told["paused"][0]["configuration_id"], Value::Null, "{told}");
    let found = place.finding("pauses");
    assert_eq!(found["state"], "warning", "{found}");
    let words = "1 run waiting: new-disk";
    assert!(found["message"].text().contains(words), "{found}");
    // Whoever runs files here is told what to type, and nothing is recorded.
    let refused = place.ade("run config members.csv --json").ends_with(1);
    assert_eq!(refused.error()["code"], "paused", "{refused}");
    refused.stderr_has("ade resume");
    assert_eq!(place.statuses(), ["queued"]);
    // Pausing again keeps the reason.
    let again = place.json("pause --json");
    assert_eq!(again["reason"], "new-disk", "{again}");

    place.ade_fails("resume --config nobody", 2, "configuration_not_found");
    let resumed = place.json("resume --json");
    assert_eq!(resumed["resumed"]["reason"], "new-disk", "{resumed}");
    assert_eq!(resumed["paused"], json!([]), "{resumed}");
    assert_eq!(place.json("resume --json")["resumed"], Value::Null);
    place.ade("worker --drain").succeeds();
    assert_eq!(status(place, &run), "succeeded");
    place.ade("run config members.csv").succeeds();
}

fn a_paused_configuration_waits_and_others_go_on(place: &Place) {
    let (waits, goes_on) = (detach(place, "config"), detach(place, "other"));
    place.ade("pause --config config").succeeds();
    place.ade_fails("worker --drain", 1, "paused");
    assert_eq!(status(place, &waits), "queued");
    assert_eq!(status(place, &goes_on), "succeeded");
    place.ade_fails("run config members.csv", 1, "paused");
    place.ade("run other members.csv").succeeds();
    // The pause of everything is another one.
    place.ade("pause").succeeds();
    let resumed = place.ade("resume").succeeds();
    resumed
        .says("everything is resumed")
        .says("people is paused by user");
    place.ade_fails("worker --drain", 1, "paused");
    place.ade("resume --config config").succeeds();
    place.ade("worker --drain").succeeds();
    assert_eq!(status(place, &waits), "succeeded");
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
