//! What the rows and columns of a sender's sheet are: headers, data, and what is not in the result.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::facts::{Facts, Table};
use super::notes::{LeftOut, reason_in_words};
use crate::cells::{Fate, Reason};

/// What a column went to.
#[derive(Clone)]
pub enum Chip {
    Field(String),
    Unmapped,
}

/// What a row is.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    Header,
    Data,
    /// Not in the result; why, and the hook that dropped it.
    Out(String, Option<String>),
}

impl Kind {
    /// Of a row that is in no table, and that no notice names.
    pub fn outside(rows: &Rows<'_>, row: u64) -> Self {
        let words = if rows.tables.is_empty() {
            "no table was found"
        } else if row < rows.first {
            "above the table"
        } else {
            "not in a table"
        };
        Self::Out(words.to_owned(), None)
    }
}

/// What decides about the rows of a sheet.
pub struct Rows<'a> {
    /// Its tables.
    pub tables: Vec<&'a Table>,
    /// The first row of the first of them.
    pub first: u64,
    left_out: Vec<&'a LeftOut>,
    /// What the run tells of each row.
    facts: &'a Facts,
    sheet: &'a str,
}

impl<'a> Rows<'a> {
    pub fn of(facts: &'a Facts, left_out: &'a [LeftOut], sheet: &'a str) -> Self {
        let tables: Vec<&Table> = facts.tables_on(sheet).collect();
        let firsts = tables.iter().filter_map(|table| {
            let first = table.header.first().copied();
            first.or_else(|| Some(*table.lies()?.start()))
        });
        Self {
            left_out: left_out.iter().filter(|rows| rows.sheet == sheet).collect(),
            first: firsts.min().unwrap_or(u64::MAX),
            tables,
            facts,
            sheet,
        }
    }

    pub fn kind(&self, row: u64) -> Kind {
        if self.tables.iter().any(|table| table.header.contains(&row)) {
            return Kind::Header;
        }
        if let Some(kind) = self.told(row) {
            return kind;
        }
        let is_in = |(first, last): &(u64, u64)| (*first..=*last).contains(&row);
        let mut left_out = self.left_out.iter();
        let named = left_out.find(|out| out.rows.iter().any(is_in));
        if let Some(out) = named {
            return Kind::Out(out.words.to_owned(), out.hook.clone());
        }
        let is_data = |table: &&Table| {
            let data = table.data.as_ref().is_some_and(|data| data.contains(&row));
            data || table.turned && table.lies().is_some_and(|rows| rows.contains(&row))
        };
        if self.tables.iter().any(is_data) {
            return Kind::Data;
        }
        Kind::outside(self, row)
    }

    /// What a row is that the run tells to be not in the result; nothing where it tells nothing, or not why.
    fn told(&self, row: u64) -> Option<Kind> {
        let Fate::NotWritten(told) = self.facts.rows_told.as_ref()?.fate(self.sheet, row) else {
            return None;
        };
        // A title above all tables is none of a section.
        let is_of_sheet = told.reason == Reason::Title && row <= self.first;
        let words = reason_in_words(told.reason).filter(|_| !is_of_sheet)?;
        Some(Kind::Out(words.to_owned(), told.hook.clone()))
    }

    /// What the columns of the tables went to, of those whose header begins in a row, or of the first ones.
    pub fn chips(&self, header: Option<u64>) -> BTreeMap<u64, Chip> {
        let wanted = self.tables.iter().filter(|table| match header {
            Some(row) => table.header.first() == Some(&row) && !self.is_first(table),
            None => self.is_first(table),
        });
        let mut chips = BTreeMap::new();
        let wanted = wanted.filter(|table| !table.turned);
        for column in wanted.flat_map(|table| &table.columns) {
            let Some(position) = column.position() else {
                continue;
            };
            let chip = match (&column.told.field, column.parts.as_slice()) {
                (Some(field), _) => Chip::Field(field.clone()),
                (None, []) if column.told.name.is_empty() && column.filled == Some(0) => continue,
                (None, []) => Chip::Unmapped,
                (None, parts) => Chip::Field(parts.join(", ")),
            };
            chips.insert(position, chip);
        }
        chips
    }

    /// Whether a table is the first of the sheet, or beside it.
    fn is_first(&self, table: &Table) -> bool {
        let header = table.header.first();
        self.tables.first().is_some_and(|first| {
            first.index == table.index || header.is_some() && header == first.header.first()
        })
    }

    /// Of a row that is a column of a table on its side: what it went to.
    pub fn turned_to(&self, row: u64) -> Option<String> {
        let turned = self.tables.iter().filter(|table| table.turned);
        let number = row.to_string();
        let mut columns = turned.flat_map(|table| &table.columns);
        let column = columns.find(|column| column.told.column == number)?;
        let field = column.told.field.as_ref();
        Some(field.map_or("unmapped".to_owned(), |field| format!("→ {field}")))
    }

    /// How many rows within others are not in the result, as notices name them.
    pub fn out_within(&self, first: u64, last: u64) -> u64 {
        let stretches = self.left_out.iter().flat_map(|out| &out.rows);
        stretches
            .filter(|(from, to)| *from <= last && first <= *to)
            .map(|(from, to)| last.min(*to) - first.max(*from) + 1)
            .sum()
    }
}

impl Table {
    /// Its rows in the sheet.
    fn lies(&self) -> Option<RangeInclusive<u64>> {
        let place = self.place?;
        Some(u64::from(place.first_row) + 1..=u64::from(place.last_row) + 1)
    }
}
