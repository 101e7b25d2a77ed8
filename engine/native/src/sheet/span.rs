//! The place of a table on a sheet.

use std::ops::Range;

/// What the rows of a table say of values above them. Rows and columns count from 0 on the sheet.
#[derive(Clone, Debug, Default)]
pub struct AsAbove {
    /// Cells with a sign, each with the row of the value that it stands for; none where nothing stands above it.
    pub signs: Vec<(usize, usize, Option<usize>)>,
    /// Columns that are filled once for several records, and the rows in which they are blank.
    pub filled_once: (Vec<usize>, Vec<usize>),
}

/// The rows and columns of a table: a header block, and all rows below it.
#[derive(Clone, Debug)]
pub struct Span {
    pub start: usize,
    /// 0 where the table has no header row.
    pub header_rows: usize,
    pub stop: usize,
    pub columns: Range<usize>,
    /// True if no detector took the header row for one.
    pub is_guessed: bool,
    /// What stands alone above the header and is of all its records.
    pub section: Option<String>,
    /// Cells of the header, by row and column, that name no column.
    pub unnamed: Vec<(usize, usize)>,
    /// Its cells that stand for the value above them.
    pub above: AsAbove,
}

impl Span {
    /// A table in all columns.
    pub fn new(start: usize, header_rows: usize, stop: usize) -> Self {
        Self {
            start,
            header_rows,
            stop,
            columns: 0..usize::MAX,
            is_guessed: false,
            section: None,
            unnamed: Vec::new(),
            above: AsAbove::default(),
        }
    }

    /// A table whose header row is guessed to be its first, in all columns.
    pub fn guessed(start: usize, stop: usize) -> Self {
        Self {
            is_guessed: true,
            ..Self::new(start, 1, stop)
        }
    }

    /// The row below the header block.
    pub fn data_start(&self) -> usize {
        self.start + self.header_rows
    }

    /// Its header rows.
    pub fn header(&self) -> Range<usize> {
        self.start..self.data_start()
    }

    /// The rows below its header.
    pub fn data(&self) -> Range<usize> {
        self.data_start()..self.stop
    }
}
