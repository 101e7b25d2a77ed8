//! The rows of a run, as edition 2026 records them: `output/<stem>_rows.json`, which docs/reference/rows.schema.json describes.
//!
//! ```json
//! {"schema_version": 1,
//!  "tables": [{"sheet": "North", "table": 1, "output_sheet": "North", "first_row": 2, "turned": false,
//!              "rows": [[5, 7], [0, 0], [19, 14], [3, 3, 1]], "unknown": null}],
//!  "not_written": [{"sheet": "North", "first": 8, "last": 8, "reason": "blank", "hook": null}]}
//! ```
//!
//! `rows` are the sender's rows in the order of the output, as ranges: `[9, 7]` is 9, 8, 7; `[0, 0]`, or `0`, is a row that a
//! hook added. If a hook brought rows from another sheet, a third number is the index in `tables` of the entry with that sheet.
//! `first_row` is the output row of the first of these rows. If the table was `turned`, the numbers are the sender's columns.
//! If a hook replaced the rows of a table, `unknown` is that hook, and the file has no `rows` for the table. If a table was
//! reshaped, the list `cells` has the fields whose values come from other cells than the row and the field's column:
//! `{"field": "month", "rows": 1, "columns": [[2, 13], [2, 13]]}`; `parts` is the position of each value among several values
//! in its cell. The list `quarantined` has entries like those of `tables` with the positions of quarantined rows, and the name
//! of their `file` if that is not the output.

use std::fmt;
use std::ops::Range;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// The version of the file's keys. Within a version, keys are only added.
const SCHEMA_VERSION: u32 = 1;
/// The maximum number of tables, and of ranges of rows that were not written, in a file.
const MAX_ENTRIES: usize = 100_000;

/// The content of the rows file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsFile {
    schema_version: u32,
    pub tables: Vec<TableRows>,
    pub not_written: Vec<UnwrittenRows>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<QuarantinedRows>,
}

/// The rows of one of the sender's tables in the output.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    pub sheet: String,
    /// The number of the table on its sheet, from 1; `None` for quarantined rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<u64>,
    pub output_sheet: Option<String>,
    /// The output row of the table's first data row, from 1.
    pub first_row: Option<u64>,
    pub turned: bool,
    pub rows: SourceRowSpans,
    pub unknown: Option<String>,
    /// The fields whose values come from cells of their own, if the table was reshaped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<FieldCells>,
}

/// The quarantined rows of a table.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRows {
    /// The positions of the rows.
    #[serde(flatten)]
    pub rows: TableRows,
    /// The name of the workbook with these rows; `None` if that is the output.
    pub file: Option<String>,
}

/// The cells of the sender's sheet that hold the values of a field; 0 for no cell.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldCells {
    pub field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowNumbers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<RowNumbers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<RowNumbers>,
}

/// A number for each row of a table.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RowNumbers {
    Same(u32),
    Each(SourceRowSpans),
}

/// The sender's rows in the order of the output.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<SourceRowSpan>")]
pub struct SourceRowSpans {
    all: Vec<SourceRowSpan>,
    /// The total number of rows.
    height: u32,
}

/// A range of the sender's rows that follow each other in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRowSpan {
    /// The number of the table's rows above this range.
    pub above: u32,
    /// The first of the sender's rows, or of the columns of a turned table; 0 if a hook added the row.
    pub first: u32,
    /// The last row or column; it may be smaller than the first one.
    pub last: u32,
    /// The index in `tables` of the entry with the sheet of these rows; `None` for the entry that contains this range.
    of: Option<u32>,
}

/// A range of the sender's rows that are not in the output, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RowReason)]
pub struct UnwrittenRows {
    /// The name of the sender's sheet.
    pub sheet: String,
    /// The first of the rows, from 1.
    pub first: u64,
    /// The last of the rows, from 1.
    pub last: u64,
    /// The reason why they are not in the output.
    pub reason: Reason,
    /// The hook that dropped them.
    #[schema(required)]
    pub hook: Option<String>,
}

/// The reason why one of the sender's rows is not in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotWrittenReason)]
pub enum Reason {
    /// The row is the header of a table.
    Header,
    /// The row has no values.
    Blank,
    /// The row is a total or a balance.
    Total,
    /// The row is a note.
    Note,
    /// The row is the title of a section.
    Title,
    /// The row repeats the header.
    RepeatedHeader,
    /// The row belongs to no table.
    Outside,
    /// A hook dropped the row.
    Dropped,
    /// The row has errors and was moved to a separate sheet or file.
    Quarantined,
    /// The row is a further line of the record above, whose row contains its texts.
    Line,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

impl Reason {
    /// Returns the reason that a word names.
    pub fn parse(word: &str) -> Self {
        let word = de::value::StrDeserializer::<de::value::Error>::new(word);
        Self::deserialize(word).unwrap_or(Self::Other)
    }
}

impl Default for RowsFile {
    fn default() -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tables: Vec::new(),
            not_written: Vec::new(),
            quarantined: Vec::new(),
        }
    }
}

impl RowsFile {
    /// Returns the file if it has this version and its numbers are consistent.
    pub fn checked(mut self) -> Option<Self> {
        let is_sound = self.schema_version == SCHEMA_VERSION
            && self.tables.len() <= MAX_ENTRIES
            && self.not_written.len() <= MAX_ENTRIES
            && self.quarantined.len() <= MAX_ENTRIES
            && self
                .not_written
                .iter()
                .all(|rows| rows.first >= 1 && rows.first <= rows.last);
        let tables = self.tables.len() as u32;
        let mut entries = (0..).zip(&mut self.tables);
        let is_sound = is_sound && entries.all(|(entry, table)| table.is_sound(entry, tables));
        let mut quarantined = self.quarantined.iter_mut();
        let is_sound = is_sound && quarantined.all(|entry| entry.rows.is_sound(0, 1));
        is_sound.then_some(self)
    }
}

impl TableRows {
    /// Returns whether the numbers of entry `entry` of `tables` entries are consistent. Sets the entry of each range that names
    /// none.
    fn is_sound(&mut self, entry: u32, tables: u32) -> bool {
        let rows = self.rows.all.iter_mut().all(|stretch| {
            let of = *stretch.of.get_or_insert(entry);
            of < tables && (stretch.first == 0) == (stretch.last == 0)
        });
        rows && self
            .first_row
            .is_none_or(|row| (1..=u64::from(u32::MAX)).contains(&row))
    }
}

impl RowNumbers {
    /// Returns the numbers, stored once if all are the same.
    pub fn new(numbers: Vec<u32>) -> Self {
        match numbers[..] {
            [first, ref others @ ..] if others.iter().all(|number| *number == first) => {
                Self::Same(first)
            }
            _ => Self::Each(numbers.into_iter().collect()),
        }
    }

    /// Returns the number of the row `below` rows below the first one.
    pub fn at(&self, below: u32) -> Option<u64> {
        match self {
            Self::Same(number) => Some(u64::from(*number)),
            Self::Each(stretches) => {
                let (stretch, down) = stretches.at(below.into())?;
                Some(stretch.at(down))
            }
        }
    }

    /// Returns the number of ranges.
    pub fn stretch_count(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Each(stretches) => stretches.all.len(),
        }
    }
}

impl TryFrom<Vec<SourceRowSpan>> for SourceRowSpans {
    type Error = &'static str;

    /// Puts ranges below one another.
    fn try_from(mut all: Vec<SourceRowSpan>) -> Result<Self, Self::Error> {
        let mut height = 0_u32;
        for stretch in &mut all {
            stretch.above = height;
            let rows = stretch.first.abs_diff(stretch.last).checked_add(1);
            let stop = rows.and_then(|rows| height.checked_add(rows));
            height = stop.ok_or("more rows than there can be")?;
        }
        Ok(Self { all, height })
    }
}

impl SourceRowSpans {
    pub fn iter(&self) -> impl Iterator<Item = SourceRowSpan> + '_ {
        self.all.iter().copied()
    }

    /// Returns the total number of rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Returns the range with the row `below` rows below the first one, and the position of the row in that range.
    pub fn at(&self, below: u64) -> Option<(SourceRowSpan, u32)> {
        let below = u32::try_from(below)
            .ok()
            .filter(|below| *below < self.height)?;
        let behind = self.all.partition_point(|stretch| stretch.above <= below);
        let stretch = self.all[behind.checked_sub(1)?];
        Some((stretch, below - stretch.above))
    }
}

impl FromIterator<u32> for SourceRowSpans {
    /// Collects the numbers of rows in the order of the output; 0 means no row.
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut all: Vec<SourceRowSpan> = Vec::new();
        for number in numbers {
            match all.last_mut() {
                Some(stretch)
                    if stretch.goes_up() && number.checked_sub(1) == Some(stretch.last) =>
                {
                    stretch.last = number;
                }
                _ => all.push(SourceRowSpan::new(number, number, None)),
            }
        }
        // Until here, each row of a descending range is a range by itself.
        all.dedup_by(|stretch, before| {
            let follows = stretch.first == stretch.last
                && stretch.first > 0
                && before.last == stretch.first + 1
                && before.first >= before.last;
            if follows {
                before.last = stretch.last;
            }
            follows
        });
        // A sheet has fewer rows than a `u32` can count.
        Self::try_from(all).unwrap_or_default()
    }
}

impl SourceRowSpan {
    fn new(first: u32, last: u32, of: Option<u32>) -> Self {
        Self {
            above: 0,
            first,
            last,
            of,
        }
    }

    fn goes_up(self) -> bool {
        self.first <= self.last && self.first > 0
    }

    /// Returns the index in `tables` of the entry with the sheet of these rows. The file must be [checked](RowsFile::checked).
    pub fn entry(self) -> usize {
        self.of.unwrap_or_default() as usize
    }

    /// Returns the number of rows in the range.
    pub fn count(self) -> u32 {
        self.first.abs_diff(self.last) + 1
    }

    /// Returns the sender's row `down` rows below the first row of the range.
    pub fn at(self, down: u32) -> u64 {
        u64::from(if self.last < self.first {
            self.first - down
        } else {
            self.first + down
        })
    }

    /// Returns the sender's rows of this range that are also in `rows`.
    pub fn within(self, rows: &Range<u64>) -> Range<u64> {
        let low = u64::from(self.first.min(self.last));
        let high = u64::from(self.first.max(self.last));
        low.max(rows.start)..(high + 1).min(rows.end)
    }

    /// Returns the output row of the sender's row `number`.
    pub fn row_of(self, table: &TableRows, number: u64) -> Option<u64> {
        let down = u64::from(self.first).abs_diff(number);
        Some(table.first_row? + u64::from(self.above) + down)
    }
}

impl Serialize for SourceRowSpans {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl Serialize for SourceRowSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.of {
            None => (self.first, self.last).serialize(serializer),
            Some(of) => (self.first, self.last, of).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SourceRowSpan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SourceRowSpanVisitor)
    }
}

struct SourceRowSpanVisitor;

impl<'de> Visitor<'de> for SourceRowSpanVisitor {
    type Value = SourceRowSpan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0, or two or three numbers")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<SourceRowSpan, E> {
        match number {
            0 => Ok(SourceRowSpan::new(0, 0, None)),
            _ => Err(E::custom("a row alone is 0")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<SourceRowSpan, A::Error> {
        let missing = || de::Error::custom("a stretch has two numbers");
        let first = numbers.next_element()?.ok_or_else(missing)?;
        let last = numbers.next_element()?.ok_or_else(missing)?;
        let stretch = SourceRowSpan::new(first, last, numbers.next_element()?);
        match numbers.next_element::<de::IgnoredAny>()? {
            None => Ok(stretch),
            Some(_) => Err(de::Error::custom("a stretch has at most three numbers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(numbers: &[u32]) -> Vec<(u32, u32)> {
        let stretches: SourceRowSpans = numbers.iter().copied().collect();
        assert_eq!(stretches.height() as usize, numbers.len());
        let found: Vec<u64> = (0..numbers.len() as u64)
            .map(|below| stretches.at(below).map(|(run, down)| run.at(down)).unwrap())
            .collect();
        assert!(
            found
                .iter()
                .zip(numbers)
                .all(|(found, number)| *found == u64::from(*number))
        );
        stretches.iter().map(|run| (run.first, run.last)).collect()
    }

    #[test]
    fn numbers_become_stretches_up_and_down() {
        for (numbers, wanted) in [
            (&[][..], &[][..]),
            (&[5, 6, 7], &[(5, 7)]),
            (&[7, 6, 5], &[(7, 5)]),
            (&[0, 0, 1, 2], &[(0, 0), (0, 0), (1, 2)]),
            (&[1, 0, 1], &[(1, 1), (0, 0), (1, 1)]),
            (&[5, 4, 5], &[(5, 5), (4, 5)]),
            (&[5, 5, 6, 5], &[(5, 5), (5, 6), (5, 5)]),
            (&[9, 8, 3, 4], &[(9, 8), (3, 4)]),
        ] {
            assert_eq!(stretches(numbers), wanted, "{numbers:?}");
        }
    }

    #[test]
    fn one_number_stands_for_all_rows_that_have_it() {
        assert_eq!(RowNumbers::new(vec![3, 3, 3]), RowNumbers::Same(3));
        let each = RowNumbers::new(vec![3, 4, 0]);
        assert_eq!(
            [0, 1, 2, 3].map(|below| each.at(below)),
            [Some(3), Some(4), Some(0), None]
        );
        assert_eq!(RowNumbers::new(Vec::new()).stretch_count(), 0);
    }
}
