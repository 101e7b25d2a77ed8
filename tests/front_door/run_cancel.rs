//! Ctrl-C at every stage: nothing half-written, no process left, status `cancelled`, and the next run fine.

use crate::common;

use common::{Place, Told, snapshot};
use libc::{SIGINT, SIGTERM};

/// Checks that no file of the run or of an environment is incomplete, and that no temporary file is left.
#[track_caller]
fn nothing_is_half_written(place: &Place) {
    let torn: Vec<String> = place
        .files_below("data/workspaces")
        .into_iter()
        .filter(|name| {
            name.contains("/.ade-") || name.ends_with(".tmp") || name.ends_with("_normalized.xlsx")
        })
        .collect();
    assert!(torn.is_empty(), "{torn:?}");
}

#[test]
fn while_the_engine_works() {
    let (place, gate) = Place::gated();
    let running = place.start("run config members.csv");
    gate.wait_until_reached();
    running.signal(SIGINT);
    let end = running.wait();
    snapshot!(place, end, @r"
    status 130
    --- stdout
    ✗ members.csv  cancelled [TIME]
    --- stderr
    error: cancelled
    ");
    place.nothing_runs();
    nothing_is_half_written(&place);
    let run = place.latest_run();
    assert_eq!(run["status"], "cancelled");
    assert_eq!(run["error"]["code"], "cancelled");
    let id = run["id"].text();
    let events = place.events(id);
    let last = events.last().unwrap();
    assert_eq!(last["event"], "run.complete");
    assert_eq!(place.event_counts(id)["run.cancel_requested"], 1);
    assert_eq!(last["data"]["status"], "cancelled");
    // By SIGTERM as well, and with JSON.
    std::fs::remove_file(&gate.reached).unwrap();
    let running = place.start("run config members.csv --json");
    gate.wait_until_reached();
    running.signal(SIGTERM);
    let end = running.wait().ends_with(130);
    assert_eq!(end.records()[0]["status"], "cancelled");
    assert_eq!(end.error()["code"], "cancelled");
    place.nothing_runs();
    gate.open();
    place.ade("run config members.csv -q").succeeds();
    assert_eq!(place.statuses(), ["succeeded", "cancelled", "cancelled"]);
}

#[test]
fn while_the_environment_is_built() {
    let mut place = Place::cold();
    let gate = place.hold_installs();
    let running = place.start("run config members.csv");
    gate.wait_until_reached();
    running.signal(SIGINT);
    let end = running.wait();
    snapshot!(place, end, @r"
    status 130
    --- stdout
    ✗ members.csv  cancelled [TIME]
    --- stderr
    Building the environment of people (new)
      ✓ prepare installer  [TIME]
      ✓ create venv  [TIME]
    error: cancelled while the environment was being provisioned
    ");
    place.nothing_runs();
    nothing_is_half_written(&place);
    assert_eq!(place.statuses(), ["cancelled"]);
    assert_eq!(place.environments()[0]["status"], "queued");
    assert!(
        !place
            .files_below("data/venvs")
            .iter()
            .any(|name| name.ends_with("/.ready"))
    );
    gate.open();
    place.ade("run config members.csv -q").succeeds();
    assert_eq!(place.environments().len(), 1);
}

#[test]
fn while_another_process_builds_the_environment() {
    let mut place = Place::cold();
    let gate = place.hold_installs();
    let builder = place.start("run config members.csv");
    gate.wait_until_reached();
    let mut waiter = place.start("run config members.csv");
    waiter.wait_until_says("waiting for another process");
    waiter.signal(SIGINT);
    waiter.wait().ends_with(130);
    // The builder is not disturbed.
    gate.open();
    builder.wait().succeeds();
    assert_eq!(place.statuses(), ["cancelled", "succeeded"]);
    place.nothing_runs();
}

#[test]
fn while_a_configuration_is_checked() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let gate = place.gate("gate");
    configuration.module(&format!("import os, time\n\nopen({:?}, \"w\").close()\nwhile not os.path.exists({:?}):\n    time.sleep(0.01)", gate.reached, gate.open));
    place.warm("config");
    let running = place.start("check config");
    gate.wait_until_reached();
    running.signal(SIGINT);
    running.wait().ends_with(130);
    place.nothing_runs();
}
