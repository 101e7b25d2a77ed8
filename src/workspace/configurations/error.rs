//! Why a configuration of a workspace cannot be changed, published or found.

use std::path::Path;

use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::configuration::ConfigurationError;
use crate::store::StoreError;

/// A configuration of a workspace cannot be changed, published or found.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationsError {
    /// It is a folder that was run, which ADE does not write to.
    #[error("configuration {name:?} was not uploaded: its files are a folder of their own")]
    NotUploaded {
        /// Its name.
        name: String,
    },
    /// It has no active version that runs could use.
    #[error("no version of configuration {name:?} is active")]
    NotPublished {
        /// Its name.
        name: String,
    },
    /// Its files are those of the version that runs use.
    #[error("version {version} of configuration {name:?} has these files already")]
    NothingToPublish {
        /// Its name.
        name: String,
        /// The version.
        version: u32,
    },
    /// No version of this number was published.
    #[error("configuration {name:?} has no version {version}")]
    NoVersion {
        /// The configuration's name.
        name: String,
        /// The number as it was given.
        version: u32,
    },
    /// A draft, or a file of it, is not as the writer knows it.
    #[error("{what} was changed since you read it")]
    Stale {
        /// What: `the file "a.py"`.
        what: String,
    },
    /// The writer does not say which content is replaced.
    #[error("{what} is there already, and the request does not say which content it replaces")]
    Unconditional {
        /// What: `the file "a.py"`.
        what: String,
    },
    /// The files are no configuration, or one that cannot be used.
    #[error("{message}")]
    Unusable {
        /// What is wrong, with paths relative to the configuration.
        message: String,
        /// The code and the hint of that.
        facts: Facts,
    },
    /// The archive cannot be unpacked as a configuration.
    #[error("the archive cannot be used: {why}")]
    Archive {
        /// What is wrong, with the entry.
        why: String,
    },
    /// A file's name leads elsewhere, or cannot be one.
    #[error("{path:?} cannot be the path of a file in a configuration: {why}")]
    BadPath {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The name is none that people could use.
    #[error("a configuration needs a name of 1 to 100 characters")]
    BadName,
    /// The draft, the folder or the version has no such file.
    #[error("there is no file {path:?}")]
    NoFile {
        /// The path as it was given.
        path: String,
    },
    /// A file or a draft would be larger than is allowed.
    #[error("{what} has more than {limit}")]
    TooLarge {
        /// What: `the file`.
        what: &'static str,
        /// The limit, with its unit.
        limit: String,
    },
    /// No configuration of the workspace has this id, name or folder.
    #[error("the workspace knows no configuration {given:?}")]
    NotFound {
        /// As it was given.
        given: String,
    },
    /// Several configurations fit.
    #[error("{given:?} could be any of {count} configurations")]
    Ambiguous {
        /// As it was given.
        given: String,
        /// How many.
        count: usize,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ConfigurationsError {
    /// What is wrong with the configuration in `folder`, told without where that is on this machine.
    pub(super) fn unusable(error: &ConfigurationError, folder: &Path) -> Self {
        let shown = folder.display().to_string();
        let relative = |text: &str| {
            let inside = text.replace(&format!("{shown}/"), "");
            inside.replace(&shown, "the configuration's folder")
        };
        let mut facts = error.facts();
        facts.hint = facts.hint.map(|hint| relative(&hint));
        if let ConfigurationError::NotFound { .. } = error {
            facts.code = code::NOT_A_CONFIGURATION;
            facts.hint = None;
        }
        Self::Unusable {
            message: relative(&error.to_string()),
            facts,
        }
    }

    pub(super) fn archive(why: impl Into<String>) -> Self {
        Self::Archive { why: why.into() }
    }
}

impl Problem for ConfigurationsError {
    fn facts(&self) -> Facts {
        let usage = |code| Facts::new(Kind::Usage, code);
        match self {
            Self::NotUploaded { .. } => usage(code::NOT_UPLOADED)
                .hint("edit the files in their folder; publishing freezes them as they are"),
            Self::NotPublished { .. } => usage(code::NOT_PUBLISHED).hint("publish it, or activate a version that was published"),
            Self::NothingToPublish { .. } => usage(code::NOTHING_TO_PUBLISH)
                .hint("change a file first"),
            Self::Unusable { facts, .. } => facts.clone(),
            Self::Archive { .. } => usage(code::ARCHIVE_INVALID)
                .hint("pack the configuration's folder as .zip or .tar.gz, files and folders only"),
            Self::BadPath { .. } | Self::BadName => usage(code::BAD_NAME),
            Self::NoVersion { .. } => usage(code::NOT_FOUND)
                .hint("`ade configs show`, or the route `versions`, lists those that there are"),
            Self::Stale { .. } => usage(code::PRECONDITION_FAILED)
                .hint("read it again, and send your change with its new ETag in `If-Match`"),
            Self::Unconditional { .. } => usage(code::PRECONDITION_REQUIRED)
                .hint("send the ETag that you read in `If-Match`, or `If-Match: *` to replace whatever is there"),
            Self::NoFile { .. } => usage(code::NOT_FOUND),
            Self::TooLarge { .. } => usage(code::TOO_LARGE),
            Self::NotFound { .. } => usage(code::CONFIGURATION_NOT_FOUND)
                .hint("`ade configs ls` lists those that the workspace knows"),
            Self::Ambiguous { .. } => usage(code::AMBIGUOUS_ID)
                .hint("give the whole id; `ade configs ls --json` shows it"),
            Self::File(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}
