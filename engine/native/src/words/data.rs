//! The files of words and numbers that are part of the program. A section begins with a line `# name: description`.

use std::sync::LazyLock;

use foldhash::HashMap;

/// Words of many languages, collected by hand.
pub static LISTS: LazyLock<DataFile> = LazyLock::new(|| DataFile::parse(include_str!("lists.txt")));
/// Words of dates and currencies, which `tools/tables/generate.py` writes from the CLDR.
pub static CLDR: LazyLock<DataFile> = LazyLock::new(|| DataFile::parse(include_str!("tables.txt")));
/// The weights of the features of rows, which `tools/layout/train.py` learns.
pub static WEIGHTS: LazyLock<DataFile> =
    LazyLock::new(|| DataFile::parse(include_str!("../layout/weights.txt")));

/// A list of words or phrases, read on first use.
pub type WordList = LazyLock<Vec<&'static str>>;

/// A file in sections.
pub struct DataFile {
    sections: HashMap<&'static str, &'static str>,
}

impl DataFile {
    /// Finds the sections of a file.
    fn parse(text: &'static str) -> Self {
        let mark = "\n# ";
        let starts = memchr::memmem::find_iter(text.as_bytes(), mark).map(|at| at + mark.len());
        let starts: Vec<usize> = starts.collect();
        let stops = starts[1..].iter().map(|start| start - mark.len());
        let sections = starts.iter().zip(stops.chain([text.len()]));
        let named = |(&start, stop): (&usize, usize)| {
            let (head, body) = text[start..stop].split_once('\n')?;
            Some((head.split(':').next()?, body))
        };
        Self {
            sections: sections.filter_map(named).collect(),
        }
    }

    /// Returns the lines of a section.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = &'static str> + use<> {
        let body = self.sections.get(name).copied();
        debug_assert!(body.is_some(), "no section {name}");
        let lines = body.unwrap_or_default().lines();
        lines.filter(|line| !line.is_empty())
    }

    /// Returns the words of a section, which blanks separate.
    pub fn words(&self, name: &str) -> Vec<&'static str> {
        self.lines(name)
            .flat_map(str::split_ascii_whitespace)
            .collect()
    }

    /// Returns the phrases of a section, which commas separate.
    pub fn phrases(&self, name: &str) -> Vec<&'static str> {
        self.lines(name).flat_map(|line| line.split(", ")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_is_empty_or_has_a_blank_phrase() {
        for (name, body) in &LISTS.sections {
            assert!(!body.trim().is_empty(), "{name}");
            assert!(LISTS.lines(name).all(|line| line == line.trim()), "{name}");
            let is_phrase = |phrase: &&str| *phrase == phrase.trim_matches([',', ' ']);
            assert!(LISTS.phrases(name).iter().all(is_phrase), "{name}");
        }
    }
}
