//! Tables that lie on their side: the names of columns stand below each other, and each record is a column.
//!
//! Words of fields in the first column say it, or rows of one kind of values each, of several kinds. Only a table that is alone on its
//! sheet, but for titles and notes of one cell, is judged.

use std::collections::HashSet;
use std::ops::Range;

use super::records::SheetView;
use super::rows::is_digit;
use crate::cells::{Cell, Tag};

/// A table with more rows or columns does not lie on its side.
const MAX_ROWS: usize = 60;
const MAX_COLUMNS: usize = 250;
/// Words of so many fields below each other are enough to turn a table.
const MIN_FIELDS: usize = 3;
/// A longer text is no name of a column.
const MAX_NAME_CHARS: usize = 40;

/// A table that lies on its side.
#[derive(Debug)]
pub struct Side {
    /// Its rows, without a blank one.
    pub rows: Range<usize>,
    /// The column of its names.
    pub names: usize,
    /// The number of fields whose words the names are.
    pub fields: usize,
    /// True if its names and values leave no doubt.
    pub is_sure: bool,
}

/// The kind of a cell of such a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Date,
    Number,
    Text,
}

impl SheetView<'_> {
    /// The table of the sheet, if it lies on its side.
    pub fn find_side(&self) -> Option<Side> {
        let sheet = self.rows.sheet;
        let facts = sheet.facts();
        if facts.rows_emitted > 2 * MAX_ROWS || facts.width > MAX_COLUMNS {
            return None;
        }
        let is_line = |row: &usize| self.rows.filled(*row).nth(1).is_some();
        let lines: Vec<usize> = (0..facts.rows_emitted).filter(is_line).collect();
        let (&top, &last) = (lines.first()?, lines.last()?);
        let is_alone = (2..=MAX_ROWS).contains(&lines.len()) && last - top < lines.len();
        if !is_alone || self.names_columns(top) {
            return None;
        }
        let first = lines
            .iter()
            .filter_map(|&row| self.rows.filled(row).next())
            .min()?;
        let names: Vec<Cell> = lines.iter().map(|&row| sheet.cell(row, first)).collect();
        if !names.iter().all(|&name| self.is_name(name)) {
            return None;
        }
        let known = names.iter().map(|&name| self.fields(&[name]));
        let known: Vec<usize> = known.collect();
        let fields = self.fields(&names);
        let cells = |row: usize| -> Vec<Cell> {
            let columns = self.rows.filled(row);
            columns.map(|column| sheet.cell(row, column)).collect()
        };
        let is_alone = lines.iter().all(|&row| self.fields(&cells(row)) < 2);
        let kinds: Vec<HashSet<Kind>> = lines
            .iter()
            .map(|&row| {
                cells(row)[1..]
                    .iter()
                    .map(|&cell| self.side_kind(cell))
                    .collect()
            })
            .collect();
        let is_named = known[0] > 0
            && fields > 1
            && known.iter().sum::<usize>() * 2 >= names.len()
            && is_alone;
        let is_uniform = kinds.iter().all(|kinds| kinds.len() == 1);
        let has_kinds = || is_uniform && self.has_kinds(&lines, first, &kinds);
        if !is_named && !has_kinds() {
            return None;
        }
        // Of a single record some value says that it is one: a list of names and their meanings has none.
        let is_text = |kinds: &HashSet<Kind>| *kinds == HashSet::from([Kind::Text]);
        let has_values =
            lines.iter().any(|&row| cells(row).len() > 2) || !kinds.iter().all(is_text);
        let different: HashSet<String> = names.iter().map(|&name| self.rows.text(name)).collect();
        Some(Side {
            rows: top..last + 1,
            names: first,
            fields,
            is_sure: is_named
                && is_uniform
                && has_values
                && fields >= names.len().min(MIN_FIELDS)
                && different.len() == names.len(),
        })
    }

    fn is_name(&self, cell: Cell) -> bool {
        let text = self.rows.text(cell);
        cell.tag == Tag::Text
            && text.chars().count() <= MAX_NAME_CHARS
            && text.chars().next().is_some_and(|first| !is_digit(first))
    }

    fn side_kind(&self, cell: Cell) -> Kind {
        match cell.tag {
            Tag::Date | Tag::DateTime | Tag::Time | Tag::Duration => Kind::Date,
            Tag::Text => {
                // As .csv files write numbers and days: digits without letters.
                let text = self.rows.sheet.text(cell.as_text());
                let is_number =
                    text.chars().any(is_digit) && !text.chars().any(char::is_alphabetic);
                if is_number { Kind::Number } else { Kind::Text }
            }
            _ => Kind::Number,
        }
    }

    /// Returns whether rows have values of several kinds, so that no column has one kind: texts in two of them below the first, and values. A row
    /// of signs that stand for missing values is no row of texts.
    fn has_kinds(&self, lines: &[usize], first: usize, kinds: &[HashSet<Kind>]) -> bool {
        let sheet = self.rows.sheet;
        let is_full = |&row: &usize| {
            let width = sheet.row_width(row);
            let mut columns = first..width;
            width > first + 2 && columns.all(|column| !sheet.is_blank(sheet.cell(row, column)))
        };
        let below = || lines.iter().zip(kinds).skip(1);
        let is_text = |kinds: &HashSet<Kind>| *kinds == HashSet::from([Kind::Text]);
        let texts = below().filter(|(row, kinds)| {
            let columns = first + 1..sheet.row_width(**row);
            let texts: HashSet<String> = columns
                .map(|column| self.rows.text(sheet.cell(**row, column)))
                .collect();
            is_text(kinds) && texts.len() > 1
        });
        texts.count() > 1 && below().any(|(_, kinds)| !is_text(kinds)) && lines.iter().all(is_full)
    }
}
