//! The configurations of a workspace: the folders of its runs and environments.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::driver::{self, Connection, DbRow, FromRow, Transaction, params, record};
use super::error::no_version;
use super::values::path_text;
use super::{Result, Store, StoreError};
use crate::base::clock::Timestamp;

/// A configuration that is recorded in the workspace, or is to be recorded.
#[derive(Clone, Debug)]
pub struct ConfigurationRecord {
    /// The configuration's id, a UUIDv7.
    pub id: String,
    /// The id of its workspace.
    pub workspace_id: String,
    /// The name of its project.
    pub name: String,
    /// The path of its folder.
    pub path: PathBuf,
}

/// The facts that decide whether a configuration is in use.
#[derive(Clone, Debug)]
pub struct ConfigurationActivity {
    /// The id of the configuration.
    pub id: String,
    /// The id of its workspace.
    pub workspace_id: String,
    /// The path of its folder.
    pub path: PathBuf,
    /// Whether the configuration is its workspace's default: runs that name no configuration use it.
    pub is_default: bool,
    /// When a run of the configuration was last recorded.
    pub last_run_at: Option<Timestamp>,
}

/// A configuration with all its recorded facts.
#[derive(Clone, Debug)]
pub struct KnownConfiguration {
    /// Id, workspace, name and folder.
    pub record: ConfigurationRecord,
    /// Whether the configuration was uploaded: then ADE owns its folder, and runs use its published version.
    pub uploaded: bool,
    /// Whether the configuration is its workspace's default: runs that name no configuration use it. A workspace has at most
    /// one.
    pub is_default: bool,
    /// When the configuration was recorded.
    pub created_at: Timestamp,
    /// When its record was last changed.
    pub updated_at: Timestamp,
    /// When a run of the configuration was last recorded.
    pub last_run_at: Option<Timestamp>,
    /// When the configuration was archived, if it is: no new runs use it.
    pub archived_at: Option<Timestamp>,
    /// The maximum number of its runs that are executed at once; `None`: no limit.
    pub max_concurrency: Option<u32>,
    /// The published version that runs use.
    pub version: Option<ConfigurationVersion>,
}

/// A published version of a configuration: files that never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationVersion {
    /// The number of the version, from 1.
    pub version: u32,
    /// The digest of the version's files.
    pub source_digest: String,
    /// The read-only copy of the version's files.
    pub snapshot: PathBuf,
    /// Whether runs use this version; otherwise it is archived.
    pub active: bool,
    /// When the version was published.
    pub published_at: Timestamp,
}

/// The outcome of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// This version is now active, and the former version is archived.
    Published(ConfigurationVersion),
    /// This version was already active, and has the same files.
    Unchanged(ConfigurationVersion),
}

/// A workspace as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Workspace)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceRecord {
    /// The id, which addresses, tokens and settings use and which never changes.
    pub id: String,
    /// Its name for people; the id until it is renamed.
    pub name: String,
    pub created_at: Timestamp,
}

/// Changes of a configuration; an absent field stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationChange {
    /// Its name. A configuration that is a folder has the name from its pyproject.toml.
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Whether it is archived.
    #[schema(nullable = false)]
    pub archived: Option<bool>,
    /// The number of the published version that its runs use; null: no version, so that a folder is used as it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub active_version: Option<Option<u32>>,
    /// Whether runs of the workspace that name no configuration use it.
    #[schema(nullable = false)]
    pub default: Option<bool>,
    /// The maximum number of its runs that are executed at once; null: any number.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub max_concurrency: Option<Option<u32>>,
}

/// Reads a key that is present and may be null.
fn given<'a, D: Deserializer<'a>>(source: D) -> std::result::Result<Option<Option<u32>>, D::Error> {
    Deserialize::deserialize(source).map(Some)
}

impl Store {
    /// Returns all workspaces, by id.
    pub fn workspaces(&self) -> Result<Vec<WorkspaceRecord>> {
        let sql = format!("{WORKSPACE} ORDER BY id");
        self.rows(&sql, [])
    }

    /// Records a workspace, unless it is already recorded. Returns it, and whether it is new.
    pub fn add_workspace(&self, id: &str, now: Timestamp) -> Result<(WorkspaceRecord, bool)> {
        self.write_new(|transaction| {
            let added = ensure_workspace(transaction, id, now)?;
            Ok((workspace_of(transaction, id)?, added))
        })
    }

    /// Returns a workspace's configurations, the default first, then by name.
    pub fn configurations(&self, workspace: &str) -> Result<Vec<KnownConfiguration>> {
        let sql =
            format!("{KNOWN} WHERE c.workspace_id = ?1 ORDER BY c.is_default DESC, c.name, c.id");
        self.rows(&sql, [workspace])
    }

    /// Returns the configuration with this full id, in any workspace.
    ///
    /// # Errors
    /// There is no such configuration, or the database cannot be used.
    pub fn configuration(&self, id: &str) -> Result<KnownConfiguration> {
        self.read(|connection| known_of(connection, id))
    }

    /// Records an uploaded configuration, whose folder ADE owns.
    pub fn add_uploaded_configuration(
        &self,
        new: &ConfigurationRecord,
        now: Timestamp,
    ) -> Result<()> {
        self.write_new(|transaction| {
            ensure_workspace(transaction, &new.workspace_id, now)?;
            transaction.execute(
                "INSERT INTO configurations (id, workspace_id, name, path, uploaded, created_at, updated_at) VALUES (?1, ?2, ?3, relative(?4), 1, ?5, ?5)",
                params![new.id, new.workspace_id, new.name, path_text(&new.path), now],
            )
        })
    }

    /// Publishes frozen files as the next version of a configuration, which becomes active; the former version is archived.
    /// Files that the active version already has are not published again. The configuration becomes its workspace's default if
    /// there is none yet.
    ///
    /// # Errors
    /// There is no such configuration, it is archived, or the database cannot be used.
    pub fn publish(
        &self,
        id: &str,
        source_digest: &str,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<Publication> {
        self.write_new(|transaction| {
            let known = locked(transaction, id)?;
            known.demand_in_use()?;
            if let Some(active) = &known.version
                && active.source_digest == source_digest
            {
                return Ok(Publication::Unchanged(active.clone()));
            }
            archive(transaction, id, now)?;
            let version: u32 = transaction.one(
                "SELECT coalesce(max(version), 0) + 1 FROM configuration_versions WHERE configuration_id = ?1",
                [id],
            )?;
            transaction.execute(
                "INSERT INTO configuration_versions (configuration_id, version, source_digest, snapshot_path, status, published_at)
                 VALUES (?1, ?2, ?3, relative(?4), 'active', ?5)",
                params![id, version, source_digest, path_text(snapshot), now],
            )?;
            let default = "SELECT 1 FROM configurations WHERE workspace_id = ?1 AND is_default = 1";
            if !transaction.exists(default, [&known.record.workspace_id])? {
                set_default(transaction, id, true, now)?;
            }
            Ok(Publication::Published(ConfigurationVersion {
                version,
                source_digest: source_digest.to_owned(),
                snapshot: snapshot.to_owned(),
                active: true,
                published_at: now,
            }))
        })
    }

    /// Returns the published versions of a configuration, newest first.
    pub fn versions(&self, id: &str) -> Result<Vec<ConfigurationVersion>> {
        let sql = "SELECT version, source_digest, absolute(snapshot_path), status, published_at FROM configuration_versions
             WHERE configuration_id = ?1 ORDER BY version DESC";
        self.rows(sql, [id])
    }

    /// Returns the frozen files of all published versions in all workspaces. They are kept as long as the configuration.
    pub fn published_snapshots(&self) -> Result<Vec<PathBuf>> {
        let sql = "SELECT DISTINCT absolute(snapshot_path) FROM configuration_versions";
        self.rows(sql, [])
    }

    /// Returns the configuration of the folder of `new`. Records `new` if the folder is not recorded yet; otherwise the
    /// configuration keeps its id, and its name is updated.
    pub fn ensure_configuration(
        &self,
        new: &ConfigurationRecord,
        now: Timestamp,
    ) -> Result<ConfigurationRecord> {
        // It is nearly always recorded already, and reading needs no write lock.
        if let Some(known) = self.configuration_at(&new.workspace_id, &new.path)?
            && known.name == new.name
        {
            return Ok(known);
        }
        self.write_new(|transaction| {
            // A workspace is recorded with its first configuration.
            ensure_workspace(transaction, &new.workspace_id, now)?;
            // Another process may have recorded the folder since this process read it: then its record stays and gets the
            // name, unless it was uploaded and has a name that a person chose, and RETURNING gives its id, not the new one.
            let sql = "INSERT INTO configurations (id, workspace_id, name, path, created_at, updated_at) VALUES (?1, ?2, ?3, relative(?4), ?5, ?5)
                 ON CONFLICT (workspace_id, path) DO UPDATE SET name = CASE configurations.uploaded WHEN 1 THEN configurations.name ELSE excluded.name END, updated_at = excluded.updated_at RETURNING *, absolute(path) AS place";
            transaction.one(
                sql,
                params![
                    new.id,
                    new.workspace_id,
                    new.name,
                    path_text(&new.path),
                    now
                ],
            )
        })
    }

    /// Returns the configuration of a folder, if it is recorded.
    pub fn configuration_at(
        &self,
        workspace: &str,
        path: &Path,
    ) -> Result<Option<ConfigurationRecord>> {
        let sql = "SELECT *, absolute(path) AS place FROM configurations WHERE workspace_id = ?1 AND path = relative(?2)";
        self.row(sql, [workspace, &path_text(path)])
    }

    /// Returns the facts that decide whether configurations are in use, for all workspaces.
    pub fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>> {
        let sql = "SELECT id, workspace_id, absolute(path) AS path, is_default, last_run_at FROM configurations";
        self.rows(sql, [])
    }
}

/// Selects a configuration with its active version.
const KNOWN: &str = "SELECT c.id, c.workspace_id, c.name, absolute(c.path) AS place, c.uploaded, c.is_default, c.created_at, c.updated_at, c.last_run_at, c.archived_at, c.max_concurrency,
    v.version, v.source_digest, absolute(v.snapshot_path), v.status, v.published_at
    FROM configurations c LEFT JOIN configuration_versions v ON v.configuration_id = c.id AND v.status = 'active'";

/// The index of the first column of the version in [`KNOWN`].
const VERSION_IN_KNOWN: usize = 11;

const WORKSPACE: &str = "SELECT id, coalesce(name, id) AS name, created_at FROM workspaces";

record!(WorkspaceRecord(row) { id, name, created_at });

pub(super) fn workspace_of(connection: &Connection, id: &str) -> driver::Result<WorkspaceRecord> {
    let found = connection.row(&format!("{WORKSPACE} WHERE id = ?1"), [id])?;
    Ok(found.ok_or_else(|| StoreError::not_found("workspace", id))?)
}

record!(ConfigurationActivity(row) { id, workspace_id, is_default, last_run_at; path: row.path("path")? });

record!(KnownConfiguration(row) {
    uploaded, is_default, created_at, updated_at, last_run_at, archived_at, max_concurrency;
    record: ConfigurationRecord::from_row(row)?,
    version: match row.get::<_, Option<u32>>(VERSION_IN_KNOWN)? {
        Some(_) => Some(version_at(row, VERSION_IN_KNOWN)?),
        None => None,
    },
});

/// Reads a version whose columns begin at `first`.
fn version_at(row: &DbRow<'_>, first: usize) -> driver::Result<ConfigurationVersion> {
    Ok(ConfigurationVersion {
        version: row.get(first)?,
        source_digest: row.get(first + 1)?,
        snapshot: row.path(first + 2)?,
        active: row.get::<_, String>(first + 3)? == "active",
        published_at: row.get(first + 4)?,
    })
}

impl FromRow for ConfigurationVersion {
    fn from_row(row: &DbRow<'_>) -> driver::Result<Self> {
        version_at(row, 0)
    }
}

pub(super) fn known_of(connection: &Connection, id: &str) -> driver::Result<KnownConfiguration> {
    let found = connection.row(&format!("{KNOWN} WHERE c.id = ?1"), [id])?;
    Ok(found.ok_or_else(|| StoreError::not_found("configuration", id))?)
}

/// Locks a configuration's workspace: one transaction at a time changes defaults and versions of its configurations.
fn lock_workspace_of(transaction: &Transaction<'_>, configuration: &str) -> driver::Result<()> {
    let sql = "SELECT 1 FROM workspaces WHERE id = (SELECT workspace_id FROM configurations WHERE id = ?1) FOR NO KEY UPDATE";
    transaction.lock(sql, [configuration]).map(drop)
}

/// Returns a configuration that no other transaction can change.
pub(super) fn locked(
    transaction: &Transaction<'_>,
    id: &str,
) -> driver::Result<KnownConfiguration> {
    lock_workspace_of(transaction, id)?;
    known_of(transaction, id)
}

/// Records a workspace unless it exists. Returns whether it is new.
pub(super) fn ensure_workspace(
    transaction: &Transaction<'_>,
    id: &str,
    now: Timestamp,
) -> driver::Result<bool> {
    let sql = "INSERT INTO workspaces (id, created_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
    transaction.changes(sql, params![id, now])
}

pub(super) fn set_default(
    transaction: &Transaction<'_>,
    id: &str,
    is_default: bool,
    now: Timestamp,
) -> driver::Result<()> {
    if is_default {
        // A workspace has at most one default: the former default ends first, because the index checks each row.
        transaction.execute(
            "UPDATE configurations SET is_default = 0, updated_at = ?2
             WHERE is_default = 1 AND id <> ?1 AND workspace_id = (SELECT workspace_id FROM configurations WHERE id = ?1)",
            params![id, now],
        )?;
    }
    transaction.execute(
        "UPDATE configurations SET is_default = ?2, updated_at = ?3 WHERE id = ?1 AND is_default <> ?2",
        params![id, is_default, now],
    )
}

/// Makes a published version the active version, replacing the former; `None`: no version is active any more.
pub(super) fn activate(
    transaction: &Transaction<'_>,
    known: &KnownConfiguration,
    version: Option<u32>,
    now: Timestamp,
) -> driver::Result<()> {
    if known.version.as_ref().map(|active| active.version) == version {
        return Ok(());
    }
    let id = &known.record.id;
    if let Some(version) = version {
        let sql =
            "SELECT 1 FROM configuration_versions WHERE configuration_id = ?1 AND version = ?2";
        if !transaction.exists(sql, params![id, version])? {
            return Err(StoreError::from(no_version(&known.record.name, version)).into());
        }
    }
    // At most one version is active: the former version ends first, because the index checks each row.
    archive(transaction, id, now)?;
    transaction.execute(
        "UPDATE configuration_versions SET status = 'active' WHERE configuration_id = ?1 AND version = ?2",
        params![id, version],
    )
}

/// Archives the active version of the configuration.
fn archive(transaction: &Transaction<'_>, id: &str, now: Timestamp) -> driver::Result<()> {
    transaction.execute(
        "UPDATE configuration_versions SET status = 'archived' WHERE configuration_id = ?1 AND status = 'active'",
        [id],
    )?;
    transaction.execute(
        "UPDATE configurations SET updated_at = ?2 WHERE id = ?1",
        params![id, now],
    )
}

record!(ConfigurationRecord(row) { id, workspace_id, name; path: row.path("place")? });
