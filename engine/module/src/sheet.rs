//! The passes from a sheet to the rows of its tables, for Python.

use pyo3::prelude::*;
use std::cell::RefCell;

use pyo3::types::{PyByteArray, PyBytes};

use super::layout::SheetLayout;
use super::source::Scan;
use ade_engine_native::fields::looks::rows::LooksByRow;
use ade_engine_native::layout::RowKind;
use ade_engine_native::sheet::on_its_side::{Side, find_side as find};
use ade_engine_native::sheet::records::{Doubt, Kept, SheetView, Told};
use ade_engine_native::sheet::rows::{Rows, Words};
use ade_engine_native::sheet::span::Span;
use ade_engine_native::sheet::{columns, headers, lines};

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

fn kinds_of(kinds: &Bound<'_, PyByteArray>) -> Vec<RowKind> {
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
    let (repeats, further, titles) = py.detach(|| {
        let rows = Rows { sheet: &sheet };
        let looked_at = || layout.rows.iter().map(|row| row.number);
        let (mut repeats, mut further, mut titles) = Default::default();
        if repeated {
            repeats = headers::mark_repeated(rows, looked_at(), &mut kinds);
        }
        if let Some(words) = words {
            further = headers::mark_further(rows, looked_at(), &mut kinds, words, by_values);
            headers::mark_lone(rows, &mut kinds, words);
            titles = headers::mark_page_titles(rows, &mut kinds);
        }
        (repeats, further, titles)
    });
    let repeats = repeats.into_iter().map(|(row, how)| (row, how.words()));
    let kinds = PyBytes::new(py, &numbers_of(&kinds));
    (kinds, repeats.collect(), further, titles)
}

/// A table: first row, header rows, the row behind the last, first column, the column behind the last, and whether no detector took the
/// header row for one.
type SpanTuple = (usize, usize, usize, usize, Option<usize>, bool);

fn span_of((start, header_rows, stop, first, last, is_guessed): SpanTuple) -> Span {
    Span {
        start,
        header_rows,
        stop,
        columns: first..last.unwrap_or(usize::MAX),
        is_guessed,
    }
}

fn tuple_of(span: Span) -> SpanTuple {
    let Span {
        start,
        header_rows,
        stop,
        columns,
        is_guessed,
    } = span;
    let last = (columns.end < usize::MAX).then_some(columns.end);
    (start, header_rows, stop, columns.start, last, is_guessed)
}

/// A notice: its name, rows from 0, a number, and a kind of row.
type ToldRows = (&'static str, Vec<usize>, f64, u8);

fn told(told: Told) -> ToldRows {
    match told {
        Told::NoHeader(row, false) => ("no header", vec![row], 0.0, 0),
        Told::NoHeader(row, true) => ("no header above", vec![row], 0.0, 0),
        Told::Doubt(rows, why) => {
            let why = match why {
                Doubt::Looks => "doubt: looks",
                Doubt::Address => "doubt: address",
                Doubt::NothingBelow => "doubt: nothing below",
                Doubt::TextsBelowNames => "doubt: texts below names",
            };
            (why, rows, 0.0, 0)
        }
        Told::Kept(rows, Kept::PartOfHeader) => ("kept: part of the header", rows, 0.0, 0),
        Told::Kept(rows, Kept::OtherHeader) => ("kept: other header", rows, 0.0, 0),
        Told::Below(rows, likely, kind) => ("below", rows.collect(), likely, kind as u8),
        Told::LeftOut(rows) => ("left out", rows, 0.0, 0),
        Told::OnItsSide(fields, rows) => ("on its side", rows.collect(), fields as f64, 0),
    }
}

/// Lets tables begin with their first records, where these were taken for a header or stand above the first one. `first`: where the
/// user's range begins; `is_unit`: whether a text says more of the name above it. Returns the kinds of all rows, the tables, and what is
/// told.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "Python names each")]
pub fn keep_records<'py>(
    py: Python<'py>,
    scan: &Bound<'py, Scan>,
    layout: &Bound<'py, SheetLayout>,
    kinds: &Bound<'py, PyByteArray>,
    spans: Vec<SpanTuple>,
    words: &Bound<'py, HeaderWords>,
    by_context: bool,
    first: usize,
    is_unit: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyBytes>, Vec<SpanTuple>, Vec<ToldRows>)> {
    let sheet = scan.get().sheet();
    let layout = LooksByRow::new(layout.get().layout());
    let failed = RefCell::new(None);
    let is_unit = |text: &str| {
        let said = is_unit.call1((text,)).and_then(|said| said.is_truthy());
        said.unwrap_or_else(|error| {
            failed.replace(Some(error));
            false
        })
    };
    let mut sheet = SheetView {
        rows: Rows { sheet: &sheet },
        looks: &layout,
        words: &words.get().0,
        by_context,
        is_unit: &is_unit,
        kinds: kinds_of(kinds),
        told: Vec::new(),
    };
    let spans = spans.into_iter().map(span_of).collect();
    let spans = sheet.keep_records(spans, first);
    let told = sheet.told.into_iter().map(told).collect();
    let spans = spans.into_iter().map(tuple_of).collect();
    let kinds = PyBytes::new(py, &numbers_of(&sheet.kinds));
    match failed.take() {
        Some(error) => Err(error),
        None => Ok((kinds, spans, told)),
    }
}

/// The table of a sheet that lies on its side: first row, the row behind the last, the column of its names, of how many fields these are
/// words, and whether names and values leave no doubt.
#[pyfunction]
pub fn find_side(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
    words: &Bound<'_, HeaderWords>,
) -> Option<(usize, usize, usize, usize, bool)> {
    let sheet = scan.get().sheet();
    let words = &words.get().0;
    let Side {
        rows,
        names,
        fields,
        is_sure,
    } = py.detach(|| find(Rows { sheet: &sheet }, words))?;
    Some((rows.start, rows.end, names, fields, is_sure))
}

/// Changes the kinds of rows and the header rows of tables. Returns the kinds of all rows, and the header rows of each table.
fn change<'py>(
    py: Python<'py>,
    scan: &Bound<'py, Scan>,
    kinds: &Bound<'py, PyByteArray>,
    spans: Vec<SpanTuple>,
    mut pass: impl FnMut(Rows<'_>, &mut [RowKind], &mut Span) + Send,
) -> (Bound<'py, PyBytes>, Vec<usize>) {
    let sheet = scan.get().sheet();
    let mut kinds = kinds_of(kinds);
    let header_rows = py.detach(|| {
        let changed = |span: SpanTuple| {
            let mut span = span_of(span);
            pass(Rows { sheet: &sheet }, &mut kinds, &mut span);
            span.header_rows
        };
        spans.into_iter().map(changed).collect()
    });
    (PyBytes::new(py, &numbers_of(&kinds)), header_rows)
}

/// Takes the first section head of each table for one where it was taken for a part of the header. Returns the kinds of all rows, and
/// the header rows of each table.
#[pyfunction]
pub fn free_first_heads<'py>(
    py: Python<'py>,
    scan: &Bound<'py, Scan>,
    kinds: &Bound<'py, PyByteArray>,
    spans: Vec<SpanTuple>,
) -> (Bound<'py, PyBytes>, Vec<usize>) {
    change(py, scan, kinds, spans, lines::free_first_head)
}

/// Marks further lines of records, and lone texts of which nothing says what they are. Returns the kinds of all rows, the header rows of
/// each table, and the records that have nothing but a name.
#[pyfunction]
pub fn find_lines<'py>(
    py: Python<'py>,
    scan: &Bound<'py, Scan>,
    kinds: &Bound<'py, PyByteArray>,
    spans: Vec<SpanTuple>,
    words: &Bound<'py, HeaderWords>,
) -> (Bound<'py, PyBytes>, Vec<usize>, Vec<usize>) {
    let words = &words.get().0;
    let mut named = Vec::new();
    let (kinds, header_rows) = change(py, scan, kinds, spans, |rows, kinds, span| {
        named.extend(lines::find_lines(rows, kinds, span, words));
    });
    (kinds, header_rows, named)
}

/// The tables in a stretch of rows: their columns; the row and the column of each note beside them; columns that may be no part of their
/// table, and whether they end above it.
type AreasTuple = (
    Vec<(usize, usize)>,
    Vec<(usize, usize)>,
    Vec<(usize, usize, bool)>,
);

/// Finds the tables that lie beside one another in a stretch of rows.
#[pyfunction]
pub fn areas_of(
    py: Python<'_>,
    scan: &Bound<'_, Scan>,
    span: SpanTuple,
    words: &Bound<'_, HeaderWords>,
) -> AreasTuple {
    let sheet = scan.get().sheet();
    let words = &words.get().0;
    let areas = py.detach(|| columns::areas_of(Rows { sheet: &sheet }, words, &span_of(span)));
    let ends = |columns: std::ops::Range<usize>| (columns.start, columns.end);
    let doubts = areas.doubts.into_iter();
    (
        areas.tables.into_iter().map(ends).collect(),
        areas.notes,
        doubts
            .map(|(columns, ends_above)| (columns.start, columns.end, ends_above))
            .collect(),
    )
}

/// The row below the last one of a table in which some columns have a value.
#[pyfunction]
pub fn last_filled_row(
    scan: &Bound<'_, Scan>,
    span: SpanTuple,
    first: usize,
    stop: usize,
) -> usize {
    let sheet = scan.get().sheet();
    columns::last_filled_row(Rows { sheet: &sheet }, &span_of(span), &(first..stop))
}

/// Returns whether the first of some rows has names above values in the same columns.
#[pyfunction]
pub fn is_small_table(scan: &Bound<'_, Scan>, first: usize, stop: usize) -> bool {
    let sheet = scan.get().sheet();
    columns::is_small_table(Rows { sheet: &sheet }, first..stop, &(0..usize::MAX))
}
