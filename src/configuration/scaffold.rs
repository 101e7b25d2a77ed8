//! Writes the files of `ade init`: a configuration that runs as it is, from templates in the binary.
//!
//! The files are all those of `templates/<template>` (`default`, where none is named), with the configuration's name put in for
//! `{{name}}` and `gitignore` as `.gitignore`. `build.rs` puts them into the binary. Beside them lies [`SAMPLE`], a workbook to run
//! the configuration on. Nothing that exists is overwritten.

use std::path::{Path, PathBuf};

use crate::base::files;
use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, code};

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The placeholder for the configuration's name in a template.
const NAME: &str = "{{name}}";

/// A roster as people make them. The templates' `.gitignore` names it, so it is no part of the configuration.
pub const SAMPLE: &str = "sample.xlsx";
const SAMPLE_CONTENT: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/examples/messy-roster.xlsx"
));

/// A configuration cannot be scaffolded.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The folder is not empty.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// It is a file.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The name cannot be a project's name.
    #[error("{name:?} cannot be a project's name")]
    BadName {
        /// The name.
        name: String,
    },
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for ScaffoldError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotEmpty { .. } | Self::NotAFolder { .. } => {
                Facts::new(Kind::Usage, code::FOLDER_NOT_EMPTY)
                    .hint("choose another folder; ade init overwrites nothing")
            }
            Self::BadName { .. } => Facts::new(Kind::Usage, code::BAD_NAME).hint(
                "letters, digits, '.', '_' and '-', beginning and ending with a letter or digit; --name sets it",
            ),
            Self::File(error) => error.facts().under(Kind::Usage, code::UNWRITABLE),
        }
    }
}

/// The names of the templates.
pub fn templates() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, _)| *name)
}

/// What a template holds, in one sentence.
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

/// The files of a template, with a project's name put in: their paths and contents. `None`: there is no such template.
pub fn files(template: &str, name: &str) -> Option<Vec<(&'static str, Vec<u8>)>> {
    let (_, files) = TEMPLATES.iter().find(|(known, _)| *known == template)?;
    let named = |content: &[u8]| match std::str::from_utf8(content) {
        Ok(text) => text.replace(NAME, name).into_bytes(),
        Err(_) => content.to_owned(),
    };
    let files = files.iter().map(|(path, content)| (*path, named(content)));
    Some(files.collect())
}

/// The sample's bytes.
pub fn sample() -> &'static [u8] {
    SAMPLE_CONTENT
}

/// Writes a template and the sample into a folder. Returns the files written, relative to it, in order.
///
/// # Errors
/// The folder has files, the name is unfit, or a file cannot be written.
///
/// # Panics
/// Never for a name that [`templates`] lists.
pub fn scaffold(
    folder: &Path,
    name: Option<&str>,
    template: &str,
) -> Result<Vec<PathBuf>, ScaffoldError> {
    if folder.exists() && !folder.is_dir() {
        return Err(ScaffoldError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let taken = folder.is_dir()
        && std::fs::read_dir(folder)
            .map_err(FileError::on("read", folder))?
            .filter_map(Result::ok)
            .any(|entry| entry.file_name() != ".git");
    if taken {
        return Err(ScaffoldError::NotEmpty {
            path: folder.to_owned(),
        });
    }
    let name = match name {
        Some(name) => name.to_owned(),
        None => name_of(folder),
    };
    if !is_project_name(&name) {
        return Err(ScaffoldError::BadName { name });
    }
    let all = files(template, &name).expect("the caller chose among templates()");
    let mut written = Vec::new();
    for (path, content) in all {
        let target = folder.join(path);
        files::create_folder(target.parent().unwrap_or(folder))?;
        files::write_whole(&target, &content)?;
        written.push(PathBuf::from(path));
    }
    files::write_whole(&folder.join(SAMPLE), SAMPLE_CONTENT)?;
    written.push(PathBuf::from(SAMPLE));
    Ok(written)
}

/// Turns the folder's name into a project's name.
fn name_of(folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = absolute.components().next_back();
    let name = name.map(|part| part.as_os_str().to_string_lossy().into_owned());
    project_name(&name.unwrap_or_default())
}

/// Turns any name into a project's name.
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

/// Whether the Python packaging specifications allow the name of a project.
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
    fn nothing_that_exists_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.txt"), b"x").unwrap();
        assert!(matches!(
            scaffold(folder.path(), None, "default"),
            Err(ScaffoldError::NotEmpty { .. })
        ));
    }

    #[test]
    fn the_name_is_put_in_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("Team Orders (2026)");
        for template in templates() {
            let target = target.join(template);
            for file in scaffold(&target, Some("orders"), template).unwrap() {
                assert!(
                    !String::from_utf8_lossy(&std::fs::read(target.join(&file)).unwrap())
                        .contains("{{name}}"),
                    "{}",
                    file.display()
                );
            }
        }
        assert_eq!(name_of(&target), "team-orders-2026");
    }
}
