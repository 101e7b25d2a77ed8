//! Workers that take a part of what waits, and one that is told from afar to take nothing.

use crate::common;

use common::{Place, Server, Told, has, wait_for};
use serde_json::{Value, json};

#[test]
fn a_quieted_worker_finishes_what_it_has_and_takes_no_more_until_it_is_resumed() {
    let place = Place::held("");
    let first = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker("one");
    place.wait_until_held(1);
    let listed = place.json("workers ls --json");
    let id = listed[0]["id"].text();
    has(&listed[0], json!({"busy": 1, "quieted_at": null}));
    place.ade_says(
        &format!("workers quiet {}", &id[30..]),
        "takes no more runs",
    );
    worker.wait_until_says("quieted by user");
    let second = place.enqueue("config", "members.csv");
    place.let_go();
    place.wait_for_status(&first, "succeeded");
    place.ade_prints("workers ls", "quieted by user");
    wait_for("the worker to be idle", || {
        place.json("workers ls --json")[0]["busy"] == 0
    });
    assert_eq!(place.statuses(), ["queued", "succeeded"]);
    let server = Server::dev(&place, "--no-worker --no-web");
    let shown = server.read("/api/v1/workers");
    let quieted = shown["items"].list().iter();
    assert_eq!(
        quieted.filter(|one| one["quieted_at"].is_string()).count(),
        1
    );
    let path = format!("/api/v1/workers/{id}/resume");
    let resumed = server.post(&path, &json!({})).is(200).json();
    assert_eq!(resumed["quieted_at"], Value::Null, "{resumed}");
    place.wait_for_status(&second, "succeeded");
    server
        .post("/api/v1/workers/gone/quiet", &json!({}))
        .refuses(404, "not_found");
    worker.stops();
    place.ade_fails("workers quiet 4f2a9c", 2, "not_found");
}

#[test]
fn a_worker_of_one_workspace_is_done_when_that_is() {
    let place = Place::ready();
    for workspace in ["default", "other"] {
        let line = format!("run config members.csv --detach -q -w {workspace}");
        place.ade(&line).succeeds();
    }
    place.ade("worker --drain -q -w other").succeeds();
    let by_workspace =
        "SELECT group_concat(workspace_id || ' ' || coalesce(status, 'queued')) FROM runs";
    let states: String = place.query(by_workspace);
    assert!(
        states.contains("default queued") && states.contains("other succeeded"),
        "{states}"
    );
    place.ade_fails("worker --label large", 2, "usage");
    place.ade("worker --drain -q --label size:large").succeeds();
    assert_eq!(place.query::<i64>("SELECT count(*) FROM queue"), 1);
}
