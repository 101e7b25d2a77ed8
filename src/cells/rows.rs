//! Reads from a file of the run where the rows of its output came from, and what became of the rows of its input.
//!
//! # Promises
//! Code of the configuration may have written anything to the file: a link is not read, the size is bounded, and a file of
//! another shape is ignored. Anything that the file does not record is reported as unknown, never guessed.

use std::fs::OpenOptions;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ade_engine_native::account::rows::{
    FieldCells, QuarantinedRows, Reason, RowNumbers, RowsFile, SourceRowSpan, TableRows,
    UnwrittenRows,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The maximum size of the file. The rows of a full sheet, each recorded separately, take half of it.
const MAX_BYTES: u64 = 32 << 20;

/// The rows of a run, as its file records them.
#[derive(Debug, PartialEq, Eq)]
pub struct RunRows(RowsFile);

/// The sender's cell from which an output value comes, if it is not at the row of its row and the column of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnCell {
    /// Its row, from 1; `None`: the row of the output row.
    pub row: Option<u64>,
    /// Its column, from 1; `None`: the column of the field.
    pub column: Option<u64>,
    /// Whether the value comes from no cell.
    pub is_nowhere: bool,
    /// The position among several values in the cell, from 1; `None`: it is the only value.
    pub part: Option<u64>,
}

/// The origin of an output row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrigin<'a> {
    /// The row comes from a row of the sender.
    Row {
        /// The sheet of the sender.
        sheet: &'a str,
        /// The row in that sheet, from 1.
        row: u64,
    },
    /// The row comes from a column of the sender: the table had records as columns.
    Column {
        /// The sheet of the sender.
        sheet: &'a str,
        /// The column in that sheet, from 1.
        column: u64,
    },
    /// A hook added the row.
    Added,
    /// The row belongs to, or is below, a table whose rows a hook replaced.
    Unknown {
        /// The name of the hook.
        hook: &'a str,
    },
    /// The row is not a data row with a known position: it is a header, is between tables, or is on a sheet that a hook
    /// changed.
    NoData,
}

/// The position of a sender's row in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenRow<'a> {
    /// The sheet of the output; `None`: a hook changed the output, and the position is unknown.
    pub sheet: Option<&'a str>,
    /// The row, from 1; `None` for the same reason.
    pub row: Option<u64>,
}

/// The position of a sender's row among the quarantined rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantinedRow<'a> {
    /// The sheet of quarantined rows.
    pub sheet: &'a str,
    /// The row, from 1; `None`: a hook changed the output, and the position is unknown.
    pub row: Option<u64>,
    /// The workbook next to the output that has the sheet; `None`: the output itself.
    pub file: Option<&'a str>,
}

/// The outcome of a row of the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOutcome<'a> {
    /// The row was written, several times if a hook duplicated it; in the order of the tables.
    Written(Vec<WrittenRow<'a>>),
    /// The row is not in the output.
    NotWritten(&'a UnwrittenRows),
    /// The row may be anywhere: a hook replaced the rows of a table.
    Unknown {
        /// The name of the hook.
        hook: &'a str,
    },
    /// The file does not mention the row.
    NotReported,
}

/// Rows of input and output that correspond one to one, or rows of only one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RowSegment)]
pub struct Segment<'a> {
    /// The sender's sheet; null: the rows are only in the output.
    pub sheet: Option<&'a str>,
    /// The first of the sender's rows (of a turned table: columns), from 1; null: a hook added them, or they are unknown.
    pub row: Option<u64>,
    /// Whether the sender's numbers are column numbers.
    pub turned: bool,
    /// The sheet of the output; null: the rows were not written, or their position is unknown.
    pub output_sheet: Option<&'a str>,
    /// The first of the output's rows, from 1; null for the same reasons.
    pub output_row: Option<u64>,
    /// The number of rows; null: unknown.
    pub count: Option<u64>,
    /// Whether the sender's row number decreases by one as the output's increases.
    pub descending: bool,
    /// The reason why the rows were not written; null: they were.
    pub reason: Option<Reason>,
    /// The hook that dropped the rows, or that makes them unknown.
    pub hook: Option<&'a str>,
    /// Whether it is unknown which of the sender's rows these are.
    pub unknown: bool,
}

impl RunRows {
    /// Reads the file. `None`: it does not exist, is a link, is too large, or has another shape; then nothing is known.
    pub fn read(path: &Path) -> Option<Self> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)
            .ok()?;
        let found = file.metadata().ok()?;
        if !found.is_file() || found.len() > MAX_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let file: RowsFile = serde_json::from_slice(bytes).ok()?;
        file.checked().map(Self)
    }

    /// Returns the approximate number of bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let of_cells = |cells: &FieldCells| {
            let numbers = [&cells.rows, &cells.columns, &cells.parts];
            let lengths = numbers.into_iter().flatten().map(RowNumbers::stretch_count);
            lengths.sum::<usize>()
        };
        let of_table = |table: &TableRows| {
            let texts = table.sheet.len() + text(&table.output_sheet) + text(&table.unknown);
            let cells: usize = table.cells.iter().map(of_cells).sum();
            let stretches = table.rows.iter().count() + cells;
            size_of::<TableRows>() + texts + stretches * size_of::<SourceRowSpan>()
        };
        let of_rows =
            |rows: &UnwrittenRows| size_of::<UnwrittenRows>() + rows.sheet.len() + text(&rows.hook);
        let quarantined = self.0.quarantined.iter().map(|table| &table.rows);
        let tables = self.0.tables.iter().chain(quarantined);
        tables.map(of_table).sum::<usize>() + self.0.not_written.iter().map(of_rows).sum::<usize>()
    }

    /// Returns the table that has the sheet of a stretch.
    fn table_of(&self, stretch: SourceRowSpan) -> &TableRows {
        &self.0.tables[stretch.entry()]
    }

    /// Returns the origin of a row of the output, from 1.
    pub fn origin(&self, output_sheet: &str, row: u64) -> RowOrigin<'_> {
        let of = |_, stretch: SourceRowSpan| self.table_of(stretch);
        let written = origin_in(self.0.tables.iter(), output_sheet, row, of);
        written.unwrap_or_else(|| {
            let here = self.0.quarantined.iter().filter(|rows| rows.file.is_none());
            origin_apart(here, output_sheet, row)
        })
    }

    /// Returns the sender's cell of a field's value in a row of the output, from 1, if the table was reshaped and the value
    /// has its own cell.
    pub fn own_cell(&self, output_sheet: &str, row: u64, field: &str) -> Option<OwnCell> {
        let (below, table) = table_at(self.0.tables.iter(), output_sheet, row)?;
        let cells = table.cells.iter().find(|cells| cells.field == field)?;
        let below = u32::try_from(below).ok()?;
        let at = |numbers: &Option<RowNumbers>| match numbers {
            Some(numbers) if below < table.rows.height() => numbers.at(below),
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

    /// Returns the origin of a row of the sheet of quarantined rows, in whichever workbook that is.
    pub fn origin_apart(&self, sheet: &str, row: u64) -> RowOrigin<'_> {
        origin_apart(self.0.quarantined.iter(), sheet, row)
    }

    /// Returns the sheets that have quarantined rows.
    pub fn sheets_apart(&self) -> Vec<&str> {
        let all = self.0.quarantined.iter();
        let mut sheets: Vec<&str> = Vec::new();
        for sheet in all.filter_map(|table| table.rows.output_sheet.as_deref()) {
            if !sheets.contains(&sheet) {
                sheets.push(sheet);
            }
        }
        sheets
    }

    /// Returns the positions of a sender's row among the quarantined rows; `turned`: the row is a column.
    pub fn quarantined(&self, sheet: &str, row: u64, turned: bool) -> Vec<QuarantinedRow<'_>> {
        let of_sheet =
            |table: &&QuarantinedRows| table.rows.sheet == sheet && table.rows.turned == turned;
        let mut found = Vec::new();
        for table in self.0.quarantined.iter().filter(of_sheet) {
            let Some(title) = table.rows.output_sheet.as_deref() else {
                continue;
            };
            for stretch in table.rows.rows.iter().filter(|stretch| stretch.first > 0) {
                found.extend(stretch.within(&(row..row + 1)).map(|row| QuarantinedRow {
                    sheet: title,
                    row: stretch.row_of(&table.rows, row),
                    file: table.file.as_deref(),
                }));
            }
        }
        found
    }

    /// Returns all quarantined rows, in the order of their sheet.
    pub fn all_quarantined(&self) -> Vec<Segment<'_>> {
        let all = self.0.quarantined.iter();
        all.flat_map(|table| quarantined_segments(&table.rows, true))
            .collect()
    }

    /// Returns what became of a sender's row, from 1; `turned`: of a column, in a table with records as columns.
    pub fn outcome(&self, sheet: &str, number: u64, turned: bool) -> RowOutcome<'_> {
        let mut outcomes = self.outcomes(sheet, number..number.saturating_add(1), turned);
        outcomes.pop().unwrap_or(RowOutcome::NotReported)
    }

    /// Returns the same for each of several rows.
    pub fn outcomes(&self, sheet: &str, rows: Range<u64>, turned: bool) -> Vec<RowOutcome<'_>> {
        let from = rows.start;
        let mut outcomes = vec![RowOutcome::NotReported; rows.clone().count()];
        for (table, stretch) in self.stretches_of(sheet, turned) {
            for number in stretch.within(&rows) {
                let written = WrittenRow {
                    sheet: table.output_sheet.as_deref(),
                    row: stretch.row_of(table, number),
                };
                match &mut outcomes[(number - from) as usize] {
                    RowOutcome::Written(places) => places.push(written),
                    other => *other = RowOutcome::Written(vec![written]),
                }
            }
        }
        let unwritten = self.0.not_written.iter().filter(|rows| rows.sheet == sheet);
        for missing in unwritten.filter(|_| !turned) {
            for number in missing.first.max(from)..missing.last.saturating_add(1).min(rows.end) {
                let outcome = &mut outcomes[(number - from) as usize];
                if *outcome == RowOutcome::NotReported {
                    *outcome = RowOutcome::NotWritten(missing);
                }
            }
        }
        // A hook that replaced the rows of one table may have taken them from any other.
        if let Some(hook) = self.unknown_near(sheet) {
            let open = outcomes
                .iter_mut()
                .filter(|outcome| **outcome == RowOutcome::NotReported);
            open.for_each(|outcome| *outcome = RowOutcome::Unknown { hook });
        }
        outcomes
    }

    /// Returns the hook that makes rows of a sheet unknown: a hook that replaced rows of this sheet, else of another.
    fn unknown_near(&self, sheet: &str) -> Option<&str> {
        let unknown = || self.0.tables.iter().filter(|table| table.unknown.is_some());
        let own = unknown().find(|table| table.sheet == sheet);
        own.or_else(|| unknown().next())?.unknown.as_deref()
    }

    /// Returns the stretches of rows (or columns) of a sender's sheet, each with the table in whose output it is.
    fn stretches_of(
        &self,
        sheet: &str,
        turned: bool,
    ) -> impl Iterator<Item = (&TableRows, SourceRowSpan)> + '_ {
        let is_of_sheet = |table: &TableRows| table.sheet == sheet && table.turned == turned;
        let of_sheet: Vec<bool> = self.0.tables.iter().map(is_of_sheet).collect();
        let known = self.0.tables.iter().filter(|table| table.unknown.is_none());
        known
            .flat_map(|table| table.rows.iter().map(move |stretch| (table, stretch)))
            .filter(move |(_, stretch)| stretch.first > 0 && of_sheet[stretch.entry()])
    }

    /// Returns the sender's sheet from which the rows of an output sheet come: the sheet of its first table.
    pub(super) fn sheet_behind(&self, output_sheet: &str) -> Option<&str> {
        let apart = self.0.quarantined.iter().filter(|rows| rows.file.is_none());
        let mut tables = self.0.tables.iter().chain(apart.map(|table| &table.rows));
        let first = tables.find(|table| table.output_sheet.as_deref() == Some(output_sheet))?;
        Some(&first.sheet)
    }

    /// Returns the output sheet with the rows of a sender's sheet: the sheet of its first table.
    pub(super) fn sheet_before(&self, sheet: &str) -> Option<&str> {
        let mut tables = self.0.tables.iter().filter(|table| table.sheet == sheet);
        tables.find_map(|table| table.output_sheet.as_deref())
    }

    /// Returns the rows of a sender's sheet that were not written, within a range.
    pub fn not_written_within(&self, sheet: &str, rows: &Range<u64>) -> Vec<UnwrittenRows> {
        let is_within = |missing: &&UnwrittenRows| {
            missing.sheet == sheet && missing.first < rows.end && missing.last >= rows.start
        };
        self.0
            .not_written
            .iter()
            .filter(is_within)
            .cloned()
            .collect()
    }

    /// Returns all rows of an output sheet, in its order.
    pub fn of_output(&self, output_sheet: &str) -> Vec<Segment<'_>> {
        let here = |table: &&TableRows| table.output_sheet.as_deref() == Some(output_sheet);
        let mut tables: Vec<_> = self.0.tables.iter().filter(here).collect();
        tables.sort_by_key(|table| table.first_row);
        let all = self.0.quarantined.iter();
        let apart = all.filter(|table| table.file.is_none() && here(&&table.rows));
        let written = tables.into_iter().flat_map(|table| self.segments_of(table));
        written
            .chain(apart.flat_map(|table| quarantined_segments(&table.rows, true)))
            .collect()
    }

    fn segments_of<'a>(&'a self, table: &'a TableRows) -> Vec<Segment<'a>> {
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
        let stretches = table.rows.iter();
        stretches
            .map(|stretch| self.segment(table, stretch))
            .collect()
    }

    fn segment<'a>(&'a self, table: &'a TableRows, stretch: SourceRowSpan) -> Segment<'a> {
        Segment::new(stretch, table, self.table_of(stretch))
    }

    /// Returns all rows of a sender's sheet that the file mentions, in the sheet's order: the written ones, and the others
    /// with the reason. A row that a hook duplicated appears as often as it was written. Tables with unknown rows come last.
    pub fn of_input(&self, sheet: &str) -> Vec<Segment<'_>> {
        let both = [false, true].into_iter();
        let written = both.flat_map(|turned| self.stretches_of(sheet, turned));
        let written = written.map(|(table, stretch)| self.segment(table, stretch));
        let mut segments: Vec<_> = written.collect();
        let apart = self
            .0
            .quarantined
            .iter()
            .filter(|table| table.rows.sheet == sheet);
        segments.extend(
            apart.flat_map(|table| quarantined_segments(&table.rows, table.file.is_none())),
        );
        let is_apart = |segment: &&Segment<'_>| segment.reason.is_some();
        let placed: Vec<_> = segments.iter().filter(is_apart).copied().collect();
        let unwritten = self.0.not_written.iter().filter(|rows| rows.sheet == sheet);
        // Quarantined rows are returned with their positions, if these are known.
        let unplaced = unwritten.filter(|missing| {
            missing.reason != Reason::Quarantined
                || !placed.iter().any(|known| known.is_within(missing))
        });
        segments.extend(unplaced.map(|missing| Segment {
            sheet: Some(&missing.sheet),
            row: Some(missing.first),
            count: Some(missing.last - missing.first + 1),
            reason: Some(missing.reason),
            hook: missing.hook.as_deref(),
            ..Segment::default()
        }));
        segments.sort_by_key(|segment| (segment.turned, segment.lowest()));
        let of_sheet = self.0.tables.iter().filter(|table| table.sheet == sheet);
        let unknown = of_sheet.filter(|table| table.unknown.is_some());
        segments.extend(unknown.flat_map(|table| self.segments_of(table)));
        segments
    }
}

/// Returns the last table on a sheet that begins at or above a row, and the distance of the row from its first row.
fn table_at<'a>(
    tables: impl Iterator<Item = &'a TableRows>,
    sheet: &str,
    row: u64,
) -> Option<(u64, &'a TableRows)> {
    let here = tables.filter(|table| table.output_sheet.as_deref() == Some(sheet));
    let above =
        here.filter_map(|table| Some((table.first_row.filter(|first| *first <= row)?, table)));
    let (first, table) = above.max_by_key(|(first, _)| *first)?;
    Some((row - first, table))
}

/// Returns the origin of a row of a sheet; `None`: no table begins at or above it.
fn origin_in<'a>(
    tables: impl Iterator<Item = &'a TableRows>,
    sheet: &str,
    row: u64,
    of: impl Fn(&'a TableRows, SourceRowSpan) -> &'a TableRows,
) -> Option<RowOrigin<'a>> {
    let (below, table) = table_at(tables, sheet, row)?;
    Some(match (&table.unknown, table.rows.at(below)) {
        (Some(hook), _) => RowOrigin::Unknown { hook },
        (None, None) => RowOrigin::NoData,
        (None, Some((stretch, down))) => RowOrigin::new(stretch, down, of(table, stretch)),
    })
}

/// Returns the origin of a row of a sheet of quarantined rows. Each of these tables has its own sheet.
fn origin_apart<'a>(
    apart: impl Iterator<Item = &'a QuarantinedRows>,
    sheet: &str,
    row: u64,
) -> RowOrigin<'a> {
    let found = origin_in(apart.map(|table| &table.rows), sheet, row, |table, _| table);
    found.unwrap_or(RowOrigin::NoData)
}

/// Returns the rows of a table as quarantined rows. `is_placed`: they are in the output.
fn quarantined_segments(table: &TableRows, is_placed: bool) -> impl Iterator<Item = Segment<'_>> {
    table.rows.iter().map(move |stretch| {
        let mut segment = Segment::new(stretch, table, table);
        segment.reason = Some(Reason::Quarantined);
        if !is_placed {
            (segment.output_sheet, segment.output_row) = (None, None);
        }
        segment
    })
}

impl<'a> Segment<'a> {
    /// Describes a stretch. `table`: the table that contains the stretch; `of`: the table that has its sheet.
    fn new(stretch: SourceRowSpan, table: &'a TableRows, of: &'a TableRows) -> Self {
        let is_of_sender = stretch.first > 0;
        Self {
            sheet: is_of_sender.then_some(&of.sheet),
            row: is_of_sender.then_some(u64::from(stretch.first)),
            turned: is_of_sender && of.turned,
            output_sheet: table.output_sheet.as_deref(),
            output_row: table.first_row.map(|row| row + u64::from(stretch.above)),
            count: Some(u64::from(stretch.count())),
            descending: stretch.last < stretch.first,
            ..Self::default()
        }
    }

    /// Returns whether the segment overlaps these unwritten rows.
    fn is_within(&self, rows: &UnwrittenRows) -> bool {
        let (Some(_), Some(count)) = (self.row, self.count) else {
            return false;
        };
        let first = self.lowest();
        !self.turned && first <= rows.last && rows.first < first + count
    }

    /// Returns the first of the sender's rows in the sheet's order; 0: unknown.
    fn lowest(&self) -> u64 {
        let (row, count) = (self.row.unwrap_or_default(), self.count.unwrap_or(1));
        if self.descending {
            row + 1 - count
        } else {
            row
        }
    }
}

impl<'a> RowOrigin<'a> {
    /// Returns the origin of the row at offset `down` in a stretch. `of`: the table that has its sheet.
    fn new(stretch: SourceRowSpan, down: u32, of: &'a TableRows) -> Self {
        if stretch.first == 0 {
            return Self::Added;
        }
        let (sheet, row) = (&*of.sheet, stretch.at(down));
        match of.turned {
            true => Self::Column { sheet, column: row },
            false => Self::Row { sheet, row },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_file_of_another_shape_tells_nothing() {
        let sound: Value = serde_json::from_str(
            r#"{"schema_version": 1, "not_written": [],
                "tables": [{"sheet": "In", "first_row": 2, "turned": false, "rows": [[5, 7]], "unknown": null, "later": {}}]}"#,
        )
        .unwrap();
        assert!(RunRows::parse(sound.to_string().as_bytes()).is_some());
        for (pointer, value) in [
            ("/schema_version", "2"),
            ("/tables", "{}"),
            ("/tables/0/sheet", "null"),
            ("/tables/0/first_row", "0"),
            ("/tables/0/first_row", "-1"),
            ("/tables/0/turned", r#""no""#),
            ("/tables/0/unknown", "true"),
            ("/tables/0/rows/0", "[0, 4]"),
            ("/tables/0/rows/0", "[4, 0]"),
            ("/tables/0/rows/0", "[5, 7, 1]"),
            ("/tables/0/rows/0", "[5]"),
            ("/tables/0/rows/0", "[5, 7, 0, 0]"),
            ("/tables/0/rows/0", "5"),
            ("/tables/0/rows/0", "[5, 4294967296]"),
            ("/tables/0/rows", "[[1, 4294967295], [1, 1]]"),
            (
                "/not_written",
                r#"[{"sheet": "In", "first": 3, "last": 2, "reason": "blank", "hook": null}]"#,
            ),
            (
                "/not_written",
                r#"[{"sheet": "In", "first": 0, "last": 2, "reason": "blank", "hook": null}]"#,
            ),
        ] {
            let mut file = sound.clone();
            *file.pointer_mut(pointer).unwrap() = serde_json::from_str(value).unwrap();
            assert_eq!(
                RunRows::parse(file.to_string().as_bytes()),
                None,
                "{pointer} {value}"
            );
        }
        assert_eq!(RunRows::parse(b"{}"), None);
        assert_eq!(RunRows::parse(b""), None);
    }

    #[test]
    fn a_folder_or_a_link_is_no_file_and_a_large_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        let text = json!({"schema_version": 1, "tables": [], "not_written": []}).to_string();
        std::fs::write(&real, &text).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let is_read = |path: &Path| RunRows::read(path).is_some();
        assert!(is_read(&real) && !is_read(&link) && !is_read(folder.path()));
        std::fs::write(&real, text + &" ".repeat(MAX_BYTES as usize)).unwrap();
        assert!(!is_read(&real));
    }

    /// Parses a file with these tables, and with these tables of quarantined rows.
    fn rows(tables: &str, quarantined: &str) -> RunRows {
        let text = format!(
            r#"{{"schema_version": 1, "tables": [{tables}], "quarantined": [{quarantined}], "not_written": [
                {{"sheet": "In", "first": 8, "last": 10, "reason": "dropped", "hook": "no_doubles"}},
                {{"sheet": "In", "first": 1, "last": 1, "reason": "unheard_of", "hook": null}},
                {{"sheet": "In", "first": 20, "last": 21, "reason": "quarantined", "hook": null}}]}}"#
        );
        RunRows::parse(text.as_bytes()).unwrap()
    }

    fn joined(words: impl Iterator<Item = String>) -> String {
        words.collect::<Vec<_>>().join(", ")
    }

    /// Lists the origins of these output rows.
    fn origins(rows: &RunRows, wanted: Range<u64>) -> String {
        joined(wanted.map(|row| match rows.origin("Out", row) {
            RowOrigin::Row { sheet, row } => format!("{sheet} {row}"),
            other => format!("{other:?}"),
        }))
    }

    /// Lists what became of these rows of the sender.
    fn outcomes(rows: &RunRows, sheet: &str, wanted: Range<u64>) -> String {
        joined(wanted.map(|row| match rows.outcome(sheet, row, false) {
            RowOutcome::Written(all) => {
                format!(
                    "{:?}",
                    all.iter().map(|written| written.row).collect::<Vec<_>>()
                )
            }
            RowOutcome::NotWritten(missing) => format!("{:?}", missing.reason),
            other => format!("{other:?}"),
        }))
    }

    /// Lists the segments: the sender's row, the output's row, the number of rows, and the reason why they were not written.
    fn told(segments: &[Segment<'_>]) -> String {
        let told = segments.iter().map(|segment| {
            let (row, output_row, count) = (segment.row, segment.output_row, segment.count);
            format!("{row:?} {output_row:?} {count:?} {:?}", segment.reason)
        });
        joined(told).replace("Some", "")
    }

    #[test]
    fn values_of_a_reshaped_table_have_cells_of_their_own() {
        let rows = rows(
            r#"{"sheet": "In", "output_sheet": "Out", "first_row": 2, "turned": false, "rows": [[5, 5], [5, 6], [6, 6]], "cells": [
                {"field": "month", "rows": 1, "columns": [[2, 3], [2, 3]]},
                {"field": "amount", "columns": [[2, 3], [2, 3]]},
                {"field": "site", "rows": [[5, 5], [5, 5], [5, 5], [5, 5]]},
                {"field": "file", "rows": 0, "columns": 0},
                {"field": "skill", "parts": [[1, 2], [0, 0], [1, 1]]}]}"#,
            "",
        );
        for (row, field, wanted) in [
            (3, "month", "Some(1) Some(3) false"),
            (4, "amount", "None Some(2) false"),
            (5, "site", "Some(5) None false"),
            (5, "file", "None None true"),
            (6, "amount", "None None false"),
        ] {
            let cell = rows.own_cell("Out", row, field).unwrap();
            let told = format!("{:?} {:?} {}", cell.row, cell.column, cell.is_nowhere);
            assert_eq!(told, wanted, "{row} {field}");
        }
        assert!(rows.own_cell("Out", 3, "name").is_none());
        let part = |row| rows.own_cell("Out", row, "skill")?.part;
        assert_eq!([2, 3, 4, 5].map(part), [Some(1), Some(2), None, Some(1)]);
    }

    #[test]
    fn rows_are_found_in_both_directions_and_told_in_segments() {
        let rows = rows(
            r#"{"sheet": "In", "output_sheet": "Out", "first_row": 2, "turned": false, "rows": [[5, 7], [0, 0], 0, [13, 11], [3, 4, 1]]},
               {"sheet": "More", "output_sheet": "Out", "first_row": 14, "turned": false, "rows": [[2, 2], [5, 5, 0]], "later": {}}"#,
            "",
        );
        assert_eq!(
            origins(&rows, 1..17),
            "NoData, In 5, In 6, In 7, Added, Added, In 13, In 12, In 11, More 3, More 4, NoData, NoData, More 2, In 5, NoData"
        );
        assert_eq!(rows.origin("Out", u64::MAX), RowOrigin::NoData);
        assert_eq!(rows.origin("Other", 2), RowOrigin::NoData);
        // This version does not know a reason from a later engine.
        assert_eq!(
            outcomes(&rows, "In", 1..14),
            "Other, NotReported, NotReported, NotReported, [Some(2), Some(15)], [Some(3)], [Some(4)], \
             Dropped, Dropped, Dropped, [Some(9)], [Some(8)], [Some(7)]"
        );
        assert_eq!(outcomes(&rows, "More", 4..5), "[Some(11)]");
        let whole = rows.outcomes("In", 1..14, false);
        assert!(
            matches!(whole[8], RowOutcome::NotWritten(missing) if missing.hook.as_deref() == Some("no_doubles"))
        );
        assert!(
            (1..14)
                .zip(whole)
                .all(|(row, outcome)| outcome == rows.outcome("In", row, false))
        );
        assert_eq!(
            told(&rows.of_input("In")),
            "(1) None (1) (Other), (5) (2) (3) None, (5) (15) (1) None, (8) None (3) (Dropped), (13) (7) (3) None, (20) None (2) (Quarantined)"
        );
        assert_eq!(
            told(&rows.of_output("Out")),
            "(5) (2) (3) None, None (5) (1) None, None (6) (1) None, (13) (7) (3) None, (3) (10) (2) None, (2) (14) (1) None, (5) (15) (1) None"
        );
    }

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        let rows = rows(
            r#"{"sheet": "In", "output_sheet": "Out", "first_row": 2, "turned": false, "rows": [], "unknown": "rebuilt"},
               {"sheet": "More", "output_sheet": "Out", "first_row": 9, "turned": false, "rows": [[2, 3]]},
               {"sheet": "Moved", "output_sheet": "Out", "first_row": null, "turned": false, "rows": [[2, 3]]}"#,
            "",
        );
        assert_eq!(
            origins(&rows, 1..3) + "; " + &origins(&rows, 8..11),
            r#"NoData, Unknown { hook: "rebuilt" }; Unknown { hook: "rebuilt" }, More 2, More 3"#
        );
        assert_eq!(
            outcomes(&rows, "In", 5..9),
            r#"Unknown { hook: "rebuilt" }, Unknown { hook: "rebuilt" }, Unknown { hook: "rebuilt" }, Dropped"#
        );
        // The hook may have taken rows from here.
        assert_eq!(
            outcomes(&rows, "More", 3..5),
            r#"[Some(10)], Unknown { hook: "rebuilt" }"#
        );
        // A hook has changed the output since: the row is known to be there, but its position is not.
        assert_eq!(outcomes(&rows, "Moved", 2..3), "[None]");
        let is_unknown = |segment: &Segment<'_>| segment.unknown && segment.hook == Some("rebuilt");
        assert!(rows.of_output("Out").iter().any(is_unknown));
        assert!(rows.of_input("In").last().unwrap().unknown);
    }

    #[test]
    fn of_a_turned_table_columns_are_known() {
        let rows = rows(
            r#"{"sheet": "In", "output_sheet": "Out", "first_row": 2, "turned": true, "rows": [[4, 2]]}"#,
            "",
        );
        assert_eq!(origins(&rows, 3..4), r#"Column { sheet: "In", column: 3 }"#);
        assert!(
            matches!(&rows.outcome("In", 2, true), RowOutcome::Written(all) if all[0].row == Some(4))
        );
        assert_eq!(rows.outcome("In", 5, true), RowOutcome::NotReported);
        assert_eq!(rows.outcome("In", 3, false), RowOutcome::NotReported);
    }

    #[test]
    fn rows_that_are_quarantined_are_found_on_their_sheet() {
        let rows = |apart| {
            rows(
                r#"{"sheet": "In", "output_sheet": "Out", "first_row": 2, "turned": false, "rows": [[5, 7]]}"#,
                apart,
            )
        };
        let here = rows(
            r#"{"sheet": "More", "output_sheet": "Quarantine", "first_row": 2, "file": null, "turned": false, "rows": [[3, 3]]},
               {"sheet": "In", "output_sheet": "Quarantine", "first_row": 3, "file": null, "turned": false, "rows": [[21, 20]]}"#,
        );
        let of = |sheet, row| RowOrigin::Row { sheet, row };
        assert_eq!(here.origin("Quarantine", 2), of("More", 3));
        assert_eq!(here.origin("Quarantine", 4), of("In", 20));
        assert_eq!(here.origin("Quarantine", 5), RowOrigin::NoData);
        assert_eq!(here.sheets_apart(), ["Quarantine"]);
        let place = |row, file| QuarantinedRow {
            sheet: "Quarantine",
            row,
            file,
        };
        assert_eq!(here.quarantined("In", 21, false), [place(Some(3), None)]);
        assert_eq!(here.quarantined("In", 5, false), []);
        assert_eq!(here.quarantined("In", 21, true), []);
        assert_eq!(outcomes(&here, "In", 21..22), "Quarantined");
        let last = |rows: &RunRows| told(rows.of_input("In").last_chunk::<1>().unwrap());
        assert_eq!(last(&here), "(21) (3) (2) (Quarantined)");
        assert_eq!(here.of_output("Quarantine").len(), 2);
        // If they are in a separate file, the output has none of them.
        let file = rows(
            r#"{"sheet": "In", "output_sheet": "Quarantine", "first_row": 2, "file": "in_quarantine.xlsx", "turned": false, "rows": [[21, 20]]}"#,
        );
        assert_eq!(file.origin("Quarantine", 2), RowOrigin::NoData);
        assert_eq!(file.origin_apart("Quarantine", 2), of("In", 21));
        let found = file.quarantined("In", 20, false);
        assert_eq!(found, [place(Some(3), Some("in_quarantine.xlsx"))]);
        assert_eq!(last(&file), "(21) None (2) (Quarantined)");
        // If a hook moved them, or the engine is older, the rows are known to be quarantined, but their positions are not.
        let moved = rows(
            r#"{"sheet": "In", "output_sheet": "Quarantine", "first_row": null, "file": null, "turned": false, "rows": [[21, 20]]}"#,
        );
        assert_eq!(moved.quarantined("In", 20, false), [place(None, None)]);
        assert_eq!(last(&moved), "(21) None (2) (Quarantined)");
        let older = rows("");
        assert_eq!(older.quarantined("In", 20, false), []);
        assert_eq!(last(&older), "(20) None (2) (Quarantined)");
    }
}
