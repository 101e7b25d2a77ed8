//! In which order runs are executed: by priority, and in turns of those who submitted them.

use crate::common;

use common::{Place, Server, Told};
use serde_json::{Value, json};

/// The names of the inputs in the order in which one slot begins them.
fn begun(place: &Place) -> Vec<String> {
    place.ade("worker --drain --concurrency 1 -q").succeeds();
    let runs = place.json("runs ls --json --limit 1000");
    let mut runs = runs.list().clone();
    // That one made the configuration known.
    runs.retain(|run| run["input"]["name"] != "members.csv");
    runs.sort_by_key(|run| run["started_at"].string());
    let name = |run: &Value| run["input"]["name"].string();
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
    // Over HTTP, too, where a token submits it.
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "--no-worker --no-web");
    let document = server.upload(&place.path("normal.csv"));
    let path = format!("configs/{configuration}/runs");
    let of = |priority: &str| {
        let body = json!({"document_id": document, "priority": priority});
        server.post(&path, &body)
    };
    let low = of("low").is(201).json();
    assert_eq!(low["priority"], "low", "{low}");
    assert_eq!(low["submitted_by"]["kind"], "token", "{low}");
    of("urgent").is(422);
    let told = server.read("queue")["items"].clone();
    assert_eq!(told[0]["run"]["priority"], "high", "{told}");
    assert_eq!(told[1]["run"]["id"], low["id"], "{told}");
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
    assert!(refused["detail"].text().contains("limit is"), "{refused}");
    place.write("long.csv", "a\n".repeat(600_000));
    let long = std::fs::read(place.path("long.csv")).unwrap();
    let sent = server
        .ask("POST", "/api/v1/workspaces/default/documents?name=long.csv")
        .header("Content-Type", "application/octet-stream")
        .body(long)
        .send();
    sent.refuses(507, "storage_limit");
}
