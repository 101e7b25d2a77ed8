//! `ade run --detach` and `ade worker`, as far as a person at a terminal sees them.

mod common;

use common::{Place, snapshot};

#[test]
fn detached_runs_are_done_by_a_worker_that_builds_what_they_need() {
    let place = Place::new();
    place.configuration("config");
    place.members("one.csv");
    place.write("broken.xlsx", "none");
    snapshot!(place, place.ade("run config one.csv --detach"), @r"
    status 0
    --- stdout
    [ID]
    --- stderr
    queued one.csv; `ade worker --drain` works the queue
    ");
    let queued = place
        .ade("run config broken.xlsx --detach --json")
        .succeeds();
    assert_eq!(queued.records()[0]["status"], "queued");
    assert_eq!(queued.records()[0]["attempt_count"], 0);
    assert_eq!(place.environments()[0]["status"], "queued");

    let worker = place.ade("worker --drain").succeeds();
    assert_eq!(worker.stdout, "");
    for words in [
        "building",
        "ready",
        "claimed",
        "one.csv, attempt 1",
        "broken.xlsx, attempt 1",
    ] {
        assert!(worker.stderr.contains(words), "{words}: {worker}");
    }
    assert_eq!(place.statuses(), ["failed", "succeeded"]);
    let runs = place.ade("runs ls --json").json();
    assert_eq!(runs[0]["error"]["code"], "input_error");
    // A failure of the input is final at once.
    assert_eq!(runs[0]["attempt_count"], 1);
    assert!(std::path::Path::new(runs[1]["output_path"].as_str().unwrap()).exists());
    // Nothing is left to do.
    place.ade("worker --drain").succeeds();
}

#[test]
fn once_takes_one_run() {
    let place = Place::new();
    place.configuration("config");
    place.members("one.csv");
    place.members("two.csv");
    place.warm("config");
    place
        .ade("run config one.csv two.csv --detach -q")
        .succeeds();
    place.ade("worker --once -q").succeeds();
    assert_eq!(place.statuses(), ["queued", "succeeded"]);
    place.ade("worker --once -q").succeeds();
    assert_eq!(place.statuses(), ["succeeded", "succeeded"]);
    place.ade("worker --once -q").succeeds();
}

#[test]
fn a_database_that_is_not_there_is_named_with_its_remedy() {
    let place = Place::new();
    snapshot!(place, place.ade("worker --drain"), @r"
    status 5
    --- stderr
    error: there is no database at [HERE]/data/db/ade.sqlite
    hint: `ade migrate` creates it, and so does the first `ade run`; or check --data-dir
    ");
    place
        .run(
            &[("ADE_WORKER_AUTO_CREATE_SCHEMA", "1")],
            ["worker", "--drain", "-q"],
        )
        .succeeds();
    assert!(place.path("data/db/ade.sqlite").exists());
}

#[test]
fn a_dependency_that_does_not_exist_fails_the_runs_that_wait_for_it() {
    let place = Place::new();
    let configuration = place.configuration("config");
    configuration.depend_on(&["et-xmlfile==99.99"]);
    place.members("one.csv");
    place.ade("run config one.csv --detach -q").succeeds();
    place.ade("worker --drain").succeeds().says("failed");
    let run = place.latest_run();
    assert_eq!(run["status"], "failed");
    let message = run["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Build failed before run could start"),
        "{message}"
    );
    assert!(message.contains("et-xmlfile"), "{message}");
}

#[test]
fn a_worker_that_is_told_to_stop_lets_its_run_finish() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let gate = place.gate("gate");
    configuration.wait_at(&gate);
    place.members("one.csv");
    place.warm("config");
    place.ade("run config one.csv --detach -q").succeeds();
    let mut worker = place.start("worker --grace 600");
    gate.wait_until_reached();
    worker.signal(libc::SIGTERM);
    worker.wait_until_says("stopping: no more claims");
    gate.open();
    worker.wait().succeeds();
    assert_eq!(place.statuses(), ["succeeded"]);
}

#[test]
fn a_worker_out_of_grace_gives_its_run_back_to_the_queue() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let gate = place.gate("gate");
    configuration.wait_at(&gate);
    place.members("one.csv");
    place.warm("config");
    place.ade("run config one.csv --detach -q").succeeds();
    let worker = place.start("worker --grace 0");
    gate.wait_until_reached();
    worker.signal(libc::SIGTERM);
    worker.wait().succeeds();
    assert_eq!(place.statuses(), ["queued"]);
    gate.open();
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.statuses(), ["succeeded"]);
}
