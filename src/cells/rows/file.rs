//! The file of rows as it is written, and what is checked of it before it is believed.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::stretch::laid_out;
use super::{Apart, CellsOfField, NotWritten, Numbers, Table};

/// The file as it is written.
#[derive(Deserialize)]
pub(super) struct InFile {
    pub(super) schema_version: u32,
    pub(super) tables: Vec<InTable>,
    pub(super) not_written: Vec<NotWritten>,
    #[serde(default)]
    pub(super) quarantined: Vec<InApart>,
}

#[derive(Deserialize)]
pub(super) struct InApart {
    #[serde(flatten)]
    rows: InTable,
    file: Option<String>,
}

impl InApart {
    pub(super) fn checked(self) -> Option<Apart> {
        let rows = self.rows.checked(0, 1)?;
        Some(Apart {
            rows,
            file: self.file,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct InTable {
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
    pub(super) fn checked(self, index: usize, tables: usize) -> Option<Table> {
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
