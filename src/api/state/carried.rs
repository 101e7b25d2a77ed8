//! Workspaces on both sides of async code: [`WorkspaceHandle`] for async code to hold, and [`OpenWorkspace`] for a thread that may block. Only
//! the second gives access to the database and to files, and async code cannot hold it.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::settings::Settings;
use crate::settings::paths::Paths;
use crate::workspace::Workspace;

/// A workspace that is open as long as its thread works.
pub struct OpenWorkspace<'a>(Arc<Workspace>, PhantomData<&'a ()>);

impl std::ops::Deref for OpenWorkspace<'_> {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.0
    }
}

impl OpenWorkspace<'_> {
    pub(super) fn new(workspace: &Arc<Workspace>) -> Self {
        Self(Arc::clone(workspace), PhantomData)
    }

    /// Returns the workspace for async code.
    pub fn carry(&self) -> WorkspaceHandle {
        WorkspaceHandle(Arc::clone(&self.0))
    }
}

/// A workspace that async code holds; [`Blocking::open`](super::Blocking::open) opens it.
#[derive(Clone)]
pub struct WorkspaceHandle(pub(super) Arc<Workspace>);

impl WorkspaceHandle {
    /// Returns the id of the workspace.
    pub fn id(&self) -> &str {
        self.0.id()
    }

    /// Returns the settings of the workspace.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Returns the paths of its files.
    pub fn paths(&self) -> &Paths {
        &self.0.paths
    }

    /// Returns the time of its clock.
    pub fn now(&self) -> Timestamp {
        self.0.machine.now()
    }

    /// Returns a new unique id.
    pub fn new_id(&self) -> String {
        self.0.machine.new_id()
    }
}
