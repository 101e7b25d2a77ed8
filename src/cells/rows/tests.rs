use serde_json::{Value, json};

use super::*;

fn table(sheet: &str, first_row: Option<u64>, rows: Value, unknown: Option<&str>) -> Value {
    json!({
        "sheet": sheet, "table": 1, "output_sheet": "Out", "first_row": first_row, "turned": false, "rows": rows,
        "unknown": unknown, "later": {},
    })
}

fn file(tables: &[Value], not_written: &Value) -> Value {
    json!({"schema_version": 1, "tables": tables, "not_written": not_written})
}

fn rows(tables: &[Value]) -> Rows {
    let not_written = json!([
        {"sheet": "In", "first": 8, "last": 10, "reason": "dropped", "hook": "no_doubles"},
        {"sheet": "In", "first": 1, "last": 1, "reason": "unheard_of", "hook": null},
    ]);
    Rows::of(file(tables, &not_written).to_string().as_bytes()).unwrap()
}

/// What a row of each segment became, or why it did not.
type Told = (Option<u64>, Option<u64>, Option<u64>, Option<Reason>);

fn told_of(segments: Vec<Segment<'_>>) -> Vec<Told> {
    let told = |one: Segment<'_>| (one.row, one.output_row, one.count, one.reason);
    segments.into_iter().map(told).collect()
}

fn at(row: u64) -> Fate<'static> {
    Fate::Written(vec![Written {
        sheet: Some("Out"),
        row: Some(row),
    }])
}

#[test]
fn values_of_a_reshaped_table_have_cells_of_their_own() {
    let mut stacked = table("In", Some(2), json!([[5, 5], [5, 6], [6, 6]]), None);
    stacked["cells"] = json!([
        {"field": "month", "rows": 1, "columns": [[2, 3], [2, 3]]},
        {"field": "amount", "columns": [[2, 3], [2, 3]]},
        {"field": "site", "rows": [[5, 5], [5, 5], [5, 5], [5, 5]]},
        {"field": "file", "rows": 0, "columns": 0},
        {"field": "skill", "parts": [[1, 2], [0, 0], [1, 1]]},
    ]);
    let rows = rows(&[stacked]);
    let at = |row, field| {
        let cell = rows.own_cell("Out", row, field)?;
        Some((cell.row, cell.column, cell.is_nowhere))
    };
    assert_eq!(at(3, "month"), Some((Some(1), Some(3), false)));
    assert_eq!(at(4, "amount"), Some((None, Some(2), false)));
    assert_eq!(at(5, "site"), Some((Some(5), None, false)));
    assert_eq!(at(5, "file"), Some((None, None, true)));
    assert_eq!(at(6, "amount"), Some((None, None, false)));
    assert_eq!(at(3, "name"), None);
    let part = |row| rows.own_cell("Out", row, "skill")?.part;
    assert_eq!([2, 3, 4, 5].map(part), [Some(1), Some(2), None, Some(1)]);
}

#[test]
fn rows_are_found_in_both_directions() {
    let of_in = json!([[5, 7], [0, 0], 0, [13, 11], [3, 4, 1]]);
    let rows = rows(&[
        table("In", Some(2), of_in, None),
        table("More", Some(14), json!([[2, 2], [5, 5, 0]]), None),
    ]);
    let of = |sheet, row| Origin::Row { sheet, row };
    for (row, origin) in [
        (1, Origin::NoData),
        (2, of("In", 5)),
        (4, of("In", 7)),
        (5, Origin::Added),
        (6, Origin::Added),
        (7, of("In", 13)),
        (9, of("In", 11)),
        (10, of("More", 3)),
        (11, of("More", 4)),
        (12, Origin::NoData),
        (14, of("More", 2)),
        (15, of("In", 5)),
        (16, Origin::NoData),
        (u64::MAX, Origin::NoData),
    ] {
        assert_eq!(rows.origin("Out", row), origin, "{row}");
    }
    assert_eq!(rows.origin("Other", 2), Origin::NoData);
    assert_eq!(rows.fate("In", 6), at(3));
    assert_eq!(rows.fate("In", 12), at(8));
    assert_eq!(rows.fate("More", 4), at(11));
    assert_eq!(rows.fate("In", 3), Fate::NotTold);
    let Fate::Written(twice) = rows.fate("In", 5) else {
        panic!("it was written")
    };
    let places: Vec<_> = twice.iter().map(|written| written.row).collect();
    assert_eq!(places, [Some(2), Some(15)]);
    let Fate::NotWritten(dropped) = rows.fate("In", 9) else {
        panic!("it was dropped")
    };
    assert_eq!(
        (dropped.reason, dropped.hook.as_deref()),
        (Reason::Dropped, Some("no_doubles"))
    );
    // What a later engine says in a word that is not known here.
    let fates = rows.fates("In", 1..3);
    assert!(
        matches!(fates[..], [Fate::NotWritten(one), Fate::NotTold] if one.reason == Reason::Other)
    );
}

#[test]
fn what_is_not_known_is_said_to_be_unknown() {
    let rows = rows(&[
        table("In", Some(2), json!([]), Some("rebuilt")),
        table("More", Some(9), json!([[2, 3]]), None),
        table("Moved", None, json!([[2, 3]]), None),
    ]);
    let unknown = Origin::Unknown { hook: "rebuilt" };
    assert_eq!(rows.origin("Out", 1), Origin::NoData);
    assert_eq!(rows.origin("Out", 2), unknown);
    assert_eq!(rows.origin("Out", 5), unknown);
    let row = Origin::Row {
        sheet: "More",
        row: 2,
    };
    assert_eq!(rows.origin("Out", 9), row);
    assert_eq!(rows.fate("In", 5), Fate::Unknown { hook: "rebuilt" });
    // The hook may have brought rows from here.
    assert_eq!(rows.fate("More", 7), Fate::Unknown { hook: "rebuilt" });
    assert_eq!(rows.fate("More", 3), at(10));
    assert!(matches!(rows.fate("In", 8), Fate::NotWritten(_)));
    // A hook has touched the output since: that the row is there is known, where is not.
    let somewhere = Written {
        sheet: Some("Out"),
        row: None,
    };
    assert_eq!(rows.fate("Moved", 2), Fate::Written(vec![somewhere]));
    let is_unknown = |one: &Segment<'_>| one.unknown && one.hook == Some("rebuilt");
    assert!(rows.of_output("Out").iter().any(is_unknown));
    assert!(rows.of_input("In").last().unwrap().unknown);
}

#[test]
fn of_a_turned_table_columns_are_known() {
    let mut turned = table("In", Some(2), json!([[4, 2]]), None);
    turned["turned"] = json!(true);
    let rows = rows(&[turned]);
    let origin = Origin::Column {
        sheet: "In",
        column: 3,
    };
    assert_eq!(rows.origin("Out", 3), origin);
    assert_eq!(rows.fate_of_column("In", 2), at(4));
    assert_eq!(rows.fate_of_column("In", 5), Fate::NotTold);
    assert_eq!(rows.fate("In", 3), Fate::NotTold);
}

#[test]
fn rows_that_are_quarantined_are_found_on_their_sheet() {
    let told = |sheet: &str, first_row: Value, file: Value, rows: Value| {
        json!({"sheet": sheet, "output_sheet": "Quarantine", "first_row": first_row, "file": file, "turned": false,
            "rows": rows, "unknown": null})
    };
    let rows = |apart: Value| {
        let not_written =
            json!([{"sheet": "In", "first": 8, "last": 9, "reason": "quarantined", "hook": null}]);
        let mut file = file(&[table("In", Some(2), json!([[5, 7]]), None)], &not_written);
        file["quarantined"] = apart;
        Rows::of(file.to_string().as_bytes()).unwrap()
    };
    let here = rows(json!([
        told("More", json!(2), json!(null), json!([[3, 3]])),
        told("In", json!(3), json!(null), json!([[9, 8]])),
    ]));
    let of = |sheet, row| Origin::Row { sheet, row };
    assert_eq!(here.origin("Quarantine", 2), of("More", 3));
    assert_eq!(here.origin("Quarantine", 4), of("In", 8));
    assert_eq!(here.origin("Quarantine", 5), Origin::NoData);
    assert_eq!(here.sheets_apart(), ["Quarantine"]);
    let place = |row, file| Quarantined {
        sheet: "Quarantine",
        row,
        file,
    };
    assert_eq!(here.quarantined("In", 9, false), [place(Some(3), None)]);
    assert_eq!(here.quarantined("In", 5, false), []);
    assert_eq!(here.quarantined("In", 9, true), []);
    assert!(
        matches!(here.fate("In", 9), Fate::NotWritten(one) if one.reason == Reason::Quarantined)
    );
    let written = (Some(5), Some(2), Some(3), None);
    let apart = |output_row| (Some(9), output_row, Some(2), Some(Reason::Quarantined));
    assert_eq!(told_of(here.of_input("In")), [written, apart(Some(3))]);
    assert_eq!(told_of(here.of_output("Quarantine")).len(), 2);
    // In a file of their own, no row of the output is theirs.
    let name = json!("in_quarantine.xlsx");
    let file = rows(json!([told("In", json!(2), name, json!([[9, 8]]))]));
    assert_eq!(file.origin("Quarantine", 2), Origin::NoData);
    assert_eq!(file.origin_apart("Quarantine", 2), of("In", 9));
    assert_eq!(
        file.quarantined("In", 8, false),
        [place(Some(3), Some("in_quarantine.xlsx"))]
    );
    assert_eq!(told_of(file.of_input("In")), [written, apart(None)]);
    // Moved by a hook, or of an older engine: that they are apart is known, and not where.
    let nowhere = told("In", json!(null), json!(null), json!([[9, 8]]));
    let moved = rows(json!([nowhere]));
    assert_eq!(moved.quarantined("In", 8, false), [place(None, None)]);
    assert_eq!(told_of(moved.of_input("In")), [written, apart(None)]);
    let older = rows(json!([]));
    assert_eq!(older.quarantined("In", 8, false), []);
    let known = (Some(8), None, Some(2), Some(Reason::Quarantined));
    assert_eq!(told_of(older.of_input("In")), [written, known]);
}

#[test]
fn a_whole_sheet_is_told_in_segments() {
    let rows = rows(&[
        table("In", Some(2), json!([[13, 11], [0, 0], [5, 7]]), None),
        table("More", Some(20), json!([[1, 1]]), None),
    ]);
    assert_eq!(
        told_of(rows.of_input("In")),
        [
            (Some(1), None, Some(1), Some(Reason::Other)),
            (Some(5), Some(6), Some(3), None),
            (Some(8), None, Some(3), Some(Reason::Dropped)),
            (Some(13), Some(2), Some(3), None),
        ]
    );
    assert_eq!(
        told_of(rows.of_output("Out")),
        [
            (Some(13), Some(2), Some(3), None),
            (None, Some(5), Some(1), None),
            (Some(5), Some(6), Some(3), None),
            (Some(1), Some(20), Some(1), None),
        ]
    );
}

#[test]
fn a_file_of_another_shape_tells_nothing() {
    let sound = file(&[table("In", Some(2), json!([[5, 7]]), None)], &json!([]));
    assert!(Rows::of(sound.to_string().as_bytes()).is_some());
    let with = |pointer: &str, value: Value| {
        let mut file = sound.clone();
        *file.pointer_mut(pointer).unwrap() = value;
        Rows::of(file.to_string().as_bytes())
    };
    let blank = |first: u64| json!([{"sheet": "In", "first": first, "last": 2, "reason": "blank", "hook": null}]);
    for (pointer, value) in [
        ("/schema_version", json!(2)),
        ("/tables", json!({})),
        ("/tables/0/sheet", json!(null)),
        ("/tables/0/first_row", json!(0)),
        ("/tables/0/first_row", json!(-1)),
        ("/tables/0/turned", json!("no")),
        ("/tables/0/unknown", json!(true)),
        ("/tables/0/rows/0", json!([0, 4])),
        ("/tables/0/rows/0", json!([4, 0])),
        ("/tables/0/rows/0", json!([5, 7, 1])),
        ("/tables/0/rows/0", json!([5])),
        ("/tables/0/rows/0", json!([5, 7, 0, 0])),
        ("/tables/0/rows/0", json!(5)),
        ("/tables/0/rows/0", json!([5, 4_294_967_296_u64])),
        ("/tables/0/rows", json!([[1, u32::MAX], [1, 1]])),
        ("/not_written", blank(3)),
        ("/not_written", blank(0)),
    ] {
        assert_eq!(with(pointer, value.clone()), None, "{pointer} {value}");
    }
    assert_eq!(Rows::of(b"{}"), None);
    assert_eq!(Rows::of(b""), None);
}

#[test]
fn a_link_is_no_file_and_a_large_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    assert_eq!(Rows::read(&real), None);
    let text = file(&[], &json!([])).to_string();
    std::fs::write(&real, &text).unwrap();
    assert!(Rows::read(&real).is_some());
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert_eq!(Rows::read(&link), None);
    assert_eq!(Rows::read(folder.path()), None);
    let large = text + &" ".repeat(MOST_BYTES as usize);
    std::fs::write(&real, large).unwrap();
    assert_eq!(Rows::read(&real), None);
}
