//! Reading the old binary workbooks, `.xls`.

use std::sync::Arc;

use crate::error::{Result, SourceError};
use crate::progress::Watch;
use crate::store::builder::ScanLimits;
use crate::store::{Sheet, TextArena};
use crate::xlsx::Visibility;

/// What an OLE2 compound file is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompoundKind {
    EncryptedWorkbook,
    LegacyWorkbook,
    Other,
}

/// Looks into a compound file that came where a zip archive should have been.
pub fn explain_compound_file(path: &str) -> CompoundKind {
    let Ok(compound) = cfb::open(path) else {
        return CompoundKind::Other;
    };
    if compound.exists("/EncryptedPackage") {
        CompoundKind::EncryptedWorkbook
    } else if compound.exists("/Workbook") || compound.exists("/Book") {
        CompoundKind::LegacyWorkbook
    } else {
        CompoundKind::Other
    }
}

/// A worksheet of an old workbook.
#[derive(Debug)]
pub struct LegacySheet {
    pub title: String,
    pub visibility: Visibility,
}

/// An old workbook.
#[derive(Debug)]
pub struct LegacyWorkbook {}

impl LegacyWorkbook {
    pub fn open(path: &str) -> Result<Self> {
        Err(SourceError::BrokenLegacy {
            path: path.to_owned(),
            reason: "not yet".to_owned(),
        })
    }

    pub fn sheets(&self) -> &[LegacySheet] {
        &[]
    }

    pub fn active(&self) -> Option<usize> {
        None
    }

    pub fn shared_text(&self) -> Arc<TextArena> {
        Arc::default()
    }

    pub fn merged_ranges(&self, _sheet: usize) -> Result<Vec<[usize; 4]>> {
        Ok(Vec::new())
    }

    pub fn scan(&self, _sheet: usize, _limits: ScanLimits, _watch: &Watch) -> Result<Sheet> {
        Err(SourceError::Cancelled)
    }
}
