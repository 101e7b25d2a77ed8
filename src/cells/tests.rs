//! Tests windows of cells with real files, without Python.

use std::fs;
use std::io::{Cursor, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::{CellReader, CellsError, ReadSettings, SheetInfo, SheetSelector, Window, WindowLimits};
use crate::base::problem::Problem;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A sheet of a workbook: its title, its state, and the XML of its rows and of everything after them.
type SheetXml<'a> = (&'a str, &'a str, String);

/// Builds a workbook with two styles besides the default one (1: date, 2: duration) and some shared strings.
fn workbook(sheets: &[SheetXml<'_>], strings: &[&str]) -> Vec<u8> {
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: String| {
        let options = SimpleFileOptions::default();
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    };
    let (mut listed, mut related) = (String::new(), String::new());
    for (number, (title, state, rows)) in (1..).zip(sheets) {
        listed += &format!(
            r#"<sheet name="{title}" sheetId="{number}" state="{state}" r:id="s{number}"/>"#
        );
        related += &format!(
            r#"<Relationship Id="s{number}" Type="{OFFICE}/worksheet" Target="sheet{number}.xml"/>"#
        );
        part(
            &format!("xl/sheet{number}.xml"),
            format!(r#"<worksheet xmlns="{MAIN}">{rows}</worksheet>"#),
        );
    }
    let strings: String = strings
        .iter()
        .map(|text| format!("<si><t>{text}</t></si>"))
        .collect();
    for (name, text) in [
        (
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/></Types>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships">{related}<Relationship Id="a" Type="{OFFICE}/styles" Target="styles.xml"/><Relationship Id="b" Type="{OFFICE}/sharedStrings" Target="strings.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                r#"<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#
            ),
        ),
        (
            "xl/strings.xml",
            format!(r#"<sst xmlns="{MAIN}">{strings}</sst>"#),
        ),
    ] {
        part(name, text);
    }
    archive.finish().unwrap().into_inner()
}

/// Builds a workbook with one sheet.
fn one_sheet(rows: String) -> Vec<u8> {
    workbook(&[("S", "visible", rows)], &[])
}

/// Returns rows of numbers: each is its row times a thousand plus its column.
fn numbers(rows: usize, columns: usize) -> String {
    let cell = |row, column| format!("<c><v>{}</v></c>", row * 1000 + column);
    let row = |row| {
        format!(
            "<row>{}</row>",
            (1..=columns)
                .map(|column| cell(row, column))
                .collect::<String>()
        )
    };
    format!(
        "<sheetData>{}</sheetData>",
        (1..=rows).map(row).collect::<String>()
    )
}

/// A folder with files, and a reader for them.
struct Files {
    folder: TempDir,
    cells: CellReader,
}

impl Files {
    fn new(limits: WindowLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            cells: CellReader::new(limits),
        }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn first_window(&self, path: &Path) -> Result<Window, CellsError> {
        self.cells.window(
            path,
            &ReadSettings::default(),
            SheetSelector::At(0),
            1..=200,
            1..=100,
        )
    }

    /// Returns the cells of a window as JSON.
    fn shown(
        &self,
        path: &Path,
        choice: SheetSelector<'_>,
        rows: RangeInclusive<u64>,
        columns: RangeInclusive<u64>,
    ) -> Result<String, CellsError> {
        let window = self
            .cells
            .window(path, &ReadSettings::default(), choice, rows, columns)?;
        Ok(json!(window.rows).to_string())
    }

    /// Returns the name, state and size of each sheet.
    fn sizes(&self, path: &Path) -> Vec<String> {
        let sheets = self.cells.sheets(path, &ReadSettings::default()).unwrap();
        let size = |sheet: &SheetInfo| {
            format!(
                "{} {} {:?} {:?}",
                sheet.name, sheet.state, sheet.rows, sheet.columns
            )
            .replace("Some", "")
        };
        sheets.iter().map(size).collect()
    }
}

/// Returns limits that allow a sheet at most this much memory.
fn small(sheet_bytes: usize) -> WindowLimits {
    WindowLimits {
        sheet_bytes,
        ..WindowLimits::default()
    }
}

#[test]
fn a_workbook_is_shown_as_the_engine_reads_it() {
    let files = Files::new(WindowLimits::default());
    let first = r#"<dimension ref="A1:XFD1048576"/><sheetData>
        <row r="2"><c r="B2" t="s"><v>1</v></c><c r="C2" s="1"><v>45351</v></c><c r="D2" s="1"><v>45351.25</v></c><c r="E2" s="1"><v>0.5</v></c></row>
        <row r="4"><c r="A4"><v>2.5</v></c><c r="B4" t="b"><v>1</v></c><c r="C4" t="e"><v>#N/A</v></c><c r="D4" s="2"><v>1.25</v></c>
        <c r="F4" t="inlineStr"><is><t>a &amp; b</t></is></c></row></sheetData><mergeCells><mergeCell ref="B2:B3"/></mergeCells>"#;
    let sheets = [
        ("First", "visible", first.to_owned()),
        ("Empty", "visible", "<sheetData/>".to_owned()),
        ("Away", "hidden", numbers(3, 2)),
        ("Gone", "veryHidden", numbers(1, 1)),
    ];
    let path = files.write("Orders.XLSX", workbook(&sheets, &["unused", "merged"]));
    assert_eq!(
        files.sizes(&path),
        [
            "First visible (4) (6)",
            "Empty visible (0) (0)",
            "Away hidden (3) (2)",
            "Gone veryHidden (1) (1)"
        ]
    );
    let shown = |fill_merged| {
        let reading = ReadSettings {
            fill_merged,
            ..ReadSettings::default()
        };
        let window = files.cells.window(
            &path,
            &reading,
            SheetSelector::Named("First"),
            2..=200,
            2..=100,
        );
        json!(window.unwrap())
    };
    let wanted = r##"{"sheet": "First", "sheet_index": 0, "total_rows": 4, "total_columns": 6, "first_row": 2, "first_column": 2, "cut": [],
        "rows": [["merged", "2024-02-29", "2024-02-29T06:00:00", "12:00:00", null], [null, null, null, null, null],
            [true, "#N/A", "PT30H", null, "a & b"]]}"##;
    assert_eq!(shown(false), serde_json::from_str::<Value>(wanted).unwrap());
    assert_eq!(shown(true)["rows"][1][0], "merged");
    assert_eq!(
        files
            .shown(&path, SheetSelector::At(2), 3..=3, 2..=2)
            .unwrap(),
        "[[3002]]"
    );
    assert_eq!(
        files
            .shown(&path, SheetSelector::At(1), 1..=200, 1..=100)
            .unwrap(),
        "[]"
    );

    let old = files.write("old.xls", old_workbook());
    assert_eq!(
        files.sizes(&old),
        [
            "Tanks visible (7) (5)",
            "Hidden hidden (1) (1)",
            "Ünder ground visible (3) (2)"
        ]
    );
    assert_eq!(
        files
            .shown(&old, SheetSelector::Named("Tanks"), 5..=6, 1..=3)
            .unwrap(),
        r##"[["T2",12.25,"2024-03-05T06:30:00"],["T3","#DIV/0!",null]]"##
    );
}

#[test]
fn separated_text_is_shown_as_a_run_reads_it() {
    let files = Files::new(WindowLimits::default());
    let path = files.write("a.csv", b"Name;Betrag\nJ\xfcrgen;1,5\n\n;x\n");
    let shown = |settings: Value| {
        let reading = ReadSettings::of_settings(&settings);
        let window = files
            .cells
            .window(&path, &reading, SheetSelector::At(0), 1..=9, 1..=9)?;
        Ok::<_, CellsError>(json!(window.rows).to_string())
    };
    assert_eq!(
        shown(json!({})).unwrap(),
        r#"[["Name","Betrag"],["Jürgen","1,5"],[null,null],[null,"x"]]"#
    );
    assert_eq!(files.sizes(&path), ["a visible (4) (2)"]);
    // Reads like a run whose settings name encoding and separator.
    assert_eq!(
        shown(json!({"csv_encoding": "cp1252", "csv_delimiter": ","})).unwrap(),
        r#"[["Name;Betrag",null],["Jürgen;1","5"],[null,null],[";x",null]]"#
    );
    let refused = shown(json!({"csv_encoding": "utf-8", "csv_delimiter": ","})).unwrap_err();
    assert_eq!(refused.code(), "workbook_unreadable");
    assert!(refused.to_string().contains("not utf-8"), "{refused}");
}

/// Builds what a spreadsheet program writes if a password is set: a compound file around an encrypted package.
fn encrypted_workbook() -> Vec<u8> {
    let mut compound = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    compound.create_stream("/EncryptedPackage").unwrap();
    compound.flush().unwrap();
    compound.into_inner().into_inner()
}

/// A workbook of Excel 97 to 2003.
fn old_workbook() -> Vec<u8> {
    include_bytes!("../../tests/conformance/cases/legacy-xls/input.xls").to_vec()
}

/// The same workbook with a password, which its second record states.
fn locked_old_workbook() -> Vec<u8> {
    let mut bytes = old_workbook();
    let begin = bytes.windows(4).position(|four| four == [9, 8, 16, 0]);
    let second = begin.unwrap() + 20;
    bytes[second..second + 2].copy_from_slice(&[0x2f, 0]);
    bytes
}

#[test]
fn what_cannot_be_shown_says_why_and_names_no_folder() {
    let files = Files::new(WindowLimits::default());
    let sound = one_sheet(numbers(10, 4));
    let folder = files.folder.path().to_str().unwrap();
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
        let failure = files.first_window(&path).unwrap_err();
        let said = failure.to_string();
        assert_eq!(failure.code(), "workbook_unreadable", "{said}");
        assert!(said.contains(words) && !said.contains(folder), "{said}");
        // A second attempt is refused with the same message.
        assert_eq!(files.first_window(&path), Err(failure.clone()));
        assert_eq!(
            files.cells.sheets(&path, &ReadSettings::default()),
            Err(failure)
        );
    }
    for name in ["new.xls", "named.csv"] {
        let renamed = files.write(name, &sound);
        assert!(files.first_window(&renamed).is_ok(), "by its content");
    }

    let path = files.write("sound.xlsx", sound);
    for (choice, columns, wanted) in [
        (
            SheetSelector::Named("s"),
            1..=1,
            "not_found: sound.xlsx has no sheet \"s\"",
        ),
        (
            SheetSelector::At(2),
            1..=1,
            "not_found: sound.xlsx has no sheet at position 2",
        ),
        (
            SheetSelector::At(0),
            5..=5,
            "invalid_field: the sheet \"S\" has no columns from 5 on: it has 4",
        ),
    ] {
        let failure = files.shown(&path, choice, 1..=1, columns).unwrap_err();
        assert_eq!(format!("{}: {failure}", failure.code()), wanted);
    }
    let corner = files.shown(&path, SheetSelector::At(0), 10..=209, 4..=103);
    assert_eq!(corner.unwrap(), "[[10004]]");
    fs::remove_file(&path).unwrap();
    for (path, wanted) in [
        (&*path, "the file sound.xlsx is no longer there"),
        (files.folder.path(), "it is not a file"),
    ] {
        let failure = files.first_window(path).unwrap_err().to_string();
        assert!(failure.ends_with(wanted), "{failure}");
    }
}

#[test]
fn a_damaged_sheet_leaves_the_others_readable() {
    let files = Files::new(small(1 << 20));
    let sheets = [
        ("Sound", "visible", numbers(3, 2)),
        ("Broken", "visible", "<sheetData><row><c".to_owned()),
        ("Large", "visible", numbers(20_000, 10)),
    ];
    let path = files.write("book.xlsx", workbook(&sheets, &[]));
    assert_eq!(
        files.sizes(&path),
        [
            "Sound visible (3) (2)",
            "Broken visible None None",
            "Large visible None None"
        ]
    );
    let listed = files.cells.sheets(&path, &ReadSettings::default()).unwrap();
    let wanted = [
        None,
        Some("the workbook is damaged"),
        Some("more than 1 MiB of memory"),
    ];
    for (index, (sheet, words)) in listed.iter().zip(wanted).enumerate() {
        let failure = files
            .shown(&path, SheetSelector::At(index), 1..=1, 1..=1)
            .err();
        assert_eq!(failure.map(|failure| failure.to_string()), sheet.problem);
        assert!(
            sheet
                .problem
                .as_deref()
                .unwrap_or_default()
                .contains(words.unwrap_or_default()),
            "{sheet:?}"
        );
        assert_eq!(sheet.problem.is_some(), words.is_some());
    }
}

#[test]
fn a_file_that_changed_is_read_anew() {
    let files = Files::new(WindowLimits::default());
    let value = |path: &Path| Some(files.first_window(path).ok()?.rows[1][0].clone());
    for (content, wanted) in [("a\n1\n", "1"), ("a\n22\n", "22"), ("a\n33\n", "33")] {
        // A new file replaces the old one, as in a run's folder.
        let beside = files.write("beside", content);
        let path = files.folder.path().join("data.csv");
        fs::rename(beside, &path).unwrap();
        assert_eq!(value(&path).unwrap(), wanted);
    }
    // A refused file is read once it is valid.
    let path = files.write("book.xlsx", "a,b\n1,2\n");
    assert_eq!(value(&path), None);
    files.write("book.xlsx", one_sheet(numbers(2, 1)));
    assert_eq!(value(&path).unwrap(), 2001);
}

#[test]
fn what_is_kept_is_bounded() {
    let limits = |items| WindowLimits {
        bytes: 1 << 20,
        items,
        ..WindowLimits::default()
    };
    let files = Files::new(limits(5));
    let sheets =
        ["A", "B", "C", "D", "E", "F", "G", "H"].map(|title| (title, "visible", numbers(2000, 10)));
    let path = files.write("many.xlsx", workbook(&sheets, &[]));
    assert!(
        files
            .sizes(&path)
            .iter()
            .all(|size| size.ends_with("(2000) (10)"))
    );
    for index in 0..8 {
        let (items, bytes) = files.cells.kept();
        assert!(
            items <= 5 && bytes <= 1 << 20,
            "{items} items, {bytes} bytes"
        );
        let corner = files.shown(&path, SheetSelector::At(index), 2000..=2000, 10..=10);
        assert_eq!(corner.unwrap(), "[[2000010]]");
    }

    // Two sheets that each take more than the bound are cached with their files' structures, but no third one.
    let files = Files::new(limits(16));
    let large = one_sheet(numbers(20_000, 10));
    let [first, second, third] =
        ["first.xlsx", "second.xlsx", "third.xlsx"].map(|name| files.write(name, &large));
    let kept_after = |path: &Path| {
        files.first_window(path).unwrap();
        files.cells.kept()
    };
    let (_, one) = kept_after(&first);
    assert!(one > 1 << 20, "{one} bytes");
    for path in [&second, &first, &second] {
        let two = kept_after(path);
        assert!(two.0 == 4 && two.1 > 2 * one - (1 << 16), "{two:?}");
    }
    let two = kept_after(&third);
    assert!(two.0 <= 5 && two.1 < 2 * one + (1 << 16), "{two:?}");

    // An unused sheet is dropped.
    let files = Files::new(WindowLimits {
        unused_for: Duration::ZERO,
        ..WindowLimits::default()
    });
    files.first_window(&path).unwrap();
    assert_eq!(files.cells.kept(), (0, 0));
}

#[test]
fn what_would_take_too_much_memory_is_refused() {
    let files = Files::new(small(1 << 20));
    // Each of these unpacks to many times its packed size. A file with little content costs time instead.
    let texts = workbook(&[("S", "visible", numbers(1, 1))], &vec![""; 200_000]);
    let spaces = format!("<sheetData>{}</sheetData>", " ".repeat(20 << 20));
    for (name, content, code, words) in [
        (
            "cells.xlsx",
            one_sheet(numbers(20_000, 10)),
            "workbook_unreadable",
            "cells.xlsx is too large to be shown: sheet \"S\" takes more than 1 MiB of memory",
        ),
        (
            "texts.xlsx",
            texts,
            "workbook_unreadable",
            "texts.xlsx is too large to be shown: the text of the workbook takes more than 1 MiB",
        ),
        (
            "text.csv",
            "x".repeat(2 << 20).into_bytes(),
            "workbook_unreadable",
            "sheet \"text\" takes more than 1 MiB of memory",
        ),
        (
            "old.xls",
            [old_workbook(), vec![0; 2 << 20]].concat(),
            "workbook_unreadable",
            "the workbook takes more than 1 MiB of memory",
        ),
        (
            "spaces.xlsx",
            one_sheet(spaces),
            "workbook_unreadable",
            "it is too large when it is unpacked",
        ),
    ] {
        let path = files.write(name, content);
        let failure = files.first_window(&path).unwrap_err();
        assert_eq!(failure.code(), code, "{failure}");
        assert!(failure.to_string().contains(words), "{failure}");
    }
    // Merged ranges beyond the bound are left out; the cells are still read.
    let ranges: String = (1..100_000)
        .map(|row| format!(r#"<mergeCell ref="A{row}:B{row}"/>"#))
        .collect();
    let path = files.write(
        "ranges.xlsx",
        one_sheet(numbers(1, 1) + "<mergeCells>" + &ranges + "</mergeCells>"),
    );
    assert_eq!(
        json!(files.first_window(&path).unwrap().rows),
        json!([[1001]])
    );
    let (_, bytes) = files.cells.kept();
    assert!(bytes < 2 << 20, "{bytes}");
}

#[test]
fn threads_share_what_is_read() {
    let files = Files::new(WindowLimits::default());
    let path = files.write("book.xlsx", one_sheet(numbers(3000, 8)));
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let (files, barrier, path) = (&files, &barrier, &path);
            scope.spawn(move || {
                barrier.wait();
                for turn in 0..20 {
                    let row = 1 + (thread * 353 + turn * 101) % 3000;
                    let shown = files.shown(path, SheetSelector::At(0), row..=row, 8..=8);
                    assert_eq!(shown.unwrap(), format!("[[{}]]", row * 1000 + 8));
                }
            });
        }
    });
    // The file's structure and its sheet are cached.
    assert_eq!(files.cells.kept().0, 2);
}
