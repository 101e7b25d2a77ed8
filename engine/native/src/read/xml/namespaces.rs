//! Finds out whether the names in a part are in the requested namespaces, whatever prefixes the file uses.

use super::text::{XmlAttributes, attribute_text};

/// The namespaces of the main parts: those of the transitional format and of strict OOXML.
pub const SPREADSHEET: &[&str] = &[
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
];
/// The namespace of relationship parts.
pub const RELATIONSHIPS: &[&str] =
    &["http://schemas.openxmlformats.org/package/2006/relationships"];
/// The namespace of `[Content_Types].xml`.
pub const CONTENT_TYPES: &[&str] =
    &["http://schemas.openxmlformats.org/package/2006/content-types"];

/// The OpenDocument namespaces of tables, their cells and the formats of cells.
pub const OPEN_DOCUMENT: &[&str] = &[
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "urn:oasis:names:tc:opendocument:xmlns:config:1.0",
];
/// The namespaces of XML Spreadsheet 2003.
pub const SPREADSHEET_2003: &[&str] = &[
    "urn:schemas-microsoft-com:office:spreadsheet",
    "urn:schemas-microsoft-com:office:excel",
];

/// The namespace declarations in force.
pub(super) struct Namespaces {
    wanted: &'static [&'static str],
    /// The depth from which a declaration holds, its prefix, and whether its namespace is a requested one.
    bindings: Vec<(usize, Vec<u8>, bool)>,
    default_is_own: bool,
}

impl Namespaces {
    /// Starts without declarations; `wanted` are the requested namespaces.
    pub(super) fn new(wanted: &'static [&'static str]) -> Self {
        Self {
            wanted,
            bindings: Vec::new(),
            default_is_own: false,
        }
    }

    /// Returns whether names without a prefix are in the requested namespaces.
    #[inline]
    pub(super) fn default_is_own(&self) -> bool {
        self.default_is_own
    }

    /// Returns whether a name is in the requested namespaces.
    #[inline]
    pub(super) fn is_own(&self, name: &[u8]) -> bool {
        match memchr::memchr(b':', name) {
            None => self.default_is_own,
            Some(colon) => self.prefix_is_own(&name[..colon]),
        }
    }

    fn prefix_is_own(&self, prefix: &[u8]) -> bool {
        self.bindings
            .iter()
            .rev()
            .find(|(_, bound, _)| bound == prefix)
            .is_some_and(|&(_, _, own)| own)
    }

    /// Adds the declarations among the attributes of an element at `depth`.
    #[cold]
    pub(super) fn bind(&mut self, depth: usize, attributes: XmlAttributes<'_>) {
        for (name, value) in attributes {
            let prefix = match name {
                b"xmlns" => Some(&[][..]),
                _ => name.strip_prefix(b"xmlns:"),
            };
            if let Some(prefix) = prefix {
                let is_wanted = self.wanted.contains(&attribute_text(value).as_str());
                self.bindings.push((depth, prefix.to_vec(), is_wanted));
            }
        }
        self.default_is_own = self.prefix_is_own(b"");
    }

    /// Drops the declarations of elements deeper than `depth`.
    #[inline]
    pub(super) fn leave(&mut self, depth: usize) {
        if self
            .bindings
            .last()
            .is_some_and(|binding| binding.0 > depth)
        {
            self.drop_deeper(depth);
        }
    }

    #[cold]
    fn drop_deeper(&mut self, depth: usize) {
        while self
            .bindings
            .last()
            .is_some_and(|binding| binding.0 > depth)
        {
            self.bindings.pop();
        }
        self.default_is_own = self.prefix_is_own(b"");
    }
}
