//! The options of a collection, and its report.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::files::FileError;
use crate::machine::Files;
use crate::problem::{Facts, Kind, Problem, code};
use crate::settings::Settings;

/// What to collect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Environments not used for this long are cold: they may be deleted. `None`: none is.
    pub env_ttl: Option<Duration>,
    /// Files of runs that ended longer ago than this are deleted; `None`: all are kept.
    pub run_artifact_ttl: Option<Duration>,
    /// Also cold environments of active configurations whose digest is no longer the current one.
    pub superseded: bool,
    /// Report what would be deleted, and delete nothing.
    pub dry_run: bool,
}

impl Options {
    /// The options of the settings.
    pub fn of_settings(settings: &Settings) -> Self {
        Self {
            env_ttl: settings.worker.env_ttl,
            run_artifact_ttl: settings.worker.run_artifact_ttl,
            superseded: false,
            dry_run: false,
        }
    }
}

/// Something that was removed, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct Removed {
    /// `environment`, `run`, `leftover`.
    pub kind: &'static str,
    /// Its id, or its path.
    pub id: String,
    /// The configuration's or input's name.
    pub name: String,
    /// Why.
    pub reason: &'static str,
    /// The bytes that were freed.
    pub bytes: u64,
}

/// What a collection did, or would do.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Nothing was deleted; this is what would be.
    pub dry_run: bool,
    /// The number of environments, runs and folders examined.
    pub scanned: u64,
    /// What was deleted.
    pub removed: Vec<Removed>,
    /// Environments, and runs with files, that were kept, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What could not be deleted, with the reason.
    #[serde(serialize_with = "as_texts")]
    pub failed: Vec<NotDeleted>,
    /// The sum of what was freed.
    pub bytes_freed: u64,
}

/// A file or folder that could not be deleted.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NotDeleted(FileError);

impl NotDeleted {
    pub(super) fn of(path: &Path, error: io::Error) -> Self {
        Self(FileError::on("delete", path)(error))
    }
}

impl Problem for NotDeleted {
    fn facts(&self) -> Facts {
        self.0.facts().under(Kind::Refused, code::DELETE_FAILED)
    }
}

fn as_texts<S: Serializer>(failed: &[NotDeleted], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(failed.iter().map(ToString::to_string))
}

impl Report {
    /// Whether anything was deleted or failed to be.
    pub fn deleted_anything(&self) -> bool {
        !self.removed.is_empty() || !self.failed.is_empty()
    }

    pub(super) fn add(&mut self, removed: Removed) {
        self.bytes_freed += removed.bytes;
        self.removed.push(removed);
    }
}

/// Deletes a folder; a failure is added to the report.
pub(super) fn delete(files: &dyn Files, path: &Path, report: &mut Report) {
    if let Err(error) = files.remove_tree(path) {
        report.failed.push(NotDeleted::of(path, error));
    }
}
