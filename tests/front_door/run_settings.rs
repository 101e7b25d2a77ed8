//! Settings of the engine that hold for some runs only: by the name of the file, by variables, by `--set`; and that a run which
//! is repeated has those of the first.

use crate::common;

use common::{Place, Server, Told, snapshot};
use serde_json::{Value, json};

const FIELDS: &str = "from ade_engine.fields import Field, date, number\n\n\
def register(registry):\n    Field('day', read=date).register(registry)\n    Field('net', read=number).register(registry)\n";
const VARIABLE: &str = "ADE_ENGINE_DATE_ORDER";

/// With a configuration whose dates and amounts the settings decide, and two files for it.
fn place() -> Place {
    let place = Place::new();
    let configuration = place.configuration("config");
    configuration.write("src/ade_config/columns/fields.py", FIELDS);
    for name in ["us_may.csv", "eu.csv"] {
        place.write(name, "day,net\n03/04/2025,1.234\n");
    }
    place.members("members.csv");
    place.warm("config");
    place
}

/// The day of a run's first row, as the output has it.
fn day(place: &Place, run: &Value) -> String {
    let cells = place.output_of(run).to_string();
    let month_first = cells.contains("2025-03-04");
    assert_ne!(month_first, cells.contains("2025-04-03"), "{cells}");
    if month_first { "mdy" } else { "dmy" }.to_owned()
}

fn latest_day(place: &Place) -> String {
    day(place, &place.latest_run())
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn settings_hold_for_some_runs_only() {
    let mut place = place();
    what_is_no_setting_or_not_its_value_is_refused_where_it_is_given(&mut place);
    a_run_that_is_repeated_has_the_settings_of_the_first_whatever_is_set_now(&mut place);
    a_csv_file_of_another_kind_is_read_without_a_change_of_the_configuration(&place);
    tables_by_file_name_variables_and_set_outrank_each_other_in_this_order(&mut place);
    place.unset(VARIABLE);
    a_client_gives_settings_with_its_run(&place);
}

fn what_is_no_setting_or_not_its_value_is_refused_where_it_is_given(place: &mut Place) {
    snapshot!(place, place.ade("run config eu.csv --set date_ordr=mdy"), @r#"
    status 2
    --- stderr
    error: invalid value 'date_ordr=mdy' for '--set <KEY=VALUE>': the engine has no setting "date_ordr" for a run; did you mean date_order?

    For more information, try '--help'.
    "#);
    for wrong in [
        "--set date_order=american",
        "--csv-delimiter ;; --dry-run",
        "--csv-encoding nonsense --detach",
    ] {
        place.ade_refuses(&format!("run config eu.csv {wrong}"), " should be ");
    }
    assert!(place.statuses().is_empty(), "nothing was recorded");
    // What only the engine can check is nothing that the configuration has wrong.
    snapshot!(place, place.ade("run config eu.csv --set sheets=[]"), @r#"
    status 1
    --- stdout
    ✗ eu.csv  failed [TIME]
    --- stderr
    error: Invalid settings: sheets from --set should be tables such as [sheets."Sheet1"], not '[]'
    hint: correct --set and run the file anew; a retry has the settings of the run that it repeats
    "#);
    place.set(VARIABLE, "american");
    snapshot!(place, place.ade("run config eu.csv"), @r"
    status 1
    --- stdout
    ✗ eu.csv  failed [TIME]
    --- stderr
    error: Invalid settings: ADE_ENGINE_DATE_ORDER from the environment variables should be 'auto' or 'dmy' or 'mdy' or 'ymd', not 'american'
    hint: correct the variable ADE_ENGINE_DATE_ORDER and run the file anew; a retry has the settings of the run that it repeats
    ");
    place.unset(VARIABLE);
}

fn a_run_that_is_repeated_has_the_settings_of_the_first_whatever_is_set_now(place: &mut Place) {
    place.ade("run config eu.csv -q").succeeds();
    place.set(VARIABLE, "mdy");
    place.ade("runs retry latest --now").succeeds();
    assert_eq!(latest_day(place), "dmy", "it was not set then");

    // A worker uses what was set when the run was submitted.
    place.set("ADE_ENGINE_OF_MY_OWN", "secret");
    place
        .ade("run config eu.csv --detach --set decimal_mark=, -q")
        .succeeds();
    place.set(VARIABLE, "dmy");
    place.set("ADE_ENGINE_CSV_DELIMITER", ";");
    place.ade("worker --drain -q").succeeds();
    let run = place.latest_run();
    assert_eq!(day(place, &run), "mdy");
    let shown = place.ade("runs show latest --json").json();
    let sources: Vec<&Value> = shown["overrides"].each("source");
    assert_eq!(sources, [VARIABLE, "--set"]);
    let request = place.read(format!("{}/run-request.json", run["run_dir"].text()));
    assert!(!request.contains("secret"), "{request}");

    place.ade("runs retry latest").succeeds();
    place.ade("worker --drain -q").succeeds();
    let run = place.latest_run();
    assert_eq!(day(place, &run), "mdy", "by a worker");
    let folder = run["run_dir"].text();
    for file in ["run-request.json", "artifact.json"] {
        let record: Value = serde_json::from_str(&place.read(format!("{folder}/{file}"))).unwrap();
        assert_eq!(
            record["options"]["engine_variables"],
            json!({VARIABLE: "mdy"}),
            "{file}"
        );
    }
    for name in [VARIABLE, "ADE_ENGINE_OF_MY_OWN", "ADE_ENGINE_CSV_DELIMITER"] {
        place.unset(name);
    }
}

fn a_csv_file_of_another_kind_is_read_without_a_change_of_the_configuration(place: &Place) {
    place.write("latin.csv", b"day;net\n3 f\xe9vrier 2025;1\n");
    let run = place.json("run config latin.csv --csv-delimiter ; --csv-encoding latin-1 --json");
    let cells = place.output_of(&run).to_string();
    assert!(cells.contains("2025-02-03"), "{cells}");
    let again = place.json("runs retry latest --now --json");
    assert_eq!(again["metrics"], run["metrics"]);
}

fn tables_by_file_name_variables_and_set_outrank_each_other_in_this_order(place: &mut Place) {
    place.write(
        "config/settings.toml",
        "date_order = \"dmy\"\n\n[files.\"US_*\"]\ndate_order = \"mdy\"\n\n[files.\"us_may*\"]\ndecimal_mark = \",\"\n",
    );
    let runs = place.ade("run config eu.csv us_may.csv --jobs 1 --json");
    let runs = runs.succeeds().records();
    assert_eq!(day(place, &runs[0]), "dmy");
    assert_eq!(day(place, &runs[1]), "mdy");
    let shown = place.ade("runs show us_may.csv").succeeds();
    shown
        .prints("setting        date_order = \"mdy\", by [files.\"US_*\"]")
        .prints("setting        decimal_mark = \",\", by [files.\"us_may*\"]");
    let shown = place.ade("runs show eu.csv --json").json();
    assert_eq!(shown["overrides"], json!([]));
    place.set(VARIABLE, "dmy");
    place
        .ade("run config us_may.csv --set date_order=dmy --set date_order=mdy -q")
        .succeeds();
    assert_eq!(latest_day(place), "mdy");
    let artifact = place.latest_artifact();
    assert_eq!(
        artifact["options"]["settings"],
        json!({"date_order": "mdy"})
    );
    assert_eq!(
        artifact["decisions"]["overrides"],
        json!([
            {"setting": "date_order", "value": "mdy", "source": "--set", "message": "date_order = \"mdy\", by --set"},
            {"setting": "decimal_mark", "value": ",", "source": "[files.\"us_may*\"]", "message": "decimal_mark = \",\", by [files.\"us_may*\"]"},
        ])
    );
}

fn a_client_gives_settings_with_its_run(place: &Place) {
    let server = Server::dev(place, "");
    let configuration = place.configuration_id("config");
    let document = server.upload(&place.path("eu.csv"));
    let path = format!("/api/v1/configs/{configuration}/runs");
    let body =
        |settings: Value| json!({"document_id": document, "options": {"settings": settings}});
    let misspelt = server.post(&path, &body(json!({"date_ordr": "mdy"})));
    let said = misspelt.text();
    assert!(said.contains("did you mean date_order?\""), "{said}");
    misspelt.refuses_field("options.settings.date_ordr");
    let problem = server
        .post(&path, &body(json!({"date_order": "american"})))
        .refuses(422, "invalid_field");
    assert_eq!(
        problem["errors"],
        json!([{"field": "options.settings.date_order", "message": "date_order should be 'auto' or 'dmy' or 'mdy' or 'ymd'"}])
    );
    server
        .post(&path, &body(json!({"date_order": 1})))
        .refuses(422, "invalid_field");
    let run = server
        .post(&path, &body(json!({"date_order": "mdy"})))
        .is(201)
        .json();
    let id = run["id"].text();
    server.wait_for(id, "succeeded");
    assert_eq!(latest_day(place), "mdy");
}
