//! The sheets of a workbook, whatever its format: how they are called and shown, and what reads them.

use std::fmt;

use crate::cells::{ScanLimits, Sheet};
use crate::error::Result;
use crate::progress::Watch;

/// How a sheet is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Visibility {
    #[default]
    Visible,
    Hidden,
    VeryHidden,
}

impl Visibility {
    /// The name that openpyxl and the file format use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::VeryHidden => "veryHidden",
        }
    }
}

/// A worksheet of the file.
#[derive(Debug, Clone)]
pub struct SheetInfo {
    pub title: String,
    pub visibility: Visibility,
    /// Whether it is the list of issues of a marked copy, which is no data of the sender's.
    pub is_own_list: bool,
}

/// The sheets of a file whose reader needs nothing more.
pub trait Sheets: fmt::Debug + Send + Sync {
    /// The worksheets in workbook order.
    fn sheets(&self) -> &[SheetInfo];
    /// The worksheet that was active when the file was saved.
    fn active(&self) -> Option<usize>;
    /// Bytes that the structure takes.
    fn heap_bytes(&self) -> usize;
    /// Scans a worksheet.
    ///
    /// # Errors
    /// When the sheet is damaged or beyond the limits of reading, or `watch` stops the scan.
    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &Watch) -> Result<Sheet>;
}
