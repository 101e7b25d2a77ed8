//! Errors about folders that cannot be used as a configuration.

use std::path::PathBuf;

use thiserror::Error;

use crate::base::files::FileError;
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code, typed};

/// The reason why a folder cannot be used as a configuration.
#[derive(Debug, Error)]
pub enum ConfigurationError {
    #[error("there is no folder {}", path.display())]
    NotFound { path: PathBuf },
    #[error("{} is not a folder", path.display())]
    NotAFolder { path: PathBuf },
    #[error("{} is not a configuration", path.display())]
    NotAConfiguration {
        path: PathBuf,
        /// The files and folders that were looked for.
        looked_for: Vec<String>,
    },
    #[error("{}:{line}:{column}: {message}", path.display())]
    BadManifest {
        path: PathBuf,
        line: usize,
        column: usize,
        message: String,
    },
    /// A file was edited between being hashed and being copied. The caller starts again.
    #[error("{} changed while it was being copied", path.display())]
    Changed { path: PathBuf },
    /// A file of the configuration, or of its snapshot, cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for ConfigurationError {
    fn facts(&self) -> ErrorFacts {
        let usage = |code| ErrorFacts::new(ProblemKind::Usage, code);
        match self {
            ConfigurationError::NotFound { path } => {
                usage(code::CONFIGURATION_NOT_FOUND).hint(format!(
                    "check the spelling, or create a configuration there with `ade init {}`",
                    typed(path.display())
                ))
            }
            ConfigurationError::NotAFolder { .. } => usage(code::NOT_A_CONFIGURATION)
                .hint("a configuration is a folder; give the folder, not a file in it"),
            ConfigurationError::NotAConfiguration { looked_for, .. } => {
                usage(code::NOT_A_CONFIGURATION).hint(format!(
                    "looked for {}; `ade init DIR` creates a configuration that runs as it is",
                    looked_for.join(", or ")
                ))
            }
            ConfigurationError::BadManifest { .. } => usage(code::MANIFEST_INVALID),
            ConfigurationError::Changed { .. } => usage(code::INPUT_UNREADABLE)
                .hint("try again once the files are no longer being written"),
            ConfigurationError::File(error) => error
                .facts()
                .under(ProblemKind::Usage, code::INPUT_UNREADABLE),
        }
    }
}

become_error!(ConfigurationError);
