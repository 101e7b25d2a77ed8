//! Ctrl-C at every stage: nothing half-written, no process left, status `cancelled`, and the next run fine.

use crate::common;

use common::{Place, Printed, snapshot};
use libc::{SIGINT, SIGTERM};

/// Checks that no process is left, no file of a run or of an environment is incomplete, and the next run succeeds.
#[track_caller]
fn nothing_is_left_of_it(place: &Place) {
    place.nothing_runs();
    let is_torn = |name: &&String| {
        name.contains("/.ade-") || name.ends_with(".tmp") || name.ends_with("_normalized.xlsx")
    };
    let files = place.files_below("data/workspaces");
    let torn: Vec<_> = files.iter().filter(is_torn).collect();
    assert!(torn.is_empty(), "{torn:?}");
}

#[test]
fn while_the_engine_works() {
    let (place, gate) = Place::gated();
    let cancelled = |flags: &str, signal: i32| {
        let _ = std::fs::remove_file(&gate.reached);
        let running = place.start(&format!("run config members.csv {flags}"));
        gate.wait_until_reached();
        running.signal(signal);
        let end = running.wait().code(130);
        nothing_is_left_of_it(&place);
        let run = place.latest_id();
        place.is_sound(&run, "cancelled", &["cancelled"]);
        assert_eq!(place.event_counts(&run)["run.cancel_requested"], 1);
        end
    };
    snapshot!(place, cancelled("", SIGINT).shown(), @r"
    status 130
    --- stdout
    ✗ members.csv  cancelled [TIME]
    --- stderr
    error: cancelled
    ");
    let end = cancelled("--json", SIGTERM);
    assert_eq!(end.records()[0]["status"], "cancelled");
    assert_eq!(end.error()["code"], "cancelled");
    gate.open();
    place.ade("run config members.csv -q").success();
}

#[test]
fn while_the_environment_is_built_or_waited_for() {
    let mut place = Place::cold();
    let gate = place.hold_installs();
    let builder = place.start("run config members.csv");
    gate.wait_until_reached();
    // The waiting process is cancelled without disturbing the builder.
    let mut waiter = place.start("run config members.csv");
    waiter.wait_until_says("waiting for another process");
    waiter.signal(SIGINT);
    waiter.wait().code(130);
    builder.signal(SIGINT);
    snapshot!(place, builder.wait().shown(), @r"
    status 130
    --- stdout
    ✗ members.csv  cancelled [TIME]
    --- stderr
    Building the environment of people (new)
      ✓ prepare installer  [TIME]
      ✓ create venv  [TIME]
    error: cancelled while the environment was being provisioned
    ");
    nothing_is_left_of_it(&place);
    assert_eq!(place.statuses(), ["cancelled", "cancelled"]);
    assert_eq!(place.environments()[0]["status"], "queued");
    let built = place.files_below("data/venvs");
    assert!(!built.iter().any(|name| name.ends_with("/.ready")));
    place.remember_environments();
    place.ade("run config members.csv -q").success();
    assert_eq!(place.environments().len(), 1);
}

#[test]
fn while_a_configuration_is_checked() {
    let place = Place::new();
    let gate = place.gate("gate");
    place.configuration("config").module(&format!("import os, time\n\nopen({:?}, \"w\").close()\nwhile not os.path.exists({:?}):\n    time.sleep(0.01)", gate.reached, gate.open));
    place.warm("config");
    let running = place.start("check config");
    gate.wait_until_reached();
    running.signal(SIGINT);
    running.wait().code(130);
    place.nothing_runs();
}
