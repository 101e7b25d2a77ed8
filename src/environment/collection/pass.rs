//! The state of a collection pass, and its report.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::rule::{Ages, CollectOptions, JudgedEnvironment};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::problem::{Error, ProblemKind, code};
use crate::system::machine::FileSystem;
use crate::workspace::Workspace;

/// A pass of a collection.
pub(super) struct Pass<'a> {
    pub workspace: &'a Workspace,
    pub options: &'a CollectOptions,
    pub ages: &'a Ages,
    pub cancel: &'a Cancel,
}

impl Pass<'_> {
    /// Returns whether nothing more may be deleted: the pass was cancelled, or the clock has jumped.
    pub fn is_stopped(&self) -> bool {
        self.cancel.is_cancelled() || !self.ages.hold(&*self.workspace.machine)
    }

    /// Returns whether a file, or everything directly in a folder, has not changed lately. If a process still works there,
    /// something has changed.
    pub fn is_leftover(&self, path: &Path) -> bool {
        let found = self.workspace.files().find(path);
        let changed = found.map_or(self.workspace.machine.now(), |found| found.modified);
        self.ages.is_older(changed, self.options.leftover_ttl)
    }
}

/// The reason why a folder is kept, or a leftover deleted: no record refers to it.
pub const UNKNOWN: &str = "not in the database";

/// Something that was removed, or that a dry run would remove.
#[derive(Clone, Debug, Serialize)]
pub struct RemovedItem {
    /// The kind: `environment`, `run` (its files), `record` (of a run), `snapshot`, `process`, `leftover`, `object` (of the
    /// object store). Deletions on request also have `configuration`, `version`, `draft`, `pause`, `workspace`, `left_out`
    /// (files of batches).
    pub kind: &'static str,
    /// Its id, or its path.
    pub id: String,
    /// The configuration's or input's name.
    pub name: String,
    /// The reason for its removal.
    pub reason: &'static str,
    /// The number of bytes that were freed.
    pub bytes: u64,
}

/// The results of a collection, or of a dry run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// True if nothing was deleted; the report lists what would be.
    pub dry_run: bool,
    /// The number of environments, runs and folders examined.
    pub scanned: u64,
    /// The things that were deleted.
    pub removed: Vec<RemovedItem>,
    /// The number of environments, runs with files, and folders that were kept, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// The failed deletions, with the reason.
    #[serde(serialize_with = "as_texts")]
    pub failed: Vec<Error>,
    /// The sum of the freed bytes.
    pub bytes_freed: u64,
    /// The time before which nothing is collected, because of a gap or a jump of the clock.
    pub collects_from: Option<Timestamp>,
    /// Every environment with its verdict. Commands do not print it; their report counts environments by reason.
    #[serde(skip)]
    pub judged: Vec<JudgedEnvironment>,
}

fn as_texts<S: Serializer>(failed: &[Error], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(failed.iter().map(ToString::to_string))
}

impl Report {
    /// Returns whether anything was deleted, or failed to be deleted.
    pub fn deleted_anything(&self) -> bool {
        !self.removed.is_empty() || !self.failed.is_empty()
    }

    /// Counts something that is kept.
    pub(super) fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// Adds a failed deletion. Something that is gone already did not fail.
    pub(super) fn deleted(&mut self, path: &Path, deleted: io::Result<()>) {
        match deleted {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.fail(FileError::on("delete", path)(error));
            }
            _ => {}
        }
    }

    /// Adds the reason why something could not be deleted.
    pub(super) fn fail(&mut self, error: FileError) {
        let error = Error::from_problem(error).under(ProblemKind::Refused, code::OUTPUT_UNWRITABLE);
        self.failed.push(error);
    }

    pub(super) fn add(&mut self, removed: RemovedItem) {
        self.bytes_freed += removed.bytes;
        self.removed.push(removed);
    }
}

/// Deletes a folder, and adds a failure to the report. A folder that is gone already did not fail.
pub(super) fn delete(files: &dyn FileSystem, path: &Path, report: &mut Report) {
    report.deleted(path, files.remove_tree(path));
}
