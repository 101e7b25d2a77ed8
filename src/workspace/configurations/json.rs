//! The JSON of configurations, as the commands and the API give it.

use serde::Serialize;
use utoipa::ToSchema;

use super::draft::{ConfigurationFile, digest_of};
use crate::base::clock::Timestamp;
use crate::base::show_path::ShowPath;
use crate::store::{ConfigurationVersion, KnownConfiguration};

/// A configuration that a workspace knows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnownConfiguration)]
pub struct ConfigurationObject {
    /// UUIDv7.
    id: String,
    workspace_id: String,
    name: String,
    /// Its folder on the server; that of an uploaded one holds its draft.
    path: String,
    /// Whether it was uploaded. Otherwise it is a folder that was run.
    uploaded: bool,
    /// Whether runs of the workspace that name no configuration use it.
    default: bool,
    /// The number of the version that its runs use; null if they use none.
    active_version: Option<u32>,
    /// What its runs over the API use: the active version, the folder as it is, or nothing yet.
    runs_use: RunsUse,
    /// The active version.
    version: Option<VersionObject>,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_run_at: Option<Timestamp>,
    /// Since when it is archived: no run, build or publication is accepted for it; null: it is in use.
    archived_at: Option<Timestamp>,
    /// No more runs of it are executed at once; null: any number.
    max_concurrency: Option<u32>,
}

/// A configuration, and whether there is something to publish.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationDetails)]
pub struct ConfigurationDetails {
    #[serde(flatten)]
    configuration: ConfigurationObject,
    /// Whether the draft, or the folder, differs from the active version; null if none is active or it is not known.
    changed: Option<bool>,
}

/// What the runs of a configuration use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunsUse {
    /// The active version.
    Version,
    /// The folder, as it is when the run is submitted.
    Folder,
    /// Nothing: it was uploaded, and no version is active.
    Nothing,
}

impl RunsUse {
    /// What runs of this configuration use over the API.
    pub fn of(known: &KnownConfiguration) -> Self {
        match &known.version {
            Some(_) => Self::Version,
            None if known.uploaded => Self::Nothing,
            None => Self::Folder,
        }
    }
}

/// A published version of a configuration: files that never change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Version)]
pub struct VersionObject {
    /// By which a job names it.
    id: String,
    /// From 1.
    version: u32,
    /// The digest of its files.
    source_digest: String,
    status: VersionStatus,
    published_at: Timestamp,
}

/// Whether runs use a version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VersionStatus {
    /// The configuration's runs use it.
    Active,
    /// They use another one, or none.
    Archived,
}

/// A file of a configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationFile)]
pub struct FileObject {
    /// Relative to the configuration, with `/` between folders.
    path: String,
    size_bytes: u64,
    sha256: String,
}

/// The files of a configuration, by path.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationFileList)]
pub struct FileListObject {
    items: Vec<FileObject>,
    /// Over paths and contents of all files: another one where any of them differs. It is the list's ETag too.
    digest: String,
}

impl FileListObject {
    /// The digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// The object of a configuration by itself.
pub fn configuration_details(
    known: &KnownConfiguration,
    changed: Option<bool>,
    paths: &dyn ShowPath,
) -> ConfigurationDetails {
    ConfigurationDetails {
        configuration: configuration_json(known, paths),
        changed,
    }
}

/// The object of a configuration. Scripts read it: a key may be added. `paths`: how much of a path its reader sees.
pub fn configuration_json(known: &KnownConfiguration, paths: &dyn ShowPath) -> ConfigurationObject {
    let record = &known.record;
    ConfigurationObject {
        id: record.id.clone(),
        workspace_id: record.workspace_id.clone(),
        name: record.name.clone(),
        path: paths.path(&record.path),
        uploaded: known.uploaded,
        default: known.is_default,
        active_version: known.version.as_ref().map(|version| version.version),
        runs_use: RunsUse::of(known),
        version: (known.version.as_ref()).map(|version| version_json(&record.id, version)),
        created_at: known.created_at,
        updated_at: known.updated_at,
        last_run_at: known.last_run_at,
        archived_at: known.archived_at,
        max_concurrency: known.max_concurrency,
    }
}

/// The id of a published version: its configuration's, and its number.
pub fn version_id(configuration: &str, version: u32) -> String {
    format!("{configuration}:{version}")
}

/// The configuration and the number that a version's id is made of. `None`: it is no such id.
pub fn parts_of_version_id(id: &str) -> Option<(&str, u32)> {
    let (configuration, version) = id.split_once(':')?;
    Some((configuration, version.parse().ok()?))
}

/// The object of a published version.
pub fn version_json(configuration: &str, version: &ConfigurationVersion) -> VersionObject {
    VersionObject {
        id: version_id(configuration, version.version),
        version: version.version,
        source_digest: version.source_digest.clone(),
        status: if version.active {
            VersionStatus::Active
        } else {
            VersionStatus::Archived
        },
        published_at: version.published_at,
    }
}

/// The object of a file.
pub fn file_json(file: &ConfigurationFile) -> FileObject {
    FileObject {
        path: file.path.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone(),
    }
}

/// The object of a list of files.
pub fn file_list(files: &[ConfigurationFile]) -> FileListObject {
    FileListObject {
        items: files.iter().map(file_json).collect(),
        digest: digest_of(files),
    }
}
