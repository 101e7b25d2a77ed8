//! Values as people type them: a column of cells in, a column of one type out, and what could not be read.
//!
//! # Map
//! - [`checks`]: which values of a column break a rule
//! - [`reading`]: how a column was read
//! - [`dates`]: one cell as a [`dates::day`] or a [`dates::clock`]; in [`dates::date`] the column decides about the order
//! - [`numbers`]: one cell as an [`numbers::amount`]; in [`numbers::number`] the column decides about the decimal mark
//! - [`texts`]: kinds whose cells each speak for themselves, and ids that check themselves
//! - [`looks`]: what a column looks like, and which rows of a sheet are headers
//!
//! [`crate::words`] cuts a cell's text into digits, words and marks, and knows months, weekdays and currencies.
//!
//! # Promises
//! A cell comes out as what is meant, or empty and named among the unread ones; never as another value. The column's own
//! cells decide before anything else does. No regular expressions, no locale of the machine, no clock: the same column is
//! read the same everywhere and always.

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
    Kind, Lost, Outcome, Unread, count_emptied, count_filled, emptied, flags, is_filled,
    whole_numbers,
};
pub use self::read::{read, shown};
pub use self::reading::Surroundings;

#[cfg(test)]
pub(crate) mod testing {
    /// All texts of so many of these pieces.
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
