//! The configurations of a workspace: the folders of its runs and environments.

use std::path::{Path, PathBuf};

use super::Result;
use crate::base::clock::Timestamp;

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

/// The facts that decide whether a configuration is in use.
#[derive(Clone, Debug)]
pub struct ConfigurationActivity {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// Its folder.
    pub path: PathBuf,
    /// Whether it is its workspace's default: runs that name no configuration use it.
    pub is_default: bool,
    /// When a run of it was last recorded.
    pub last_run_at: Option<Timestamp>,
}

/// A configuration with all that is recorded of it.
#[derive(Clone, Debug)]
pub struct KnownConfiguration {
    /// Id, workspace, name and folder.
    pub record: ConfigurationRecord,
    /// Whether it was uploaded: its folder is ADE's own, and runs use its published version.
    pub uploaded: bool,
    /// Whether it is its workspace's default: runs that name no configuration use it. A workspace has at most one.
    pub is_default: bool,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its record was last changed.
    pub updated_at: Timestamp,
    /// When a run of it was last recorded.
    pub last_run_at: Option<Timestamp>,
    /// No more runs of it are executed at once; `None`: any number.
    pub max_concurrency: Option<u32>,
    /// The published version that runs use.
    pub version: Option<ConfigurationVersion>,
}

/// A published version of a configuration: files that never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationVersion {
    /// From 1.
    pub version: u32,
    /// The digest of its files.
    pub source_digest: String,
    /// The read-only copy of them.
    pub snapshot: PathBuf,
    /// Whether runs use it; otherwise it is archived.
    pub active: bool,
    /// When it was published.
    pub published_at: Timestamp,
}

/// What became of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// This version is active now, and the former one is archived.
    Published(ConfigurationVersion),
    /// This version is active already, and has the same files.
    Unchanged(ConfigurationVersion),
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRecord {
    /// Its id, which a person chose.
    pub id: String,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// The workspaces and their configurations in the store.
pub trait Configurations {
    /// Returns all workspaces, by id.
    fn workspaces(&self) -> Result<Vec<WorkspaceRecord>>;

    /// Records a workspace, unless it is recorded already. Returns it, and whether it is new.
    fn add_workspace(&self, id: &str, now: Timestamp) -> Result<(WorkspaceRecord, bool)>;

    /// Returns a workspace's configurations, the default first, then by name.
    fn configurations(&self, workspace: &str) -> Result<Vec<KnownConfiguration>>;

    /// Returns the configuration with this whole id, of whatever workspace.
    ///
    /// # Errors
    /// There is none, or the database cannot be used.
    fn configuration(&self, id: &str) -> Result<KnownConfiguration>;

    /// Records a configuration that was uploaded; its folder is ADE's own.
    fn add_uploaded_configuration(&self, new: &ConfigurationRecord, now: Timestamp) -> Result<()>;

    /// Makes a configuration its workspace's default, in place of the former one; or ends that.
    ///
    /// # Errors
    /// There is no such configuration, or the database cannot be used.
    fn set_default(&self, id: &str, is_default: bool, now: Timestamp)
    -> Result<KnownConfiguration>;

    /// Sets how many runs of a configuration are executed at once; `None`: any number.
    ///
    /// # Errors
    /// There is no such configuration, or the database cannot be used.
    fn set_max_concurrency(
        &self,
        id: &str,
        most: Option<u32>,
        now: Timestamp,
    ) -> Result<KnownConfiguration>;

    /// Publishes frozen files as the next version of a configuration, which becomes active; the former version is archived.
    /// Files that the active version has already are not published again. The configuration becomes its workspace's default where
    /// there is none yet.
    ///
    /// # Errors
    /// There is no such configuration, or the database cannot be used.
    fn publish(
        &self,
        id: &str,
        source_digest: &str,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<Publication>;

    /// Makes a published version the active one, in place of the former; `None`: no version is active any more. Returns `None` where
    /// the configuration has no such version.
    ///
    /// # Errors
    /// There is no such configuration, or the database cannot be used.
    fn activate_version(
        &self,
        id: &str,
        version: Option<u32>,
        now: Timestamp,
    ) -> Result<Option<KnownConfiguration>>;

    /// Returns the published versions of a configuration, newest first.
    fn versions(&self, id: &str) -> Result<Vec<ConfigurationVersion>>;

    /// Returns the frozen files of all published versions, of all workspaces. They are kept as long as the configuration.
    fn published_snapshots(&self) -> Result<Vec<PathBuf>>;

    /// Returns the configuration of the folder of `new`. Records `new` where the folder is not recorded yet; where it is, it
    /// keeps its id, and its name is updated.
    fn ensure_configuration(
        &self,
        new: &ConfigurationRecord,
        now: Timestamp,
    ) -> Result<ConfigurationRecord>;

    /// Returns the configuration of a folder, if it is recorded.
    fn configuration_at(&self, workspace: &str, path: &Path)
    -> Result<Option<ConfigurationRecord>>;

    /// Returns the facts that decide whether configurations are in use, for those of all workspaces.
    fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>>;
}
