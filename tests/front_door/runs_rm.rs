//! `ade runs rm`.

use crate::common;

use common::{Place, snapshot};

#[test]
fn an_ended_run_goes_with_its_records_and_its_files() {
    let mut place = Place::ready();
    place.hurry();
    place.ade("run config people.csv --dry-run -q").succeeds();
    place.ade("run config people.csv -q").succeeds();
    let run = place.latest_id();
    snapshot!(place, place.ade("runs rm latest --dry-run"), @r"
    status 0
    --- stdout
    [ID] people.csv would be removed, [SIZE] would be freed
    ");
    assert_eq!(place.statuses().len(), 2);
    assert!(place.run_folder(&run).exists());
    let removed = place.json(&format!("runs rm {run} --json"));
    common::has(&removed, serde_json::json!({"id": run, "removed": true}));
    assert!(removed["bytes_freed"].as_u64().unwrap() > 0);
    assert!(!place.run_folder(&run).exists());
    assert_eq!(place.statuses().len(), 1);
    for table in [
        "run_attempts",
        "run_metrics",
        "run_fields",
        "run_table_columns",
    ] {
        let left: i64 = place.query(&format!(
            "SELECT count(*) FROM {table} WHERE run_id = '{run}'"
        ));
        assert_eq!(left, 0, "{table}");
    }
    snapshot!(place, place.ade(&format!("runs rm {run}")).ends_with(2).stderr.replace(&run, "[ID]"), @r#"
    error: there is no run "[ID]"
    hint: `ade runs ls` lists them
    "#);
    // A removal is repeated whose process died after it had recorded that the files go.
    let run = place.latest_id();
    place.change("UPDATE runs SET artifacts_deleted_at = 1");
    place.ade(&format!("runs rm {run}")).succeeds();
    assert!(!place.run_folder(&run).exists());
    assert_eq!(place.statuses(), Vec::<String>::new());
    runs_are_chosen_by_filters_and_counted(&place);
}

fn runs_are_chosen_by_filters_and_counted(place: &Place) {
    place.configuration("other");
    place.write("broken.xlsx", "no workbook");
    place.ade("run config members.csv --dry-run -q").succeeds();
    place.ade("run config broken.xlsx -q").ends_with(1);
    place.ade("run other members.csv --dry-run -q").succeeds();
    let queued = place.enqueue("config", "members.csv");
    snapshot!(place, place.ade("runs rm --input members.csv --configuration config --dry-run"), @r"
    status 0
    --- stdout
    [ID] members.csv would be removed, [SIZE] would be freed
    --- stderr
    note: queued and running runs stay (1 run); `ade runs cancel` ends a run
    1 run would be removed, [SIZE] would be freed
    ");
    assert_eq!(place.statuses().len(), 4);
    let count = |flags: &str| {
        let found = place
            .ade(&format!("runs rm --dry-run {flags} --json"))
            .succeeds();
        found.records().len()
    };
    assert_eq!(count("--status failed"), 1);
    assert_eq!(count("--status failed --input members.csv"), 0);
    assert_eq!(count("--older-than 1h"), 0);
    assert_eq!(count("--before 2999-01-01"), 3);
    assert_eq!(count("--configuration config"), 2);
    place.ade_says("runs rm --status failed", "1 run removed, ");
    place.ade("runs rm --before 2999-01-01").succeeds();
    assert_eq!(place.statuses(), ["queued"]);
    assert_eq!(place.latest_run()["id"], queued.as_str());
    // Nothing is removed without a word that says what.
    place.ade("runs rm").ends_with(2);
    place.ade("runs rm latest --status failed").ends_with(2);
    place.ade("runs rm --status queued").ends_with(2);
    place.ade_refuses("runs rm --before soon", "--before \"soon\" is not a time");
}

#[test]
fn what_waits_or_runs_is_refused_and_the_rest_goes() {
    let place = Place::held("");
    place.ade("run config members.csv --dry-run -q").succeeds();
    let ended = place.latest_id();
    let running = place.enqueue("config", "members.csv");
    let queued = place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    place.wait_until_held(1);
    let answer = place
        .ade(&format!("runs rm {queued} {running} {ended}"))
        .ends_with(2)
        .says("is queued")
        .says("is running");
    answer.stdout_has(&ended);
    place.let_go();
    place.wait_for_status(&queued, "succeeded");
    worker.stops();
    assert_eq!(place.statuses(), ["succeeded", "succeeded"]);
    place.ade(&format!("runs rm {queued} {running}")).succeeds();
    place.ade("runs rm latest").ends_with(2);
}
