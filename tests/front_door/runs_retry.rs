//! `ade runs retry`.

use crate::common;

use common::{Place, Told, snapshot};

fn place_with_a_run() -> (Place, String) {
    let mut place = Place::ready();
    place.hurry();
    place.ade("run config people.csv -q").succeeds();
    let run = place.latest_id();
    (place, run)
}

/// The configuration fails from now on, and the input is gone.
fn edit(place: &Place) {
    place.configuration("config").write(
        "src/ade_config/columns/fields.py",
        "def register(registry):\n    raise ValueError('edited')\n",
    );
    std::fs::remove_file(place.path("people.csv")).unwrap();
}

#[test]
fn a_new_run_has_the_same_input_and_the_same_snapshot_whatever_was_edited_since() {
    let (place, first) = place_with_a_run();
    edit(&place);
    snapshot!(place, place.ade("runs retry latest"), @r"
    status 0
    --- stdout
    [ID] people.csv queued
    --- stderr
    with the configuration as it was then; `ade worker --drain` executes queued runs
    ");
    place.ade("worker --drain -q").succeeds();
    let runs = place.ade("runs ls --json").json();
    let (again, original) = (&runs[0], &runs[1]);
    assert_eq!(original["id"], first.as_str());
    assert_eq!(again["status"], "succeeded");
    assert_eq!(again["retry_of_run_id"], first.as_str());
    for same in ["source_digest", "input", "environment_id", "metrics"] {
        assert_eq!(again[same], original[same], "{same}");
    }
    assert_eq!(
        place.cells(again["output_path"].text()),
        place.cells(original["output_path"].text())
    );
    assert_eq!(place.event_counts(again["id"].text())["run.queued"], 1);
    with_now_it_runs_here(&place, &first);
}

fn with_now_it_runs_here(place: &Place, first: &str) {
    // Its environment is built where it is gone.
    place.ade("env rm config").ends_with(0);
    let again = place.ade(&format!("runs retry {first} --now"));
    snapshot!(place, again.stdout, @r"
    ⚠ people.csv  [TIME]
      1 sheet, 1 table, 2 rows
      2 of 2 fields mapped, 1 column unmapped
      1 issue
      data/workspaces/default/runs/[ID]/output/people_normalized.xlsx
    ");
    again.succeeds().says("Environment ready in");
    let runs = place.ade("runs ls --json").json();
    assert_eq!(runs[0]["retry_of_run_id"], first);
    for same in ["source_digest", "input", "metrics", "status"] {
        assert_eq!(runs[0][same], runs[2][same], "{same}");
    }
    // Several, with the highest status; what cannot be repeated does not keep the others.
    let several = place.ade(&format!("runs retry --now {first} 00000000 latest --json"));
    let several = several.ends_with(2);
    assert_eq!(several.records().len(), 2);
    assert_eq!(several.error()["code"], "run_not_found");
    assert_eq!(place.statuses(), ["succeeded"; 5]);
}

#[test]
fn again_uses_the_configuration_as_it_is_now_and_retry_as_it_was() {
    let (place, first) = place_with_a_run();
    let fields = "config/src/ade_config/columns/fields.py";
    let mended = format!("{}\n# mended\n", place.read(fields));
    place.write(fields, &mended);
    std::fs::remove_file(place.path("people.csv")).unwrap();
    snapshot!(place, place.ade("runs again latest"), @r"
    status 0
    --- stdout
    [ID] people.csv queued
    --- stderr
    with the configuration as it is now; `ade worker --drain` executes queued runs
    ");
    place.ade("worker --drain -q").succeeds();
    place
        .ade(&format!("runs again {first} --now -q"))
        .succeeds();
    place
        .ade(&format!("runs retry {first} --now -q"))
        .succeeds();
    let runs = place.ade("runs ls --json").json();
    let digest = |run: usize| runs[run]["source_digest"].clone();
    assert_eq!(digest(0), digest(3), "as it was");
    assert_eq!(digest(1), digest(2), "as it is now, in the queue and here");
    assert_ne!(digest(1), digest(3));
    for run in 0..3 {
        assert_eq!(runs[run]["retry_of_run_id"], first.as_str());
        assert_eq!(runs[run]["status"], "succeeded");
    }
    only_what_has_ended_and_what_still_has_its_files_is_repeated(&place, &first);
}

fn only_what_has_ended_and_what_still_has_its_files_is_repeated(place: &Place, first: &str) {
    place.people();
    let second = place.enqueue("config", "people.csv");
    snapshot!(place, place.ade(&format!("runs retry {second}")), @r"
    status 2
    --- stderr
    error: run [ID] is queued
    hint: `ade runs cancel` ends it
    ");
    std::fs::remove_dir_all(place.run_folder(first).join("input")).unwrap();
    snapshot!(place, place.ade(&format!("runs retry {first}")), @r"
    status 2
    --- stderr
    error: run [ID] cannot be retried: [HERE]/data/workspaces/default/runs/[ID]/input/people.csv is gone
    hint: `ade run` it from its original file
    ");
    place.ade_fails("runs retry zz", 2, "run_not_found");
}

#[test]
fn filters_choose_what_is_run_again_and_what_was_already_is_not() {
    let place = Place::ready();
    for _ in 0..2 {
        place
            .ade("run config members.csv --detach --timeout 77 -q")
            .succeeds();
    }
    place.ade("runs cancel --status queued").succeeds();
    place.ade("run config members.csv -q").succeeds();
    let line = "runs retry --status cancelled --since 1h";
    place.ade_says(&format!("{line} --dry-run"), "2 runs would be run again");
    assert_eq!(place.statuses().len(), 3);
    place.ade_says(line, "2 runs chosen");
    assert_eq!(place.statuses()[..2], ["queued", "queued"]);
    // With the options of the first ones.
    let timeouts: i64 = place.query("SELECT count(*) FROM runs WHERE options LIKE '%77%'");
    assert_eq!(timeouts, 4);
    // The first ones are run again as the first.
    let runs = place.json("runs ls --json");
    let (last, first) = (&runs[0]["retry_of_run_id"], &runs[1]["retry_of_run_id"]);
    assert_eq!((last, first), (&runs[3]["id"], &runs[4]["id"]));
    place.ade_says(line, "0 runs chosen");
    // The first ones may go before the others are done.
    place.ade("runs rm --status cancelled").succeeds();
    place.ade("worker --drain -q").succeeds();
    place.ade_says(
        "runs retry --status succeeded --dry-run",
        "3 runs would be run again",
    );
    place.ade_fails("runs retry latest --input members.csv", 2, "usage");
}
