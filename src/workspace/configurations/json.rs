//! The JSON of configurations, as the commands and the API give it.

use serde_json::{Value, json};

use super::draft::DraftFile;
use crate::base::show_path::ShowPath;
use crate::store::{ConfigurationVersion, KnownConfiguration};

/// Returns the configuration object. Scripts read it: a key may be added, none is renamed or removed. `paths`: how much of a
/// path its reader sees.
pub fn configuration_json(known: &KnownConfiguration, paths: &dyn ShowPath) -> Value {
    let record = &known.record;
    json!({
        "id": record.id,
        "workspace_id": record.workspace_id,
        "name": record.name,
        "path": paths.path(&record.path),
        "uploaded": known.uploaded,
        "active": known.is_default,
        "version": known.version.as_ref().map(version_json),
        "created_at": known.created_at,
        "updated_at": known.updated_at,
        "last_run_at": known.last_run_at,
    })
}

/// Returns the object of a published version.
pub fn version_json(version: &ConfigurationVersion) -> Value {
    json!({
        "version": version.version,
        "source_digest": version.source_digest,
        "status": if version.active { "active" } else { "archived" },
        "published_at": version.published_at,
    })
}

/// Returns the object of a draft's file.
pub fn draft_file_json(file: &DraftFile) -> Value {
    json!({"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256})
}
