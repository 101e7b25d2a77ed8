//! Writes the files of `ade init`: a configuration that runs unchanged, from templates in the binary.
//!
//! The files are those of `templates/<template>` (`default` if no template is named), with `{{name}}` replaced by the
//! configuration's name and `gitignore` renamed to `.gitignore`. `build.rs` puts them into the binary. [`SAMPLE`], a workbook
//! to run the configuration on, is written beside them. No existing file is overwritten.

use std::path::{Path, PathBuf};

use crate::base::files::{self, FileError};
use crate::base::problem::{Error, code};

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The placeholder for the configuration's name in a template.
const NAME: &str = "{{name}}";

/// The name of the sample, a typical messy roster. The templates' `.gitignore` lists it, so it is no part of the configuration.
pub const SAMPLE: &str = "sample.xlsx";
const SAMPLE_CONTENT: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/messy-roster.xlsx"
));

/// Returns the names of the templates.
pub fn templates() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, _)| *name)
}

/// Describes the content of a template in one sentence.
pub fn about(template: &str) -> &'static str {
    match template {
        "default" => {
            "A list of people: fields with their headers, readers and checks, and a test case"
        }
        "minimal" => "One field, to begin from nothing",
        "full" => "As default, with detectors, hooks and readers of your own",
        _ => "",
    }
}

/// Returns the paths and contents of a template's files, with the project's name filled in. `None` if there is no such
/// template.
pub fn files(template: &str, name: &str) -> Option<Vec<(&'static str, Vec<u8>)>> {
    let (_, files) = TEMPLATES.iter().find(|(known, _)| *known == template)?;
    let named = |content: &[u8]| match std::str::from_utf8(content) {
        Ok(text) => text.replace(NAME, name).into_bytes(),
        Err(_) => content.to_owned(),
    };
    let files = files.iter().map(|(path, content)| (*path, named(content)));
    Some(files.collect())
}

/// The default template's description of what it is for.
const ABOUT: &str = "Recognises people in rosters, payrolls and contact lists";

/// The path of the module with fields in the default template.
pub const FIELDS: &str = "src/ade_config/columns/fields.py";

/// Returns the files of the default template for other data, without its fields and cases. `about` replaces the description;
/// `settings` are lines that replace those that set the same name.
pub fn files_for(name: &str, about: &str, settings: &[(&str, String)]) -> Vec<NewFile> {
    let own = |path: &str| path == FIELDS || path.starts_with("tests/");
    let all = files("default", name).unwrap_or_default();
    let all = all.into_iter().filter(|(path, _)| !own(path));
    let text_for = |path: &str, text: String| match path {
        "settings.toml" => settings
            .iter()
            .fold(text, |text, (name, line)| with_setting(&text, name, line)),
        _ => text.replace(ABOUT, about),
    };
    all.map(|(path, content)| {
        let content = match String::from_utf8(content) {
            Ok(text) => text_for(path, text).into_bytes(),
            Err(error) => error.into_bytes(),
        };
        (PathBuf::from(path), content)
    })
    .collect()
}

/// Returns the text with `line` in place of the one that sets `name`, or after all other settings.
fn with_setting(text: &str, name: &str, line: &str) -> String {
    let sets = |text_line: &str| {
        let rest = text_line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(" ="))
    };
    let at = text.lines().position(sets);
    let behind = match at {
        Some(_) => None,
        None => text
            .lines()
            .collect::<Vec<_>>()
            .iter()
            .rposition(|text_line| !text_line.starts_with('#') && !text_line.is_empty()),
    };
    let lines = text.lines().enumerate();
    lines.fold(String::new(), |text, (number, text_line)| {
        let text_line = if Some(number) == at { line } else { text_line };
        let text = text + text_line + "\n";
        if Some(number) == behind {
            text + "\n" + line + "\n"
        } else {
            text
        }
    })
}

/// Returns the sample's bytes.
pub fn sample() -> &'static [u8] {
    SAMPLE_CONTENT
}

/// Writes a template and the sample into a folder. Returns the written files, relative to the folder, in order.
///
/// # Errors
/// The folder contains files, the name is not valid, or a file cannot be written.
///
/// # Panics
/// Never for a name that [`templates`] lists.
pub fn scaffold(folder: &Path, name: Option<&str>, template: &str) -> Result<Vec<PathBuf>, Error> {
    let name = name_for(folder, name)?;
    let all = files(template, &name).expect("the caller chose among templates()");
    let mut all: Vec<NewFile> = all
        .into_iter()
        .map(|(path, content)| (PathBuf::from(path), content))
        .collect();
    all.push((PathBuf::from(SAMPLE), SAMPLE_CONTENT.to_owned()));
    write(folder, &all).map_err(FileError::unwritable)
}

/// A file of a new configuration: its path in the folder, and its bytes.
pub type NewFile = (PathBuf, Vec<u8>);

/// Returns the name of a configuration to be written into a folder: the given one, or one made from the folder's name.
///
/// # Errors
/// The folder contains files or is no folder, or the name is not valid.
pub fn name_for(folder: &Path, name: Option<&str>) -> Result<String, Error> {
    if folder.exists() && !folder.is_dir() {
        return Err(taken(folder, "is not a folder"));
    }
    let has_files = folder.is_dir()
        && std::fs::read_dir(folder)
            .map_err(|error| FileError::on("read", folder)(error).unwritable())?
            .filter_map(Result::ok)
            .any(|entry| entry.file_name() != ".git");
    if has_files {
        return Err(taken(folder, "is not empty"));
    }
    let name = match name {
        Some(name) => name.to_owned(),
        None => name_of(folder),
    };
    if !is_project_name(&name) {
        let message = format!("{name:?} cannot be a project's name");
        return Err(Error::usage(code::BAD_NAME, message).hint(
            "use letters, digits, '.', '_' and '-', and begin and end with a letter or digit; --name sets the name",
        ));
    }
    Ok(name)
}

fn taken(folder: &Path, how: &str) -> Error {
    Error::usage(code::NOT_EMPTY, format!("{} {how}", folder.display()))
        .hint("choose another folder; ade init overwrites nothing")
}

/// Writes all files of a new configuration, or none. Returns their paths in order.
///
/// # Errors
/// A file cannot be written. The files written before it are deleted again.
pub fn write(folder: &Path, files: &[NewFile]) -> Result<Vec<PathBuf>, FileError> {
    let was_there = folder.is_dir();
    let each = files.iter().try_for_each(|(path, content)| {
        let target = folder.join(path);
        files::create_folder(target.parent().unwrap_or(folder))?;
        files::write_whole(&target, content)
    });
    if each.is_err() {
        // The folder was empty except for a git repository.
        for (path, _) in files {
            let _ = std::fs::remove_file(folder.join(path));
            let above = path
                .ancestors()
                .skip(1)
                .filter(|parent| *parent != Path::new(""));
            above.for_each(|parent| drop(std::fs::remove_dir(folder.join(parent))));
        }
        if !was_there {
            let _ = std::fs::remove_dir(folder);
        }
    }
    each?;
    Ok(files.iter().map(|(path, _)| path.clone()).collect())
}

/// Converts the folder's name into a valid project name.
fn name_of(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = absolute.components().next_back();
    let name = name.map(|part| part.as_os_str().to_string_lossy().into_owned());
    project_name(&name.unwrap_or_default())
}

/// Converts any name into a valid project name.
pub fn project_name(name: &str) -> String {
    let mut fit: String = name
        .to_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || "._-".contains(letter) {
                letter
            } else {
                '-'
            }
        })
        .collect();
    while fit.contains("--") {
        fit = fit.replace("--", "-");
    }
    let fit = fit
        .trim_matches(|letter: char| !letter.is_ascii_alphanumeric())
        .to_owned();
    if fit.is_empty() {
        "my-config".to_owned()
    } else {
        fit
    }
}

/// Returns whether the Python packaging specifications allow the name for a project.
fn is_project_name(name: &str) -> bool {
    let ends = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    ends(name.chars().next())
        && ends(name.chars().next_back())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_take_all_files_gets_none() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new");
        let files = ["a/b.txt", "c.txt", "c.txt/d.txt"].map(|path| (path.into(), b"x".to_vec()));
        assert!(write(&target, &files).is_err());
        assert!(!target.exists());
    }

    #[test]
    fn the_name_is_put_in_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        for template in templates() {
            let target = folder.path().join(template);
            for file in scaffold(&target, Some("orders"), template).unwrap() {
                let content = std::fs::read(target.join(&file)).unwrap();
                let content = String::from_utf8_lossy(&content);
                assert!(!content.contains("{{name}}"), "{}", file.display());
            }
        }
    }
}
