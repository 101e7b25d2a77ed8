//! The passes from a sheet to the rows of its tables, for Python.

use std::cell::RefCell;
use std::ops::Range;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

use super::layout::SheetLayout;
use super::source::Scan;
use ade_engine_native::cells::Tag;
use ade_engine_native::cells::white_space::is_control;
use ade_engine_native::layout::{RowKind, RowLooks};
use ade_engine_native::sheet::as_above::as_above;
use ade_engine_native::sheet::header::Header;
use ade_engine_native::sheet::inside::Inside;
use ade_engine_native::sheet::on_its_side::Side;
use ade_engine_native::sheet::rows::{Rows, Words};
use ade_engine_native::sheet::span::Span;
use ade_engine_native::sheet::told::{Doubt, Kept, Told};
use ade_engine_native::sheet::view::{Choice, Heads, Settings, SheetView};
use ade_engine_native::sheet::{self, Place, headers, units};

/// Words that headers have, simplified, each with its field.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct HeaderWords(Words);

#[pymethods]
impl HeaderWords {
    #[new]
    fn new(words: Words) -> Self {
        Self(words)
    }
}

pub(super) fn kinds_of(kinds: &Bound<'_, PyByteArray>) -> Vec<RowKind> {
    let numbers = kinds.to_vec().into_iter();
    numbers.map(RowKind::from_number).collect()
}

pub(super) fn numbers_of(kinds: &[RowKind]) -> Vec<u8> {
    kinds.iter().map(|&kind| kind as u8).collect()
}

/// The kinds of all rows; rows that repeat a header, each with how, in words; headers of other tables; titles of pages.
type MarkedHeaders<'py> = (
    Bound<'py, PyBytes>,
    Vec<(usize, &'static str)>,
    Vec<usize>,
    Vec<usize>,
);

/// Marks, among the kinds of a sheet's rows, headers that only the rows around them explain. Without `words`, which headers have, only
/// those that repeat one are, and only if `repeated`; `by_values`: names above values in several columns are a header, too.
#[pyfunction]
pub fn mark_headers<'py>(
    py: Python<'py>,
    scan: &Bound<'py, Scan>,
    layout: &Bound<'py, SheetLayout>,
    kinds: &Bound<'py, PyByteArray>,
    repeated: bool,
    words: Option<&Bound<'py, HeaderWords>>,
    by_values: bool,
) -> MarkedHeaders<'py> {
    let sheet = scan.get().sheet();
    let layout = layout.get().layout();
    let words = words.map(|words| &words.get().0);
    let mut kinds = kinds_of(kinds);
    let marked = py.detach(|| {
        let rows = Rows { sheet: &sheet };
        headers::mark(rows, layout, &mut kinds, repeated, words, by_values)
    });
    let repeats = marked.repeats.into_iter();
    let repeats = repeats.map(|(row, how)| (row, how.words()));
    let kinds = PyBytes::new(py, &numbers_of(&kinds));
    (kinds, repeats.collect(), marked.further, marked.titles)
}

/// A table: first row, header rows, the row behind the last, first column, the column behind the last, whether no detector took the
/// header row for one, what stands above it that is of all its records, and the cells of its header that name no column.
type SpanTuple = (
    usize,
    usize,
    usize,
    usize,
    Option<usize>,
    bool,
    Option<String>,
    Vec<(usize, usize)>,
);

fn tuple_of(span: Span) -> SpanTuple {
    let last = (span.columns.end < usize::MAX).then_some(span.columns.end);
    let (header_rows, first) = (span.header_rows, span.columns.start);
    (
        span.start,
        header_rows,
        span.stop,
        first,
        last,
        span.is_guessed,
        span.section,
        span.unnamed,
    )
}

/// The choice of a user for a sheet, counted from 1: its header rows, first and last, or none; and the range of its tables.
#[derive(FromPyObject)]
pub struct ChoiceOfUser {
    header_rows: Option<Vec<usize>>,
    area: Option<(usize, usize, usize, usize)>,
}

impl ChoiceOfUser {
    fn choice(self) -> Choice {
        let header_rows = self.header_rows.map(|rows| match rows[..] {
            [first, last] => first - 1..last,
            _ => 0..0,
        });
        let area = self
            .area
            .map(|(top, left, bottom, right)| (top - 1..bottom, left - 1..right));
        Choice { header_rows, area }
    }
}

/// The columns of a part of a sheet, where it lies beside others.
type PartColumns = (Option<(usize, usize)>,);

/// The settings of a run that say how tables are found, and which of their rows are left out.
#[derive(FromPyObject)]
pub struct RunSettings {
    edition: String,
    headerless_tables: bool,
    rows_by_context: bool,
    columns_by_context: bool,
    merge_stacked_headers: bool,
    split_side_by_side_tables: bool,
    group_rows: String,
    end_tables_at_notes: bool,
    stop_at_blank_rows: usize,
    skip_total_rows: bool,
    balance_rows: String,
}

impl RunSettings {
    fn settings(self, choice: Option<ChoiceOfUser>, part: Option<PartColumns>) -> Settings {
        let choice = choice.map(ChoiceOfUser::choice);
        let is_open = choice.as_ref().is_none_or(Choice::is_open);
        Settings {
            is_2026: self.edition == "2026",
            headerless: self.headerless_tables && is_open,
            by_context: self.rows_by_context && is_open,
            columns_by_context: self.columns_by_context,
            merge_stacked_headers: self.merge_stacked_headers,
            split_side_by_side: self.split_side_by_side_tables,
            heads: match self.group_rows.as_str() {
                "column" => Heads::ToColumn,
                "drop" => Heads::LeaveOut,
                _ => Heads::Keep,
            },
            end_at_notes: self.end_tables_at_notes,
            blank_rows: self.stop_at_blank_rows,
            leave_out_totals: self.skip_total_rows,
            leave_out_balances: self.balance_rows == "drop",
            choice,
            is_part: part.is_some(),
            columns: part
                .and_then(|(columns,)| columns)
                .map(|(first, stop)| first..stop),
        }
    }
}

/// A notice: its name, and what it says.
fn told<'py>(py: Python<'py>, told: Told) -> PyResult<Bound<'py, PyAny>> {
    let ends = |columns: Range<usize>| (columns.start, columns.end);
    match told {
        Told::NoHeader(row, is_above) => ("no header", row, is_above).into_bound_py_any(py),
        Told::Doubt(rows, why) => {
            let why = match why {
                Doubt::Looks => "looks",
                Doubt::Address => "address",
                Doubt::NothingBelow => "nothing below",
                Doubt::TextsBelowNames => "texts below names",
            };
            ("doubt", rows, why).into_bound_py_any(py)
        }
        Told::Kept(rows, why) => {
            let why = match why {
                Kept::PartOfHeader => "part of the header",
                Kept::OtherHeader => "other header",
                Kept::NameAlone => "name alone",
                Kept::Note => "note",
            };
            ("kept", rows, why).into_bound_py_any(py)
        }
        Told::Below(rows, likely, kind) => {
            ("below", rows.collect::<Vec<_>>(), likely, kind as u8).into_bound_py_any(py)
        }
        Told::LeftOutAbove(rows) => ("left out above", rows).into_bound_py_any(py),
        Told::TablesAbove(rows) => ("tables above", rows).into_bound_py_any(py),
        Told::LeftOutBelow(rows, are_more) => {
            ("left out below", rows, are_more).into_bound_py_any(py)
        }
        Told::Deductions(row) => ("deductions", row).into_bound_py_any(py),
        Told::PageTitles(rows) => ("page titles", rows).into_bound_py_any(py),
        Told::OnItsSide(fields, rows) => {
            ("on its side", fields, rows.start, rows.end).into_bound_py_any(py)
        }
        Told::NotesBeside(cells) => ("notes beside", cells).into_bound_py_any(py),
        Told::DoubtBeside(columns, ends_above) => {
            ("doubt beside", columns.start, columns.end, ends_above).into_bound_py_any(py)
        }
        Told::TablesBeside(tables) => {
            let tables: Vec<(usize, usize)> = tables.into_iter().map(ends).collect();
            ("tables beside", tables).into_bound_py_any(py)
        }
    }
}

/// A table on its side: first row, the row behind the last, the column of its names, of how many fields these are words, and whether names
/// and values leave no doubt.
type SideTuple = (usize, usize, usize, usize, bool);
/// A part of a sheet: first row and the row behind the last, first column and the column behind the last, and its header row.
type PartTuple = ((usize, usize), (usize, usize), usize);

/// The tables that were found on a sheet.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct FoundTables {
    /// The kinds of all rows.
    kinds: Py<PyBytes>,
    spans: Vec<SpanTuple>,
    told: Vec<Py<PyAny>>,
    side: Option<SideTuple>,
    parts: Vec<PartTuple>,
}

/// Finds the tables of a sheet. `header`: the row with the highest header score, and the titles of its pages; `part`: not nothing for a part
/// of a sheet, with its columns where it lies beside others; `is_label`: whether a row
/// begins with a label that some field asks for.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "Python names each")]
pub fn find_tables<'py>(
    py: Python<'py>,
    scan: &Bound<'py, Scan>,
    layout: Option<&Bound<'py, SheetLayout>>,
    kinds: &Bound<'py, PyByteArray>,
    header: (Option<usize>, Vec<usize>),
    words: &Bound<'py, HeaderWords>,
    settings: RunSettings,
    choice: Option<ChoiceOfUser>,
    part: Option<PartColumns>,
    is_label: Option<&Bound<'py, PyAny>>,
) -> PyResult<FoundTables> {
    let sheet = scan.get().sheet();
    let unknown = RowLooks::default();
    let looks = layout.map_or(&unknown, |layout| layout.get().layout());
    let failed = RefCell::new(None);
    let is_label = is_label.map(|asked| |row: usize| truth_of(asked.call1((row,)), &failed));
    let mut view = SheetView {
        rows: Rows { sheet: &sheet },
        looks,
        words: &words.get().0,
        settings: &settings.settings(choice, part),
        is_label: is_label
            .as_ref()
            .map(|asked| asked as &dyn Fn(usize) -> bool),
        best_header: header.0,
        kinds: kinds_of(kinds),
        titles: header.1,
        spans: Vec::new(),
        told: Vec::new(),
    };
    let (mut side, mut parts) = (None, Vec::new());
    match sheet::find_tables(&mut view) {
        Place::Here => {}
        Place::OnItsSide(Side {
            rows,
            names,
            fields,
            is_sure,
        }) => {
            side = Some((rows.start, rows.end, names, fields, is_sure));
        }
        Place::InParts(found) => {
            parts.extend(found.into_iter().map(|part| {
                let (rows, columns) = (part.rows, part.columns);
                (
                    (rows.start, rows.end),
                    (columns.start, columns.end),
                    part.header,
                )
            }));
        }
    }
    let SheetView {
        kinds,
        spans,
        told: all,
        ..
    } = view;
    if let Some(error) = failed.take() {
        return Err(error);
    }
    let all = all.into_iter().map(|one| Ok(told(py, one)?.unbind()));
    Ok(FoundTables {
        kinds: PyBytes::new(py, &numbers_of(&kinds)).unbind(),
        spans: spans.into_iter().map(tuple_of).collect(),
        told: all.collect::<PyResult<_>>()?,
        side,
        parts,
    })
}

/// What the header rows of a table say of its columns.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct HeaderOfTable {
    /// The columns' names, without footnote marks and units; empty where they have none.
    names: Vec<String>,
    /// The columns with marks or units: footnote marks, the unit, and where it is another the name as it is written.
    said: Vec<(usize, String, String, Option<String>)>,
    /// The texts of each row, without marks and units.
    rows: Vec<Vec<String>>,
    /// The cells of each name, by row and column of the header.
    cells: Vec<Vec<(usize, usize)>>,
    /// The cells that hold what no cell of a workbook can.
    controlled: Vec<(usize, usize)>,
}

/// Reads the header of a table. `rows`: its first row, and the one below it; `columns`: as in [`rows_of_table`]; `unnamed`: cells of the sheet
/// that name no column; `spreads`: labels stand over several columns; `is_name`: whether a text is the name of a field.
#[pyfunction]
pub fn header_of_table(
    scan: &Bound<'_, Scan>,
    rows: (usize, usize),
    columns: (usize, Option<usize>),
    unnamed: Vec<(usize, usize)>,
    spreads: bool,
    is_name: &Bound<'_, PyAny>,
) -> PyResult<HeaderOfTable> {
    let sheet = scan.get().sheet();
    let texts_of = Rows { sheet: &sheet };
    let (first, mut controlled) = (columns.0, Vec::new());
    let mut text = |row: usize, column: usize| {
        if unnamed.contains(&(row, column)) {
            return String::new();
        }
        let cell = sheet.cell(row, column);
        let mut text = texts_of.untrimmed(cell);
        if cell.tag == Tag::DateTime {
            // As Python's `str` has it.
            text = text.replacen('T', " ", 1);
        }
        if text.contains(is_control) {
            controlled.push((row - rows.0, column - first));
            text.retain(|c| !is_control(c));
        }
        text
    };
    let texts = (rows.0..rows.1).map(|row| {
        let stop = sheet.row_width(row).min(columns.1.unwrap_or(usize::MAX));
        (first..stop).map(|column| text(row, column)).collect()
    });
    let failed = RefCell::new(None);
    let is_name = |text: &str| truth_of(is_name.call1((text,)), &failed);
    let header = Header::read(texts.collect(), spreads, &is_name);
    if let Some(error) = failed.take() {
        return Err(error);
    }
    let columns = header.columns.iter().enumerate();
    let said =
        columns.filter(|(_, column)| !(column.footnote.is_empty() && column.unit.is_empty()));
    let said = said.map(|(at, column)| {
        let written = (column.written != column.name).then(|| column.written.clone());
        (at, column.footnote.clone(), column.unit.clone(), written)
    });
    Ok(HeaderOfTable {
        said: said.collect(),
        names: header
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        cells: header
            .columns
            .iter()
            .map(|column| column.cells.clone())
            .collect(),
        rows: header.rows,
        controlled,
    })
}

/// Whether what a function of Python's says is true; an error is kept, and nothing is.
fn truth_of(said: PyResult<Bound<'_, PyAny>>, failed: &RefCell<Option<PyErr>>) -> bool {
    said.and_then(|said| said.is_truthy())
        .unwrap_or_else(|error| {
            failed.replace(Some(error));
            false
        })
}

/// Cells with a sign for "as above", each with the row of the value that it stands for; columns that are filled once for several records, and
/// the rows in which they are blank.
type AboveTuple = (Vec<(usize, usize, Option<usize>)>, (Vec<usize>, Vec<usize>));

/// Finds the cells of a table that stand for values above them. `rows`: the table's first row below its header, and the one behind its last;
/// `columns`: its first column, and the one behind its last.
#[pyfunction]
pub fn values_above(
    scan: &Bound<'_, Scan>,
    rows: (usize, usize),
    columns: (usize, Option<usize>),
) -> AboveTuple {
    let sheet = scan.get().sheet();
    let span = Span {
        columns: columns.0..columns.1.unwrap_or(usize::MAX),
        ..Span::new(rows.0, 0, rows.1)
    };
    let found = as_above(Rows { sheet: &sheet }, &span);
    (found.signs, found.filled_once)
}

/// A total beside what was added: its row and column, what it says, what was added, the first and the last row of that, decimals, whether it
/// is a balance, and whether it has to be right.
type CheckTuple = (usize, usize, f64, f64, usize, usize, u8, bool, bool);

/// The kinds of the rows below the header of a table, and what follows from them. Rows count from 0 at the first of these, but for cells of the sheet.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct RowsOfTable {
    kinds: Py<PyBytes>,
    /// The first so many rows are names alone, and records.
    lone_names: usize,
    /// Rows that may be totals, each with the number of the reason.
    doubtful: Vec<(usize, u8)>,
    checks: Vec<CheckTuple>,
    /// The section head above each row, where these become a column and there are any.
    sections: Option<Vec<Option<String>>>,
    /// The cells of heads that hold what no cell of a workbook can.
    controlled: Vec<(usize, usize)>,
    /// Row of the sheet, and row and column of the head above it.
    heads: Vec<(usize, usize, usize)>,
    /// The columns that have a name for lines of records.
    names_of_lines: Vec<(usize, String)>,
    /// The number of the line, the column, the place of the record, and the text.
    lines: Vec<(usize, usize, usize, String)>,
}

/// Decides what the rows of a table are, whose `kinds` are known. `layout`: where totals are looked for; `rows`: the table's first row, its
/// header rows, and the row behind its last; `columns`: its first column, and the one behind its last; `has_section`: whether a field is the
/// section head, whatever the settings say.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "Python names each")]
pub fn rows_of_table(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
    layout: Option<&Bound<'_, SheetLayout>>,
    rows: (usize, usize, usize),
    columns: (usize, Option<usize>),
    kinds: &Bound<'_, PyByteArray>,
    settings: RunSettings,
    has_section: bool,
) -> RowsOfTable {
    let sheet = scan.get().sheet();
    let unknown = RowLooks::default();
    let looks = layout.map_or(&unknown, |layout| layout.get().layout());
    let (start, header_rows, stop) = rows;
    let span = Span {
        columns: columns.0..columns.1.unwrap_or(usize::MAX),
        ..Span::new(start, header_rows, stop)
    };
    let mut settings = settings.settings(None, None);
    if has_section {
        settings.heads = Heads::ToColumn;
    }
    let rows = Rows { sheet: &sheet };
    let inside = Inside::new(rows, &span, looks, kinds_of(kinds), &settings);
    let has = |kind| inside.kinds.contains(&kind);
    let has_sections = settings.heads == Heads::ToColumn && has(RowKind::Group);
    let lines = if has(RowKind::Line) {
        inside.lines()
    } else {
        Default::default()
    };
    let checks = inside.checks.iter().map(|one| {
        let (first, last) = (one.first, one.last);
        (
            one.row,
            one.column,
            one.said,
            one.added,
            first,
            last,
            one.decimals,
            one.is_balance,
            one.is_sure,
        )
    });
    RowsOfTable {
        kinds: PyBytes::new(py, &numbers_of(&inside.kinds)).unbind(),
        lone_names: inside.lone_names,
        sections: has_sections.then(|| inside.sections()),
        controlled: if has_sections {
            inside.controlled_heads()
        } else {
            Vec::new()
        },
        heads: if has_sections {
            inside.cells_of_heads()
        } else {
            Vec::new()
        },
        checks: checks.collect(),
        doubtful: inside.doubtful,
        names_of_lines: lines.names,
        lines: lines.texts,
    }
}

/// Returns whether a text of a header is a unit and nothing else.
#[pyfunction]
pub fn is_unit(text: &str) -> bool {
    units::is_unit(text)
}

/// Returns a text without brackets around all of it.
#[pyfunction]
pub fn without_brackets(text: &str) -> &str {
    units::without_brackets(text)
}
