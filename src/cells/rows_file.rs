//! The rows of a run as the engine records them in edition 2026: `output/<stem>_rows.json`. `rows` answers from it.
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
    pub(super) tables: Vec<Table>,
    pub(super) not_written: Vec<NotWritten>,
    pub(super) apart: Vec<Apart>,
}

/// The rows of a table that are quarantined.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Apart {
    /// Where they stand.
    pub(super) rows: Table,
    /// The workbook that has them, beside the output; `None`: the output.
    pub(super) file: Option<String>,
}

/// A table of the sender that was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) sheet: String,
    pub(super) output_sheet: Option<String>,
    /// The output's row of its first row of data, from 1.
    pub(super) first_row: Option<u64>,
    pub(super) turned: bool,
    pub(super) stretches: Vec<Stretch>,
    /// How many rows it has in the output.
    pub(super) height: u32,
    pub(super) unknown: Option<String>,
    /// Of a table that was reshaped: fields whose values stand in cells of their own.
    pub(super) cells: Vec<CellsOfField>,
}

/// Where the values of a field stand in the sender's sheet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CellsOfField {
    pub(super) field: String,
    pub(super) rows: Option<Numbers>,
    pub(super) columns: Option<Numbers>,
    pub(super) parts: Option<Numbers>,
}

/// A number for each row of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    One(u32),
    Each(Vec<Stretch>),
}

/// Rows of the sender that follow each other in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// How many rows of the table stand above it.
    pub(super) above: u32,
    /// The sender's row, or of a turned table the column, that stands first; 0: a hook added the row.
    pub(super) first: u32,
    /// The one that stands last; it may be smaller.
    pub(super) last: u32,
    /// The entry of `tables` that has their sheet.
    pub(super) of: u32,
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

    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
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
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Each(stretches) => stretches.len(),
        }
    }

    /// The number of the row that stands so far below the first one.
    pub(super) fn at(&self, below: u32) -> Option<u64> {
        match self {
            Self::One(number) => Some(u64::from(*number)),
            Self::Each(stretches) => {
                let (stretch, down) = stretch_of(stretches, below)?;
                (down < stretch.count()).then(|| stretch.at(down))
            }
        }
    }
}

/// The stretch that has a row so far below the first one, and how far down in it that is.
pub(super) fn stretch_of(stretches: &[Stretch], below: u32) -> Option<(Stretch, u32)> {
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
    pub(super) fn count(self) -> u32 {
        self.first.abs_diff(self.last) + 1
    }

    /// The sender's row that stands so far down in it.
    pub(super) fn at(self, down: u32) -> u64 {
        u64::from(if self.last < self.first {
            self.first - down
        } else {
            self.first + down
        })
    }

    /// The sender's rows of it that lie within a range.
    pub(super) fn within(self, rows: &Range<u64>) -> Range<u64> {
        let low = u64::from(self.first.min(self.last));
        let high = u64::from(self.first.max(self.last));
        low.max(rows.start)..(high + 1).min(rows.end)
    }

    /// The output's row of one of its rows.
    pub(super) fn place_of(self, table: &Table, number: u64) -> Option<u64> {
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

    #[test]
    fn a_file_of_another_shape_tells_nothing() {
        let sound: Value = serde_json::from_str(
            r#"{"schema_version": 1, "not_written": [],
                "tables": [{"sheet": "In", "first_row": 2, "turned": false, "rows": [[5, 7]], "unknown": null, "later": {}}]}"#,
        )
        .unwrap();
        assert!(Rows::of(sound.to_string().as_bytes()).is_some());
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
                Rows::of(file.to_string().as_bytes()),
                None,
                "{pointer} {value}"
            );
        }
        assert_eq!(Rows::of(b"{}"), None);
        assert_eq!(Rows::of(b""), None);
    }

    #[test]
    fn a_folder_or_a_link_is_no_file_and_a_large_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        let text = json!({"schema_version": 1, "tables": [], "not_written": []}).to_string();
        std::fs::write(&real, &text).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let is_read = |path: &Path| Rows::read(path).is_some();
        assert!(is_read(&real) && !is_read(&link) && !is_read(folder.path()));
        std::fs::write(&real, text + &" ".repeat(MOST_BYTES as usize)).unwrap();
        assert!(!is_read(&real));
    }
}
