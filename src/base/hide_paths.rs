//! Hides this machine's paths from clients: shows paths relative to the data directory or a configuration's folder, and of any
//! other path only its last two parts. All clients get the same, whatever their token: objects for many clients are made once.
//!
//! A text is searched for paths as plain text or as a line of JSON, in which the data directory may be escaped. Only text that
//! begins with an entry of the root folder of this machine is a path: `/kg` and `/api/v1/runs` are words.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memchr;

use crate::base::files;
use crate::base::show_path::ShowPath;

/// The name that clients see for the data directory.
const DATA: &str = "<data>";
/// The name that clients see for the configuration's folder.
const CONFIGURATION: &str = "<configuration>";

/// Hides the paths of this machine; clones share their data.
#[derive(Clone, Debug)]
pub struct Hider(Arc<HiddenPaths>);

#[derive(Clone, Debug)]
struct HiddenPaths {
    /// Folders in each spelling, with the names that replace them; longer folders come before shorter ones.
    places: Vec<(String, &'static str)>,
    /// The entries of the root folder.
    tops: Vec<String>,
}

impl Hider {
    /// Returns a hider for a data directory.
    pub fn new(data: &Path) -> Self {
        let entries = files::entries(Path::new("/"));
        let tops = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let known = HiddenPaths {
            places: Vec::new(),
            tops: tops.collect(),
        };
        Self(Arc::new(known.with(data, DATA)))
    }

    /// Returns the same hider, which also hides a configuration's folder.
    pub fn about_configuration(&self, folder: &Path) -> Self {
        Self(Arc::new((*self.0).clone().with(folder, CONFIGURATION)))
    }
}

impl HiddenPaths {
    fn with(mut self, folder: &Path, name: &'static str) -> Self {
        let real = std::fs::canonicalize(folder).ok();
        for folder in [Some(folder), real.as_deref()].into_iter().flatten() {
            // A path of one character, such as the root folder, is never replaced.
            let Some(folder) = folder.to_str().filter(|folder| folder.len() > 1) else {
                continue;
            };
            let folder = folder.trim_end_matches('/');
            let written = [folder.to_owned(), escaped(folder), in_ascii(folder)];
            self.places.extend(written.map(|written| (written, name)));
        }
        // If a folder has two names, the name that was added first stays in front.
        self.places
            .sort_by_key(|(written, _)| std::cmp::Reverse(written.len()));
        self.places.dedup_by(|second, first| second.0 == first.0);
        self
    }

    /// Finds a path that begins at this position of a text. Returns its length and its replacement.
    fn at(&self, text: &str, at: usize) -> Option<(usize, String)> {
        let (before, rest) = text.split_at(at);
        let here = |written: &str| {
            rest.strip_prefix(written)
                .is_some_and(|behind| !goes_on(behind))
        };
        if let Some((written, name)) = self.places.iter().find(|(written, _)| here(written)) {
            return Some((written.len(), (*name).to_owned()));
        }
        let is_begin = before
            .chars()
            .next_back()
            .is_none_or(|letter| !is_of_name(letter) && !"/>…~".contains(letter));
        if !is_begin && !before.ends_with("file://") {
            return None;
        }
        let path = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let path = path.trim_end_matches(['.', '/']);
        let (first, _) = path.strip_prefix('/')?.split_once('/')?;
        let is_here = self.tops.iter().any(|top| top == first);
        is_here.then(|| (path.len(), shortened(path)))
    }
}

/// Returns the last two parts of a path.
fn shortened(path: &str) -> String {
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let last = parts.next().unwrap_or_default();
    match parts.next() {
        Some(folder) => format!("…/{folder}/{last}"),
        None => format!("…/{last}"),
    }
}

/// Returns whether the name of a folder continues with this text.
fn goes_on(text: &str) -> bool {
    let mut letters = text.chars();
    match letters.next() {
        Some('.') => letters.next().is_some_and(is_of_name),
        Some(letter) => is_of_name(letter),
        None => false,
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || "-_.".contains(letter)
}

fn ends(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`()[]{}<>,;:|\\".contains(letter)
}

/// Returns the text as it is written within a JSON string.
fn escaped(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// Returns the text as it is written within a JSON string in ASCII, as Python writes it.
fn in_ascii(text: &str) -> String {
    let mut written = String::new();
    for letter in escaped(text).chars() {
        if letter.is_ascii() {
            written.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            written.push_str(&format!("\\u{unit:04x}"));
        }
    }
    written
}

impl ShowPath for Hider {
    fn path(&self, path: &Path) -> String {
        let path = path.to_string_lossy();
        for (folder, name) in &self.0.places {
            if let Some(below) = path.strip_prefix(folder.as_str())
                && (below.is_empty() || below.starts_with('/'))
            {
                return format!("{name}{below}");
            }
        }
        if path.starts_with('/') {
            shortened(&path)
        } else {
            path.into_owned()
        }
    }

    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut shown = String::new();
        let (mut copied, mut from) = (0, 0);
        while let Some(found) = memchr(b'/', &text.as_bytes()[from..]) {
            let at = from + found;
            from = at + 1;
            if let Some((length, words)) = self.0.at(text, at) {
                shown.push_str(&text[copied..at]);
                shown.push_str(&words);
                copied = at + length;
                from = copied;
            }
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        shown.push_str(&text[copied..]);
        Cow::Owned(shown)
    }

    fn about(&self, configuration: &Path) -> Box<dyn ShowPath> {
        Box::new(ConfigurationHider {
            hider: self.clone(),
            folder: configuration.to_owned(),
            known: OnceCell::new(),
        })
    }
}

/// Also hides a configuration's folder. Few texts contain a path, so the folder is resolved only for the first text that may.
struct ConfigurationHider {
    hider: Hider,
    folder: PathBuf,
    known: OnceCell<Hider>,
}

impl ConfigurationHider {
    fn known(&self) -> &Hider {
        let known = || self.hider.about_configuration(&self.folder);
        self.known.get_or_init(known)
    }
}

impl ShowPath for ConfigurationHider {
    fn path(&self, path: &Path) -> String {
        self.known().path(path)
    }

    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match memchr(b'/', text.as_bytes()) {
            None => Cow::Borrowed(text),
            Some(_) => self.known().text(text),
        }
    }

    fn about(&self, configuration: &Path) -> Box<dyn ShowPath> {
        self.known().about(configuration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hider(data: &str) -> Hider {
        let known = HiddenPaths {
            places: Vec::new(),
            tops: ["srv", "usr", "home"].map(str::to_owned).into(),
        };
        Hider(Arc::new(known.with(Path::new(data), DATA)))
    }

    #[test]
    fn a_text_keeps_its_words_and_loses_the_paths_of_the_machine() {
        let hider = hider("/srv/ade").about_configuration(Path::new("/home/ann/crew"));
        for (text, wanted) in [
            (
                "cannot read /srv/ade/runs/1: gone",
                "cannot read <data>/runs/1: gone",
            ),
            ("/srv/ade", "<data>"),
            ("It is full: /srv/ade.", "It is full: <data>."),
            ("/srv/ade-old/x", "…/ade-old/x"),
            (
                "file:///srv/ade/w.whl and file:///usr/lib/x.whl",
                "file://<data>/w.whl and file://…/lib/x.whl",
            ),
            (
                "in '/home/ann/crew/src/a.py', line 2",
                "in '<configuration>/src/a.py', line 2",
            ),
            (
                "see (/usr/lib/python3.11/json/decoder.py).",
                "see (…/json/decoder.py).",
            ),
            ("index:/home/ann/wheels/", "index:…/ann/wheels/"),
            (
                "12/24 m/s, /kg and /kg/m, https://usr/lib/a, a/usr/lib/b",
                "12/24 m/s, /kg and /kg/m, https://usr/lib/a, a/usr/lib/b",
            ),
            ("/api/v1/runs and /usr", "/api/v1/runs and /usr"),
            ("/ // ///", "/ // ///"),
            ("", ""),
        ] {
            assert_eq!(hider.text(text), wanted);
        }
        assert!(matches!(hider.text("1/2"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_line_of_json_stays_one_and_hides_a_folder_however_that_is_escaped() {
        let folder = "/srv/a \"b\" é 🜁";
        let hider = hider(folder);
        let event = serde_json::json!({"message": format!("{folder}/x is gone"), "data": {"python": "/usr/bin/python3"}});
        for line in [event.to_string(), in_ascii_line(&event)] {
            let shown = hider.text(&line).into_owned();
            let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(read["message"], "<data>/x is gone", "{line}");
            assert_eq!(read["data"]["python"], "…/bin/python3");
        }
    }

    /// Writes a line as Python's `json.dumps` does.
    fn in_ascii_line(event: &serde_json::Value) -> String {
        event
            .to_string()
            .replace('é', "\\u00e9")
            .replace('🜁', "\\ud83d\\udf01")
    }

    #[test]
    fn a_path_is_shown_below_the_data_directory_or_by_its_end() {
        let usual = hider("/srv/ade");
        for (path, wanted) in [
            ("/srv/ade/runs/1", "<data>/runs/1"),
            ("/srv/ade", "<data>"),
            ("/srv/adele/x", "…/adele/x"),
            ("/nowhere", "…/nowhere"),
            ("src/a.py", "src/a.py"),
        ] {
            assert_eq!(usual.path(Path::new(path)), wanted);
        }
        // A data directory that is the root folder would match everywhere.
        assert_eq!(hider("/").text("1 / 2"), "1 / 2");
    }
}
