//! `ade runs ls` and `ade runs show`.

mod common;

use common::{Place, snapshot};

#[test]
fn runs_are_listed_newest_first() {
    let place = Place::new();
    snapshot!(place, place.ade("runs ls"), @r"
    status 0
    --- stderr
    No runs to show in data
    ");
    assert_eq!(place.ade("runs ls --json").json(), serde_json::json!([]));
    let configuration = place.configuration("config");
    place.people();
    place.members("members.csv");
    place.warm("config");
    place.ade("run config people.csv -q").succeeds();
    place.ade("run config members.csv --dry-run -q").succeeds();
    configuration.write(
        "src/ade_config/columns/broken.py",
        "def register(registry):\n    raise ValueError\n",
    );
    place.ade("run config members.csv -q").ends_with(1);
    snapshot!(place, place.ade("runs ls"), @r"
    status 0
    --- stdout
    ID                  STATUS     CONFIGURATION  INPUT        ROWS  ISSUES  TOOK  WHEN
    [SHORT-ID]  failed     people         members.csv     0       0  [TIME]  [AGO]
    [SHORT-ID]  succeeded  people         members.csv  [TIME]  [AGO]
    [SHORT-ID]  succeeded  people         people.csv      2       1  [TIME]  [AGO]
    ");
}

#[test]
fn they_are_filtered() {
    let place = Place::new();
    place.configuration("one");
    place.configuration("two");
    place.members("members.csv");
    for line in [
        "run one members.csv --dry-run -q",
        "run two members.csv --dry-run -q",
        "run two members.csv --detach -q",
    ] {
        place.ade(line).succeeds();
    }
    let count = |flags: &str| {
        place
            .ade(&format!("runs ls --json {flags}"))
            .succeeds()
            .json()
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(""), 3);
    assert_eq!(count("--limit 2"), 2);
    assert_eq!(count("--status queued"), 1);
    assert_eq!(count("--status failed"), 0);
    assert_eq!(count("--configuration two"), 2);
    assert_eq!(count("--configuration two/"), 2);
    assert_eq!(count("--configuration people"), 3);
    assert_eq!(count("--since 1h"), 3);
    assert_eq!(count("--since 2999-01-01"), 0);
    assert_eq!(count("-w another"), 0);
    snapshot!(place, place.ade("runs ls --since yesterdayish"), @r#"
    status 2
    --- stderr
    error: --since "yesterdayish" is no time
    hint: a date, an instant ([INSTANT]) or an age (30m, 12h, 7d)
    "#);
    place
        .ade("runs ls --status lost")
        .ends_with(2)
        .says("possible values: queued, running, succeeded, failed, cancelled");
}

#[test]
fn the_whole_story_of_one_is_shown() {
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
    let place = Place::new();
    let configuration = place.configuration("config");
    let gate = place.gate("gate");
    configuration.wait_at(&gate);
    place.members("members.csv");
    place.warm("config");
    let running = place.start("run config members.csv -q");
    gate.wait_until_reached();
    assert_eq!(place.statuses(), ["running"]);
    place.ade("runs show latest").succeeds().prints("running");
    place.ade("env show config").succeeds().prints("1 run");
    gate.open();
    running.wait().succeeds();
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    let place = Place::new();
    place.configuration("config");
    place.members("members.csv");
    place.ade("run config members.csv --dry-run -q").succeeds();
    let mut child = place
        .command()
        .args(["runs", "ls"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stderr, b"");
}
