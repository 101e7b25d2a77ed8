//! The output directory of `ade run`: its faults are found before any work, and copies appear whole.
//!
//! A workbook in it is always the result of the last run that ended, and that run was accepted. If a run failed or was
//! refused, the copy of an earlier run is renamed to `<name>.stale` (`mark_stale`), and the next accepted run deletes that
//! file (`copy`'s caller, `forget_stale`). Only files that are recorded as copies are renamed or deleted.

use std::path::{Path, PathBuf};

use crate::base::digest;
use crate::base::files::{self, FileError, describe, name_of};
use crate::base::problem::{Error, code};
use crate::painting;
use crate::run::inputs::input::Input;
use crate::store::Store;

/// The suffix of a stale workbook. Neither a search for inputs nor a script that takes all workbooks of a folder takes such a
/// file.
const STALE: &str = ".stale";

/// Returns the error for an output directory that cannot be used.
fn unusable(path: &Path, what: &str, hint: impl Into<String>) -> Error {
    let message = format!("{} {what}", path.display());
    Error::usage(code::OUTPUT_UNWRITABLE, message).hint(hint)
}

fn in_the_way(path: &Path, wanted: &str) -> Error {
    let what = format!("is in the way: it is not a {wanted}");
    unusable(path, &what, "choose another output directory")
}

fn of_file(error: FileError) -> Error {
    error.of_target("-o")
}

/// Makes sure, before any work, that copies can be written to an output directory.
///
/// # Errors
/// Copies cannot be written there.
pub fn check_output_dir(folder: &Path, inputs: &[Input], shape: Option<&str>) -> Result<(), Error> {
    let looks_like_a_file = folder
        .extension()
        .is_some_and(|extension| extension == "xlsx");
    if looks_like_a_file && !folder.exists() {
        let inside = folder.with_file_name("INPUT_normalized.xlsx");
        let what = "looks like a file, but the output directory is a folder";
        return Err(unusable(
            folder,
            what,
            format!(
                "name a folder; the workbook in it is named after the input, such as {}",
                inside.display()
            ),
        ));
    }
    if folder.exists() && !folder.is_dir() {
        return Err(in_the_way(folder, "folder"));
    }
    files::create_folder(folder).map_err(of_file)?;
    // A folder that looks writable may be on a read-only medium.
    let tried = files::unfinished(folder).map_err(FileError::on("write to", folder));
    tried.map_err(of_file)?;
    inputs
        .iter()
        .try_for_each(|input| check_target(&target(folder, input, shape)))
}

/// Returns the target for the copy of an input's workbook, or for its first table in the requested shape instead.
pub fn target(folder: &Path, input: &Input, shape: Option<&str>) -> PathBuf {
    let name = crate::settings::paths::normalized_name(&name_of(&input.path));
    in_shape(&folder.join(&input.below).join(name), shape)
}

/// Returns the file of the first table next to a workbook in this shape, or the workbook if there is no shape.
pub fn in_shape(workbook: &Path, shape: Option<&str>) -> PathBuf {
    shape.map_or_else(
        || workbook.to_owned(),
        |shape| workbook.with_extension(shape),
    )
}

/// Returns the other files that a run may have in the folder of its workbook: the painted copy of the input, and the workbook
/// of quarantined rows.
pub fn beside(workbook: &Path, input_name: &str) -> [PathBuf; 2] {
    let folder = workbook.parent().unwrap_or(Path::new(""));
    [
        painting::place_of_copy(Path::new(input_name), folder),
        folder.join(crate::settings::paths::quarantine_name(input_name)),
    ]
}

/// Copies a file to the output directory; an existing file is replaced whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn copy(workbook: &Path, to: &Path) -> Result<(), Error> {
    check_target(to)?;
    if let Some(folder) = to.parent() {
        files::create_folder(folder).map_err(of_file)?;
    }
    files::copy_whole(workbook, to).map_err(of_file)
}

/// Returns whether two files exist and have the same bytes.
pub(crate) fn are_equal(one: &Path, other: &Path) -> bool {
    let facts = |path: &Path| digest::of_file(path).ok();
    let length = |path: &Path| path.metadata().ok().map(|found| found.len());
    length(one) == length(other) && facts(one).is_some_and(|one| facts(other) == Some(one))
}

/// Returns the files next to a workbook in which a run has written its tables in another shape: `<stem>_normalized.csv`,
/// `<stem>_normalized_North_2.csv`. Links do not count.
pub fn shapes(workbook: &Path, shape: &str) -> Vec<PathBuf> {
    let is_one = |path: &PathBuf| {
        is_shape(workbook, shape, path)
            && path.symlink_metadata().is_ok_and(|found| found.is_file())
    };
    let entries = workbook.parent().and_then(|folder| folder.read_dir().ok());
    let paths = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths.filter(is_one).collect();
    found.sort();
    found
}

/// Returns whether a file next to a workbook has the name of one of its tables in another shape.
pub fn is_shape(workbook: &Path, shape: &str, path: &Path) -> bool {
    let stem = workbook.file_stem().unwrap_or_default().to_string_lossy();
    let name = name_of(path);
    let rest = name.strip_prefix(&*stem).unwrap_or_default();
    (rest.starts_with('.') || rest.starts_with('_'))
        // Another input may have the name of a table of this one.
        && !rest.ends_with(&format!("_normalized.{shape}"))
        && path.extension().is_some_and(|extension| extension == shape)
}

/// The result for a file at the place for the workbook of a run that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EarlierCopy {
    /// The file was the copy of an earlier run, and was renamed.
    Stale {
        /// The old path of the file.
        from: PathBuf,
        /// The new path of the file.
        to: PathBuf,
    },
    /// The file stays, although it is not a result of this run.
    Left {
        /// The path of the file.
        path: PathBuf,
        /// The reason why it was not renamed.
        reason: String,
    },
}

/// Renames the copy of an earlier run, so that it does not look like the result of a run that has none. `None`: there is no
/// such file.
pub(crate) fn mark_stale(store: &Store, path: &Path) -> Option<EarlierCopy> {
    let real = path.canonicalize().ok().filter(|real| real.is_file())?;
    let left = |reason: String| {
        Some(EarlierCopy::Left {
            path: path.to_owned(),
            reason,
        })
    };
    match store.is_copy(&real) {
        Ok(true) => {}
        Ok(false) => return left("no recorded run wrote it".to_owned()),
        Err(error) => return left(error.to_string()),
    }
    let to = stale(path);
    let real_to = stale(&real);
    if real_to.symlink_metadata().is_ok() && !store.is_copy(&real_to).unwrap_or(false) {
        return left(format!("{} is in the way", to.display()));
    }
    if let Err(error) = std::fs::rename(&real, &real_to) {
        return left(format!("it cannot be renamed: {}", describe(&error)));
    }
    // Without the record the file keeps its new name, and no later run replaces or deletes it.
    let _ = store.move_copy(&real, &real_to);
    Some(EarlierCopy::Stale {
        from: path.to_owned(),
        to,
    })
}

/// Deletes the stale file that [`mark_stale`] made of an earlier copy, because there is a new copy. If that fails, the file
/// stays.
pub(crate) fn forget_stale(store: &Store, copy: &Path) {
    let stale = stale(copy);
    if !stale.is_file() || !store.is_copy(&stale).unwrap_or(false) {
        return;
    }
    if std::fs::remove_file(&stale).is_ok() {
        // There is no record for this path any more: a later file there does not count as a copy.
        let _ = store.move_copy(&stale, copy);
    }
}

fn stale(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(STALE);
    path.with_file_name(name)
}

/// Makes sure that only a replaceable file, or nothing, is at the target of a copy.
///
/// # Errors
/// Something else is there.
pub(crate) fn check_target(path: &Path) -> Result<(), Error> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(in_the_way(path, "file")),
        Ok(found) if found.permissions().readonly() => Err(unusable(
            path,
            "exists and is write-protected",
            "make it writable, delete it, or choose another output directory",
        )),
        _ => Ok(()),
    }
}
