//! The workbook part and what belongs to it: sheets in order, styles, shared strings.

use super::package::{
    ContentTypes, MAXIMUM_STRUCTURE_BYTES, STRINGS_TYPE, find_workbook_part, read_relationships,
};
use super::strings::SharedStrings;
use super::styles::Styles;
use crate::cells::serial_date::Epoch;
use crate::error::Result;
use crate::read::archive::Archive;
use crate::read::sheets::Visibility;
use crate::read::xml::{Event, SPREADSHEET, XmlReader};

/// The hidden name of the list of issues that `ade annotate` puts into a copy of a workbook (`src/painting/workbook.rs`).
const OWN_LIST: &str = "_ade_issues";

/// A sheet of the workbook.
#[derive(Debug, Clone)]
pub struct SheetEntry {
    pub title: String,
    pub visibility: Visibility,
    /// The part that holds it.
    pub part: String,
    pub is_chart: bool,
    /// Whether it is the list of issues of a marked copy.
    pub is_own_list: bool,
}

/// A workbook whose structure was read; its sheets are still in the archive.
#[derive(Debug)]
pub struct Workbook {
    pub archive: Archive,
    pub sheets: Vec<SheetEntry>,
    /// The position among `sheets` of the one that was active when the workbook was saved.
    pub active: Option<usize>,
    pub epoch: Epoch,
    pub styles: Styles,
    pub strings: SharedStrings,
    /// See `ReadOptions`.
    pub as_shown: bool,
}

impl Workbook {
    /// Opens the archive of a workbook and reads everything but its sheets. `most_bytes` bounds the memory that its strings may
    /// take.
    ///
    /// # Errors
    /// When the archive holds no workbook, or one of its parts is damaged.
    pub fn open(archive: Archive, most_bytes: Option<usize>, as_shown: bool) -> Result<Self> {
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

        let mut sheets = Vec::new();
        for (entry, id) in structure.sheets {
            // openpyxl leaves out sheets without a part, too.
            let Some(relationship) = id.as_ref().and_then(|id| relationships.get(id)) else {
                continue;
            };
            let Some(part) = archive.find(&relationship.target) else {
                continue;
            };
            sheets.push(SheetEntry {
                part: part.to_owned(),
                is_chart: relationship.kind.contains("chartsheet"),
                ..entry
            });
        }

        let strings_part = types
            .part_of(STRINGS_TYPE)
            .and_then(|part| archive.find(part));
        let strings_part =
            strings_part.or_else(|| by_kind("/sharedStrings").and_then(|part| archive.find(part)));
        let strings = match strings_part {
            Some(part) => {
                SharedStrings::read(archive.open_part(part)?, part, most_bytes, as_shown)?
            }
            None => SharedStrings::default(),
        };
        let styles_part = by_kind("/styles")
            .and_then(|part| archive.find(part))
            .or_else(|| archive.find("xl/styles.xml"));
        let styles = match styles_part {
            Some(part) => Styles::read(archive.open_part(part)?, part, as_shown)?,
            None => Styles::default(),
        };
        let active = Some(structure.active).filter(|&index| index < sheets.len());
        let epoch = if structure.date_1904 {
            Epoch::Mac1904
        } else {
            Epoch::Windows1900
        };
        Ok(Self {
            sheets,
            active,
            epoch,
            styles,
            strings,
            as_shown,
            archive,
        })
    }
}

/// The workbook part: sheets in order, the active one, the epoch.
struct Structure {
    sheets: Vec<(SheetEntry, Option<String>)>,
    active: usize,
    date_1904: bool,
}

impl Structure {
    fn read(archive: &Archive, part: &str) -> Result<Self> {
        let bytes = archive.read_part(part, MAXIMUM_STRUCTURE_BYTES)?;
        let mut reader = XmlReader::new(bytes.as_slice(), part, SPREADSHEET);
        let mut structure = Self {
            sheets: Vec::new(),
            active: 0,
            date_1904: false,
        };
        let mut seen_view = false;
        loop {
            match reader.advance()? {
                Event::Start { own: true } => match (reader.depth(), reader.local_name()) {
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
                        let entry = SheetEntry {
                            title,
                            visibility,
                            part: String::new(),
                            is_chart: false,
                            is_own_list: false,
                        };
                        structure.sheets.push((entry, reader.attribute("id")));
                    }
                    (3, b"definedName")
                        if reader.attribute("name").as_deref() == Some(OWN_LIST) =>
                    {
                        let sheet = reader
                            .attribute("localSheetId")
                            .and_then(|id| id.trim().parse::<usize>().ok());
                        let mut area = String::new();
                        reader.element_text(&mut area)?;
                        structure.mark_own_list(sheet, &area);
                    }
                    _ => {}
                },
                Event::Done => return Ok(structure),
                _ => {}
            }
        }
    }

    /// Marks the sheet that the name of a list belongs to. Programs that move sheets may leave the number of another with the
    /// name; so its area has to name the same sheet.
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
