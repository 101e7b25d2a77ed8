//! The sheets of a workbook, whatever its format: how they are called and shown, and what reads them.

use std::fmt;
use std::path::Path;

use crate::cells::{MergedRange, ScanLimits, Sheet};
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

    /// What the numbers of binary workbooks mean.
    pub fn of_number(number: u32) -> Self {
        match number {
            0 => Self::Visible,
            1 => Self::Hidden,
            _ => Self::VeryHidden,
        }
    }

    /// What the words of XML 2003 and of web pages mean.
    pub fn of_word(word: &str) -> Self {
        match word {
            "SheetHidden" => Self::Hidden,
            "SheetVeryHidden" => Self::VeryHidden,
            _ => Self::Visible,
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

impl SheetList {
    /// The list of a file that is one sheet.
    pub fn of_one(title: String) -> Self {
        Self {
            sheets: vec![SheetInfo::new(title, Visibility::Visible)],
            active: Some(0),
        }
    }
}

/// The name of a file without folder and extension, which names its sheet where nothing else does.
pub fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem();
    stem.map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// How a file is read of which settings left something to detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected {
    /// The name of the encoding.
    pub encoding: &'static str,
    pub delimiter: u8,
    /// Whether detection has found something other than UTF-8 with commas.
    pub is_unusual: bool,
}

/// The sheets of a file, whatever its format.
pub trait Sheets: fmt::Debug + Send + Sync {
    /// Which sheets there are. Chart sheets are not among them.
    fn list(&self) -> &SheetList;
    /// Bytes that the structure takes, the text that sheets share included.
    fn heap_bytes(&self) -> usize;
    /// Scans a worksheet.
    ///
    /// # Errors
    /// When the sheet is damaged or beyond the limits of reading, or `watch` stops the scan.
    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &Watch) -> Result<Sheet>;

    /// Scans a worksheet and, for the `.xlsx` family, a second sheet of the same extent that describes each cell that the file has, whether
    /// or not it has a value: eight times its style plus its data type's place in `n s b d e str inlineStr`. Rows without cells have -2 in
    /// their first column.
    ///
    /// # Errors
    /// When the sheet is damaged or beyond the limits of reading.
    fn scan_in_detail(&self, sheet: usize, limits: ScanLimits) -> Result<(Sheet, Option<Sheet>)> {
        Ok((self.scan(sheet, limits, &Watch::default())?, None))
    }

    /// The merged ranges of a sheet as the file has them. Of a sheet of the `.xlsx` family they are read for this.
    ///
    /// # Errors
    /// When the sheet is damaged.
    fn merged_ranges(&self, sheet: usize) -> Result<Vec<MergedRange>> {
        let scanned = self.scan(sheet, ScanLimits::NONE, &Watch::default())?;
        Ok(scanned.findings().merged.clone())
    }

    /// The worksheets in workbook order.
    fn sheets(&self) -> &[SheetInfo] {
        &self.list().sheets
    }

    /// The worksheet that was active when the file was saved.
    fn active(&self) -> Option<usize> {
        self.list().active
    }

    /// The titles of all sheets, chart sheets included.
    fn all_titles(&self) -> Vec<&str> {
        self.sheets().iter().map(|sheet| &*sheet.title).collect()
    }

    /// How a file of separated text is read, where settings left that to detection.
    fn detected(&self) -> Option<Detected> {
        None
    }
}
