//! What is wrong with a run's input over the API: the list of issues, the painted copy, and which rows belong together.

use crate::common;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ade::store::Scope;
use common::api::Server;
use common::{Place, Told, has, sheet};
use serde_json::{Value, json};
use zip::{ZipArchive, ZipWriter};

/// A roster in which four cells cannot be read.
const CREW: &str = "Surname,First name,E-mail,Start date,Hours\n\
    Lee,Ann,ann@example.org,2024-01-03,12\n\
    Ray,Bob,bob at example.org,2024-02-30,9\n\
    Moss,Cy,c@example.org,soon,=1x0\n";

/// A server, and a run of that roster by what `ade init` writes: its path, and its folder.
fn with_a_run() -> (Place, Server, String, PathBuf) {
    let place = Place::crew("crew.csv", CREW);
    let run = place.latest_run();
    let output = Path::new(run["output_path"].text());
    let folder = output.ancestors().nth(2).unwrap().to_owned();
    let path = format!("runs/{}", run["id"].text());
    let server = Server::of(&place);
    (place, server, path, folder)
}

/// The cells of issues.
fn cells(page: &Value) -> Vec<&str> {
    let issues = page["issues"].list();
    issues.iter().map(|issue| issue["cell"].text()).collect()
}

#[test]
fn a_run_shows_its_issues_and_its_rows() {
    let (place, mut server, run, folder) = with_a_run();
    issues_are_listed_and_filtered(&server, &run);
    issues_come_page_by_page(&server, &run);
    issues_are_told_by_cell(&server, &run);
    cells_are_found(&server, &run);
    rows_are_mapped(&server, &run, &folder);
    the_painted_copy_is_made_once(&place, &server, &run, &folder);
    a_workbook_that_cannot_be_painted_says_why(&place, &server);
    collected_files_are_gone(&server, &run, &folder);

    // Whoever may read the workspace may read these; a token of another workspace is told nothing.
    let routes = [
        "issues",
        "annotated",
        "rows?sheet=crew",
        "find?text=Lee",
        "cells?with=issues",
    ];
    server.use_token(server.token(Scope::Read, Some(&["default"])));
    server.refuses(&format!("{run}/issues"), 410, "input_gone");
    server.use_token(server.token(Scope::Admin, Some(&["elsewhere"])));
    for route in routes {
        server.refuses(&format!("{run}/{route}"), 404, "run_not_found");
    }
}

fn issues_are_listed_and_filtered(server: &Server, run: &str) {
    let all = server.read(&format!("{run}/issues"));
    assert_eq!(cells(&all), ["C3", "D3", "D4", "E4"]);
    has(
        &all,
        json!({"counts": {"error": 4, "warning": 0, "info": 0, "listed": 4, "unlisted": 0}, "next_cursor": null}),
    );
    has(
        &all["issues"][2],
        json!({"sheet": "crew", "field": "start_date", "value": "soon", "written": "", "output": "D4", "row": 4}),
    );
    for (filter, found, errors) in [
        ("field=Hours&field=email", vec!["C3", "E4"], 2),
        ("severity=warning&severity=info", vec![], 0),
        ("rule=value_lost&sheet=other", vec![], 0),
    ] {
        let page = server.read(&format!("{run}/issues?{filter}"));
        assert_eq!(cells(&page), found, "{filter}");
        has(
            &page["counts"],
            json!({"error": errors, "warning": 0, "info": 0, "listed": 4}),
        );
    }
    for (query, field) in [
        ("severity=fatal", "severity"),
        ("limit=1001", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
    ] {
        server.refuses_field(&format!("{run}/issues?{query}"), field);
    }
}

fn issues_come_page_by_page(server: &Server, run: &str) {
    let path = format!("{run}/issues?limit=1&rule=value_lost");
    let (mut found, mut cursor) = (Vec::new(), String::new());
    let mut first = None;
    loop {
        let page = server.read(&format!("{path}{cursor}"));
        assert_eq!(page["counts"].is_null(), !cursor.is_empty());
        found.extend(cells(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
        first.get_or_insert(cursor.clone());
    }
    assert_eq!(found, ["C3", "D3", "D4", "E4"]);
    // With other filters it is the cursor of something else.
    let other = format!("{run}/issues?limit=1{}", first.unwrap());
    server.refuses_field(&other, "cursor");
}

fn issues_are_told_by_cell(server: &Server, run: &str) {
    let places = |query: &str| -> Vec<(u64, u64)> {
        let window = server.read(&format!("{run}/cells?with=issues&{query}"));
        assert_eq!(window["issues"]["more"], 0);
        let listed = window["issues"]["listed"].list();
        let place = |one: &Value| {
            assert!(one.get("value").is_none(), "{one}");
            (
                one["row"].as_u64().unwrap(),
                one["column"].as_u64().unwrap(),
            )
        };
        listed.iter().map(place).collect()
    };
    assert_eq!(places("side=input"), [(3, 3), (3, 4), (4, 4), (4, 5)]);
    assert_eq!(places("side=input&rows=4-9&columns=5-9"), [(4, 5)]);
    assert_eq!(places("side=output&rows=4-4"), [(4, 4), (4, 5)]);
    let plain = server.read(&format!("{run}/cells"));
    assert!(plain.get("issues").is_none(), "{plain}");
    server.refuses_field(&format!("{run}/cells?with=values"), "with");
}

fn cells_are_found(server: &Server, run: &str) {
    let find = |query: &str| server.read(&format!("{run}/find?{query}"));
    let input = find("side=input&text=EXAMPLE.ORG");
    assert_eq!(
        input,
        json!({
            "cells": [{"row": 2, "column": 3}, {"row": 3, "column": 3}, {"row": 4, "column": 3}],
            "next": null,
        })
    );
    let first = find("side=input&text=example.org&limit=2");
    let next = first["next"].text();
    let rest = find(&format!("side=input&text=example.org&limit=2&from={next}"));
    assert_eq!(
        rest,
        json!({"cells": [{"row": 4, "column": 3}], "next": null})
    );
    // A number is found by its digits.
    assert_eq!(find("text=12&sheet=crew")["cells"][0]["row"], 2);
    let long = format!("text={}", "x".repeat(201));
    for (query, field) in [
        ("text=", "text"),
        (long.as_str(), "text"),
        ("text=a&from=0,1", "from"),
        ("text=a&from=7", "from"),
        ("text=a&limit=1001", "limit"),
        ("side=input", "text"),
    ] {
        server.refuses_field(&format!("{run}/find?{query}"), field);
    }
    server.refuses(
        &format!("{run}/find?text=a&sheet=none"),
        404,
        "sheet_not_found",
    );
}

/// What the engine tells of rows in a file beside the output.
fn rows_are_mapped(server: &Server, run: &str, folder: &Path) {
    let keys = ["row", "output_row", "count", "descending", "reason"];
    let short = |segments: &Value| -> Vec<Value> {
        let short = |one: &Value| json!(keys.map(|key| one[key].clone()));
        let segments = segments["segments"].list();
        segments.iter().map(short).collect()
    };
    let segments = server.read(&format!("{run}/rows?side=input&sheet=crew"));
    assert_eq!(
        short(&segments),
        [
            json!([1, null, 1, false, "header"]),
            json!([2, 2, 3, false, null]),
        ]
    );

    // A file in which more has happened to them.
    let file = folder.join("output/crew_rows.json");
    let told = json!({
        "schema_version": 1,
        "tables": [
            {"sheet": "crew", "table": 1, "output_sheet": "crew", "first_row": 2, "turned": false,
             "rows": [[4, 3], [0, 0]], "unknown": null},
        ],
        "not_written": [
            {"sheet": "crew", "first": 1, "last": 1, "reason": "header", "hook": null},
            {"sheet": "crew", "first": 2, "last": 2, "reason": "dropped", "hook": "no_doubles"},
        ],
    });
    fs::write(&file, told.to_string()).unwrap();
    let output = server.read(&format!("{run}/cells?side=output"));
    assert_eq!(
        output["row_map"],
        json!({"sheet": "crew", "rows": [null, 4, 3, null], "unknown": null})
    );
    assert_eq!(output["row_reasons"], Value::Null);
    let input = server.read(&format!("{run}/cells?side=input&rows=2-9"));
    assert_eq!(
        input["row_map"],
        json!({"sheet": "crew", "rows": [null, 3, 2], "unknown": null})
    );
    assert_eq!(
        input["row_reasons"],
        json!([{"sheet": "crew", "first": 2, "last": 2, "reason": "dropped", "hook": "no_doubles"}])
    );

    let segments = server.read(&format!("{run}/rows?side=input&sheet=crew"));
    assert_eq!(
        short(&segments),
        [
            json!([1, null, 1, false, "header"]),
            json!([2, null, 1, false, "dropped"]),
            json!([4, 2, 2, true, null]),
        ]
    );
    let page = |cursor: &str| server.read(&format!("{run}/rows?sheet=crew&limit=1{cursor}"));
    let first = page("");
    assert_eq!(short(&first), [json!([4, 2, 2, true, null])]);
    let next = first["next_cursor"].text();
    let second = page(&format!("&cursor={next}"));
    assert_eq!(short(&second), [json!([null, 4, 1, false, null])]);
    assert_eq!(second["next_cursor"], Value::Null);
    let other = format!("{run}/rows?side=input&sheet=crew&cursor={next}");
    server.refuses_field(&other, "cursor");
    server.refuses_field(&format!("{run}/rows"), "sheet");
    let more = format!("{run}/rows?sheet=crew&limit=200001");
    server.refuses_field(&more, "limit");

    // Of a run without the file, or with a link in its place, nothing is told.
    fs::rename(&file, folder.join("kept.json")).unwrap();
    std::os::unix::fs::symlink(folder.join("kept.json"), &file).unwrap();
    let output = server.read(&format!("{run}/cells?side=output"));
    assert_eq!(output["row_map"], Value::Null);
    let segments = server.read(&format!("{run}/rows?sheet=crew"));
    assert_eq!(segments, json!({"segments": null, "next_cursor": null}));
    let input = server.read(&format!("{run}/cells?side=input"));
    has(&input, json!({"row_map": null, "row_reasons": null}));
}

fn the_painted_copy_is_made_once(place: &Place, server: &Server, run: &str, folder: &Path) {
    // What stands in the run's own folder of outputs may be anything.
    fs::write(folder.join("output/crew_annotated.xlsx"), "forged").unwrap();
    let path = format!("{run}/annotated");
    let copy = server.get(&path).is(200);
    assert!(copy.body.starts_with(b"PK\x03\x04"));
    let disposition = copy.header("content-disposition").unwrap();
    assert!(disposition.contains("crew_annotated.xlsx"), "{disposition}");
    let tag = copy.header("etag").unwrap();
    server
        .send("GET", &path, &[("if-none-match", tag)], b"")
        .is(304);
    let kept = folder.join("painted/crew_annotated.xlsx");
    assert_eq!(fs::read(&kept).unwrap(), copy.body);
    // Without it, it is painted anew, as long as the input is as the run read it: whatever became of the sender's file.
    fs::remove_file(&kept).unwrap();
    place.write("crew.csv", "Surname\nSomebody else\n");
    assert_eq!(server.get(&path).is(200).body, copy.body);
    fs::remove_file(&kept).unwrap();
    fs::remove_file(folder.join("input/crew.csv")).unwrap();
    for route in ["annotated", "input", "cells?side=input"] {
        let gone = server.get(&format!("{run}/{route}"));
        gone.refuses(410, "input_gone");
    }
}

/// A workbook that is read by its sheets alone, as it lacks what programs open it by.
fn a_workbook_that_cannot_be_painted_says_why(place: &Place, server: &Server) {
    let bytes = sheet(
        "Crew",
        &[
            &["Surname", "First name", "E-mail"],
            &["Lee", "Ann", "ann@example.org"],
            &["Ray", "Bob", "bob at example.org"],
        ],
    );
    let mut whole = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut part = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..whole.len() {
        let file = whole.by_index_raw(index).unwrap();
        if file.name().unwrap() != "_rels/.rels" {
            part.raw_copy_file(file).unwrap();
        }
    }
    place.write("torn.xlsx", part.finish().unwrap().into_inner());
    place.ade("run crew torn.xlsx -q").succeeds();
    let id = place.latest_id();
    let refused = server
        .get(&format!("runs/{id}/annotated"))
        .refuses(409, "cannot_be_painted");
    assert_eq!(
        refused["detail"],
        "torn.xlsx is not a workbook, or is damaged"
    );
}

fn collected_files_are_gone(server: &Server, run: &str, folder: &Path) {
    fs::remove_dir_all(folder).unwrap();
    for route in ["issues", "annotated"] {
        server.refuses(&format!("{run}/{route}"), 410, "input_gone");
    }
}

#[test]
fn a_run_without_a_list_says_so() {
    let place = Place::ready();
    place.ade("run config people.csv -q").succeeds();
    let server = Server::of(&place);
    let id = place.latest_id();
    let run = format!("runs/{id}");
    for route in ["issues", "annotated"] {
        let refused = server
            .get(&format!("{run}/{route}"))
            .refuses(404, "no_issue_list");
        let hint = refused["hint"].text();
        assert!(hint.contains("issue_list = true"), "{hint}");
    }
    let window = server.read(&format!("{run}/cells?with=issues"));
    assert_eq!(window["issues"], Value::Null);
}
