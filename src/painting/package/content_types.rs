//! `[Content_Types].xml`: the kind of each part (ECMA-376 part 2, "Content Types").

use std::collections::HashMap;

use super::archive::folded;
use super::patched;
use crate::painting::refusal::{PartContext, Trouble};
use crate::painting::xml::text::attribute;
use crate::painting::xml::tree::{self, Element};

/// The name of the part in the archive.
pub const PART: &str = "[Content_Types].xml";
/// The common beginning of the types of a workbook's parts.
pub const SPREADSHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.";
/// The type of a drawing with comments.
const VML: &str = "application/vnd.openxmlformats-officedocument.vmlDrawing";

/// The content types of a package, including new ones.
pub struct ContentTypes {
    text: String,
    prefix: String,
    defaults: HashMap<String, String>,
    overrides: HashMap<String, String>,
    added: String,
    dropped: Vec<String>,
}

impl ContentTypes {
    /// Parses the text of the part.
    pub fn parse(text: String) -> Result<Self, Trouble> {
        let (mut defaults, mut overrides) = (HashMap::new(), HashMap::new());
        let root = tree::parse(&text).in_part(PART)?;
        let prefix = root.tag.prefix().to_owned();
        for child in &root.children {
            let kind = child.tag.value("ContentType").unwrap_or_default();
            if let Some(extension) = child.tag.value("Extension") {
                defaults.insert(extension.to_ascii_lowercase(), kind.into_owned());
            } else if let Some(part) = child.tag.value("PartName") {
                overrides.insert(folded(&part), kind.into_owned());
            }
        }
        Ok(Self {
            text,
            prefix,
            defaults,
            overrides,
            added: String::new(),
            dropped: Vec::new(),
        })
    }

    /// Returns the type of a part. Empty if it has none.
    pub fn content_type(&self, part: &str) -> &str {
        let part = folded(part);
        let extension = part.rsplit('.').next().unwrap_or_default();
        let by_extension = || self.defaults.get(extension);
        let found = self.overrides.get(&part).or_else(by_extension);
        found.map(String::as_str).unwrap_or_default()
    }

    /// Adds a part of a workbook. `kind`: its type without the common beginning.
    pub fn add(&mut self, part: &str, kind: &str) {
        self.add_override(part, &format!("{SPREADSHEET}{kind}"));
    }

    /// Adds a drawing of comments, by its extension unless that has another meaning here.
    pub fn add_vml(&mut self, part: &str) {
        match self.defaults.get("vml").map(String::as_str) {
            Some(VML) => {}
            Some(_) => self.add_override(part, VML),
            None => {
                self.defaults.insert("vml".to_owned(), VML.to_owned());
                let prefix = &self.prefix;
                let new = format!("<{prefix}Default Extension=\"vml\" ContentType=\"{VML}\"/>");
                self.added.insert_str(0, &new);
            }
        }
    }

    fn add_override(&mut self, part: &str, kind: &str) {
        let (prefix, name) = (&self.prefix, attribute(part));
        self.added.push_str(&format!(
            "<{prefix}Override PartName=\"/{name}\" ContentType=\"{kind}\"/>"
        ));
        self.overrides.insert(folded(part), kind.to_owned());
    }

    /// Removes the type of a part.
    pub fn drop_part(&mut self, part: &str) {
        self.dropped.push(folded(part));
    }

    /// Returns the new text, if it changed.
    pub fn changed(&self) -> Result<Option<String>, Trouble> {
        let is_dropped = |child: &&Element<'_>| {
            let name = child.tag.value("PartName");
            name.is_some_and(|name| self.dropped.contains(&folded(&name)))
        };
        patched(&self.text, PART, is_dropped, &self.added)
    }
}
