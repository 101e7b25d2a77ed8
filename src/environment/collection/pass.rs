//! What a pass of collection goes by.

use std::path::Path;

use super::age::Ages;
use super::report::CollectOptions;
use crate::base::cancel::Cancel;
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
