//! Why a folder cannot be used as a configuration.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files;
use crate::problem::{Facts, Kind, Problem, code};

/// Why a folder can't be used as a configuration.
#[derive(Debug, Error)]
pub enum ConfigurationError {
    #[error("there is no folder {}", path.display())]
    NotFound { path: PathBuf },
    #[error("{} is not a folder", path.display())]
    NotAFolder { path: PathBuf },
    #[error("{} is not a configuration", path.display())]
    NotAConfiguration {
        path: PathBuf,
        /// What was looked for.
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
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl ConfigurationError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        ConfigurationError::Io {
            path: path.to_owned(),
            source,
        }
    }
}

impl Problem for ConfigurationError {
    fn facts(&self) -> Facts {
        let usage = |code| Facts::new(Kind::Usage, code);
        match self {
            ConfigurationError::NotFound { path } => {
                usage(code::CONFIGURATION_NOT_FOUND).hint(format!(
                    "check the spelling, or create a configuration there with `ade init {}`",
                    path.display()
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
            ConfigurationError::Changed { .. } => usage(code::CONFIGURATION_UNREADABLE)
                .hint("try again once the files are no longer being written"),
            ConfigurationError::Io { source, .. } => {
                let hint = match source.kind() {
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        Some("check that you may read it (and write the data directory)".to_owned())
                    }
                    _ if files::is_disk_full(source) => Some(files::FREE_SPACE.to_owned()),
                    _ => None,
                };
                usage(code::CONFIGURATION_UNREADABLE).maybe_hint(hint)
            }
        }
    }
}
