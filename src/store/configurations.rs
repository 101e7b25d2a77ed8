//! The configurations of a workspace: the folders of its runs and environments.

use std::path::{Path, PathBuf};

use super::Result;
use crate::clock::Timestamp;

/// A configuration that is recorded in the workspace, or is to be.
#[derive(Clone, Debug)]
pub struct ConfigurationRecord {
    /// UUIDv7.
    pub id: String,
    /// The workspace.
    pub workspace_id: String,
    /// Its project's name.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
}

/// The facts that decide whether a configuration is active.
#[derive(Clone, Debug)]
pub struct ConfigurationActivity {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// Its folder.
    pub path: PathBuf,
    /// Whether runs of its workspace use it by default.
    pub active: bool,
    /// When a run of it was last recorded.
    pub last_run_at: Option<Timestamp>,
}

/// The configurations in the store.
pub trait Configurations {
    /// Returns the configuration of the folder of `new`. Records `new` where the folder is not recorded yet; where it is, it
    /// keeps its id, and its name is updated.
    ///
    /// # Errors
    /// The database cannot be used.
    fn ensure_configuration(
        &self,
        new: &ConfigurationRecord,
        now: Timestamp,
    ) -> Result<ConfigurationRecord>;

    /// Returns the configuration of a folder, if it is recorded.
    ///
    /// # Errors
    /// The database cannot be used.
    fn configuration_at(&self, workspace: &str, path: &Path)
    -> Result<Option<ConfigurationRecord>>;

    /// Returns the facts that decide whether configurations are active, for those of all workspaces.
    ///
    /// # Errors
    /// The database cannot be used.
    fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>>;
}
