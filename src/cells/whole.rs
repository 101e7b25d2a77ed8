//! A whole sheet, for pages that show more of it than a window.

use std::sync::Arc;

use ade_engine_native::cells::{CellTag, Sheet};
use ade_engine_native::sheet::{span::Span, tables_of};
use serde_json::Value;

use super::window;

/// A whole sheet. Rows and columns count from 1.
pub struct WholeSheet {
    pub(super) sheet: Arc<Sheet>,
}

/// A cell in the form that people see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownCell {
    /// The text, cut to the requested number of characters; empty if the cell is empty.
    pub text: String,
    /// The number of characters of the whole text.
    pub letters: usize,
    /// Whether the cell is a number, which is aligned right.
    pub is_number: bool,
}

impl WholeSheet {
    /// Returns the numbers of rows and columns of the used area.
    pub fn size(&self) -> (u64, u64) {
        window::size(&self.sheet)
    }

    /// Returns the tables of the sheet, as a run of edition 2026 finds them.
    pub fn tables(&self) -> Vec<Span> {
        tables_of(&self.sheet)
    }

    /// Returns whether a cell has a value.
    pub fn has_value(&self, row: u64, column: u64) -> bool {
        let (rows, columns) = self.size();
        let is_inside = (1..=rows).contains(&row) && (1..=columns).contains(&column);
        is_inside && {
            let cell = self.sheet.cell(row as usize - 1, column as usize - 1);
            !cell.tag.counts_as_empty()
        }
    }

    /// Returns a cell, with the first `most` characters of its text.
    pub fn cell(&self, row: u64, column: u64, most: usize) -> ShownCell {
        let (rows, columns) = self.size();
        if row == 0 || column == 0 || row > rows || column > columns {
            return ShownCell::default();
        }
        let cell = self.sheet.cell(row as usize - 1, column as usize - 1);
        let is_number = matches!(
            cell.tag,
            CellTag::Integer | CellTag::Float | CellTag::BigInteger
        );
        let whole = match window::value_of(cell, &self.sheet, usize::MAX).0 {
            Value::Null => String::new(),
            Value::String(text) if cell.tag == CellTag::DateTime => text.replacen('T', " ", 1),
            Value::String(text) => text,
            // Shows a number without a fraction the way people type it.
            value => {
                let text = value.to_string();
                text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
            }
        };
        let letters = whole.chars().count();
        let text = match whole.char_indices().nth(most) {
            Some((end, _)) => whole[..end].to_owned(),
            None => whole,
        };
        ShownCell {
            text,
            letters,
            is_number,
        }
    }
}
