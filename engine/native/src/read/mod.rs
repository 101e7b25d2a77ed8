//! Reads input files of every format into sheets.
//!
//! - [`book`]: an input file of any format; the entry point of this module
//!   - [`xlsx`] over [`archive`] (zip) and [`xml`], [`xls`] over [`compound`], [`csv`]
//!   - [`ods`] and [`spreadsheet_xml`] over [`document`] (XML that is read again for each sheet), [`xlsb`], [`html`];
//!     [`formats`]: the number formats that they share
//! - [`kind`]: the choice among these formats
//!   - [`foreign`]: files that have another format than their name says, or are protected by a password
//! - [`background`]: opens and scans in the background, so that reading overlaps the start of Python and polars; [`read_ahead`]
//!   unpacks a part while it is parsed

pub mod archive;
pub mod background;
pub mod book;
pub mod compound;
pub mod csv;
pub mod document;
pub mod foreign;
pub mod formats;
pub mod html;
pub mod kind;
mod numbers;
pub mod ods;
pub mod read_ahead;
pub mod sheets;
pub mod spreadsheet_xml;
pub mod xls;
pub mod xlsb;
pub mod xlsx;
pub mod xml;

use crate::error::{Result, SourceError};

/// The settings for reading files.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The encoding of separated text, as the user wrote it.
    pub csv_encoding: String,
    /// The delimiter of separated text.
    pub csv_delimiter: String,
    /// True to read kinds of files that the older engine refused, and to give cells the values that spreadsheet programs
    /// show: `_x000D_` is a line break, the date formats of East Asian locales are dates, and 36:00 is a duration.
    pub as_shown: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            csv_encoding: "utf-8".to_owned(),
            csv_delimiter: ",".to_owned(),
            as_shown: false,
        }
    }
}

/// Reads all bytes of a file. `most_bytes` limits their number; `what` names the file in the error.
fn read_whole(path: &str, what: &str, most_bytes: Option<usize>) -> Result<Vec<u8>> {
    if let Some(bytes) = most_bytes
        && std::fs::metadata(path).is_ok_and(|file| file.len() > bytes as u64)
    {
        return Err(SourceError::beyond_memory(what, bytes));
    }
    let bytes = std::fs::read(path).map_err(SourceError::io(path))?;
    match bytes.is_empty() {
        true => Err(SourceError::Empty {
            path: path.to_owned(),
        }),
        false => Ok(bytes),
    }
}
