//! The position of a table on a sheet.

use std::ops::Range;

/// The cells of a table that stand for values above them. Rows and columns count from 0 on the sheet.
#[derive(Clone, Debug, Default)]
pub struct DittoCells {
    /// Cells with a ditto sign, each with the row of the value that it stands for; `None` if there is no value above it.
    pub signs: Vec<(usize, usize, Option<usize>)>,
    /// Columns that are filled once for several records, and the rows in which they are blank.
    pub filled_once: (Vec<usize>, Vec<usize>),
}

/// The rows and columns of a table: a header block, and all rows below it.
#[derive(Clone, Debug)]
pub struct Span {
    pub start: usize,
    /// 0 if the table has no header row.
    pub header_rows: usize,
    pub stop: usize,
    pub columns: Range<usize>,
    /// True if no detector recognised the header row.
    pub is_guessed: bool,
    /// The text alone in a line above the header that applies to all records.
    pub section: Option<String>,
    /// The cells of the header, by row and column, that name no column.
    pub unnamed: Vec<(usize, usize)>,
    /// Its cells that stand for the value above them.
    pub above: DittoCells,
}

impl Span {
    /// Returns a table that spans all columns.
    pub fn new(start: usize, header_rows: usize, stop: usize) -> Self {
        Self {
            start,
            header_rows,
            stop,
            columns: 0..usize::MAX,
            is_guessed: false,
            section: None,
            unnamed: Vec::new(),
            above: DittoCells::default(),
        }
    }

    /// Returns a table in all columns whose header row is guessed to be its first row.
    pub fn guessed(start: usize, stop: usize) -> Self {
        Self {
            is_guessed: true,
            ..Self::new(start, 1, stop)
        }
    }

    /// Returns the row below the header block.
    pub fn data_start(&self) -> usize {
        self.start + self.header_rows
    }

    /// Returns the range of its header rows.
    pub fn header(&self) -> Range<usize> {
        self.start..self.data_start()
    }

    /// Returns the range of the rows below its header.
    pub fn data(&self) -> Range<usize> {
        self.data_start()..self.stop
    }
}
