//! `ade run --watch`: again when the input or the configuration changes, until Ctrl-C.

use crate::common;

use common::{Place, Running, wait_for};

/// Waits until this many rounds have ended.
#[track_caller]
fn wait_for_rounds(running: &Running, count: usize) {
    wait_for(&format!("{count} rounds: {}", running.stderr()), || {
        running.stderr().matches("Watching for changes").count() >= count
    });
}

/// Stops the watching, and checks the number of runs that it made.
#[track_caller]
fn ends(place: &Place, running: Running, runs: usize) {
    running.signal(libc::SIGINT);
    running.wait().code(130);
    assert_eq!(place.statuses().len(), runs);
}

#[test]
fn a_changed_input_or_configuration_runs_again_and_demands_are_those_of_each_round() {
    let place = Place::ready();
    let configuration = place.configuration("config");
    let mut running = place.start(
        "run config members.csv --watch -o config/clean --require email --min-rows 1 --changed",
    );
    wait_for_rounds(&running, 1);
    assert!(!running.stderr().contains("error:"), "{}", running.stderr());
    place.write("members.csv", "Name\nAnn\nBob\n");
    wait_for_rounds(&running, 2);
    // The command prints the changed file and the time.
    running.wait_until_says(" changed: members.csv\n");
    running.wait_until_says("error: members.csv has no field email");
    assert_eq!(place.latest_run()["metrics"]["rows"], 2);
    place.write("members.csv", "Name,Email\n");
    wait_for_rounds(&running, 3);
    running.wait_until_says("error: members.csv has 0 rows; --min-rows requires 1");
    place.members("members.csv");
    wait_for_rounds(&running, 4);
    configuration.write("src/ade_config/note.py", "# a change\n");
    running.wait_until_says(" changed: config/src/ade_config/note.py\n");
    wait_for_rounds(&running, 5);
    assert_eq!(place.statuses().len(), 4, "the first result is good again");
    let stderr = running.stderr();
    let line = stderr.lines().find(|line| line.contains(" changed: "));
    let time: Vec<&str> = line
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .split(':')
        .collect();
    assert!(time.len() == 3 && time.iter().all(|part| part.len() == 2));
    // A configuration that is invalid for a moment does not end the watching, and the same bytes do not run again.
    configuration.write("pyproject.toml", "[project");
    running.wait_until_says("pyproject.toml:1");
    wait_for_rounds(&running, 6);
    configuration.depend_on(&[]);
    wait_for_rounds(&running, 7);
    place.members("members.csv");
    wait_for_rounds(&running, 8);
    ends(&place, running, 4);
}

#[test]
fn what_changes_while_a_run_goes_on_is_noticed_after_it_and_ctrl_c_ends_both() {
    let (place, gate) = Place::gated();
    let running = place.start("run config members.csv --watch");
    gate.wait_until_reached();
    place.write("members.csv", "Name\nEve\nJohn\nMary\n");
    gate.open();
    wait_for_rounds(&running, 2);
    assert_eq!(place.latest_run()["metrics"]["rows"], 3);
    for file in [&gate.open, &gate.reached] {
        std::fs::remove_file(file).unwrap();
    }
    place.members("members.csv");
    gate.wait_until_reached();
    ends(&place, running, 3);
    assert_eq!(place.latest_run()["status"], "cancelled");
}
