//! What is to be collected, and what a collection did.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::machine::Files;
use crate::settings::Settings;

/// What to collect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Environments not used for so long are cold; `None`: none is.
    pub env_ttl: Option<Duration>,
    /// Files of runs that ended longer ago than this go; `None`: they stay.
    pub run_artifact_ttl: Option<Duration>,
    /// Also cold environments of active configurations whose digest is no longer the current one.
    pub superseded: bool,
    /// Say what would go, and delete nothing.
    pub dry_run: bool,
}

impl Options {
    /// What the settings say.
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
    /// What that freed.
    pub bytes: u64,
}

/// What a collection did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Nothing was deleted; this is what would be.
    pub dry_run: bool,
    /// Environments, runs and folders looked at.
    pub scanned: u64,
    /// What went.
    pub removed: Vec<Removed>,
    /// Environments, and runs with files, that stay, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What should have gone and could not, with the reason.
    pub failed: Vec<String>,
    /// The sum of what was freed.
    pub bytes_freed: u64,
}

impl Report {
    /// Whether anything went or should have gone.
    pub fn deleted_anything(&self) -> bool {
        !self.removed.is_empty() || !self.failed.is_empty()
    }

    pub(super) fn add(&mut self, removed: Removed) {
        self.bytes_freed += removed.bytes;
        self.removed.push(removed);
    }
}

/// Deletes a folder; where it cannot, the report says why.
pub(super) fn delete(files: &dyn Files, path: &Path, report: &mut Report) {
    if let Err(error) = files.remove_tree(path) {
        let reason = crate::files::describe(&error);
        report.failed.push(format!("{}: {reason}", path.display()));
    }
}
