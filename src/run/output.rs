//! The output directory of `ade run`: what can be wrong with it is found before any work, and copies appear whole.

use std::path::{Path, PathBuf};

use super::input::Input;
use crate::files::{self, FileError, name_of};
use crate::problem::{Facts, Kind, Problem, code};

/// The output directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file is there and write-protected.
    #[error("{} exists and is write-protected", path.display())]
    Protected {
        /// The file.
        path: PathBuf,
    },
    /// The directory's name is that of a workbook.
    #[error("{} names a file; the output directory is a folder", path.display())]
    NamesAFile {
        /// The name.
        path: PathBuf,
    },
    /// Something other than a file has the workbook's name, or the directory is not a folder.
    #[error("{} is in the way: it is not a {wanted}", path.display())]
    InTheWay {
        /// What is in the way.
        path: PathBuf,
        /// `file` or `folder`.
        wanted: &'static str,
    },
    /// The copy failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for OutputError {
    fn facts(&self) -> Facts {
        let facts = Facts::new(Kind::Usage, code::OUTPUT_UNWRITABLE);
        match self {
            Self::Protected { .. } => {
                facts.hint("make it writable, delete it, or choose another output directory")
            }
            Self::NamesAFile { path } => facts.hint(format!(
                "name its folder; the workbook in it is called after the input, as {}",
                path.with_file_name("INPUT_normalized.xlsx").display()
            )),
            Self::InTheWay { .. } => facts.hint("choose another output directory"),
            Self::File(error) => error.facts().under(facts.kind, facts.code),
        }
    }
}

/// Makes sure, before any work, that copies can be written to an output directory.
///
/// # Errors
/// They can't.
pub fn check_output_dir(folder: &Path, inputs: &[Input]) -> Result<(), OutputError> {
    let looks_like_a_file = folder
        .extension()
        .is_some_and(|extension| extension == "xlsx");
    if looks_like_a_file && !folder.exists() {
        return Err(OutputError::NamesAFile {
            path: folder.to_owned(),
        });
    }
    if folder.exists() && !folder.is_dir() {
        return Err(OutputError::InTheWay {
            path: folder.to_owned(),
            wanted: "folder",
        });
    }
    files::create_folder(folder)?;
    // A folder that looks writable may be on a medium that is not.
    files::unfinished(folder).map_err(FileError::on("write to", folder))?;
    inputs
        .iter()
        .try_for_each(|input| check_target(&target(folder, input)))
}

/// Where the copy of an input's workbook goes.
pub(super) fn target(folder: &Path, input: &Input) -> PathBuf {
    let name = crate::layout::normalized_name(&name_of(&input.path));
    folder.join(&input.below).join(name)
}

/// Copies a workbook to the output directory; a file that is there is replaced whole or not at all.
///
/// # Errors
/// It cannot be written.
pub(super) fn copy(workbook: &Path, to: &Path) -> Result<(), OutputError> {
    check_target(to)?;
    if let Some(folder) = to.parent() {
        files::create_folder(folder)?;
    }
    Ok(files::copy_whole(workbook, to)?)
}

fn check_target(path: &Path) -> Result<(), OutputError> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(OutputError::InTheWay {
            path: path.to_owned(),
            wanted: "file",
        }),
        Ok(found) if found.permissions().readonly() => Err(OutputError::Protected {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}
