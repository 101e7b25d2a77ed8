//! The documents, which every `ade` carries: a page by its name, and the sections that a few words are about.
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

/// Words that say nothing of what is sought.
const SMALL_WORDS: [&str; 32] = [
    "a", "an", "and", "are", "as", "at", "can", "do", "does", "for", "from", "how", "i", "in",
    "is", "it", "may", "my", "not", "of", "on", "or", "the", "to", "was", "were", "what", "when",
    "where", "which", "why", "with",
];

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

    /// How much of what is sought this section has: each word counts most in the heading, then in the title, then in the text.
    fn score(&self, words: &[String]) -> usize {
        let [heading, title, text] =
            [&self.heading, &self.title, &self.text].map(|text| words_of(text));
        let count = |in_words: &[String], word: &str| {
            in_words
                .iter()
                .filter(|other| other.starts_with(word))
                .count()
        };
        let of_word = |word: &String| {
            let exact = usize::from(heading.contains(word)) * 20;
            exact
                + 40 * count(&heading, word).min(1)
                + 20 * count(&title, word).min(1)
                + count(&text, word).min(5)
        };
        let scores: Vec<usize> = words.iter().map(of_word).collect();
        let found = scores.iter().filter(|score| **score > 0).count();
        // Pages for those who work on ADE come last.
        if self.page.starts_with("contributing/") {
            return 1000 * found;
        }
        // A section that has every word comes before any that lacks one.
        scores.iter().sum::<usize>() + 1000 * found
    }
}

/// The words of a text in lower case, without their endings.
fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let words = words.filter(|word| !word.is_empty()).map(str::to_lowercase);
    words.map(|word| stem(&word).to_owned()).collect()
}

/// `retries`, `retry` and `retrying` are one word.
fn stem(word: &str) -> &str {
    for ending in ["ies", "ing", "ed", "es", "s", "y"] {
        if let Some(rest) = word.strip_suffix(ending)
            && rest.len() > 2
        {
            return rest;
        }
    }
    word
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

/// The sections that have these words, best first.
#[must_use]
pub fn find(sought: &str) -> Vec<Section> {
    let mut words = words_of(sought);
    let small: Vec<&str> = SMALL_WORDS.iter().map(|word| stem(word)).collect();
    if words.iter().any(|word| !small.contains(&word.as_str())) {
        words.retain(|word| !small.contains(&word.as_str()));
    }
    let sections = PAGES.iter().flat_map(Page::sections);
    let mut found: Vec<(usize, Section)> = sections
        .map(|section| (section.score(&words), section))
        .filter(|(score, _)| *score > 0)
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let best = found.first().map_or(0, |(score, _)| score / 1000);
    found.retain(|(score, _)| score / 1000 == best);
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
    fn every_page_is_there_with_its_title() {
        assert!(pages().len() > 15);
        for page in pages() {
            assert!(
                !page.title().is_empty() && page.title() != page.name,
                "{}",
                page.name
            );
        }
        assert!(page("errors").is_some_and(|page| page.name == "reference/errors"));
        assert!(page("no such page").is_none());
    }

    #[test]
    fn words_find_the_section_that_they_name() {
        let section = Section {
            page: "how-to/ci",
            title: "In CI".to_owned(),
            heading: "Which Python: 3.10?".to_owned(),
            text: String::new(),
        };
        assert_eq!(section.address(), "how-to/ci.html#which-python-310");
        assert_eq!(stem("retries"), stem("retry"));
        assert_eq!(stem("columns"), stem("column"));
        assert!(find("qqqzzz").is_empty());
        assert_eq!(plain("a\n\n<!-- not typed: x -->\n\nb"), "a\n\nb\n");
        let found = find("run_not_found");
        assert!(
            found
                .iter()
                .any(|section| section.page == "reference/errors"),
            "{found:?}"
        );
    }
}
