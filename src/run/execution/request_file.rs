//! Writes `run-request.json`, the request of a run. It exists from the moment when the run is queued, and each attempt, which
//! knows its Python, writes it again. docs/reference/artifact.md has its keys.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::files::FileError;
use crate::settings::Settings;
use crate::settings::paths::RunFolder;
use crate::store::{NewRun, RunOptions, RunRecord};
use crate::system::machine::FileSystem;

/// Builds the request of a run that is recorded (`RunRecord`) or about to be (`NewRun`): both have these fields.
macro_rules! request {
    ($run:expr, attempt: $attempt:expr, python: $python:expr, settings: $settings:expr) => {
        json!({
            "run_id": $run.id,
            "attempt": $attempt,
            "configuration": {"id": $run.key.configuration_id, "source_digest": $run.source_digest, "snapshot": $run.snapshot},
            "environment": {"id": $run.environment_id, "python": $python},
            "input": {"name": $run.input_name, "sha256": $run.input_sha256, "size_bytes": $run.input_size_bytes, "sheets": $run.input_sheets},
            "options": $run.options,
            "timeout_seconds": timeout(&$run.options, $settings).map(|limit| limit.as_secs_f64()),
        })
    };
}

/// Writes the request of a run that is about to be queued.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_first(
    files: &dyn FileSystem,
    run: &NewRun,
    settings: &Settings,
) -> Result<(), FileError> {
    let no_python: Option<&Path> = None;
    let request = request!(run, attempt: 0, python: no_python, settings: settings);
    write(files, &RunFolder::at(&run.run_dir), &request)
}

/// Writes the request of an attempt.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_of_attempt(
    files: &dyn FileSystem,
    run: &RunRecord,
    python: &Path,
    settings: &Settings,
) -> Result<(), FileError> {
    let request = request!(run, attempt: run.attempt_count, python: python, settings: settings);
    write(files, &RunFolder::at(&run.run_dir), &request)
}

fn write(files: &dyn FileSystem, folder: &RunFolder, request: &Value) -> Result<(), FileError> {
    let mut text = serde_json::to_vec_pretty(request).unwrap_or_default();
    text.push(b'\n');
    let path = folder.request();
    files
        .write(&path, &text)
        .map_err(FileError::on("write", &path))
}

/// Returns the wall-clock limit of a run: its own, else the setting.
pub(crate) fn timeout(options: &RunOptions, settings: &Settings) -> Option<Duration> {
    options
        .timeout_seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .or(settings.run_timeout)
}
