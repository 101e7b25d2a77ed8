//! The painted copy of a run's input: the sender's own workbook with the run's issues marked in it.
//!
//! It is painted from the input that the run read, even if the sender's file has changed since.

use std::path::{Path, PathBuf};

use super::issues::{NoList, issues_of};
use super::reading::reading_of;
use crate::base::digest;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, ErrorFacts, Problem, ProblemKind, code};
use crate::issues::{Language, ListError};
use crate::painting::{self, IssueMark, PaintRefusal, PaintSummary};
use crate::settings::paths::RunFolder;
use crate::store::RunRecord;
use crate::system::lock::Lock;

/// The reason why there is no painted copy.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// The run has no list of issues.
    #[error(transparent)]
    NoList(#[from] NoList),
    /// The input no longer exists as the run read it.
    #[error("{} of run {id} was deleted or changed since the run read it", input.display())]
    InputGone {
        /// The id of the run.
        id: String,
        /// The input of the run.
        input: PathBuf,
    },
    /// The copy would overwrite the original.
    #[error("{} is the file that run {id} read, and would be overwritten", path.display())]
    OverInput {
        /// The id of the run.
        id: String,
        /// The path of the original.
        path: PathBuf,
    },
    /// The input cannot be painted, or the copy cannot be written.
    #[error(transparent)]
    Refused(#[from] PaintRefusal),
    /// The folder of kept copies cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
}

impl AnnotateError {
    /// Returns the error for a copy whose place the call has named.
    pub fn of_target(self, of: &str) -> Error {
        match self {
            Self::Refused(PaintRefusal::Unwritable(error)) => error.of_target(of),
            other => Error::from_problem(other),
        }
    }

    /// Returns whether the input itself cannot be painted, however often that is tried.
    pub fn is_of_input(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_of_input())
    }
}

impl From<ListError> for AnnotateError {
    fn from(error: ListError) -> Self {
        Self::NoList(error.into())
    }
}

impl Problem for AnnotateError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::NoList(error) => error.facts(),
            Self::InputGone { .. } => {
                ErrorFacts::new(ProblemKind::Usage, code::INPUT_GONE).hint("run the file again")
            }
            Self::OverInput { .. } => ErrorFacts::new(ProblemKind::Usage, code::OUTPUT_UNWRITABLE)
                .hint("choose another file for -o"),
            Self::Refused(error) => error.facts(),
            Self::File(error) => error.facts(),
        }
    }
}

/// Returns the place of a run's painted copy in its folder.
pub fn place_of(run: &RunRecord) -> PathBuf {
    let folder = RunFolder::at(&run.run_dir);
    painting::place_of_copy(Path::new(&run.input_name), &folder.output())
}

/// Returns the painted copy of a run's input. It is made on the first request, and kept in a separate folder, because the
/// run's own output may contain anything. Simultaneous callers wait until it is made.
///
/// # Errors
/// The same as those of [`annotate`]; the folder of kept copies cannot be used.
pub fn kept_copy(run: &RunRecord) -> Result<PathBuf, AnnotateError> {
    // A run without a list keeps no copy, and its folder may be gone.
    issues_of(run)?;
    let folder = RunFolder::at(&run.run_dir).painted();
    files::create_folder(&folder)?;
    let copy = painting::place_of_copy(Path::new(&run.input_name), &folder);
    let _lock = Lock::take(&folder.join(".lock"))?;
    if !copy.is_file() {
        annotate(run, &copy, Language::default())?;
    }
    Ok(copy)
}

/// Writes the painted copy of a run's input in the language of the sender, which appears whole or not at all. Issues that are not
/// for the sender are not in it.
///
/// # Errors
/// The run has no list of issues, its input is gone or has changed, or cannot be painted; the target is the input.
pub fn annotate(
    run: &RunRecord,
    target: &Path,
    language: Language,
) -> Result<PaintSummary, AnnotateError> {
    // This comes before the comparison with the input, because opening a pipe waits for its other end.
    files::demand_no_device(target).map_err(FileError::on("write", target))?;
    if is_input_of(run, target) {
        return Err(AnnotateError::OverInput {
            id: run.id.clone(),
            path: target.to_owned(),
        });
    }
    let marks = issues_of(run)?.in_language(Some(language));
    let marks = marks.map(|issue| issue.map(|issue| IssueMark::from_issue(&issue, language)));
    let marks = marks.collect::<Result<Vec<_>, _>>()?;
    let original = input_as_read(run).ok_or_else(|| AnnotateError::InputGone {
        id: run.id.clone(),
        input: run.input_path.clone(),
    })?;
    let options = reading_of(run).options();
    Ok(painting::paint_read_as(
        &original, &options, &marks, target,
    )?)
}

/// Returns the staged input, or else the sender's file if it is unchanged.
pub fn input_as_read(run: &RunRecord) -> Option<PathBuf> {
    let staged = RunFolder::at(&run.run_dir).staged(&run.input_name);
    let candidates = [staged, run.input_path.clone()];
    candidates.into_iter().find(|path| is_input_of(run, path))
}

/// Returns whether a file is what the run read, byte for byte.
fn is_input_of(run: &RunRecord, path: &Path) -> bool {
    digest::of_file(path).is_ok_and(|(found, _)| found.to_string() == run.input_sha256)
}
