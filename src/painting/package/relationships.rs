//! The relationships of a part: the other parts that it refers to, and their kinds (ECMA-376 part 2, "Relationships").

use super::archive::{OoxmlPackage, folded};
use super::patched;
use crate::painting::refusal::{PartContext, Trouble};
use crate::painting::xml::text::attribute;
use crate::painting::xml::tree::{self, Element};

const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships \
    xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"/>";

/// A reference from one part to another.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// The `Id` of the relationship.
    pub id: String,
    /// The last word of its type, such as `worksheet`.
    pub kind: String,
    /// The part that it refers to. `None` if the target is outside of the package.
    pub target: Option<String>,
}

/// The relationships of one part.
pub struct Relationships {
    /// The part that holds them, under its present or future name.
    pub part: String,
    text: String,
    /// The folder of the part that has these relationships.
    folder: String,
    all: Vec<Relationship>,
    /// The elements to add, and the ids of those to remove.
    added: String,
    dropped: Vec<String>,
}

impl Relationships {
    /// Reads the relationships of a part, or of the package itself if `part` is empty. They may be empty.
    pub fn load(package: &mut OoxmlPackage, part: &str) -> Result<Self, Trouble> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let slash = if folder.is_empty() { "" } else { "/" };
        let own = package.stored(&format!("{folder}{slash}_rels/{name}.rels"));
        let text = if package.has(&own) {
            package.text(&own)?
        } else {
            EMPTY.to_owned()
        };
        let root = tree::parse(&text).in_part(&own)?;
        let mut all = Vec::new();
        for element in root.all("Relationship") {
            let value = |name| element.tag.value(name).unwrap_or_default().into_owned();
            let is_outside = value("TargetMode") == "External";
            let target = (!is_outside).then(|| resolved(package, folder, &value("Target")));
            // A part that is referred to but missing must not become one of ours.
            package.reserve(target.as_deref().unwrap_or_default());
            let kind = value("Type");
            all.push(Relationship {
                id: value("Id"),
                kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                target,
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            part: own,
            text,
            all,
            added: String::new(),
            dropped: Vec::new(),
        })
    }

    /// Returns the parts of a kind, in order.
    pub fn targets<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s str> {
        let fitting = self
            .all
            .iter()
            .filter(move |relationship| relationship.kind == kind);
        fitting.filter_map(|relationship| relationship.target.as_deref())
    }

    /// Returns the first part of a kind that the package holds.
    pub fn first(&self, package: &OoxmlPackage, kind: &str) -> Option<String> {
        let mut targets = self.targets(kind);
        targets.find(|part| package.has(part)).map(str::to_owned)
    }

    /// Finds a relationship by its id.
    pub fn by_id(&self, id: &str) -> Option<&Relationship> {
        self.all.iter().find(|found| found.id == id)
    }

    /// Returns whether there are relationships of a kind, such as `revisionHeaders` of a workbook that tracks changes.
    pub fn has_kind(&self, kind: &str) -> bool {
        self.all.iter().any(|found| found.kind == kind)
    }

    /// Adds a relationship and returns its id. `types`: the beginning of an office document's types, strict or not.
    pub fn add(&mut self, types: &str, kind: &str, part: &str) -> Result<String, Trouble> {
        // Some readers ignore case, so an id must differ by more than that.
        let is_free = |id: &str| self.all.iter().all(|old| !old.id.eq_ignore_ascii_case(id));
        let mut ids = (1..).map(|number: usize| format!("rId{number}"));
        let id = ids.find(|id| is_free(id)).unwrap_or_default();
        self.add_as(&id, types, kind, part)
    }

    /// Adds a relationship with a free id.
    pub fn add_as(
        &mut self,
        id: &str,
        types: &str,
        kind: &str,
        part: &str,
    ) -> Result<String, Trouble> {
        let prefix = tree::parse(&self.text).in_part(&self.part)?.tag.prefix();
        let target = attribute(&relative(&self.folder, part));
        self.added.push_str(&format!(
            "<{prefix}Relationship Id=\"{}\" Type=\"{types}/{kind}\" Target=\"{target}\"/>",
            attribute(id)
        ));
        self.all.push(Relationship {
            id: id.to_owned(),
            kind: kind.to_owned(),
            target: Some(part.to_owned()),
        });
        Ok(id.to_owned())
    }

    /// Removes all relationships to parts within a folder.
    pub fn drop_folder(&mut self, folder: &str) {
        let within = |found: &&Relationship| {
            let target = found.target.as_deref().map(folded).unwrap_or_default();
            target.starts_with(folder)
        };
        let ids = self.all.iter().filter(within).map(|found| found.id.clone());
        self.dropped = ids.collect();
    }

    /// Returns the new text, if it changed.
    pub fn changed(&self) -> Result<Option<String>, Trouble> {
        let is_dropped = |element: &&Element<'_>| {
            let id = element.tag.value("Id").unwrap_or_default();
            element.local() == "Relationship" && self.dropped.iter().any(|dropped| *dropped == id)
        };
        patched(&self.text, &self.part, is_dropped, &self.added)
    }
}

/// Returns the part that a target names, seen from a folder. `%20` is kept if the package stores the name with it, and decoded
/// otherwise.
fn resolved(package: &OoxmlPackage, folder: &str, target: &str) -> String {
    let target = target.split('#').next().unwrap_or_default();
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|step| !step.is_empty()).collect(),
    };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    let part = steps.join("/");
    if !package.has(&part) {
        let meant = without_percents(&part);
        if package.has(&meant) {
            return meant;
        }
    }
    part
}

fn without_percents(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%').then(|| text_of(after.get(..2)?)).flatten();
        match code {
            Some(code) => {
                bytes.push(code);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_of(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Returns the relative path from a folder to a part.
fn relative(folder: &str, part: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    let to: Vec<&str> = part.split('/').collect();
    let shared = from
        .iter()
        .zip(&to[..to.len() - 1])
        .take_while(|(left, other)| left == other)
        .count();
    let up = "../".repeat(from.len() - shared);
    format!("{up}{}", to[shared..].join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_from_the_folder_to_the_part() {
        assert_eq!(
            relative("xl/worksheets", "xl/comments1.xml"),
            "../comments1.xml"
        );
        assert_eq!(
            relative("xl", "xl/worksheets/sheet9.xml"),
            "worksheets/sheet9.xml"
        );
        assert_eq!(relative("", "xl/workbook.xml"), "xl/workbook.xml");
        assert_eq!(relative("a/b", "c/d.xml"), "../../c/d.xml");
        assert_eq!(without_percents("a%20b%zz%4"), "a b%zz%4");
    }
}
