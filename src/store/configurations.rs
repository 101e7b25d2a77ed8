//! Configurations that a workspace knows: the folders that runs were asked for with.

use std::path::{Path, PathBuf};

use super::Result;
use crate::clock::Timestamp;

/// A configuration that the workspace knows.
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

/// What decides whether a configuration is active.
#[derive(Clone, Debug)]
pub struct ConfigurationActivity {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// Its folder.
    pub path: PathBuf,
    /// Runs of its workspace use it by default.
    pub active: bool,
    /// When a run of it was recorded last.
    pub last_run_at: Option<Timestamp>,
}

/// The configurations that are known.
pub trait Configurations {
    /// The configuration of a folder; recorded on first sight, its name kept current.
    ///
    /// # Errors
    /// The database can't serve.
    fn ensure_configuration(
        &self,
        workspace: &str,
        name: &str,
        path: &Path,
        now: Timestamp,
    ) -> Result<ConfigurationRecord>;

    /// The configuration of a folder, if it is known.
    ///
    /// # Errors
    /// The database can't serve.
    fn configuration_at(&self, workspace: &str, path: &Path)
    -> Result<Option<ConfigurationRecord>>;

    /// What decides whether configurations are active, for those of all workspaces.
    ///
    /// # Errors
    /// The database can't serve.
    fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>>;
}
