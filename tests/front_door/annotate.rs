//! `ade annotate`: the sender's own workbook with the issues of a run in it. What is painted how is held by tests/painting.rs.

use crate::common;

use common::Place;

/// A run of a roster with a broken date in D3.
fn with_a_run() -> Place {
    let place = Place::new();
    place.ade("init crew").succeeds();
    place.write(
        "crew.csv",
        "Surname,First name,E-mail,Start date\nLee,Ann,ann@example.org,2024-01-03\nRay,Bob,bob@example.org,soon\n",
    );
    place.ade("run crew crew.csv -q").succeeds();
    place
}

#[test]
fn the_copy_lists_the_issues_first_and_keeps_the_cells() {
    let place = with_a_run();
    let told = place.json("annotate latest -o marked.xlsx --json");
    assert_eq!((&told["cells"], &told["listed"]), (&1.into(), &1.into()));
    let cells = place.cells("marked.xlsx");
    let text = cells.to_string();
    assert!(text.contains("soon") && text.contains("Issues"), "{text}");

    // Without -o it lies in the run's folder; a folder gets the name that it would have there.
    place.ade_prints("annotate crew.csv", "output/crew_annotated.xlsx");
    std::fs::create_dir(place.path("out")).unwrap();
    place.ade("annotate latest -o out").succeeds();
    assert!(place.path("out/crew_annotated.xlsx").is_file());
}

#[test]
fn it_is_painted_from_the_input_as_the_run_had_it() {
    let place = with_a_run();
    // Nothing is painted over that input.
    let original = place.read(place.path("crew.csv"));
    place.ade_fails("annotate latest -o crew.csv", 2, "output_unwritable");
    assert_eq!(place.read(place.path("crew.csv")), original);
    place.write("crew.csv", "Surname\nSomebody else\n");
    place.ade("annotate latest -o marked.xlsx").succeeds();
    let text = place.cells("marked.xlsx").to_string();
    assert!(
        text.contains("soon") && !text.contains("Somebody else"),
        "{text}"
    );
}

#[test]
fn a_refusal_is_one_message() {
    let place = Place::ready();
    place.ade("run config people.csv -q").succeeds();
    place.ade_fails("annotate latest", 2, "no_issue_list");
}

#[test]
fn a_marked_copy_that_comes_back_is_read_without_its_list() {
    let place = with_a_run();
    place.ade("annotate latest -o back.xlsx").succeeds();
    let told = place.json("run crew back.xlsx --json");
    let codes = told["notices"].to_string();
    assert!(codes.contains("issue_list_skipped"), "{codes}");
    assert_eq!(told["metrics"]["rows"], 2, "{told}");
    // Marked again: the list is made anew, and there is one.
    place.ade("annotate latest -o again.xlsx").succeeds();
    let sheets = place.cells("again.xlsx");
    assert_eq!(sheets.as_object().unwrap().len(), 2, "{sheets}");
}
