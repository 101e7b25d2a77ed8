//! What a pass of collection goes by, and its report.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::rule::{Ages, CollectOptions, Judged};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::problem::{Error, Kind, code};
use crate::system::machine::Files;
use crate::workspace::Workspace;

/// One pass of collection.
pub(super) struct Pass<'a> {
    pub workspace: &'a Workspace,
    pub options: &'a CollectOptions,
    pub ages: &'a Ages,
    pub cancel: &'a Cancel,
}

impl Pass<'_> {
    /// Whether nothing more is to be deleted in it: it was cancelled, or the clock has jumped.
    pub fn is_stopped(&self) -> bool {
        self.cancel.is_cancelled() || !self.ages.hold(&*self.workspace.machine)
    }

    /// Whether nothing directly in a folder, or a file, changed lately: what a process still works at did.
    pub fn is_leftover(&self, path: &Path) -> bool {
        let found = self.workspace.files().find(path);
        let changed = found.map_or(self.workspace.machine.now(), |found| found.modified);
        self.ages.is_older(changed, self.options.leftover_ttl)
    }
}

/// Why a folder is kept, or a leftover deleted: no record names it.
pub const UNKNOWN: &str = "not in the database";

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
    pub failed: Vec<Error>,
    /// The sum of what was freed.
    pub bytes_freed: u64,
    /// Nothing is collected before this time, because there was a gap, or a jump of the clock.
    pub collects_from: Option<Timestamp>,
    /// Every environment, with what was decided of it. Not in the report as commands print it, which counts them by reason.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

fn as_texts<S: Serializer>(failed: &[Error], serializer: S) -> Result<S::Ok, S::Error> {
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

    /// Adds what was to be deleted and could not be. What is gone already is none of it.
    pub(super) fn deleted(&mut self, path: &Path, deleted: io::Result<()>) {
        match deleted {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.fail(FileError::on("delete", path)(error));
            }
            _ => {}
        }
    }

    /// Adds why something could not be deleted.
    pub(super) fn fail(&mut self, error: FileError) {
        let error = Error::of(error).under(Kind::Refused, code::OUTPUT_UNWRITABLE);
        self.failed.push(error);
    }

    pub(super) fn add(&mut self, removed: Removed) {
        self.bytes_freed += removed.bytes;
        self.removed.push(removed);
    }
}

/// Deletes a folder; a failure is added to the report. One that is gone already is none.
pub(super) fn delete(files: &dyn Files, path: &Path, report: &mut Report) {
    report.deleted(path, files.remove_tree(path));
}
