//! Reads the workbook part and its related parts: sheets in order, styles, shared strings.

use std::sync::Arc;

use super::package::{
    ContentTypes, MAXIMUM_STRUCTURE_BYTES, STRINGS_TYPE, find_workbook_part, read_relationships,
};
use super::strings::SharedStrings;
use super::styles::XlsxStyles;
use crate::cells::{Epoch, TextArena};
use crate::error::Result;
use crate::read::archive::ZipArchive;
use crate::read::sheets::{SheetInfo, SheetList, Visibility};
use crate::read::xml::{SPREADSHEET, XmlReader};

/// The hidden name of the list of issues that `ade annotate` adds to a copy of a workbook (`src/painting/workbook.rs`).
const OWN_LIST: &str = "_ade_issues";

/// A workbook whose structure was read; its sheets are still in the archive.
#[derive(Debug)]
pub struct Workbook {
    pub(super) archive: ZipArchive,
    pub(super) list: SheetList,
    /// The part of each listed sheet.
    pub(super) parts: Vec<String>,
    /// The titles of all sheets, including chart sheets.
    pub(super) titles: Vec<String>,
    pub(super) epoch: Epoch,
    pub(super) styles: XlsxStyles,
    pub(super) strings: SharedStrings,
    pub(super) shared_text: Arc<TextArena>,
    /// The same as [`ReadOptions::as_shown`](crate::read::ReadOptions::as_shown).
    pub(super) as_shown: bool,
}

impl Workbook {
    /// Opens the archive of a workbook and reads everything but its sheets. `most_bytes` limits the memory for its strings.
    ///
    /// # Errors
    /// If the archive contains no workbook, or one of its parts is damaged.
    pub fn open(archive: ZipArchive, most_bytes: Option<usize>, as_shown: bool) -> Result<Self> {
        let types = ContentTypes::read(&archive)?;
        let workbook_part = find_workbook_part(&archive, &types)?;
        let relationships = read_relationships(&archive, &workbook_part)?;
        let structure = Structure::read(&archive, &workbook_part)?;
        let by_kind = |ending: &str| {
            relationships
                .values()
                .find(|relationship| relationship.kind.ends_with(ending))
                .map(|found| &*found.target)
        };

        let mut list = SheetList::default();
        let (mut parts, mut titles) = (Vec::new(), Vec::new());
        for (sheet, id) in structure.sheets {
            // openpyxl omits sheets without a part, too.
            let Some(relationship) = id.as_ref().and_then(|id| relationships.get(id)) else {
                continue;
            };
            let Some(part) = archive.find(&relationship.target) else {
                continue;
            };
            let is_active = titles.len() == structure.active;
            titles.push(sheet.title.clone());
            if relationship.kind.contains("chartsheet") {
                continue;
            }
            if is_active {
                list.active = Some(list.sheets.len());
            }
            parts.push(part.to_owned());
            list.sheets.push(sheet);
        }

        let strings_part = types
            .part_of(STRINGS_TYPE)
            .and_then(|part| archive.find(part));
        let strings_part =
            strings_part.or_else(|| by_kind("/sharedStrings").and_then(|part| archive.find(part)));
        let mut strings = match strings_part {
            Some(part) => {
                SharedStrings::read(archive.open_part(part)?, part, most_bytes, as_shown)?
            }
            None => SharedStrings::default(),
        };
        let styles_part = by_kind("/styles")
            .and_then(|part| archive.find(part))
            .or_else(|| archive.find("xl/styles.xml"));
        let styles = match styles_part {
            Some(part) => XlsxStyles::read(archive.open_part(part)?, part, as_shown)?,
            None => XlsxStyles::default(),
        };
        let epoch = if structure.date_1904 {
            Epoch::Mac1904
        } else {
            Epoch::Windows1900
        };
        Ok(Self {
            list,
            parts,
            titles,
            epoch,
            styles,
            shared_text: Arc::new(std::mem::take(&mut strings.text)),
            strings,
            as_shown,
            archive,
        })
    }
}

/// The content of the workbook part: sheets in order, the active sheet, the epoch.
struct Structure {
    sheets: Vec<(SheetInfo, Option<String>)>,
    active: usize,
    date_1904: bool,
}

impl Structure {
    fn read(archive: &ZipArchive, part: &str) -> Result<Self> {
        let bytes = archive.read_part(part, MAXIMUM_STRUCTURE_BYTES)?;
        let mut reader = XmlReader::new(bytes.as_slice(), part, SPREADSHEET);
        let mut structure = Self {
            sheets: Vec::new(),
            active: 0,
            date_1904: false,
        };
        let mut seen_view = false;
        while let Some(own) = reader.next_start(0)? {
            match (reader.depth(), reader.local_name()) {
                _ if !own => {}
                (2, b"workbookPr") => {
                    let date_1904 = reader.attribute("date1904");
                    structure.date_1904 =
                        matches!(date_1904.as_deref(), Some("1" | "true" | "t" | "on"));
                }
                (3, b"workbookView") if !seen_view => {
                    seen_view = true;
                    let active = reader
                        .attribute("activeTab")
                        .and_then(|tab| tab.trim().parse().ok());
                    structure.active = active.unwrap_or(0);
                }
                (3, b"sheet") => {
                    let visibility = match reader.attribute("state").as_deref() {
                        Some("hidden") => Visibility::Hidden,
                        Some("veryHidden") => Visibility::VeryHidden,
                        _ => Visibility::Visible,
                    };
                    let title = reader.attribute("name").unwrap_or_default();
                    let sheet = SheetInfo::new(title, visibility);
                    structure.sheets.push((sheet, reader.attribute("id")));
                }
                (3, b"definedName") if reader.attribute("name").as_deref() == Some(OWN_LIST) => {
                    let sheet = reader
                        .attribute("localSheetId")
                        .and_then(|id| id.trim().parse::<usize>().ok());
                    let area = reader.element_string()?;
                    structure.mark_own_list(sheet, &area);
                }
                _ => {}
            }
        }
        Ok(structure)
    }

    /// Marks the sheet that the hidden name of the list belongs to. Programs that move sheets may leave the number of another
    /// sheet with the name, so the range must name the same sheet.
    fn mark_own_list(&mut self, sheet: Option<usize>, area: &str) {
        let entry = sheet.and_then(|sheet| self.sheets.get_mut(sheet));
        let Some((entry, _)) = entry else { return };
        let named = area.trim().rsplit_once('!').map(|(title, _)| title);
        let title = &entry.title;
        entry.is_own_list = named.is_some_and(|named| {
            named == title || named == format!("'{}'", title.replace('\'', "''"))
        });
    }
}
