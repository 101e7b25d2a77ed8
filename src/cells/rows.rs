//! Where the rows of a run's output came from, and what became of the rows of its input: what the engine writes to
//! `output/<stem>_rows.json`, with the setting `row_provenance`.
//!
//! ```json
//! {"schema_version": 1,
//!  "tables": [{"sheet": "North", "table": 1, "output_sheet": "North", "first_row": 2, "turned": false,
//!              "rows": [[5, 7], [0, 0], [19, 14], [3, 3, 1]], "unknown": null}],
//!  "not_written": [{"sheet": "North", "first": 8, "last": 8, "reason": "blank", "hook": null}]}
//! ```
//!
//! `rows` are the sender's rows in the order of the output, as stretches: `[9, 7]` is 9, 8, 7; `[0, 0]`, or `0`, is a row that a hook added; a
//! third number says which entry of `tables` has the sheet of these rows, where a hook brought them from there. `first_row` is
//! the output's row of the first of them. Of a table that was `turned`, the numbers are the sender's columns. `unknown` is the
//! hook that replaced the rows of a table, which has none in the file then. A table that was reshaped has a list `cells` of fields whose
//! values stand elsewhere than in the row and in the field's column: `{"field": "month", "rows": 1, "columns": [[2, 13], [2, 13]]}`; `parts`
//! says which of several values in its cell each is. A list `quarantined` of entries like those of `tables` says
//! where rows stand that are kept apart, with the name of their `file` where that is not the output.
//!
//! # Promises
//! Code of the configuration may have written anything to the file: a link is no file, its size is bounded, and a file of another
//! shape is none. What the file does not tell is said to be unknown, never guessed.

mod file;
mod stretch;
#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::file::{InApart, InFile};
use self::stretch::{Stretch, stretch_of};

/// The version of the file's keys; within a version keys are only added.
const SCHEMA_VERSION: u32 = 1;
/// A larger file is not read: the rows of a full sheet, each for itself, take half of it.
const MOST_BYTES: u64 = 32 << 20;
/// So many tables, and so many stretches of rows that were not written, are read.
const MOST_ENTRIES: usize = 100_000;

/// The rows of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Rows {
    tables: Vec<Table>,
    not_written: Vec<NotWritten>,
    apart: Vec<Apart>,
}

/// The rows of a table that are quarantined.
#[derive(Debug, PartialEq, Eq)]
struct Apart {
    /// Where they stand.
    rows: Table,
    /// The workbook that has them, beside the output; `None`: the output.
    file: Option<String>,
}

/// A table of the sender that was written.
#[derive(Debug, PartialEq, Eq)]
struct Table {
    sheet: String,
    output_sheet: Option<String>,
    /// The output's row of its first row of data, from 1.
    first_row: Option<u64>,
    turned: bool,
    stretches: Vec<Stretch>,
    /// How many rows it has in the output.
    height: u32,
    unknown: Option<String>,
    /// Of a table that was reshaped: fields whose values stand in cells of their own.
    cells: Vec<CellsOfField>,
}

/// Where the values of a field stand in the sender's sheet.
#[derive(Debug, PartialEq, Eq)]
struct CellsOfField {
    field: String,
    rows: Option<Numbers>,
    columns: Option<Numbers>,
    parts: Option<Numbers>,
}

/// A number for each row of a table.
#[derive(Debug, PartialEq, Eq)]
enum Numbers {
    One(u32),
    Each(Vec<Stretch>),
}

/// The sender's cell that a value of the output is of, where it is not in the row and the column that its row and its field are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnCell {
    /// Its row, from 1; nothing: that of its row.
    pub row: Option<u64>,
    /// Its column, from 1; nothing: that of its field.
    pub column: Option<u64>,
    /// Whether the value stands in no cell.
    pub is_nowhere: bool,
    /// Which of several values in its cell it is, from 1; nothing: it is the only one.
    pub part: Option<u64>,
}

/// Rows of the sender that are not in the output, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RowReason)]
pub struct NotWritten {
    /// The sender's sheet.
    pub sheet: String,
    /// The first of them, from 1.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// Why.
    pub reason: Reason,
    /// The hook that dropped them.
    #[schema(required)]
    pub hook: Option<String>,
}

/// Why a row of the sender is not in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotWrittenReason)]
pub enum Reason {
    /// It is the header of a table.
    Header,
    /// It is blank.
    Blank,
    /// It is a total or a balance.
    Total,
    /// It is a note.
    Note,
    /// It is the title of a section.
    Title,
    /// It says the header again.
    RepeatedHeader,
    /// It belongs to no table.
    Outside,
    /// A hook dropped it.
    Dropped,
    /// It has errors and stands on a sheet or in a file of its own.
    Quarantined,
    /// It is a further line of the record above, whose row has its texts.
    Line,
    /// Another reason.
    #[serde(other)]
    Other,
}

/// Where a row of the output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// From this row of the sender's, from 1.
    Row {
        /// The sender's sheet.
        sheet: &'a str,
        /// The row.
        row: u64,
    },
    /// From this column of the sender's, from 1: records were columns there.
    Column {
        /// The sender's sheet.
        sheet: &'a str,
        /// The column.
        column: u64,
    },
    /// A hook added it.
    Added,
    /// It is a row of a table whose rows this hook replaced, or stands below it.
    Unknown {
        /// The hook.
        hook: &'a str,
    },
    /// It is no row of a table's data whose place is known: a header, a row between tables, or of a sheet that a hook touched.
    NoData,
}

/// Where a row of the sender's is in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// The sheet of the output; `None`: a hook touched the output, and the place is not known.
    pub sheet: Option<&'a str>,
    /// The row, from 1; `None` as above.
    pub row: Option<u64>,
}

/// Where a row of the sender's stands among those that are quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarantined<'a> {
    /// The sheet.
    pub sheet: &'a str,
    /// The row, from 1; `None`: a hook touched the output, and the place is not known.
    pub row: Option<u64>,
    /// The workbook that has the sheet, beside the output; `None`: the output.
    pub file: Option<&'a str>,
}

/// What became of a row of the sender's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate<'a> {
    /// It was written, more than once where a hook doubled it; in the order of the tables.
    Written(Vec<Written<'a>>),
    /// It is not in the output.
    NotWritten(&'a NotWritten),
    /// It may be anywhere: this hook replaced the rows of a table.
    Unknown {
        /// The hook.
        hook: &'a str,
    },
    /// The file says nothing of it.
    NotTold,
}

/// Rows of input and output that belong together one by one, or rows of one of them alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RowSegment)]
pub struct Segment<'a> {
    /// The sender's sheet; null: the rows are of the output alone.
    #[schema(required)]
    pub sheet: Option<&'a str>,
    /// The first of the sender's rows (of a turned table: columns), from 1; null: a hook added them, or they are not known.
    #[schema(required)]
    pub row: Option<u64>,
    /// Whether the numbers of the sender are those of columns.
    pub turned: bool,
    /// The sheet of the output; null: they were not written, or the place is not known.
    #[schema(required)]
    pub output_sheet: Option<&'a str>,
    /// The first of the output's rows, from 1; null as above.
    #[schema(required)]
    pub output_row: Option<u64>,
    /// How many rows these are; null: that is not known.
    #[schema(required)]
    pub count: Option<u64>,
    /// Whether the sender's row goes down by one as the output's goes up.
    pub descending: bool,
    /// Why they were not written; null: they were.
    #[schema(required)]
    pub reason: Option<Reason>,
    /// The hook that dropped them, or because of which the rows are not known.
    #[schema(required)]
    pub hook: Option<&'a str>,
    /// Whether it is not known which rows of the sender's these are.
    pub unknown: bool,
}

impl Rows {
    /// Reads the file. `None`: it is not there, is a link, too large, or of another shape; then nothing is known.
    pub fn read(path: &Path) -> Option<Self> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)
            .ok()?;
        let found = file.metadata().ok()?;
        if !found.is_file() || found.len() > MOST_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        Self::of(&bytes)
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let file: InFile = serde_json::from_slice(bytes).ok()?;
        let is_sound = file.schema_version == SCHEMA_VERSION
            && file.tables.len() <= MOST_ENTRIES
            && file.not_written.len() <= MOST_ENTRIES
            && file.quarantined.len() <= MOST_ENTRIES
            && file
                .not_written
                .iter()
                .all(|rows| rows.first >= 1 && rows.first <= rows.last);
        if !is_sound {
            return None;
        }
        let count = file.tables.len();
        let tables = file.tables.into_iter().enumerate();
        Some(Self {
            tables: tables
                .map(|(index, table)| table.checked(index, count))
                .collect::<Option<_>>()?,
            not_written: file.not_written,
            apart: file
                .quarantined
                .into_iter()
                .map(InApart::checked)
                .collect::<Option<_>>()?,
        })
    }

    /// The bytes that it takes, roughly.
    pub(super) fn heap_bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let of_table = |table: &Table| {
            let texts = table.sheet.len() + text(&table.output_sheet) + text(&table.unknown);
            let cells = table
                .cells
                .iter()
                .flat_map(|one| [&one.rows, &one.columns, &one.parts]);
            let of_cells: usize = cells.flatten().map(Numbers::len).sum();
            size_of::<Table>() + texts + (table.stretches.len() + of_cells) * size_of::<Stretch>()
        };
        let of_rows =
            |rows: &NotWritten| size_of::<NotWritten>() + rows.sheet.len() + text(&rows.hook);
        let apart = self.apart.iter().map(|one| &one.rows);
        self.tables.iter().chain(apart).map(of_table).sum::<usize>()
            + self.not_written.iter().map(of_rows).sum::<usize>()
    }

    /// Where a row of the output came from, from 1.
    pub fn origin(&self, output_sheet: &str, row: u64) -> Origin<'_> {
        let of = |_, stretch: Stretch| &self.tables[stretch.of as usize];
        let written = origin_in(self.tables.iter(), output_sheet, row, of);
        written.unwrap_or_else(|| {
            let here = self.apart.iter().filter(|one| one.file.is_none());
            origin_apart(here, output_sheet, row)
        })
    }

    /// The cell of a field's value in a row of the output, from 1, where the table was reshaped and the value has one of its own.
    pub fn own_cell(&self, output_sheet: &str, row: u64, field: &str) -> Option<OwnCell> {
        let (below, table) = table_at(self.tables.iter(), output_sheet, row)?;
        let cells = table.cells.iter().find(|one| one.field == field)?;
        let below = u32::try_from(below).ok()?;
        let at = |numbers: &Option<Numbers>| match numbers {
            Some(numbers) if below < table.height => numbers.at(below),
            _ => None,
        };
        let (row, column) = (at(&cells.rows), at(&cells.columns));
        Some(OwnCell {
            row: row.filter(|row| *row > 0),
            column: column.filter(|column| *column > 0),
            is_nowhere: row == Some(0) || column == Some(0),
            part: at(&cells.parts).filter(|part| *part > 0),
        })
    }

    /// The same of a row of the sheet of quarantined rows, of whichever workbook it is.
    pub fn origin_apart(&self, sheet: &str, row: u64) -> Origin<'_> {
        origin_apart(self.apart.iter(), sheet, row)
    }

    /// The sheets that quarantined rows stand on.
    pub fn sheets_apart(&self) -> Vec<&str> {
        let mut sheets: Vec<&str> = Vec::new();
        for one in self
            .apart
            .iter()
            .filter_map(|one| one.rows.output_sheet.as_deref())
        {
            if !sheets.contains(&one) {
                sheets.push(one);
            }
        }
        sheets
    }

    /// Where a row of the sender's stands among those that are quarantined; `turned`: it is a column.
    pub fn quarantined(&self, sheet: &str, row: u64, turned: bool) -> Vec<Quarantined<'_>> {
        let of_sheet = |one: &&Apart| one.rows.sheet == sheet && one.rows.turned == turned;
        let mut found = Vec::new();
        for one in self.apart.iter().filter(of_sheet) {
            let Some(title) = one.rows.output_sheet.as_deref() else {
                continue;
            };
            for stretch in one.rows.stretches.iter().filter(|one| one.first > 0) {
                found.extend(stretch.within(&(row..row + 1)).map(|row| Quarantined {
                    sheet: title,
                    row: stretch.place_of(&one.rows, row),
                    file: one.file.as_deref(),
                }));
            }
        }
        found
    }

    /// All rows that are quarantined, in the order of their sheet.
    pub fn all_quarantined(&self) -> Vec<Segment<'_>> {
        let all = self.apart.iter();
        all.flat_map(|one| one.rows.segments_apart(true)).collect()
    }

    /// What became of a row of the sender's, from 1.
    pub fn fate(&self, sheet: &str, row: u64) -> Fate<'_> {
        let mut fates = self.fates_of(sheet, row..row.saturating_add(1), false);
        fates.pop().unwrap_or(Fate::NotTold)
    }

    /// What became of a column of the sender's in which records were columns, from 1.
    pub fn fate_of_column(&self, sheet: &str, column: u64) -> Fate<'_> {
        let mut fates = self.fates_of(sheet, column..column.saturating_add(1), true);
        fates.pop().unwrap_or(Fate::NotTold)
    }

    /// What became of rows of the sender's, one by one.
    pub fn fates(&self, sheet: &str, rows: Range<u64>) -> Vec<Fate<'_>> {
        self.fates_of(sheet, rows, false)
    }

    fn fates_of(&self, sheet: &str, rows: Range<u64>, turned: bool) -> Vec<Fate<'_>> {
        let from = rows.start;
        let mut fates = vec![Fate::NotTold; rows.clone().count()];
        for (table, stretch) in self.stretches_of(sheet, turned) {
            for number in stretch.within(&rows) {
                let written = Written {
                    sheet: table.output_sheet.as_deref(),
                    row: stretch.place_of(table, number),
                };
                match &mut fates[(number - from) as usize] {
                    Fate::Written(places) => places.push(written),
                    other => *other = Fate::Written(vec![written]),
                }
            }
        }
        let unwritten = self.not_written.iter().filter(|rows| rows.sheet == sheet);
        for one in unwritten.filter(|_| !turned) {
            for number in one.first.max(from)..one.last.saturating_add(1).min(rows.end) {
                let fate = &mut fates[(number - from) as usize];
                if *fate == Fate::NotTold {
                    *fate = Fate::NotWritten(one);
                }
            }
        }
        // A hook that replaced the rows of one table may have brought them from any other.
        if let Some(hook) = self.unknown_near(sheet) {
            let open = fates.iter_mut().filter(|fate| **fate == Fate::NotTold);
            open.for_each(|fate| *fate = Fate::Unknown { hook });
        }
        fates
    }

    /// The hook because of which rows of a sheet are not known: one that replaced rows of this sheet, else of another.
    fn unknown_near(&self, sheet: &str) -> Option<&str> {
        let unknown = || self.tables.iter().filter(|table| table.unknown.is_some());
        let own = unknown().find(|table| table.sheet == sheet);
        own.or_else(|| unknown().next())?.unknown.as_deref()
    }

    /// The stretches of rows (or columns) of a sender's sheet, and the tables whose output they are in.
    fn stretches_of(
        &self,
        sheet: &str,
        turned: bool,
    ) -> impl Iterator<Item = (&Table, Stretch)> + '_ {
        let of_sheet: Vec<bool> = self
            .tables
            .iter()
            .map(|table| table.sheet == sheet && table.turned == turned)
            .collect();
        let known = self.tables.iter().filter(|table| table.unknown.is_none());
        known
            .flat_map(|table| table.stretches.iter().map(move |stretch| (table, *stretch)))
            .filter(move |(_, stretch)| stretch.first > 0 && of_sheet[stretch.of as usize])
    }

    /// The sender's sheet that the rows of a sheet of the output are of: that of its first table.
    pub(super) fn sheet_behind(&self, output_sheet: &str) -> Option<&str> {
        let apart = self.apart.iter().filter(|one| one.file.is_none());
        let mut tables = self.tables.iter().chain(apart.map(|one| &one.rows));
        let first = tables.find(|table| table.output_sheet.as_deref() == Some(output_sheet))?;
        Some(&first.sheet)
    }

    /// The sheet of the output that the rows of a sheet of the sender are on: that of its first table.
    pub(super) fn sheet_before(&self, sheet: &str) -> Option<&str> {
        let mut tables = self.tables.iter().filter(|table| table.sheet == sheet);
        tables.find_map(|table| table.output_sheet.as_deref())
    }

    /// The rows of a sheet of the sender that were not written, within a range.
    pub fn not_written_within(&self, sheet: &str, rows: &Range<u64>) -> Vec<NotWritten> {
        let within = self
            .not_written
            .iter()
            .filter(|one| one.sheet == sheet && one.first < rows.end && one.last >= rows.start);
        within.cloned().collect()
    }

    /// All rows of a sheet of the output, in its order.
    pub fn of_output(&self, output_sheet: &str) -> Vec<Segment<'_>> {
        let here = |table: &&Table| table.output_sheet.as_deref() == Some(output_sheet);
        let mut tables: Vec<_> = self.tables.iter().filter(here).collect();
        tables.sort_by_key(|table| table.first_row);
        let apart = self.apart.iter().filter(|one| {
            one.file.is_none() && one.rows.output_sheet.as_deref() == Some(output_sheet)
        });
        let written = tables.into_iter().flat_map(|table| self.segments_of(table));
        written
            .chain(apart.flat_map(|one| one.rows.segments_apart(true)))
            .collect()
    }

    fn segments_of<'a>(&'a self, table: &'a Table) -> Vec<Segment<'a>> {
        if table.unknown.is_some() {
            return vec![Segment {
                sheet: Some(&table.sheet),
                turned: table.turned,
                output_sheet: table.output_sheet.as_deref(),
                output_row: table.first_row,
                hook: table.unknown.as_deref(),
                unknown: true,
                ..Segment::default()
            }];
        }
        let segment = |stretch: &Stretch| self.segment(table, *stretch);
        table.stretches.iter().map(segment).collect()
    }

    fn segment<'a>(&'a self, table: &'a Table, stretch: Stretch) -> Segment<'a> {
        let of = &self.tables[stretch.of as usize];
        stretch.segment(table, of)
    }

    /// All rows of a sheet of the sender that the file tells of, in the sheet's order: those that were written, and those that
    /// were not with the reason. Rows that a hook doubled are there as often as they were written. Tables whose rows are not
    /// known come last.
    pub fn of_input(&self, sheet: &str) -> Vec<Segment<'_>> {
        let both = [false, true].into_iter();
        let written = both.flat_map(|turned| self.stretches_of(sheet, turned));
        let mut segments: Vec<_> = written
            .map(|(table, stretch)| self.segment(table, stretch))
            .collect();
        let apart = self.apart.iter().filter(|one| one.rows.sheet == sheet);
        segments.extend(apart.flat_map(|one| one.rows.segments_apart(one.file.is_none())));
        let placed: Vec<Segment<'_>> = (segments.iter().filter(|one| one.reason.is_some()))
            .copied()
            .collect();
        let unwritten = self.not_written.iter().filter(|one| one.sheet == sheet);
        // Of rows that are quarantined the places are told, where they are known.
        let unplaced = unwritten.filter(|one| {
            one.reason != Reason::Quarantined || !placed.iter().any(|known| known.is_within(one))
        });
        segments.extend(unplaced.map(|one| Segment {
            sheet: Some(&one.sheet),
            row: Some(one.first),
            count: Some(one.last - one.first + 1),
            reason: Some(one.reason),
            hook: one.hook.as_deref(),
            ..Segment::default()
        }));
        let lowest = |one: &Segment<'_>| {
            let (row, count) = (one.row.unwrap_or_default(), one.count.unwrap_or(1));
            let first = if one.descending { row + 1 - count } else { row };
            (one.turned, first)
        };
        segments.sort_by_key(lowest);
        let of_sheet = self.tables.iter().filter(|table| table.sheet == sheet);
        let unknown = of_sheet.filter(|table| table.unknown.is_some());
        segments.extend(unknown.flat_map(|table| self.segments_of(table)));
        segments
    }
}

/// The last of the tables on a sheet that begins at or above a row, and how far below its first row that is.
fn table_at<'a>(
    tables: impl Iterator<Item = &'a Table>,
    sheet: &str,
    row: u64,
) -> Option<(u64, &'a Table)> {
    let here = tables.filter(|table| table.output_sheet.as_deref() == Some(sheet));
    let above =
        here.filter_map(|table| Some((table.first_row.filter(|first| *first <= row)?, table)));
    let (first, table) = above.max_by_key(|(first, _)| *first)?;
    Some((row - first, table))
}

/// Where a row of a sheet came from; `None`: no table begins at or above it.
fn origin_in<'a>(
    tables: impl Iterator<Item = &'a Table>,
    sheet: &str,
    row: u64,
    of: impl Fn(&'a Table, Stretch) -> &'a Table,
) -> Option<Origin<'a>> {
    let (below, table) = table_at(tables, sheet, row)?;
    Some(match (&table.unknown, table.stretch_at(below)) {
        (Some(hook), _) => Origin::Unknown { hook },
        (None, None) => Origin::NoData,
        (None, Some((stretch, down))) => stretch.origin(down, of(table, stretch)),
    })
}

/// Where a row of a sheet of quarantined rows came from: each of these tables has its own sheet.
fn origin_apart<'a>(apart: impl Iterator<Item = &'a Apart>, sheet: &str, row: u64) -> Origin<'a> {
    let found = origin_in(apart.map(|one| &one.rows), sheet, row, |table, _| table);
    found.unwrap_or(Origin::NoData)
}

impl Table {
    /// The stretch that has a row of the output, so far below the first one, and how far down in it that is.
    fn stretch_at(&self, below: u64) -> Option<(Stretch, u32)> {
        let place = u32::try_from(below)
            .ok()
            .filter(|place| *place < self.height)?;
        stretch_of(&self.stretches, place)
    }

    /// Its rows, as those that are quarantined. `is_placed`: they stand in the output.
    fn segments_apart(&self, is_placed: bool) -> impl Iterator<Item = Segment<'_>> {
        self.stretches.iter().map(move |stretch| {
            let mut segment = stretch.segment(self, self);
            segment.reason = Some(Reason::Quarantined);
            if !is_placed {
                (segment.output_sheet, segment.output_row) = (None, None);
            }
            segment
        })
    }
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Each(stretches) => stretches.len(),
        }
    }

    /// The number of the row that stands so far below the first one.
    fn at(&self, below: u32) -> Option<u64> {
        match self {
            Self::One(number) => Some(u64::from(*number)),
            Self::Each(stretches) => {
                let (stretch, down) = stretch_of(stretches, below)?;
                (down < stretch.count()).then(|| stretch.at(down))
            }
        }
    }
}

impl Segment<'_> {
    /// Whether it tells of rows that were not written.
    fn is_within(&self, rows: &NotWritten) -> bool {
        let (Some(row), Some(count)) = (self.row, self.count) else {
            return false;
        };
        let first = if self.descending {
            row + 1 - count
        } else {
            row
        };
        !self.turned && first <= rows.last && rows.first < first + count
    }
}
