//! `ade issues`: what is wrong with a run's input, at the sender's own cells.

use crate::common;

use common::{Place, Told, has};
use serde_json::json;

/// A roster in which four cells cannot be read.
const CREW: &str = "Surname,First name,E-mail,Start date,Hours\n\
    Lee,Ann,ann@example.org,2024-01-03,12\n\
    Ray,Bob,bob at example.org,2024-02-30,9\n\
    Moss,Cy,c@example.org,soon,=1x0\n";

#[test]
fn each_names_the_cell_the_rule_and_what_stood_there() {
    let place = Place::crew("crew.csv", CREW);
    has(
        &place.ade("issues latest --json").succeeds().records()[2],
        json!({
            "sheet": "crew",
            "cell": "D4",
            "severity": "error",
            "field": "start_date",
            "label": "Start date",
            "value": "soon",
            "written": "",
            "output": "D4",
            "row": 4,
            "column": "D",
        }),
    );
    let listed = place.ade("issues crew.csv").succeeds();
    listed
        .prints("SHEET  CELL  SEVERITY  FIELD")
        .prints("soon")
        .says("4 issues");

    // Each filter, by the name of a field and by its label, by a rule with and without its field.
    for (flags, cells) in [
        ("", vec!["C3", "D3", "D4", "E4"]),
        ("--field start_date", vec!["D3", "D4"]),
        ("--field E-mail --field hours", vec!["C3", "E4"]),
        ("--rule email.value_lost", vec!["C3"]),
        (
            "--rule value_lost --sheet crew",
            vec!["C3", "D3", "D4", "E4"],
        ),
        ("--severity warning", vec![]),
        ("--sheet other", vec![]),
    ] {
        let found = place.ade(&format!("issues latest --format json {flags}"));
        let found = found.succeeds().records();
        let found: Vec<_> = found.iter().map(|issue| issue["cell"].text()).collect();
        assert_eq!(found, cells, "{flags}");
    }
    place.ade_says("issues latest --severity warning", "None of the run’s");

    // What a spreadsheet would take for a formula stays text.
    let csv = place.ade("issues latest --format csv").succeeds();
    csv.prints("sheet,cell,severity,field,label,rule,message,value,written,key,output")
        .prints("\"'=1x0\"");
    // A negative number is none.
    place.write("crew.csv", "Surname,First name,Wages\nLee,Ann,-12.5\n");
    place.ade("run crew crew.csv -q").succeeds();
    let csv = place.ade("issues latest --format csv").succeeds();
    csv.prints(",-12.5,-12.5,");
    // Of several runs each issue names its file; of a folder each file's last run.
    place.write("box/crew.csv", CREW);
    place.write("box/new.csv", "Surname\nLee\n");
    let both = place.ade("issues box latest --format csv").succeeds();
    both.prints("file,sheet,cell")
        .prints("crew.csv,crew,C3,error")
        .prints("-12.5")
        .says("new.csv has no run yet");
    place.ade("report box --html page.html").succeeds();
}
