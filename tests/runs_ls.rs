//! `ade runs ls`.

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
    error: --since "yesterdayish" is not a time
    hint: a date, an instant ([INSTANT]) or an age (30m, 12h, 7d)
    "#);
    place
        .ade("runs ls --status lost")
        .ends_with(2)
        .says("possible values: queued, running, succeeded, failed, cancelled");
}

#[test]
fn that_a_reader_went_away_is_not_an_error() {
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
