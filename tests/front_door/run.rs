//! `ade run`: what it finds, prints, records and writes.

use crate::common;

use common::{Place, Told, has, sheet, snapshot, workbook};

/// One place for all of it: an environment of its own takes long.
#[test]
fn a_run_is_printed_recorded_and_written() {
    let place = Place::cold();
    quiet_says_errors_alone_and_verbose_shows_the_events(&place);
    a_messy_file_becomes_a_normalized_workbook(&place);
    the_run_object_is_as_documented(&place);
    a_run_leaves_its_input_output_events_and_audit_record(&place);
    a_copy_lands_in_the_output_directory(&place);
    with_several_inputs_the_highest_code_wins_and_every_file_is_told_of(&place);
    sheets_can_be_chosen(&place);
    the_header_of_a_sheet_can_be_named(&place);
    validate_only_checks_the_configuration_and_processes_nothing(&place);
    what_the_configurations_code_prints_is_shown_and_kept(&place);
    rows_that_a_hook_drops_and_fields_that_it_computes_are_said_for_what_they_are(&place);
    a_failure_of_many_files_is_told_once_and_details_come_with_v(&place);
    std::fs::remove_file(place.path("config/src/ade_config/hooks/fail.py")).unwrap();
    what_earlier_runs_wrote_is_not_normalized_again(&place);
    a_workbook_of_an_earlier_run_does_not_look_like_the_result_of_one_that_failed_or_was_denied(
        &place,
    );
}

fn quiet_says_errors_alone_and_verbose_shows_the_events(place: &Place) {
    let quiet = place.ade("run config members.csv -q").succeeds();
    assert_eq!(quiet.stderr, "");
    place.ade_says("run config members.csv -v", "engine.run.completed");
    place.ade_refuses("run config absent.csv -q", "there is no file absent.csv");
}

fn a_messy_file_becomes_a_normalized_workbook(place: &Place) {
    let run = place.ade("run config people.csv");
    snapshot!(place, run, @r"
    status 0
    --- stdout
    ⚠ people.csv  [TIME]
      1 sheet, 1 table, 2 rows
      2 of 2 fields mapped, 1 column unmapped
      1 issue
      data/workspaces/default/runs/[ID]/output/people_normalized.xlsx
    --- stderr
    hint: issue_list = true in settings.toml lists each issue with its cell (`ade issues`)
    ");
    // Of several files one may be refused.
    place
        .ade("run config people.csv members.csv --deny-issues --jobs 1")
        .ends_with(1)
        .says("1 of 2 files normalized, 1 refused");
    let path = run.stdout.lines().last().unwrap().trim();
    snapshot!(place, place.cells(path), @r#"{"people":[["name","email","Shoe size"],["Ann","ann@example.org","38"],["Bob","bob(at)example.org","44"]]}"#);
}

fn the_run_object_is_as_documented(place: &Place) {
    let run = place.ade("run config people.csv --json").succeeds();
    assert_eq!(run.stderr, "");
    assert_eq!(run.records().len(), 1);
    snapshot!(place, serde_json::to_string_pretty(&run.records()[0]).unwrap(), @r#"
    {
      "id": "[ID]",
      "workspace_id": "default",
      "configuration_id": "[ID]",
      "configuration_name": "people",
      "configuration_version": null,
      "configuration_path": "[HERE]/config",
      "source_digest": "[SHA256]",
      "environment_id": "[ID]",
      "deps_digest": "[SHA256]",
      "engine_spec": "[ENGINE]",
      "document_id": null,
      "retry_of_run_id": null,
      "input": {
        "name": "people.csv",
        "sha256": "[SHA256]",
        "size_bytes": 70,
        "sheets": null
      },
      "labels": {},
      "priority": "normal",
      "submitted_by": [USER],
      "status": "succeeded",
      "stage": null,
      "rows": 2,
      "attempt_count": 1,
      "max_attempts": 3,
      "created_at": "[INSTANT]",
      "started_at": "[INSTANT]",
      "completed_at": "[INSTANT]",
      "duration_ms": [MS],
      "output_path": "[HERE]/data/workspaces/default/runs/[ID]/output/people_normalized.xlsx",
      "output_copy": null,
      "run_dir": "[HERE]/data/workspaces/default/runs/[ID]",
      "exit_code": 0,
      "summary": "2 rows read from 1 table, 2 of 2 fields mapped, 1 issue",
      "skipped_reason": null,
      "nothing_found": null,
      "refused": [],
      "cancel_requested_at": null,
      "artifacts_deleted_at": null,
      "error": null,
      "metrics": {
        "sheets": 1,
        "tables": 1,
        "rows": 2,
        "columns": 3,
        "mapped_fields": 2,
        "unmapped_columns": 1,
        "issues": 1,
        "errors": 0,
        "warnings": 1,
        "infos": 0,
        "expected_fields": 2,
        "missing_fields": []
      },
      "notices": []
    }
    "#);
    has(
        &place.json("runs show latest --json"),
        run.records()[0].clone(),
    );
}

fn a_run_leaves_its_input_output_events_and_audit_record(place: &Place) {
    let run = place.latest_run();
    let folder = run["run_dir"].text();
    snapshot!(place, place.files_below(folder).join("\n"), @r"
    .venv
    artifact.json
    input/people.csv
    logs/events.ndjson
    output/people_normalized.xlsx
    run-request.json
    ");
    assert_eq!(
        place.read(format!("{folder}/input/people.csv")),
        place.read("people.csv")
    );

    let events = place.events(run["id"].text());
    assert_eq!(events.first().unwrap()["event"], "run.start");
    assert_eq!(events.last().unwrap()["event"], "run.complete");
    let mut names = events.iter().map(|event| &event["event"]);
    assert!(names.any(|name| name == "engine.run.completed"));
    assert!(events.iter().all(|event| event["run_id"] == run["id"]));
    // Decisions, never cell values.
    let artifact = place.read(format!("{folder}/artifact.json"));
    for text in [artifact.as_str(), &format!("{events:?}")] {
        assert!(!text.contains("bob(at)example.org"), "{text}");
        assert!(!text.contains("ann@example.org"), "{text}");
    }
}

fn a_copy_lands_in_the_output_directory(place: &Place) {
    place.ade_prints(
        "run config people.csv -o copies/today",
        "\n  copies/today/people_normalized.xlsx\n",
    );
    assert_eq!(
        place.files_below("copies"),
        ["today/people_normalized.xlsx"]
    );
    // Again: the copy is replaced.
    let run = place.json("run config people.csv -o copies/today --json");
    assert_eq!(
        place.files_below("copies"),
        ["today/people_normalized.xlsx"]
    );
    let copy = place.path("copies/today/people_normalized.xlsx");
    assert_eq!(run["output_copy"], copy.to_str().unwrap());
    assert_eq!(run["copied_to"], run["output_copy"], "its former name");
    // It is on record. What an earlier run put there is there no more.
    let listed = place.json("runs ls --json");
    assert_eq!(listed[0]["output_copy"], run["output_copy"]);
    assert!(listed[1]["output_copy"].is_null(), "{listed}");
}

fn with_several_inputs_the_highest_code_wins_and_every_file_is_told_of(place: &Place) {
    place.members("one.csv");
    place.write("two.xlsx", "no workbook at all");
    place.members("three.csv");
    let run = place.ade("run config one.csv two.xlsx three.csv --jobs 1");
    snapshot!(place, run, @r"
    status 1
    --- stdout
      FILE       TABLES  ROWS READ   FIELDS  ISSUES  SECONDS  OUTPUT
    ✓ one.csv         1          1      2/2       0  [S]  data/workspaces/default/runs/[ID]/output/one_normalized.xlsx
    ✗ two.xlsx                        [S]  failed
    ✓ three.csv       1          1      2/2       0  [S]  data/workspaces/default/runs/[ID]/output/three_normalized.xlsx
    --- stderr
    error: two.xlsx is not an .xlsx workbook: it is not a zip archive
    2 of 3 files normalized, 1 failed
    2 tables, 2 rows, 0 issues in [TIME]
    ");
}

fn sheets_can_be_chosen(place: &Place) {
    let rows: &[&[&str]] = &[&["Name"], &["Ann"]];
    place.write(
        "book.xlsx",
        workbook(&[("North", rows), ("South", rows), ("East", rows)]),
    );
    let sheets = |flags: &str| {
        let run = place.json(&format!("run config book.xlsx --json {flags}"));
        let cells = place.output_of(&run);
        let names: Vec<String> = cells.as_object().unwrap().keys().cloned().collect();
        (names, run["input"]["sheets"].clone())
    };
    assert_eq!(sheets("").0, ["North", "South", "East"]);
    assert_eq!(sheets("--active-sheet-only").0, ["North"]);
    let (written, asked) = sheets("--input-sheet East --input-sheet South");
    assert_eq!(written, ["South", "East"]);
    assert_eq!(asked, serde_json::json!(["East", "South"]));
    place.ade_refuses(
        "run config book.xlsx --active-sheet-only --input-sheet East",
        "cannot be used with",
    );
}

fn the_header_of_a_sheet_can_be_named(place: &Place) {
    let rows: &[&[&str]] = &[
        &["x", "Name"],
        &["x", "Ann"],
        &["x", "Name"],
        &["x", "Bob"],
        &["x", "Cid"],
    ];
    place.write("book.xlsx", workbook(&[("Q=3", rows), ("South", rows)]));
    // A sheet without a header row: its first row is a record.
    place
        .ade("run config book.xlsx -q --header-rows Q=3=3 --range Q=3=b3:b4 --header-rows South=none")
        .succeeds();
    let artifact = place.latest_artifact();
    assert_eq!(
        artifact["options"]["sheets"],
        serde_json::json!({"Q=3": {"header_rows": [3], "range": "B3:B4"}, "South": {"header_rows": []}})
    );
    let regions = [0, 1].map(|sheet| {
        let tables = &artifact["decisions"]["workbooks"][0]["sheets"][sheet]["tables"];
        tables[0]["structure"]["region"]["a1"].clone()
    });
    assert_eq!(regions, ["B3:B4", "A1:B5"]);
    let source = || place.json("runs show latest --json")["overrides"][0]["source"].clone();
    assert_eq!(source(), "--header-rows and --range");
    let skipped =
        "run config book.xlsx -q --range South=A1:B2 --set sheets={\"Q=3\":{\"skip\":true}}";
    place.ade(skipped).succeeds();
    assert_eq!(source(), "--set and --range");
    for (flag, wrong) in [
        ("--header-rows", "Q"),
        ("--header-rows", "Q=0"),
        ("--header-rows", "Q=4-3"),
        ("--range", "Q=B3"),
        ("--range", "=B3:C4"),
        ("--range", "Q=B0:C4"),
    ] {
        place.ade_refuses(
            &format!("run config book.xlsx {flag} {wrong}"),
            "such as Sheet1=",
        );
    }
}

fn validate_only_checks_the_configuration_and_processes_nothing(place: &Place) {
    snapshot!(place, place.ade("run config people.csv --validate-only"), @r"
    status 0
    --- stdout
    ✓ people.csv  [TIME]
      checked: the configuration was loaded, and the input was not read
    ");
    let run = place.latest_run();
    assert_eq!(run["output_path"], serde_json::Value::Null);
    assert_eq!(run["summary"], "Validation-only execution");
    let folder = run["run_dir"].text();
    assert!(place.files_below(format!("{folder}/output")).is_empty());
}

fn what_the_configurations_code_prints_is_shown_and_kept(place: &Place) {
    let configuration = place.configuration("config");
    let talk =
        "import sys\nprint(\"to standard output\")\nprint(\"to standard error\", file=sys.stderr)";
    let talk = configuration.hook("on_workbook_start", "talk()", talk);
    place
        .ade("run config members.csv")
        .succeeds()
        .says("to standard output")
        .says("to standard error");
    place.ade_prints("logs tail latest", "to standard output");
    std::fs::remove_file(talk).unwrap();
}

fn rows_that_a_hook_drops_and_fields_that_it_computes_are_said_for_what_they_are(place: &Place) {
    let configuration = place.configuration("config");
    configuration.write(
        "src/ade_config/hooks/tidy.py",
        "import polars as pl\nfrom ade_engine.models import FieldDef\n\n\ndef tidy(table):\n    return table.filter(pl.col(\"name\") != \"Bob\").with_columns(pl.lit(\"x\").alias(\"made\"))\n\n\ndef register(registry):\n    registry.register_field(FieldDef(\"made\"))\n    registry.register_field(FieldDef(\"lost\"))\n    registry.register_hook(tidy, hook=\"on_table_mapped\", priority=1)\n",
    );
    snapshot!(place, place.ade("run config people.csv"), @r"
    status 0
    --- stdout
    ✓ people.csv  [TIME]
      1 sheet, 1 table, 2 rows read, 1 dropped, 1 written
      2 of 4 fields mapped, 1 computed, 1 column unmapped
      computed: made
      not found: lost
      ! field 'lost' is never found: it has no column detector and no transform, and no other code names it
      sheet 'people': the hook tidy dropped 1 row
      0 issues
      data/workspaces/default/runs/[ID]/output/people_normalized.xlsx
    ");
    let shown = place.ade("runs show latest").succeeds();
    shown
        .prints("2 rows read, 1 dropped, 1 written")
        .prints("computed       made")
        .prints("not found      lost");
    let json = place.json("runs show latest --json");
    let computed = [0, 1, 2, 3].map(|field| json["fields"][field]["computed"].clone());
    assert_eq!(computed, [false, false, true, false]);
    assert_eq!(json["fields"][2]["detected"], false);
    std::fs::remove_file(configuration.folder.join("src/ade_config/hooks/tidy.py")).unwrap();
}

fn a_failure_of_many_files_is_told_once_and_details_come_with_v(place: &Place) {
    let files = ["one", "two", "three", "four", "five"];
    for name in files {
        place.members(&format!("in/{name}.csv"));
    }
    let details = "run config in/one.csv in/two.csv -v --jobs 1";
    let details = place.ade(details).succeeds();
    assert_eq!(
        details.stdout.matches("  1 sheet, 1 table, 1 row").count(),
        2
    );
    assert_eq!(details.stdout.matches("TABLES").count(), 0);
    let fail = "raise ValueError(\"no more\")";
    let configuration = place.configuration("config");
    configuration.hook("on_workbook_start", "fail(table)", fail);
    let failed = place.ade("run config in --jobs 1").ends_with(1);
    assert_eq!(failed.stderr.matches("error:").count(), 1, "{failed}");
    failed
        .says("error: five.csv, four.csv, one.csv and 2 more: ")
        .says("0 of 5 files normalized, 5 failed\n");
}

/// The names of the inputs of a call, in order.
fn inputs(place: &Place, line: &str) -> Vec<String> {
    let runs = place.ade(line).succeeds().records().into_iter();
    let name = |run: serde_json::Value| run["input"]["name"].string();
    let mut names: Vec<String> = runs.map(name).collect();
    names.sort();
    names
}

fn what_earlier_runs_wrote_is_not_normalized_again(place: &Place) {
    place.members("inbox/a.csv");
    place.members("inbox/b.csv");
    let both = ["a.csv", "b.csv"];
    assert_eq!(inputs(place, "run config inbox -o inbox --json"), both);
    // On record, although what it was made from is gone.
    std::fs::remove_file(place.path("inbox/b.csv")).unwrap();
    snapshot!(place, place.ade("run config inbox -o inbox"), @r"
    status 0
    --- stdout
    ✓ a.csv  [TIME]
      1 sheet, 1 table, 1 row
      2 of 2 fields mapped
      0 issues
      inbox/a_normalized.xlsx
    --- stderr
    note: outputs of earlier runs are left out: inbox/a_normalized.xlsx, inbox/b_normalized.xlsx; name one alone to normalize it again
    ");
    std::fs::remove_file(place.path("inbox/a.csv")).unwrap();
    let nothing = place.ade("run config inbox --json").ends_with(2);
    assert_eq!(nothing.error()["code"], "no_input");
    assert_eq!(
        inputs(place, "run config inbox/a_normalized.xlsx --dry-run --json"),
        ["a_normalized.xlsx"]
    );
}

fn a_workbook_of_an_earlier_run_does_not_look_like_the_result_of_one_that_failed_or_was_denied(
    place: &Place,
) {
    let call = "run config members.csv -o clean";
    let configuration = place.configuration("config");
    place.ade(call).succeeds();
    let first = std::fs::read(place.path("clean/members_normalized.xlsx")).unwrap();
    let failing = configuration.hook(
        "on_table_mapped",
        "fail(table)",
        "raise ValueError(\"no more\")",
    );
    place
        .ade(call)
        .ends_with(1)
        .says("note: clean/members_normalized.xlsx is of an earlier run and was renamed to clean/members_normalized.xlsx.stale");
    place.ade(call).ends_with(1);
    assert_eq!(
        place.files_below("clean"),
        ["members_normalized.xlsx.stale"]
    );
    // Nothing of it is lost.
    let stale = std::fs::read(place.path("clean/members_normalized.xlsx.stale")).unwrap();
    assert_eq!(stale, first);
    // The record of the run that wrote it knows where it is.
    let runs = place.json("runs ls --json");
    let stale = place.path("clean/members_normalized.xlsx.stale");
    assert_eq!(runs[2]["output_copy"], stale.to_str().unwrap());
    assert!(runs[0]["output_copy"].is_null() && runs[1]["output_copy"].is_null());
    // A run that is accepted takes its place again.
    std::fs::remove_file(failing).unwrap();
    place.ade(call).succeeds();
    assert_eq!(place.files_below("clean"), ["members_normalized.xlsx"]);
    // Denied: the new workbook is in the run's folder alone.
    let denied = place
        .ade("run config members.csv -o clean --min-rows 9 --json")
        .ends_with(1);
    assert!(denied.records()[0]["output_copy"].is_null(), "{denied}");
    assert!(denied.records()[0]["output_path"].is_string(), "{denied}");
    assert_eq!(
        place.files_below("clean"),
        ["members_normalized.xlsx.stale"]
    );
    // Of several files it is said in one line.
    place.members("second.csv");
    let both = "run config members.csv second.csv -o clean";
    place.ade(both).succeeds();
    place
        .ade(&format!("{both} --min-rows 9 --jobs 1"))
        .ends_with(1)
        .says("note: 2 workbooks of earlier runs were renamed: clean/members_normalized.xlsx.stale, clean/second_normalized.xlsx.stale\n");
    place.ade(both).succeeds();
    assert_eq!(
        place.files_below("clean"),
        ["members_normalized.xlsx", "second_normalized.xlsx"]
    );
    // What no run has written stays, and so does what would have to be replaced for it.
    place.write("own/members_normalized.xlsx", "mine");
    place
        .ade("run config members.csv -o own --min-rows 9")
        .ends_with(1)
        .says("note: own/members_normalized.xlsx stays, although it is no result of this run: no run on record has written it");
    assert_eq!(place.read("own/members_normalized.xlsx"), "mine");
    place.ade(call).succeeds();
    place.write("clean/members_normalized.xlsx.stale", "mine");
    place
        .ade("run config members.csv -o clean --min-rows 9")
        .ends_with(1)
        .says("clean/members_normalized.xlsx.stale is in the way");
    assert_eq!(place.read("clean/members_normalized.xlsx.stale"), "mine");
    place.ade(call).succeeds();
    assert_eq!(place.read("clean/members_normalized.xlsx.stale"), "mine");
}

#[test]
fn folders_below_a_folder_are_left_out_with_a_word_or_taken_with_recursive() {
    let mut place = Place::new();
    place.configuration("inbox/config");
    place.warm("inbox/config");
    place.all_members([
        "inbox/a.csv",
        "inbox/north/a.csv",
        "inbox/north/deep/b.csv",
        "inbox/config/tests/case.csv",
        "inbox/.git/c.csv",
    ]);
    let one = place.ade("run inbox/config inbox --dry-run --json");
    let one = one.succeeds();
    assert_eq!(one.records().len(), 1);
    snapshot!(place, one.stderr, @"note: inbox/north/a.csv is in a folder below, and those are not searched; --recursive takes them, too");
    std::fs::remove_file(place.path("inbox/a.csv")).unwrap();
    place.ade_refuses(
        "run inbox/config inbox",
        "hint: --recursive also takes those in folders below it, as inbox/north/a.csv",
    );
    place.members("inbox/a.csv");
    // The data directory, the configuration and hidden folders are no inputs, and copies keep their folders.
    place.set("ADE_DATA_DIR", place.path("inbox/data"));
    let line = "run inbox/config inbox --recursive -o inbox/clean --json";
    for _ in 0..2 {
        assert_eq!(inputs(&place, line), ["a.csv", "a.csv", "b.csv"]);
        assert_eq!(
            place.files_below("inbox/clean"),
            [
                "a_normalized.xlsx",
                "north/a_normalized.xlsx",
                "north/deep/b_normalized.xlsx"
            ]
        );
    }
}

#[test]
fn as_many_files_run_side_by_side_as_jobs_says() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let (first, second) = (place.gate("first"), place.gate("second"));
    // Each of the two files waits until the other has begun: one after the other they would never end.
    let meet = format!(
        "import os, time\nmine, other = ({:?}, {:?}) if input_file_name.startswith(\"one\") else ({:?}, {:?})\nopen(mine, \"w\").close()\nwhile not os.path.exists(other): time.sleep(0.01)",
        first.reached, second.reached, second.reached, first.reached
    );
    configuration.hook("on_workbook_start", "meet(input_file_name)", &meet);
    place.members("one.csv");
    place.members("two.csv");
    place
        .ade("run config one.csv two.csv --jobs 2 -q")
        .succeeds();
    assert_eq!(place.statuses(), ["succeeded", "succeeded"]);
}

#[test]
fn dry_run_records_a_run_and_starts_no_engine() {
    let place = Place::cold();
    // Not even an environment is built.
    snapshot!(place, place.ade("run config people.csv --dry-run"), @r"
    status 0
    --- stdout
    ✓ people.csv  [TIME]
      dry run: the run was recorded, and no engine was started
    ");
    assert_eq!(place.latest_run()["summary"], "Dry run");
    assert_eq!(place.environments()[0]["status"], "queued");
    place.members("members.csv");
    place.ade_says(
        "run config people.csv members.csv --dry-run",
        "0 of 2 files normalized, 2 not processed, as asked",
    );
    let listed = place.ade("runs ls").succeeds().prints("dry run");
    assert!(!listed.stdout.contains("succeeded"), "{listed}");
}

#[test]
fn a_run_that_takes_too_long_is_stopped_and_exits_4() {
    let place = Place::new();
    let configuration = place.configuration("config");
    // A gate that is never opened.
    configuration.wait_at(&place.gate("never"));
    place.people();
    place.warm("config");
    snapshot!(place, place.ade("run config people.csv --timeout 1.5"), @r"
    status 4
    --- stdout
    ✗ people.csv  failed [TIME]
    --- stderr
    error: the run took longer than its limit of [TIME] and was stopped
    hint: raise --timeout (or ADE_RUN_TIMEOUT_SECONDS), or use `ade logs tail` to see what took the time
    ");
    let run = place.latest_run();
    assert_eq!(
        (&run["status"], &run["error"]["code"]),
        (&"failed".into(), &"timeout".into())
    );
    // The setting does the same.
    place
        .run(
            &[("ADE_RUN_TIMEOUT_SECONDS", "0.5")],
            ["run", "config", "people.csv"],
        )
        .ends_with(4);
    for bad in ["0", "-1", "soon", "inf"] {
        let call = format!("run config people.csv --timeout={bad}");
        place.ade_refuses(&call, "--timeout");
    }
}

#[test]
fn color_is_asked_for_refused_or_left_to_the_terminal() {
    let mut place = Place::cold();
    let colored = |place: &Place, flags: &str| {
        let run = place.ade(&format!("run config members.csv --dry-run {flags}"));
        run.succeeds().stdout.contains('\u{1b}')
    };
    assert!(!colored(&place, ""));
    assert!(colored(&place, "--color always"));
    place.unset("NO_COLOR");
    assert!(!colored(&place, ""), "a pipe is not a terminal");
    place.set("CLICOLOR_FORCE", "1");
    assert!(colored(&place, ""));
    assert!(!colored(&place, "--color never"));
}

#[test]
fn only_files_that_would_be_written_to_one_workbook_are_left_out() {
    let place = Place::ready();
    place.members("inbox/a.csv");
    place.members("inbox/b.csv");
    place.members("inbox/B.CSV");
    place.write("inbox/b.xlsx", sheet("Members", &[&["Name"], &["Cleo"]]));
    snapshot!(place, place.ade("run config inbox -o clean"), @r"
    status 2
    --- stdout
      FILE   TABLES  ROWS READ   FIELDS  ISSUES  SECONDS  OUTPUT
    ✓ a.csv       1          1      2/2       0  [S]  clean/a_normalized.xlsx
    --- stderr
    error: inbox/B.CSV, inbox/b.csv and inbox/b.xlsx would all be written to B_normalized.xlsx, so that none of them is run
    hint: run them one at a time, with another output directory for each, or rename all but one
    1 of 4 files normalized, 3 skipped
    1 table, 1 row, 0 issues in [TIME]
    ");
    let json = place
        .ade("run config inbox -o clean --dry-run --json")
        .ends_with(2);
    assert_eq!(json.records().len(), 1);
    assert_eq!(json.error()["code"], "output_conflict");
    // Without an output directory nothing collides.
    place.ade("run config inbox -q --dry-run").succeeds();
    for name in ["a.csv", "b.xlsx"] {
        std::fs::remove_file(place.path("inbox").join(name)).unwrap();
    }
    place.ade_refuses("run config inbox -o clean", "would both be written to");
}

#[test]
fn swapped_arguments_are_recognised() {
    let place = Place::new();
    place.configuration("the config");
    place.members("members.csv");
    snapshot!(place, place.run(&[], ["run", "members.csv", "the config", "it's.csv"]), @r"
    status 2
    --- stderr
    error: the configuration has to come first, but members.csv is a file and the config is a configuration
    hint: `ade run 'the config' members.csv 'it'\''s.csv'`
    ");
    // A suggested command can be typed as it stands.
    place
        .run(&[], ["env", "path", "the config"])
        .ends_with(2)
        .says("`ade env build 'the config'` builds it");
}

#[test]
fn in_the_folder_of_a_configuration_files_alone_are_enough() {
    let place = Place::ready();
    let inside = |line: &str| {
        let ade = env!("CARGO_BIN_EXE_ade");
        place.shell(&format!("cd config && {ade} {line}"))
    };
    inside("run ../members.csv -q").succeeds();
    assert_eq!(place.latest_run()["configuration_name"], "people");
    inside("run ../members.csv ../people.csv -q").succeeds();
    assert_eq!(place.statuses(), ["succeeded"; 3]);
    inside("run ../members.csv ../config")
        .ends_with(2)
        .says("`ade run ../config ../members.csv`");
    inside("run none.csv")
        .ends_with(2)
        .says("there is no file none.csv");
    // What is wrong with the configuration is said.
    place.write("broken/pyproject.toml", "[project\n");
    let ade = env!("CARGO_BIN_EXE_ade");
    place
        .shell(&format!("cd broken && {ade} run ../members.csv"))
        .ends_with(2)
        .says("pyproject.toml:1:");
    // Elsewhere both are needed.
    snapshot!(place, place.ade("run members.csv"), @r"
    status 2
    --- stderr
    error: no configuration is named, and the current folder is none
    hint: `ade run CONFIG members.csv`
    ");
    place.ade_refuses("run config", "`ade run config FILE`");
    place.ade_refuses("run config none.csv --sheet A", "'--input-sheet'");
}
