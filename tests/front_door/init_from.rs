//! `ade init --from`: a configuration from samples.

use crate::common;

use common::{Place, Told};
use serde_json::Value;

const FIELDS: &str = "src/ade_config/columns/fields.py";

/// A month of deliveries, below these headers for number, day, customer, state, cost and note.
fn deliveries(headers: [&str; 6], month: u32, mark: &str) -> String {
    let mut text = format!("Deliveries of the month;;;;;\n\n{}\n", headers.join(";"));
    for n in 0..30 {
        let state = ["open", "sent", "lost"][n % 3];
        text.push_str(&format!(
            "D-{}{:03};{:02}.{month:02}.2025;Customer {};{state};{}{mark}{:02};{}\n",
            month,
            n * 7,
            1 + n % 28,
            n % 11,
            120 + 13 * n,
            n * 3,
            if n % 2 == 0 {
                "by \"van\", fragile"
            } else {
                ""
            },
        ));
    }
    text
}

const ENGLISH: [&str; 6] = [
    "Delivery no",
    "Delivery date",
    "Customer",
    "Status",
    "Cost",
    "Note",
];

fn field<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["fields"].with("name", name)
}

/// The names in a list of fields or cases.
fn names(list: &Value) -> Vec<String> {
    list.texts("name")
}

#[test]
fn samples_make_a_configuration_that_runs_and_whose_cases_pass() {
    let place = Place::new();
    place.write("march.csv", deliveries(ENGLISH, 3, "."));
    place.write("april.csv", deliveries(ENGLISH, 4, "."));
    place.write("may.csv", deliveries(ENGLISH, 5, "."));
    place
        .ade("init deliveries --from march.csv april.csv")
        .succeeds()
        .prints("6 fields from 60 records of 2 samples:")
        .prints("status (Status): text, required, one_of")
        .prints("Look at first:")
        .prints("nobody has checked yet whether the results in tests/cases are right")
        .says("the environment is ready");
    let fields = place.read(format!("deliveries/{FIELDS}"));
    for line in [
        "    Field(\"delivery_no\", \"Delivery no\", read=code, by_values=True, required=True, unique=True, key=True),",
        "    Field(\"delivery_date\", \"Delivery date\", read=date, by_values=True, required=True),",
        "    Field(\"customer\", \"Customer\", read=text, required=True),",
        "    Field(\"status\", \"Status\", read=text, by_values=STATUS, required=True, checks=[known_status]),",
        "    Field(\"note\", \"Note\", read=text),",
        "STATUS = [\"lost\", \"open\", \"sent\"]",
    ] {
        assert!(fields.contains(line), "{line}\n{fields}");
    }
    let settings = place.read("deliveries/settings.toml");
    let order = "date_order = \"dmy\"  # shown by Delivery date";
    assert!(settings.contains(order), "{settings}");
    let expected = place.read("deliveries/tests/cases/march/expected.csv");
    assert_eq!(expected.lines().count(), 21);
    let case = place.read("deliveries/tests/cases/march/case.toml");
    assert!(
        case.ends_with("input_name = \"march.csv\"\nchecked = false\n"),
        "{case}"
    );
    place.ade_prints("test deliveries", "2 passed, 0 failed");
    // The environment that the samples were read in is the configuration's own.
    let run = place.ade("run deliveries may.csv").succeeds();
    assert!(!run.stderr.contains("Building"), "{}", run.stderr);
    let run = place.latest_run();
    assert_eq!(run["metrics"]["mapped_fields"], 6);
    assert_eq!(run["metrics"]["rows"], 30, "{run:#}");

    // What somebody has written is not touched, and what fails leaves nothing.
    place.ade_refuses("init deliveries --from may.csv", "deliveries is not empty");
    assert_eq!(place.read(format!("deliveries/{FIELDS}")), fields);
}

#[test]
fn other_senders_are_the_same_field_for_a_reason_and_wished_columns_come_in_their_order() {
    let place = Place::new();
    place.write("a.csv", deliveries(ENGLISH, 3, "."));
    let german = [
        "Liefernummer",
        "Lieferdatum",
        "Kunde",
        "Zustand Q",
        "Kosten",
        "Zettelkasten",
    ];
    place.write("b.csv", deliveries(german, 3, ","));
    let told = place.json("init two --from a.csv b.csv --json");
    let day = field(&told, "delivery_date");
    assert_eq!(
        day["merges"][0]["reason"],
        "\"Delivery date\" and \"Lieferdatum\" both mean \"delivery date\""
    );
    place.ade_prints("test two", "2 passed");
    let told = place.json("init same --from a.csv b.csv --same Note=Zettelkasten --json");
    assert_eq!(field(&told, "note")["merges"][0]["reason"], "you said so");

    let wished = "Price,Customer,delivery_date,Driver";
    place.write("target.csv", format!("{wished}\n"));
    for (folder, wished) in [("names", wished), ("file", "target.csv")] {
        let call = format!("init {folder} --from a.csv --fields {wished} --json");
        let told = place.json(&call);
        assert_eq!(
            names(&told["fields"]),
            ["price", "customer", "delivery_date", "driver"]
        );
        told["left_out"].with("header", "Status");
        let settings = place.read(format!("{folder}/settings.toml"));
        assert!(settings.contains("\nall_fields = true\n"), "{settings}");
    }
}

#[test]
fn what_fails_leaves_nothing_and_says_which_file_and_why() {
    let place = Place::new();
    place.write("good.csv", deliveries(ENGLISH, 3, "."));
    place.write("empty.csv", "");
    place.write("headers.csv", "Name,Amount,Date\n");
    place.write("prose.csv", "Dear colleagues\nsee you on Monday\n");
    place.write("fake.xlsx", "no workbook at all");
    place.write("notes.pdf", "Name,Amount\nA,5\n");
    place.write("twice.csv", "Net,NET\n1,2\n");
    place.write("tests/other/good.csv", deliveries(ENGLISH, 4, "."));
    for (line, said) in [
        ("init new --from gone.csv", "there is no file gone.csv"),
        (
            "init new --from notes.pdf",
            "notes.pdf has a format that is not supported",
        ),
        (
            "init new --from empty.csv fake.xlsx",
            "none of the samples can be used: empty.csv: no table with a row of headers was found; fake.xlsx",
        ),
        (
            "init new --from headers.csv",
            "headers.csv: the file has headers but no records",
        ),
        (
            "init new --from prose.csv",
            "prose.csv: no table with a row of headers was found",
        ),
        ("init new --from fake.xlsx", "fake.xlsx"),
        (
            "init new --from good.csv --fields gone.xlsx",
            "gone.xlsx is no file",
        ),
        (
            "init new --from good.csv --fields twice.csv",
            "twice.csv: two columns are called 'NET'",
        ),
        (
            "init new --from good.csv --fields net,Net",
            "two columns are called 'Net'",
        ),
        ("init new --fields net", "--from"),
    ] {
        place.ade_refuses(line, said);
        assert!(!place.path("new").exists(), "{line}");
    }
    // The others are used.
    let told = place.json("init some --from empty.csv good.csv headers.csv fake.xlsx --json");
    assert_eq!(names(&told["samples"]), ["good.csv"]);
    assert_eq!(
        names(&told["passed_over"]),
        ["empty.csv", "headers.csv", "fake.xlsx"]
    );
    let reason = told["passed_over"][2]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("fake.xlsx is not an .xlsx workbook"),
        "{reason}"
    );
    place
        .ade("init again --from headers.csv good.csv")
        .prints("! headers.csv was passed over: the file has headers but no records")
        .says("ade run again good.csv");
    // Two samples of one name.
    for folder in ["one", "two"] {
        place.write(format!("{folder}/odd.csv"), deliveries(ENGLISH, 3, "."));
    }
    let told = place.json("init odd --from one/odd.csv two/odd.csv --json");
    assert_eq!(names(&told["cases"]), ["odd", "odd-2"]);
    place.ade_prints("test odd", "2 passed, 0 failed");
}
