//! `artifact.json`, the audit record of a run: what ran on what, with which versions, and every decision that the engine
//! took. Cell values never appear in it.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::files::FileError;
use crate::layout::RunFolder;
use crate::machine::Files;
use crate::store::{Ending, EnvironmentRecord, RunRecord};

/// Writes the record.
///
/// # Errors
/// It cannot be written; what was there before is whole.
pub fn write(
    files: &dyn Files,
    folder: &RunFolder,
    run: &RunRecord,
    environment: Option<&EnvironmentRecord>,
    ending: &Ending,
    output_sha256: Option<&str>,
    now: Timestamp,
) -> Result<(), FileError> {
    let payload = ending
        .results
        .as_ref()
        .and_then(|results| serde_json::from_str::<Value>(&results.payload).ok());
    let contents = environment.and_then(|environment| environment.contents.as_ref());
    let record = json!({
        "schema_version": 1,
        "ade_version": crate::VERSION,
        "run": {
            "id": run.id,
            "workspace_id": run.key.workspace_id,
            "attempt": run.attempt_count,
            "status": ending.status,
            "exit_code": ending.exit_code,
            "error": ending.error,
            "created_at": run.created_at,
            "started_at": run.started_at,
            "completed_at": now,
        },
        "configuration": {
            "id": run.key.configuration_id,
            "name": run.configuration_name,
            "path": run.configuration_path,
            "source_digest": run.source_digest,
        },
        "environment": environment.map(|environment| json!({
            "id": environment.id,
            "deps_digest": environment.key.deps_digest,
            "engine_spec": environment.key.engine_spec,
            "python_version": contents.map(|contents| &contents.python_version),
            "engine_version": contents.map(|contents| &contents.engine_version),
            "lock_digest": contents.map(|contents| &contents.lock_digest),
            "packages": contents.map(|contents| &contents.packages),
        })),
        "input": {
            "name": run.input_name,
            "sha256": run.input_sha256,
            "size_bytes": run.input_size_bytes,
            "sheets": run.input_sheets,
        },
        "options": run.options,
        "sandbox": { "applied": Value::Null },
        "output": ending.output_path.as_ref().map(|path| json!({
            "name": path.file_name().map(|name| name.to_string_lossy()),
            "sha256": output_sha256,
        })),
        "resources": {
            "peak_memory_bytes": ending.peak_memory_bytes,
            "cpu_seconds": ending.cpu_seconds,
            "engine_seconds": ending.engine_seconds,
        },
        "decisions": payload,
    });
    let mut text = serde_json::to_vec_pretty(&record).unwrap_or_default();
    text.push(b'\n');
    let path = folder.artifact();
    files
        .write_whole(&path, &text)
        .map_err(FileError::on("write", &path))
}
