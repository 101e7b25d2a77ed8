//! `ade init --from`: a configuration from samples.

use crate::common;

use common::Place;
use serde_json::{Value, json};

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
    let all = told["fields"].as_array().unwrap();
    let found = all.iter().find(|field| field["name"] == name);
    found.unwrap_or_else(|| panic!("{name} in {all:#?}"))
}

/// The names in a list of fields or cases.
fn names(list: &Value) -> Vec<&str> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap()).collect()
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
    assert_eq!(day["headers"], json!(["delivery date", "lieferdatum"]));
    // Shared values are a reason; notes of one shape are none.
    let reason = field(&told, "status")["merges"][0]["reason"].as_str();
    assert!(reason.unwrap().ends_with("have 3 values in common"));
    place.ade_prints("test two", "2 passed");
    // They write numbers in two ways: each has its own, and none is said to be that of all.
    let settings = place.read("two/settings.toml");
    assert!(
        !settings.contains("\ndecimal_mark")
            || settings.find("\ndecimal_mark") > settings.find("[files.\"a.csv\"]"),
        "{settings}"
    );
    for own in [
        "[files.\"a.csv\"]\ndecimal_mark = \".\"",
        "[files.\"b.csv\"]\ndecimal_mark = \",\"",
    ] {
        assert!(settings.contains(own), "{settings}");
    }
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
        assert_eq!(
            field(&told, "delivery_date")["columns"][0][1],
            "Delivery date"
        );
        assert_eq!(
            field(&told, "driver")["remarks"][0],
            "no column of the samples is known to be it"
        );
        let mut left_out = told["left_out"].as_array().unwrap().iter();
        assert!(left_out.any(|one| one["header"] == "Status"), "{told}");
        let settings = place.read(format!("{folder}/settings.toml"));
        assert!(settings.contains("\nall_fields = true\n"), "{settings}");
    }
}

/// A budget of sites by month, with totals at both edges.
const BUDGET: &str = "Budget 2025;;;;;\n\nSite;Manager;Jan;Feb;Mar;Total\nNorth;Ann Lee;1310;1275;1402;3987\n\
    South;Bo Ek;820;;905;1725\nHarbour;Cy Ray;2110;2250;2190;6550\nStation;Di Orr;640;655;610;1905\n\
    Airport;Ed Poe;4020;3985;4110;12115\nTotal;;8900;8165;9217;26282\n";

#[test]
fn months_as_columns_become_rows_of_which_each_value_leads_back_to_its_cell() {
    let place = Place::new();
    place.write("budget.csv", BUDGET);
    place
        .ade("init budget --from budget.csv")
        .succeeds()
        .prints("3 columns, Jan to Mar, are one field of each month");
    let fields = place.read(format!("budget/{FIELDS}"));
    assert!(fields.contains("\nMONTHS = Stack(\"months\")"), "{fields}");
    place.ade("run budget budget.csv").succeeds();
    let output = &place.output_of(&place.latest_run())["budget"];
    let lines: Vec<Vec<&str>> = BUDGET
        .lines()
        .map(|line| line.split(';').collect())
        .collect();
    let mut row = 1;
    for (line, cells) in lines.iter().enumerate().skip(3).take(5) {
        for (column, letter) in [(2, 'C'), (3, 'D'), (4, 'E')] {
            let Ok(amount) = cells[column].parse::<f64>() else {
                continue;
            };
            let month = format!("2025-{:02}-01", column - 1);
            assert_eq!(output[row][0], cells[0]);
            assert!(output[row][2].to_string().contains(&month), "{output:#}");
            assert_eq!(output[row][3].as_f64(), Some(amount), "{output:#}");
            row += 1;
            if line == 3 || line == 7 {
                let at = place.json(&format!("explain --json --side output --cell D{row}"));
                assert_eq!(
                    at["places"][0]["source"]["cell"],
                    format!("{letter}{}", line + 1)
                );
            }
        }
    }
    assert_eq!(output.as_array().unwrap().len(), row, "{output:#}");
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
        ("init new --from good.csv empty.csv", "empty.csv"),
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
    // Two samples of one name, values that a literal has to escape, and headers that are no names.
    let odd: String = (0..24)
        .map(|n| {
            let state = ["say \"no\"", "back\\slash", "two\nlines"][n % 3];
            format!(
                "{n}5{n},\"{}\",{}.5,x{n}\n",
                state.replace('"', "\"\""),
                n * 40
            )
        })
        .collect();
    let odd = format!("class,Статус,2024,名前\n{odd}");
    place.write("one/odd.csv", &odd);
    place.write("two/odd.csv", &odd);
    let told = place.json("init odd --from one/odd.csv two/odd.csv --json");
    assert_eq!(names(&told["cases"]), ["odd", "odd-2"]);
    assert_eq!(
        names(&told["fields"]),
        ["class", "column_2", "column_2024", "column_4"]
    );
    place.ade_prints("test odd", "2 passed, 0 failed");
}
