//! `ade annotate`: the sender's own workbook with the issues of a run in it. What is painted how is held by tests/painting.rs.

use crate::common;

use common::Place;

/// A roster with a broken date in D3.
const CREW: &str = "Surname,First name,E-mail,Start date\nLee,Ann,ann@example.org,2024-01-03\nRay,Bob,bob@example.org,soon\n";

#[test]
fn the_copy_lists_the_issues_and_keeps_the_cells_as_the_run_had_them() {
    let place = Place::crew("crew.csv", CREW);
    let told = place.json("annotate latest -o marked.xlsx --json");
    assert_eq!((&told["cells"], &told["listed"]), (&1.into(), &1.into()));
    let text = place.cells("marked.xlsx").to_string();
    assert!(text.contains("soon") && text.contains("Issues"), "{text}");

    // Without -o it lies in the run's folder; a folder gets the name that it would have there.
    place.ade_prints("annotate crew.csv", "output/crew_annotated.xlsx");
    std::fs::create_dir(place.path("out")).unwrap();
    place.ade("annotate latest -o out").succeeds();
    assert!(place.path("out/crew_annotated.xlsx").is_file());

    // Nothing is painted over the input, and what became of it since is not in the copy.
    place.ade_fails("annotate latest -o crew.csv", 2, "output_unwritable");
    assert_eq!(place.read("crew.csv"), CREW);
    place.write("crew.csv", "Surname\nSomebody else\n");
    place.ade("annotate latest -o marked.xlsx").succeeds();
    let text = place.cells("marked.xlsx").to_string();
    assert!(
        text.contains("soon") && !text.contains("Somebody else"),
        "{text}"
    );

    // One that comes back is read without its list.
    let told = place.json("run crew marked.xlsx --json");
    let codes = told["notices"].to_string();
    assert!(codes.contains("issue_list_skipped"), "{codes}");
    assert_eq!(told["metrics"]["rows"], 2, "{told}");
    // Marked again: the list is made anew, and there is one.
    place.ade("annotate latest -o again.xlsx").succeeds();
    let sheets = place.cells("again.xlsx");
    assert_eq!(sheets.as_object().unwrap().len(), 2, "{sheets}");
}

#[test]
fn a_text_file_is_marked_as_the_run_read_it() {
    // By the settings for files of this name, and by those of the call.
    let place = Place::new();
    place.ade("init crew").succeeds();
    let settings = place.read("crew/settings.toml");
    let own = "\n[files.\"crew*\"]\ncsv_delimiter = \"|\"\n";
    let settings = settings.replace("csv_delimiter = \"auto\"", "");
    place.write("crew/settings.toml", settings + own);
    place.write("crew.csv", CREW.replace(',', "|"));
    place.ade("run crew crew.csv -q").succeeds();
    place.ade("annotate crew.csv -o marked.xlsx").succeeds();
    let text = place.cells("marked.xlsx").to_string();
    assert!(text.contains("\"soon\""), "{text}");
}
