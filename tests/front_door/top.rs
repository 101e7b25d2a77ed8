//! `ade top`.

use crate::common;

use common::{Place, snapshot, wait_for};

#[test]
fn the_queue_its_workers_and_what_runs_are_shown() {
    let place = Place::held("");
    place.ade("run config members.csv --dry-run -q").succeeds();
    let run = place.enqueue("config", "members.csv");
    place.enqueue("config", "members.csv");
    let worker = place.start_worker("the-worker");
    place.wait_until_held(1);
    let view = place.json("top --once --json");
    assert_eq!(view["window_seconds"], 60);
    let queue = &view["queue"];
    common::has(queue, serde_json::json!({"queued": 1, "running": 1}));
    common::has(queue, serde_json::json!({"succeeded": 1, "failed": 0}));
    assert!(queue["oldest_wait_ms"].is_u64(), "{view}");
    assert_eq!(view["workers"][0]["name"], "the-worker");
    assert_eq!(view["workers"][0]["kind"], "worker");
    assert_eq!(view["workers"][0]["pid"], worker.id());
    assert_eq!(view["running"][0]["id"], run.as_str());
    let cancel = format!("ade runs cancel {run}");
    let longest =
        serde_json::json!({"run_id": run, "usual_ms": null, "is_overdue": false, "cancel": cancel});
    common::has(&view["longest"], longest);
    let doctor = place.ade("doctor").succeeds();
    doctor.stdout_has("members.csv (people) has run for ");
    // Piped, it is printed once as well.
    let text = place.ade("top").succeeds();
    for words in [
        "1 queued, 1 running, 0 environments waiting, 0 building",
        "1 succeeded, 0 failed, 0 cancelled",
        "the-worker",
        "members.csv",
        "1 of 3",
        "no such run has succeeded yet",
        &cancel,
    ] {
        text.stdout_has(words);
    }
    place.let_go();
    wait_for("both to end", || {
        place.query::<i64>("SELECT count(*) FROM runs WHERE status = 'succeeded'") == 3
    });
    worker.stops();
    let empty = place.ade("top --once").succeeds();
    empty.stdout_has("No workers");
    empty.stdout_has("Nothing runs");
}

#[test]
fn without_a_queue_it_says_so() {
    let place = Place::new();
    snapshot!(place, place.ade("top --once"), @r"
    status 2
    --- stderr
    error: there is no queue yet
    hint: `ade run CONFIG FILE` or `ade migrate` creates one
    ");
    place.ade("top --interval 0").ends_with(2);
}
