//! `ade run --watch`: again when the input or the configuration changes, until Ctrl-C.

use crate::common;

use common::{Place, Running, snapshot, wait_for};

/// Waits until this many runs have ended.
#[track_caller]
fn wait_for_runs(place: &Place, running: &mut Running, count: usize) {
    wait_for(&format!("{count} runs: {}", running.stderr()), || {
        running.stdout().matches("members.csv").count() >= count
            && running.stderr().matches("Watching for changes").count() >= count
    });
    assert_eq!(place.statuses().len(), count);
}

#[test]
fn a_changed_input_or_configuration_runs_again() {
    let place = Place::ready();
    let configuration = place.configuration("config");
    let mut running = place.start("run config members.csv --watch -o config/clean");
    wait_for_runs(&place, &mut running, 1);
    place.write(
        "members.csv",
        "Name,Email\nAnn,ann@example.org\nBob,bob@example.org\n",
    );
    wait_for_runs(&place, &mut running, 2);
    assert_eq!(place.latest_run()["metrics"]["rows"], 2);
    // What has changed is said, and when.
    running.wait_until_says(" changed: members.csv\n");
    configuration.write("src/ade_config/note.py", "# a change\n");
    wait_for_runs(&place, &mut running, 3);
    running.wait_until_says(" changed: config/src/ade_config/note.py\n");
    let stderr = running.stderr();
    let line = stderr
        .lines()
        .find(|line| line.contains(" changed: "))
        .unwrap();
    let time: Vec<&str> = line.split(' ').next().unwrap().split(':').collect();
    assert!(
        time.len() == 3 && time.iter().all(|part| part.len() == 2),
        "{line}"
    );
    // A configuration that is invalid for a moment does not end it.
    configuration.write("pyproject.toml", "[project");
    running.wait_until_says("pyproject.toml:1");
    wait_for("the watching to go on", || {
        running.stderr().matches("Watching for changes").count() >= 4
    });
    configuration.depend_on(&[]);
    wait_for("the fourth run", || {
        running.stdout().matches("members.csv").count() >= 4
    });
    running.signal(libc::SIGINT);
    running.wait().ends_with(130);
    assert!(place.statuses().iter().all(|status| status == "succeeded"));
}

#[test]
fn what_is_required_is_required_of_each_round() {
    let place = Place::ready();
    let mut running = place.start("run config members.csv --watch --require email --min-rows 1");
    wait_for_runs(&place, &mut running, 1);
    assert!(!running.stderr().contains("error:"), "{}", running.stderr());
    place.write("members.csv", "Name\nAnn\nBob\n");
    wait_for_runs(&place, &mut running, 2);
    running.wait_until_says("error: members.csv has no field email");
    place.write("members.csv", "Name,Email\n");
    wait_for_runs(&place, &mut running, 3);
    running.wait_until_says("error: members.csv has 0 rows; --min-rows wants 1");
    running.signal(libc::SIGINT);
    running.wait().ends_with(130);
}

#[test]
fn what_changes_while_a_run_goes_on_is_noticed_after_it() {
    let (place, gate) = Place::gated();
    let mut running = place.start("run config members.csv --watch");
    gate.wait_until_reached();
    place.write("members.csv", "Name\nEve\nJohn\nMary\n");
    gate.open();
    wait_for_runs(&place, &mut running, 2);
    assert_eq!(place.latest_run()["metrics"]["rows"], 3);
    running.signal(libc::SIGINT);
    running.wait().ends_with(130);
}

#[test]
fn ctrl_c_in_mid_run_ends_the_run_and_the_watching() {
    let (place, gate) = Place::gated();
    let running = place.start("run config members.csv --watch");
    gate.wait_until_reached();
    running.signal(libc::SIGINT);
    snapshot!(place, running.wait(), @r"
    status 130
    --- stdout
    ✗ members.csv  cancelled [TIME]
    --- stderr
    error: cancelled
    ");
    assert_eq!(place.statuses(), ["cancelled"]);
}
