//! Reads separated text with the semantics of Python's `csv` module: every cell is text.
//!
//! By default, the delimiter is a comma and the text is UTF-8, with or without a byte order mark; nothing is guessed. The
//! settings `csv_encoding` and `csv_delimiter` may name others, or ask for detection (see [`detect`]).

mod careful;
pub mod decode;
pub mod detect;
pub mod file;
pub mod guess;
pub mod parser;

pub use file::CsvFile;
