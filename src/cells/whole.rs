//! A sheet as a whole, for pages that show more of it than a window.

use std::sync::Arc;

use ade_engine_native::cells::{Sheet, Tag};
use ade_engine_native::sheet::{span::Span, tables_of};
use serde_json::Value;

use super::window;

/// A sheet that was read. Rows and columns count from 1.
pub struct WholeSheet {
    pub(super) sheet: Arc<Sheet>,
}

/// A cell as it is shown to people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownCell {
    /// Its text, at most as many characters as were asked for; of no length where it is empty.
    pub text: String,
    /// How many characters it has.
    pub letters: usize,
    /// Whether it is a number, which stands right.
    pub is_number: bool,
}

impl WholeSheet {
    /// Rows and columns of its used area.
    pub fn size(&self) -> (u64, u64) {
        window::size(&self.sheet)
    }

    /// Its tables, as a run of edition 2026 finds them.
    pub fn tables(&self) -> Vec<Span> {
        tables_of(&self.sheet)
    }

    /// Whether a cell has a value.
    pub fn has_value(&self, row: u64, column: u64) -> bool {
        let (rows, columns) = self.size();
        let is_inside = (1..=rows).contains(&row) && (1..=columns).contains(&column);
        is_inside && {
            let cell = self.sheet.cell(row as usize - 1, column as usize - 1);
            !cell.tag.counts_as_empty()
        }
    }

    /// A cell, with the first `most` characters of its text.
    pub fn cell(&self, row: u64, column: u64, most: usize) -> ShownCell {
        let (rows, columns) = self.size();
        if row == 0 || column == 0 || row > rows || column > columns {
            return ShownCell::default();
        }
        let cell = self.sheet.cell(row as usize - 1, column as usize - 1);
        let is_number = matches!(cell.tag, Tag::Integer | Tag::Float | Tag::BigInteger);
        let whole = match window::value_of(cell, &self.sheet, usize::MAX).0 {
            Value::Null => String::new(),
            Value::String(text) if cell.tag == Tag::DateTime => text.replacen('T', " ", 1),
            Value::String(text) => text,
            // A number without a fraction is shown as people type it.
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
