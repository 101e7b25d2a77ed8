//! `ade logs tail`.

use crate::common;

use common::{Place, Told, snapshot};

/// One place for all of it: an environment of its own takes long.
#[test]
fn the_log_of_a_run_is_printed() {
    let place = Place::cold();
    a_log_is_printed_in_a_readable_form(&place);
    a_failure_is_told_once_and_whole_as_json(&place);
    an_environments_log_is_told_by_its_id_and_by_the_beginning_of_one(&place);
}

fn a_log_is_printed_in_a_readable_form(place: &Place) {
    place.ade("run config people.csv -q").succeeds();
    snapshot!(place, place.ade("logs tail latest"), @r"
    status 0
    --- stdout
    [CLOCK] info    run.start Attempt 1 of 3 by [WORKER]
    [CLOCK] info    engine.run.started Processing people.csv
    [CLOCK] info    engine.run.planned Output goes to [HERE]/data/workspaces/default/runs/[ID]/output/people_normalized.xlsx
    [CLOCK] info    engine.config.loaded Config package [HERE]/config: 2 fields from 2 modules
    [CLOCK] info    engine.workbook.started Workbook people.csv: 1 sheets
    [CLOCK] info    engine.sheet.started Sheet 'people'
    [CLOCK] info    engine.table.written Table 1 of sheet 'people': 2 rows
    [CLOCK] info    engine.run.noticed How the tables were read
    [CLOCK] info    engine.run.completed Run succeeded in [TIME]
    [CLOCK] info    run.complete succeeded
    ");
    let all = place.ade("logs tail").succeeds().stdout;
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(
        place
            .ade("logs tail latest -n 2")
            .succeeds()
            .stdout
            .lines()
            .collect::<Vec<_>>(),
        lines[lines.len() - 2..]
    );
    assert_eq!(place.ade("logs tail latest -n 0").succeeds().stdout, "");
    assert_eq!(place.ade("logs tail latest -n 999").succeeds().stdout, all);
    place.ade("logs tail latest --level loud").ends_with(2);
    assert_eq!(
        place
            .ade("logs tail latest --level error")
            .succeeds()
            .stdout,
        ""
    );

    // As JSON it is the file, line by line.
    let run = place.latest_run();
    let file = place.read(format!("{}/logs/events.ndjson", run["run_dir"].text()));
    let printed = place
        .ade("logs tail latest --json --level debug")
        .succeeds()
        .records();
    let kept: Vec<serde_json::Value> = file
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(printed, kept);
    // With -f it ends at once: the run has ended.
    assert_eq!(
        place
            .ade("logs tail latest --json --level debug -f")
            .succeeds()
            .records(),
        kept
    );
}

fn a_failure_is_told_once_and_whole_as_json(place: &Place) {
    place.write("broken.xlsx", "no workbook");
    place.ade("run config broken.xlsx -q").ends_with(1);
    let words = "broken.xlsx is not an .xlsx workbook";
    let log = place.ade("logs tail").succeeds().stdout;
    assert_eq!(log.matches(words).count(), 1, "{log}");
    assert!(log.trim_end().ends_with("run.complete failed"), "{log}");
    // The last event alone says it too.
    let last = place.ade("logs tail -n 1").succeeds().stdout;
    assert!(last.contains(words), "{last}");
    let json = place.ade("logs tail --json").succeeds().stdout;
    assert!(
        json.matches("is not an .xlsx workbook").count() >= 3,
        "{json}"
    );
}

fn an_environments_log_is_told_by_its_id_and_by_the_beginning_of_one(place: &Place) {
    let id = place.environments()[0]["id"].string();
    let log = place.ade(&format!("logs tail {id}")).succeeds();
    for event in [
        "environment.start",
        "environment.step",
        "environment.versions",
        "environment.complete",
    ] {
        log.stdout_has(event);
    }
    // What was made in the same millisecond begins alike.
    let prefix = &id[..id.len() - 2];
    assert_eq!(
        place
            .ade(&format!("logs tail {prefix} -f"))
            .succeeds()
            .stdout,
        log.stdout
    );
}

#[test]
fn a_run_is_followed_to_its_end_and_its_status_taken_over() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let gate = place.gate("gate");
    configuration.wait_at_with(&gate, "", "raise ValueError(\"no more\")");
    place.members("members.csv");
    place.warm("config");
    let running = place.start("run config members.csv");
    gate.wait_until_reached();
    let mut followers = [
        place.start("logs tail -f"),
        place.start("logs tail latest -f --json -n 1"),
    ];
    followers[0].wait_until_prints("run.start");
    followers[1].wait_until_prints("\"event\"");
    gate.open();
    running.wait().ends_with(1);
    let [readable, json] = followers.map(|follower| follower.wait().ends_with(1));
    let last = readable.stdout.lines().last().unwrap();
    assert!(last.ends_with("run.complete failed"), "{readable}");
    // It is told once, in the author's own file.
    assert_eq!(readable.stdout.matches("no more").count(), 2, "{readable}");
    readable.stdout_has("config/src/ade_config/hooks/");
    readable.stdout_lacks("snapshots/");
    let records = json.records();
    assert_eq!(records.last().unwrap()["event"], "run.complete");
    let sequences: Vec<u64> = records
        .iter()
        .map(|event| event["sequence"].as_u64().unwrap())
        .collect();
    let first = sequences[0];
    assert_eq!(
        sequences,
        (first..first + sequences.len() as u64).collect::<Vec<_>>()
    );
}

#[test]
fn what_is_not_there_is_said() {
    let place = Place::new();
    snapshot!(place, place.ade("logs tail latest"), @r"
    status 2
    --- stderr
    error: there are no runs yet
    hint: `ade run CONFIG FILE` creates one
    ");
    place.configuration("config");
    place.members("members.csv");
    place.ade("run config members.csv --dry-run -q").succeeds();
    place.ade("run config members.csv --dry-run -q").succeeds();
    snapshot!(place, place.ade("logs tail nonsense"), @r#"
    status 2
    --- stderr
    error: there is no run or environment "nonsense"
    hint: `ade runs ls` and `ade env ls` list them
    "#);
    place.ade_refuses("logs tail 0", "could be any of 2 runs");
    place.ade_fails("logs tail nonsense", 2, "run_not_found");
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_long_log_takes_little_memory() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    let run = place.latest_run();
    let path = place.path(run["run_dir"].text()).join("logs/events.ndjson");
    let log = std::fs::read_to_string(&path).unwrap();
    let (start, end) = log.split_once('\n').unwrap();
    let filler = "x".repeat(1000);
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    use std::io::Write;
    writeln!(file, "{start}").unwrap();
    for number in 0..60_000 {
        writeln!(file, "{{\"sequence\":{number},\"level\":\"debug\",\"event\":\"engine.much\",\"message\":\"{filler}\",\"data\":{{\"a\":1,\"b\":[1,2,3]}}}}").unwrap();
    }
    file.write_all(end.as_bytes()).unwrap();
    drop(file);
    // The address space has room for the program, but not for the log.
    for (flags, lines) in [
        ("--level debug", 60_000),
        ("--level debug -n 3", 3),
        ("", 1),
    ] {
        let call = format!(
            "ulimit -v 150000; exec {} logs tail {flags}",
            env!("CARGO_BIN_EXE_ade")
        );
        let shown = place.shell(&call).succeeds();
        assert!(shown.stdout.lines().count() >= lines, "{flags}");
        assert!(
            shown.stdout.trim_end().ends_with("run.complete succeeded"),
            "{flags}"
        );
    }
}
