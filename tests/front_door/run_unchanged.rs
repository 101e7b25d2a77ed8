//! `ade run --changed`: what is unchanged since an accepted run is not run again.

use crate::common;

use std::fs;
use std::time::{Duration, SystemTime};

use common::{Configuration, Place, Told, has, wait_for};
use serde_json::json;

const CALL: &str = "run config inbox -o clean --changed";

/// A place with a configuration whose issues are listed.
fn with_a_configuration() -> (Place, Configuration) {
    let place = Place::new();
    let configuration = place.configuration("config");
    configuration.write("settings.toml", "issue_list = true\n");
    (place, configuration)
}

/// An inbox whose two files have been run.
fn after_a_first_run() -> (Place, Configuration) {
    let (place, configuration) = with_a_configuration();
    place.members("inbox/one.csv");
    place.write("inbox/two.csv", "Name,Email\nBob,bob@example.org\n");
    place.ade_says(CALL, "2 of 2 files normalized\n");
    (place, configuration)
}

/// How many runs there are.
fn runs(place: &Place) -> i64 {
    place.query("SELECT count(*) FROM runs")
}

/// Calls once more, and demands that so many of the two files are run.
#[track_caller]
fn runs_again(place: &Place, line: &str, count: i64) {
    let before = runs(place);
    let outcome = place.ade(line).succeeds();
    assert_eq!(runs(place) - before, count, "{outcome}");
    let left = match count {
        2 => "2 of 2 files normalized\n".to_owned(),
        count => format!("{count} of 2 files normalized, {} unchanged\n", 2 - count),
    };
    outcome.says(&left);
}

fn copies(place: &Place) -> Vec<Vec<u8>> {
    let names = ["one", "two"].map(|stem| place.path(format!("clean/{stem}_normalized.xlsx")));
    names.map(|path| fs::read(path).unwrap()).to_vec()
}

#[test]
fn a_second_call_runs_nothing_and_says_so() {
    let (mut place, configuration) = after_a_first_run();
    let written = |stem: &str| {
        let copy = place.path(format!("clean/{stem}_normalized.xlsx"));
        fs::metadata(copy).unwrap().modified().unwrap()
    };
    let before = (written("one"), written("two"));
    // A file that was saved again with the same bytes is unchanged.
    let later = SystemTime::now() + Duration::from_secs(60);
    let one = fs::File::options()
        .write(true)
        .open(place.path("inbox/one.csv"))
        .unwrap();
    one.set_modified(later).unwrap();
    runs_again(&place, CALL, 0);
    assert_eq!(
        (written("one"), written("two")),
        before,
        "copies are left alone"
    );

    let told = place.ade(&format!("{CALL} --json")).succeeds().records();
    assert_eq!(told.len(), 2);
    for run in &told {
        has(
            run,
            json!({"skipped_reason": "unchanged", "status": "succeeded"}),
        );
        let copy = run["output_copy"].text();
        assert!(fs::exists(copy).unwrap(), "{copy}");
        let id = run["id"].text();
        let known = format!("SELECT count(*) FROM runs WHERE id = '{id}'");
        assert_eq!(place.query::<i64>(&known), 1);
    }
    // One file has its details, and -q the paths of all.
    let short = told[0]["id"].text();
    let one = place
        .ade("run config inbox/one.csv -o clean --changed")
        .succeeds()
        .prints("2 of 2 fields mapped")
        .prints("✓ one.csv  unchanged since run ");
    let word = one.stdout.split_whitespace().nth(5).unwrap();
    assert!(short.ends_with(word) || told[1]["id"].text().ends_with(word));
    let quiet = place.ade(&format!("{CALL} -q")).succeeds();
    assert_eq!(
        quiet.stdout,
        "clean/one_normalized.xlsx\nclean/two_normalized.xlsx\n"
    );
    // Without the flag all are run.
    runs_again(&place, "run config inbox -o clean", 2);
    what_a_result_is_made_of_runs_again_when_it_changes(&mut place, &configuration);
}

fn what_a_result_is_made_of_runs_again_when_it_changes(
    place: &mut Place,
    configuration: &Configuration,
) {
    place.write("inbox/two.csv", "Name,Email\nEve,eve@example.org\n");
    runs_again(place, CALL, 1);
    configuration.write("src/ade_config/note.py", "# a change\n");
    runs_again(place, CALL, 2);
    runs_again(place, CALL, 0);
    // Once more as it was: the runs of then have the result.
    fs::remove_file(place.path("config/src/ade_config/note.py")).unwrap();
    runs_again(place, CALL, 0);
    configuration.write("settings.toml", "issue_list = true\ndate_order = \"mdy\"\n");
    runs_again(place, CALL, 2);
    place.set("ADE_ENGINE_DECIMAL_MARK", ",");
    runs_again(place, CALL, 2);
    for options in ["--set date_order=dmy", "--to csv"] {
        let call = format!("{CALL} {options}");
        runs_again(place, &call, 2);
        runs_again(place, &call, 0);
    }
    // These decide nothing about the result.
    runs_again(place, &format!("{CALL} --timeout 600 --jobs 1"), 0);
    configuration.depend_on(&["et-xmlfile"]);
    runs_again(place, CALL, 2);
    for left_out in ["--detach", "--dry-run", "--validate-only"] {
        place
            .ade(&format!("run config inbox --changed {left_out}"))
            .ends_with(2);
    }
}

#[test]
fn a_result_that_is_gone_or_was_edited_is_made_again() {
    let (place, _) = after_a_first_run();
    let made = copies(&place);
    let output = |stem: &str| -> std::path::PathBuf {
        let sql =
            format!("SELECT id FROM runs WHERE input_name = '{stem}.csv' ORDER BY id DESC LIMIT 1");
        let folder = place.run_folder(&place.query::<String>(&sql));
        folder.join(format!("output/{stem}_normalized.xlsx"))
    };
    fs::write(output("one"), "edited").unwrap();
    runs_again(&place, CALL, 1);
    fs::remove_file(output("two")).unwrap();
    runs_again(&place, CALL, 1);
    // Of copies that are gone or were edited the run has the original.
    fs::remove_file(place.path("clean/one_normalized.xlsx")).unwrap();
    place.write("clean/two_normalized.xlsx", "edited");
    runs_again(&place, CALL, 0);
    assert_eq!(copies(&place)[0], fs::read(output("one")).unwrap());
    assert_eq!(copies(&place)[1], fs::read(output("two")).unwrap());
    assert_eq!(copies(&place).len(), made.len());
    runs_again(&place, "run config inbox -o elsewhere --changed", 0);
    assert_eq!(place.files_below("elsewhere").len(), 2);

    let first: String =
        place.query("SELECT id FROM runs WHERE input_name = 'one.csv' ORDER BY id DESC LIMIT 1");
    place.ade(&format!("runs rm {first}")).succeeds();
    let older = "SELECT count(*) FROM runs WHERE input_name = 'one.csv'";
    assert_eq!(
        place.query::<i64>(older),
        1,
        "the one whose output was edited"
    );
    runs_again(&place, CALL, 1);
    // What was collected has its record still.
    place.change("UPDATE runs SET completed_at = completed_at - 86400000 * 40");
    place.change("UPDATE observed_time SET in_use_since = in_use_since - 86400000 * 40");
    place.ade("env gc").succeeds();
    let gone = "SELECT count(*) FROM runs WHERE artifacts_deleted_at IS NOT NULL";
    assert_eq!(place.query::<i64>(gone), runs(&place));
    runs_again(&place, CALL, 2);
}

#[test]
fn failed_and_refused_runs_are_made_again_and_demands_judge_as_they_did() {
    let (place, _) = with_a_configuration();
    place.people();
    let call = |demand: &str| format!("run config people.csv -o clean --changed {demand}");
    place.ade(&call("--deny-issues")).ends_with(1);
    place.ade(&call("--deny-issues")).ends_with(1);
    assert_eq!(runs(&place), 2, "a refused run is run again");
    assert!(place.files_below("clean").is_empty());
    place.ade(&call("")).succeeds();
    assert_eq!(runs(&place), 3, "as it was refused, it has no result");
    place
        .ade(&call("--max-errors 5 --require email"))
        .succeeds();
    place.ade(&call("--deny-drift")).succeeds();
    assert_eq!(runs(&place), 3, "the result is good enough");
    for (number, demand) in ["--deny-issues", "--min-rows 50", "--require nothing"]
        .into_iter()
        .enumerate()
    {
        let refused = place.ade(&call(demand));
        assert!(refused.status > 0, "{refused}");
        assert_eq!(runs(&place), 4 + number as i64);
        assert_eq!(place.files_below("clean"), ["people_normalized.xlsx.stale"]);
    }
    // The result of then, which is good enough again, is put back.
    place.ade(&call("")).succeeds();
    assert_eq!(runs(&place), 6);
    assert_eq!(place.files_below("clean"), ["people_normalized.xlsx"]);
    // A marked copy is made of an unchanged input, too.
    for _ in 0..2 {
        place.ade_prints(&call("--annotate"), "people_annotated.xlsx");
        assert!(place.path("clean/people_annotated.xlsx").is_file());
    }
    assert_eq!(runs(&place), 6);

    place.write("broken.xlsx", "no workbook");
    for number in 1..3 {
        place.ade("run config broken.xlsx --changed").ends_with(1);
        assert_eq!(runs(&place), 6 + number);
    }
}

#[test]
fn the_same_bytes_under_another_name_are_another_input() {
    let (place, _) = after_a_first_run();
    fs::remove_file(place.path("inbox/two.csv")).unwrap();
    place.members("inbox/same.csv");
    place.members("inbox/below/one.csv");
    // The name is the result's own; which folder it lies in is not.
    let call = format!("{CALL} --recursive");
    place.ade_says(&call, "1 of 3 files normalized, 2 unchanged\n");
    let clean = place.files_below("clean");
    for copy in ["below/one", "one", "same"] {
        let copy = format!("{copy}_normalized.xlsx");
        assert!(clean.contains(&copy), "{clean:?}");
    }
    place.ade_says(&call, "0 of 3 files normalized, 3 unchanged\n");

    // A combined table has the rows of unchanged inputs, too.
    fs::remove_dir_all(place.path("inbox/below")).unwrap();
    let call = "run config inbox --combine all.csv --changed";
    place.ade(call).succeeds();
    place.write("inbox/same.csv", "Name,Email\nEve,eve@example.org\nBob,\n");
    place
        .ade(call)
        .succeeds()
        .says("combined 2 files with 3 rows")
        .says("1 of 2 files normalized, 1 unchanged");
    assert_eq!(place.read("all.csv").lines().count(), 4);
}

#[test]
fn watching_begins_with_what_has_changed() {
    let (place, _) = after_a_first_run();
    let mut running = place.start(&format!("{CALL} --watch"));
    running.wait_until_says("0 of 2 files normalized, 2 unchanged");
    running.wait_until_says("Watching for changes");
    place.write("inbox/two.csv", "Name,Email\nEve,eve@example.org\n");
    wait_for("the changed file", || runs(&place) == 3);
    running.wait_until_says(" changed: inbox/two.csv\n");
    wait_for("the second round", || {
        running.stderr().matches("Watching for changes").count() == 2
    });
    // Saved again with the same bytes, it is looked at and not run.
    place.write("inbox/two.csv", "Name,Email\nEve,eve@example.org\n");
    wait_for("the third round", || {
        running.stderr().matches("Watching for changes").count() == 3
    });
    running.signal(libc::SIGINT);
    running.wait().ends_with(130);
    assert_eq!(runs(&place), 3);
}
