//! An input file of any format: its sheets, the active one, and scanning a sheet.

use std::ops::Deref;

use super::ReadOptions;
use super::archive::ZipArchive;
use super::csv::CsvFile;
use super::csv::detect::is_auto;
use super::foreign;
use super::html::WebPages;
use super::kind::{Kind, options_of_text};
use super::ods::OpenDocument;
use super::sheets::Sheets;
use super::spreadsheet_xml::SpreadsheetXml;
use super::xls::LegacyWorkbook;
use super::xlsb::BinaryWorkbook;
use super::xlsx::Workbook;
use crate::error::Result;

/// The maximum unpacked size of a part of an archive, as a multiple of the memory limit. A cell of some thirty characters takes
/// nine bytes of memory.
const UNPACKED_FOR_MEMORY: u64 = 8;

/// An input file whose structure was read.
#[derive(Debug)]
pub struct InputBook {
    kind: Kind,
    sheets: Box<dyn Sheets>,
}

impl Deref for InputBook {
    type Target = dyn Sheets;

    fn deref(&self) -> &Self::Target {
        &*self.sheets
    }
}

impl InputBook {
    /// Opens a file and reads its structure.
    ///
    /// # Errors
    /// If the file cannot be read, or its format differs from its extension.
    pub fn open(path: &str, options: &ReadOptions) -> Result<Self> {
        Self::open_within(path, options, None)
    }

    /// Opens a file like [`open`](Self::open). `most_bytes` limits the memory for the structure, including the text that sheets
    /// share.
    ///
    /// # Errors
    /// The errors of [`open`](Self::open), and if the structure takes more memory.
    pub fn open_within(
        path: &str,
        options: &ReadOptions,
        most_bytes: Option<usize>,
    ) -> Result<Self> {
        let as_shown = options.as_shown;
        let mut kind = Kind::from_path(path, options)?;
        let sheets: Box<dyn Sheets> = match kind {
            Kind::Package | Kind::Binary | Kind::OpenDocument => {
                let mut archive = ZipArchive::open(path)?;
                if let Some(bytes) = most_bytes {
                    archive.limit_parts((bytes as u64).saturating_mul(UNPACKED_FOR_MEMORY));
                }
                let named = kind;
                kind = Kind::of_archive(&archive);
                match kind {
                    Kind::Binary => Box::new(BinaryWorkbook::open(archive, most_bytes)?),
                    Kind::OpenDocument => Box::new(OpenDocument::open(archive)?),
                    _ if named != Kind::Package && !is_auto(&options.csv_encoding) => {
                        return Err(foreign::not_a_workbook(path, foreign::RENAMED_PACKAGE));
                    }
                    _ => Box::new(Workbook::open(archive, most_bytes, as_shown)?),
                }
            }
            Kind::Legacy => Box::new(LegacyWorkbook::open(path, most_bytes, as_shown)?),
            Kind::SpreadsheetXml => Box::new(SpreadsheetXml::open(path)?),
            Kind::WebPage => Box::new(WebPages::open(path, most_bytes)?),
            Kind::WebArchive => Box::new(WebPages::open_mail(path, most_bytes)?),
            Kind::Text => Box::new(CsvFile::open(path, &options_of_text(path, options))?),
        };
        Ok(Self { kind, sheets })
    }

    /// Returns the kind of the file.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}
