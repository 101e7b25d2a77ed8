//! Writes `artifact.json`, the audit record of a run: its configuration, input, versions, and every decision of the engine.
//! It never contains cell values.

use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::engine::sandbox::AppliedPolicy;
use crate::settings::paths::RunFolder;
use crate::store::{Ending, EnvironmentRecord, RunRecord};
use crate::system::machine::FileSystem;
use crate::workspace::Workspace;

/// The surroundings of an attempt: the environment, if the attempt got that far, and the part of the policy in force, if an
/// engine was started.
pub type AttemptContext<'a> = (Option<&'a EnvironmentRecord>, Option<&'a AppliedPolicy>);

/// Writes the record of a run that ended while it waited, or because its process died: no attempt could write it.
///
/// # Errors
/// The same as those of [`write()`].
pub fn write_of_ended(workspace: &Workspace, run: &RunRecord) -> Result<(), FileError> {
    let id = run
        .environment_id
        .as_ref()
        .filter(|_| run.attempt_count > 0);
    let found = id.map(|id| workspace.store.environment(&run.key.workspace_id, id));
    let environment = found.and_then(Result::ok);
    let ending = Ending {
        exit_code: run.exit_code,
        error: run.error.clone(),
        ..Ending::new(run.status)
    };
    let ended = run.completed_at.unwrap_or_else(|| workspace.machine.now());
    let around = (environment.as_ref(), None);
    write(workspace.files(), run, around, &ending, None, ended)
}

/// Writes the audit record of an attempt.
///
/// # Errors
/// The record cannot be written; an earlier one stays whole.
pub fn write(
    files: &dyn FileSystem,
    run: &RunRecord,
    (environment, sandbox): AttemptContext<'_>,
    ending: &Ending,
    output_sha256: Option<&str>,
    now: Timestamp,
) -> Result<(), FileError> {
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
        "sandbox": sandbox.map(AppliedPolicy::json),
        "output": ending.output_path.as_ref().map(|path| json!({
            "name": path.file_name().map(|name| name.to_string_lossy()),
            "sha256": output_sha256,
        })),
        "resources": {
            "peak_memory_bytes": ending.peak_memory_bytes,
            "cpu_seconds": ending.cpu_seconds,
            "engine_seconds": ending.engine_seconds,
        },
    });
    let mut text = serde_json::to_vec_pretty(&record).unwrap_or_default();
    // The decisions come last, as the recorded text: they are long, and with one line per fact they would be twice as long.
    text.truncate(text.len().saturating_sub("\n}".len()));
    let decisions = ending.results.as_ref().map(|results| &*results.payload);
    text.extend_from_slice(b",\n  \"decisions\": ");
    text.extend_from_slice(decisions.unwrap_or("null").as_bytes());
    text.extend_from_slice(b"\n}\n");
    let path = RunFolder::at(&run.run_dir).artifact();
    files
        .write_whole(&path, &text)
        .map_err(FileError::on("write", &path))
}
