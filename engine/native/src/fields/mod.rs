//! Reads values as people type them: from a column of cells to a column of one type, and a list of the cells that could not be
//! read.
//!
//! # Map
//! - [`checks`]: the values of a column that break a rule
//! - [`reading`]: how a column was read
//! - [`dates`]: one cell as a [`dates::day`] or a [`dates::clock`]; in [`dates::date`] the column decides on the order
//! - [`numbers`]: one cell as an [`numbers::amount`]; in [`numbers::number`] the column decides on the decimal mark
//! - [`texts`]: kinds whose cells are read one by one, and ids that check themselves
//! - [`looks`]: the profile of a column, and the headers among the rows of a sheet
//!
//! [`crate::words`] cuts a cell's text into digits, words and marks, and looks up months, weekdays and currencies.
//!
//! # Promises
//! A cell comes out with the value that is meant, or empty and listed as unread; never with another value. The column's own
//! cells decide before anything else does. There are no regular expressions, no locale of the machine and no clock: the same
//! column is always read in the same way, on every machine.

pub mod checks;
pub mod dates;
mod header_unit;
pub mod looks;
pub mod missing;
pub mod numbers;
mod outcome;
mod read;
mod read_texts;
pub mod reading;
pub mod series;
pub mod texts;

pub use self::header_unit::header_unit;
pub use self::outcome::{
    ColumnOutcome, LostValue, ReaderKind, UnreadRows, count_emptied, count_filled, emptied, flags,
    is_filled, whole_numbers,
};
pub use self::read::{read, shown};
pub use self::reading::ColumnContext;

#[cfg(test)]
pub(crate) mod testing {
    /// Returns all texts that consist of `count` of these pieces.
    pub fn texts_of(pieces: &[&str], count: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for _ in 0..count {
            let mut longer = Vec::new();
            for text in &texts {
                longer.extend(pieces.iter().map(|piece| format!("{text}{piece}")));
            }
            texts = longer;
        }
        texts
    }
}
