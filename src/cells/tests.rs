//! Windows of cells, read from real files without Python.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::{Cells, CellsError, Choice, Reading, SheetInfo, Window, WindowLimits};
use crate::base::problem::Problem;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A sheet of a workbook: its title, its state, and the XML of its rows and of what follows them.
type SheetXml<'a> = (&'a str, &'a str, String);

/// A workbook with two styles beside the usual one (1: date, 2: duration) and some shared strings.
fn workbook(sheets: &[SheetXml<'_>], strings: &[&str]) -> Vec<u8> {
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: &str| {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    };
    part(
        "[Content_Types].xml",
        &format!(
            r#"<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/></Types>"#
        ),
    );
    let (mut listed, mut related) = (String::new(), String::new());
    for (index, (title, state, rows)) in sheets.iter().enumerate() {
        listed += &format!(
            r#"<sheet name="{title}" sheetId="{0}" state="{state}" r:id="s{0}"/>"#,
            index + 1
        );
        related += &format!(
            r#"<Relationship Id="s{0}" Type="{OFFICE}/worksheet" Target="sheet{0}.xml"/>"#,
            index + 1
        );
        part(
            &format!("xl/sheet{}.xml", index + 1),
            &format!(r#"<worksheet xmlns="{MAIN}">{rows}</worksheet>"#),
        );
    }
    part(
        "xl/workbook.xml",
        &format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>"#
        ),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            r#"<Relationships xmlns="{PACKAGE}/relationships">{related}<Relationship Id="a" Type="{OFFICE}/styles" Target="styles.xml"/><Relationship Id="b" Type="{OFFICE}/sharedStrings" Target="strings.xml"/></Relationships>"#
        ),
    );
    part(
        "xl/styles.xml",
        &format!(
            r#"<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#
        ),
    );
    let strings: String = strings
        .iter()
        .map(|text| format!("<si><t>{text}</t></si>"))
        .collect();
    part(
        "xl/strings.xml",
        &format!(r#"<sst xmlns="{MAIN}">{strings}</sst>"#),
    );
    archive.finish().unwrap().into_inner()
}

/// Rows of numbers: each is its row times a thousand plus its column.
fn numbers(rows: usize, columns: usize) -> String {
    let mut text = String::from("<sheetData>");
    for row in 1..=rows {
        text += "<row>";
        for column in 1..=columns {
            text += &format!("<c><v>{}</v></c>", row * 1000 + column);
        }
        text += "</row>";
    }
    text + "</sheetData>"
}

/// A folder with files.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

fn first_window(cells: &Cells, path: &Path) -> Result<Window, CellsError> {
    cells.window(path, &Reading::default(), Choice::At(0), 1..=200, 1..=100)
}

/// Names, states and sizes.
fn sizes(sheets: &[SheetInfo]) -> Vec<(&str, &str, u64, u64)> {
    let size = |sheet: &'_ SheetInfo| (sheet.state, sheet.rows.unwrap(), sheet.columns.unwrap());
    let pairs = sheets.iter().map(|sheet| (&*sheet.name, size(sheet)));
    pairs
        .map(|(name, (state, rows, columns))| (name, state, rows, columns))
        .collect()
}

#[test]
fn a_workbook_is_shown_as_the_engine_reads_it() {
    let files = Files::new();
    let first = r#"<dimension ref="A1:XFD1048576"/><sheetData>
        <row r="2"><c r="B2" t="s"><v>1</v></c><c r="C2" s="1"><v>45351</v></c><c r="D2" s="1"><v>45351.25</v></c><c r="E2" s="1"><v>0.5</v></c></row>
        <row r="4"><c r="A4"><v>2.5</v></c><c r="B4" t="b"><v>1</v></c><c r="C4" t="e"><v>#N/A</v></c><c r="D4" s="2"><v>1.25</v></c>
        <c r="F4" t="inlineStr"><is><t>a &amp; b</t></is></c></row></sheetData><mergeCells><mergeCell ref="B2:B3"/></mergeCells>"#;
    let path = files.write(
        "Orders.XLSX",
        workbook(
            &[
                ("First", "visible", first.to_owned()),
                ("Empty", "visible", "<sheetData/>".to_owned()),
                ("Away", "hidden", numbers(3, 2)),
                ("Gone", "veryHidden", numbers(1, 1)),
            ],
            &["unused", "merged"],
        ),
    );
    let cells = Cells::default();
    let sheets = cells.sheets(&path, &Reading::default()).unwrap();
    assert_eq!(
        sizes(&sheets),
        [
            ("First", "visible", 4, 6),
            ("Empty", "visible", 0, 0),
            ("Away", "hidden", 3, 2),
            ("Gone", "veryHidden", 1, 1),
        ]
    );
    let shown = |reading: &Reading| {
        let window = cells.window(&path, reading, Choice::Named("First"), 2..=200, 2..=100);
        json!(window.unwrap())
    };
    assert_eq!(
        shown(&Reading::default()),
        json!({
            "sheet": "First", "sheet_index": 0, "total_rows": 4, "total_columns": 6, "first_row": 2, "first_column": 2,
            "rows": [
                ["merged", "2024-02-29", "2024-02-29T06:00:00", "12:00:00", null],
                [null, null, null, null, null],
                [true, "#N/A", "PT30H", null, "a & b"],
            ],
            "cut": [],
        })
    );
    let filled = Reading {
        fill_merged: true,
        ..Reading::default()
    };
    assert_eq!(shown(&filled)["rows"][1][0], "merged");

    let hidden = cells.window(&path, &Reading::default(), Choice::At(2), 3..=3, 2..=2);
    assert_eq!(json!(hidden.unwrap().rows), json!([[3002]]));
    let empty = cells.window(&path, &Reading::default(), Choice::At(1), 1..=200, 1..=100);
    assert_eq!(json!(empty.unwrap().rows), json!([]));
}

#[test]
fn separated_text_is_shown_as_a_run_reads_it() {
    let files = Files::new();
    let cells = Cells::default();
    let path = files.write("a.csv", b"Name;Betrag\nJ\xfcrgen;1,5\n\n;x\n");
    let window = first_window(&cells, &path).unwrap();
    assert_eq!(window.sheet, "a");
    assert_eq!(
        json!(window.rows),
        json!([
            ["Name", "Betrag"],
            ["Jürgen", "1,5"],
            [null, null],
            [null, "x"]
        ])
    );
    let sheets = cells.sheets(&path, &Reading::default()).unwrap();
    assert_eq!(sizes(&sheets), [("a", "visible", 4, 2)]);
    // As a run has read it whose settings name encoding and separator.
    let settings = json!({"csv_encoding": "cp1252", "csv_delimiter": ","});
    let path = files.write("a.csv", b"Name;Betrag\nJ\xfcrgen;1,5\n");
    let reading = Reading::of_settings(&settings);
    let window = cells.window(&path, &reading, Choice::At(0), 1..=9, 1..=9);
    assert_eq!(
        json!(window.unwrap().rows),
        json!([["Name;Betrag", null], ["Jürgen;1", "5"]])
    );
    let strict = Reading::of_settings(&json!({"csv_encoding": "utf-8", "csv_delimiter": ","}));
    let refused = cells.window(&path, &strict, Choice::At(0), 1..=9, 1..=9);
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "workbook_unreadable");
    assert!(refused.to_string().contains("not utf-8"), "{refused}");
}

/// What a spreadsheet program writes when a password is set: a compound file around an encrypted package.
fn encrypted_workbook() -> Vec<u8> {
    let mut compound = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    compound.create_stream("/EncryptedPackage").unwrap();
    compound.flush().unwrap();
    compound.into_inner().into_inner()
}

/// A workbook of Excel 97 to 2003.
fn old_workbook() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/conformance/cases/legacy-xls/input.xls"
    );
    fs::read(path).unwrap()
}

/// The same with a password: its second record says so.
fn locked_old_workbook() -> Vec<u8> {
    let mut bytes = old_workbook();
    let begin = bytes.windows(4).position(|four| four == [9, 8, 16, 0]);
    let second = begin.unwrap() + 20;
    bytes[second..second + 2].copy_from_slice(&[0x2f, 0]);
    bytes
}

#[test]
fn an_old_workbook_is_shown() {
    let files = Files::new();
    let path = files.write("old.xls", old_workbook());
    let cells = Cells::default();
    let sheets = cells.sheets(&path, &Reading::default()).unwrap();
    assert_eq!(
        sizes(&sheets),
        [
            ("Tanks", "visible", 7, 5),
            ("Hidden", "hidden", 1, 1),
            ("Ünder ground", "visible", 3, 2)
        ]
    );
    let tanks = Choice::Named("Tanks");
    let window = cells.window(&path, &Reading::default(), tanks, 5..=6, 1..=3);
    assert_eq!(
        json!(window.unwrap().rows),
        json!([
            ["T2", 12.25, "2024-03-05T06:30:00"],
            ["T3", "#DIV/0!", null]
        ])
    );
}

#[test]
fn what_cannot_be_shown_says_why_and_names_no_folder() {
    let files = Files::new();
    let sound = workbook(
        &[
            ("S", "visible", numbers(10, 4)),
            ("T", "visible", numbers(1, 1)),
        ],
        &[],
    );
    let cells = Cells::default();
    let folder = files.0.path().to_str().unwrap().to_owned();
    for (name, content, words) in [
        (
            "locked.xlsx",
            encrypted_workbook(),
            "is an encrypted workbook",
        ),
        (
            "locked.xls",
            locked_old_workbook(),
            "is an encrypted workbook",
        ),
        (
            "short.xlsx",
            sound[..sound.len() / 2].to_vec(),
            "is cut short",
        ),
        (
            "page.xlsx",
            b"<html></html>".to_vec(),
            "it is a web page without a table",
        ),
        ("empty.xlsx", Vec::new(), "is empty"),
        (
            "note.pdf",
            b"x".to_vec(),
            "files of type .pdf are not supported",
        ),
    ] {
        let path = files.write(name, content);
        let failure = first_window(&cells, &path).unwrap_err();
        assert_eq!(failure.code(), "workbook_unreadable", "{failure}");
        assert!(failure.to_string().contains(words), "{failure}");
        assert!(!failure.to_string().contains(&folder), "{failure}");
        // It is refused again in the same words.
        assert_eq!(first_window(&cells, &path), Err(failure.clone()));
        let listed = cells.sheets(&path, &Reading::default());
        assert_eq!(listed, Err(failure));
    }

    for name in ["new.xls", "named.csv"] {
        let renamed = files.write(name, sound.clone());
        assert!(first_window(&cells, &renamed).is_ok(), "by its content");
    }
    let path = files.write("sound.xlsx", sound);
    let window = |choice, rows, columns| {
        let window = cells.window(&path, &Reading::default(), choice, rows, columns);
        window.map_err(|failure| (failure.code(), failure.to_string(), failure.hint()))
    };
    for (choice, rows, columns, wanted, words, help) in [
        (
            Choice::Named("s"),
            1..=1,
            1..=1,
            "sheet_not_found",
            "sound.xlsx has no sheet \"s\"",
            Some("it has \"S\", \"T\""),
        ),
        (
            Choice::At(2),
            1..=1,
            1..=1,
            "sheet_not_found",
            "sound.xlsx has no sheet at position 2",
            None,
        ),
        (
            Choice::At(0),
            11..=20,
            1..=1,
            "bad_window",
            "the sheet \"S\" has no rows from 11 on: it has 10",
            None,
        ),
        (
            Choice::At(0),
            1..=1,
            5..=5,
            "bad_window",
            "the sheet \"S\" has no columns from 5 on: it has 4",
            None,
        ),
        (
            Choice::At(0),
            1..=201,
            1..=1,
            "bad_window",
            "1 to 201 is no range of rows that can be shown",
            Some("rows count from 1, and a window has at most 200 of them, as 1-200"),
        ),
    ] {
        let (code, message, hint) = window(choice, rows, columns).unwrap_err();
        assert_eq!((code, &*message), (wanted, words));
        if help.is_some() {
            assert_eq!(hint.as_deref(), help);
        }
    }
    let corner = window(Choice::At(0), 10..=209, 4..=103).unwrap();
    assert_eq!(json!(corner.rows), json!([[10_004]]));

    fs::remove_file(&path).unwrap();
    let failure = first_window(&cells, &path).unwrap_err();
    assert_eq!(
        (failure.code(), &*failure.to_string()),
        ("input_gone", "the file sound.xlsx is no longer there")
    );
    let failure = first_window(&cells, files.0.path()).unwrap_err();
    assert!(failure.to_string().ends_with("it is no file"), "{failure}");
}

#[test]
fn a_damaged_sheet_leaves_the_others_readable() {
    let files = Files::new();
    let sheets = [
        ("Sound", "visible", numbers(3, 2)),
        ("Broken", "visible", "<sheetData><row><c".to_owned()),
        ("Large", "visible", numbers(20_000, 10)),
    ];
    let path = files.write("book.xlsx", workbook(&sheets, &[]));
    let cells = Cells::new(WindowLimits {
        sheet_bytes: 1 << 20,
        ..WindowLimits::default()
    });
    let listed = cells.sheets(&path, &Reading::default()).unwrap();
    assert_eq!((listed[0].rows, listed[0].columns), (Some(3), Some(2)));
    assert_eq!(listed[0].problem, None);
    for (index, words) in [
        (1, "the workbook is damaged"),
        (2, "more than 1 MiB of memory"),
    ] {
        assert_eq!((listed[index].rows, listed[index].columns), (None, None));
        let problem = listed[index].problem.clone().unwrap();
        assert!(problem.contains(words), "{problem}");
        let failure = cells
            .window(&path, &Reading::default(), Choice::At(index), 1..=1, 1..=1)
            .unwrap_err();
        assert_eq!(failure.to_string(), problem);
    }
}

#[test]
fn a_file_that_changed_is_read_anew() {
    let files = Files::new();
    let cells = Cells::default();
    for (content, value) in [("a\n1\n", "1"), ("a\n22\n", "22"), ("a\n33\n", "33")] {
        // A new file takes the place of the former, as those of runs do.
        let beside = files.write("beside", content);
        let path = files.0.path().join("data.csv");
        fs::rename(beside, &path).unwrap();
        assert_eq!(first_window(&cells, &path).unwrap().rows[1][0], value);
    }
    // What was refused is read once it is sound.
    let path = files.write("book.xlsx", "a,b\n1,2\n");
    first_window(&cells, &path).unwrap_err();
    let path = files.write(
        "book.xlsx",
        workbook(&[("S", "visible", numbers(1, 1))], &[]),
    );
    assert_eq!(
        json!(first_window(&cells, &path).unwrap().rows),
        json!([[1001]])
    );
}

#[test]
fn what_is_kept_is_bounded() {
    let files = Files::new();
    let cells = Cells::new(WindowLimits {
        bytes: 1 << 20,
        items: 5,
        ..WindowLimits::default()
    });
    let sheets: Vec<SheetXml<'_>> = ["A", "B", "C", "D", "E", "F", "G", "H"]
        .iter()
        .map(|title| (*title, "visible", numbers(2000, 10)))
        .collect();
    let path = files.write("many.xlsx", workbook(&sheets, &[]));
    let listed = cells.sheets(&path, &Reading::default()).unwrap();
    assert!(
        listed
            .iter()
            .all(|sheet| (sheet.rows, sheet.columns) == (Some(2000), Some(10)))
    );
    let (items, bytes) = cells.kept();
    assert!(
        items <= 5 && bytes <= 1 << 20,
        "{items} items, {bytes} bytes"
    );
    for index in 0..8 {
        let window = cells.window(
            &path,
            &Reading::default(),
            Choice::At(index),
            2000..=2000,
            10..=10,
        );
        assert_eq!(json!(window.unwrap().rows), json!([[2_000_010]]));
        assert!(cells.kept().0 <= 5 && cells.kept().1 <= 1 << 20);
    }

    // Two sheets that take more than the bound, each alone, are kept with their files' structures, and no third one beside them.
    let cells = Cells::new(WindowLimits {
        bytes: 1 << 20,
        items: 16,
        ..WindowLimits::default()
    });
    let large = |name| {
        files.write(
            name,
            workbook(&[("L", "visible", numbers(20_000, 10))], &[]),
        )
    };
    let [first, second, third] = ["first.xlsx", "second.xlsx", "third.xlsx"].map(large);
    let kept_after = |path: &Path| {
        first_window(&cells, path).unwrap();
        cells.kept()
    };
    let (_, one) = kept_after(&first);
    assert!(one > 1 << 20, "{one} bytes");
    for path in [&second, &first, &second] {
        let two = kept_after(path);
        assert!(two.0 == 4 && two.1 > 2 * one - (1 << 16), "{two:?}");
    }
    let two = kept_after(&third);
    assert!(two.0 <= 5 && two.1 < 2 * one + (1 << 16), "{two:?}");

    // What is not used goes.
    let cells = Cells::new(WindowLimits {
        unused_for: Duration::ZERO,
        ..WindowLimits::default()
    });
    first_window(&cells, &path).unwrap();
    assert_eq!(cells.kept(), (0, 0));
}

#[test]
fn what_would_take_too_much_memory_is_refused() {
    let files = Files::new();
    let cells = Cells::new(WindowLimits {
        sheet_bytes: 1 << 20,
        ..WindowLimits::default()
    });
    // Each of these packs to a small part of what it unpacks to.
    let many_texts = vec![""; 200_000];
    let long = "x".repeat(2 << 20);
    let mut ranges = String::from("<sheetData><row><c><v>1</v></c></row></sheetData><mergeCells>");
    for row in 1..100_000 {
        ranges += &format!(r#"<mergeCell ref="A{row}:B{row}"/>"#);
    }
    ranges += "</mergeCells>";
    let one = |rows: String| workbook(&[("S", "visible", rows)], &[]);
    for (name, content, words) in [
        (
            "cells.xlsx",
            one(numbers(20_000, 10)),
            "sheet \"S\" takes more than 1 MiB of memory",
        ),
        (
            "texts.xlsx",
            workbook(&[("S", "visible", numbers(1, 1))], &many_texts),
            "the text of the workbook takes more than 1 MiB",
        ),
        (
            "text.csv",
            format!("{long}\n1\n").into_bytes(),
            "sheet \"text\" takes more than 1 MiB of memory",
        ),
        (
            "old.xls",
            [old_workbook(), vec![0; 2 << 20]].concat(),
            "the workbook takes more than 1 MiB of memory",
        ),
    ] {
        let path = files.write(name, content);
        let failure = first_window(&cells, &path).unwrap_err();
        assert_eq!(failure.code(), "sheet_too_large", "{failure}");
        assert!(failure.to_string().contains(words), "{failure}");
        assert!(
            failure
                .to_string()
                .starts_with(&format!("{name} is too large to be shown"))
        );
    }
    // What unpacks to much and holds little takes time instead.
    let spaces = format!("<sheetData>{}</sheetData>", " ".repeat(20 << 20));
    let path = files.write("spaces.xlsx", one(spaces));
    let failure = first_window(&cells, &path).unwrap_err();
    assert_eq!(failure.code(), "workbook_unreadable", "{failure}");
    assert!(
        failure
            .to_string()
            .contains("it unpacks to more than may be read"),
        "{failure}"
    );
    // Merged ranges beyond the bound are left out; the cells are sound.
    let path = files.write("ranges.xlsx", one(ranges));
    assert_eq!(
        json!(first_window(&cells, &path).unwrap().rows),
        json!([[1]])
    );
    let (_, bytes) = cells.kept();
    assert!(bytes < 2 << 20, "{bytes}");
}

#[test]
fn threads_share_what_is_read() {
    let files = Files::new();
    let path = files.write(
        "book.xlsx",
        workbook(&[("S", "visible", numbers(3000, 8))], &[]),
    );
    let cells = Cells::default();
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let (cells, barrier, path) = (&cells, &barrier, &path);
            scope.spawn(move || {
                barrier.wait();
                for turn in 0..20 {
                    let row = 1 + (thread * 353 + turn * 101) % 3000;
                    let window =
                        cells.window(path, &Reading::default(), Choice::At(0), row..=row, 8..=8);
                    assert_eq!(json!(window.unwrap().rows), json!([[row * 1000 + 8]]));
                }
            });
        }
    });
    // The file's structure, and its sheet.
    assert_eq!(cells.kept().0, 2);
}
