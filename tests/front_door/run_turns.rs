//! In which order runs are executed: by priority, and in turns of those who submitted them.

use crate::common;

use common::{Place, Server};
use serde_json::{Value, json};

/// The names of the inputs in the order in which one slot begins them.
fn begun(place: &Place) -> Vec<String> {
    place.ade("worker --drain --concurrency 1 -q").succeeds();
    let runs = place.json("runs ls --json --limit 1000");
    let mut runs = runs.as_array().unwrap().clone();
    // That one made the configuration known.
    runs.retain(|run| run["input"]["name"] != "members.csv");
    runs.sort_by_key(|run| run["started_at"].as_str().unwrap().to_owned());
    let name = |run: &Value| run["input"]["name"].as_str().unwrap().to_owned();
    runs.iter().map(name).collect()
}

/// A place with inputs of these names.
fn place(names: &[&str]) -> Place {
    let mut place = Place::ready();
    place.hurry();
    for name in names {
        place.write(name, place.read("members.csv"));
    }
    place
}

#[test]
fn a_high_priority_goes_first_and_a_retry_keeps_it() {
    let place = place(&["low.csv", "normal.csv", "high.csv"]);
    for priority in ["low", "normal", "high"] {
        let line = format!("run config {priority}.csv --detach --priority {priority} --json");
        let run = place.ade(&line).succeeds().records().remove(0);
        assert_eq!(run["priority"], priority, "{run}");
        assert_eq!(run["submitted_by"]["kind"], "user", "{run}");
    }
    place.ade_prints("runs show high.csv", "priority");
    assert_eq!(begun(&place), ["high.csv", "normal.csv", "low.csv"]);
    let again = place.ade("runs retry high.csv --json").succeeds();
    assert_eq!(again.records()[0]["priority"], "high", "{again}");
    place.ade_fails("run config low.csv --priority urgent", 2, "usage");
}

#[test]
fn many_files_of_a_command_hold_up_one_over_http_for_one_turn_and_close_the_api_to_nobody() {
    let names = ["1.csv", "2.csv", "3.csv", "4.csv", "5.csv", "6.csv"];
    let mut place = place(&names);
    place.write("http.csv", place.read("members.csv"));
    place.set("ADE_QUEUE_SIZE", "2");
    for name in names {
        place.ade(&format!("run config {name} --detach")).succeeds();
    }
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "--no-worker");
    let document = server.upload(&place.path("http.csv"));
    let run = server.submit(&configuration, &document);
    assert_eq!(run["submitted_by"]["kind"], "token", "{run}");
    let queue = server.read("/api/v1/queue");
    let told = queue["items"].as_array().unwrap().iter();
    let told: Vec<&str> = told
        .map(|item| item["run"]["input"]["name"].as_str().unwrap())
        .collect();
    let wanted = [
        "1.csv", "http.csv", "2.csv", "3.csv", "4.csv", "5.csv", "6.csv",
    ];
    assert_eq!(told, wanted);
    let path = format!("/api/v1/configs/{configuration}/runs");
    let low = json!({"document_id": document, "priority": "low"});
    let low = server.post(&path, &low).is(201).json();
    assert_eq!(low["priority"], "low", "{low}");
    server
        .post(&path, &json!({"document_id": document}))
        .refuses(429, "queue_full");
    server
        .post(
            &path,
            &json!({"document_id": document, "priority": "urgent"}),
        )
        .is(422);
    drop(server);
    let mut wanted = wanted.to_vec();
    wanted.push("http.csv");
    assert_eq!(begun(&place), wanted);
}

#[test]
fn one_submitter_and_one_workspace_have_no_more_than_the_operator_allows() {
    let mut place = place(&["1.csv", "2.csv"]);
    place.set("ADE_LIMIT_SUBMITTER_QUEUED", "1");
    place.set("ADE_LIMIT_WORKSPACE_QUEUED", "2");
    place.set("ADE_LIMIT_WORKSPACE_STORED_MB", "1");
    place.ade("run config 1.csv --detach").succeeds();
    place.ade_fails("run config 2.csv --detach", 1, "queue_full");
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "--no-worker --no-web");
    let document = server.upload(&place.path("1.csv"));
    server.submit(&configuration, &document);
    let path = format!("/api/v1/configs/{configuration}/runs");
    let asked = json!({"document_id": document});
    let refused = server.post(&path, &asked).refuses(429, "queue_full");
    assert!(
        refused["detail"].as_str().unwrap().contains("limit is"),
        "{refused}"
    );
    place.write("long.csv", "a\n".repeat(600_000));
    let long = std::fs::read(place.path("long.csv")).unwrap();
    let sent = server
        .ask("POST", "/api/v1/workspaces/default/documents?name=long.csv")
        .header("Content-Type", "application/octet-stream")
        .body(long)
        .send();
    sent.refuses(507, "storage_limit");
}
