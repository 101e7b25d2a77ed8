//! What the passes have to say of a sheet: each notice as data, of which Python writes the words. Rows and columns count from 0.

use std::ops::Range;

use crate::layout::RowKind;

/// A notice of the rows or the columns of a sheet.
#[derive(Debug)]
pub enum Told {
    /// The first record, and whether it stands above a header row.
    NoHeader(usize, bool),
    /// Rows that were taken for the header.
    Doubt(Vec<usize>, Doubt),
    /// Rows that were kept as records.
    Kept(Vec<usize>, Kept),
    /// Rows right below the header, how likely they are a part of it, and what they were taken for.
    Below(Range<usize>, f64, RowKind),
    /// Rows above the header row that were left out.
    LeftOutAbove(Vec<usize>),
    /// Rows of small tables above the table that were left out, for no field is named there.
    TablesAbove(Vec<usize>),
    /// Rows below a table that were left out, and whether they are more than those that were kept.
    LeftOutBelow(Vec<usize>, bool),
    /// A line above a table that says that its amounts are taken off.
    Deductions(usize),
    /// Titles of printed pages among the rows of tables.
    PageTitles(Vec<usize>),
    /// Rows that were taken for headers of other tables.
    FurtherHeaders(Vec<usize>),
    /// The number of fields whose names stand below one another, the rows of these, and whether the table was turned.
    OnItsSide(usize, Range<usize>, bool),
    /// The row and the column of each note beside a table.
    NotesBeside(Vec<(usize, usize)>),
    /// Columns that may be no part of their table, and whether they end above it.
    DoubtBeside(Range<usize>, bool),
    /// The columns of each of several tables beside one another.
    TablesBeside(Vec<Range<usize>>),
}

/// The reason for which rows that were taken for the header may be none.
#[derive(Clone, Copy, Debug)]
pub enum Doubt {
    Looks,
    Address,
    NothingBelow,
    TextsBelowNames,
}

/// The reason for which rows that were kept as records may be none.
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    PartOfHeader,
    OtherHeader,
    /// They have nothing but a name.
    NameAlone,
    /// They look like the notes below a table.
    Note,
}
