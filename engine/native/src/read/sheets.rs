//! The sheets of a workbook of any format: their titles and visibility, and the trait that reads them.

use std::fmt;
use std::path::Path;

use crate::cells::{MergedRange, ScanLimits, Sheet};
use crate::error::Result;
use crate::progress::ScanWatch;

/// The visibility of a sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Visibility {
    #[default]
    Visible,
    Hidden,
    VeryHidden,
}

impl Visibility {
    /// Returns the name that openpyxl and the file format use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::VeryHidden => "veryHidden",
        }
    }

    /// Returns the visibility for a number in a binary workbook.
    pub fn of_number(number: u32) -> Self {
        match number {
            0 => Self::Visible,
            1 => Self::Hidden,
            _ => Self::VeryHidden,
        }
    }

    /// Returns the visibility for a word in XML Spreadsheet 2003 or a web page.
    pub fn of_word(word: &str) -> Self {
        match word {
            "SheetHidden" => Self::Hidden,
            "SheetVeryHidden" => Self::VeryHidden,
            _ => Self::Visible,
        }
    }
}

/// A worksheet of an input file.
#[derive(Debug, Clone)]
pub struct SheetInfo {
    pub title: String,
    pub visibility: Visibility,
    /// True if the sheet is the list of issues in a marked copy, and so no data of the sender.
    pub is_own_list: bool,
}

impl SheetInfo {
    /// Returns the information on a sheet of the sender.
    pub fn new(title: String, visibility: Visibility) -> Self {
        Self {
            title,
            visibility,
            is_own_list: false,
        }
    }
}

/// The worksheets of a file in workbook order, and the index of the sheet that was active when the file was saved.
#[derive(Debug, Default)]
pub struct SheetList {
    pub sheets: Vec<SheetInfo>,
    pub active: Option<usize>,
}

impl SheetList {
    /// Returns the list for a file with a single sheet.
    pub fn of_one(title: String) -> Self {
        Self {
            sheets: vec![SheetInfo::new(title, Visibility::Visible)],
            active: Some(0),
        }
    }
}

/// Returns the name of a file without folder and extension. Sheets without a name of their own are named like this.
pub fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem();
    stem.map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The encoding and delimiter of a file, if the settings asked to detect them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvDetection {
    /// The name of the encoding.
    pub encoding: &'static str,
    pub delimiter: u8,
    /// True if the file differs from UTF-8 with commas.
    pub is_unusual: bool,
}

/// The sheets of a file of any format.
pub trait Sheets: fmt::Debug + Send + Sync {
    /// Returns the worksheets, without chart sheets.
    fn list(&self) -> &SheetList;
    /// Returns the number of bytes that the structure takes, including the text that sheets share.
    fn heap_bytes(&self) -> usize;
    /// Scans a worksheet for its cells.
    ///
    /// # Errors
    /// If the sheet is damaged or exceeds the limits of reading, or `watch` stops the scan.
    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet>;

    /// Scans a worksheet. For the `.xlsx` family, also returns a second sheet of the same extent that describes each cell in
    /// the file, with or without a value: eight times its style plus the index of its data type in `n s b d e str inlineStr`.
    /// Rows without cells have -2 in their first column.
    ///
    /// # Errors
    /// If the sheet is damaged or exceeds the limits of reading.
    fn scan_in_detail(&self, sheet: usize, limits: ScanLimits) -> Result<(Sheet, Option<Sheet>)> {
        Ok((self.scan(sheet, limits, &ScanWatch::default())?, None))
    }

    /// Returns the merged ranges of a sheet as they are in the file. Sheets of the `.xlsx` family are read for this.
    ///
    /// # Errors
    /// If the sheet is damaged.
    fn merged_ranges(&self, sheet: usize) -> Result<Vec<MergedRange>> {
        let scanned = self.scan(sheet, ScanLimits::NONE, &ScanWatch::default())?;
        Ok(scanned.findings().merged.clone())
    }

    /// Returns the worksheets in workbook order.
    fn sheets(&self) -> &[SheetInfo] {
        &self.list().sheets
    }

    /// Returns the index of the worksheet that was active when the file was saved.
    fn active(&self) -> Option<usize> {
        self.list().active
    }

    /// Returns the titles of all sheets, including chart sheets.
    fn all_titles(&self) -> Vec<&str> {
        self.sheets().iter().map(|sheet| &*sheet.title).collect()
    }

    /// Returns the encoding and delimiter of separated text, if the settings asked to detect them.
    fn detected(&self) -> Option<CsvDetection> {
        None
    }
}
