//! Workspaces on either side of async code: one that it carries, and one that a thread which may wait has open. Only the second leads to a
//! database and to files, and no async code can hold it.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::settings::Settings;
use crate::settings::paths::Paths;
use crate::workspace::Workspace;

/// A workspace, as long as the thread that opened it works.
pub struct Opened<'a>(Arc<Workspace>, PhantomData<&'a ()>);

impl std::ops::Deref for Opened<'_> {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.0
    }
}

impl Opened<'_> {
    pub(super) fn new(workspace: &Arc<Workspace>) -> Self {
        Self(Arc::clone(workspace), PhantomData)
    }

    /// The same for async code.
    pub fn carry(&self) -> Carried {
        Carried(Arc::clone(&self.0))
    }
}

/// A workspace that async code holds; [`Blocking::open`](super::Blocking::open) opens it.
#[derive(Clone)]
pub struct Carried(pub(super) Arc<Workspace>);

impl Carried {
    /// The workspace's id.
    pub fn id(&self) -> &str {
        self.0.id()
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where its files are.
    pub fn paths(&self) -> &Paths {
        &self.0.paths
    }

    /// The time by its clock.
    pub fn now(&self) -> Timestamp {
        self.0.machine.now()
    }

    /// A new id.
    pub fn new_id(&self) -> String {
        self.0.machine.new_id()
    }
}
