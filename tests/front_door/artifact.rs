//! `artifact.json`: the audit record of every run that ended, however it ended, is whole and keeps to its published schema.

use crate::common;

use common::Place;
use serde_json::Value;

fn schema() -> jsonschema::Validator {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/reference/artifact.schema.json"
    ));
    let schema: Value = serde_json::from_str(&text.unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn hook(place: &Place, code: &str) {
    place.configuration("config").write(
        "src/ade_config/hooks/end.py",
        &format!("import os, time\n\n\ndef end():\n    {code}\n\n\ndef register(registry):\n    registry.register_hook(end, hook=\"on_workbook_start\", priority=10)\n"),
    );
}

#[test]
fn an_end_is_recorded_whole_and_the_same_each_time() {
    let place = Place::ready();
    two_runs_of_the_same_record_write_the_same_bytes(&place);
    the_record_of_every_end_keeps_to_the_schema(&place);
}

fn two_runs_of_the_same_record_write_the_same_bytes(place: &Place) {
    place.ade("run config people.csv").succeeds();
    let first = place.latest_artifact();
    let read = || {
        let run = place.latest_run();
        std::fs::read(run["output_path"].as_str().unwrap()).unwrap()
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

fn the_record_of_every_end_keeps_to_the_schema(place: &Place) {
    let schema = schema();
    let ends = [
        ("pass", "", "succeeded", None),
        ("pass", "--validate-only", "succeeded", None),
        ("pass", "--dry-run", "succeeded", None),
        (
            "pass",
            "--input-sheet Nothing",
            "failed",
            Some("input_error"),
        ),
        ("pass", "--allow-network", "succeeded", None),
        (
            "pass",
            "--max-errors 0.5% --deny unmapped --deny-issues --require email --min-rows 9",
            "succeeded",
            None,
        ),
        ("raise ValueError('no')", "", "failed", Some("hook_error")),
        ("os._exit(3)", "", "failed", Some("engine_crashed")),
        (
            "time.sleep(600)",
            "--timeout 0.5",
            "failed",
            Some("timeout"),
        ),
        ("open('/nowhere', 'w')", "", "failed", Some("hook_error")),
    ];
    for (code, options, status, error) in ends {
        hook(place, code);
        let ran = place.ade(&format!("run config members.csv {options}"));
        let artifact = place.latest_artifact();
        let faults: Vec<String> = schema
            .iter_errors(&artifact)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{code} {options}: {faults:#?}\n{ran}");
        assert_eq!(artifact["run"]["status"], status, "{ran}");
        assert_eq!(artifact["run"]["error"]["code"].as_str(), error, "{ran}");
    }
    // It refuses a record that lacks or adds something.
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
