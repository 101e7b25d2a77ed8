//! Reads the package around a workbook: the types of parts, and the relationships between them.

use foldhash::HashMap;

use crate::error::Result;
use crate::read::archive::ZipArchive;
use crate::read::foreign;
use crate::read::xml::{CONTENT_TYPES, RELATIONSHIPS, XmlReader};

const CONTENT_TYPES_PART: &str = "[Content_Types].xml";
/// The maximum size of a part that describes the package; no workbook has a larger one.
pub(super) const MAXIMUM_STRUCTURE_BYTES: u64 = 64 << 20;
const WORKBOOK_TYPES: [&str; 4] = [
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
];
pub(super) const STRINGS_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml";

/// A relationship of a part to another one.
pub(in crate::read) struct Relationship {
    pub(in crate::read) kind: String,
    pub(in crate::read) target: String,
}

/// The types of the parts, from `[Content_Types].xml`.
pub(super) struct ContentTypes {
    overrides: Vec<(String, String)>,
    defaults: Vec<String>,
}

impl ContentTypes {
    pub(super) fn read(archive: &ZipArchive) -> Result<Self> {
        let mut types = Self {
            overrides: Vec::new(),
            defaults: Vec::new(),
        };
        if archive.find(CONTENT_TYPES_PART).is_none() {
            let what = "it is a zip archive, but not of a workbook";
            return Err(foreign::not_a_workbook(archive.path(), what));
        }
        let bytes = archive.read_part(CONTENT_TYPES_PART, MAXIMUM_STRUCTURE_BYTES)?;
        let mut reader = XmlReader::new(bytes.as_slice(), CONTENT_TYPES_PART, CONTENT_TYPES);
        while let Some(own) = reader.next_start(0)? {
            let kind = reader.attribute("ContentType");
            match reader.local_name() {
                _ if !own => {}
                b"Override" => {
                    if let (Some(part), Some(kind)) = (reader.attribute("PartName"), kind) {
                        types
                            .overrides
                            .push((part.trim_start_matches('/').to_owned(), kind));
                    }
                }
                b"Default" => types.defaults.extend(kind),
                _ => {}
            }
        }
        Ok(types)
    }

    pub(super) fn part_of(&self, kind: &str) -> Option<&str> {
        self.overrides
            .iter()
            .find(|(_, found)| found == kind)
            .map(|(part, _)| part.as_str())
    }
}

/// Returns the part with the workbook's structure.
pub(super) fn find_workbook_part(archive: &ZipArchive, types: &ContentTypes) -> Result<String> {
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
    Err(foreign::instead_of_workbook_part(archive.path(), |part| {
        archive.find(part).is_some()
    }))
}

/// Returns the relationships of a part by id, with their targets as names within the archive; empty if the part has none.
pub(in crate::read) fn read_relationships(
    archive: &ZipArchive,
    part: &str,
) -> Result<HashMap<String, Relationship>> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let separator = if folder.is_empty() { "" } else { "/" };
    let wanted = format!("{folder}{separator}_rels/{name}.rels");
    let mut found = HashMap::default();
    let Some(stored) = archive.find(&wanted) else {
        return Ok(found);
    };
    let bytes = archive.read_part(stored, MAXIMUM_STRUCTURE_BYTES)?;
    let mut reader = XmlReader::new(bytes.as_slice(), stored, RELATIONSHIPS);
    while let Some(own) = reader.next_start(0)? {
        if own
            && reader.local_name() == b"Relationship"
            && let (Some(id), Some(target)) = (reader.attribute("Id"), reader.attribute("Target"))
            && reader.attribute("TargetMode").as_deref() != Some("External")
        {
            let kind = reader.attribute("Type").unwrap_or_default();
            let target = resolve(folder, &target);
            found.insert(id, Relationship { kind, target });
        }
    }
    Ok(found)
}

/// Returns the target of a relationship as a name within the archive. `folder` is the folder of the part that has the
/// relationship.
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
