//! Why settings cannot be used as they were given.

use std::path::PathBuf;

use super::source::SettingSource;
use crate::base::problem::{Facts, Kind, Problem, code};

/// A setting cannot be used as it was given.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value does not parse.
    #[error("{}: {name} = {value:?} is {problem}", given_by)]
    BadValue {
        /// The setting, as it was written.
        name: String,
        /// The value, as it was written.
        value: String,
        /// What is wrong with it: `not a whole number`.
        problem: String,
        /// Where it was given.
        given_by: Box<SettingSource>,
    },
    /// A key of `ade.toml` that no setting has.
    #[error("{}:{line}: unknown setting {key:?}", path.display())]
    UnknownKey {
        /// The key.
        key: String,
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// A setting whose key looks alike.
        similar: Option<String>,
    },
    /// No setting has this name.
    #[error("there is no setting {name:?}")]
    UnknownName {
        /// As it was given.
        name: String,
        /// A setting whose key looks alike.
        similar: Option<String>,
    },
    /// `ade.toml` is not TOML.
    #[error("{}:{line}: {message}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// `ade.toml` cannot be read.
    #[error(transparent)]
    Unreadable(#[from] crate::base::files::FileError),
    /// A name and its alias are both set, to different values.
    #[error("{name} and {alias} are both set, to different values")]
    Conflict {
        /// The setting's name.
        name: &'static str,
        /// Its other name.
        alias: &'static str,
    },
}

impl Problem for SettingsError {
    fn facts(&self) -> Facts {
        let facts = Facts::new(Kind::Usage, code::SETTINGS_INVALID);
        match self {
            Self::UnknownKey {
                similar: Some(similar),
                ..
            }
            | Self::UnknownName {
                similar: Some(similar),
                ..
            } => facts.hint(format!(
                "did you mean {similar:?}? `ade settings` lists them all"
            )),
            Self::UnknownKey { .. } => facts.hint("`ade settings` lists them all"),
            Self::UnknownName { .. } => facts
                .hint("`ade settings` lists them all, `ade settings --engine` those of the engine"),
            Self::Conflict { name, .. } => facts.hint(format!("keep {name} alone")),
            Self::BadValue { .. } => facts.hint("`ade settings` explains each setting"),
            Self::Unreadable(error) => error.facts().under(facts.kind, facts.code),
            Self::BadFile { .. } => facts,
        }
    }
}
