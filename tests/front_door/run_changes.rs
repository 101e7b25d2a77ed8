//! Which effects a change of the configuration has, and which not.

use crate::common;

use common::Place;
use serde_json::Value;

/// The name in the first row of a run's output.
fn first_name(place: &Place, run: &Value) -> Value {
    place.output_of(run)["members"][1][0].clone()
}

const SHOUT: &str = "import polars as pl\n\n\ndef shout(field_name):\n    return pl.col(field_name).str.to_uppercase()\n\n\ndef register(registry):\n    registry.register_column_transform(shout, field=\"name\", priority=10)\n";

#[test]
fn a_change_of_code_is_one_of_the_next_run() {
    let place = Place::cold();
    a_changed_py_file_changes_the_next_run_with_no_rebuild(&place);
    std::fs::remove_file(place.path("config/src/ade_config/columns/shout.py")).unwrap();
    a_queued_run_keeps_what_it_was_queued_with(&place);
}

fn a_changed_py_file_changes_the_next_run_with_no_rebuild(place: &Place) {
    let configuration = place.configuration("config");
    place.ade("run config members.csv -q").succeeds();
    let before = place.latest_run();
    configuration.write("src/ade_config/columns/shout.py", SHOUT);
    let run = place.ade("run config members.csv").succeeds();
    assert_eq!(run.stderr, "", "nothing is built");
    let after = place.latest_run();
    assert_eq!(first_name(place, &after), "ANN");
    assert_eq!(first_name(place, &before), "Ann");
    assert_eq!(before["environment_id"], after["environment_id"]);
    assert_eq!(before["deps_digest"], after["deps_digest"]);
    assert_ne!(before["source_digest"], after["source_digest"]);
    assert_eq!(place.environments().len(), 1);
}

fn a_queued_run_keeps_what_it_was_queued_with(place: &Place) {
    let configuration = place.configuration("config");
    place.ade("run config members.csv --detach -q").succeeds();
    configuration.write("src/ade_config/columns/shout.py", SHOUT);
    place.write("members.csv", "Name\nEve\n");
    place.ade("worker --drain -q").succeeds();
    assert_eq!(first_name(place, &place.latest_run()), "Ann");
}

#[test]
fn a_changed_dependency_makes_a_new_environment_and_leaves_the_old() {
    let place = Place::cold();
    let configuration = place.configuration("config");
    place.ade("run config members.csv -q").succeeds();
    let old = place.environments();
    configuration.depend_on(&["et-xmlfile>=1"]);
    place.ade_says(
        "run config members.csv",
        "Building the environment of people (new)",
    );
    let both = place.environments();
    let statuses = [0, 1].map(|at: usize| both[at]["status"].clone());
    assert_eq!(statuses, ["ready", "ready"]);
    assert_ne!(both[0]["id"], old[0]["id"]);
    assert_eq!(both[1]["id"], old[0]["id"]);
    // Changed back: the old environment is used at once.
    configuration.depend_on(&[]);
    let run = place.ade("run config members.csv").succeeds();
    assert_eq!(run.stderr, "");
    assert_eq!(place.latest_run()["environment_id"], old[0]["id"]);
}

#[test]
fn editing_files_in_mid_run_changes_nothing_about_that_run() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let gate = place.gate("gate");
    // Files that are imported or read late are as they were at the beginning.
    configuration.write("src/ade_config/late.py", "word = \"old\"\n");
    configuration.write("src/ade_config/word.txt", "old");
    configuration.wait_at_with(
        &gate,
        "",
        "from ade_config import late\nfrom pathlib import Path\nprint(\"imported\", late.word, \"read\", (Path(late.__file__).parent / \"word.txt\").read_text())",
    );
    place.members("members.csv");
    place.warm("config");
    let running = place.start("run config members.csv");
    gate.wait_until_reached();
    configuration.write("src/ade_config/late.py", "word = \"new\"\n");
    configuration.write("src/ade_config/word.txt", "new");
    configuration.write("src/ade_config/columns/shout.py", SHOUT);
    place.write("members.csv", "Name\nEve\n");
    gate.open();
    running.wait().succeeds().says("imported old read old");
    assert_eq!(first_name(&place, &place.latest_run()), "Ann");
    // The next run sees all changes.
    place.ade_says("run config members.csv", "imported new read new");
    assert_eq!(first_name(&place, &place.latest_run()), "EVE");
}

#[test]
fn what_ade_writes_inside_a_configuration_is_no_part_of_it() {
    let mut place = Place::cold();
    place.set("ADE_DATA_DIR", place.path("config/data"));
    let digests = [0, 1].map(|_| {
        let call = "run config members.csv --dry-run -q -o config/clean";
        place.ade(call).succeeds();
        place.latest_run()["source_digest"].to_string()
    });
    assert_eq!(digests[0], digests[1]);
}
