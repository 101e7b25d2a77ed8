//! Parses and normalizes a requirement of `[project] dependencies` or of a requirements file.
//!
//! Nothing is rejected here: a requirement that cannot be parsed is kept unchanged, so that the installer reports it.

use std::fmt::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// The package that ADE always installs itself, normalized.
const ENGINE: &str = "ade-engine";

/// A parsed requirement. Equal requirements have the same `Display`, regardless of their spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The normalized name. Empty if a bare URL or path does not contain it.
    pub name: String,
    pub extras: Vec<String>,
    /// The wanted versions, sorted, as in `<2,>=1`; or the original text if it cannot be parsed.
    pub wanted: VersionWanted,
    pub marker: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VersionWanted {
    Version(String),
    /// A requirement of the form `name @ url`.
    Url(String),
    /// A URL or a path without a name before it. Paths are relative to the configuration's root.
    Bare(String),
}

impl Requirement {
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        Self::parse_named(text).unwrap_or_else(|| Self::parse_bare(text))
    }

    fn parse_named(text: &str) -> Option<Self> {
        let name_end = text
            .find(|character: char| {
                !(character.is_ascii_alphanumeric() || "-_.".contains(character))
            })
            .unwrap_or(text.len());
        let (name, mut rest) = text.split_at(name_end);
        if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return None;
        }
        rest = rest.trim_start();
        let mut extras = Vec::new();
        if let Some(inside) = rest.strip_prefix('[') {
            let (listed, after) = inside.split_once(']')?;
            extras = listed
                .split(',')
                .map(normalize_name)
                .filter(|extra| !extra.is_empty())
                .collect();
            extras.sort();
            extras.dedup();
            rest = after.trim_start();
        }
        let (wanted, marker) = if let Some(url) = rest.strip_prefix('@') {
            // A semicolon is legal within a URL, so a marker must be preceded by white space.
            let (url, marker) = split_url_marker(url.trim());
            (VersionWanted::Url(url.to_owned()), marker)
        } else {
            let (versions, marker) = match rest.split_once(';') {
                Some((versions, marker)) => (versions, Some(marker)),
                None => (rest, None),
            };
            (
                VersionWanted::Version(normalize_versions(versions)?),
                marker,
            )
        };
        if matches!(&wanted, VersionWanted::Version(_))
            && looks_like_a_file(name)
            && rest.is_empty()
        {
            return None;
        }
        Some(Requirement {
            name: normalize_name(name),
            extras,
            wanted,
            marker: marker.and_then(normalize_marker),
        })
    }

    fn parse_bare(text: &str) -> Self {
        let (place, marker) = split_url_marker(text);
        Requirement {
            name: name_in_place(place),
            extras: Vec::new(),
            wanted: VersionWanted::Bare(place.to_owned()),
            marker: marker.and_then(normalize_marker),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extras = if self.extras.is_empty() {
            String::new()
        } else {
            format!("[{}]", self.extras.join(","))
        };
        match &self.wanted {
            VersionWanted::Version(versions) => {
                write!(formatter, "{}{extras}{versions}", self.name)?
            }
            VersionWanted::Url(url) => write!(formatter, "{}{extras} @ {url}", self.name)?,
            VersionWanted::Bare(place) => formatter.write_str(place)?,
        }
        match &self.marker {
            Some(marker) => write!(formatter, " ; {marker}"),
            None => Ok(()),
        }
    }
}

/// Returns whether this is the engine, regardless of its spelling and source.
pub fn is_engine(requirement: &Requirement) -> bool {
    requirement.name == ENGINE
}

/// Returns a package's name as indexes compare it: lower case, with each run of `-`, `_` and `.` as one `-`.
pub fn normalize_name(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for character in name.trim().chars() {
        if "-_.".contains(character) {
            if !normalized.ends_with('-') {
                normalized.push('-');
            }
        } else {
            normalized.extend(character.to_lowercase());
        }
    }
    normalized
}

/// Normalizes a list of versions: ` >= 2 , <3` and `(<3,>=2)` become `<3,>=2`. `None` if it is none.
fn normalize_versions(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text
        .strip_prefix('(')
        .and_then(|inside| inside.strip_suffix(')'))
        .unwrap_or(text);
    let mut parts: Vec<String> = text
        .split(',')
        .map(|part| {
            part.chars()
                .filter(|character| !character.is_whitespace())
                .collect::<String>()
        })
        .filter(|part| !part.is_empty())
        .collect();
    if parts
        .iter()
        .any(|part| !part.starts_with(['<', '>', '=', '!', '~']))
    {
        return None;
    }
    parts.sort();
    parts.dedup();
    Some(parts.join(","))
}

/// Normalizes a marker: one space between words, none beside operators and brackets, and one kind of quotes.
fn normalize_marker(text: &str) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '(' | ')' => 1,
            '<' | '>' | '=' | '!' | '~' => rest
                .find(|character| !"<>=!~".contains(character))
                .unwrap_or(rest.len()),
            _ => rest
                .find(|character: char| {
                    character.is_whitespace() || "\"'()<>=!~".contains(character)
                })
                .unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(length);
        words.push(match first {
            '\'' if !word.contains('"') => word.replace('\'', "\""),
            _ => word.to_owned(),
        });
        rest = after.trim_start();
    }
    let mut marker = String::new();
    for word in words {
        if !marker.is_empty() && !marker.ends_with('(') && word != ")" {
            marker.push(' ');
        }
        marker.push_str(&word);
    }
    (!marker.is_empty()).then_some(marker)
}

fn split_url_marker(text: &str) -> (&str, Option<&str>) {
    for separator in [" ;", "\t;", "; "] {
        if let Some((url, marker)) = text.split_once(separator) {
            return (url.trim_end(), Some(marker));
        }
    }
    (text, None)
}

fn looks_like_a_file(name: &str) -> bool {
    [".whl", ".tar.gz", ".zip", ".tar.bz2"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Finds the package's name in a bare URL or path: the value of `#egg=`, the first part of a wheel, or the name of a
/// repository.
fn name_in_place(place: &str) -> String {
    let (place, fragment) = place.split_once('#').unwrap_or((place, ""));
    for part in fragment.split('&') {
        if let Some(egg) = part.strip_prefix("egg=") {
            return normalize_name(egg.split('[').next().unwrap_or(egg));
        }
    }
    let place = place
        .split('?')
        .next()
        .unwrap_or(place)
        .trim_end_matches('/');
    let last = place.rsplit('/').next().unwrap_or(place);
    if last.ends_with(".whl") {
        return normalize_name(last.split('-').next().unwrap_or(last));
    }
    for ending in [".tar.gz", ".zip", ".tar.bz2"] {
        if let Some(stem) = last.strip_suffix(ending) {
            return normalize_name(stem.rsplit_once('-').map_or(stem, |(name, _)| name));
        }
    }
    let repository = last.split('@').next().unwrap_or(last);
    normalize_name(repository.strip_suffix(".git").unwrap_or(repository))
}

/// Converts a path into a URL, which installers accept regardless of the characters in it.
pub fn file_url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    for component in path.components() {
        let part = match component {
            Component::Normal(part) => part.as_bytes(),
            Component::ParentDir => b"..",
            Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
        };
        url.push('/');
        for byte in part {
            if byte.is_ascii_alphanumeric() || b"-._~+".contains(byte) {
                url.push(char::from(*byte));
            } else {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(text: &str) -> String {
        Requirement::parse(text).to_string()
    }

    #[test]
    fn paths_become_urls_whatever_is_in_them() {
        assert_eq!(
            file_url(Path::new("/a b/größe/'x'#1.whl")),
            "file:///a%20b/gr%C3%B6%C3%9Fe/%27x%27%231.whl"
        );
    }

    #[test]
    fn spellings_of_one_requirement_are_one() {
        let polars = "polars[async,excel]<2,>=1";
        let marked = "a ; python_version < \"3.11\" and (os_name == \"nt\")";
        for (text, spelled) in [
            ("Polars[Excel,async]>=1,<2", polars),
            ("polars [ async , excel ] < 2 , >= 1", polars),
            ("POLARS[async,excel](<2,>=1)", polars),
            ("Python_Dateutil", "python-dateutil"),
            (
                "a ; python_version<'3.11' and ( os_name == \"nt\" )",
                marked,
            ),
            ("a;python_version  < \"3.11\" and (os_name=='nt')", marked),
            // URLs keep their semicolons and lose their markers.
            (
                "pkg@https://host/a;b.whl ; os_name=='nt'",
                "pkg @ https://host/a;b.whl ; os_name == \"nt\"",
            ),
        ] {
            assert_eq!(spelling(text), spelled);
        }
        let other = spelling("a; os_name == 'ab'");
        assert_ne!(spelling("a; os_name == 'a b'"), other);
    }

    #[test]
    fn the_engine_is_recognized_wherever_it_comes_from() {
        for text in [
            "ade-engine",
            "ADE_Engine[extra] >=1.7.9,<2 ; python_version > '3.9'",
            "ade-engine @ git+https://host/team/repository.git@v1",
            "git+https://host/team/ade-engine.git@main",
            "git+https://host/team/ade-engine@main#egg=ade_engine",
            "git+ssh://git@host/team/thing.git#egg=ade-engine[all]&subdirectory=x",
            "https://host/files/ade_engine-1.8.0-py3-none-any.whl",
            "./wheels/ade_engine-1.8.0-py3-none-any.whl",
            "ade_engine-1.8.0.tar.gz",
            "./ade-engine/",
        ] {
            let parsed = Requirement::parse(text);
            assert!(is_engine(&parsed), "{text}: {parsed:?}");
        }
        for text in [
            "ade-engine-extras",
            "engine",
            "other @ https://host/ade-engine.whl",
            "./wheels/other-1.whl",
        ] {
            assert!(!is_engine(&Requirement::parse(text)), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_kept_for_the_installer() {
        for text in ["polars >==> 1 oops", "polars 1.0", "???", "a[b"] {
            let kept = spelling(text);
            assert!(!kept.is_empty());
            assert_eq!(spelling(&kept), kept);
        }
        assert_eq!(spelling("polars 1.0"), "polars 1.0");
    }
}
