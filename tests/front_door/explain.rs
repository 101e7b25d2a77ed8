//! `ade explain`: why a run read its input as it did, and the way of a cell between the sender's sheet and the output.

use crate::common;

use std::collections::BTreeSet;

use common::api::Server;
use common::{Place, Told, has, workbook};
use serde_json::{Value, json};

/// A roster with a title, a header that no field knows, a value that is too high, and a note.
const CREW: &str = "Crew of the quay,,,,,\n,,,,,\nSurname,First name,E-mail,Hours,Phnoe,Zzz\n\
    Lee,Ann,ann@example.org,12,555-0100,a\nRay,Bob,bob@example.org,9,555-0101,b\n\
    Moss,Cy,cy@example.org,99,555-0102,c\nVane,Di,di@example.org,3,555-0103,d\n\
    Ash,Ed,ed@example.org,17,555-0104,e\n";

/// A hook that drops a row, puts the others into another order, and makes a column.
const HOOK: &str = "import polars as pl\n\n\ndef by_hours(*, table, **_):\n    \
    return table.filter(pl.col(\"hours\") > 5).sort(\"hours\", descending=True).with_columns(pl.lit(1).alias(\"made\"))\n\n\n\
    def register(registry):\n    registry.register_hook(by_hours, hook=\"on_table_transformed\", priority=0)\n";

fn explained(place: &Place, flags: &str) -> Value {
    place.json(&format!("explain latest --json {flags}"))
}

/// The way of the first place that is asked for.
fn followed(place: &Place, flags: &str) -> Value {
    explained(place, flags)["places"][0].take()
}

/// Holds one of the reasons to these words.
#[track_caller]
fn says_why(told: &Value, words: &str) {
    let reasons = told["why"].list().iter();
    let said = |reason: &Value| reason.text().contains(words);
    assert!(reasons.clone().any(said), "{words}: {told}");
}

/// One run for all of it: a run with an environment of its own takes long.
#[test]
fn a_run_says_why_it_read_its_input_as_it_did() {
    let place = Place::new();
    place.ade("init crew").succeeds();
    place.write("crew/src/ade_config/hooks/by_hours.py", HOOK);
    place.write("crew.csv", CREW);
    place.ade("run crew crew.csv -q").succeeds();
    tables_say_why(&place);
    cells_are_followed_both_ways(&place);
    what_is_not_there_is_said(&place);
    a_field_without_a_column_says_what_came_near(&place);
    quarantined_rows_are_followed_both_ways(&place);
    the_api_says_the_same(&place);
    a_run_without_recorded_rows_guesses_nothing(&place);
}

/// Fields of which two columns want one, which a header alone does not reach, and which each value has once.
const MORE: &str = "from ade_engine.fields import Field, code, number\n\n\n\
    def weak(*, header_text, **_):\n    return {\"dues\": 0.3} if header_text == \"Weak\" else {}\n\n\n\
    def register(registry):\n    \
    for field in (Field(\"badge\", headers=[\"badge\"], read=code, unique=True), Field(\"dues\", headers=[\"dues\"], read=number), Field(\"twin\", headers=[\"twin\"], required=True)):\n        \
    field.register(registry)\n    \
    registry.register_column_detector(weak, field=\"dues\", priority=0)\n";

/// What `runs show`, `explain`, the report and the API, which is what the console has, say of one thing.
#[test]
fn a_reason_and_a_rule_read_the_same_everywhere() {
    let place = Place::new();
    place.ade("init crew").succeeds();
    place.write("crew/src/ade_config/columns/more.py", MORE);
    place.write(
        "crew.csv",
        "Surname,E-mail,Hours,Badge,Weak,Twin,Twin,Zzz,\n\
         Lee,ann@example.org,12,7,1,x,x,p,q\n\
         Ray,bob at example.org,99,7,2,y,y,p,q\n\
         ,cy@example.org,soon,8,3,z,z,p,q\n",
    );
    let server = Server::of(&place);
    for (choice, reason) in [
        ("leftmost", "field already taken"),
        ("leave_unmapped", "ambiguous"),
    ] {
        let line = format!("run crew crew.csv -q --set mapping_tie_resolution={choice}");
        place.ade(&line).succeeds();
        place.ade("report latest --html page.html").succeeds();
        let (page, shown) = (place.read("page.html"), place.ade("runs show latest"));
        let said = place.ade("explain latest");
        let told = server.read(&format!("runs/{}/explain", place.latest_id()));
        let told = told["tables"][0]["columns"].list();
        for (column, header, reason) in [
            ("E", "Weak", "score too low"),
            ("G", "Twin", reason),
            ("H", "Zzz", "fits no field"),
            ("I", "(column I)", "no header"),
        ] {
            let own = told.iter().find(|one| one["column"] == column).unwrap();
            assert_eq!(own["unmapped_because"], reason);
            assert!(own["why"][0].text().starts_with(reason), "{own}");
            assert!(page.contains(&format!(">{reason}<")), "{reason}");
            for (from, told) in [(header, &shown), (column, &said)] {
                let mut lines = told.stdout.lines();
                let is_there = lines.any(|line| line.starts_with(from) && line.contains(reason));
                assert!(is_there, "{from}: {reason}\n{told}");
            }
        }
    }

    let (id, page) = (place.latest_id(), place.read("page.html"));
    let listed = place.ade("issues latest --json").stdout;
    let listed = listed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut rules = BTreeSet::new();
    for issue in listed.filter(|one| one["cell"].is_string()) {
        let (cell, message) = (issue["cell"].text(), issue["message"].text());
        rules.insert(issue["rule"].string());
        assert!(page.contains(message), "{message}");
        let way = followed(&place, &format!("--cell {cell}"));
        has(
            &way["issues"][0],
            json!({"rule": issue["rule"], "message": message}),
        );
        let found = server.read(&format!("runs/{id}/issues?rule={}", issue["rule"].text()));
        assert!(
            found["issues"]
                .texts("message")
                .contains(&message.to_owned()),
            "{found}"
        );
    }
    let all = [
        "badge.unique",
        "email.value_lost",
        "hours.up_to_80",
        "hours.value_lost",
        "last_name.required",
    ];
    assert_eq!(rules, all.map(str::to_owned).into());
}

fn tables_say_why(place: &Place) {
    let whole = explained(place, "");
    has(
        &whole,
        json!({"schema_version": 1, "input": "crew.csv", "side": "input", "places": []}),
    );
    let table = &whole["tables"][0];
    has(
        table,
        json!({"sheet": "crew", "table": 1, "region": "A3:F8", "rows": {"read": 5, "written": 4, "quarantined": 0}}),
    );
    assert_eq!(table["header_rows"]["rows"], json!([3]));
    says_why(
        &table["header_rows"],
        "row 3 is the header because it has known headers, and it looks like one",
    );
    let columns = table["columns"].list();
    has(
        &columns[3],
        json!({"field": "hours", "why": ["its header"]}),
    );
    assert_eq!(columns[4]["nearest"]["field"], "phone");
    let shown = place.ade("explain latest").succeeds();
    for line in [
        "crew table 1 A3:F8 → crew!A1:",
        "header         row 3 is the header because it has known headers, and it looks like one",
        "COLUMN  HEADER      FIELD       SCORE  WHY",
        "D       Hours       hours        1.00  its header",
        "suggestion     E Phnoe: most like phone (headers 80% alike); to use it: headers=[…, \"Phnoe\"]",
        "hook           ade_config.hooks.by_hours.by_hours (on_table_transformed): it has sorted or replaced rows",
    ] {
        assert!(shown.stdout.contains(line), "{line}\n{}", shown.stdout);
    }
    // The same words where a run is shown.
    place.ade_prints("runs show latest", "; most like phone (headers 80% alike)");
    place.ade_prints(
        "runs show latest --rows",
        "row 3 is the header because it has known headers, and it looks like one",
    );

    // A column by its letters, its header and its field.
    for name in ["d", "Hours", "HOURS"] {
        let tables = explained(place, &format!("--column {name}"))["tables"].take();
        assert_eq!(tables[0]["columns"].list().len(), 1, "{name}");
        assert_eq!(tables[0]["columns"][0]["column"], "D", "{name}");
    }
    place
        .ade("explain latest --column hours")
        .succeeds()
        .prints("field          hours with 1.00")
        .prints("changed by     its reader")
        .prints("checked by     hours.up_to_80");
    // No value of a cell is in it.
    let text = format!("{whole}{}", shown.stdout);
    assert!(
        !text.contains("Crew of the quay") && !text.contains("555-01") && !text.contains("Moss"),
        "{text}"
    );
}

fn cells_are_followed_both_ways(place: &Place) {
    let output = place.output_of(&place.latest_run());
    let written = |cell: &str| {
        let (column, row) = cell.split_at(1);
        let column = usize::from(column.as_bytes()[0] - b'A');
        output["crew"][row.parse::<usize>().unwrap() - 1][column].clone()
    };
    // By hours: Moss 99, Ash 17, Lee 12, Ray 9. Vane was dropped.
    let lines: Vec<&str> = CREW.lines().collect();
    for (row, output_row) in [(6, 2), (5, 5)] {
        for (at, column) in [(0, "A"), (4, "E")] {
            let cell = format!("{column}{row}");
            let way = followed(place, &format!("--cell {cell}"));
            assert_eq!(way["part"], "data", "{way}");
            let there = way["output"][0]["cell"].text();
            assert!(there.ends_with(&output_row.to_string()), "{cell} {there}");
            // What stands there is what the sender wrote.
            assert_eq!(
                written(there),
                lines[row - 1].split(',').nth(at).unwrap(),
                "{cell} {there}"
            );
            let back = followed(place, &format!("--side output --cell {there}"));
            assert_eq!(back["source"]["cell"], *cell, "{back}");
        }
    }

    // A header goes to the header, and an issue stays at its cell.
    let header = followed(place, "--cell crew!C3");
    assert_eq!(
        (&header["part"], &header["output"][0]["header"]),
        (&json!("header"), &json!("E-mail"))
    );
    let cell = followed(place, "--row 6 --column hours");
    has(
        &cell,
        json!({"fields": ["hours"], "transforms": ["Field('hours').read"], "validators": ["hours.up_to_80"]}),
    );
    assert_eq!(cell["issues"][0]["rule"], "hours.up_to_80", "{cell}");
    assert_eq!(cell["hooks"][0]["rows"], "moved");

    // Rows that are not in the output, and why.
    let dropped = followed(place, "--row 7");
    assert_eq!(dropped["output"], json!([]));
    says_why(&dropped, "the row is not in the output");
    let title = followed(place, "--cell A1");
    assert_eq!(title["part"], "outside");
    says_why(&title, "above table 1");
    place.ade_prints("explain latest --row 7", "output         none");

    // A column that a hook made comes from no cell.
    let columns = explained(place, "--side output")["tables"][0]["output"]["columns"].take();
    let made = columns.with("header", "made");
    let cell = format!("{}2", made["column"].text());
    let way = followed(place, &format!("--side output --cell {cell}"));
    has(&way["source"], json!({"cell": null, "row": 6}));
    // The row has an issue in another column.
    assert_eq!(way["issues"], json!([]));
    says_why(&way, "a hook may have made it");
}

fn what_is_not_there_is_said(place: &Place) {
    place.ade_fails("explain nothing", 2, "run_not_found");
    place.ade_fails("explain latest --sheet Quay", 2, "sheet_not_found");
    for flags in [
        "--cell 7",
        "--cell XFE1",
        "--column Tide",
        "--side output --cell A99",
    ] {
        place.ade_fails(&format!("explain latest {flags}"), 2, "cell_not_found");
    }
    place.ade_refuses("explain latest --column Tide", "A Surname, B First name");
    place.ade("explain latest --cell A1 --row 3").ends_with(2);
    place.ade("explain latest --row 0").ends_with(2);
    place.write("broken.xlsx", "none");
    place.ade("run crew broken.xlsx -q").ends_with(1);
    place.ade_fails("explain broken.xlsx", 2, "no_explanation");
}

/// North has a column of each field that is asked for, or one whose header is like its; South has none.
fn a_field_without_a_column_says_what_came_near(place: &Place) {
    let rows = |header: &'static [&'static str]| -> Vec<&'static [&'static str]> {
        let lee: &[&str] = &["Lee", "Ann", "ann@example.org", "12"];
        let ray: &[&str] = &["Ray", "Bob", "bob@example.org", "99"];
        vec![header, lee, ray]
    };
    let north = rows(&["Surname", "Phnoe", "E-mail", "Hours"]);
    let south = rows(&["Surname", "First name", "E-mail", "Zzz"]);
    place.write(
        "two.xlsx",
        workbook(&[("North", &north), ("South", &south)]),
    );
    place.ade("init plain").succeeds();
    place.ade("run plain two.xlsx -q").succeeds();
    // A field that no column went to: what came nearest, and what to write.
    let said = explained(place, "--column PHONE");
    assert_eq!(said["tables"], json!([]));
    has(
        &said["without"][0],
        json!({"field": "phone", "sheet": "North", "table": 1, "to_map": ["if column B is phone: headers=[…, \"Phnoe\"]"]}),
    );
    has(
        &said["without"][0]["nearest"][0],
        json!({"column": "B", "name": "Phnoe", "field": null, "score": null, "likeness": 0.8}),
    );
    assert_eq!(said["without"][1]["sheet"], "South");
    place
        .ade("explain latest --column phone")
        .succeeds()
        .prints("North table 1 no column went to phone")
        .prints("nearest        B Phnoe: ")
        .prints("its header is 80% like those of phone")
        .prints("to map it      if column B is phone: headers=[…, \"Phnoe\"]");
    // One that was found on one sheet alone.
    let said = explained(place, "--column hours");
    assert_eq!(said["tables"].list().len(), 1);
    assert_eq!(said["tables"][0]["columns"][0]["column"], "D");
    assert_eq!(said["without"][0]["sheet"], "South");
    assert_eq!(
        explained(place, "--sheet North --column hours")["without"],
        json!([])
    );
    // Beside a row it is no column of that name.
    place.ade_fails(
        "explain latest --sheet South --row 2 --column pay",
        2,
        "cell_not_found",
    );
}

fn quarantined_rows_are_followed_both_ways(place: &Place) {
    place.ade("run plain two.xlsx -q --quarantine").succeeds();
    let way = followed(place, "--sheet North --row 3");
    has(&way["output"][0], json!({"sheet": "Quarantine", "row": 2}));
    says_why(
        &way,
        "is quarantined: it is row 2 of the sheet \"Quarantine\"",
    );
    let cell = followed(place, "--cell North!D3");
    has(
        &cell["output"][0],
        json!({"sheet": "Quarantine", "row": 2, "cell": null}),
    );
    let back = followed(place, "--side output --sheet Quarantine --row 2");
    has(&back["source"], json!({"sheet": "North", "row": 3}));
    assert_eq!(back["issues"][0]["rule"], "hours.up_to_80", "{back}");
    place.ade_fails(
        "explain latest --side output --sheet Quarantine --row 3",
        2,
        "cell_not_found",
    );
    place.ade_prints(
        "runs show latest --rows",
        "quarantined    North!row 3 → Quarantine!row 2",
    );
    let id = place.latest_id();
    let server = Server::of(place);
    let segments =
        server.read(&format!("runs/{id}/rows?side=input&sheet=North"))["segments"].take();
    has(
        segments.list().last().unwrap(),
        json!({"row": 3, "reason": "quarantined", "output_sheet": "Quarantine", "output_row": 2}),
    );
    let window = server.read(&format!(
        "runs/{id}/cells?side=output&sheet=Quarantine&rows=1-2&columns=1-2"
    ));
    assert_eq!(
        window["row_map"],
        json!({"sheet": "North", "rows": [null, 3], "unknown": null})
    );
    drop(server);
    // In a workbook of their own.
    place
        .ade("run plain two.xlsx -q --set quarantine=file")
        .succeeds();
    let way = followed(place, "--sheet North --row 3");
    assert_eq!(way["output"], json!([]));
    says_why(
        &way,
        "row 2 of the sheet \"Quarantine\" of two_quarantine.xlsx",
    );
}

fn the_api_says_the_same(place: &Place) {
    let id = place.json("runs show crew.csv --json")["id"].string();
    let server = Server::of(place);
    for (query, flags) in [
        ("", ""),
        ("?cell=D6", "--cell D6"),
        (
            "?side=output&row=3&column=E-mail",
            "--side output --row 3 --column E-mail",
        ),
        ("?sheet=crew&column=hours", "--sheet crew --column hours"),
    ] {
        let printed = place.json(&format!("explain {id} --json {flags}"));
        assert_eq!(
            server.read(&format!("runs/{id}/explain{query}")),
            printed,
            "{query}"
        );
    }
    let path = |query: &str| format!("runs/{id}/explain?{query}");
    server
        .get(&path("sheet=Quay"))
        .refuses(404, "sheet_not_found");
    server
        .get(&path("column=Tide"))
        .refuses(404, "cell_not_found");
    server.get(&path("side=left")).refuses_field("side");
    server.get(&path("row=0")).refuses_field("row");
    server.get(&path("cell=A1&row=2")).refuses_field("cell");
    server
        .get("runs/none/explain")
        .refuses(404, "run_not_found");
}

/// Without `row_provenance` the rows of the output are not numbered, and the hook has moved them.
fn a_run_without_recorded_rows_guesses_nothing(place: &Place) {
    let settings = place.read("crew/settings.toml");
    let older = "detect_rows = true\nissue_list = true\ncsv_delimiter = \"auto\"";
    place.write(
        "crew/settings.toml",
        settings.replace("edition = \"2026\"", older),
    );
    place.ade("run crew crew.csv -q").succeeds();
    let cell = followed(place, "--cell A6");
    has(
        &cell["output"][0],
        json!({"sheet": "crew", "cell": null, "row": null, "column": "A"}),
    );
    says_why(&cell, "is not known");
    let back = followed(place, "--side output --cell B2");
    has(
        &back["source"],
        json!({"sheet": "crew", "cell": null, "row": null, "column": "B"}),
    );
}
