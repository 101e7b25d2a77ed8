//! Painted copies: the library paints workbooks of all kinds, and an independent checker reads the copies.
//!
//! - [`cases`]: workbooks in their parts; `made_by_libraries.py` makes more
//! - [`checker`]: finds the faults of a copy; [`sheets`], [`package`] and [`xml`]: read both files for it
//! - [`breakages`]: copies broken on purpose; the checker must find each
//! - [`readers`]: checks that other programs open a copy

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

#[path = "../common/mod.rs"]
mod common;

mod breakages;
mod cases;
mod checker;
mod package;
mod readers;
mod refused;
mod sheets;
mod xml;

use std::fs;
use std::path::Path;

use ade::painting::{IssueMark, Note, PaintRefusal, PaintSummary, paint, place_of_copy};
use breakages::every_breakage_is_found;
use cases::Case;
use common::trials::{Tried, trials};
use readers::{
    workbooks_by_libraries_are_painted_and_open_in_openpyxl,
    workbooks_open_in_libreoffice_as_before,
};
use refused::{
    a_copy_appears_whole_or_not_at_all, text_and_old_workbooks_become_new_ones,
    what_cannot_be_painted_is_refused_in_words,
};

trials!(
    every_workbook_is_painted_and_nothing_else_changes,
    a_painted_copy_painted_again_stays_as_it_is,
    a_painted_copy_takes_other_marks_in_the_place_of_the_first,
    what_should_be_told_is_told,
    every_breakage_is_found,
    what_cannot_be_painted_is_refused_in_words,
    text_and_old_workbooks_become_new_ones,
    a_copy_appears_whole_or_not_at_all,
    workbooks_by_libraries_are_painted_and_open_in_openpyxl,
    workbooks_open_in_libreoffice_as_before,
);

/// Paints a workbook in a folder of its own.
fn painted(case: &Case, folder: &Path) -> Result<(Vec<u8>, PaintSummary), PaintRefusal> {
    painted_from(&case.bytes, case, &case.marks, folder)
}

fn painted_from(
    bytes: &[u8],
    case: &Case,
    marks: &[IssueMark],
    folder: &Path,
) -> Result<(Vec<u8>, PaintSummary), PaintRefusal> {
    let original = folder.join(&case.name);
    fs::write(&original, bytes).unwrap();
    let target = place_of_copy(&original, folder);
    let painted = paint(&original, marks, &target)?;
    assert_eq!(
        fs::read(&original).unwrap(),
        bytes,
        "{}: the original has changed",
        case.name
    );
    Ok((fs::read(&target).unwrap(), painted))
}

fn every_workbook_is_painted_and_nothing_else_changes() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let all = cases::painted();
    assert!(all.len() >= 30, "{}", all.len());
    let mut faults = Vec::new();
    for case in &all {
        match painted(case, folder.path()) {
            Ok((copy, _)) => {
                let found = checker::faults(&case.bytes, &copy, &case.marks);
                faults.extend(checker::told_of(&case.name, found));
            }
            Err(refusal) => faults.push(format!("{}: {refusal}", case.name)),
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    Ok(())
}

fn a_painted_copy_painted_again_stays_as_it_is() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    for case in cases::painted() {
        let (once, first) = painted(&case, folder.path()).unwrap();
        let (again, _) = painted(&case, folder.path()).unwrap();
        assert!(
            once == again,
            "{}: the same marks make another file",
            case.name
        );
        let (twice, second) = painted_from(&once, &case, &case.marks, folder.path()).unwrap();
        assert_eq!(
            (first.cells, first.comments, first.list),
            (second.cells, second.comments, second.list),
            "{}",
            case.name
        );
        let differing = package::differing(&once, &twice);
        // The note about a signature comes once, since the copy has no signature.
        let is_same = differing.is_empty() || case.name == "a_signed_package.xlsx";
        assert!(is_same, "{}: {differing:?} changed", case.name);
    }
    Ok(())
}

fn a_painted_copy_takes_other_marks_in_the_place_of_the_first() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let has_some = |case: &Case| (2..20).contains(&case.marks.len());
    for case in cases::painted().into_iter().filter(has_some) {
        let (once, _) = painted(&case, folder.path()).unwrap();
        let other = &case.marks[..1];
        let (twice, painted) = painted_from(&once, &case, other, folder.path()).unwrap();
        let parts = package::Parts::read(&twice).unwrap();
        let lists = parts
            .0
            .iter()
            .filter(|part| String::from_utf8_lossy(&part.bytes).contains("Original value"));
        assert_eq!((lists.count(), painted.listed), (1, 1), "{}", case.name);
    }
    Ok(())
}

fn what_should_be_told_is_told() -> Tried {
    let folder = tempfile::tempdir().unwrap();
    for (name, wanted) in [
        ("a_signed_package.xlsx", vec![Note::SignatureLeftOut]),
        ("macros.xlsm", vec![Note::MacrosMayCount]),
        ("protected_and_filtered.xlsx", vec![Note::NotThere(1)]),
        // Two of its three marks are under a rule without a fill.
        (
            "validation_and_conditional_formats.xlsx",
            vec![Note::Covered(1)],
        ),
        (cases::USUAL, vec![]),
    ] {
        let notes = painted(&cases::named(name), folder.path()).unwrap().1.notes;
        assert_eq!(notes, wanted, "{name}");
    }
    let full = cases::named("as_many_formats_as_excel_allows.xlsx");
    let notes = painted(&full, folder.path()).unwrap().1.notes;
    assert!(matches!(notes[..], [Note::FormatsFull(_)]), "{notes:?}");

    let mut many = cases::named(cases::USUAL);
    many.marks = cases::marks("North!A1-A70000");
    let (copy, painted) = painted(&many, folder.path()).unwrap();
    let wanted = [Note::CommentsEnd(10_000), Note::LinksEnd(65_530)];
    assert_eq!(painted.notes, wanted);
    let counts = (painted.cells, painted.comments, painted.listed);
    assert_eq!(counts, (70_000, 10_000, 70_000));
    let list = package::Parts::read(&copy).unwrap();
    let list = list.text("xl/worksheets/sheet2.xml");
    let said = "Only the first 10,000 cells have comments. Only the first 65,530 lines have links.";
    assert!(list.contains(said));
    assert_eq!(list.matches("<hyperlink ").count(), 65_530);
    Ok(())
}

fn main() -> std::process::ExitCode {
    common::trials::run(TRIALS.to_vec())
}
