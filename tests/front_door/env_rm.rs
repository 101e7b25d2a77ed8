//! `ade env rm`.

use crate::common;

use common::{Place, Told, snapshot};

#[test]
fn an_environment_is_removed_unless_a_run_needs_it() {
    let place = Place::ready();
    an_environment_is_removed_and_built_again_when_it_is_needed(&place);
    one_that_a_run_needs_is_refused(&place);
}

fn an_environment_is_removed_and_built_again_when_it_is_needed(place: &Place) {
    let id = place.environments()[0]["id"].string();
    snapshot!(place, place.ade("env rm config --dry-run"), @r"
    status 0
    --- stdout
    [ID] people would be removed, [SIZE] freed
    ");
    assert_eq!(place.environments().len(), 1);
    let report = place.json(&format!("env rm {} --json", &id[..18]));
    assert_eq!(report["removed"][0]["id"], id.as_str());
    assert_eq!(report["removed"][0]["reason"], "asked for");
    assert!(report["bytes_freed"].as_u64().unwrap() > 0);
    assert!(place.environments().is_empty());
    assert_eq!(place.files_below("data/venvs"), Vec::<String>::new());
    place.ade_refuses("env rm config", "has no environment yet");
    place.ade("run config members.csv -q").succeeds();
    assert_ne!(place.environments()[0]["id"], id.as_str());
}

fn one_that_a_run_needs_is_refused(place: &Place) {
    place.configuration("other");
    place.warm("other");
    let run = place.enqueue("config", "members.csv");
    snapshot!(place, place.ade("env rm config"), @r"
    status 2
    --- stderr
    error: environment [ID] is needed by 1 run
    hint: `ade runs ls` shows what needs it; try again when that has ended
    ");
    // The others are removed nevertheless.
    let answer = place.ade("env rm config other").ends_with(2);
    answer.stderr_has("is needed by 1 run");
    assert_eq!(place.environments().len(), 1);
    place.ade(&format!("runs cancel {run}")).succeeds();
    place.ade("env rm config").succeeds();
}

#[test]
fn one_that_is_being_built_is_refused() {
    let mut place = Place::new();
    let gate = place.hold_installs();
    place.configuration("config");
    let build = place.start("env build config -q");
    gate.wait_until_reached();
    place.ade_refuses("env rm config", "is building");
    gate.open();
    build.wait().succeeds();
    place.ade("env rm config").succeeds();
}
