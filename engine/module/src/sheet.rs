//! The passes from a sheet to the rows of its tables, for Python.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict};

use super::rows::RowRule;
use super::source::Scan;
use ade_engine_native::cells::CellTag;
use ade_engine_native::cells::white_space::is_control;
use ade_engine_native::fields::looks::rows::RowKinds;
use ade_engine_native::layout::{RowKind, RowState, SheetLayout};
use ade_engine_native::sheet::{
    Cards, Configuration, Detectors, FieldWords, Header, HeaderDoubtReason, Heads, JudgedRow,
    KeptRowReason, Reshapes, SheetGrid, SheetNotice, SheetRowView, SheetSettings, SheetTables,
    Span, TableBody, UserChoice, find, units,
};

/// Words of headers, simplified, each with its field.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct HeaderWords(FieldWords);

#[pymethods]
impl HeaderWords {
    #[new]
    fn new(words: FieldWords) -> Self {
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

/// A table: first row, header rows, the row behind the last, first column, the column behind the last, whether no detector
/// recognised the header row, the text above it that applies to all its records, the cells of its header that name no column;
/// its cells with a ditto sign, each with the row of the value that it stands for; columns that are filled once for several
/// records, and the rows in which they are blank.
type SpanTuple = (
    usize,
    usize,
    usize,
    usize,
    Option<usize>,
    bool,
    Option<String>,
    Vec<(usize, usize)>,
    Vec<(usize, usize, Option<usize>)>,
    (Vec<usize>, Vec<usize>),
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
        span.above.signs,
        span.above.filled_once,
    )
}

/// A user's choice for a sheet, counted from 1: its first and last header row, or none; and the range of its tables.
#[derive(FromPyObject)]
pub struct ChoiceArgument {
    header_rows: Option<Vec<usize>>,
    area: Option<(usize, usize, usize, usize)>,
}

impl ChoiceArgument {
    fn choice(self) -> UserChoice {
        let header_rows = self.header_rows.map(|rows| match rows[..] {
            [first, last] => first - 1..last,
            _ => 0..0,
        });
        let area = self
            .area
            .map(|(top, left, bottom, right)| (top - 1..bottom, left - 1..right));
        UserChoice { header_rows, area }
    }
}

/// The settings of a run that determine how tables are found, and which of their rows are left out.
#[derive(FromPyObject)]
pub struct RunSettings {
    edition: String,
    merge_stacked_headers: bool,
    split_side_by_side_tables: bool,
    group_rows: String,
    stop_at_blank_rows: usize,
    skip_total_rows: bool,
    balance_rows: String,
    line_records: bool,
}

impl RunSettings {
    fn settings(self) -> SheetSettings {
        SheetSettings {
            is_2026: self.edition == "2026",
            merge_stacked_headers: self.merge_stacked_headers,
            split_side_by_side: self.split_side_by_side_tables,
            heads: match self.group_rows.as_str() {
                "column" => Heads::ToColumn,
                "drop" => Heads::LeaveOut,
                _ => Heads::Keep,
            },
            blank_rows: self.stop_at_blank_rows,
            leave_out_totals: self.skip_total_rows,
            leave_out_balances: self.balance_rows == "drop",
            line_records: self.line_records,
            ..SheetSettings::default()
        }
    }
}

/// Returns a notice for Python: its name, and its facts.
fn told<'py>(py: Python<'py>, told: SheetNotice) -> PyResult<Bound<'py, PyAny>> {
    let ends = |columns: Range<usize>| (columns.start, columns.end);
    match told {
        SheetNotice::NoHeader(row, is_above) => ("no header", row, is_above).into_bound_py_any(py),
        SheetNotice::Doubt(rows, why) => {
            let why = match why {
                HeaderDoubtReason::Looks => "looks",
                HeaderDoubtReason::Address => "address",
                HeaderDoubtReason::NothingBelow => "nothing below",
                HeaderDoubtReason::TextsBelowNames => "texts below names",
            };
            ("doubt", rows, why).into_bound_py_any(py)
        }
        SheetNotice::Kept(rows, why) => {
            let why = match why {
                KeptRowReason::PartOfHeader => "part of the header",
                KeptRowReason::OtherHeader => "other header",
                KeptRowReason::NameAlone => "name alone",
                KeptRowReason::Note => "note",
            };
            ("kept", rows, why).into_bound_py_any(py)
        }
        SheetNotice::Below(rows, likely, kind) => {
            ("below", rows.collect::<Vec<_>>(), likely, kind as u8).into_bound_py_any(py)
        }
        SheetNotice::LeftOutAbove(rows) => ("left out above", rows).into_bound_py_any(py),
        SheetNotice::TablesAbove(rows) => ("tables above", rows).into_bound_py_any(py),
        SheetNotice::LeftOutBelow(rows, are_more) => {
            ("left out below", rows, are_more).into_bound_py_any(py)
        }
        SheetNotice::Deductions(row) => ("deductions", row).into_bound_py_any(py),
        SheetNotice::PageTitles(rows) => ("page titles", rows).into_bound_py_any(py),
        SheetNotice::FurtherHeaders(rows) => ("further headers", rows).into_bound_py_any(py),
        SheetNotice::OnItsSide(fields, rows, is_turned) => {
            ("on its side", fields, rows.start, rows.end, is_turned).into_bound_py_any(py)
        }
        SheetNotice::NotesBeside(cells) => ("notes beside", cells).into_bound_py_any(py),
        SheetNotice::DoubtBeside(columns, ends_above) => {
            ("doubt beside", columns.start, columns.end, ends_above).into_bound_py_any(py)
        }
        SheetNotice::TablesBeside(tables) => {
            let tables: Vec<(usize, usize)> = tables.into_iter().map(ends).collect();
            ("tables beside", tables).into_bound_py_any(py)
        }
    }
}

/// Records that are in lines of a sheet, as a table.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct FoundCards {
    /// The records below a header of their labels, as a table of that scan.
    scan: Py<Scan>,
    span: SpanTuple,
    /// The kinds of its rows.
    kinds: Py<PyByteArray>,
    labels: Vec<String>,
    /// The row of the sheet in which each record begins, from 1.
    first_rows: Vec<usize>,
    /// For each label, the row and column of its value in each record, from 1; 0 if a record lacks it.
    cells: Vec<Vec<(usize, usize)>>,
    /// First row and first column, last row and last column, from 1.
    region: (usize, usize, usize, usize),
}

impl FoundCards {
    fn new(py: Python<'_>, cards: Cards) -> PyResult<Self> {
        let place = |cell: Option<(usize, usize)>| {
            cell.map_or((0, 0), |(row, column)| (row + 1, column + 1))
        };
        let cells = cards.cells.into_iter();
        let (rows, columns) = (cards.rows, cards.columns);
        let mut kinds = vec![RowKind::Data; cards.first_rows.len() + 1];
        kinds[0] = RowKind::Header;
        Ok(Self {
            span: tuple_of(Span::new(0, 1, kinds.len())),
            kinds: PyByteArray::new(py, &numbers_of(&kinds)).unbind(),
            scan: Py::new(py, Scan::new(Arc::new(cards.grid)))?,
            labels: cards.labels,
            first_rows: cards.first_rows.iter().map(|row| row + 1).collect(),
            cells: cells
                .map(|cells| cells.into_iter().map(place).collect())
                .collect(),
            region: (rows.start + 1, columns.start + 1, rows.end, columns.end),
        })
    }
}

/// A sheet, or an area of one, with the tables that were found in it.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct FoundTables {
    /// The scan with its cells.
    scan: Py<Scan>,
    /// The kinds of all rows.
    kinds: Py<PyByteArray>,
    /// The score of each row as a header, eight bytes each.
    header_scores: Py<PyBytes>,
    spans: Vec<SpanTuple>,
    told: Vec<Py<PyAny>>,
    /// The facts of a notice for each judged row.
    judged: Vec<Py<PyDict>>,
    cards: Option<Py<FoundCards>>,
    /// The areas with the tables, if these are sideways, beside others or beside notes.
    areas: Vec<Py<FoundTables>>,
}

impl FoundTables {
    fn new(py: Python<'_>, found: SheetTables) -> PyResult<Self> {
        let all = found.told.into_iter();
        let areas = found.areas.into_iter();
        let cards = found
            .cards
            .map(|cards| Py::new(py, FoundCards::new(py, cards)?));
        let scores: Vec<u8> = found
            .header_scores
            .iter()
            .flat_map(|score| score.to_ne_bytes())
            .collect();
        Ok(Self {
            scan: Py::new(py, Scan::new(found.grid))?,
            kinds: PyByteArray::new(py, &numbers_of(&found.kinds)).unbind(),
            header_scores: PyBytes::new(py, &scores).unbind(),
            spans: found.spans.into_iter().map(tuple_of).collect(),
            told: all
                .map(|notice| Ok(told(py, notice)?.unbind()))
                .collect::<PyResult<_>>()?,
            judged: found
                .judged
                .into_iter()
                .map(|row| facts_of(py, row))
                .collect::<PyResult<_>>()?,
            cards: cards.transpose()?,
            areas: areas
                .map(|area| Py::new(py, Self::new(py, area)?))
                .collect::<PyResult<_>>()?,
        })
    }
}

/// Returns the facts of a notice about the judgement of a row.
fn facts_of(py: Python<'_>, judged: JudgedRow) -> PyResult<Py<PyDict>> {
    let likelihoods = PyDict::new(py);
    for state in RowState::ALL {
        let likelihood = judged.likelihoods[state as usize];
        // Four decimals, rounded like in Python.
        let rounded: f64 = format!("{likelihood:.4}").parse().unwrap_or(likelihood);
        likelihoods.set_item(state.name(), rounded)?;
    }
    let facts = PyDict::new(py);
    facts.set_item("row", judged.row + 1)?;
    facts.set_item("kind", judged.kind)?;
    facts.set_item("likelihoods", likelihoods)?;
    facts.set_item("reasons", judged.reasons)?;
    facts.set_item("message", judged.message)?;
    Ok(facts.unbind())
}

/// Row detectors: rules, or a Python function that calls all of them.
#[derive(FromPyObject)]
pub enum RowDetectors<'py> {
    Rules(Vec<Bound<'py, RowRule>>),
    Called(Bound<'py, PyAny>),
}

/// Returns the kinds that row detectors give to the rows of a grid.
fn asked(detectors: &Bound<'_, PyAny>, grid: &Arc<SheetGrid>) -> PyResult<RowKinds> {
    let said = detectors.call1((Scan::new(Arc::clone(grid)),))?;
    let (kinds, header_scores): (Bound<'_, PyByteArray>, Vec<f64>) = said.extract()?;
    Ok(RowKinds {
        kinds: kinds_of(&kinds),
        header_scores,
    })
}

/// Reshapes whose functions are Python functions.
struct PythonReshapes<'py> {
    mark: Option<Bound<'py, PyAny>>,
    is_label: Option<Bound<'py, PyAny>>,
    /// The first error of a function that can only answer yes or no.
    failed: RefCell<Option<PyErr>>,
}

impl Reshapes for PythonReshapes<'_> {
    type Error = PyErr;

    fn mark(&self, grid: &Arc<SheetGrid>, kinds: &mut Vec<RowKind>) -> PyResult<()> {
        if let Some(mark) = &self.mark {
            let numbers = PyByteArray::new(mark.py(), &numbers_of(kinds));
            mark.call1((Scan::new(Arc::clone(grid)), &numbers))?;
            *kinds = kinds_of(&numbers);
        }
        Ok(())
    }

    fn labels<'c>(&'c self, grid: &'c Arc<SheetGrid>) -> Option<Box<dyn Fn(usize) -> bool + 'c>> {
        let asked = self.is_label.as_ref()?;
        Some(Box::new(move |row| {
            truth_of(
                asked.call1((Scan::new(Arc::clone(grid)), row)),
                &self.failed,
            )
        }))
    }
}

/// Finds the tables of a sheet. `detectors` are rules, or a function of a scan, called for the sheet and for each area of it,
/// that returns the kinds of its rows and their header scores. `choice` has a user's choices for the sheet. `mark` changes the
/// kinds of rows that reshapes recognise. `is_label` says whether a row begins with a label that some field asks for.
/// `max_judged` is the maximum number of rows whose judgement is reported.
#[pyfunction]
pub fn find_tables<'py>(
    py: Python<'py>,
    scan: &Bound<'py, Scan>,
    detectors: RowDetectors<'py>,
    words: &Bound<'py, HeaderWords>,
    settings: RunSettings,
    choice: Option<ChoiceArgument>,
    mark: Option<Bound<'py, PyAny>>,
    is_label: Option<Bound<'py, PyAny>>,
    max_judged: usize,
) -> PyResult<FoundTables> {
    let has_reshapes = mark.is_some() || is_label.is_some();
    let reshapes = has_reshapes.then(|| PythonReshapes {
        mark,
        is_label,
        failed: RefCell::new(None),
    });
    let configuration = Configuration {
        words: &words.get().0,
        detectors: match &detectors {
            RowDetectors::Rules(rules) => {
                Detectors::Rules(rules.iter().map(|rule| &rule.get().rule).collect())
            }
            RowDetectors::Called(function) => {
                Detectors::Called(Box::new(|grid| asked(function, grid)))
            }
        },
        reshapes: reshapes
            .as_ref()
            .map(|reshapes| reshapes as &dyn Reshapes<Error = PyErr>),
    };
    let settings = SheetSettings {
        choice: choice.map(ChoiceArgument::choice),
        max_judged,
        ..settings.settings()
    };
    let found = find(scan.get().grid(), &settings, &configuration)?;
    let failed = reshapes
        .as_ref()
        .and_then(|reshapes| reshapes.failed.take());
    match failed {
        Some(error) => Err(error),
        None => FoundTables::new(py, found),
    }
}

/// The contents of the header rows of a table.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct HeaderOfTable {
    /// The columns' names, without footnote marks and units; empty if they have none.
    names: Vec<String>,
    /// The columns with marks or units: footnote marks, the unit, and the name as it is written, if it differs.
    said: Vec<(usize, String, String, Option<String>)>,
    /// The texts of each row, without marks and units.
    rows: Vec<Vec<String>>,
    /// The cells of each name, by row and column of the header.
    cells: Vec<Vec<(usize, usize)>>,
    /// The cells that contain characters no cell of a workbook can hold.
    controlled: Vec<(usize, usize)>,
}

/// Reads the header of a table. `rows` are its first row, and the row below it; `columns` are as in [`rows_of_table`];
/// `unnamed` are cells of the sheet that name no column. With `spreads`, labels spread over several columns. `is_name` says
/// whether a text is the name of a field.
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
    let texts_of = SheetRowView { sheet };
    let (first, mut controlled) = (columns.0, Vec::new());
    let mut text = |row: usize, column: usize| {
        if unnamed.contains(&(row, column)) {
            return String::new();
        }
        let cell = sheet.cell(row, column);
        let mut text = texts_of.untrimmed(cell);
        if cell.tag == CellTag::DateTime {
            // Formatted like Python's `str`.
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
    let (mut names, mut cells, mut said) = (Vec::new(), Vec::new(), Vec::new());
    for (at, column) in header.columns.into_iter().enumerate() {
        if !(column.footnote.is_empty() && column.unit.is_empty()) {
            let written = (column.written != column.name).then_some(column.written);
            said.push((at, column.footnote, column.unit, written));
        }
        names.push(column.name);
        cells.push(column.cells);
    }
    Ok(HeaderOfTable {
        names,
        said,
        rows: header.rows,
        cells,
        controlled,
    })
}

/// Returns the truth of a Python function's result. If the function failed, stores the error and returns false.
fn truth_of(said: PyResult<Bound<'_, PyAny>>, failed: &RefCell<Option<PyErr>>) -> bool {
    said.and_then(|said| said.is_truthy())
        .unwrap_or_else(|error| {
            failed.replace(Some(error));
            false
        })
}

/// A total beside the sum of the numbers that were added: its row and column, its value, the sum, the first and last row that
/// were added, decimals, whether it is a balance, and whether it must add up.
type CheckTuple = (usize, usize, f64, f64, usize, usize, u8, bool, bool);

/// The kinds of the rows below the header of a table, and their consequences. Rows count from 0 at the first of these, except
/// for cells of the sheet.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct TableBodyRows {
    kinds: Py<PyBytes>,
    /// The number of first rows that are names alone, and records.
    lone_names: usize,
    /// Rows that may be totals, each with the number of the reason.
    doubtful: Vec<(usize, u8)>,
    checks: Vec<CheckTuple>,
    /// The section head above each row, if heads become a column and there are any.
    sections: Option<Vec<Option<String>>>,
    /// The cells of heads that contain characters no cell of a workbook can hold.
    controlled: Vec<(usize, usize)>,
    /// Row of the sheet, and row and column of the head above it.
    heads: Vec<(usize, usize, usize)>,
    /// The columns that have a name for lines of records.
    names_of_lines: Vec<(usize, String)>,
    /// The number of the line, the column, the index of the record, and the text.
    lines: Vec<(usize, usize, usize, String)>,
}

/// Decides the kinds of the rows of a table, starting from known `kinds`. `rows` are the table's first row, its header rows,
/// and the row behind its last; `columns` are its first column, and the column behind its last. `has_section` says whether a
/// field is the section head, whatever the settings are.
#[pyfunction]
pub fn rows_of_table(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
    rows: (usize, usize, usize),
    columns: (usize, Option<usize>),
    kinds: &Bound<'_, PyByteArray>,
    settings: RunSettings,
    has_section: bool,
) -> TableBodyRows {
    let sheet = scan.get().sheet();
    let unknown = SheetLayout::default();
    let (start, header_rows, stop) = rows;
    let span = Span {
        columns: columns.0..columns.1.unwrap_or(usize::MAX),
        ..Span::new(start, header_rows, stop)
    };
    let mut settings = settings.settings();
    if has_section {
        settings.heads = Heads::ToColumn;
    }
    let kinds = kinds_of(kinds);
    let seeks_totals = settings.leave_out_totals && kinds.contains(&RowKind::Total);
    let looks = if seeks_totals {
        scan.get().grid().looks()
    } else {
        &unknown
    };
    let inside = TableBody::new(SheetRowView { sheet }, &span, looks, kinds, &settings);
    let has = |kind| inside.kinds.contains(&kind);
    let has_sections = settings.heads == Heads::ToColumn && has(RowKind::Group);
    let (controlled, heads) = match has_sections {
        true => (inside.controlled_heads(), inside.cells_of_heads()),
        false => Default::default(),
    };
    let lines = has(RowKind::Line).then(|| inside.lines());
    let lines = lines.unwrap_or_default();
    let checks = inside.checks.iter().map(|check| {
        (
            check.row,
            check.column,
            check.said,
            check.added,
            check.first,
            check.last,
            check.decimals,
            check.is_balance,
            check.is_sure,
        )
    });
    TableBodyRows {
        kinds: PyBytes::new(py, &numbers_of(&inside.kinds)).unbind(),
        lone_names: inside.lone_names,
        sections: has_sections.then(|| inside.sections()),
        controlled,
        heads,
        checks: checks.collect(),
        doubtful: inside.doubtful,
        names_of_lines: lines.names,
        lines: lines.texts,
    }
}

/// Returns whether a text of a header is only a unit.
#[pyfunction]
pub fn is_unit(text: &str) -> bool {
    units::is_unit(text)
}

/// Returns a text without brackets around all of it.
#[pyfunction]
pub fn without_brackets(text: &str) -> &str {
    units::without_brackets(text)
}
