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

    /// The line that has the most of these words, as it reads without Markdown: what to look at first.
    #[must_use]
    pub fn best_line(&self, sought: &str) -> String {
        let words = sought_words(sought);
        let text = plain(&self.text);
        let lines = text
            .lines()
            .filter(|line| line.chars().any(char::is_alphanumeric) && !line.starts_with("```"));
        let found = |line: &str| {
            let own = words_of(line);
            words.iter().filter(|word| count(&own, word) > 0.0).count()
        };
        // The first of those that have as many.
        let best = lines.rev().max_by_key(|line| found(line));
        bare(best.unwrap_or_default())
    }

    /// How often it has each of these words, and how many words it has: its prose, and by itself each row of its tables, since one row of a
    /// long table may be all that is sought. A heading counts as eight mentions, and a title as four; of a row a quarter of that.
    fn counted(&self, words: &[String]) -> Vec<Counted> {
        let (rows, prose): (Vec<&str>, Vec<&str>) = self
            .text
            .lines()
            .partition(|line| line.starts_with('|') && !line.starts_with("|--"));
        let [heading, title] = [&self.heading, &self.title].map(|text| words_of(text));
        let counted = |text: &str, above: f64| {
            let text = words_of(text);
            let of_word = |word: &String| {
                let of_headings = 8.0 * count(&heading, word) + 4.0 * count(&title, word).min(1.0);
                count(&text, word) + above * of_headings
            };
            Counted {
                words: words.iter().map(of_word).collect(),
                length: text.len() as f64,
            }
        };
        let rows = rows.into_iter().map(|row| counted(row, 0.25));
        [counted(&prose.join("\n"), 1.0)]
            .into_iter()
            .chain(rows)
            .collect()
    }
}

/// What is counted of a text.
struct Counted {
    words: Vec<f64>,
    length: f64,
}

/// How often a text has a word. `retry` is meant less by `retryable`.
fn count(text: &[String], word: &str) -> f64 {
    let alike = text.iter().filter(|other| other.starts_with(word));
    alike
        .map(|other| if other == word { 1.0 } else { 0.5 })
        .sum()
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

/// The words of a question that say what is sought.
fn sought_words(sought: &str) -> Vec<String> {
    let mut words = words_of(sought);
    let small: Vec<&str> = SMALL_WORDS.iter().map(|word| stem(word)).collect();
    if words.iter().any(|word| !small.contains(&word.as_str())) {
        words.retain(|word| !small.contains(&word.as_str()));
    }
    words
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

/// The sections that these words are about, best first: those that have a third of what the best one has.
///
/// What a section has is Okapi's BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework"): rare words count more, and so
/// do words of short sections. It is less for a section that lacks some of the words.
#[must_use]
pub fn find(sought: &str) -> Vec<Section> {
    const MENTIONS: f64 = 1.5;
    const LENGTH: f64 = 0.6;
    /// So much is a row worth, which says little beside the words that are sought.
    const ROWS: f64 = 0.75;
    let words = sought_words(sought);
    let sections: Vec<Section> = PAGES.iter().flat_map(Page::sections).collect();
    let counted: Vec<Vec<Counted>> = sections.iter().map(|one| one.counted(&words)).collect();
    let all = counted.iter().map(Vec::len).sum::<usize>() as f64;
    let average = counted.iter().flatten().map(|one| one.length).sum::<f64>() / all;
    let rarity = |word: usize| {
        let with_it = counted.iter().flatten().filter(|one| one.words[word] > 0.0);
        let with_it = with_it.count() as f64;
        (1.0 + (all - with_it + 0.5) / (with_it + 0.5)).ln()
    };
    let rarities: Vec<f64> = (0..words.len()).map(rarity).collect();
    let sum_of_rarities: f64 = rarities.iter().sum();
    let score = |one: &Counted| {
        let longer = 1.0 - LENGTH + LENGTH * one.length / average;
        let of_word = |(count, rarity): (&f64, &f64)| {
            rarity * count * (MENTIONS + 1.0) / (count + MENTIONS * longer)
        };
        let sum: f64 = one.words.iter().zip(&rarities).map(of_word).sum();
        let has = one
            .words
            .iter()
            .zip(&rarities)
            .filter(|(count, _)| **count > 0.0);
        let share = has.map(|(_, rarity)| rarity).sum::<f64>() / sum_of_rarities;
        sum * share * share
    };
    let scores = sections.iter().zip(&counted).map(|(section, counted)| {
        let (prose, rows) = counted.split_at(1);
        let best = rows.iter().map(score).fold(0.0, f64::max);
        (ROWS * best).max(prose.iter().map(score).sum()) * weight(section)
    });
    let scores: Vec<f64> = scores.collect();
    let best = scores.iter().copied().fold(0.0, f64::max);
    let mut found: Vec<(f64, Section)> = scores
        .into_iter()
        .zip(sections)
        .filter(|(score, _)| *score > 0.0 && *score >= best / 3.0)
        .collect();
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.into_iter().map(|(_, section)| section).collect()
}

/// A page for a task is what most people look for, and one for those who work on ADE what fewest do. A page begins with what it is about.
fn weight(section: &Section) -> f64 {
    let of_page = match section.page.split('/').next() {
        Some("how-to") => 1.2,
        Some("contributing") => 0.2,
        _ if section.page == "reference/api-routes" => 0.6,
        _ => 1.0,
    };
    let is_beginning = section.heading == section.title;
    of_page * if is_beginning { 1.25 } else { 1.0 }
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
    fn words_find_the_section_that_they_name() {
        let section = Section {
            page: "how-to/ci",
            title: "In CI".to_owned(),
            heading: "Which Python: 3.10?".to_owned(),
            text: String::new(),
        };
        assert_eq!(section.address(), "how-to/ci.html#which-python-310");
        assert_eq!(
            [stem("retries"), stem("columns")],
            [stem("retry"), stem("column")]
        );
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
