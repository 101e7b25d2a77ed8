//! Opens the list of issues of a run, for everything that shows it.

use crate::base::problem::{ErrorFacts, Problem, ProblemKind, code};
use crate::issues::{IssueReader, ListError};
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, RunStatus};

/// The reason why a run has no list of issues.
#[derive(Debug, thiserror::Error)]
pub enum NoList {
    /// The run has not ended.
    #[error("run {id} is {}; its issues are known when it ends", status.as_str())]
    NotEnded {
        /// The id of the run.
        id: String,
        /// The status of the run.
        status: RunStatus,
    },
    /// The files of the run were deleted.
    #[error("the files of run {id} were deleted, including its list of issues")]
    Gone {
        /// The id of the run.
        id: String,
    },
    /// The run only checked that its configuration can be used.
    #[error("run {id} read no file: it ran with `--validate-only`")]
    NothingRead {
        /// The id of the run.
        id: String,
    },
    /// The run did not succeed, so it has no output.
    #[error("run {id} {} and has no list of issues", status.as_str())]
    NoOutput {
        /// The id of the run.
        id: String,
        /// The status of the run.
        status: RunStatus,
    },
    /// The configuration of the run is older than edition 2026.
    #[error("run {id} has no list of issues: its configuration is older than edition 2026")]
    NotAskedFor {
        /// The id of the run.
        id: String,
    },
    /// The list cannot be read.
    #[error(transparent)]
    List(#[from] ListError),
}

impl Problem for NoList {
    fn facts(&self) -> ErrorFacts {
        let usage = |code| ErrorFacts::new(ProblemKind::Usage, code);
        match self {
            Self::NotEnded { id, .. } => {
                usage(code::RUN_NOT_ENDED).hint(format!("`ade logs tail {id}` follows it"))
            }
            Self::Gone { .. } => usage(code::INPUT_GONE).hint("run the file again"),
            Self::NoOutput { id, .. } => {
                usage(code::NO_ISSUE_LIST).hint(format!("`ade runs show {id}` says why"))
            }
            Self::NothingRead { .. } => usage(code::NO_ISSUE_LIST).hint("run the file"),
            Self::NotAskedFor { .. } => usage(code::NO_ISSUE_LIST)
                .hint("set `edition = \"2026\"` in its settings.toml and run the file again"),
            Self::List(error) => error.facts(),
        }
    }
}

/// Opens the list of issues of a run.
///
/// # Errors
/// The run has not ended, has no list, or the list cannot be read.
pub fn issues_of(run: &RunRecord) -> Result<IssueReader, NoList> {
    let (id, status) = (run.id.clone(), run.status);
    if !status.is_terminal() {
        return Err(NoList::NotEnded { id, status });
    }
    if run.artifacts_deleted_at.is_some() {
        return Err(NoList::Gone { id });
    }
    if run.options.validate_only && status == RunStatus::Succeeded {
        return Err(NoList::NothingRead { id });
    }
    if run.output_path.is_none() {
        return Err(NoList::NoOutput { id, status });
    }
    match IssueReader::open(&RunFolder::at(&run.run_dir).issues(&run.input_name)) {
        Err(ListError::Missing { .. }) if !run.run_dir.is_dir() => Err(NoList::Gone { id }),
        Err(ListError::Missing { .. }) => Err(NoList::NotAskedFor { id }),
        opened => Ok(opened?),
    }
}
