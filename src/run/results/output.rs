//! The output directory of `ade run`: what can be wrong with it is found before any work, and copies appear whole.
//!
//! A workbook in it is always the result of the last run that ended, and that run was accepted. Where a run failed or was
//! refused, the copy that an earlier run left there is renamed to `<name>.stale` (`mark_stale`), and the next accepted run
//! deletes that file (`copy`'s caller, `forget_stale`). Only files that the records call copies are renamed or deleted.

use std::path::{Path, PathBuf};

use crate::base::digest;
use crate::base::files::{self, FileError, describe, name_of};
use crate::base::problem::{Error, code};
use crate::painting;
use crate::run::inputs::input::Input;
use crate::store::Store;

/// What follows the name of a workbook that is stale. No search for inputs takes such a file, and neither does a
/// script that takes all workbooks of a folder.
const STALE: &str = ".stale";

/// The output directory cannot be used.
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
/// They can't.
pub fn check_output_dir(folder: &Path, inputs: &[Input], shape: Option<&str>) -> Result<(), Error> {
    let looks_like_a_file = folder
        .extension()
        .is_some_and(|extension| extension == "xlsx");
    if looks_like_a_file && !folder.exists() {
        let inside = folder.with_file_name("INPUT_normalized.xlsx");
        let what = "names a file; the output directory is a folder";
        return Err(unusable(
            folder,
            what,
            format!(
                "name its folder; the workbook in it is called after the input, as {}",
                inside.display()
            ),
        ));
    }
    if folder.exists() && !folder.is_dir() {
        return Err(in_the_way(folder, "folder"));
    }
    files::create_folder(folder).map_err(of_file)?;
    // A folder that looks writable may be on a medium that is not.
    let tried = files::unfinished(folder).map_err(FileError::on("write to", folder));
    tried.map_err(of_file)?;
    inputs
        .iter()
        .try_for_each(|input| check_target(&target(folder, input, shape)))
}

/// Where the copy of an input's workbook goes, or that of its first table in the shape that was asked for in its place.
pub fn target(folder: &Path, input: &Input, shape: Option<&str>) -> PathBuf {
    let name = crate::settings::paths::normalized_name(&name_of(&input.path));
    in_shape(&folder.join(&input.below).join(name), shape)
}

/// The file of the first table beside a workbook in this shape; without one the workbook.
pub fn in_shape(workbook: &Path, shape: Option<&str>) -> PathBuf {
    shape.map_or_else(
        || workbook.to_owned(),
        |shape| workbook.with_extension(shape),
    )
}

/// The other files that a run may have beside its workbook, in the folder where that is: the painted copy of the input, and
/// the workbook of the rows that are quarantined.
pub fn beside(workbook: &Path, input_name: &str) -> [PathBuf; 2] {
    let folder = workbook.parent().unwrap_or(Path::new(""));
    [
        painting::place_of_copy(Path::new(input_name), folder),
        folder.join(crate::settings::paths::quarantine_name(input_name)),
    ]
}

/// Copies a file to the output directory; a file that is there is replaced whole or not at all.
///
/// # Errors
/// It cannot be written.
pub(crate) fn copy(workbook: &Path, to: &Path) -> Result<(), Error> {
    check_target(to)?;
    if let Some(folder) = to.parent() {
        files::create_folder(folder).map_err(of_file)?;
    }
    files::copy_whole(workbook, to).map_err(of_file)
}

/// Whether two files are there with the same bytes.
pub(crate) fn are_equal(one: &Path, other: &Path) -> bool {
    let facts = |path: &Path| digest::of_file(path).ok();
    let length = |path: &Path| path.metadata().ok().map(|found| found.len());
    length(one) == length(other) && facts(one).is_some_and(|one| facts(other) == Some(one))
}

/// The files in which a run has written its tables in another shape beside its workbook: `<stem>_normalized.csv`,
/// `<stem>_normalized_North_2.csv`. Links are none.
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

/// Whether a file beside a workbook is called as one of its tables in another shape is.
pub fn is_shape(workbook: &Path, shape: &str, path: &Path) -> bool {
    let stem = workbook.file_stem().unwrap_or_default().to_string_lossy();
    let name = name_of(path);
    let rest = name.strip_prefix(&*stem).unwrap_or_default();
    (rest.starts_with('.') || rest.starts_with('_'))
        // Another input may be called like a table of this one.
        && !rest.ends_with(&format!("_normalized.{shape}"))
        && path.extension().is_some_and(|extension| extension == shape)
}

/// What became of a file that was where the workbook of a run would have been put, if that run had been accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// It was the copy of an earlier run, and has another name now.
    Stale {
        /// Where it was.
        from: PathBuf,
        /// Where it is.
        to: PathBuf,
    },
    /// It stays, although it is no result of this run.
    Left {
        /// Where it is.
        path: PathBuf,
        /// Why it has not been renamed.
        reason: String,
    },
}

/// Renames the copy of an earlier run, so that it does not look like the result of a run that has none. `None`: there is no
/// file.
pub(crate) fn mark_stale(store: &Store, path: &Path) -> Option<Earlier> {
    let real = path.canonicalize().ok().filter(|real| real.is_file())?;
    let left = |reason: String| {
        Some(Earlier::Left {
            path: path.to_owned(),
            reason,
        })
    };
    match store.is_copy(&real) {
        Ok(true) => {}
        Ok(false) => return left("no run on record has written it".to_owned()),
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
    Some(Earlier::Stale {
        from: path.to_owned(),
        to,
    })
}

/// Deletes what [`mark_stale`] has made of an earlier copy: there is a new one. Where that fails, the file stays.
pub(crate) fn forget_stale(store: &Store, copy: &Path) {
    let stale = stale(copy);
    if !stale.is_file() || !store.is_copy(&stale).unwrap_or(false) {
        return;
    }
    if std::fs::remove_file(&stale).is_ok() {
        // Nothing is on record there: what is put there from now on is not a copy.
        let _ = store.move_copy(&stale, copy);
    }
}

fn stale(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(STALE);
    path.with_file_name(name)
}

/// Makes sure that nothing but a file that may be replaced is in the way of a copy.
///
/// # Errors
/// Something is.
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
