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

impl SheetInfo {
    /// A sheet of a sender's.
    pub fn new(title: String, visibility: Visibility) -> Self {
        Self {
            title,
            visibility,
            is_own_list: false,
        }
    }
}

/// The worksheets of a file in workbook order, and which of them was active when it was saved.
#[derive(Debug, Default)]
pub struct SheetList {
    pub sheets: Vec<SheetInfo>,
    pub active: Option<usize>,
}

/// The sheets of a file whose reader needs nothing more.
pub trait Sheets: fmt::Debug + Send + Sync {
    /// Which sheets there are.
    fn list(&self) -> &SheetList;
    /// Bytes that the structure takes.
    fn heap_bytes(&self) -> usize;
    /// Scans a worksheet.
    ///
    /// # Errors
    /// When the sheet is damaged or beyond the limits of reading, or `watch` stops the scan.
    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &Watch) -> Result<Sheet>;
}
