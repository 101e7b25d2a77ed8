//! `artifact.json`: the audit record of a run keeps to its published schema. In run_values.rs, every end has one.

use crate::common;

use common::Place;

#[test]
fn a_record_keeps_to_the_schema_whatever_was_asked_for() {
    let mut place = Place::ready();
    for (options, status) in [
        ("--validate-only", "succeeded"),
        ("--dry-run", "succeeded"),
        ("--input-sheet Nothing", "failed"),
        ("--allow-network", "succeeded"),
        (
            "--deny unmapped --deny-issues --require email --min-rows 9",
            "succeeded",
        ),
    ] {
        place.ade(&format!("run config members.csv {options}"));
        let artifact = place.latest_artifact();
        Place::keeps_to_the_schema(&artifact);
        assert_eq!(artifact["run"]["status"], status, "{options}");
    }
    // One run was cancelled before it began, and one was skipped.
    place.enqueue("config", "members.csv");
    place.ade("runs cancel latest -q").success();
    Place::keeps_to_the_schema(&place.latest_artifact());
    place.set("ADE_SAFE_MODE", "1");
    place.ade("run config members.csv").success();
    // The schema refuses a record with a missing or an additional key.
    let whole = place.latest_artifact();
    let fault = Place::fault_of_artifact;
    assert_eq!(fault(&whole), None);
    for key in whole.as_object().unwrap().keys() {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().shift_remove(key);
        assert!(fault(&without).is_some(), "without {key}");
    }
    let mut with = whole.clone();
    with["input"]["values"] = serde_json::json!(["Ann"]);
    assert!(fault(&with).is_some());
}
