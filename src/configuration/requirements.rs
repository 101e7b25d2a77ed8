//! Reads requirements files, including the files that they include, without comments.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::ConfigurationError;
use super::manifest::{complaint, read_text};
use super::requirement::{Requirement, VersionWanted};
use crate::base::files::FileError;

/// The content of a requirements file and of the files that it includes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RequirementsFile {
    pub requirements: BTreeSet<Requirement>,
    pub constraints: BTreeSet<Requirement>,
    /// The lines with `--index-url …` and similar options, in order.
    pub options: Vec<String>,
}

/// Reads the file `name` in the configuration at `root`.
pub(super) fn read(root: &Path, name: &Path) -> Result<RequirementsFile, ConfigurationError> {
    let mut file = RequirementsFile::default();
    let path = root.join(name);
    let Some(text) = read_text(&path)? else {
        return Ok(file);
    };
    RequirementsReader {
        root,
        visited: BTreeSet::from([path.clone()]),
        file: &mut file,
    }
    .read(&path, &text, false)?;
    Ok(file)
}

/// Returns the names of the requirements files in the configuration at `root`, sorted.
pub(super) fn names(root: &Path) -> Result<Vec<PathBuf>, ConfigurationError> {
    let entries = std::fs::read_dir(root).map_err(FileError::on("read", root))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(FileError::on("read", root))?;
        let name = entry.file_name();
        let is_one = name
            .to_str()
            .is_some_and(|name| name.starts_with("requirements") && name.ends_with(".txt"));
        if is_one && entry.path().is_file() {
            names.push(PathBuf::from(name));
        }
    }
    names.sort();
    Ok(names)
}

struct RequirementsReader<'a> {
    root: &'a Path,
    visited: BTreeSet<PathBuf>,
    file: &'a mut RequirementsFile,
}

impl RequirementsReader<'_> {
    fn read(
        &mut self,
        path: &Path,
        text: &str,
        constraints: bool,
    ) -> Result<(), ConfigurationError> {
        for (offset, line) in logical_lines(text) {
            if let Some(included) = value_of(&line, "-r", "--requirement") {
                self.include(path, text, offset, included, constraints)?;
            } else if let Some(included) = value_of(&line, "-c", "--constraint") {
                self.include(path, text, offset, included, true)?;
            } else {
                let wanted = value_of(&line, "-e", "--editable").unwrap_or(&line);
                if wanted.starts_with('-') {
                    self.file.options.push(wanted.to_owned());
                    continue;
                }
                // Hashes are dropped: with them, installers would demand one for the engine, too, and they pin one file for one
                // platform.
                let wanted = wanted.split(" --").next().unwrap_or(wanted);
                let requirement = self.rooted(path, Requirement::parse(wanted));
                if constraints {
                    self.file.constraints.insert(requirement);
                } else {
                    self.file.requirements.insert(requirement);
                }
            }
        }
        Ok(())
    }

    fn include(
        &mut self,
        from: &Path,
        text: &str,
        offset: usize,
        included: &str,
        constraints: bool,
    ) -> Result<(), ConfigurationError> {
        let refuse = |message: &str| {
            Err(complaint(
                from,
                text,
                offset,
                &format!("{message}: {included}"),
            ))
        };
        let path = from.parent().unwrap_or(self.root).join(included);
        let Ok(path) = path.canonicalize() else {
            return refuse("there is no such file to include");
        };
        let root = self.root.canonicalize();
        if !root.is_ok_and(|root| path.starts_with(root)) {
            return refuse("an included file must be inside the configuration");
        }
        if !self.visited.insert(path.clone()) {
            return Ok(());
        }
        match read_text(&path)? {
            Some(text) => self.read(&path, &text, constraints),
            None => refuse("there is no such file to include"),
        }
    }

    /// Converts a path that is relative to the file that contains it into one that is relative to the root.
    fn rooted(&self, file: &Path, mut requirement: Requirement) -> Requirement {
        if let VersionWanted::Bare(place) = &requirement.wanted
            && is_relative_path(place)
            && let Some(folder) = file.parent()
            && let Ok(folder) = folder.strip_prefix(self.root)
            && folder != Path::new("")
        {
            requirement.wanted = VersionWanted::Bare(format!("./{}", folder.join(place).display()));
        }
        requirement
    }
}

/// Returns whether this is a path below the configuration, and neither a URL nor an absolute path.
pub(super) fn is_relative_path(place: &str) -> bool {
    !place.contains("://")
        && !place.starts_with(['/', '~'])
        && !place.starts_with("file:")
        && (place.starts_with('.')
            || place.contains('/')
            || place.ends_with(".whl")
            || place.ends_with(".tar.gz"))
}

/// Returns the value of `-r value`, `-rvalue`, `--requirement value` or `--requirement=value`.
fn value_of<'a>(line: &'a str, short: &str, long: &str) -> Option<&'a str> {
    let value = match line.strip_prefix(long) {
        Some(value) if value.starts_with([' ', '\t', '=']) => &value[1..],
        Some(_) => return None,
        None if line.starts_with("--") => return None,
        None => line.strip_prefix(short)?,
    };
    Some(value.trim())
}

/// Returns the lines with content and their offsets. Continued lines are joined and comments are dropped.
pub(super) fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    let mut offset = 0;
    for raw in text.split_inclusive('\n') {
        let start = offset;
        offset += raw.len();
        let line = raw
            .trim_start_matches('\u{feff}')
            .trim_end_matches(['\n', '\r']);
        let (beginning, mut joined) = pending.take().unwrap_or((start, String::new()));
        if let Some(continued) = line.strip_suffix('\\')
            && !is_comment(line)
        {
            joined.push_str(continued);
            joined.push(' ');
            pending = Some((beginning, joined));
            continue;
        }
        joined.push_str(line);
        finish(&mut lines, beginning, &joined);
    }
    if let Some((beginning, joined)) = pending {
        finish(&mut lines, beginning, &joined);
    }
    lines
}

fn finish(lines: &mut Vec<(usize, String)>, offset: usize, joined: &str) {
    let line = if is_comment(joined) {
        ""
    } else {
        // A hash sign begins a comment only after white space, because URLs have fragments.
        let end = [" #", "\t#"]
            .iter()
            .filter_map(|mark| joined.find(mark))
            .min();
        joined[..end.unwrap_or(joined.len())].trim()
    };
    if !line.is_empty() {
        lines.push((
            offset,
            line.split_whitespace().collect::<Vec<_>>().join(" "),
        ));
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    fn read_all(files: &[(&str, &str)]) -> Result<RequirementsFile, ConfigurationError> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write_files(&root, files);
        read(&root, Path::new("requirements.txt"))
    }

    fn texts(requirements: &BTreeSet<Requirement>) -> String {
        let texts = requirements.iter().map(ToString::to_string);
        texts.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn comments_order_spacing_and_hashes_mean_nothing() {
        let read = |text: &str| read_all(&[("requirements.txt", text)]).unwrap();
        let one = read("# why\n\nb == 2 # because\nA>=1\n");
        assert_eq!(one, read("a >=1\r\nb==2"));
        assert_eq!(texts(&one.requirements), "a>=1, b==2");
        let continued = "a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nb @ https://host/b.zip#sha256=22\n";
        assert_eq!(
            texts(&read(continued).requirements),
            "a==1, b @ https://host/b.zip#sha256=22"
        );
    }

    #[test]
    fn included_files_are_read_where_they_stand_and_only_once() {
        let top = "-r more/base.txt\n-cmore/pins.txt\n--extra-index-url https://host/simple\na\n";
        let base = "--requirement=../requirements.txt\nb\n-e ./local\n";
        let files = [
            ("requirements.txt", top),
            ("more/base.txt", base),
            ("more/pins.txt", "b==3\n"),
        ];
        let file = read_all(&files).unwrap();
        assert_eq!(texts(&file.requirements), "a, b, ./more/./local");
        assert_eq!(texts(&file.constraints), "b==3");
        assert_eq!(file.options, ["--extra-index-url https://host/simple"]);
    }

    #[test]
    fn an_include_that_is_missing_or_leaves_the_configuration_is_told_with_its_line() {
        for included in ["absent.txt", "../../../../../../etc/passwd"] {
            let text = format!("a\n-r {included}\n");
            match read_all(&[("requirements.txt", &text)]) {
                Err(ConfigurationError::BadManifest { line, message, .. }) => {
                    assert_eq!(line, 2);
                    assert!(message.contains(included), "{message}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
