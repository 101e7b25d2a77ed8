//! `artifact.json`: the audit record of a run is whole and keeps to its published schema. In run_values.rs, every end has one.

use crate::common;

use common::{Place, Told};

#[test]
fn an_end_is_recorded_whole_and_the_same_each_time() {
    let place = Place::ready();
    two_runs_of_the_same_record_write_the_same_bytes(&place);
    a_record_keeps_to_the_schema_whatever_was_asked_for(&place);
}

fn two_runs_of_the_same_record_write_the_same_bytes(place: &Place) {
    place.ade("run config people.csv").succeeds();
    let first = place.latest_artifact();
    let read = || {
        let run = place.latest_run();
        std::fs::read(run["output_path"].text()).unwrap()
    };
    let bytes = read();
    place.ade("runs retry latest --now").succeeds();
    let second = place.latest_artifact();
    assert_ne!(first["run"]["id"], second["run"]["id"]);
    for key in ["configuration", "environment", "input", "output"] {
        assert_eq!(first[key], second[key], "{key}");
    }
    assert!(bytes == read(), "the workbooks differ");
}

fn a_record_keeps_to_the_schema_whatever_was_asked_for(place: &Place) {
    for (options, error) in [
        ("--validate-only", None),
        ("--dry-run", None),
        ("--input-sheet Nothing", Some("input_error")),
        ("--allow-network", None),
        (
            "--max-errors 0.5% --deny unmapped --deny-issues --require email --min-rows 9",
            None,
        ),
    ] {
        let ran = place.ade(&format!("run config members.csv {options}"));
        let artifact = place.latest_artifact();
        Place::keeps_to_the_schema(&artifact);
        let status = if error.is_some() {
            "failed"
        } else {
            "succeeded"
        };
        assert_eq!(artifact["run"]["status"], status, "{ran}");
        assert_eq!(artifact["run"]["error"]["code"].as_str(), error, "{ran}");
    }
    // It refuses a record that lacks or adds something.
    let schema = Place::artifact_schema();
    let whole = place.latest_artifact();
    for key in whole.as_object().unwrap().keys() {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().shift_remove(key);
        assert!(!schema.is_valid(&without), "without {key}");
    }
    let mut with = whole.clone();
    with["input"]["values"] = serde_json::json!(["Ann"]);
    assert!(!schema.is_valid(&with));
}
