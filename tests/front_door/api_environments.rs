//! Environments over the API: what they are made of, who waits for them, and their collection.

use crate::common;

use common::api::Server;
use common::{Place, Told};
use serde_json::{Value, json};

#[test]
fn an_environment_shows_its_steps_and_who_waits_for_it_and_a_collection_says_why_it_stays() {
    let place = Place::new();
    place.members("members.csv");
    place.configuration("config");
    place.ade("run config members.csv -q").succeeds();
    let mut server = Server::of(&place);
    let listed = server.read("environments");
    let id = listed["items"][0]["id"].string();
    let path = format!("environments/{id}");
    let shown = server.read(&path);
    let steps = shown["steps"].list();
    let has = |name: &str| {
        steps.iter().any(|step| {
            step["step"] == name && step["state"] == "finished" && step["duration_ms"].is_u64()
        })
    };
    assert!(has("install_engine") && has("verify_imports"), "{steps:?}");
    common::has(&shown, json!({"waiting_runs": [], "live_runs": 0}));

    place.enqueue("config", "members.csv");
    let waiting = server.read(&path);
    let run = server.read("runs")["items"][0]["id"].clone();
    common::has(&waiting, json!({"waiting_runs": [run], "live_runs": 1}));

    let collection = "environments/collection";
    let preview = server.read(collection);
    assert_eq!(preview["dry_run"], true);
    let item = &preview["items"][0];
    common::has(
        item,
        json!({"id": id, "fate": "in_use", "reason": "a run needs it", "deletes": false}),
    );
    assert_eq!(preview["skipped"]["a run needs it"], 1);

    // Nothing needs it any more, and it was not used for long.
    let run = run.text();
    server.bare("POST", &format!("runs/{run}/cancel")).is(200);
    const LONG: i64 = 100 * 86_400_000;
    place.change(&format!("UPDATE environments SET last_used_at = last_used_at - {LONG}, updated_at = updated_at - {LONG}"));
    place.change(&format!(
        "UPDATE configurations SET last_run_at = last_run_at - {LONG}"
    ));
    let preview = server.read(collection);
    common::has(
        &preview["items"][0],
        json!({"fate": "delete", "deletes": true}),
    );
    assert!(preview["items"][0]["size_bytes"].as_u64().unwrap() > 0);
    assert_eq!(
        server.read(&path)["status"],
        "ready",
        "a look deletes nothing"
    );
    let done = server.bare("POST", collection).is(200).json();
    assert_eq!(done["dry_run"], false);
    let removed = done["removed"].list();
    assert!(
        removed.iter().any(|one: &Value| one["id"] == json!(id)),
        "{done}"
    );
    assert!(done["bytes_freed"].as_u64().unwrap() > 0);
    server.refuses(&path, 404, "not_found");

    // It is of all workspaces.
    server.use_token(server.token(ade::store::Scope::Admin, Some(&["default"])));
    server.refuses(collection, 403, "forbidden");
    server.bare("POST", collection).refuses(403, "forbidden");
}
