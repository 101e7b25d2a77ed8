//! Which files a call means: a file, a folder's files of the supported formats, or a glob that the shell left alone.

use std::path::{Path, PathBuf};

use crate::files::FileError;
use crate::problem::{Facts, Kind, Problem, code};

/// The formats that a run accepts, by extension, case-blind.
pub const SUPPORTED: [&str; 4] = ["xlsx", "xlsm", "xls", "csv"];

/// An input that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// No such file or folder.
    #[error("there is no file {}", path.display())]
    Absent {
        /// As it was given.
        path: PathBuf,
        /// A file beside it whose name looks alike.
        similar: Option<String>,
    },
    /// Its extension names no supported format.
    #[error("{} has a format that is not supported", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
    },
    /// A folder without any file of a supported format.
    #[error("the folder {} has no .xlsx, .xlsm, .xls or .csv file", path.display())]
    NothingInside {
        /// The folder.
        path: PathBuf,
    },
    /// A glob that matches nothing, or that is not a valid glob.
    #[error("no .xlsx, .xlsm, .xls or .csv file matches {pattern}")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// Two inputs would get the same name in the output directory.
    #[error("{} and {} would both be written to {name}", first.display(), second.display())]
    SameOutput {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// The file name that they would share.
        name: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for InputError {
    fn facts(&self) -> Facts {
        let usage = |code| Facts::new(Kind::Usage, code);
        match self {
            Self::Absent { similar, .. } => usage(code::INPUT_NOT_FOUND).maybe_hint(
                similar
                    .as_ref()
                    .map(|similar| format!("did you mean {similar}?")),
            ),
            Self::Unsupported { .. } => usage(code::UNSUPPORTED_FORMAT)
                .hint("ade reads .xlsx, .xlsm, .xls and .csv; save the file as one of them"),
            Self::NothingInside { .. } | Self::NoMatch { .. } => usage(code::NO_INPUT),
            Self::SameOutput { .. } => usage(code::OUTPUT_CONFLICT)
                .hint("run them one at a time, with an output directory for each"),
            Self::File(_) => usage(code::INPUT_UNREADABLE),
        }
    }
}

/// The files that the arguments mean, in the order given; those of a folder or glob in the order of their names. A file
/// that is named twice is run once.
///
/// # Errors
/// One of them is absent, unsupported, or means no file.
pub fn expand(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let mut files: Vec<PathBuf> = Vec::new();
    for argument in arguments {
        let found = if argument.is_dir() {
            inside(argument)?
        } else if argument.exists() {
            vec![argument.clone()]
        } else {
            match argument
                .to_str()
                .filter(|text| text.contains(['*', '?', '[']))
            {
                Some(pattern) => matching(pattern)?,
                None => {
                    return Err(InputError::Absent {
                        path: argument.clone(),
                        similar: similar(argument),
                    });
                }
            }
        };
        for file in found {
            if !is_supported(&file) {
                return Err(InputError::Unsupported { path: file });
            }
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// Refuses inputs whose normalized workbooks would overwrite each other in one output directory.
///
/// # Errors
/// Two of them have the same stem.
pub fn demand_distinct_outputs(files: &[PathBuf]) -> Result<(), InputError> {
    let mut seen: std::collections::HashMap<String, &PathBuf> = std::collections::HashMap::new();
    for file in files {
        let name =
            crate::layout::normalized_name(&file.file_name().unwrap_or_default().to_string_lossy());
        if let Some(first) = seen.insert(name.to_lowercase(), file) {
            return Err(InputError::SameOutput {
                first: first.clone(),
                second: file.clone(),
                name,
            });
        }
    }
    Ok(())
}

fn is_supported(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| SUPPORTED.contains(&extension.to_lowercase().as_str()))
}

/// Hidden files and the lock files that spreadsheet programs leave beside an open workbook are not inputs.
fn is_leftover(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with('.') || name.starts_with("~$"))
}

fn inside(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(FileError::on("read", folder))? {
        let path = entry.map_err(FileError::on("read", folder))?.path();
        if path.is_file() && is_supported(&path) && !is_leftover(&path) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        Err(InputError::NothingInside {
            path: folder.to_owned(),
        })
    } else {
        Ok(files)
    }
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, InputError> {
    let none = || InputError::NoMatch {
        pattern: pattern.to_owned(),
    };
    let files: Vec<PathBuf> = glob::glob(pattern)
        .map_err(|_| none())?
        .filter_map(Result::ok)
        .filter(|path| path.is_file() && is_supported(path) && !is_leftover(path))
        .collect();
    if files.is_empty() {
        Err(none())
    } else {
        Ok(files)
    }
}

/// A file in the same folder whose name differs in case or by its extension alone.
fn similar(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy().to_lowercase();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let found = std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|candidate| {
            is_supported(candidate)
                && candidate
                    .file_stem()
                    .is_some_and(|found| found.to_string_lossy().to_lowercase() == stem)
        })?;
    Some(
        path.with_file_name(found.file_name()?)
            .display()
            .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_means_its_supported_files_in_order() {
        let folder = folder(&["b.CSV", "a.xlsx", "notes.txt", "~$a.xlsx", ".hidden.csv"]);
        let files = expand(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|file| file.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["a.xlsx", "b.CSV"]);
    }

    #[test]
    fn a_glob_that_the_shell_left_alone_is_expanded_and_a_real_name_wins() {
        let folder = folder(&["a.csv", "b.csv", "[odd].csv"]);
        assert_eq!(expand(&[folder.path().join("?.csv")]).unwrap().len(), 2);
        assert_eq!(
            expand(&[folder.path().join("[odd].csv")]).unwrap(),
            [folder.path().join("[odd].csv")]
        );
        assert!(matches!(
            expand(&[folder.path().join("*.xls")]),
            Err(InputError::NoMatch { .. })
        ));
    }

    #[test]
    fn a_near_miss_is_suggested() {
        let folder = folder(&["Orders.xlsx"]);
        let error = expand(&[folder.path().join("orders.csv")]).unwrap_err();
        assert!(error.hint().unwrap().ends_with("Orders.xlsx?"));
        assert!(matches!(
            expand(&[folder.path().join("x.pdf")]),
            Err(InputError::Absent { similar: None, .. })
        ));
    }

    #[test]
    fn outputs_that_would_overwrite_each_other_are_refused() {
        assert!(demand_distinct_outputs(&["x/a.csv".into(), "y/A.xlsx".into()]).is_err());
        assert!(demand_distinct_outputs(&["x/a.csv".into(), "y/b.xlsx".into()]).is_ok());
    }
}
