//! The documents, which every `ade` carries: a page by its name, and the sections that have some words.
//!
//! They are the Markdown files of docs/, as they were when this program was built. The site is made of the same files, so that a
//! section here has an address there ([`Section::address`]).

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

/// `name`, NUL, `text`, NUL, and so on, compressed (zlib).
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pages.zlib"));

static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let mut text = String::new();
    let unpacked = flate2::read::ZlibDecoder::new(PACKED).read_to_string(&mut text);
    debug_assert!(unpacked.is_ok(), "the pages are packed by build.rs");
    let mut parts = text.split('\0').map(str::to_owned);
    let mut pages = Vec::new();
    while let (Some(name), Some(text)) = (parts.next(), parts.next()) {
        pages.push(Page { name, text });
    }
    pages
});

/// A page of the documents.
pub struct Page {
    /// Its path below docs/ without the extension, such as `how-to/ci`.
    pub name: String,
    /// Its Markdown.
    pub text: String,
}

/// A part of a page, from one heading to the next.
#[derive(Debug)]
pub struct Section {
    /// The name of its page.
    pub page: &'static str,
    /// The title of its page.
    pub title: String,
    /// Its heading; of the beginning of a page the title.
    pub heading: String,
    text: String,
}

impl Page {
    /// The first heading.
    #[must_use]
    pub fn title(&self) -> &str {
        let mut lines = self.text.lines();
        lines
            .find_map(|line| line.strip_prefix("# "))
            .unwrap_or(&self.name)
    }

    /// The part of its address that is behind the site's: `how-to/ci.html`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}.html", self.name)
    }

    /// What `ade docs --json` says of it.
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
    /// The part of an address that is behind the site's: `how-to/ci.html#on-github`. The rule for the name of a heading is that of
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

    /// How `ade docs` is asked for it: `how-to/ci#on-github`.
    #[must_use]
    pub fn name(&self) -> String {
        self.address().replacen(".html", "", 1)
    }

    /// Its Markdown, with its heading.
    #[must_use]
    pub fn text(&self) -> String {
        format!("## {}\n{}", self.heading, self.text)
    }

    /// What `ade docs --json` says of it.
    #[must_use]
    pub fn json(&self, site: Option<&Path>) -> Value {
        let address = site.map(|site| link(site, &self.address()));
        json!({"page": self.page, "title": self.title, "section": self.heading, "address": address})
    }

    /// The first line that has some words, as it reads without Markdown.
    #[must_use]
    pub fn first_line(&self, words: &str) -> String {
        let words = words.to_lowercase();
        let text = plain(&self.text);
        let mut lines = text.lines();
        let found = lines.find(|line| line.to_lowercase().contains(&words));
        bare(found.unwrap_or_default())
    }
}

/// A line of Markdown without its marks: of a table's row the cells, of a link its words.
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

/// All pages, in the order of the site's parts.
#[must_use]
pub fn pages() -> &'static [Page] {
    &PAGES
}

/// The page of this name, whole (`how-to/ci`) or without its part (`ci`).
#[must_use]
pub fn page(name: &str) -> Option<&'static Page> {
    let name = name.trim_end_matches(".md");
    let is_meant = |page: &&Page| {
        page.name == name
            || page
                .name
                .rsplit('/')
                .next()
                .is_some_and(|last| last == name)
    };
    PAGES.iter().find(is_meant)
}

/// The section that an address names, such as `how-to/ci#on-github`.
#[must_use]
pub fn section(address: &str) -> Option<Section> {
    let (name, place) = address.split_once('#')?;
    let ending = format!("#{place}");
    let mut sections = page(name)?.sections().into_iter();
    sections.find(|section| section.address().ends_with(&ending))
}

/// Markdown as it is read in a terminal: without comments and pictures.
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
        // What is left out leaves no gap.
        if !(line.is_empty() && plain.ends_with("\n\n")) {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    plain
}

/// The sections that have some words, in whatever case: those with them in their heading first, then those that have them most often.
#[must_use]
pub fn find(words: &str) -> Vec<Section> {
    let words = words.to_lowercase();
    let count = |text: &str| text.to_lowercase().matches(&words).count();
    let sections = PAGES.iter().flat_map(Page::sections);
    let found = sections.map(|section| ((count(&section.heading), count(&section.text)), section));
    let mut found: Vec<_> = found.filter(|(counts, _)| *counts != (0, 0)).collect();
    found.sort_by_key(|(counts, _)| std::cmp::Reverse(*counts));
    found.into_iter().map(|(_, section)| section).collect()
}

/// The folder of the site that came with this program: beside it in an installation, or in the `target` folder that it was built in.
#[must_use]
pub fn site(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?.parent()?;
    let places = ["share/doc/ade", "site"].map(|place| folder.join(place));
    places
        .into_iter()
        .find(|place| place.join("index.html").is_file())
}

/// The address of a page of a site on this disk.
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
