//! The parts of an archive, as the checks and the faults need them.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;

use super::xml::{self, Node};

/// A part: unpacked, and as it is packed.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    pub bytes: Vec<u8>,
    pub packed: Vec<u8>,
}

impl Part {
    /// A part that is in no archive yet.
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            bytes: bytes.into(),
            packed: Vec::new(),
        }
    }
}

/// All parts in order.
#[derive(Clone, Debug)]
pub struct Parts(pub Vec<Part>);

impl Parts {
    pub fn read(archive: &[u8]) -> Result<Self, String> {
        let said = |error: zip::result::ZipError| error.to_string();
        let mut zip = zip::ZipArchive::new(Cursor::new(archive)).map_err(said)?;
        if zip.has_duplicate_names() {
            return Err("a part is there twice".to_owned());
        }
        let mut parts = Vec::new();
        for index in 0..zip.len() {
            let mut packed = Vec::new();
            zip.by_index_raw(index)
                .map_err(said)?
                .read_to_end(&mut packed)
                .map_err(|error| error.to_string())?;
            let mut entry = zip.by_index(index).map_err(said)?;
            let name = entry.name().map_err(said)?.into_owned();
            let mut bytes = Vec::new();
            entry
                .read_to_end(&mut bytes)
                .map_err(|error| format!("{name}: {error}"))?;
            parts.push(Part {
                name,
                bytes,
                packed,
            });
        }
        Ok(Self(parts))
    }

    /// Returns the archive with all parts packed again.
    pub fn write(&self) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for part in &self.0 {
            archive
                .start_file(part.name.as_str(), SimpleFileOptions::default())
                .unwrap();
            archive.write_all(&part.bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    pub fn get(&self, name: &str) -> Option<&Part> {
        let name = folded(name);
        self.0.iter().find(|part| folded(&part.name) == name)
    }

    pub fn text(&self, name: &str) -> String {
        let part = self.get(name).unwrap_or_else(|| panic!("no {name}"));
        String::from_utf8(part.bytes.clone()).unwrap()
    }

    /// Sets the bytes of a part.
    pub fn set(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        let key = folded(name);
        let is_it = |part: &&mut Part| folded(&part.name) == key;
        self.0.iter_mut().find(is_it).unwrap().bytes = bytes.into();
    }

    pub fn xml(&self, name: &str) -> Result<Node, String> {
        let part = self.get(name).ok_or_else(|| format!("{name} is missing"))?;
        xml::parse(&part.bytes).map_err(|error| format!("{name}: {error}"))
    }

    /// Relationships of a part by their ids: type and, for parts of the package, target.
    pub fn relationships(
        &self,
        part: &str,
    ) -> Result<BTreeMap<String, (String, Option<String>)>, String> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let own = format!("{folder}/_rels/{name}.rels");
        if self.get(&own).is_none() {
            return Ok(BTreeMap::new());
        }
        let mut all = BTreeMap::new();
        for one in &self.xml(&own)?.children {
            let value = |name| one.get(name).unwrap_or_default().to_owned();
            let target = (one.get("TargetMode") != Some("External"))
                .then(|| joined(folder, &value("Target")));
            if all.insert(value("Id"), (value("Type"), target)).is_some() {
                return Err(format!("{own}: the id {} twice", value("Id")));
            }
        }
        Ok(all)
    }

    /// The workbook's part, by the package's relationships.
    pub fn book(&self) -> Result<String, String> {
        let mut all = self.relationships("")?.into_values();
        let found = all.find(|(kind, _)| kind.ends_with("/officeDocument"));
        found
            .and_then(|(_, target)| target)
            .ok_or_else(|| "no workbook".to_owned())
    }

    /// Returns the part to which another part refers with this type.
    pub fn related(&self, part: &str, kind: &str) -> Result<Option<String>, String> {
        let ending = format!("/{kind}");
        let mut all = self.relationships(part)?.into_values();
        Ok(all
            .find(|(kind, _)| kind.ends_with(&ending))
            .and_then(|(_, target)| target))
    }
}

/// Returns the names of the parts of an archive that are different or missing in another one.
pub fn differing(one: &[u8], other: &[u8]) -> Vec<String> {
    let [one, other] = [one, other].map(|bytes| Parts::read(bytes).unwrap());
    assert_eq!(one.0.len(), other.0.len());
    let is_kept = |part: &Part| {
        other
            .get(&part.name)
            .is_some_and(|same| same.bytes == part.bytes)
    };
    let parts = one.0.iter().filter(|part| !is_kept(part));
    parts.map(|part| part.name.clone()).collect()
}

pub fn folded(name: &str) -> String {
    name.replace('\\', "/")
        .trim_start_matches('/')
        .to_ascii_lowercase()
}

fn joined(folder: &str, target: &str) -> String {
    let whole = match target.starts_with('/') {
        true => target.to_owned(),
        false => format!("{folder}/{target}"),
    };
    let mut steps = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}
