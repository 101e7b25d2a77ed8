//! Errors about changing, publishing or finding a configuration of a workspace.

use std::path::Path;

use crate::base::problem::{Error, Problem, code};
use crate::configuration::ConfigurationError;

/// Returns an error about the configuration in `folder`, without the path of the folder on this machine.
pub(super) fn unusable(error: &ConfigurationError, folder: &Path) -> Error {
    let shown = folder.display().to_string();
    let relative = |text: &str| {
        let inside = text.replace(&format!("{shown}/"), "");
        inside.replace(&shown, "the configuration's folder")
    };
    let mut facts = error.facts();
    facts.hint = facts.hint.as_deref().map(relative);
    if let ConfigurationError::NotFound { .. } = error {
        facts.code = code::NOT_A_CONFIGURATION;
        facts.hint = None;
        return Error::with(facts, "the configuration's folder is gone");
    }
    Error::with(facts, relative(&error.to_string()))
}

/// Returns the error that an archive cannot be unpacked as a configuration.
pub(super) fn archive(why: impl std::fmt::Display) -> Error {
    let message = format!("the archive cannot be used: {why}");
    Error::usage(code::ARCHIVE_INVALID, message)
        .hint("pack the configuration's folder as .zip or .tar.gz, files and folders only")
}

/// Returns the error that a path leads elsewhere or is not valid.
pub(super) fn bad_path(path: &str, why: &str) -> Error {
    let message = format!("{path:?} cannot be the path of a file in a configuration: {why}");
    Error::usage(code::BAD_NAME, message)
}

/// Returns the error for an unusable name.
pub(super) fn bad_name() -> Error {
    let message = "a name must be one line of 1 to 100 characters";
    Error::usage(code::BAD_NAME, message)
}

/// Returns the error that a file or draft would be too large. `limit` includes the unit.
pub(super) fn too_large(what: &str, limit: impl std::fmt::Display) -> Error {
    Error::usage(code::TOO_LARGE, format!("{what} has more than {limit}"))
}
