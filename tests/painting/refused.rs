//! Workbooks that are not painted, and workbooks whose copy is another workbook.

use std::fs;
use std::path::Path;

use ade::base::problem::Problem;
use ade::cells::{CellReader, ReadSettings, SheetSelector, WindowLimits};
use ade::painting::{Note, PaintRefusal, PaintSummary, paint, place_of_copy};

use super::cases::{self, marks};
use super::common;
use super::common::trials::Tried;
use super::package::Parts;
use super::sheets::Grid;

fn refusal(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join(name);
    fs::write(&original, bytes).unwrap();
    let target = place_of_copy(&original, folder.path());
    let refusal = paint(&original, &marks("North!A1, North!B2"), &target).unwrap_err();
    assert!(!target.exists(), "{name}: there is a copy");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{name}: {left:?}");
    assert!(!refusal.code().is_empty());
    refusal.to_string()
}

pub fn what_cannot_be_painted_is_refused_in_words() -> Tried {
    for case in cases::all() {
        let Some(wanted) = &case.refusal else {
            continue;
        };
        let words = refusal(&case.name, &case.bytes);
        match wanted.strip_suffix('…') {
            Some(begin) => assert!(words.starts_with(begin), "{words}"),
            None => assert_eq!(&words, wanted),
        }
    }
    let whole = cases::usual().write();
    let locked = common::encrypted_workbook();
    let mut utf16 = cases::usual();
    let sheet = "\u{feff}<worksheet><sheetData/></worksheet>".encode_utf16();
    let sheet: Vec<u8> = sheet.flat_map(u16::to_le_bytes).collect();
    utf16.set("xl/worksheets/sheet1.xml", sheet);
    for (name, bytes, words) in [
        (
            "a.xlsx",
            &*locked,
            "a.xlsx is protected by a password; save it without one",
        ),
        (
            "b.xls",
            &*locked,
            "b.xls is protected by a password; save it without one",
        ),
        (
            "j.xlsx",
            &*utf16.write(),
            "j.xlsx cannot be marked: xl/worksheets/sheet1.xml is not in UTF-8",
        ),
        (
            "n.xlsx",
            &whole[..whole.len() / 2],
            "n.xlsx is not a workbook, or is damaged",
        ),
        (
            "o.xlsx",
            &[],
            "o.xlsx is empty (0 bytes); export or download the file again",
        ),
        (
            "p.ods",
            &whole[..2],
            "p.ods is not an .ods workbook: it is not a zip archive",
        ),
    ] {
        assert_eq!(refusal(name, bytes), words);
    }
    let page = refusal("q.xlsx", b"<html><body>a page</body></html>");
    assert!(
        page.starts_with("q.xlsx ") && !page.contains("workbook, or is damaged"),
        "{page}"
    );
    Ok(())
}

/// The copy of a text file, read back.
fn copy_of(name: &str, bytes: &[u8], list: &str) -> (Parts, PaintSummary) {
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join(name);
    fs::write(&original, bytes).unwrap();
    let target = place_of_copy(&original, folder.path());
    assert!(target.to_str().unwrap().ends_with("people_annotated.xlsx"));
    let painted = paint(&original, &marks(&format!("{list}!B2, {list}!C4")), &target).unwrap();
    (Parts::read(&fs::read(&target).unwrap()).unwrap(), painted)
}

pub fn text_and_old_workbooks_become_new_ones() -> Tried {
    text_becomes_a_workbook();
    an_old_workbook_becomes_a_new_one();
    Ok(())
}

fn text_becomes_a_workbook() {
    let text = "name;start\nAnn;\"02.13.2018\nor later\"\n\n=1+1;007\n";
    // The sheet of a text file has the name that the engine gives it.
    let (parts, painted) = copy_of("people.csv", text.as_bytes(), "people");
    let is_text = true;
    assert_eq!(
        painted.notes,
        [Note::ValuesAlone {
            file: "people.csv".to_owned(),
            is_text
        }]
    );
    assert_eq!((painted.cells, painted.comments), (2, 2));
    let sheet = Grid::read(&parts, "xl/worksheets/sheet1.xml").unwrap();
    let rows = sheet.texts(1);
    assert_eq!(rows[&2], ["Ann", "02.13.2018\nor later"]);
    assert_eq!(rows[&4], ["=1+1", "007", ""]);
    let list = Grid::read(&parts, "xl/worksheets/sheet2.xml")
        .unwrap()
        .texts(1);
    assert_eq!(list[&1], ["2 issues in people.csv"]);
    assert_eq!(
        list[&3],
        ["A text file cannot be coloured, so this marked copy is a new workbook."]
    );
}

/// Checks that an old workbook's copy has the same cells in the same sheets, as the reader of windows shows them.
fn an_old_workbook_becomes_a_new_one() {
    let original =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases/legacy-xls/input.xls");
    let folder = tempfile::tempdir().unwrap();
    let target = place_of_copy(&original, folder.path());
    let cells = CellReader::new(WindowLimits::default());
    let reading = ReadSettings::whole();
    let before = cells.sheets(&original, &reading).unwrap();
    let title = before[0].name.clone();
    let painted = paint(&original, &marks(&format!("{title}!B2")), &target).unwrap();
    let is_text = false;
    assert_eq!(
        painted.notes,
        [Note::ValuesAlone {
            file: "input.xls".to_owned(),
            is_text
        }]
    );
    let after = cells.sheets(&target, &reading).unwrap();
    assert_eq!(after[0].name, "Issues");
    assert_eq!(after.len(), before.len() + 1);
    for (old, new) in before.iter().zip(&after[1..]) {
        assert_eq!((&old.name, old.state), (&new.name, new.state));
        let rows = |path: &Path, name: &str| {
            let window = cells.window(path, &reading, SheetSelector::Named(name), 1..=200, 1..=100);
            window.unwrap().rows
        };
        assert_eq!(
            rows(&original, &old.name),
            rows(&target, &new.name),
            "{}",
            old.name
        );
    }
}

pub fn a_copy_appears_whole_or_not_at_all() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let case = cases::named(cases::USUAL);
    let original = folder.path().join("book.xlsx");
    fs::write(&original, &case.bytes).unwrap();
    let same = paint(&original, &case.marks, &original).unwrap_err();
    assert!(matches!(same, PaintRefusal::SameFile { .. }), "{same}");
    assert_eq!(fs::read(&original).unwrap(), case.bytes);
    let nowhere = folder.path().join("not/there.xlsx");
    let refused = paint(&original, &case.marks, &nowhere).unwrap_err();
    assert!(matches!(refused, PaintRefusal::Unwritable(_)), "{refused}");
    let gone = paint(
        &folder.path().join("gone.xlsx"),
        &case.marks,
        &folder.path().join("x.xlsx"),
    )
    .unwrap_err();
    assert!(
        gone.to_string().starts_with("cannot read gone.xlsx"),
        "{gone}"
    );
    let old = folder.path().join("old.xlsx");
    fs::write(&old, "an old copy").unwrap();
    fs::write(&original, &case.bytes[..100]).unwrap();
    assert!(paint(&original, &case.marks, &old).is_err());
    assert_eq!(fs::read_to_string(&old).unwrap(), "an old copy");
    Ok(())
}
