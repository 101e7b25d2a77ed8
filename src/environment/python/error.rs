//! Why no Python can be used, and how that follows from the candidates that were rejected.

use std::path::PathBuf;

use thiserror::Error;

use super::version::OLDEST;
use crate::base::problem::{Facts, Kind, Problem, become_error, code};

/// Why no Python can be used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PythonError {
    #[error("no Python was found")]
    NotFound { searched: Vec<String> },
    #[error("Python is too old: found {}, and {needs} is needed", list(found))]
    TooOld {
        found: Vec<(PathBuf, String)>,
        needs: String,
    },
    #[error(
        "no Python fits `requires-python = \"{requires}\"`: found {}",
        list(found)
    )]
    Unsuitable {
        requires: String,
        found: Vec<(PathBuf, String)>,
    },
    /// The Python that the user named, or the only one, cannot be used.
    #[error("{} can't be used: {reason}", executable.display())]
    Unusable { executable: PathBuf, reason: String },
}

impl Problem for PythonError {
    fn facts(&self) -> Facts {
        Facts::new(Kind::Environment, code::PYTHON_UNSUITABLE).hint(match self {
            PythonError::NotFound { searched } => format!(
                "install Python 3.10 or later, or name one with ADE_PYTHON; looked for {}",
                searched.join(", ")
            ),
            PythonError::TooOld { needs, .. } => {
                format!("install Python {needs} or later, or name one with ADE_PYTHON")
            }
            PythonError::Unsuitable { .. } => {
                "install a Python that fits, or name one with ADE_PYTHON, or widen requires-python in pyproject.toml"
                    .to_owned()
            }
            PythonError::Unusable { .. } => "name another one with ADE_PYTHON".to_owned(),
        })
    }
}

become_error!(PythonError);

fn list(found: &[(PathBuf, String)]) -> String {
    let entries: Vec<String> = found
        .iter()
        .map(|(path, version)| format!("{version} ({})", path.display()))
        .collect();
    entries.join(", ")
}

/// Why one candidate was rejected.
#[derive(Clone, Debug)]
pub(super) enum Reason {
    TooOld { version: String },
    DoesNotFit { version: String },
    Unusable { reason: String },
}

/// The candidates that were rejected.
#[derive(Default)]
pub(super) struct Rejected(Vec<(PathBuf, Reason)>);

impl Rejected {
    pub fn add(&mut self, candidate: PathBuf, reason: Reason) {
        self.0.push((candidate, reason));
    }

    /// The most useful error: a Python of the wrong version is reported before one that does not start.
    pub fn into_error(self, requires: Option<&str>, searched: Vec<String>) -> PythonError {
        let mut too_old = Vec::new();
        let mut unfit = Vec::new();
        let mut unusable = None;
        for (path, reason) in self.0 {
            match reason {
                Reason::TooOld { version } => too_old.push((path, version)),
                Reason::DoesNotFit { version } => unfit.push((path, version)),
                Reason::Unusable { reason } => unusable = unusable.or(Some((path, reason))),
            }
        }
        if !unfit.is_empty() {
            return PythonError::Unsuitable {
                requires: requires.unwrap_or_default().to_owned(),
                found: unfit,
            };
        }
        if !too_old.is_empty() {
            return PythonError::TooOld {
                found: too_old,
                needs: format!("{}.{}", OLDEST.0, OLDEST.1),
            };
        }
        match unusable {
            Some((executable, reason)) => PythonError::Unusable { executable, reason },
            None => PythonError::NotFound { searched },
        }
    }
}
