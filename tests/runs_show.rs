//! `ade runs show`.

mod common;

use common::{Place, snapshot};

#[test]
fn everything_about_one_is_shown() {
    let place = Place::new();
    place.configuration("config");
    place.people();
    place.warm("config");
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
    output         data/workspaces/default/runs/[ID]/output/people_normalized.xlsx
    found          1 sheet, 1 table, 2 rows, 2 of 2 fields mapped, 1 issue
    finding        validation_warnings_present Validators reported 1 issue.

    people table 1 A1:C3 → people!A1:C3, 2 rows
    COLUMN     FIELD  SCORE  FILLED  WHY NOT
    Name       name    1.00       2
    Email      email   1.00       2
    Shoe size                     2  no signal

    attempt 1      succeeded, by [WORKER], [TIME], [SIZE] at most, [TIME] of CPU
    audit record   data/workspaces/default/runs/[ID]/artifact.json
    events         data/workspaces/default/runs/[ID]/logs/events.ndjson
    ");
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
    found          0 sheets, 0 tables, 0 rows, 0 of 2 fields mapped, 0 issues

    not found      name, email

    attempt 1      failed, by [WORKER], [TIME], [SIZE] at most, [TIME] of CPU
    audit record   data/workspaces/default/runs/[ID]/artifact.json
    events         data/workspaces/default/runs/[ID]/logs/events.ndjson
    ");
}

#[test]
fn one_is_found_by_the_beginning_of_its_id() {
    let place = Place::new();
    place.configuration("config");
    place.members("members.csv");
    place.ade("run config members.csv --dry-run -q").succeeds();
    let id = place.latest_run()["id"].as_str().unwrap().to_owned();
    for given in [id.as_str(), &id[..18], &id[..8], "latest"] {
        assert_eq!(
            place
                .ade(&format!("runs show {given} --json"))
                .succeeds()
                .json()["id"],
            id
        );
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
        place.ade("runs show --json").succeeds().json()["id"],
        place.latest_run()["id"]
    );
}

#[test]
fn a_run_that_is_in_progress_is_shown_as_running() {
    let (place, gate) = Place::gated();
    let running = place.start("run config members.csv -q");
    gate.wait_until_reached();
    assert_eq!(place.statuses(), ["running"]);
    place.ade("runs show latest").succeeds().prints("running");
    place.ade("env show config").succeeds().prints("1 run");
    gate.open();
    running.wait().succeeds();
}
