//! `ade runs diff`: what differs between two runs, or between the workbooks of two folders.

use crate::common;

use common::{Place, Told, has};
use serde_json::{Value, json};

const MARCH: &str = "Member ID,First name,Last name,E-mail,Pay\nA1,Ann,Lee,a@example.org,10.50\nB2,Bob,Ray,b@example.org,20\n\
    C3,Cy,Moss,c@example.org,30\n";
/// A member is gone, two are new, one has another address and another pay, and a header has another name.
const APRIL: &str = "Member ID,First name,Last name,Mail,Pay\nC3,Cy,Moss,c@example.com,35.25\nA1,Ann,Lee,a@example.org,10.50\n\
    D4,Di,Vane,d@example.org,30\nE5,<b>Ed,Ash,nobody,31\n";

fn with_two_runs() -> Place {
    let place = Place::new();
    place.ade("init crew").succeeds();
    place.write("pay-03.csv", MARCH);
    place.write("pay-04.csv", APRIL);
    place.ade("run crew pay-03.csv -q -o march").succeeds();
    place.ade("run crew pay-04.csv -q -o april").succeeds();
    place
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn last_month_is_compared_with_this_one() {
    let place = with_two_runs();
    rows_are_paired_by_their_key(&place);
    rows_without_a_key_are_paired_as_they_stand(&place);
    folders_are_compared_by_the_names_of_their_files(&place);
    the_page_holds_the_same_and_no_markup_of_files(&place);
    a_path_names_the_runs_of_that_file(&place);
    a_field_under_another_header_is_told(&place);
    what_cannot_be_compared_is_refused(&place);
}

fn a_path_names_the_runs_of_that_file(place: &Place) {
    for (folder, text) in [("jan", MARCH), ("feb", APRIL)] {
        std::fs::create_dir(place.path(folder)).unwrap();
        place.write(format!("{folder}/pay.csv"), text);
        let call = format!("run crew {folder}/pay.csv -q -o {folder}");
        place.ade(&call).succeeds();
    }
    let input = |given: &str| place.json(&format!("runs show {given} --json"))["id"].to_string();
    let (jan, feb) = (input("jan/pay.csv"), input("feb/pay.csv"));
    assert_ne!(jan, feb);
    place
        .ade("runs diff jan/pay.csv feb/pay.csv --exit-code")
        .ends_with(1);
    // Of folders that were run the runs are compared, where a file itself has a title above its table or other words.
    let told = place.json("runs diff jan feb --json");
    let ids = |file: &Value| file["run_ids"].to_string();
    assert_eq!(ids(&told["differences"][0]), format!("[{jan},{feb}]"));
    // By its bytes where it was moved, and by its place where it was changed or is gone.
    std::fs::copy(place.path("jan/pay.csv"), place.path("moved.csv")).unwrap();
    place.write("jan/pay.csv", "Surname\nElse\n");
    std::fs::remove_file(place.path("feb/pay.csv")).unwrap();
    for (given, wanted) in [
        ("moved.csv", &jan),
        ("jan/../jan/pay.csv", &jan),
        ("feb/pay.csv", &feb),
    ] {
        assert_eq!(input(given), *wanted, "{given}");
    }
    // A name alone does not say which of the two.
    for call in [
        "issues",
        "report --html page.html",
        "annotate",
        "explain",
        "fix",
        "runs rm",
        "logs tail",
    ] {
        let refused = place
            .ade(&format!("{call} pay.csv --json"))
            .ends_with(2)
            .error();
        assert_eq!(refused["code"], "ambiguous_id", "{call}");
        let message = refused["message"].text();
        assert!(
            message.contains("/jan/pay.csv") && message.contains("/feb/pay.csv"),
            "{message}"
        );
    }
    assert_eq!(
        place
            .json("runs ls --input jan/pay.csv --json")
            .list()
            .len(),
        1
    );
    // One that was never run is not taken for another of its name.
    place.write("pay.csv", "Surname\nElse again\n");
    let refused = place.ade("issues pay.csv --json").ends_with(2).error();
    assert_eq!(refused["code"], "run_not_found");
    let hint = refused["hint"].text();
    assert!(
        hint.contains("ade run CONFIG pay.csv") && hint.contains("--input pay.csv"),
        "{hint}"
    );
}

fn rows_are_paired_by_their_key(place: &Place) {
    let call = "runs diff pay-03.csv pay-04.csv --key member_id --json";
    let told = place.json(call);
    let found = &told["differences"][0];
    has(
        &found["rows"],
        json!({"key": "member_id", "before": 3, "after": 4, "added": 2, "gone": 1, "changed": 1,
            "added_rows": ["D4", "E5"], "gone_rows": ["B2"], "changed_cells": 2}),
    );
    assert_eq!(
        found["rows"]["cells"],
        json!([
            {"row": "C3", "column": "email", "before": "c@example.org", "after": "c@example.com", "source": "pay-04!D2"},
            {"row": "C3", "column": "pay", "before": "30", "after": "35.25", "source": "pay-04!E2"},
        ])
    );
    assert_eq!(
        found["totals"],
        json!([{"what": "pay", "before": 60.5, "after": 106.75}])
    );
    assert_eq!(
        found["mapping"],
        json!([{"what": "email", "before": "E-mail", "after": "Mail"}])
    );
    assert_eq!(found["issues"][0]["before"], 0, "{found}");
    assert_eq!(found["versions"], json!([]));
    // The other way round it is the other way round.
    let back = place.json("runs diff pay-04.csv pay-03.csv --key member_id --json");
    assert_eq!(back["differences"][0]["rows"]["gone"], 2);

    place.ade("runs diff pay-03.csv pay-04.csv").succeeds();
    place
        .ade("runs diff pay-03.csv pay-04.csv --exit-code")
        .ends_with(1);
    place.ade_prints(
        "runs diff pay-03.csv pay-03.csv --exit-code",
        "nothing differs",
    );
    let text = place
        .ade("runs diff pay-03.csv pay-04.csv --key member_id")
        .succeeds();
    assert!(
        text.stdout.lines().all(|line| line.chars().count() <= 80),
        "{}",
        text.stdout
    );
}

fn rows_without_a_key_are_paired_as_they_stand(place: &Place) {
    // The configuration's own keys are the names.
    let told = place.json("runs diff pay-03.csv pay-04.csv --json");
    let rows = &told["differences"][0]["rows"];
    has(
        rows,
        json!({"key": "first_name, last_name", "added": 2, "gone": 1}),
    );
    assert_eq!(rows["gone_rows"], json!(["Bob Ray"]));
    // Of workbooks no key is known.
    let told = place.json("runs diff march april --json");
    let rows = &told["differences"][0]["rows"];
    has(
        rows,
        json!({"key": null, "added": 1, "gone": 0, "changed": 2}),
    );
    assert_eq!(rows["added_rows"], json!(["1"]));
}

fn folders_are_compared_by_the_names_of_their_files(place: &Place) {
    std::fs::copy(
        place.path("april/pay-04_normalized.xlsx"),
        place.path("april/else.xlsx"),
    )
    .unwrap();
    let told = place.json("runs diff march april --json");
    let files = told["differences"].list();
    assert_eq!(files.len(), 1, "{told}");
    assert_eq!(files[0]["before"], "pay-03_normalized.xlsx");
    assert_eq!(files[0]["after"], "pay-04_normalized.xlsx");
    assert_eq!(told["only_after"], json!(["else.xlsx"]));
}

fn the_page_holds_the_same_and_no_markup_of_files(place: &Place) {
    place
        .ade("runs diff pay-03.csv pay-04.csv --key first_name --html page.html")
        .succeeds();
    let page = place.read("page.html");
    for words in ["default-src 'none'", "35.25", "106.75", "&lt;b&gt;Ed"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("<b>Ed") && !page.contains("<script"));
}

fn a_field_under_another_header_is_told(place: &Place) {
    let fields = "crew/src/ade_config/columns/fields.py";
    let renamed = place.read(fields).replace("\"Gross pay\"", "\"Wages\"");
    place.write(fields, &renamed);
    place.write("pay-05.csv", MARCH);
    place.ade("run crew pay-05.csv -q -o may").succeeds();
    let told = place.json("runs diff pay-03.csv pay-05.csv --json");
    let wanted =
        json!({"added_columns": ["Wages"], "gone_columns": ["Gross pay"], "changed_cells": 0});
    has(&told["differences"][0]["rows"], wanted);
}

fn what_cannot_be_compared_is_refused(place: &Place) {
    place.ade_fails(
        "runs diff pay-03.csv pay-04.csv --key nothing",
        2,
        "unknown_field",
    );
    let run = place.json("runs show pay-03.csv --json");
    let output = run["output_path"].as_str().map(str::to_owned);
    std::fs::remove_file(place.path(output.unwrap())).unwrap();
    place.ade_fails("runs diff pay-03.csv pay-04.csv", 2, "output_gone");
}
