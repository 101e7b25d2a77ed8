//! The Python classes for reading: a source, scans of its sheets, and columns for polars.

use std::sync::Arc;

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::cells::{CellObjects, MomentTypes, row_list};
use super::column::{ArrowColumn, arrow};
use super::error::to_python;
use ade_engine_native::cells::parts::share_tasks;
use ade_engine_native::cells::{
    CellTag, DeclaredExtent, MAX_SHEET_COLUMNS, MergedRange, ScanLimits, ScanStep, Sheet,
    SheetBuilder, SheetCell,
};
use ade_engine_native::columns::series;
use ade_engine_native::error::SourceError as ReadError;
use ade_engine_native::layout::reasons_of;
use ade_engine_native::read::ReadOptions;
use ade_engine_native::read::background::BackgroundBook;
use ade_engine_native::read::book::InputBook;
use ade_engine_native::sheet::grid::SheetGrid;

/// The value of `fill_merged` that fills labels and keys, but not amounts; 0 fills nothing, and 1 everything. If [`NO_SPACERS`]
/// is added, columns without a value of their own stay empty.
const LABELS_ALONE: u8 = 2;
const NO_SPACERS: u8 = 4;

fn limits(
    max_empty_rows_run: Option<usize>,
    max_empty_cols_run: Option<usize>,
    fill_merged: u8,
) -> ScanLimits {
    ScanLimits {
        empty_rows: max_empty_rows_run,
        empty_columns: max_empty_cols_run,
        fill_merged: fill_merged > 0,
        fill_numbers: fill_merged & LABELS_ALONE == 0,
        fill_spacers: fill_merged & NO_SPACERS == 0,
        ..ScanLimits::NONE
    }
}

/// An input file that is read in the background.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct Source {
    source: BackgroundBook,
}

/// The reason for the end of a scan: a reading failure, or a Python exception during the wait.
struct ScanFailure(PyErr);

impl From<ReadError> for ScanFailure {
    fn from(error: ReadError) -> Self {
        Self(to_python(error))
    }
}

impl Source {
    /// Waits for the structure of the workbook.
    fn book(&self, py: Python<'_>) -> PyResult<Arc<InputBook>> {
        py.detach(|| self.source.book()).map_err(to_python)
    }
}

#[pymethods]
impl Source {
    /// Starts reading the file at once.
    #[new]
    #[pyo3(signature = (path, csv_encoding, csv_delimiter, guess, max_empty_rows_run, max_empty_cols_run, fill_merged, as_shown=false))]
    fn new(
        path: String,
        csv_encoding: String,
        csv_delimiter: String,
        guess: bool,
        max_empty_rows_run: Option<usize>,
        max_empty_cols_run: Option<usize>,
        fill_merged: u8,
        as_shown: bool,
    ) -> Self {
        let options = ReadOptions {
            csv_encoding,
            csv_delimiter,
            as_shown,
        };
        let guess = guess.then(|| limits(max_empty_rows_run, max_empty_cols_run, fill_merged));
        Self {
            source: BackgroundBook::open(path, options, guess),
        }
    }

    /// Waits for the structure. Returns (title, state, whether it is the list of a marked copy) of each worksheet and the
    /// position of the active worksheet.
    fn load<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, Option<usize>)> {
        let book = self.book(py)?;
        let sheets = book.sheets().iter().map(|sheet| {
            (
                sheet.title.as_str(),
                sheet.visibility.name(),
                sheet.is_own_list,
            )
        });
        Ok((PyList::new(py, sheets.collect::<Vec<_>>())?, book.active()))
    }

    /// Sets which sheets will be scanned, in order.
    fn prefetch(
        &self,
        sheets: Vec<usize>,
        max_empty_rows_run: Option<usize>,
        max_empty_cols_run: Option<usize>,
        fill_merged: u8,
    ) {
        let limits = limits(max_empty_rows_run, max_empty_cols_run, fill_merged);
        self.source.prefetch(&sheets, limits);
    }

    /// Scans a sheet. Calls `on_progress` with the number of rows read, at most ten times a second.
    #[pyo3(signature = (sheet, max_empty_rows_run, max_empty_cols_run, fill_merged, on_progress=None))]
    fn scan(
        &self,
        py: Python<'_>,
        sheet: usize,
        max_empty_rows_run: Option<usize>,
        max_empty_cols_run: Option<usize>,
        fill_merged: u8,
        on_progress: Option<Py<PyAny>>,
    ) -> PyResult<Scan> {
        let limits = limits(max_empty_rows_run, max_empty_cols_run, fill_merged);
        let outcome = py.detach(|| {
            self.source.scan(sheet, limits, |rows| {
                Python::attach(|py| {
                    py.check_signals()?;
                    match &on_progress {
                        Some(callback) => callback.call1(py, (rows,)).map(drop),
                        None => Ok(()),
                    }
                })
                .map_err(ScanFailure)
            })
        });
        let sheet = outcome.map_err(|ScanFailure(error)| error)?;
        Ok(Scan::new(Arc::new(SheetGrid::new(sheet))))
    }

    /// Returns the titles of all sheets, including chart sheets.
    fn all_titles(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let book = self.book(py)?;
        Ok(book.all_titles().into_iter().map(str::to_owned).collect())
    }

    /// Reads a sheet's first rows, or all of them, without disturbing the reading in the background. Blank text counts as a
    /// value.
    fn peek(&self, py: Python<'_>, sheet: usize, rows: Option<usize>) -> PyResult<Scan> {
        let limits = ScanLimits {
            rows,
            keep_blank_text: true,
            ..ScanLimits::NONE
        };
        let book = self.book(py)?;
        let scanned = py.detach(|| book.scan_in_detail(sheet, limits));
        let (sheet, details) = scanned.map_err(to_python)?;
        Ok(Scan {
            grid: Arc::new(SheetGrid::new(Arc::new(sheet))),
            details: details.map(Arc::new),
        })
    }

    /// Returns the merged ranges of a sheet in the file, as (first row, last row, first column, last column) from 1.
    fn merged_ranges(&self, py: Python<'_>, sheet: usize) -> PyResult<Vec<MergedRangeTuple>> {
        let book = self.book(py)?;
        let ranges = py.detach(|| book.merged_ranges(sheet)).map_err(to_python)?;
        Ok(ranges.into_iter().map(range_of).collect())
    }

    /// Returns the format of the file, as its usual extension without a point, whatever the file's name is.
    fn kind(&self, py: Python<'_>) -> PyResult<&'static str> {
        let book = self.book(py)?;
        Ok(book.kind().name())
    }

    /// Returns how a `.csv` file is read, if the settings left that to detection.
    fn detected(&self, py: Python<'_>) -> PyResult<Option<DetectedCsvFormat>> {
        let book = self.book(py)?;
        Ok(book.detected().map(|found| DetectedCsvFormat {
            encoding: found.encoding,
            delimiter: char::from(found.delimiter),
            is_unusual: found.is_unusual,
        }))
    }
}

/// The detected format of a `.csv` file.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct DetectedCsvFormat {
    encoding: &'static str,
    delimiter: char,
    /// True if these are anything but UTF-8 and commas.
    is_unusual: bool,
}

/// The extent of a sheet that its file declares, from 1.
#[pyclass(frozen, get_all, module = "ade_engine._native")]
pub struct SheetExtent {
    first_column: usize,
    first_row: usize,
    last_column: usize,
    last_row: usize,
}

/// First row, last row, first column, last column of a merged range, from 1.
type MergedRangeTuple = (u32, u32, u32, u32);

fn range_of(range: MergedRange) -> MergedRangeTuple {
    (
        range.first_row + 1,
        range.last_row + 1,
        range.first_column + 1,
        range.last_column + 1,
    )
}

/// The cells of a sheet that was scanned.
///
/// Row numbers count from 0 and include empty rows. Rows end with their last value.
#[pyclass(frozen, subclass, module = "ade_engine._native")]
pub struct Scan {
    grid: Arc<SheetGrid>,
    details: Option<Arc<Sheet>>,
}

impl Scan {
    pub(super) fn new(grid: Arc<SheetGrid>) -> Self {
        let details = None;
        Self { grid, details }
    }

    pub(super) fn grid(&self) -> &Arc<SheetGrid> {
        &self.grid
    }

    pub(super) fn sheet(&self) -> &Arc<Sheet> {
        self.grid.cells()
    }
}

/// The first and last row of each stretch.
type RowStretches = Vec<(u32, u32)>;

/// Returns the same pairs, counted from 1.
fn from_one(pairs: RowStretches) -> RowStretches {
    pairs.into_iter().map(|(a, b)| (a + 1, b + 1)).collect()
}

#[pymethods]
impl Scan {
    /// Returns the same cells, for a class that is derived from this one.
    #[new]
    fn copy(scan: &Bound<'_, Self>) -> Self {
        let Self { grid, details } = scan.get();
        Self {
            grid: Arc::clone(grid),
            details: details.clone(),
        }
    }

    /// Returns the row of the sheet, from 0, that is the first column of a turned table.
    #[getter]
    fn turned_from(&self) -> Option<usize> {
        self.grid.turned_from()
    }

    /// Returns the number of rows up to the last one, or up to the end of the scan.
    #[getter]
    fn rows_emitted(&self) -> usize {
        self.sheet().facts().rows_emitted
    }

    /// Returns whether a long run of empty rows ended the scan.
    #[getter]
    fn stopped_early(&self) -> bool {
        self.sheet().facts().stopped_early
    }

    /// Returns the number of declared rows that the scan left out for that reason.
    #[getter]
    fn truncated_rows(&self) -> usize {
        self.sheet().facts().truncated_rows
    }

    /// Returns the first row behind the end of the scan that has a value, from 1, if the search found one.
    #[getter]
    fn row_below(&self) -> Option<usize> {
        self.sheet().facts().row_below.map(|row| row + 1)
    }

    /// Returns the number of cells of the widest row.
    #[getter]
    fn width(&self) -> usize {
        self.sheet().facts().width
    }

    /// Returns the number of formulas saved without a value, and the row and column of the first one, from 1.
    #[getter]
    fn formulas_without_value(&self) -> (usize, Option<(usize, usize)>) {
        let found = &self.sheet().findings().formulas_without_value;
        let first = found.first.map(|(row, column)| (row + 1, column + 1));
        (found.count, first)
    }

    /// Returns the rows, from 1, of the formulas without a value in a column, which counts from 0.
    fn rows_without_value(&self, column: usize) -> Vec<u32> {
        let found = &self.sheet().findings().formulas_without_value;
        found.rows_of(column).map(|row| row + 1).collect()
    }

    /// Returns the merged ranges in order of their first cells, or `None` if the scan ended before it reached them.
    #[getter]
    fn merged_ranges(&self) -> Option<Vec<MergedRangeTuple>> {
        let findings = self.sheet().findings();
        let ranges = findings.merged.iter().copied().map(range_of);
        (!findings.merged_unknown).then(|| ranges.collect())
    }

    /// Returns the number of merged ranges that hide values in some blocks of rows (the first row of each, counted from 0, and
    /// the row behind its last), and the first such range. A range hides values if its first cell has one: the other cells read
    /// as empty.
    fn hiding_ranges(&self, blocks: Vec<(usize, usize)>) -> (usize, Option<MergedRangeTuple>) {
        let (count, first) = self.sheet().hiding_ranges(&blocks);
        (count, first.map(range_of))
    }

    /// Returns the number of merged ranges that were filled, the first of them, and the number of ranges that were not filled
    /// although they should have been.
    #[getter]
    fn filled_ranges(&self) -> (usize, Option<MergedRangeTuple>, usize) {
        let filled = self.sheet().findings().filled;
        (filled.ranges, filled.first.map(range_of), filled.left)
    }

    /// Returns the number of filled ranges that give a number to several rows, and the first of these.
    #[getter]
    fn filled_numbers(&self) -> (usize, Option<MergedRangeTuple>) {
        let filled = self.sheet().findings().filled;
        (filled.numbers, filled.first_number.map(range_of))
    }

    /// Returns the number of ranges that have their number in the first cell only, and the first of these.
    #[getter]
    fn lone_numbers(&self) -> (usize, Option<MergedRangeTuple>) {
        let filled = self.sheet().findings().filled;
        (filled.lone_numbers, filled.first_lone_number.map(range_of))
    }

    /// Returns the first and last row of each stretch of hidden rows with a value, from 1.
    #[getter]
    fn hidden_rows(&self) -> Vec<(u32, u32)> {
        let hidden = &self.sheet().findings().hidden_rows;
        from_one(hidden.stretches(|row| self.sheet().row_width(row) > 0))
    }

    /// Returns the first and last column of each stretch of hidden columns with a value, from 1.
    #[getter]
    fn hidden_columns(&self) -> Vec<(u32, u32)> {
        let width = self.sheet().facts().width as u32;
        let hidden = self.sheet().findings().hidden_columns.iter();
        let seen = hidden.filter(|(first, _)| *first < width);
        seen.map(|(first, last)| (first + 1, (last + 1).min(width)))
            .collect()
    }

    /// Returns the first and last row of each stretch of rows whose cells are all struck through, and of those filled red, from
    /// 1.
    #[getter]
    fn marked_rows(&self) -> (RowStretches, RowStretches) {
        let findings = self.sheet().findings();
        let [struck, red] = [&findings.struck_rows, &findings.red_rows]
            .map(|rows| from_one(rows.stretches(|_| true)));
        (struck, red)
    }

    /// Returns the row and column, from 1, of the positive numbers that their format shows as negative.
    #[getter]
    fn signs_of_formats(&self) -> Vec<(u32, u32)> {
        from_one(self.sheet().findings().sign_of_format.clone())
    }

    /// Returns the number of cells of a row of separated text, counted from 0; 0 if it is blank.
    fn fields_of(&self, row: usize) -> usize {
        self.sheet().findings().separated.fields_of(row)
    }

    /// Returns the rows, from 1, between `start` and `stop` that have more or fewer cells than expected, and their numbers of
    /// cells.
    fn uneven_rows(&self, start: usize, stop: usize, expected: usize) -> Vec<(u32, u32)> {
        let separated = &self.sheet().findings().separated;
        let found = separated.uneven(start, stop, expected, |row| self.sheet().row_width(row));
        found
            .into_iter()
            .map(|(row, fields)| (row + 1, fields))
            .collect()
    }

    /// Returns the rows, from 1, of separated text whose cells were joined.
    #[getter]
    fn joined_rows(&self) -> Vec<u32> {
        let joined = &self.sheet().findings().separated.joined;
        joined.iter().map(|(row, _)| row + 1).collect()
    }

    /// Returns the rows, from 1, whose quotes close nothing, and whether these quotes were read as letters.
    #[getter]
    fn broken_quotes(&self) -> (Vec<u32>, bool) {
        let separated = &self.sheet().findings().separated;
        let mut rows: Vec<u32> = separated.quotes.iter().map(|row| row + 1).collect();
        rows.dedup();
        (rows, separated.quotes_are_letters)
    }

    /// Returns whether separated text ends within a row.
    #[getter]
    fn is_cut(&self) -> bool {
        self.sheet().findings().separated.is_cut
    }

    /// Returns whether the cells of separated text are in single quotes.
    #[getter]
    fn has_single_quotes(&self) -> bool {
        self.sheet().findings().separated.has_single_quotes
    }

    /// Returns the first row, from 1, of separated text from which on another delimiter is used, and that delimiter.
    #[getter]
    fn other_part(&self) -> Option<(u32, char)> {
        let part = self.sheet().findings().separated.other_part;
        part.map(|(row, delimiter)| (row + 1, char::from(delimiter)))
    }

    /// Returns whether quotes within cells are escaped with backslashes.
    #[getter]
    fn has_backslashes(&self) -> bool {
        self.sheet().findings().separated.has_backslashes
    }

    /// Returns the extent of the sheet that the file declares.
    #[getter]
    fn declared(&self) -> Option<SheetExtent> {
        self.sheet().declared().map(|extent| SheetExtent {
            first_column: extent.first_column,
            first_row: extent.first_row,
            last_column: extent.last_column,
            last_row: extent.last_row,
        })
    }

    /// Returns the rows from `start` to before `stop`; an empty row is an empty list.
    fn rows<'py>(
        &self,
        py: Python<'py>,
        start: usize,
        stop: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let sheet = self.sheet();
        let stop = stop.min(sheet.facts().rows_emitted);
        let count = stop.saturating_sub(start);
        let mut objects = CellObjects::for_cells(count.saturating_mul(sheet.facts().width));
        let mut cells = Vec::new();
        let mut rows = Vec::with_capacity(count);
        for row in start..stop {
            sheet.read_row(row, &mut cells);
            rows.push(row_list(py, sheet, &mut objects, &cells)?);
        }
        PyList::new(py, rows)
    }

    /// Returns, for each of some rows, the details of its cells (see `read::xlsx::cell_type::detail`), with -1 for a cell that
    /// the file does not have. Rows end with their last cell; a row that the file has without a cell is `[-2]`. Only known for
    /// a peek at a workbook of the `.xlsx` family.
    fn details(&self, start: usize, stop: usize) -> Vec<Vec<i64>> {
        let Some(details) = &self.details else {
            return Vec::new();
        };
        let mut cells = Vec::new();
        (start..stop)
            .map(|row| {
                details.read_row(row, &mut cells);
                let detail = |cell: &SheetCell| match cell.tag {
                    CellTag::Empty => -1,
                    _ => cell.as_integer(),
                };
                cells.iter().map(detail).collect()
            })
            .collect()
    }

    fn row<'py>(&self, py: Python<'py>, row: usize) -> PyResult<Bound<'py, PyList>> {
        let sheet = self.sheet();
        if row >= sheet.facts().rows_emitted {
            return Err(PyIndexError::new_err("the sheet has no such row"));
        }
        let mut cells = Vec::new();
        sheet.read_row(row, &mut cells);
        row_list(py, sheet, &mut CellObjects::for_cells(cells.len()), &cells)
    }

    /// Returns whether a row has no value.
    fn is_empty_row(&self, row: usize) -> bool {
        self.sheet().row_width(row) == 0
    }

    /// Returns the number of cells of the widest of some rows.
    fn widest(&self, start: usize, stop: usize) -> usize {
        let stop = stop.min(self.sheet().facts().rows_emitted);
        let widths = (start..stop).map(|row| self.sheet().row_width(row));
        widths.max().unwrap_or(0)
    }

    /// Returns the raw cells of a column.
    fn values<'py>(
        &self,
        py: Python<'py>,
        column: usize,
        start: usize,
        stop: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut cells = Vec::with_capacity(stop.saturating_sub(start));
        self.sheet()
            .visit_column(column, start, stop, |cell| cells.push(cell));
        row_list(
            py,
            self.sheet(),
            &mut CellObjects::for_cells(cells.len()),
            &cells,
        )
    }

    /// Returns the columns from `first` on, one for each name: whether the column has no value at all, whether its cells have
    /// several types, and an Arrow column, or `None` if Python has to make the series from a list.
    fn columns(
        &self,
        py: Python<'_>,
        names: Vec<String>,
        first: usize,
        start: usize,
        stop: usize,
    ) -> Vec<(bool, bool, Option<ArrowColumn>)> {
        let sheet = self.sheet();
        let cells = stop.saturating_sub(start) * names.len();
        let tasks: Vec<(usize, String)> = (first..).zip(names).collect();
        let build = |(column, name): (usize, String)| {
            let kinds = sheet.column_kinds(column, start, stop);
            let built = series::build(sheet, column, start, stop, kinds);
            let built = built.map(|column| arrow(&name, column));
            (
                kinds.first == CellTag::Empty,
                series::is_mixed(kinds),
                built,
            )
        };
        py.detach(|| share_tasks(tasks, cells, build))
    }

    /// Returns whether the workbook counts days from 1904.
    #[getter(from_1904)]
    fn is_from_1904(&self) -> bool {
        self.sheet().facts().from_1904
    }

    /// Returns whether a column has a number that its format shows with leading zeros.
    fn shows_zeros(&self, column: usize) -> bool {
        let sheet = self.sheet();
        let mut runs = sheet.zeros().padded_in(column);
        runs.any(|(first, last, digits)| {
            (first..=last).any(|row| {
                let cell = sheet.cell(row, column);
                let number = match cell.tag {
                    CellTag::Integer => cell.as_integer() as f64,
                    CellTag::Float => cell.as_float(),
                    _ => return false,
                };
                (0.0..10_f64.powi(digits as i32 - 1)).contains(&number)
            })
        })
    }

    /// Returns whether a column has formats that show numbers with leading zeros or a currency.
    fn has_zeros(&self, column: usize, start: usize, stop: usize) -> bool {
        self.sheet().zeros().any_in(column, start, stop)
    }

    /// Returns whether a column has both days and texts.
    fn has_days_and_texts(&self, column: usize, start: usize, stop: usize) -> bool {
        let kinds = self.sheet().column_kinds(column, start, stop);
        kinds.has(CellTag::Text) && (kinds.has(CellTag::Date) || kinds.has(CellTag::DateTime))
    }

    /// Returns the number of cells that are not blank in each of the first columns, and the number of rows in which all of
    /// these are.
    fn cell_counts(
        &self,
        py: Python<'_>,
        start: usize,
        stop: usize,
        width: usize,
    ) -> (Vec<usize>, usize) {
        py.detach(|| self.sheet().count_cells(start, stop, width))
    }

    /// Returns, for each row of the sheet, the index of its layout among the examined rows, or -1 for a blank row.
    fn layout_by_row(&self, py: Python<'_>) -> Vec<i64> {
        let place = |at: Option<u32>| at.map_or(-1, i64::from);
        let looks = py.detach(|| self.grid.looks());
        looks.by_row().iter().copied().map(place).collect()
    }

    /// Returns the layouts of the examined rows: the number of the state, and the likelihood of each state.
    fn layouts_looked_at(&self, py: Python<'_>) -> Vec<(u8, Vec<f64>)> {
        let rows = py.detach(|| self.grid.looks()).rows.iter();
        rows.map(|row| (row.state as u8, row.likelihoods.to_vec()))
            .collect()
    }

    /// Returns the reasons for the state of an examined row rather than the second likeliest state, in words, the strongest
    /// first.
    fn layout_reasons(&self, at: usize, most: usize) -> Vec<String> {
        let row = self.grid.looks().rows.get(at);
        row.map_or(Vec::new(), |row| reasons_of(row, most))
    }
}

/// Makes a scan of rows of Python values and merged ranges, as if they had been read from a file. Values of types that no file
/// can have count as their text. `looks_of` is the scan from which these rows were changed; they keep its layout.
///
/// # Errors
/// The exception of iterating over the rows, or `SourceError` if there are too many rows to hold.
#[pyfunction]
#[pyo3(signature = (title, rows, max_empty_rows_run, max_empty_cols_run, fill_merged, merged_ranges, looks_of=None))]
pub fn scan_of_rows(
    title: &str,
    rows: &Bound<'_, PyAny>,
    max_empty_rows_run: Option<usize>,
    max_empty_cols_run: Option<usize>,
    fill_merged: u8,
    merged_ranges: Vec<MergedRangeTuple>,
    looks_of: Option<&Bound<'_, Scan>>,
) -> PyResult<Scan> {
    let limits = limits(max_empty_rows_run, max_empty_cols_run, fill_merged);
    let mut builder = SheetBuilder::new(title, limits, Arc::default());
    let mut types = MomentTypes::load(rows.py())?;
    let mut last_row = 0;
    for (number, row) in rows.try_iter()?.enumerate() {
        last_row = number + 1;
        for (column, value) in row?.try_iter()?.enumerate().take(MAX_SHEET_COLUMNS) {
            let cell = types.cell(&value?, &mut builder)?;
            builder.push(column, cell);
        }
        if builder.end_row(number).map_err(to_python)? == ScanStep::No {
            break;
        }
    }
    for (first_row, last_row, first_column, last_column) in merged_ranges {
        let first = (first_row.saturating_sub(1), first_column.saturating_sub(1));
        let last = (last_row.saturating_sub(1), last_column.saturating_sub(1));
        if let Some(range) = MergedRange::between(first, last) {
            builder.merge(range);
        }
    }
    let extent = DeclaredExtent::of_rows(last_row);
    let cells = Arc::new(builder.finish(Some(extent)));
    let grid = match looks_of {
        None => SheetGrid::new(cells),
        Some(scan) => SheetGrid::changed(cells, Arc::clone(scan.get().grid())),
    };
    Ok(Scan::new(Arc::new(grid)))
}
