//! Relationships of a part: which others it refers to, and as what (ECMA-376 part 2, "Relationships").

use super::archive::{Package, folded};
use super::patched;
use crate::painting::refusal::{InPart, Trouble};
use crate::painting::xml::text::attribute;
use crate::painting::xml::tree::{self, Element};

const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships \
    xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"/>";

/// One of them.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// Its `Id`.
    pub id: String,
    /// The last word of its type: `worksheet`.
    pub kind: String,
    /// The part that it leads to; `None` for what is outside of the package.
    pub target: Option<String>,
}

/// Those of one part.
pub struct Relationships {
    /// The part that holds them, as it is stored or will be.
    pub part: String,
    text: String,
    /// The folder of the part that they are of.
    folder: String,
    all: Vec<Relationship>,
    /// Elements to be added, and ids of those to be taken away.
    added: String,
    dropped: Vec<String>,
}

impl Relationships {
    /// Those of a part; of the package itself where it is empty. A part without any has none yet.
    pub fn of(package: &mut Package, part: &str) -> Result<Self, Trouble> {
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
            // A part that is referred to and missing must not turn into one of ours.
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

    /// The parts of a kind, in order.
    pub fn targets<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s str> {
        let fitting = self.all.iter().filter(move |one| one.kind == kind);
        fitting.filter_map(|one| one.target.as_deref())
    }

    /// The first part of a kind that the package holds.
    pub fn first(&self, package: &Package, kind: &str) -> Option<String> {
        let mut targets = self.targets(kind);
        targets.find(|part| package.has(part)).map(str::to_owned)
    }

    /// By its id.
    pub fn by_id(&self, id: &str) -> Option<&Relationship> {
        self.all.iter().find(|one| one.id == id)
    }

    /// Whether any is of a kind: `revisionHeaders` of a workbook that keeps each change of several people.
    pub fn has_kind(&self, kind: &str) -> bool {
        self.all.iter().any(|one| one.kind == kind)
    }

    /// Adds one, and returns its id. `types`: what the types of an office document begin with, strict or not.
    pub fn add(&mut self, types: &str, kind: &str, part: &str) -> Result<String, Trouble> {
        // Ids differ by more than the case of their letters where a reader folds it.
        let is_free = |id: &str| self.all.iter().all(|one| !one.id.eq_ignore_ascii_case(id));
        let mut ids = (1..).map(|number: usize| format!("rId{number}"));
        let id = ids.find(|id| is_free(id)).unwrap_or_default();
        self.add_as(&id, types, kind, part)
    }

    /// The same with an id that is free.
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

    /// Takes all of those away that lead to a part within a folder.
    pub fn drop_folder(&mut self, folder: &str) {
        let within = |one: &&Relationship| {
            let target = one.target.as_deref().map(folded).unwrap_or_default();
            target.starts_with(folder)
        };
        let ids = self.all.iter().filter(within).map(|one| one.id.clone());
        self.dropped = ids.collect();
    }

    /// The part, where it changed.
    pub fn changed(&self) -> Result<Option<String>, Trouble> {
        let is_dropped = |element: &&Element<'_>| {
            let id = element.tag.value("Id").unwrap_or_default();
            element.local() == "Relationship" && self.dropped.iter().any(|dropped| *dropped == id)
        };
        patched(&self.text, &self.part, is_dropped, &self.added)
    }
}

/// The part that a target means, seen from a folder. Where the package spells it with `%20`, so does the target; where it
/// does not, the target is read as it is meant.
fn resolved(package: &Package, folder: &str, target: &str) -> String {
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

/// The way from a folder to a part.
fn relative(folder: &str, part: &str) -> String {
    let from: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    let to: Vec<&str> = part.split('/').collect();
    let shared = from
        .iter()
        .zip(&to[..to.len() - 1])
        .take_while(|(one, other)| one == other)
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
