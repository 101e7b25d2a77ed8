//! `ade check`.

use crate::common;

use common::{Place, Told, snapshot};
use serde_json::json;

const RATES: &str = "src/ade_config/columns/rates.py";

/// One place for all of it: an environment of its own takes long.
#[test]
fn a_configuration_is_checked() {
    let place = Place::cold();
    one_that_loads_says_what_it_registers(&place);
    a_check_and_a_run_say_the_same_of_what_does_not_load(&place);
    an_engine_that_dies_is_not_taken_for_an_invalid_configuration(&place);
    std::fs::remove_file(place.path("config").join(RATES)).unwrap();
    what_has_no_effect_is_told_and_is_no_failure(&place);
}

fn one_that_loads_says_what_it_registers(place: &Place) {
    place.ade_says("check config", "Building the environment of people (new)");
    snapshot!(place, place.ade("check config"), @r"
    status 0
    --- stdout
    ✓ people loads
      fields             2
      row detectors      1
      column detectors   2
      column transforms  0
      column validators  1
      hooks              0
    ");
    snapshot!(place, place.ade("check config --json"), @r#"
    status 0
    --- stdout
    {
      "ok": true,
      "configuration": "[HERE]/config",
      "source_digest": "[SHA256]",
      "environment_id": "[ID]",
      "fields": 2,
      "row_detectors": 1,
      "column_detectors": 2,
      "column_transforms": 0,
      "column_validators": 1,
      "hooks": 0,
      "warnings": []
    }
    "#);
    // Without a folder the current one is checked.
    let ade = env!("CARGO_BIN_EXE_ade");
    let checked = place.shell(&format!("cd config && exec {ade} check --data-dir ../data"));
    checked.succeeds().prints("people loads");
    // No run is recorded.
    assert!(place.statuses().is_empty());
}

fn a_check_and_a_run_say_the_same_of_what_does_not_load(place: &Place) {
    let configuration = place.configuration("config");
    let broken = |text: &str| configuration.write(RATES, text);
    broken("RATE = 1 / 0\n\n\ndef register(registry):\n    pass\n");
    snapshot!(place, place.ade("check config"), @r"
    status 1
    --- stderr
    error: ZeroDivisionError: division by zero ([HERE]/config/src/ade_config/columns/rates.py, line 1, in <module>)
    ");
    broken(
        "from ade_engine.models import FieldDef\n\n\ndef register(registry):\n    registry.register_field(FieldDef(\"name\"))\n",
    );
    let checked = place.ade("check config --json").ends_with(1).error();
    let found = ["code", "file", "line"].map(|key| checked[key].clone());
    assert_eq!(json!(found), json!(["config_error", RATES, 5]), "{checked}");
    let ran = place.ade("run config members.csv --json").ends_with(1);
    let ran = ran.records()[0]["error"].clone();
    for key in ["code", "file", "line", "message"] {
        assert_eq!(checked[key], ran[key], "{key}: {checked} {ran}");
    }
    // What a run finds only where it calls the function, with the function.
    broken(
        "def by_header(column_heder_original):\n    return None\n\n\ndef register(registry):\n    registry.register_column_detector(by_header, field=\"name\", priority=1)\n",
    );
    let checked = place.ade("check config --json").ends_with(1).error();
    assert_eq!(checked["callable"], "ade_config.columns.rates.by_header");
    // A module that is missing, with a hint.
    broken("import shillings\n\n\ndef register(registry):\n    pass\n");
    let hint = "hint: if shillings is a package, add it to `dependencies` in pyproject.toml; the next run installs it";
    for line in ["check config", "run config members.csv --validate-only"] {
        place.ade(line).ends_with(1).says(hint);
    }
    place.ade("check absent").ends_with(2);
}

fn an_engine_that_dies_is_not_taken_for_an_invalid_configuration(place: &Place) {
    let configuration = place.configuration("config");
    let how = "import os\n\nos._exit(3)\n\n\ndef register(registry):\n    pass\n";
    configuration.write(RATES, how);
    let error = place.ade("check config --json").ends_with(1).error();
    assert_eq!(error["code"], "engine_crashed");
    let message = error["message"].text();
    assert!(
        message.starts_with("the engine ended with status 3"),
        "{message}"
    );
}

fn what_has_no_effect_is_told_and_is_no_failure(place: &Place) {
    let configuration = place.configuration("config");
    configuration.write("settings.toml", "merge_table_in_sheet = true\n");
    configuration.write("manifest.toml", "[[columns]]\nfield = \"emial\"\n");
    configuration.write(
        "src/ade_config/hooks/late.py",
        "def regster(registry):\n    pass\n",
    );
    snapshot!(place, place.ade("check config"), @r"
    status 0
    --- stdout
    ✓ people loads
      fields             2
      row detectors      1
      column detectors   2
      column transforms  0
      column validators  1
      hooks              0
    --- stderr
    warning: [HERE]/config/settings.toml, line 1: there is no setting 'merge_table_in_sheet'; did you mean 'merge_tables_in_sheet'?
    warning: [HERE]/config/manifest.toml, line 2: 'emial' is no registered field, so it counts for a column of that name alone; did you mean 'email'?
    warning: [HERE]/config/src/ade_config/hooks/late.py, line 1: the module is not loaded, because it has no top-level function `register`: `regster` is another name
    ");
}
