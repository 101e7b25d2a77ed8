//! Reading input files of every format into sheets.
//!
//! - [`book`]: one input file of any format; the entry point of this module
//!   - [`xlsx`] over [`archive`] (zip) and [`xml`], [`xls`] over [`compound`], [`csv`]
//!   - [`ods`] and [`spreadsheet_xml`] over [`document`] (XML that is read again for each sheet), [`xlsb`], [`html`]; [`formats`] is
//!     what they share about numbers
//! - [`kind`]: which of these a file is
//!   - [`foreign`]: files of another format than their name says, or protected by a password
//! - [`background`]: opens and scans in the background, so that reading overlaps the start of Python and polars;
//!   [`read_ahead`] unpacks a part while it is parsed

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

/// How files are read, as the settings say.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The encoding of separated text, as the user wrote it.
    pub csv_encoding: String,
    /// What stands between its cells.
    pub csv_delimiter: String,
    /// Kinds of files that the older engine refused are read, and cells have the values that spreadsheet programs show: `_x000D_` is a line
    /// break, the date formats of East Asian locales are dates, and 36:00 is a duration.
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

/// All bytes of a file; `most_bytes` bounds how many may be held of `what` it is.
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
