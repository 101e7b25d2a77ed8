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

use std::fmt;
use std::fs::OpenOptions;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

/// Rows of the sender that follow each other in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    /// How many rows of the table stand above it.
    above: u32,
    /// The sender's row, or of a turned table the column, that stands first; 0: a hook added the row.
    first: u32,
    /// The one that stands last; it may be smaller.
    last: u32,
    /// The entry of `tables` that has their sheet.
    of: u32,
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

impl Reason {
    /// By its word.
    pub fn named(word: &str) -> Self {
        let word = serde_json::Value::from(word);
        serde_json::from_value(word).unwrap_or(Self::Other)
    }
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

/// The stretch that has a row so far below the first one, and how far down in it that is.
fn stretch_of(stretches: &[Stretch], below: u32) -> Option<(Stretch, u32)> {
    let behind = stretches.partition_point(|one| one.above <= below);
    let stretch = stretches[behind.checked_sub(1)?];
    Some((stretch, below - stretch.above))
}

/// Stretches, each a first and a last row and the table that it is of, below one another, and how many rows they have. `None`: more than
/// rows can be.
fn laid_out(all: impl Iterator<Item = (u32, u32, u32)>) -> Option<(Vec<Stretch>, u32)> {
    let mut above = 0_u32;
    let mut stretches = Vec::with_capacity(all.size_hint().0);
    for (first, last, of) in all {
        stretches.push(Stretch {
            above,
            first,
            last,
            of,
        });
        above = above.checked_add(first.abs_diff(last).checked_add(1)?)?;
    }
    Some((stretches, above))
}

impl Stretch {
    /// `table`: the one that it stands in, `of`: the one that has its sheet.
    fn segment<'a>(self, table: &'a Table, of: &'a Table) -> Segment<'a> {
        let is_of_sender = self.first > 0;
        Segment {
            sheet: is_of_sender.then_some(&of.sheet),
            row: is_of_sender.then_some(u64::from(self.first)),
            turned: is_of_sender && of.turned,
            output_sheet: table.output_sheet.as_deref(),
            output_row: table.first_row.map(|row| row + u64::from(self.above)),
            count: Some(u64::from(self.count())),
            descending: self.last < self.first,
            ..Segment::default()
        }
    }

    /// What its row was that stands so far down in it. `of`: the table that has its sheet.
    fn origin(self, down: u32, of: &Table) -> Origin<'_> {
        if self.first == 0 {
            return Origin::Added;
        }
        let (sheet, number) = (&*of.sheet, self.at(down));
        match of.turned {
            true => Origin::Column {
                sheet,
                column: number,
            },
            false => Origin::Row { sheet, row: number },
        }
    }

    fn count(self) -> u32 {
        self.first.abs_diff(self.last) + 1
    }

    /// The sender's row that stands so far down in it.
    fn at(self, down: u32) -> u64 {
        u64::from(if self.last < self.first {
            self.first - down
        } else {
            self.first + down
        })
    }

    /// The sender's rows of it that lie within a range.
    fn within(self, rows: &Range<u64>) -> Range<u64> {
        let low = u64::from(self.first.min(self.last));
        let high = u64::from(self.first.max(self.last));
        low.max(rows.start)..(high + 1).min(rows.end)
    }

    /// The output's row of one of its rows.
    fn place_of(self, table: &Table, number: u64) -> Option<u64> {
        let down = u64::from(self.first).abs_diff(number);
        Some(table.first_row? + u64::from(self.above) + down)
    }
}

/// The file as it is written.
#[derive(Deserialize)]
struct InFile {
    schema_version: u32,
    tables: Vec<InTable>,
    not_written: Vec<NotWritten>,
    #[serde(default)]
    quarantined: Vec<InApart>,
}

#[derive(Deserialize)]
struct InApart {
    #[serde(flatten)]
    rows: InTable,
    file: Option<String>,
}

impl InApart {
    fn checked(self) -> Option<Apart> {
        let rows = self.rows.checked(0, 1)?;
        Some(Apart {
            rows,
            file: self.file,
        })
    }
}

#[derive(Deserialize)]
struct InTable {
    sheet: String,
    output_sheet: Option<String>,
    first_row: Option<u32>,
    turned: bool,
    rows: Vec<InStretch>,
    unknown: Option<String>,
    #[serde(default)]
    cells: Vec<InCells>,
}

#[derive(Deserialize)]
struct InCells {
    field: String,
    rows: Option<InNumbers>,
    columns: Option<InNumbers>,
    parts: Option<InNumbers>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum InNumbers {
    One(u32),
    Each(Vec<(u32, u32)>),
}

impl InNumbers {
    /// `None`: there are more of them than rows can be.
    fn checked(self) -> Option<Numbers> {
        let pairs = match self {
            Self::One(number) => return Some(Numbers::One(number)),
            Self::Each(pairs) => pairs,
        };
        let stretches = pairs.into_iter().map(|(first, last)| (first, last, 0));
        Some(Numbers::Each(laid_out(stretches)?.0))
    }
}

impl InCells {
    fn checked(self) -> Option<CellsOfField> {
        let checked = |numbers: Option<InNumbers>| match numbers {
            None => Some(None),
            Some(numbers) => numbers.checked().map(Some),
        };
        Some(CellsOfField {
            field: self.field,
            rows: checked(self.rows)?,
            columns: checked(self.columns)?,
            parts: checked(self.parts)?,
        })
    }
}

impl InTable {
    /// `None`: the numbers make no sense.
    fn checked(self, index: usize, tables: usize) -> Option<Table> {
        let of = |one: &InStretch| one.of.unwrap_or(index as u32);
        let is_bad =
            |one: &InStretch| of(one) as usize >= tables || (one.first == 0) != (one.last == 0);
        if self.rows.iter().any(is_bad) {
            return None;
        }
        let (stretches, height) =
            laid_out(self.rows.iter().map(|one| (one.first, one.last, of(one))))?;
        if self.first_row == Some(0) {
            return None;
        }
        Some(Table {
            sheet: self.sheet,
            output_sheet: self.output_sheet,
            first_row: self.first_row.map(u64::from),
            turned: self.turned,
            stretches,
            height,
            unknown: self.unknown,
            cells: self
                .cells
                .into_iter()
                .map(InCells::checked)
                .collect::<Option<_>>()?,
        })
    }
}

/// `0`, `[5, 7]` or `[5, 7, 1]`.
struct InStretch {
    first: u32,
    last: u32,
    of: Option<u32>,
}

impl<'de> Deserialize<'de> for InStretch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StretchVisitor)
    }
}

struct StretchVisitor;

impl<'de> Visitor<'de> for StretchVisitor {
    type Value = InStretch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0, or two or three numbers")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<InStretch, E> {
        if number != 0 {
            return Err(E::custom("a row alone is 0"));
        }
        Ok(InStretch {
            first: 0,
            last: 0,
            of: None,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<InStretch, A::Error> {
        let missing = || de::Error::custom("a stretch has two numbers");
        let stretch = InStretch {
            first: numbers.next_element()?.ok_or_else(missing)?,
            last: numbers.next_element()?.ok_or_else(missing)?,
            of: numbers.next_element()?,
        };
        match numbers.next_element::<de::IgnoredAny>()? {
            None => Ok(stretch),
            Some(_) => Err(de::Error::custom("a stretch has at most three numbers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn table(sheet: &str, first_row: Option<u64>, rows: Value, unknown: Option<&str>) -> Value {
        json!({
            "sheet": sheet, "table": 1, "output_sheet": "Out", "first_row": first_row, "turned": false, "rows": rows,
            "unknown": unknown, "later": {},
        })
    }

    fn file(tables: &[Value], not_written: &Value) -> Value {
        json!({"schema_version": 1, "tables": tables, "not_written": not_written})
    }

    fn rows(tables: &[Value]) -> Rows {
        let not_written = json!([
            {"sheet": "In", "first": 8, "last": 10, "reason": "dropped", "hook": "no_doubles"},
            {"sheet": "In", "first": 1, "last": 1, "reason": "unheard_of", "hook": null},
        ]);
        Rows::of(file(tables, &not_written).to_string().as_bytes()).unwrap()
    }

    /// What a row of each segment became, or why it did not.
    type Told = (Option<u64>, Option<u64>, Option<u64>, Option<Reason>);

    fn told_of(segments: Vec<Segment<'_>>) -> Vec<Told> {
        let told = |one: Segment<'_>| (one.row, one.output_row, one.count, one.reason);
        segments.into_iter().map(told).collect()
    }

    fn at(row: u64) -> Fate<'static> {
        Fate::Written(vec![Written {
            sheet: Some("Out"),
            row: Some(row),
        }])
    }

    #[test]
    fn values_of_a_reshaped_table_have_cells_of_their_own() {
        let mut stacked = table("In", Some(2), json!([[5, 5], [5, 6], [6, 6]]), None);
        stacked["cells"] = json!([
            {"field": "month", "rows": 1, "columns": [[2, 3], [2, 3]]},
            {"field": "amount", "columns": [[2, 3], [2, 3]]},
            {"field": "site", "rows": [[5, 5], [5, 5], [5, 5], [5, 5]]},
            {"field": "file", "rows": 0, "columns": 0},
            {"field": "skill", "parts": [[1, 2], [0, 0], [1, 1]]},
        ]);
        let rows = rows(&[stacked]);
        let at = |row, field| {
            let cell = rows.own_cell("Out", row, field)?;
            Some((cell.row, cell.column, cell.is_nowhere))
        };
        assert_eq!(at(3, "month"), Some((Some(1), Some(3), false)));
        assert_eq!(at(4, "amount"), Some((None, Some(2), false)));
        assert_eq!(at(5, "site"), Some((Some(5), None, false)));
        assert_eq!(at(5, "file"), Some((None, None, true)));
        assert_eq!(at(6, "amount"), Some((None, None, false)));
        assert_eq!(at(3, "name"), None);
        let part = |row| rows.own_cell("Out", row, "skill")?.part;
        assert_eq!([2, 3, 4, 5].map(part), [Some(1), Some(2), None, Some(1)]);
    }

    #[test]
    fn rows_are_found_in_both_directions() {
        let of_in = json!([[5, 7], [0, 0], 0, [13, 11], [3, 4, 1]]);
        let rows = rows(&[
            table("In", Some(2), of_in, None),
            table("More", Some(14), json!([[2, 2], [5, 5, 0]]), None),
        ]);
        let of = |sheet, row| Origin::Row { sheet, row };
        for (row, origin) in [
            (1, Origin::NoData),
            (2, of("In", 5)),
            (4, of("In", 7)),
            (5, Origin::Added),
            (6, Origin::Added),
            (7, of("In", 13)),
            (9, of("In", 11)),
            (10, of("More", 3)),
            (11, of("More", 4)),
            (12, Origin::NoData),
            (14, of("More", 2)),
            (15, of("In", 5)),
            (16, Origin::NoData),
            (u64::MAX, Origin::NoData),
        ] {
            assert_eq!(rows.origin("Out", row), origin, "{row}");
        }
        assert_eq!(rows.origin("Other", 2), Origin::NoData);
        assert_eq!(rows.fate("In", 6), at(3));
        assert_eq!(rows.fate("In", 12), at(8));
        assert_eq!(rows.fate("More", 4), at(11));
        assert_eq!(rows.fate("In", 3), Fate::NotTold);
        let Fate::Written(twice) = rows.fate("In", 5) else {
            panic!("it was written")
        };
        let places: Vec<_> = twice.iter().map(|written| written.row).collect();
        assert_eq!(places, [Some(2), Some(15)]);
        let Fate::NotWritten(dropped) = rows.fate("In", 9) else {
            panic!("it was dropped")
        };
        assert_eq!(
            (dropped.reason, dropped.hook.as_deref()),
            (Reason::Dropped, Some("no_doubles"))
        );
        // What a later engine says in a word that is not known here.
        let fates = rows.fates("In", 1..3);
        assert!(
            matches!(fates[..], [Fate::NotWritten(one), Fate::NotTold] if one.reason == Reason::Other)
        );
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        let rows = rows(&[
            table("In", Some(2), json!([]), Some("rebuilt")),
            table("More", Some(9), json!([[2, 3]]), None),
            table("Moved", None, json!([[2, 3]]), None),
        ]);
        let unknown = Origin::Unknown { hook: "rebuilt" };
        assert_eq!(rows.origin("Out", 1), Origin::NoData);
        assert_eq!(rows.origin("Out", 2), unknown);
        assert_eq!(rows.origin("Out", 5), unknown);
        let row = Origin::Row {
            sheet: "More",
            row: 2,
        };
        assert_eq!(rows.origin("Out", 9), row);
        assert_eq!(rows.fate("In", 5), Fate::Unknown { hook: "rebuilt" });
        // The hook may have brought rows from here.
        assert_eq!(rows.fate("More", 7), Fate::Unknown { hook: "rebuilt" });
        assert_eq!(rows.fate("More", 3), at(10));
        assert!(matches!(rows.fate("In", 8), Fate::NotWritten(_)));
        // A hook has touched the output since: that the row is there is known, where is not.
        let somewhere = Written {
            sheet: Some("Out"),
            row: None,
        };
        assert_eq!(rows.fate("Moved", 2), Fate::Written(vec![somewhere]));
        let is_unknown = |one: &Segment<'_>| one.unknown && one.hook == Some("rebuilt");
        assert!(rows.of_output("Out").iter().any(is_unknown));
        assert!(rows.of_input("In").last().unwrap().unknown);
    }

    #[test]
    fn of_a_turned_table_columns_are_known() {
        let mut turned = table("In", Some(2), json!([[4, 2]]), None);
        turned["turned"] = json!(true);
        let rows = rows(&[turned]);
        let origin = Origin::Column {
            sheet: "In",
            column: 3,
        };
        assert_eq!(rows.origin("Out", 3), origin);
        assert_eq!(rows.fate_of_column("In", 2), at(4));
        assert_eq!(rows.fate_of_column("In", 5), Fate::NotTold);
        assert_eq!(rows.fate("In", 3), Fate::NotTold);
    }

    #[test]
    fn rows_that_are_quarantined_are_found_on_their_sheet() {
        let told = |sheet: &str, first_row: Value, file: Value, rows: Value| {
            json!({"sheet": sheet, "output_sheet": "Quarantine", "first_row": first_row, "file": file, "turned": false,
                "rows": rows, "unknown": null})
        };
        let rows = |apart: Value| {
            let not_written = json!([{"sheet": "In", "first": 8, "last": 9, "reason": "quarantined", "hook": null}]);
            let mut file = file(&[table("In", Some(2), json!([[5, 7]]), None)], &not_written);
            file["quarantined"] = apart;
            Rows::of(file.to_string().as_bytes()).unwrap()
        };
        let here = rows(json!([
            told("More", json!(2), json!(null), json!([[3, 3]])),
            told("In", json!(3), json!(null), json!([[9, 8]])),
        ]));
        let of = |sheet, row| Origin::Row { sheet, row };
        assert_eq!(here.origin("Quarantine", 2), of("More", 3));
        assert_eq!(here.origin("Quarantine", 4), of("In", 8));
        assert_eq!(here.origin("Quarantine", 5), Origin::NoData);
        assert_eq!(here.sheets_apart(), ["Quarantine"]);
        let place = |row, file| Quarantined {
            sheet: "Quarantine",
            row,
            file,
        };
        assert_eq!(here.quarantined("In", 9, false), [place(Some(3), None)]);
        assert_eq!(here.quarantined("In", 5, false), []);
        assert_eq!(here.quarantined("In", 9, true), []);
        assert!(
            matches!(here.fate("In", 9), Fate::NotWritten(one) if one.reason == Reason::Quarantined)
        );
        let written = (Some(5), Some(2), Some(3), None);
        let apart = |output_row| (Some(9), output_row, Some(2), Some(Reason::Quarantined));
        assert_eq!(told_of(here.of_input("In")), [written, apart(Some(3))]);
        assert_eq!(told_of(here.of_output("Quarantine")).len(), 2);
        // In a file of their own, no row of the output is theirs.
        let name = json!("in_quarantine.xlsx");
        let file = rows(json!([told("In", json!(2), name, json!([[9, 8]]))]));
        assert_eq!(file.origin("Quarantine", 2), Origin::NoData);
        assert_eq!(file.origin_apart("Quarantine", 2), of("In", 9));
        assert_eq!(
            file.quarantined("In", 8, false),
            [place(Some(3), Some("in_quarantine.xlsx"))]
        );
        assert_eq!(told_of(file.of_input("In")), [written, apart(None)]);
        // Moved by a hook, or of an older engine: that they are apart is known, and not where.
        let nowhere = told("In", json!(null), json!(null), json!([[9, 8]]));
        let moved = rows(json!([nowhere]));
        assert_eq!(moved.quarantined("In", 8, false), [place(None, None)]);
        assert_eq!(told_of(moved.of_input("In")), [written, apart(None)]);
        let older = rows(json!([]));
        assert_eq!(older.quarantined("In", 8, false), []);
        let known = (Some(8), None, Some(2), Some(Reason::Quarantined));
        assert_eq!(told_of(older.of_input("In")), [written, known]);
    }

    #[test]
    fn a_whole_sheet_is_told_in_segments() {
        let rows = rows(&[
            table("In", Some(2), json!([[13, 11], [0, 0], [5, 7]]), None),
            table("More", Some(20), json!([[1, 1]]), None),
        ]);
        assert_eq!(
            told_of(rows.of_input("In")),
            [
                (Some(1), None, Some(1), Some(Reason::Other)),
                (Some(5), Some(6), Some(3), None),
                (Some(8), None, Some(3), Some(Reason::Dropped)),
                (Some(13), Some(2), Some(3), None),
            ]
        );
        assert_eq!(
            told_of(rows.of_output("Out")),
            [
                (Some(13), Some(2), Some(3), None),
                (None, Some(5), Some(1), None),
                (Some(5), Some(6), Some(3), None),
                (Some(1), Some(20), Some(1), None),
            ]
        );
    }

    #[test]
    fn a_file_of_another_shape_tells_nothing() {
        let sound = file(&[table("In", Some(2), json!([[5, 7]]), None)], &json!([]));
        assert!(Rows::of(sound.to_string().as_bytes()).is_some());
        let with = |pointer: &str, value: Value| {
            let mut file = sound.clone();
            *file.pointer_mut(pointer).unwrap() = value;
            Rows::of(file.to_string().as_bytes())
        };
        let blank = |first: u64| json!([{"sheet": "In", "first": first, "last": 2, "reason": "blank", "hook": null}]);
        for (pointer, value) in [
            ("/schema_version", json!(2)),
            ("/tables", json!({})),
            ("/tables/0/sheet", json!(null)),
            ("/tables/0/first_row", json!(0)),
            ("/tables/0/first_row", json!(-1)),
            ("/tables/0/turned", json!("no")),
            ("/tables/0/unknown", json!(true)),
            ("/tables/0/rows/0", json!([0, 4])),
            ("/tables/0/rows/0", json!([4, 0])),
            ("/tables/0/rows/0", json!([5, 7, 1])),
            ("/tables/0/rows/0", json!([5])),
            ("/tables/0/rows/0", json!([5, 7, 0, 0])),
            ("/tables/0/rows/0", json!(5)),
            ("/tables/0/rows/0", json!([5, 4_294_967_296_u64])),
            ("/tables/0/rows", json!([[1, u32::MAX], [1, 1]])),
            ("/not_written", blank(3)),
            ("/not_written", blank(0)),
        ] {
            assert_eq!(with(pointer, value.clone()), None, "{pointer} {value}");
        }
        assert_eq!(Rows::of(b"{}"), None);
        assert_eq!(Rows::of(b""), None);
    }

    #[test]
    fn a_link_is_no_file_and_a_large_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        assert_eq!(Rows::read(&real), None);
        let text = file(&[], &json!([])).to_string();
        std::fs::write(&real, &text).unwrap();
        assert!(Rows::read(&real).is_some());
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(Rows::read(&link), None);
        assert_eq!(Rows::read(folder.path()), None);
        let large = text + &" ".repeat(MOST_BYTES as usize);
        std::fs::write(&real, large).unwrap();
        assert_eq!(Rows::read(&real), None);
    }
}
