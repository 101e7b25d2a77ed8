//! `ade runs show`.

use crate::common;

use common::{Place, snapshot};

#[test]
fn everything_about_one_is_shown() {
    let place = Place::ready();
    place.ade("run config people.csv -q").succeeds();
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
    finding        validation_warnings_present 1 issue was found.

    people table 1 A1:C3 → people!A1:C3, 2 rows
    COLUMN     FIELD  SCORE  FILLED  WHY
    Name       name    1.00       2
    Email      email   1.00       2
    Shoe size                     2  no signal

    attempt 1      succeeded, by [WORKER], [TIME], [SIZE] at most, [TIME] of CPU
    audit record   data/workspaces/default/runs/[ID]/artifact.json
    events         data/workspaces/default/runs/[ID]/logs/events.ndjson
    ");
}

#[test]
fn what_spoke_for_the_field_of_a_column_is_shown() {
    let place = Place::new();
    place.ade("init crew").succeeds();
    place.write(
        "crew.csv",
        "Surname,Contact,Shoe size\nLee,a@example.org,41\nRay,b@example.org,38\n",
    );
    place.ade("run crew crew.csv -q").succeeds();
    for line in [
        "Surname    last_name   1.00       2  its header",
        "Contact    email       0.50       2  its values",
        "Shoe size                         2  no signal",
    ] {
        place.ade("runs show latest").succeeds().prints(line);
    }
    place.ade_prints("runs show latest --rows", "row 1, header (");
}

#[test]
fn a_failed_one_shows_its_error() {
    let place = Place::new();
    place.configuration("config");
    place.write("broken.xlsx", "none");
    place.warm("config");
    place.ade("run config broken.xlsx -q").ends_with(1);
    snapshot!(place, place.ade("runs show latest"), @r"
    status 0
    --- stdout
    broken.xlsx failed in [TIME]
    error          input_error broken.xlsx is not an .xlsx workbook: it is not a zip archive
    id             [ID]
    configuration  people (config)
    source digest  [SHA256]
    input          broken.xlsx, 4 B
    created        [INSTANT] ([AGO])
    submitted by   user [USER]
    found          0 sheets, 0 tables, 0 rows, 0 of 2 fields mapped, 0 issues

    not found      name, email

    attempt 1      failed, by [WORKER], [TIME], [SIZE] at most, [TIME] of CPU
    audit record   data/workspaces/default/runs/[ID]/artifact.json
    events         data/workspaces/default/runs/[ID]/logs/events.ndjson
    ");
}

#[test]
fn one_is_found_by_the_beginning_of_its_id() {
    let place = Place::cold();
    place.ade("run config members.csv --dry-run -q").succeeds();
    let id = place.latest_run()["id"].as_str().unwrap().to_owned();
    for given in [id.as_str(), &id[..18], &id[..8], "latest"] {
        assert_eq!(place.json(&format!("runs show {given} --json"))["id"], id);
    }
    place.ade("runs show 0 --json").succeeds();
    place.ade("run config members.csv --dry-run -q").succeeds();
    let ambiguous = place.ade("runs show 0").ends_with(2);
    assert!(
        ambiguous.stderr.contains("could be any of 2 runs"),
        "{ambiguous}"
    );
    snapshot!(place, place.ade("runs show zz"), @r#"
    status 2
    --- stderr
    error: there is no run "zz"
    hint: `ade runs ls` lists them
    "#);
    assert_eq!(
        place.json("runs show --json")["id"],
        place.latest_run()["id"]
    );
}

#[test]
fn a_run_that_is_in_progress_is_shown_as_running() {
    let (place, gate) = Place::gated();
    let running = place.start("run config members.csv -q");
    gate.wait_until_reached();
    assert_eq!(place.statuses(), ["running"]);
    place.ade_prints("runs show latest", "running");
    place.ade_prints("env show config", "1 run");
    gate.open();
    running.wait().succeeds();
}

#[test]
fn the_name_of_an_input_means_its_newest_run() {
    let place = Place::ready();
    place.members("inbox/crew.csv");
    for file in [
        "inbox/crew.csv",
        "members.csv",
        "inbox/crew.csv",
        "members.csv",
    ] {
        place
            .ade(&format!("run config {file} --dry-run -q"))
            .succeeds();
    }
    let runs = place.ade("runs ls --json").json();
    assert_eq!(runs[1]["input"]["name"], "crew.csv");
    for name in ["crew.csv", "inbox/crew.csv"] {
        let shown = place.ade(&format!("runs show {name} --json")).json();
        assert_eq!(shown["id"], runs[1]["id"], "{name}");
    }
    assert_eq!(shown_summary(&place, "crew.csv"), "Dry run");
    place.ade_prints("logs tail crew.csv", "run.complete");
    place.ade_refuses("runs show nobody.csv", "there is no run \"nobody.csv\"");
    place.ade("runs show crew.csv -w another").ends_with(2);
}

fn shown_summary(place: &Place, name: &str) -> String {
    let shown = place.ade(&format!("runs show {name} --json")).json();
    shown["summary"].as_str().unwrap().to_owned()
}

#[test]
fn the_summary_is_one_sentence_about_what_came_of_the_run() {
    let place = Place::ready();
    place.write("broken.xlsx", "no workbook");
    place.ade("run config members.csv -q").succeeds();
    place.ade("run config broken.xlsx -q").ends_with(1);
    place.enqueue("config", "members.csv");
    assert_eq!(place.latest_run()["summary"], serde_json::Value::Null);
    assert_eq!(
        shown_summary(&place, "broken.xlsx"),
        "Failed: broken.xlsx is not an .xlsx workbook: it is not a zip archive"
    );
    place.ade("runs cancel latest").succeeds();
    assert_eq!(shown_summary(&place, "latest"), "Cancelled");
    let listed = place.ade("runs ls --json").json();
    assert_eq!(
        listed[2]["summary"],
        "1 row read from 1 table, 2 of 2 fields mapped, 0 issues"
    );
}

#[test]
fn how_long_a_run_took_is_the_time_of_its_last_attempt() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    let took = || place.latest_run()["duration_ms"].as_u64().unwrap();
    let before = took();
    // As after an attempt that failed an hour ago, and a wait.
    place.change("UPDATE runs SET started_at = started_at - 3600000");
    assert_eq!(took(), before);
    let shown = place.ade("runs show").succeeds();
    assert!(
        !shown.stdout.contains("h in") && !shown.stdout.contains("1 h"),
        "{shown}"
    );
    let ended = place.json("runs show latest --json");
    assert_eq!(ended["duration_ms"], before);
}
