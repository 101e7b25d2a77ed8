//! One input file of any format: its sheets, which of them is active, and scanning one of them.

use std::sync::Arc;

use super::ReadOptions;
use super::archive::Archive;
use super::csv::detect::is_auto;
use super::csv::{self, CsvFile};
use super::foreign;
use super::html::WebPages;
use super::kind::{Kind, options_of_text};
use super::ods::OpenDocument;
use super::read_ahead::ReadAhead;
use super::sheets::{SheetInfo, SheetList, Sheets, Visibility};
use super::spreadsheet_xml::SpreadsheetXml;
use super::xls::{self, LegacyWorkbook};
use super::xlsb::BinaryWorkbook;
use super::xlsx::{self, Workbook};
use crate::cells::{MergedRange, ScanLimits, Sheet, TextArena};
use crate::error::Result;
use crate::progress::Watch;

/// A part of an archive may unpack to so many times the bytes that may be taken to hold it. A cell of some thirty characters takes
/// nine bytes of memory.
const UNPACKED_FOR_MEMORY: u64 = 8;

/// An input file that was opened.
#[derive(Debug)]
pub struct Book {
    kind: Kind,
    content: Content,
    shared_text: Arc<TextArena>,
    /// For each worksheet, its position among all sheets of the file, chart sheets included.
    positions: Vec<usize>,
    sheets: Vec<SheetInfo>,
    active: Option<usize>,
}

#[derive(Debug)]
enum Content {
    Package(Box<Workbook>),
    Legacy(LegacyWorkbook),
    Text(CsvFile),
    Other(Box<dyn Sheets>),
}

impl Book {
    /// Opens a file and reads its structure.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what its extension says.
    pub fn open(path: &str, options: &ReadOptions) -> Result<Self> {
        Self::open_within(path, options, None)
    }

    /// The same; `most_bytes` bounds the memory that the structure may take, the text that sheets share included.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and when it takes more.
    pub fn open_within(
        path: &str,
        options: &ReadOptions,
        most_bytes: Option<usize>,
    ) -> Result<Self> {
        match Kind::of(path, options)? {
            named @ (Kind::Package | Kind::Binary | Kind::OpenDocument) => {
                let mut archive = Archive::open(path)?;
                if let Some(bytes) = most_bytes {
                    archive.limit_parts((bytes as u64).saturating_mul(UNPACKED_FOR_MEMORY));
                }
                match Kind::of_archive(&archive) {
                    Kind::Binary => {
                        Self::of(Kind::Binary, BinaryWorkbook::open(archive, most_bytes)?)
                    }
                    Kind::OpenDocument => {
                        Self::of(Kind::OpenDocument, OpenDocument::open(archive)?)
                    }
                    _ if named != Kind::Package && !is_auto(&options.csv_encoding) => {
                        Err(foreign::renamed_package(path))
                    }
                    _ => Ok(Self::from_package(Workbook::open(
                        archive,
                        most_bytes,
                        options.as_shown,
                    )?)),
                }
            }
            Kind::Legacy => Self::open_legacy(path, most_bytes, options.as_shown),
            Kind::SpreadsheetXml => Self::of(Kind::SpreadsheetXml, SpreadsheetXml::open(path)?),
            Kind::WebPage => Self::of(Kind::WebPage, WebPages::open(path, most_bytes)?),
            Kind::WebArchive => Self::of(Kind::WebArchive, WebPages::open_mail(path, most_bytes)?),
            Kind::Text => {
                let file = CsvFile::open(path, &options_of_text(path, options))?;
                let title = file.title().to_owned();
                let sheets = vec![SheetInfo::new(title, Visibility::Visible)];
                Ok(Self {
                    kind: Kind::Text,
                    content: Content::Text(file),
                    shared_text: Arc::default(),
                    positions: vec![0],
                    sheets,
                    active: Some(0),
                })
            }
        }
    }

    fn of(kind: Kind, content: impl Sheets + 'static) -> Result<Self> {
        let SheetList { sheets, active } = content.list();
        let sheets = sheets.clone();
        Ok(Self {
            kind,
            shared_text: Arc::default(),
            positions: (0..sheets.len()).collect(),
            sheets,
            active: *active,
            content: Content::Other(Box::new(content)),
        })
    }

    /// What the file is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    fn from_package(mut workbook: Workbook) -> Self {
        let shared_text = Arc::new(std::mem::take(&mut workbook.strings.text));
        let positions: Vec<usize> = (0..workbook.sheets.len())
            .filter(|&position| !workbook.sheets[position].is_chart)
            .collect();
        let sheets = positions
            .iter()
            .map(|&position| SheetInfo {
                title: workbook.sheets[position].title.clone(),
                visibility: workbook.sheets[position].visibility,
                is_own_list: workbook.sheets[position].is_own_list,
            })
            .collect();
        let active = workbook
            .active
            .and_then(|active| positions.iter().position(|&position| position == active));
        Self {
            kind: Kind::Package,
            content: Content::Package(Box::new(workbook)),
            shared_text,
            positions,
            sheets,
            active,
        }
    }

    fn open_legacy(path: &str, most_bytes: Option<usize>, as_shown: bool) -> Result<Self> {
        let workbook = LegacyWorkbook::open(path, most_bytes, as_shown)?;
        let sheets: Vec<SheetInfo> = workbook
            .sheets()
            .iter()
            .map(|sheet| SheetInfo {
                title: sheet.title.clone(),
                visibility: sheet.visibility,
                is_own_list: false,
            })
            .collect();
        let active = workbook.active();
        Ok(Self {
            kind: Kind::Legacy,
            shared_text: workbook.shared_text(),
            positions: (0..sheets.len()).collect(),
            sheets,
            active,
            content: Content::Legacy(workbook),
        })
    }

    /// The worksheets in workbook order. Chart sheets are not among them.
    pub fn sheets(&self) -> &[SheetInfo] {
        &self.sheets
    }

    /// Bytes that the structure takes, the text that sheets share included.
    pub fn heap_bytes(&self) -> usize {
        let structure = match &self.content {
            Content::Package(workbook) => {
                workbook.strings.cell_bytes() + workbook.archive.heap_bytes()
            }
            Content::Legacy(workbook) => workbook.heap_bytes(),
            Content::Text(_) => 0,
            Content::Other(sheets) => sheets.heap_bytes(),
        };
        structure + self.shared_text.len()
    }

    /// The titles of all sheets, chart sheets included.
    pub fn all_titles(&self) -> Vec<&str> {
        match &self.content {
            Content::Package(workbook) => {
                workbook.sheets.iter().map(|sheet| &*sheet.title).collect()
            }
            _ => self.sheets.iter().map(|sheet| &*sheet.title).collect(),
        }
    }

    /// The worksheet that was active when the file was saved.
    pub fn active(&self) -> Option<usize> {
        self.active
    }

    /// The merged ranges of a sheet as the file has them. Of a sheet of the `.xlsx` family they are read for this.
    ///
    /// # Errors
    /// When the sheet is damaged.
    pub fn merged_ranges(&self, sheet: usize) -> Result<Vec<MergedRange>> {
        match &self.content {
            Content::Package(workbook) => {
                let part = &workbook.sheets[self.positions[sheet]].part;
                let source = ReadAhead::new(workbook.archive.open_part(part)?);
                xlsx::sheet::read_merged_ranges(source, part)
            }
            Content::Legacy(workbook) => Ok(xls::merged_ranges(workbook, sheet).collect()),
            Content::Text(_) => Ok(Vec::new()),
            Content::Other(sheets) => {
                let scanned = sheets.scan(sheet, ScanLimits::NONE, &Watch::default())?;
                Ok(scanned.findings().merged.clone())
            }
        }
    }

    /// How a file of separated text is read, where settings left that to detection.
    pub fn detected(&self) -> Option<csv::Detected> {
        match &self.content {
            Content::Text(file) => file.detected(),
            _ => None,
        }
    }

    /// Scans a worksheet and, for the `.xlsx` family, a second sheet with the details of its cells: see
    /// [`xlsx::sheet::read_in_detail`].
    ///
    /// # Errors
    /// When the sheet is damaged or beyond the limits of reading.
    pub fn scan_in_detail(
        &self,
        sheet: usize,
        limits: ScanLimits,
    ) -> Result<(Sheet, Option<Sheet>)> {
        let Content::Package(workbook) = &self.content else {
            return Ok((self.scan(sheet, limits, &Watch::default())?, None));
        };
        let part = &workbook.sheets[self.positions[sheet]].part;
        let source = ReadAhead::new(workbook.archive.open_part(part)?);
        let title = &self.sheets[sheet].title;
        let text = self.shared_text.clone();
        let (sheet, details) =
            xlsx::sheet::read_in_detail(workbook, text, title, source, part, limits)?;
        Ok((sheet, Some(details)))
    }

    /// Scans a worksheet.
    ///
    /// # Errors
    /// When the sheet is damaged or beyond the limits of reading, or `watch` stops the scan.
    pub fn scan(&self, sheet: usize, limits: ScanLimits, watch: &Watch) -> Result<Sheet> {
        let title = &self.sheets[sheet].title;
        match &self.content {
            Content::Package(workbook) => {
                let part = &workbook.sheets[self.positions[sheet]].part;
                let source = ReadAhead::new(workbook.archive.open_part(part)?);
                xlsx::sheet::read(
                    workbook,
                    self.shared_text.clone(),
                    title,
                    source,
                    part,
                    limits,
                    watch,
                )
            }
            Content::Legacy(workbook) => xls::scan(workbook, sheet, limits, watch),
            Content::Text(file) => csv::scan(file, limits, watch),
            Content::Other(sheets) => sheets.scan(sheet, limits, watch),
        }
    }
}
