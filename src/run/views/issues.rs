//! The list of issues of a run, for everything that shows it.

use crate::base::problem::{Facts, Kind, Problem, code};
use crate::issues::{List, ListError};
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, RunStatus};

/// A run has no list to show.
#[derive(Debug, thiserror::Error)]
pub enum NoList {
    /// It has not ended.
    #[error("run {id} is {}; its issues are known when it ends", status.as_str())]
    NotEnded {
        /// The run.
        id: String,
        /// What it is.
        status: RunStatus,
    },
    /// Its files were deleted.
    #[error("the files of run {id} were deleted, its list of issues among them")]
    Gone {
        /// The run.
        id: String,
    },
    /// It did not succeed, so it has no output.
    #[error("run {id} {} and has no list of issues", status.as_str())]
    NoOutput {
        /// The run.
        id: String,
        /// What it is.
        status: RunStatus,
    },
    /// Its configuration does not ask for one.
    #[error("run {id} has no list of issues: the configuration does not ask for one")]
    NotAskedFor {
        /// The run.
        id: String,
    },
    /// The list cannot be read.
    #[error(transparent)]
    List(#[from] ListError),
}

impl Problem for NoList {
    fn facts(&self) -> Facts {
        let usage = |code| Facts::new(Kind::Usage, code);
        match self {
            Self::NotEnded { id, .. } => {
                usage(code::RUN_NOT_ENDED).hint(format!("`ade logs tail {id}` follows it"))
            }
            Self::Gone { .. } => usage(code::INPUT_GONE).hint("run the file again"),
            Self::NoOutput { id, .. } => {
                usage(code::NO_ISSUE_LIST).hint(format!("`ade runs show {id}` says why"))
            }
            Self::NotAskedFor { .. } => usage(code::NO_ISSUE_LIST)
                .hint("set `issue_list = true` in its settings.toml and run the file again"),
            Self::List(error) => error.facts(),
        }
    }
}

/// Opens the list of a run.
///
/// # Errors
/// The run has not ended, has no list, or the list cannot be read.
pub fn issues_of(run: &RunRecord) -> Result<List, NoList> {
    let (id, status) = (run.id.clone(), run.status);
    if !status.is_terminal() {
        return Err(NoList::NotEnded { id, status });
    }
    if run.artifacts_deleted_at.is_some() {
        return Err(NoList::Gone { id });
    }
    if run.output_path.is_none() {
        return Err(NoList::NoOutput { id, status });
    }
    match List::open(&RunFolder::at(&run.run_dir).issues(&run.input_name)) {
        Err(ListError::Missing { .. }) if !run.run_dir.is_dir() => Err(NoList::Gone { id }),
        Err(ListError::Missing { .. }) => Err(NoList::NotAskedFor { id }),
        opened => Ok(opened?),
    }
}

/// The setting that would put them into the normalized workbook, beside its rows; none where the configuration's
/// settings.toml asks for that already.
pub fn setting_for_workbook(run: &RunRecord) -> Option<&'static str> {
    let settings = std::fs::read_to_string(run.snapshot.join("settings.toml")).unwrap_or_default();
    missing_in(&settings.parse::<toml::Table>().unwrap_or_default())
}

fn missing_in(settings: &toml::Table) -> Option<&'static str> {
    let flag = |name: &str| settings.get(name).and_then(toml::Value::as_bool);
    let is_table = settings.get("output_style").and_then(toml::Value::as_str) == Some("table");
    if flag("write_diagnostics_columns") == Some(true) {
        None
    } else if !is_table {
        Some("write_diagnostics_columns")
    } else if flag("issue_columns") == Some(false) {
        Some("issue_columns")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::missing_in;

    #[test]
    fn what_puts_issues_into_the_workbook() {
        for (settings, missing) in [
            ("", Some("write_diagnostics_columns")),
            (
                "write_diagnostics_columns = false",
                Some("write_diagnostics_columns"),
            ),
            ("issue_columns = true", Some("write_diagnostics_columns")),
            (
                "output_style = \"plain\"",
                Some("write_diagnostics_columns"),
            ),
            (
                "output_style = \"table\"\nissue_columns = false",
                Some("issue_columns"),
            ),
            ("write_diagnostics_columns = true", None),
            ("output_style = \"table\"", None),
            ("output_style = \"table\"\nissue_columns = true", None),
            (
                "output_style = \"table\"\nissue_columns = false\nwrite_diagnostics_columns = true",
                None,
            ),
        ] {
            assert_eq!(
                missing_in(&settings.parse().unwrap()),
                missing,
                "{settings}"
            );
        }
    }
}
