//! What `ade run` writes beside the workbook: tables in other shapes, and one table of all inputs.

use crate::common;

use common::Place;
use serde_json::json;

const NORTH: &str = "Surname,First name,Hours\nLee,Ann,12\nRay,Bob,9\n";
const SOUTH: &str = "Hours,Surname,Team\n7,Moss,red\n";

fn with_a_configuration() -> Place {
    let place = Place::new();
    place.ade("init crew").succeeds();
    place.write("in/north.csv", NORTH);
    place.write("in/south.csv", SOUTH);
    place
}

/// A text file without the mark at its start.
fn read(place: &Place, name: &str) -> String {
    let text = std::fs::read_to_string(place.path(name)).unwrap();
    text.trim_start_matches('\u{feff}').to_owned()
}

#[test]
fn tables_are_written_in_the_shape_that_is_asked_for_and_inputs_are_combined() {
    let place = with_a_configuration();
    // The shape goes where the workbook would go. In a folder of inputs and outputs, these are no inputs.
    place.ade_prints("run crew in -o in --to csv", "in/north_normalized.csv");
    assert_eq!(
        place.files_below("in"),
        [
            "north.csv",
            "north_normalized.csv",
            "south.csv",
            "south_normalized.csv"
        ]
    );
    let lines = read(&place, "in/north_normalized.csv");
    assert!(
        lines.contains("Lee") && lines.lines().count() == 3,
        "{lines}"
    );
    let again = place.ade("run crew in --dry-run --json").succeeds();
    assert_eq!(again.records().len(), 2);
    place.ade("run crew in/north.csv --to doc").ends_with(2);
    for name in ["north_normalized.csv", "south_normalized.csv"] {
        std::fs::remove_file(place.path("in").join(name)).unwrap();
    }

    // One that fails is named, and is not in it.
    place.write("in/broken.xlsx", "no workbook");
    let combined = place.ade("run crew in --combine all.csv").ends_with(1);
    combined
        .says("all.csv lacks broken.xlsx")
        .says("combined 2 files with 3 rows")
        .prints("all.csv");
    let lines = read(&place, "all.csv");
    assert!(
        lines.starts_with("Source file,Source sheet,Source row,"),
        "{lines}"
    );
    let sources = ["north.csv", "north.csv", "south.csv"];
    let mut rows = lines.lines().skip(1).zip(sources);
    let is_of = |(row, source): (&str, &str)| row.starts_with(source);
    assert!(rows.all(is_of), "{lines}");
    assert_eq!(lines.lines().count(), 4);

    std::fs::remove_file(place.path("in/broken.xlsx")).unwrap();
    let told = place
        .ade("run crew in --combine all.xlsx --json")
        .succeeds()
        .records();
    let file = place.path("all.xlsx");
    assert_eq!(
        told[2],
        json!({"combined": file, "rows": 3, "files": 2, "missing": [], "repeated": 0})
    );
    assert!(file.is_file());
    // In the folder of the inputs it would be one of the next call.
    place.ade_refuses(
        "run crew in --combine in/all.csv",
        "would be an input of the next run of in",
    );
    assert!(!place.path("in/all.csv").exists());
    // Rows that are quarantined do not stay behind in a workbook that nobody sees.
    place.write(
        "odd.csv",
        "Surname,First name,Hours\nLee,Ann,99\nRay,Bob,9\n",
    );
    place
        .ade("run crew odd.csv --to csv --quarantine -o apart")
        .succeeds();
    assert_eq!(
        place.files_below("apart"),
        ["odd_normalized.csv", "odd_quarantine.xlsx"]
    );
    // Nothing is written over an input, and nothing of a shape that there is not.
    place.ade_refuses("run crew in --combine in/south.csv", "is one of the inputs");
    assert_eq!(read(&place, "in/south.csv"), SOUTH);
    place.ade("run crew in --combine all.txt").ends_with(2);
    // Beside the combined table each input has its own in the shape that is asked for.
    place
        .ade("run crew in --combine all.csv --names --to csv -o each")
        .succeeds();
    assert_eq!(
        place.files_below("each"),
        ["north_normalized.csv", "south_normalized.csv"]
    );
    assert!(read(&place, "all.csv").contains("last_name,"));
}
