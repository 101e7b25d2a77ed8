//! A worker that is asked from afar to claim nothing. One that claims a part of the waiting runs is in `tests/cli/worker.md`.

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
    let resume = server
        .ask("PATCH", &format!("/api/v1/workers/{id}"))
        .json(&json!({"quiet": false}))
        .send();
    assert_eq!(resume.is(200).json()["quieted_at"], Value::Null);
    let unknown = server
        .ask("PATCH", "/api/v1/workers/gone")
        .json(&json!({"quiet": true}))
        .send();
    unknown.refuses(404, "not_found");
    place.wait_for_status(&second, "succeeded");
    worker.stops();
    place.ade_fails("workers quiet 4f2a9c", 2, "not_found");
}
