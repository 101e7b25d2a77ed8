//! `ade runs show`. All that is shown of a run that went well is in run_notices.rs.

use crate::common;

use common::{Place, Told, snapshot};

#[test]
fn what_spoke_for_the_field_of_a_column_is_shown() {
    let crew = "Surname,Contact,Shoe size\nLee,a@example.org,41\nRay,b@example.org,38\n";
    let place = Place::crew("crew.csv", crew);
    let shown = place.ade("runs show latest").succeeds();
    for line in [
        "Surname    last_name   1.00       2  its header",
        "Contact    email       0.50       2  its values",
        "Shoe size                         2  fits no field",
    ] {
        shown.stdout_has(line);
    }
    place.ade_prints("runs show latest --rows", "row 1, header (");
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
fn the_beginning_of_an_id_means_a_run_and_the_name_of_an_input_its_newest_one() {
    let place = Place::cold();
    place.members("inbox/crew.csv");
    place.ade("run config members.csv --dry-run -q").succeeds();
    let id = place.latest_id();
    for given in [id.as_str(), "0", "latest"] {
        assert_eq!(place.json(&format!("runs show {given} --json"))["id"], id);
    }
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
    assert_eq!(place.json("runs show --json")["id"], runs[0]["id"]);
    let ambiguous = place.ade("runs show 0").ends_with(2);
    ambiguous.says("could be any of 5 runs");
    for name in ["crew.csv", "inbox/crew.csv"] {
        let shown = place.ade(&format!("runs show {name} --json")).json();
        assert_eq!(shown["id"], runs[1]["id"], "{name}");
    }
    assert_eq!(shown_summary(&place, "crew.csv"), "Dry run");
    place.ade_prints("logs tail crew.csv", "run.complete");
    place.ade_refuses("runs show nobody.csv", "there is no run \"nobody.csv\"");
    snapshot!(place, place.ade("runs show zz"), @r#"
    status 2
    --- stderr
    error: there is no run "zz"
    hint: `ade runs ls` lists them
    "#);
    place.ade("runs show crew.csv -w another").ends_with(2);
}

fn shown_summary(place: &Place, name: &str) -> String {
    let shown = place.ade(&format!("runs show {name} --json")).json();
    shown["summary"].string()
}

#[test]
fn the_summary_is_one_sentence_about_what_came_of_the_run() {
    let place = Place::ready();
    place.write("broken.xlsx", "no workbook");
    place.ade("run config members.csv -q").succeeds();
    place.ade("run config broken.xlsx -q").ends_with(1);
    snapshot!(&place, place.ade("runs show latest"), @r"
    status 0
    --- stdout
    broken.xlsx failed in [TIME]
    error          input_error broken.xlsx is not an .xlsx workbook: it is not a zip archive
    id             [ID]
    configuration  people (config)
    source digest  [SHA256]
    input          broken.xlsx, 11 B
    created        [INSTANT] ([AGO])
    submitted by   user [USER]
    found          0 sheets, 0 tables, 0 rows, 0 of 2 fields mapped, 0 issues

    not found      name, email

    attempt 1      failed, by [WORKER], [TIME], up to [SIZE], [TIME] of CPU
    audit record   data/workspaces/default/runs/[ID]/artifact.json
    events         data/workspaces/default/runs/[ID]/logs/events.ndjson
    ");
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
    // How long a run took is the time of its last attempt, as after one that failed an hour ago, and a wait.
    let took = listed[2]["duration_ms"].as_u64().unwrap();
    let id = listed[2]["id"].text();
    place.change("UPDATE runs SET started_at = started_at - 3600000");
    let shown = place.json(&format!("runs show {id} --json"));
    assert_eq!(shown["duration_ms"], took);
    let shown = place.ade(&format!("runs show {id}")).succeeds();
    shown.stdout_lacks("h in");
    shown.stdout_lacks("1 h");
}

#[test]
fn files_that_are_not_there_are_not_named_and_a_log_without_events_is_said_to_have_none() {
    let place = Place::cold();
    place.ade("run config members.csv --detach -q").succeeds();
    let shown = |line: &str| {
        let shown = place.ade("runs show latest").succeeds().stdout;
        shown.lines().any(|found| found.starts_with(line))
    };
    assert!(shown("events  ") && !shown("audit record"));
    place
        .ade("logs tail latest --level error")
        .succeeds()
        .says("note: latest has no events of level error or above");
    place.ade("runs cancel latest -q").succeeds();
    assert!(shown("events  ") && shown("audit record"));
    let artifact = place.latest_artifact();
    Place::keeps_to_the_schema(&artifact);
    assert_eq!(artifact["run"]["status"], "cancelled");
    // As of a run that an older `ade` has queued for a document.
    place.ade("run config members.csv --detach -q").succeeds();
    std::fs::remove_dir_all(place.latest_run()["run_dir"].text()).unwrap();
    assert!(!shown("events  ") && !shown("audit record"));
    let log = place.ade("logs tail latest").succeeds();
    assert_eq!(log.stdout, "");
    log.says("note: latest has no events yet");
}
