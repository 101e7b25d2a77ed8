//! The Python classes for writing: frames, and a writer for them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::column::{ArrowColumn, arrow, frame_of, series_of};
use super::error::write_error;
use super::source::Scan;
use ade_engine_native::columns::column::ColumnBuilder;
use ade_engine_native::columns::frame;
use ade_engine_native::columns::view::{ColumnValue, TypedCells};
use ade_engine_native::write::cells as written;
use ade_engine_native::write::list_sheet::{
    COUNTS_LOOK, HEADER_LOOK, ListSheetContent, Role, TITLE_LOOK,
};
use ade_engine_native::write::rows::{self, PlacedColumn, PlacedRowBlock, PlacedRows};
use ade_engine_native::write::styled::{ColumnKind, ColumnRequest, IssueColumn, StyledTable};
use ade_engine_native::write::styles;
use ade_engine_native::write::text::find_illegal_text;
use ade_engine_native::write::workbook::{OutputSheetExtent, SheetAppearance, WorkbookWriter};

/// A polars frame that is held without a copy.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct Frame {
    frame: Arc<frame::Frame>,
}

#[pymethods]
impl Frame {
    /// Takes the result of `frame.__arrow_c_stream__()`. `typed` has the numbers of columns whose cells have types of their
    /// own, with the number of each row's cell; `origins` has their scans and columns.
    #[new]
    #[pyo3(signature = (frame, typed=Vec::new(), origins=Vec::new()))]
    fn new(
        frame: &Bound<'_, PyAny>,
        typed: Vec<(usize, Bound<'_, PyAny>)>,
        origins: Vec<(Bound<'_, Scan>, usize)>,
    ) -> PyResult<Self> {
        let imported = frame_of(frame)?;
        let origins: Arc<[_]> = origins
            .iter()
            .map(|(scan, column)| (scan.get().sheet().clone(), *column))
            .collect();
        let mut columns = Vec::with_capacity(typed.len());
        for (number, cells) in typed {
            let number_of = |cell: ColumnValue<'_>| match cell {
                ColumnValue::Unsigned(cell) => cell,
                _ => 0,
            };
            let cells = series_of(&cells)?.view().values().map(number_of).collect();
            let origins = Arc::clone(&origins);
            columns.push((number, TypedCells { origins, cells }));
        }
        let imported = imported.and_then(|frame| frame.with_typed(columns));
        Ok(Self {
            frame: Arc::new(imported.map_err(PyTypeError::new_err)?),
        })
    }

    #[getter]
    fn rows(&self) -> usize {
        self.frame.rows()
    }

    /// Returns the first text that a worksheet cannot hold, if there is one.
    fn find_illegal_text(&self, py: Python<'_>) -> Option<String> {
        let columns: Vec<usize> = (0..self.frame.names.len()).collect();
        py.detach(|| find_illegal_text(&self.frame.names, &self.frame, &columns))
    }
}

/// A column of a table with looks, as the caller wants it.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct StyledColumn(ColumnRequest);

#[pymethods]
impl StyledColumn {
    /// Takes its kind (0 for a field, 1 for a field of moments, 2 for others, 3 for severities, 4 for issues and 5 for rows of
    /// the source), its column of the frame, its header, and the width and the format that it gets.
    #[new]
    #[pyo3(signature = (kind, *, source, header, width, format))]
    fn new(
        kind: u8,
        source: Option<usize>,
        header: String,
        width: Option<f64>,
        format: Option<String>,
    ) -> PyResult<Self> {
        let kind = match kind {
            0 => ColumnKind::Field,
            1 => ColumnKind::MomentField,
            2 => ColumnKind::Other,
            3 => ColumnKind::Severity,
            4 => ColumnKind::Issues,
            5 => ColumnKind::SourceRow,
            other => {
                let message = format!("there is no kind of column {other}");
                return Err(PyTypeError::new_err(message));
            }
        };
        Ok(Self(ColumnRequest {
            kind,
            source,
            header,
            width,
            format,
        }))
    }
}

/// The position of issues: the field's label, the column of the frame with issues, the column of the table, and the column of
/// the frame with their severities.
type IssueColumnTuple = (String, usize, Option<usize>, Option<usize>);
/// The look of a cell.
#[pyclass(frozen, get_all, eq, hash, module = "ade_engine._native")]
#[derive(PartialEq, Eq, Hash)]
pub struct CellLook {
    format: String,
    bold: bool,
    italic: bool,
    underlined: bool,
    /// The font size in points.
    size: u8,
    ink: Option<&'static str>,
    fill: Option<&'static str>,
    line_left: bool,
    line_below: bool,
    thin_below: bool,
    horizontal: Option<&'static str>,
    indent: u8,
    /// True if the text is vertically centered.
    is_centered: bool,
    /// True if the text is at the top.
    is_top: bool,
    /// True if long text wraps to further lines.
    wraps: bool,
}

impl From<&styles::CellAppearance> for CellLook {
    fn from(look: &styles::CellAppearance) -> Self {
        Self {
            format: look.format.clone().into_owned(),
            bold: look.bold,
            italic: look.italic,
            underlined: look.underlined,
            size: look.size,
            ink: look.ink,
            fill: look.fill,
            line_left: look.line_left,
            line_below: look.line_below,
            thin_below: look.thin_below,
            horizontal: look.horizontal,
            indent: look.indent,
            is_centered: look.is_centered,
            is_top: look.is_top,
            wraps: look.wraps,
        }
    }
}

/// The numbers of the cell styles for moments.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct MomentStyles(written::MomentStyles);

#[pymethods]
impl MomentStyles {
    #[new]
    #[pyo3(signature = (*, date_time, date, time, duration))]
    fn new(date_time: u32, date: u32, time: u32, duration: u32) -> Self {
        Self(written::MomentStyles {
            date_time,
            date,
            time,
            duration,
        })
    }
}

/// A table with the looks of its cells: see [`StyledTable`].
#[pyclass(frozen, module = "ade_engine._native")]
pub struct StyledFrame {
    table: Arc<StyledTable>,
}

#[pymethods]
impl StyledFrame {
    /// Measures the columns of a frame.
    #[new]
    fn new(
        py: Python<'_>,
        frame: &Frame,
        columns: Vec<Bound<'_, StyledColumn>>,
        said: Vec<IssueColumnTuple>,
        escape_formulas: bool,
    ) -> PyResult<Self> {
        let width = frame.frame.names.len();
        let wishes: Vec<ColumnRequest> = columns
            .iter()
            .map(|column| column.get().0.clone())
            .collect();
        let said: Vec<IssueColumn> = said
            .into_iter()
            .map(|(label, issue, column, severity)| IssueColumn {
                label,
                issue,
                column,
                severity,
            })
            .collect();
        let sources = wishes.iter().filter_map(|wish| wish.source);
        let issues = said.iter().map(|said| said.issue);
        let severities = said.iter().filter_map(|said| said.severity);
        if sources
            .chain(issues)
            .chain(severities)
            .any(|source| source >= width)
            || said.iter().any(|said| said.column >= Some(wishes.len()))
        {
            return Err(PyTypeError::new_err("the frame has no such column"));
        }
        let frame = frame.frame.clone();
        let table = py.detach(|| StyledTable::new(frame, wishes, said, escape_formulas));
        Ok(Self {
            table: Arc::new(table),
        })
    }

    /// Returns the first text that a worksheet cannot hold, if there is one.
    fn find_illegal_text(&self, py: Python<'_>) -> Option<String> {
        py.detach(|| self.table.find_illegal_text())
    }

    /// Returns the width of each column.
    #[getter]
    fn widths(&self) -> Vec<f64> {
        self.table
            .columns()
            .iter()
            .map(|column| column.width)
            .collect()
    }

    /// Returns all looks that occur. The first one is that of a plain cell.
    #[getter]
    fn looks(&self) -> Vec<CellLook> {
        self.table.looks().iter().map(CellLook::from).collect()
    }

    /// Returns the look of each header, as an index into the looks.
    #[getter]
    fn header_looks(&self) -> Vec<usize> {
        let columns = self.table.columns().iter();
        columns.map(|column| column.header_look).collect()
    }

    /// Returns, for each row, the word for its severity and the text of its issues, as two lists.
    fn issues(&self, py: Python<'_>) -> (Vec<Option<&'static str>>, Vec<Option<String>>) {
        py.detach(|| {
            let rows = self.table.issues().into_iter();
            rows.map(Option::unzip).unzip()
        })
    }

    /// Returns the style of each cell of a column, four bytes in the machine's order: the entry of `numbers` for its look, or 0
    /// if there is nothing to show. Returns `None` if all are 0.
    fn cell_styles<'py>(
        &self,
        py: Python<'py>,
        column: usize,
        numbers: Vec<u32>,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        if column >= self.table.columns().len() || numbers.len() < self.table.looks().len() {
            return Err(PyTypeError::new_err("the table has no such column or look"));
        }
        let styles = py.detach(|| self.table.cell_styles(column, &numbers));
        Ok(styles.map(|styles| PyBytes::new(py, &styles)))
    }
}

/// A sheet that lists entries about a workbook: see [`ListSheetContent`].
#[pyclass(frozen, module = "ade_engine._native")]
pub struct ListSheet {
    pub(super) list: ListSheetContent,
}

#[pymethods]
impl ListSheet {
    /// Takes the columns: their names, whether their texts may be long, and the texts, which are equally many for each column.
    #[new]
    fn new(
        title: &str,
        counts: &str,
        columns: Vec<(String, bool, Vec<Option<String>>)>,
    ) -> PyResult<Self> {
        if columns
            .iter()
            .any(|(_, _, texts)| texts.len() != columns[0].2.len())
        {
            return Err(PyTypeError::new_err(
                "the columns have different numbers of texts",
            ));
        }
        let role = |is_long| if is_long { Role::Wrapped } else { Role::Text };
        let heads = columns
            .iter()
            .map(|(name, is_long, _)| (name.clone(), role(*is_long)));
        let mut list = ListSheetContent::new(title, counts, heads);
        for (number, (_, _, texts)) in columns.iter().enumerate() {
            texts
                .iter()
                .for_each(|text| list.push(number, text.as_deref()));
        }
        Ok(Self { list })
    }

    fn __len__(&self) -> usize {
        self.list.lines()
    }

    /// Returns the title, and the line below it.
    #[getter]
    fn above(&self) -> (&str, &str) {
        self.list.above()
    }

    /// Returns the width of each column, in characters.
    #[getter]
    fn widths(&self) -> Vec<f64> {
        self.list.widths()
    }

    /// Returns the cells that are links, and their targets.
    #[getter]
    fn links(&self) -> Vec<(String, String)> {
        self.list.links()
    }

    /// Returns the columns, without nulls.
    fn columns(&self) -> Vec<ArrowColumn> {
        let column = |(number, name)| {
            let mut made = ColumnBuilder::of_texts(self.list.lines());
            self.list
                .texts(number)
                .for_each(|text| made.push_text(Some(text)));
            arrow(name, made.column())
        };
        self.list.names().enumerate().map(column).collect()
    }

    /// Returns all looks that occur. The first one is that of a plain cell.
    #[getter]
    fn looks(&self) -> Vec<CellLook> {
        self.list.looks().iter().map(CellLook::from).collect()
    }

    /// Returns the looks of the title, of the line below it and of each header, as indices into the looks.
    #[getter]
    fn own_looks(&self) -> (usize, usize, usize) {
        (TITLE_LOOK, COUNTS_LOOK, HEADER_LOOK)
    }

    /// Returns the style of each cell of a column, four bytes in the machine's order: the entry of `numbers` for its look.
    fn cell_styles<'py>(
        &self,
        py: Python<'py>,
        column: usize,
        numbers: Vec<u32>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        if column >= self.list.width() || numbers.len() < self.list.looks().len() {
            return Err(PyTypeError::new_err("the list has no such column or look"));
        }
        let styles = py.detach(|| self.list.cell_styles(column, &numbers));
        Ok(PyBytes::new(py, &styles))
    }
}

/// The number of a column in the sheet and in the frame, both from 0, and its styles.
type PythonColumn = (usize, usize, Option<Vec<u8>>);

/// Renders `count` rows as XML; the first row becomes row `sheet_row`. `parts` are frames (or `None`, for cells without values)
/// with the row that they start at and their columns. `styles` are the numbers of the cell styles that the columns' styles
/// name. For the rest see [`PlacedRowBlock`].
#[pyfunction]
#[pyo3(signature = (parts, count, sheet_row, moments, styles, escape_formulas, cells, attributes, keep_empty_rows))]
pub fn render_rows<'py>(
    py: Python<'py>,
    parts: Vec<(Option<Bound<'py, Frame>>, usize, Vec<PythonColumn>)>,
    count: usize,
    sheet_row: usize,
    moments: &MomentStyles,
    styles: Vec<u32>,
    escape_formulas: bool,
    cells: Vec<(usize, usize, String)>,
    attributes: Vec<(usize, String)>,
    keep_empty_rows: bool,
) -> Bound<'py, PyBytes> {
    let owned: Vec<_> = parts
        .into_iter()
        .map(|(frame, first, columns)| {
            (frame.map(|frame| frame.get().frame.clone()), first, columns)
        })
        .collect();
    let xml = py.detach(|| {
        let parts = owned
            .iter()
            .map(|(frame, first_row, columns)| PlacedRows {
                frame: frame.as_deref(),
                first_row: *first_row,
                columns: columns
                    .iter()
                    .map(|(column, source, styles)| PlacedColumn {
                        column: *column,
                        source: *source,
                        styles: styles.as_deref().unwrap_or_default(),
                    })
                    .collect(),
            })
            .collect();
        let stretch = PlacedRowBlock {
            parts,
            count,
            first_sheet_row: sheet_row,
            cells: &cells,
            attributes: &attributes,
            keep_empty_rows,
        };
        rows::render_rows(&stretch, moments.0, &styles, escape_formulas)
    });
    PyBytes::new(py, &xml)
}

/// Writes a workbook, sheet by sheet.
#[pyclass(frozen, module = "ade_engine._native")]
pub struct Writer {
    path: String,
    writer: Mutex<Option<WorkbookWriter>>,
}

impl Writer {
    fn lock(&self) -> MutexGuard<'_, Option<WorkbookWriter>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs some work on a workbook that is still being written.
    fn with(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut WorkbookWriter) -> io::Result<()> + Send,
    ) -> PyResult<()> {
        self.told(py.detach(|| self.lock().as_mut().map(work)))
    }

    /// Converts the outcome of some work to a Python result. `None` means that the workbook was finished before.
    fn told(&self, outcome: Option<io::Result<()>>) -> PyResult<()> {
        outcome
            .ok_or_else(|| PyRuntimeError::new_err("this workbook was finished already"))?
            .map_err(write_error(&self.path))
    }
}

#[pymethods]
impl Writer {
    /// Starts a workbook in a new file, and replaces a file of that name.
    #[new]
    fn new(path: String, escape_formulas: bool) -> PyResult<Self> {
        let file = File::create(&path).map_err(write_error(&path))?;
        let writer = Mutex::new(Some(WorkbookWriter::new(file, escape_formulas)));
        Ok(Self { path, writer })
    }

    /// Starts a sheet. `extent` is its (rows, columns), if they are known. `columns` are the widths, and whether each column is
    /// in a closed group; `frozen_rows` stay in view; `filter` is the range that is filtered. With `printed_row` the sheet
    /// prints in landscape, one page wide, and repeats that row on each page unless it is 0. `list_color` is the color of a
    /// list's tab.
    #[pyo3(signature = (title, extent=None, columns=Vec::new(), frozen_rows=0, filter=None, printed_row=None, list_color=None))]
    fn start_sheet(
        &self,
        py: Python<'_>,
        title: &str,
        extent: Option<(usize, usize)>,
        columns: Vec<(f64, bool)>,
        frozen_rows: usize,
        filter: Option<String>,
        printed_row: Option<usize>,
        list_color: Option<String>,
    ) -> PyResult<()> {
        let extent = extent.map(|(rows, columns)| OutputSheetExtent { rows, columns });
        let look = SheetAppearance {
            columns,
            frozen_rows,
            filter,
            printed_row,
            list_color,
        };
        self.with(py, |writer| writer.start_sheet(title, extent, &look))
    }

    /// Adds a table to the sheet. With `gap`, leaves a blank row above it.
    fn append(&self, py: Python<'_>, frame: &Frame, gap: bool) -> PyResult<()> {
        let frame = frame.frame.clone();
        self.with(py, |writer| writer.append(&frame, gap))
    }

    /// Adds a table with its looks to the sheet. With `gap`, leaves a blank row above it.
    fn append_styled(&self, py: Python<'_>, table: &StyledFrame, gap: bool) -> PyResult<()> {
        let table = table.table.clone();
        self.with(py, |writer| writer.append_styled(&table, gap))
    }

    /// Adds a list to a sheet that has nothing else.
    fn append_list(&self, py: Python<'_>, list: &ListSheet) -> PyResult<()> {
        self.with(py, |writer| writer.append_list(&list.list))
    }

    /// Ends and closes the workbook.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.told(py.detach(|| {
            let writer = self.lock().take();
            writer.map(|writer| writer.finish().map(drop))
        }))
    }

    /// Stops writing; the caller handles the incomplete file.
    fn abandon(&self, py: Python<'_>) {
        let writer = self.lock().take();
        py.detach(|| drop(writer));
    }
}

/// Forces files to the disk together: starts writing all of them before it waits for one.
#[pyfunction]
pub fn force_to_disk(py: Python<'_>, paths: Vec<String>) -> PyResult<()> {
    py.detach(|| {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let opened = File::options().write(true).open(&path);
            files.push((opened.map_err(write_error(&path))?, path));
        }
        #[cfg(target_os = "linux")]
        for (file, _) in &files {
            use std::os::fd::AsRawFd;

            // SAFETY: a system call on an open file. If it fails, the wait below writes the file.
            unsafe {
                libc::sync_file_range(file.as_raw_fd(), 0, 0, libc::SYNC_FILE_RANGE_WRITE);
            }
        }
        let mut files = files.iter();
        files.try_for_each(|(file, path)| file.sync_all().map_err(write_error(path)))
    })
}

/// Writes a file with the function `write`.
pub fn write_file(
    py: Python<'_>,
    path: &str,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()> + Send,
) -> PyResult<()> {
    let written = py.detach(|| {
        let mut file = BufWriter::new(File::create(path)?);
        write(&mut file)?;
        file.flush()
    });
    written.map_err(write_error(path))
}
