//! The documentation that every `ade` carries: pages by name, and sections by the words in them.
//!
//! The pages are the Markdown files of docs/ at the time when this program was built. The site is made from the same files,
//! so each section has an address on the site ([`Section::address`]).

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

/// The pages: `name`, NUL, `text`, NUL, and so on, compressed (zlib).
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pages.zlib"));

static PAGES: LazyLock<Vec<DocPage>> = LazyLock::new(|| {
    let mut text = String::new();
    let unpacked = flate2::read::ZlibDecoder::new(PACKED).read_to_string(&mut text);
    debug_assert!(unpacked.is_ok(), "the pages are packed by build.rs");
    let mut parts = text.split('\0').map(str::to_owned);
    let mut pages = Vec::new();
    while let (Some(name), Some(text)) = (parts.next(), parts.next()) {
        pages.push(DocPage { name, text });
    }
    pages
});

/// A page of the documentation.
pub struct DocPage {
    /// Its path below docs/ without the extension, such as `how-to/ci`.
    pub name: String,
    /// The Markdown of the page.
    pub text: String,
}

/// A part of a page, from one heading to the next.
#[derive(Debug)]
pub struct Section {
    /// The name of its page.
    pub page: &'static str,
    /// The title of its page.
    pub title: String,
    /// Its heading; for the beginning of a page, the title.
    pub heading: String,
    text: String,
}

impl DocPage {
    /// Returns the first heading of the page, or its name if it has none.
    #[must_use]
    pub fn title(&self) -> &str {
        let mut lines = self.text.lines();
        lines
            .find_map(|line| line.strip_prefix("# "))
            .unwrap_or(&self.name)
    }

    /// Returns the address relative to the site: `how-to/ci.html`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}.html", self.name)
    }

    /// Returns the object that `ade docs --json` prints for the page.
    #[must_use]
    pub fn json(&self, site: Option<&Path>) -> Value {
        let address = site.map(|site| link(site, &self.address()));
        json!({"page": self.name, "title": self.title(), "section": self.title(), "address": address})
    }

    fn sections(&'static self) -> Vec<Section> {
        let section = |heading: &str| Section {
            page: &self.name,
            title: self.title().to_owned(),
            heading: heading.replace('`', ""),
            text: String::new(),
        };
        let mut sections = vec![section(self.title())];
        let mut is_code = false;
        for line in self.text.lines() {
            is_code ^= line.starts_with("```");
            let heading = line.trim_start_matches('#').strip_prefix(' ');
            match heading {
                Some(heading) if !is_code && line.starts_with("##") => {
                    sections.push(section(heading));
                }
                _ => {
                    if let Some(last) = sections.last_mut() {
                        last.text.push_str(line);
                        last.text.push('\n');
                    }
                }
            }
        }
        sections
    }
}

impl Section {
    /// Returns the address relative to the site: `how-to/ci.html#on-github`. The names of headings follow the rule of
    /// Python-Markdown's table of contents.
    #[must_use]
    pub fn address(&self) -> String {
        let kept = |letter: &char| letter.is_alphanumeric() || "_- ".contains(*letter);
        let heading: String = self.heading.to_lowercase().chars().filter(kept).collect();
        let words = heading.split([' ', '-']).filter(|word| !word.is_empty());
        match self.heading == self.title {
            true => format!("{}.html", self.page),
            false => format!("{}.html#{}", self.page, words.collect::<Vec<_>>().join("-")),
        }
    }

    /// Returns the name that `ade docs` accepts for the section: `how-to/ci#on-github`.
    #[must_use]
    pub fn name(&self) -> String {
        self.address().replacen(".html", "", 1)
    }

    /// Returns the Markdown of the section, with its heading.
    #[must_use]
    pub fn text(&self) -> String {
        format!("## {}\n{}", self.heading, self.text)
    }

    /// Returns the object that `ade docs --json` prints for the section.
    #[must_use]
    pub fn json(&self, site: Option<&Path>) -> Value {
        let address = site.map(|site| link(site, &self.address()));
        json!({"page": self.page, "title": self.title, "section": self.heading, "address": address})
    }

    /// Returns the first line that contains some words, without its Markdown.
    #[must_use]
    pub fn first_line(&self, words: &str) -> String {
        let words = words.to_lowercase();
        let text = plain(&self.text);
        let mut lines = text.lines();
        let found = lines.find(|line| line.to_lowercase().contains(&words));
        bare(found.unwrap_or_default())
    }
}

/// Removes the marks from a line of Markdown: the cells of a table row and the words of a link remain.
fn bare(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line.trim_matches(['|', ' ', '-', '#', '>', '*']);
    while let Some(at) = rest.find("](") {
        let (before, words) = rest[..at].rsplit_once('[').unwrap_or((&rest[..at], ""));
        text.push_str(before);
        text.push_str(words);
        rest = rest[at..].split_once(')').map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    let text = text.replace('`', "").replace("**", "");
    let cells = text.split(" | ").map(str::trim);
    let filled = cells.filter(|cell| !cell.is_empty());
    filled.collect::<Vec<_>>().join(" · ")
}

/// Returns all pages, in the order of the site's parts.
#[must_use]
pub fn pages() -> &'static [DocPage] {
    &PAGES
}

/// Returns the page with this name, with its part (`how-to/ci`) or without (`ci`).
#[must_use]
pub fn page(name: &str) -> Option<&'static DocPage> {
    let name = name.trim_end_matches(".md");
    let is_meant = |page: &&DocPage| {
        page.name == name
            || page
                .name
                .rsplit('/')
                .next()
                .is_some_and(|last| last == name)
    };
    PAGES.iter().find(is_meant)
}

/// Returns the section with this address, such as `how-to/ci#on-github`.
#[must_use]
pub fn section(address: &str) -> Option<Section> {
    let (name, place) = address.split_once('#')?;
    let ending = format!("#{place}");
    let mut sections = page(name)?.sections().into_iter();
    sections.find(|section| section.address().ends_with(&ending))
}

/// Prepares Markdown for a terminal: without comments and pictures.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_hidden = |line: &&str| {
        let line = line.trim_start();
        ["<!--", "<picture", "</picture", "<source", "<img"]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    let lines = text.lines().filter(|line| !is_hidden(line));
    let mut plain = String::new();
    for line in lines {
        // Removed lines leave no gap.
        if !(line.is_empty() && plain.ends_with("\n\n")) {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    plain
}

/// Returns the sections that contain some words, ignoring case: first those with the words in their heading, then those with
/// the most matches.
#[must_use]
pub fn find(words: &str) -> Vec<Section> {
    let words = words.to_lowercase();
    let count = |text: &str| text.to_lowercase().matches(&words).count();
    let sections = PAGES.iter().flat_map(DocPage::sections);
    let found = sections.map(|section| ((count(&section.heading), count(&section.text)), section));
    let mut found: Vec<_> = found.filter(|(counts, _)| *counts != (0, 0)).collect();
    found.sort_by_key(|(counts, _)| std::cmp::Reverse(*counts));
    found.into_iter().map(|(_, section)| section).collect()
}

/// Returns the folder of the site that belongs to this program: next to it in an installation, or in the `target` folder in
/// which it was built.
#[must_use]
pub fn site(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?.parent()?;
    let places = ["share/doc/ade", "site"].map(|place| folder.join(place));
    places
        .into_iter()
        .find(|place| place.join("index.html").is_file())
}

/// Returns the address of a page of a site on this disk.
#[must_use]
pub fn link(site: &Path, page: &str) -> String {
    let site = site.display().to_string();
    let site = site
        .replace('%', "%25")
        .replace(' ', "%20")
        .replace('#', "%23");
    format!("file://{site}/{page}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_has_an_address() {
        let section = Section {
            page: "how-to/ci",
            title: "In CI".to_owned(),
            heading: "Which Python: 3.10?".to_owned(),
            text: String::new(),
        };
        assert_eq!(section.address(), "how-to/ci.html#which-python-310");
        assert_eq!(plain("a\n\n<!-- not typed: x -->\n\nb"), "a\n\nb\n");
        for page in pages() {
            assert!(
                !page.title().is_empty() && page.title() != page.name,
                "{}",
                page.name
            );
        }
    }
}
