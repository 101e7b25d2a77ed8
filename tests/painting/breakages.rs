//! Copies broken on purpose: what a painter that has a fault would write. The checker must find each.

use super::cases::{self, Case};
use super::checker;
use super::common::trials::Tried;
use super::package::Parts;
use super::painted;

/// What is broken, in which workbook and part, and which words become which.
type Replaced = (&'static str, &'static str, &'static str, [&'static str; 2]);

const REPLACED: [Replaced; 18] = [
    (
        "names keep the number of their sheet",
        "names_of_sheets_and_1904_dates",
        BOOK,
        ["localSheetId=\"2\"", "localSheetId=\"1\""],
    ),
    (
        "a sheet stays selected beside the list",
        "a_group_of_selected_sheets",
        "xl/worksheets/sheet2.xml",
        ["<sheetView ", "<sheetView tabSelected=\"1\" "],
    ),
    (
        "a chart sheet stays selected",
        "a_group_of_selected_sheets",
        "xl/chartsheets/sheet3.xml",
        ["<sheetView ", "<sheetView tabSelected=\"1\" "],
    ),
    (
        "a window opens with another sheet",
        "a_group_of_selected_sheets",
        BOOK,
        ["<workbookView ", "<workbookView activeTab=\"2\" "],
    ),
    (
        "the comments have no content type",
        "inline_strings",
        "[Content_Types].xml",
        ["/xl/comments1.xml", "/xl/comments9.xml"],
    ),
    (
        "the drawing has no content type",
        "inline_strings",
        "[Content_Types].xml",
        ["Extension=\"vml\"", "Extension=\"vmx\""],
    ),
    // The fills of the list are the first that are added; errors have the number behind the head's.
    (
        "a fill is one off",
        "inline_strings",
        "xl/styles.xml",
        ["FFF9CCC6", "FFF9CCC7"],
    ),
    (
        "a list of formats counts too few",
        "inline_strings",
        "xl/styles.xml",
        ["<cellXfs count=\"", "<cellXfs count=\"1"],
    ),
    (
        "a comment is at another cell",
        "inline_strings",
        "xl/comments1.xml",
        ["ref=\"B5\"", "ref=\"B6\""],
    ),
    (
        "a box is at another cell",
        "inline_strings",
        "xl/drawings/vmlDrawing1.vml",
        ["<x:Row>4</x:Row>", "<x:Row>5</x:Row>"],
    ),
    (
        "shapes are in no block of numbers",
        "more_comments_than_a_block_of_shapes",
        "xl/drawings/vmlDrawing1.vml",
        ["data=\"1,2\"", "data=\"1\""],
    ),
    (
        "the sheet names no drawing",
        "inline_strings",
        "xl/worksheets/_rels/sheet1.xml.rels",
        ["vmlDrawing1.vml", "vmlDrawing7.vml"],
    ),
    (
        "the sender's comment is gone",
        "comments_already_there",
        "xl/comments1.xml",
        ["<t>Bo:</t>", "<t/>"],
    ),
    (
        "words are put into a thread",
        "threaded_comments",
        "xl/comments1.xml",
        ["    why?</t>", "    why? Error: not so</t>"],
    ),
    (
        "a covered cell of a merged area is painted",
        "merged_areas",
        SHEET,
        ["<c r=\"B2\" s=\"1\">", "<c r=\"B2\" s=\"9\">"],
    ),
    (
        "a value is lost",
        "inline_strings",
        SHEET,
        ["<v>43000</v>", "<v>43001</v>"],
    ),
    (
        "a line of the list links to another cell",
        "inline_strings",
        "xl/worksheets/sheet2.xml",
        ["'North'!B5", "'North'!B4"],
    ),
    (
        "the properties count one title too few",
        "hidden_sheets_and_properties",
        "docProps/app.xml",
        ["size=\"4\"", "size=\"3\""],
    ),
];

/// What is broken, in which workbook, and how.
type Breakage = (&'static str, &'static str, fn(&mut Parts));

const SHEET: &str = "xl/worksheets/sheet1.xml";
const BOOK: &str = "xl/workbook.xml";

const CHANGED: [Breakage; 8] = [
    (
        "the list has no view for the second window",
        "a_group_of_selected_sheets",
        |parts| {
            let text = parts.text("xl/worksheets/sheet1.xml");
            assert!(text.contains("<sheetData>"));
            let list = "xl/worksheets/sheet3.xml";
            let text = parts.text(list);
            let start = text.rfind("<sheetView ").unwrap();
            let end = text.find("</sheetViews>").unwrap();
            parts.set(list, format!("{}{}", &text[..start], &text[end..]));
        },
    ),
    (
        "the drawing of comments stands at the end",
        "a_table_with_a_dark_header",
        |parts| {
            let text = parts.text(SHEET);
            let start = text.find("<legacyDrawing").unwrap();
            let end = start + text[start..].find("/>").unwrap() + 2;
            let element = text[start..end].to_owned();
            let without = text
                .replace(&element, "")
                .replace("</worksheet>", &format!("{element}</worksheet>"));
            parts.set(SHEET, without);
        },
    ),
    (
        "a painted format loses its number format",
        "inline_strings",
        |parts| {
            let text = parts.text("xl/styles.xml");
            let at = text.rfind("numFmtId=\"164\"").unwrap();
            let new = format!("{}numFmtId=\"14\"{}", &text[..at], &text[at + 14..]);
            parts.set("xl/styles.xml", new);
        },
    ),
    (
        "text in a table keeps the colour of its style",
        "a_table_with_a_dark_header",
        |parts| {
            let text = parts.text("xl/styles.xml");
            parts.set("xl/styles.xml", text.replace("FF1C1B19", "FFFEFEFE"));
        },
    ),
    ("a mark is beside its cell", "inline_strings", |parts| {
        let text = parts.text(SHEET);
        let start = text.find("<c r=\"C5\" s=\"").unwrap() + 13;
        let end = start + text[start..].find('"').unwrap();
        parts.set(SHEET, format!("{}3{}", &text[..start], &text[end..]));
    }),
    (
        "a new cell stands behind a greater one",
        "absent_cells_and_rows",
        |parts| {
            let text = parts.text(SHEET);
            let start = text.find("<c r=\"C1\"").unwrap();
            let end = start + text[start..].find("/>").unwrap() + 2;
            let cell = text[start..end].to_owned();
            let moved = text
                .replace(&cell, "")
                .replace("<row r=\"1\">", &format!("<row r=\"1\">{cell}"));
            parts.set(SHEET, moved);
        },
    ),
    (
        "a part that is not touched has changed",
        "macros",
        |parts| {
            let mut bytes = parts.get("xl/vbaProject.bin").unwrap().bytes.clone();
            bytes[100] ^= 1;
            parts.set("xl/vbaProject.bin", bytes);
        },
    ),
    (
        "a signature that no longer holds is kept",
        "a_signed_package",
        |parts| {
            let mut part = parts.0[0].clone();
            part.name = "_xmlsignatures/origin.sigs".to_owned();
            parts.0.push(part);
        },
    ),
];

pub fn every_breakage_is_found() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let all = cases::all();
    let mut missed = Vec::new();
    let mut try_it = |words, name: &str, break_it: &dyn Fn(&mut Parts)| {
        let case: Option<&Case> = all.iter().find(|case| case.name == name);
        let case = case.unwrap_or_else(|| panic!("no {name}"));
        let (copy, _) = painted(case, folder.path()).unwrap();
        let mut parts = Parts::read(&copy).unwrap();
        let whole = checker::faults(&case.bytes, &parts.write(), &case.marks);
        assert!(whole.is_empty(), "{name}: {whole:?}");
        break_it(&mut parts);
        if checker::faults(&case.bytes, &parts.write(), &case.marks).is_empty() {
            missed.push(words);
        }
    };
    for (words, name, part, [old, new]) in REPLACED {
        try_it(words, name, &|parts| parts.replace(part, old, new));
    }
    for (words, name, break_it) in CHANGED {
        try_it(words, name, &break_it);
    }
    assert!(missed.is_empty(), "not found: {missed:#?}");
    Ok(())
}
