//! Recognises sideways tables: the names of columns are below each other, and each record is a column.
//!
//! The evidence is either words of fields in the first column, or rows that each have one kind of value, with several kinds in
//! all. A table is judged only if it is alone on its sheet, except for titles and notes of one cell.

use std::ops::Range;
use std::sync::Arc;

use foldhash::HashSet;

use super::rows::{is_digit, is_number_or_day};
use super::view::Area;
use super::{FieldWords, SheetNotice, SheetRowView, SheetView, Span};
use crate::cells::{CellTag, SheetCell};

/// The maximum number of rows and columns of a sideways table.
const MAX_ROWS: usize = 60;
const MAX_COLUMNS: usize = 250;
/// The minimum number of fields whose words are below each other, to turn a table without further evidence.
const MIN_FIELDS: usize = 3;

/// A table that lies on its side.
#[derive(Debug)]
struct SidewaysTable {
    /// Its rows, without blank ones.
    rows: Range<usize>,
    /// The column of its names.
    names: usize,
    /// The number of fields that the names match.
    fields: usize,
    /// True if its names and values are certain.
    is_sure: bool,
}

/// The kind of a cell of a sideways table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum LineCellKind {
    Date,
    Number,
    Text,
}

impl SheetView<'_> {
    /// Finds a sideways table of the sheet, and turns it if this is certain and wanted. Returns whether there is one.
    pub(super) fn find_side(&mut self) -> bool {
        let Some(side) = find_side(self.rows, self.words) else {
            return false;
        };
        let is_turned = side.is_sure && self.settings.is_2026 && self.grid.is_plain();
        if is_turned {
            self.areas.push(Area {
                grid: Arc::new(self.grid.turned(&side.rows, side.names)),
                columns: None,
                header: side.names,
            });
        } else {
            self.spans
                .push(Span::new(side.rows.start, 0, side.rows.end));
        }
        let told = SheetNotice::OnItsSide(side.fields, side.rows, is_turned);
        self.told.push(told);
        true
    }
}

/// Finds the table of a sheet if it is sideways.
fn find_side(rows: SheetRowView<'_>, words: &FieldWords) -> Option<SidewaysTable> {
    let sheet = rows.sheet;
    let facts = sheet.facts();
    if facts.rows_emitted > 2 * MAX_ROWS || facts.width > MAX_COLUMNS {
        return None;
    }
    let is_line = |row: &usize| rows.filled(*row).nth(1).is_some();
    let lines: Vec<usize> = (0..facts.rows_emitted).filter(is_line).collect();
    let (&top, &last) = (lines.first()?, lines.last()?);
    let is_alone = (2..=MAX_ROWS).contains(&lines.len()) && last - top < lines.len();
    if !is_alone || rows.names_columns(top, words) {
        return None;
    }
    let first = lines
        .iter()
        .filter_map(|&row| rows.filled(row).next())
        .min()?;
    let names: Vec<SheetCell> = lines.iter().map(|&row| sheet.cell(row, first)).collect();
    let texts: Vec<String> = names.iter().map(|&name| rows.text(name)).collect();
    let begins = |text: &String| text.chars().next().is_some_and(|first| !is_digit(first));
    if !names.iter().all(|&name| rows.is_name(name)) || !texts.iter().all(begins) {
        return None;
    }
    let cells: Vec<Vec<SheetCell>> = lines.iter().map(|&row| rows.cells(row)).collect();
    let kinds: Vec<HashSet<LineCellKind>> = cells
        .iter()
        .map(|cells| cells[1..].iter().map(|&cell| kind_of(rows, cell)).collect())
        .collect();
    let fields = rows.count_fields(&names, words);
    let is_known = |name: &SheetCell| rows.field_of(*name, words).is_some();
    let is_named = is_known(&names[0])
        && fields > 1
        && names.iter().filter(|name| is_known(name)).count() * 2 >= names.len()
        && cells
            .iter()
            .all(|cells| rows.count_fields(cells, words) < 2);
    let is_uniform = kinds.iter().all(|kinds| kinds.len() == 1);
    if !(is_named || is_uniform && has_kinds(rows, &lines, first, &kinds)) {
        return None;
    }
    // A single record needs a value as evidence: a list of names and their meanings has none.
    let has_values = cells.iter().any(|cells| cells.len() > 2) || !kinds.iter().all(are_texts);
    let different: HashSet<&String> = texts.iter().collect();
    Some(SidewaysTable {
        rows: top..last + 1,
        names: first,
        fields,
        is_sure: is_named
            && is_uniform
            && has_values
            && fields >= names.len().min(MIN_FIELDS)
            && different.len() == names.len(),
    })
}

fn kind_of(rows: SheetRowView<'_>, cell: SheetCell) -> LineCellKind {
    match cell.tag {
        CellTag::Date | CellTag::DateTime | CellTag::Time | CellTag::Duration => LineCellKind::Date,
        CellTag::Text if !is_number_or_day(rows.sheet.text(cell.as_text())) => LineCellKind::Text,
        _ => LineCellKind::Number,
    }
}

fn are_texts(kinds: &HashSet<LineCellKind>) -> bool {
    *kinds == HashSet::from_iter([LineCellKind::Text])
}

/// Returns whether rows have values of several kinds, so that no column has a single kind: two rows have texts below the first,
/// and others have values. A row of signs for missing values is no row of texts.
fn has_kinds(
    rows: SheetRowView<'_>,
    lines: &[usize],
    first: usize,
    kinds: &[HashSet<LineCellKind>],
) -> bool {
    let is_full = |&row: &usize| {
        let width = rows.sheet.row_width(row);
        let mut columns = first..width;
        width > first + 2 && columns.all(|column| !rows.is_blank(row, column))
    };
    let behind = first + 1..usize::MAX;
    let below = || lines.iter().zip(kinds).skip(1);
    let texts = below()
        .filter(|(row, kinds)| are_texts(kinds) && rows.texts_within(**row, &behind).len() > 1);
    texts.count() > 1 && below().any(|(_, kinds)| !are_texts(kinds)) && lines.iter().all(is_full)
}
