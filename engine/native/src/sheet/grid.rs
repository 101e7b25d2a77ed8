//! A grid of cells with the layout of its rows, and areas of a sheet that become grids.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::cells::{CellTag, DeclaredExtent, ScanLimits, Sheet, SheetBuilder, SheetCell};
use crate::fields::looks::rows::{RowDetector, RowKinds, classify};
use crate::layout::{SheetLayout, recognise};

/// The cells of a sheet, or of an area of one.
#[derive(Debug)]
pub struct SheetGrid {
    cells: Arc<Sheet>,
    looks: OnceLock<SheetLayout>,
    /// The grid before its values were changed. It has the layout.
    original: Option<Arc<SheetGrid>>,
    turned_from: Option<usize>,
}

/// Records that are in lines, as a table: a header of the labels, and a row for each record below it.
#[derive(Debug)]
pub struct Cards {
    pub grid: SheetGrid,
    /// The labels as they are first written, in order.
    pub labels: Vec<String>,
    /// The row of the sheet in which each record begins.
    pub first_rows: Vec<usize>,
    /// For each label, the row and column of its value in each record; `None` if a record lacks it.
    pub cells: Vec<Vec<Option<(usize, usize)>>>,
    /// The rows and columns of the sheet that contain the records.
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

/// The content of a cell of an area.
#[derive(Clone, Debug)]
pub(super) enum AreaCell {
    /// A cell of the sheet.
    Cell(SheetCell),
    Text(String),
}

impl AreaCell {
    pub(super) const BLANK: Self = Self::Cell(SheetCell::EMPTY);
}

impl SheetGrid {
    pub fn new(cells: Arc<Sheet>) -> Self {
        Self {
            cells,
            looks: OnceLock::new(),
            original: None,
            turned_from: None,
        }
    }

    /// Returns a grid with changed values whose rows keep their layout.
    pub fn changed(cells: Arc<Sheet>, original: Arc<Self>) -> Self {
        Self {
            original: Some(original),
            ..Self::new(cells)
        }
    }

    pub fn cells(&self) -> &Arc<Sheet> {
        &self.cells
    }

    /// Returns the layout of the rows, which is computed once.
    pub fn looks(&self) -> &SheetLayout {
        let unchanged = self.unchanged();
        unchanged.looks.get_or_init(|| recognise(&unchanged.cells))
    }

    /// Returns the kinds of its rows according to detectors that need no Python.
    pub fn classify(&self, rules: &[&RowDetector]) -> RowKinds {
        let asks_for_looks = rules
            .iter()
            .any(|rule| matches!(rule, RowDetector::Layout { .. }));
        classify(&self.cells, rules, asks_for_looks.then(|| self.looks()))
    }

    /// Returns the grid before its values were changed.
    fn unchanged(&self) -> &Self {
        self.original.as_deref().unwrap_or(self)
    }

    /// Returns the row of the sheet, from 0, that is the first column of a turned table.
    pub fn turned_from(&self) -> Option<usize> {
        self.turned_from
    }

    /// Returns whether cells show nothing beyond their values: no number has leading zeros, and no formula lacks a value.
    pub(super) fn is_plain(&self) -> bool {
        let sheet = &self.unchanged().cells;
        let facts = sheet.facts();
        let has_zeros = |column| sheet.zeros().any_in(column, 0, facts.rows_emitted);
        sheet.findings().formulas_without_value.count == 0 && !(0..facts.width).any(has_zeros)
    }

    /// Returns a sideways table turned: its records become rows, and the column of its names the header.
    pub(super) fn turned(&self, rows: &Range<usize>, names: usize) -> Self {
        let row_of = |column| {
            let cells = rows.clone().filter(|_| column >= names);
            cells.map(|row| self.cell(row, column)).collect()
        };
        let turned = (0..self.cells.facts().width).map(row_of);
        Self {
            turned_from: Some(rows.start),
            ..self.of_rows(turned)
        }
    }

    /// Returns the cells of an area in their positions, without all other cells.
    pub(super) fn area(&self, rows: &Range<usize>, columns: &Range<usize>) -> Self {
        let row_of = |row| {
            let stop = self.cells.row_width(row).min(columns.end);
            let cell_of = |column| match columns.contains(&column) {
                true => self.cell(row, column),
                false => AreaCell::BLANK,
            };
            let width = if rows.contains(&row) { stop } else { 0 };
            (0..width).map(cell_of).collect()
        };
        self.of_rows((0..rows.end).map(row_of))
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> AreaCell {
        AreaCell::Cell(self.cells.cell(row, column))
    }

    /// Returns a grid of rows with cells of this grid.
    pub(super) fn of_rows(&self, rows: impl Iterator<Item = Vec<AreaCell>>) -> Self {
        let mut builder = SheetBuilder::new("area", ScanLimits::NONE, Arc::default());
        let mut count = 0;
        for (number, row) in rows.enumerate() {
            for (column, content) in row.into_iter().enumerate() {
                let cell = match content {
                    AreaCell::Text(text) => builder.text_cell(&text),
                    AreaCell::Cell(cell)
                        if matches!(cell.tag, CellTag::Text | CellTag::BigInteger) =>
                    {
                        SheetCell {
                            tag: cell.tag,
                            bits: builder.store_text(self.cells.text(cell.as_text())).bits(),
                        }
                    }
                    AreaCell::Cell(cell) => cell,
                };
                builder.push(column, cell);
            }
            count = number + 1;
            // Without limits, and with no more cells than the sheet has, every row fits.
            let _ = builder.end_row(number);
        }
        Self::new(Arc::new(
            builder.finish(Some(DeclaredExtent::of_rows(count))),
        ))
    }
}
