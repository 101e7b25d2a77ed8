//! What a pass of collection goes by.

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
}
