//! Reading workbooks of the Office Open XML kind: `.xlsx`, `.xlsm`, `.xltx`, `.xltm`.
//!
//! Values, sheets and their order are what openpyxl gives in its read-only mode with cached formula values. Where
//! openpyxl would lose somebody's data, or fail for a trifle, this reader goes further, on purpose:
//! - cells outside the declared dimension are read, and rows that come out of order are put where they say;
//! - strict OOXML, other encodings than UTF-8 and stylesheets at unusual places are understood;
//! - values that do not fit their cell's type (`<v>n/a</v>` in a numeric cell) are kept as text.

pub mod number_format;
pub mod sheet;
pub mod strings;
pub mod styles;

use std::collections::HashMap;

use self::strings::SharedStrings;
use self::styles::Styles;
use crate::archive::Archive;
use crate::dates::Epoch;
use crate::error::{Result, SourceError};
use crate::xml::{CONTENT_TYPES, Event, RELATIONSHIPS, SPREADSHEET, XmlReader};

const CONTENT_TYPES_PART: &str = "[Content_Types].xml";
/// Parts that describe the package are small; one beyond this is no workbook's.
const MAXIMUM_STRUCTURE_BYTES: u64 = 64 << 20;
const WORKBOOK_TYPES: [&str; 4] = [
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
];
const STRINGS_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml";

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

/// A sheet of the workbook.
#[derive(Debug, Clone)]
pub struct SheetEntry {
    pub title: String,
    pub visibility: Visibility,
    /// The part that holds it.
    pub part: String,
    pub is_chart: bool,
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
}

struct Relationship {
    kind: String,
    target: String,
}

impl Workbook {
    /// Opens a workbook and reads everything but its sheets.
    pub fn open(path: &str) -> Result<Self> {
        let archive = Archive::open(path)?;
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
            Some(part) => SharedStrings::read(archive.open_part(part)?, part)?,
            None => SharedStrings::default(),
        };
        let styles_part = by_kind("/styles")
            .and_then(|part| archive.find(part))
            .or_else(|| archive.find("xl/styles.xml"));
        let styles = match styles_part {
            Some(part) => Styles::read(archive.open_part(part)?, part)?,
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
            archive,
        })
    }
}

/// `[Content_Types].xml`: which part is what.
struct ContentTypes {
    overrides: Vec<(String, String)>,
    defaults: Vec<String>,
}

impl ContentTypes {
    fn read(archive: &Archive) -> Result<Self> {
        let mut types = Self {
            overrides: Vec::new(),
            defaults: Vec::new(),
        };
        if archive.find(CONTENT_TYPES_PART).is_none() {
            return Err(SourceError::NotAWorkbook {
                path: archive.path().to_owned(),
                reason: "it is a zip archive of something else".to_owned(),
            });
        }
        let bytes = archive.read_part(CONTENT_TYPES_PART, MAXIMUM_STRUCTURE_BYTES)?;
        let mut reader = XmlReader::new(bytes.as_slice(), CONTENT_TYPES_PART, CONTENT_TYPES);
        loop {
            match reader.advance()? {
                Event::Start { own: true } => match reader.local_name() {
                    b"Override" => {
                        if let (Some(part), Some(kind)) = (
                            reader.attribute("PartName"),
                            reader.attribute("ContentType"),
                        ) {
                            types
                                .overrides
                                .push((part.trim_start_matches('/').to_owned(), kind));
                        }
                    }
                    b"Default" => types.defaults.extend(reader.attribute("ContentType")),
                    _ => {}
                },
                Event::Done => return Ok(types),
                _ => {}
            }
        }
    }

    fn part_of(&self, kind: &str) -> Option<&str> {
        self.overrides
            .iter()
            .find(|(_, found)| found == kind)
            .map(|(part, _)| part.as_str())
    }
}

fn find_workbook_part(archive: &Archive, types: &ContentTypes) -> Result<String> {
    let by_type = WORKBOOK_TYPES.iter().find_map(|kind| types.part_of(kind));
    // Some programs declare the type as a default, others only through the package's relationships.
    let by_default = || {
        types
            .defaults
            .iter()
            .any(|kind| WORKBOOK_TYPES.contains(&kind.as_str()))
            .then(|| "xl/workbook.xml".to_owned())
    };
    let by_relationship = || {
        let relationships = read_relationships(archive, "").ok()?;
        relationships
            .into_values()
            .find(|found| found.kind.ends_with("/officeDocument"))
            .map(|found| found.target)
    };
    let wanted = by_type
        .map(str::to_owned)
        .or_else(by_default)
        .or_else(by_relationship);
    let found = wanted
        .as_deref()
        .and_then(|part| archive.find(part))
        .map(str::to_owned);
    if let Some(part) = found {
        return Ok(part);
    }
    let reason = if archive.find("word/document.xml").is_some() {
        "it is a Word document"
    } else if archive.find("ppt/presentation.xml").is_some() {
        "it is a PowerPoint presentation"
    } else if archive.find("xl/workbook.bin").is_some() {
        "it is a binary workbook (.xlsb); save it as .xlsx"
    } else if archive.find("content.xml").is_some() {
        "it is an OpenDocument spreadsheet (.ods); save it as .xlsx"
    } else {
        "it holds no workbook part"
    };
    Err(SourceError::NotAWorkbook {
        path: archive.path().to_owned(),
        reason: reason.to_owned(),
    })
}

/// The relationships of a part by id, their targets as names within the archive. None where the part has none.
fn read_relationships(archive: &Archive, part: &str) -> Result<HashMap<String, Relationship>> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let separator = if folder.is_empty() { "" } else { "/" };
    let wanted = format!("{folder}{separator}_rels/{name}.rels");
    let mut found = HashMap::new();
    let Some(stored) = archive.find(&wanted) else {
        return Ok(found);
    };
    let bytes = archive.read_part(stored, MAXIMUM_STRUCTURE_BYTES)?;
    let mut reader = XmlReader::new(bytes.as_slice(), stored, RELATIONSHIPS);
    loop {
        match reader.advance()? {
            Event::Start { own: true } if reader.local_name() == b"Relationship" => {
                let (Some(id), Some(target)) = (reader.attribute("Id"), reader.attribute("Target"))
                else {
                    continue;
                };
                if reader.attribute("TargetMode").as_deref() == Some("External") {
                    continue;
                }
                let kind = reader.attribute("Type").unwrap_or_default();
                found.insert(
                    id,
                    Relationship {
                        kind,
                        target: resolve(folder, &target),
                    },
                );
            }
            Event::Done => return Ok(found),
            _ => {}
        }
    }
}

/// A relationship's target, seen from the folder of the part that has it, as a name within the archive.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut pieces: Vec<&str> = folder
        .split('/')
        .filter(|piece| !piece.is_empty())
        .collect();
    for piece in target.split('/') {
        match piece {
            "" | "." => {}
            ".." => drop(pieces.pop()),
            _ => pieces.push(piece),
        }
    }
    pieces.join("/")
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
                        };
                        structure.sheets.push((entry, reader.attribute("id")));
                    }
                    _ => {}
                },
                Event::Done => return Ok(structure),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_resolved_from_their_folder() {
        assert_eq!(
            resolve("xl", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml"
        );
        assert_eq!(
            resolve("xl", "/xl/worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml"
        );
        assert_eq!(resolve("xl", "../custom/./a.xml"), "custom/a.xml");
        assert_eq!(
            resolve("xl", "worksheets\\sheet1.xml"),
            "xl/worksheets/sheet1.xml"
        );
        assert_eq!(resolve("", "xl/workbook.xml"), "xl/workbook.xml");
    }
}
