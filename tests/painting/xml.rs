//! Elements with their namespaces and texts, from a reader that shares no code with the painter.

use std::collections::BTreeMap;

/// An element; names are written `{namespace}local`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// Without declarations of namespaces.
    pub attributes: BTreeMap<String, String>,
    pub children: Vec<Node>,
    /// Its own text, without that of its children.
    pub text: String,
}

impl Node {
    fn from_element(element: roxmltree::Node) -> Self {
        let name = element.tag_name();
        let attributes = element.attributes();
        let texts = element.children().filter(|child| child.is_text());
        let elements = element.children().filter(|child| child.is_element());
        Self {
            name: full(name.namespace(), name.name()),
            attributes: attributes
                .map(|one| (full(one.namespace(), one.name()), one.value().to_owned()))
                .collect(),
            children: elements.map(Self::from_element).collect(),
            text: texts.filter_map(|text| text.text()).collect(),
        }
    }

    /// The name without its namespace.
    pub fn local(&self) -> &str {
        self.name.rsplit('}').next().unwrap()
    }

    pub fn child(&self, local: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.local() == local)
    }

    /// Returns the children of a child; none if there is no such child.
    pub fn within(&self, local: &str) -> &[Node] {
        let child = self.child(local);
        child.map(|child| &child.children[..]).unwrap_or_default()
    }

    pub fn all<'s>(&'s self, local: &'s str) -> impl Iterator<Item = &'s Node> {
        self.children
            .iter()
            .filter(move |child| child.local() == local)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// An attribute of another namespace, by its local name.
    pub fn foreign(&self, local: &str) -> Option<&str> {
        let ending = format!("}}{local}");
        self.attributes
            .iter()
            .find(|(name, _)| name.ends_with(&ending))
            .map(|(_, value)| value.as_str())
    }

    pub fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get(name)?.parse().ok()
    }

    /// All texts within, in order of the elements, those of `rPh` left out.
    pub fn words(&self) -> String {
        let inner = self
            .children
            .iter()
            .filter(|child| child.local() != "rPh")
            .map(Node::words);
        if self.local() == "t" {
            self.text.clone()
        } else {
            inner.collect()
        }
    }

    /// This element and all within.
    pub fn walk(&self) -> Vec<&Node> {
        let inner = self.children.iter().flat_map(Node::walk);
        std::iter::once(self).chain(inner).collect()
    }
}

/// Reads a part.
pub fn parse(bytes: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let document = roxmltree::Document::parse(text.trim_start_matches('\u{feff}'));
    let document = document.map_err(|error| error.to_string())?;
    Ok(Node::from_element(document.root_element()))
}

/// `{namespace}local`.
fn full(namespace: Option<&str>, local: &str) -> String {
    match namespace {
        Some(namespace) => format!("{{{namespace}}}{local}"),
        None => local.to_owned(),
    }
}
