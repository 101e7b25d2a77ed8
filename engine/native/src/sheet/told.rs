//! The notices of the passes about a sheet, as data; Python writes the texts. Rows and columns count from 0.

use std::ops::Range;

use crate::layout::RowKind;

/// A notice about rows or columns of a sheet.
#[derive(Debug)]
pub enum SheetNotice {
    /// The first record, and whether it is above a header row.
    NoHeader(usize, bool),
    /// Rows that were taken for the header, and the reason why they may be none.
    Doubt(Vec<usize>, HeaderDoubtReason),
    /// Rows that were kept as records, and the reason why they may be none.
    Kept(Vec<usize>, KeptRowReason),
    /// Rows right below the header, the likelihood that they are part of it, and their kind.
    Below(Range<usize>, f64, RowKind),
    /// Rows above the header row that were left out.
    LeftOutAbove(Vec<usize>),
    /// Rows of small tables above the table that were left out because they name no field.
    TablesAbove(Vec<usize>),
    /// Rows below a table that were left out, and whether they are more than the rows that were kept.
    LeftOutBelow(Vec<usize>, bool),
    /// A line above a table which says that its amounts are deducted.
    Deductions(usize),
    /// Titles of printed pages among the rows of tables.
    PageTitles(Vec<usize>),
    /// Rows that were recognised as headers of other tables.
    FurtherHeaders(Vec<usize>),
    /// The number of fields whose names are below one another, their rows, and whether the table was turned.
    OnItsSide(usize, Range<usize>, bool),
    /// The row and the column of each note beside a table.
    NotesBeside(Vec<(usize, usize)>),
    /// Columns that may not belong to their table, and whether they end above it.
    DoubtBeside(Range<usize>, bool),
    /// The columns of each of several tables beside one another.
    TablesBeside(Vec<Range<usize>>),
}

/// The reason why rows that were taken for the header may be no header.
#[derive(Clone, Copy, Debug)]
pub enum HeaderDoubtReason {
    Looks,
    Address,
    NothingBelow,
    TextsBelowNames,
}

/// The reason why rows that were kept as records may be none.
#[derive(Clone, Copy, Debug)]
pub enum KeptRowReason {
    PartOfHeader,
    OtherHeader,
    /// They have nothing but a name.
    NameAlone,
    /// They look like the notes below a table.
    Note,
}
