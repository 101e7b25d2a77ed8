//! What a run noticed: `ade run` says it, `ade runs show` lists it, the records keep it.

use crate::common;

use common::{Configuration, Place, Told, has, snapshot};
use serde_json::{Value, json};

/// Makes each run send this as the data of its event `engine.run.noticed`, after the engine's own and on the
/// same stream: the last one holds.
fn notice(configuration: &Configuration, data: &Value) {
    let event =
        json!({"event": "engine.run.noticed", "level": "info", "message": "Noticed", "data": data});
    let line = serde_json::to_string(&event.to_string()).unwrap();
    let body = format!("import atexit, sys; atexit.register(print, {line}, file=sys.stderr)");
    configuration.hook("on_workbook_start", "notice()", &body);
}

/// Each kind of line.
fn some_of_each() -> Value {
    let unread = |row: u64| json!({"code": "unread_cells", "level": "warning", "message": format!("Start date: the cell C{row} could not be read"), "sheet": "people", "cells": [format!("C{row}")]});
    let mut notices: Vec<Value> = (2..12).map(unread).collect();
    notices.push(json!({"code": "merged_filled", "level": "info", "message": "3 merged ranges were filled", "count": 3}));
    notices.push(json!({"code": "formulas_without_value", "level": "warning", "message": "2 formulas have no value", "sheet": "people", "table": 0}));
    json!({
        "schema_version": 1,
        "notices": notices,
        "readings": [
            {"sheet": "people", "table": 0, "field": "start", "column": "C", "header": "Start date", "kind": "date", "read_as": "dmy",
             "ambiguous": true, "message": "dates day-first; 40 of 40 cells leave it open (date_order in settings.toml decides)"},
            {"sheet": "people", "table": 0, "field": "pay", "ambiguous": false, "header": "Gross pay", "message": "numbers with a decimal comma; 12 of 40 cells say so"},
            {"sheet": "gone", "table": 0, "field": "pay", "ambiguous": false, "message": "numbers with a decimal point"},
        ],
    })
}

#[test]
fn what_was_noticed_is_said_listed_and_recorded() {
    let place = Place::new();
    let configuration = place.configuration("config");
    notice(&configuration, &some_of_each());
    place.people();
    place.warm("config");
    snapshot!(place, place.ade("run config people.csv"), @r"
    status 0
    --- stdout
    ⚠ people.csv  [TIME]
      1 sheet, 1 table, 2 rows
      2 of 2 fields mapped, 1 column unmapped
      ! Start date: the cell C2 could not be read
      ! Start date: the cell C3 could not be read
      ! Start date: the cell C4 could not be read
      ! Start date: the cell C5 could not be read
      ! Start date: the cell C6 could not be read
      ! Start date: the cell C7 could not be read
      ! Start date: the cell C8 could not be read
      ! Start date: the cell C9 could not be read
        … and 2 more like it; `ade runs show [ID]` lists them
      ! 2 formulas have no value
      3 merged ranges were filled
      ! Start date was read as dates day-first; 40 of 40 cells leave it open (date_order in settings.toml decides)
      1 issue
      data/workspaces/default/runs/[ID]/output/people_normalized.xlsx
    --- stderr
    hint: issue_list = true in settings.toml lists each issue with its cell (`ade issues`)
    ");
    snapshot!(place, place.ade("runs show latest"), @r"
    status 0
    --- stdout
    people.csv succeeded in [TIME]
    id             [ID]
    configuration  people (config)
    source digest  [SHA256]
    input          people.csv, 70 B
    created        [INSTANT] ([AGO])
    submitted by   user [USER]
    output         data/workspaces/default/runs/[ID]/output/people_normalized.xlsx
    found          1 sheet, 1 table, 2 rows, 2 of 2 fields mapped, 1 issue
    finding        1 issue was found.
    warning        unread_cells Start date: the cell C2 could not be read
    warning        unread_cells Start date: the cell C3 could not be read
    warning        unread_cells Start date: the cell C4 could not be read
    warning        unread_cells Start date: the cell C5 could not be read
    warning        unread_cells Start date: the cell C6 could not be read
    warning        unread_cells Start date: the cell C7 could not be read
    warning        unread_cells Start date: the cell C8 could not be read
    warning        unread_cells Start date: the cell C9 could not be read
    warning        unread_cells Start date: the cell C10 could not be read
    warning        unread_cells Start date: the cell C11 could not be read
    note           merged_filled 3 merged ranges were filled
    warning        formulas_without_value 2 formulas have no value

    people table 1 A1:C3 → people!A1:C3, 2 rows
    COLUMN     FIELD  SCORE  FILLED  WHY
    Name       name    1.00       2
    Email      email   1.00       2
    Shoe size                     2  fits no field
    how columns were read
      ! Start date was read as dates day-first; 40 of 40 cells leave it open (date_order in settings.toml decides)
      Gross pay was read as numbers with a decimal comma; 12 of 40 cells say so
    how columns were read
      pay was read as numbers with a decimal point

    attempt 1      succeeded, by [WORKER], [TIME], up to [SIZE], [TIME] of CPU
    audit record   data/workspaces/default/runs/[ID]/artifact.json
    events         data/workspaces/default/runs/[ID]/logs/events.ndjson
    ");
    let shown = place.json("runs show latest --json");
    assert_eq!(shown["notices"], some_of_each()["notices"]);
    assert_eq!(shown["readings"], some_of_each()["readings"]);
    assert_eq!(shown["result"]["notices"], shown["notices"]);
    assert_eq!(shown["result"]["readings"], shown["readings"]);
    assert_eq!(place.latest_artifact()["decisions"], shown["result"]);
    let run = place.ade("run config people.csv --json").succeeds();
    assert_eq!(run.records()[0]["notices"], shown["notices"]);
    assert_eq!(run.stderr, "");
    // What is known of the sender is counted, and the next run tells what is new.
    place
        .ade("ack")
        .succeeds()
        .prints("formulas_without_value")
        .says("13 notices of people.csv");
    place.ade_refuses("ack latest unread", "has no notice \"unread\"");
    let acked = place.ade("ack latest unread_cells ambiguous").succeeds();
    acked
        .prints("+sender = \"people\"")
        .says("Wrote config/settings.toml");
    place.ade_says("ack latest ambiguous", "known already");
    std::fs::create_dir(place.path("month")).unwrap();
    std::fs::copy(place.path("people.csv"), place.path("month/people.csv")).unwrap();
    place.ade_says("ack month unread_cells", "known already");
    let again = place.ade("run config people.csv").succeeds();
    let again = again
        .prints("! 2 formulas have no value")
        .prints("11 notices known of this sender");
    assert!(!again.stdout.contains("could not be read"), "{again}");
    place.ade_prints("runs show latest", "known          unread_cells");
    configuration.write("settings.toml", "");
    // Several files have few lines each.
    place.members("one.csv");
    place.members("two.csv");
    snapshot!(place, place.ade("run config one.csv two.csv --jobs 1"), @r"
    status 0
    --- stdout
      FILE     TABLES  ROWS READ   FIELDS  ISSUES  SECONDS  OUTPUT
    ✓ one.csv       1          1      2/2       0  [S]  data/workspaces/default/runs/[ID]/output/one_normalized.xlsx
    ✓ two.csv       1          1      2/2       0  [S]  data/workspaces/default/runs/[ID]/output/two_normalized.xlsx
    ! Start date: the cell C2 could not be read (one.csv, two.csv)
    ! 2 formulas have no value (one.csv, two.csv)
    ! Start date was read as dates day-first; 40 of 40 cells leave it open (date_order in settings.toml decides) (one.csv, two.csv)
      and 18 more; `ade runs show FILE` lists those of a file
    --- stderr
    2 of 2 files normalized
    2 tables, 2 rows, 0 issues in [TIME]
    ");
    an_event_of_any_other_shape_breaks_no_run(&place, &configuration);
    what_a_run_says_beside_its_notices(&place, &configuration);
}

/// What is passed over is in the tests of src/engine/report/.
fn an_event_of_any_other_shape_breaks_no_run(place: &Place, configuration: &Configuration) {
    // What would move the cursor does not reach the terminal.
    let words = "a \u{1b}[2Jtitle\nin two lines";
    let odd = json!({"code": "odd", "level": "loud", "message": words, "count": "many"});
    notice(
        configuration,
        &json!({"notices": [null, 1, {"code": "x"}, odd], "readings": [{"message": 1}, "z"]}),
    );
    let run = place.ade("run config one.csv").succeeds();
    let run = run.prints("  ! a [2Jtitle in two lines\n");
    assert!(!run.stdout.contains('\u{1b}'), "{run}");
    let shown = place.json("runs show latest --json");
    assert_eq!(shown["notices"].list().len(), 1, "{shown}");
    assert_eq!(shown["readings"], json!([]));
}

/// In the same place: an environment of its own takes long.
fn what_a_run_says_beside_its_notices(place: &Place, configuration: &Configuration) {
    std::fs::remove_file(configuration.folder.join("src/ade_config/hooks/notice.py")).unwrap();
    place.members("members.csv");
    a_run_that_found_nothing_says_so_and_is_denied_with_the_issues(place);
    the_rows_around_headers_and_notes_are_told_with_reasons(place);
    place.configuration("config");
    fields_and_rows_can_be_required(place);
    a_run_warns_of_what_a_check_warns_of(place);
}

fn a_run_that_found_nothing_says_so_and_is_denied_with_the_issues(place: &Place) {
    place.write("blank.csv", "\n");
    place.write("foreign.csv", "Colour,Shoe size\nred,38\n");
    snapshot!(place, place.ade("run config foreign.csv"), @r#"
    status 0
    --- stdout
    ⚠ foreign.csv  found nothing [TIME]
      1 sheet, 1 table, 1 row
      no column was recognised as a field
      0 of 2 fields mapped, 2 columns unmapped
      not found: name, email
      ! sheet 'foreign': none of the fields was found in the table at A1:B2, so its 1 row has no value in any field. Add its headers to the fields, or leave its sheet out in settings.toml: [sheets."foreign"] with skip = true
      0 issues
      data/workspaces/default/runs/[ID]/output/foreign_normalized.xlsx
    "#);
    snapshot!(place, place.ade("run config blank.csv members.csv --jobs 1"), @r"
    status 0
    --- stdout
      FILE         TABLES  ROWS READ   FIELDS  ISSUES  SECONDS  OUTPUT
    ⚠ blank.csv         0          0      0/2       0  [S]  found nothing  data/workspaces/default/runs/[ID]/output/blank_normalized.xlsx
    ✓ members.csv       1          1      2/2       0  [S]  data/workspaces/default/runs/[ID]/output/members_normalized.xlsx
    --- stderr
    2 of 2 files normalized, 1 in which nothing was found
    1 table, 1 row, 0 issues in [TIME]
    ");
    place.write("heads.csv", "Name,Email\n");
    snapshot!(place, place.ade("run config heads.csv --deny-issues"), @r"
    status 0
    --- stdout
    ⚠ heads.csv  found nothing [TIME]
      1 sheet, 1 table, 0 rows
      no row was found below the header
      2 of 2 fields mapped
      0 issues
      data/workspaces/default/runs/[ID]/output/heads_normalized.xlsx
    ");
    let unchanged = place.ade("run config heads.csv members.csv --changed");
    unchanged.prints("⚠ heads.csv").prints("✓ members.csv");
    let runs = place.json("runs ls --json");
    let nothing = |input: &str| {
        let mut runs = runs.list().iter();
        let run = runs.find(|run| run["input"]["name"] == input);
        run.unwrap()["nothing_found"].clone()
    };
    for (input, what) in [
        ("members.csv", json!(null)),
        ("heads.csv", json!("row")),
        ("blank.csv", json!("table")),
        ("foreign.csv", json!("field")),
    ] {
        assert_eq!(nothing(input), what, "{input}");
    }
    let checked = place.ade("ci config heads.csv").succeeds();
    checked.prints("⚠ run heads.csv  no row was found below the header");
    place.ade("report heads.csv --html heads.html").succeeds();
    let page = place.read("heads.html");
    assert!(page.contains("No row was found.") && !page.contains("No issues."));
    snapshot!(place, place.ade("run config blank.csv --deny-issues"), @r"
    status 1
    --- stdout
    ✗ blank.csv  refused [TIME]
      1 sheet, 0 tables, 0 rows
      no table was found
      0 of 2 fields mapped
      not found: name, email
      sheet 'blank' is empty
      0 issues
      data/workspaces/default/runs/[ID]/output/blank_normalized.xlsx
    --- stderr
    error: in blank.csv no table was found, which --deny-issues does not allow
    ");
    let denied = place.ade("run config foreign.csv --deny-issues --json");
    let error = denied.ends_with(1).error();
    assert_eq!(error["code"], "nothing_found");
    let message = error["message"].text();
    assert!(
        message.contains("no column was recognised as a field"),
        "{error}"
    );
    let rows = place.ade("runs show latest --rows").succeeds();
    rows.prints("no row detector of the configuration looks at how rows look");
}

fn the_rows_around_headers_and_notes_are_told_with_reasons(place: &Place) {
    let configuration = place.configuration("config");
    configuration.write(
        "src/ade_config/row_detectors/rows.py",
        "from ade_engine.fields import LayoutRows\n\n\ndef register(registry):\n    registry.register_row_detector(LayoutRows(), row_kind=\"header\", priority=0)\n",
    );
    place.write(
        "report.csv",
        "Members of the choir,,\n,,\nname,email,joined\nAnn,ann@example.org,2024-01-05\nBob,bob@example.org,2024-02-11\nCid,cid@example.org,2024-03-17\n,,\nSource: the list at the door.,,\n",
    );
    place.ade("run config report.csv -q").succeeds();
    let shown = place.ade("runs show latest --rows").succeeds().stdout;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "report");
    for (at, begins) in [(1, "  row 1, title ("), (2, "  row 3, header (")] {
        let line = lines[at];
        assert!(line.starts_with(begins) && line.contains("%): "), "{shown}");
    }
    assert!(shown.contains("  row 8, note ("), "{shown}");
    // The reasons speak of looks; no cell is quoted.
    assert!(
        !shown.contains("Members") && !shown.contains("door"),
        "{shown}"
    );
    let row = place.latest_artifact()["decisions"]["rows"][1].clone();
    has(&row, json!({"row": 3, "kind": "header"}));
    assert!(row["likelihoods"]["header"].as_f64().unwrap() > 0.8);
}

fn fields_and_rows_can_be_required(place: &Place) {
    let made = place.write(
        "config/src/ade_config/hooks/made.py",
        "import polars as pl\nfrom ade_engine.models import FieldDef\n\n\ndef tidy(table):\n    return table.with_columns(pl.lit(\"x\").alias(\"made\"))\n\n\ndef register(registry):\n    registry.register_field(FieldDef(\"made\"))\n    registry.register_hook(tidy, hook=\"on_table_mapped\", priority=1)\n",
    );
    place.write("names.csv", "Name\nAnn\nBob\n");
    // Found and computed fields are there.
    place
        .ade("run config members.csv --require email --require made --min-rows 1")
        .succeeds();
    snapshot!(place, place.ade("run config names.csv -o clean --require email --require email --min-rows 3"), @r"
    status 1
    --- stdout
    ✗ names.csv  refused [TIME]
      1 sheet, 1 table, 2 rows
      1 of 3 fields mapped, 1 computed
      computed: made
      not found: email
      0 issues
      data/workspaces/default/runs/[ID]/output/names_normalized.xlsx
    --- stderr
    error: names.csv has no field email, which --require asks for
    hint: `ade runs show` says why columns were not recognised
    error: names.csv has 2 rows; --min-rows wants 3
    ");
    // The workbook is not copied, and the run stays what it is.
    assert!(place.files_below("clean").is_empty());
    let run = place.latest_run();
    has(&run, json!({"status": "succeeded", "error": null}));
    let codes = [0, 1].map(|at| run["refused"][at]["code"].clone());
    assert_eq!(codes, ["field_not_found", "too_few_rows"]);
    let run = place
        .ade("run config members.csv names.csv --require emial --json")
        .ends_with(2);
    assert_eq!(run.error()["code"], "unknown_field", "{run}");
    assert_eq!(run.records().len(), 2, "{run}");
    place
        .ade("run config members.csv --require emial")
        .ends_with(2)
        .says("error: --require emial: the configuration does not define this field")
        .says("hint: did you mean email?");
    for other in ["--detach", "--validate-only", "--dry-run"] {
        let call = format!("run config members.csv --require email --min-rows 1 {other}");
        place.ade_refuses(&call, "cannot be used with");
    }
    place.ade_refuses("run config members.csv --min-rows few", "--min-rows");
    std::fs::remove_file(made).unwrap();
}

fn a_run_warns_of_what_a_check_warns_of(place: &Place) {
    let configuration = place.configuration("config");
    configuration.write("settings.toml", "remove_unmaped_columns = true\n");
    configuration.write(
        "src/ade_config/hooks/late.py",
        "def regster(registry):\n    pass\n",
    );
    place.members("one.csv");
    place.members("two.csv");
    let words = "  ! {HERE}config/settings.toml, line 1: there is no setting 'remove_unmaped_columns'; did you mean 'remove_unmapped_columns'?\n";
    let words = words.replace("{HERE}", place.path("").to_str().unwrap());
    place.ade_prints("run config one.csv", &words);
    let checked = place.json("check config --json");
    let shown = place.json("runs show latest --json");
    let told: Vec<&Value> = shown["notices"].each("message");
    assert_eq!(json!(told), checked["warnings"]);
    let first = &shown["notices"][0];
    has(first, json!({"code": "configuration", "level": "warning"}));
    // Of several files once, above the first one.
    let several = place.ade("run config one.csv two.csv --jobs 1").succeeds();
    for words in ["remove_unmaped_columns", "`regster` is another name"] {
        let (above, _) = several.stdout.split_once("  FILE ").unwrap();
        assert!(above.contains(words), "{several}");
        assert_eq!(several.stdout.matches(words).count(), 1, "{several}");
    }
    // A run that fails says it too: it may be the reason.
    place.write("broken.xlsx", "no workbook");
    let failed = place.ade("run config broken.xlsx").ends_with(1);
    failed.prints("there is no setting 'remove_unmaped_columns'");
}
