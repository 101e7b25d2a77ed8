//! The options of a collection, and its report.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::fate::Judged;
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::settings::Settings;
use crate::system::machine::Files;

/// What to collect.
#[derive(Clone, Debug)]
pub struct CollectOptions {
    /// Environments not used for this long are cold: they may be deleted. `None`: none is.
    pub env_ttl: Option<Duration>,
    /// Files of runs that ended longer ago than this are deleted; `None`: all are kept.
    pub run_artifact_ttl: Option<Duration>,
    /// Records of runs that ended longer ago than this, and have no files any more, are deleted; `None`: all are kept.
    pub run_record_ttl: Option<Duration>,
    /// Also cold environments of configurations in use whose digest is no longer the current one.
    pub superseded: bool,
    /// Report what would be deleted, and delete nothing.
    pub dry_run: bool,
    /// Leftovers of interrupted work are deleted when they are this old: a process may be about to record them.
    pub leftover_ttl: Duration,
    /// Collect although there was a gap, or a jump of the clock, less than a day ago.
    pub trust_clock: bool,
}

/// Why a folder is kept, or a leftover deleted: no record names it.
pub const UNKNOWN: &str = "not in the database";

/// How old leftovers are before they are deleted.
const LEFTOVER_TTL: Duration = Duration::from_secs(3600);

impl CollectOptions {
    /// The options of the settings.
    pub fn of_settings(settings: &Settings) -> Self {
        Self {
            env_ttl: settings.worker.env_ttl,
            run_artifact_ttl: settings.worker.run_artifact_ttl,
            run_record_ttl: settings.worker.run_record_ttl,
            superseded: false,
            dry_run: false,
            leftover_ttl: LEFTOVER_TTL,
            trust_clock: false,
        }
    }
}

/// Something that was removed, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct Removed {
    /// `environment`, `run` (its files), `record` (of a run), `snapshot`, `process`, `leftover`, `object` (of the object store);
    /// and what goes when it is asked for: `configuration`, `version`, `draft`, `pause`, `workspace`, `left_out` (files of batches).
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
    /// Environments, runs with files, and folders that were kept, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What could not be deleted, with the reason.
    #[serde(serialize_with = "as_texts")]
    pub failed: Vec<NotDeleted>,
    /// The sum of what was freed.
    pub bytes_freed: u64,
    /// Nothing is collected before this time, because there was a gap, or a jump of the clock.
    pub collects_from: Option<Timestamp>,
    /// Every environment, with what was decided of it. Not in the report as commands print it, which counts them by reason.
    #[serde(skip)]
    pub judged: Vec<Judged>,
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

impl From<FileError> for NotDeleted {
    fn from(error: FileError) -> Self {
        Self(error)
    }
}

impl Problem for NotDeleted {
    fn facts(&self) -> Facts {
        self.0.facts().under(Kind::Refused, code::OUTPUT_UNWRITABLE)
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

    /// Counts something that is kept.
    pub(super) fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    pub(super) fn add(&mut self, removed: Removed) {
        self.bytes_freed += removed.bytes;
        self.removed.push(removed);
    }
}

/// Deletes a folder; a failure is added to the report. One that is gone already is none.
pub(super) fn delete(files: &dyn Files, path: &Path, report: &mut Report) {
    match files.remove_tree(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            report.failed.push(NotDeleted::of(path, error));
        }
        _ => {}
    }
}
