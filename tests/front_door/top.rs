//! `ade top` while something runs. The rest is in `tests/cli/top.md`.

use crate::common;

use common::{Place, Printed, has};
use serde_json::json;

#[test]
fn the_queue_its_workers_and_what_runs_are_shown() {
    let place = Place::held("");
    let run = place.enqueue("config", "members.csv");
    place.enqueue("config", "members.csv");
    let worker = place.start_worker("the-worker");
    place.wait_until_held(1);
    let view = place.json("top --once --json");
    has(&view["queue"], json!({"queued": 1, "running": 1}));
    has(
        &view["workers"][0],
        json!({"name": "the-worker", "kind": "worker", "pid": worker.id()}),
    );
    let cancel = format!("ade runs cancel {run}");
    has(
        &view["longest"],
        json!({"run_id": run, "usual_ms": null, "is_overdue": false, "cancel": cancel}),
    );
    place.ade_prints("doctor", "members.csv (people) has run for ");
    let text = place.ade("top").success();
    for words in [
        "1 queued, 1 running, 0 environments waiting, 0 building",
        "the-worker",
        "1 of 3",
        "no run of this configuration has succeeded yet",
        &cancel,
    ] {
        text.prints(words);
    }
    place.let_go();
    worker.stops();
}
