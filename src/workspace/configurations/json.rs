//! The JSON of configurations, for the commands and the API.

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
    /// The configuration's id, a UUIDv7.
    id: String,
    workspace_id: String,
    name: String,
    /// The folder on the server. For an uploaded configuration, the folder of its draft.
    path: String,
    /// Whether it was uploaded. Otherwise it is a folder that was run.
    uploaded: bool,
    /// Whether runs of the workspace that name no configuration use it.
    default: bool,
    /// The number of the version that its runs use; null if they use none.
    active_version: Option<u32>,
    /// The files that its runs over the API use: the active version, the current folder, or none yet.
    runs_use: RunsUse,
    /// The active version, if there is one.
    version: Option<VersionObject>,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_run_at: Option<Timestamp>,
    /// The time since when it is archived; null: it is in use. For an archived configuration no run, build or publication is
    /// accepted.
    archived_at: Option<Timestamp>,
    /// The maximum number of its runs that are executed at once; null: no limit.
    max_concurrency: Option<u32>,
}

/// A configuration, and whether it has unpublished changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationDetails)]
pub struct ConfigurationDetails {
    #[serde(flatten)]
    configuration: ConfigurationObject,
    /// Whether the draft or folder differs from the active version; null if no version is active, or the answer is unknown.
    changed: Option<bool>,
}

/// The files that the runs of a configuration use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunsUse {
    /// The files of the active version.
    Version,
    /// The folder as it is when the run is submitted.
    Folder,
    /// None: it was uploaded, and no version is active.
    Nothing,
}

impl RunsUse {
    /// Returns the files that runs of this configuration use over the API.
    pub fn from_configuration(known: &KnownConfiguration) -> Self {
        match &known.version {
            Some(_) => Self::Version,
            None if known.uploaded => Self::Nothing,
            None => Self::Folder,
        }
    }
}

/// A published version of a configuration. Its files never change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Version)]
pub struct VersionObject {
    /// The id by which jobs name the version.
    id: String,
    /// The number of the version, from 1.
    version: u32,
    /// The digest of the version's files.
    source_digest: String,
    status: VersionStatus,
    published_at: Timestamp,
}

/// The status of a published version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VersionStatus {
    /// The configuration's runs use it.
    Active,
    /// The configuration's runs use another version, or none.
    Archived,
}

/// A file of a configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationFile)]
pub struct FileObject {
    /// The path in the configuration, with `/` between folders.
    path: String,
    size_bytes: u64,
    sha256: String,
}

/// The files of a configuration, sorted by path.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConfigurationFileList)]
pub struct FileListObject {
    items: Vec<FileObject>,
    /// A digest over the paths and contents of all files, which is also the list's ETag.
    digest: String,
}

impl FileListObject {
    /// Returns the digest over all files.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Returns the object of a single configuration, with details.
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

/// Returns the object of a configuration. Scripts read it, so keys may only be added. `paths` decides how much of a path is
/// shown.
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
        runs_use: RunsUse::from_configuration(known),
        version: (known.version.as_ref()).map(|version| version_json(&record.id, version)),
        created_at: known.created_at,
        updated_at: known.updated_at,
        last_run_at: known.last_run_at,
        archived_at: known.archived_at,
        max_concurrency: known.max_concurrency,
    }
}

/// Returns the id of a published version: the configuration's id and the version number.
pub fn version_id(configuration: &str, version: u32) -> String {
    format!("{configuration}:{version}")
}

/// Splits a version's id into the configuration's id and the version number. `None` if it is no such id.
pub fn parts_of_version_id(id: &str) -> Option<(&str, u32)> {
    let (configuration, version) = id.split_once(':')?;
    Some((configuration, version.parse().ok()?))
}

/// Returns the object of a published version.
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

/// Returns the object of a file.
pub fn file_json(file: &ConfigurationFile) -> FileObject {
    FileObject {
        path: file.path.clone(),
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone(),
    }
}

/// Returns the object of a list of files.
pub fn file_list(files: &[ConfigurationFile]) -> FileListObject {
    FileListObject {
        items: files.iter().map(file_json).collect(),
        digest: digest_of(files),
    }
}
