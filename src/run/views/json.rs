//! The JSON of a run: the object that `ade run --json` and `ade runs ls|show|retry --json` print, and the API returns.
//! Scripts read it: keys may be added, but none may be renamed or removed.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Serialize;
use utoipa::ToSchema;

use super::stage::{Stage, progress};
use super::summary::summary;
use crate::base::clock::Timestamp;
use crate::base::problem::Problem;
use crate::base::show_path::ShowPath;
use crate::run::results::demands::{NothingFound, Shortfall, refusals};
use crate::store::{
    EnvironmentStatus, FailureRecord, Priority, RunMetrics, RunRecord, RunStatus, StoreError,
    Submitter,
};
use crate::workspace::Workspace;

/// A run with its state and results.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Run)]
#[serde(deny_unknown_fields)]
pub struct RunView {
    /// The id, a UUIDv7.
    id: String,
    workspace_id: String,
    configuration_id: String,
    configuration_name: String,
    /// The published version of the configuration that it uses; null: the files of a folder, as they were.
    configuration_version: Option<u32>,
    /// The path of the configuration's folder.
    configuration_path: String,
    /// The digest of the configuration's files.
    source_digest: String,
    environment_id: Option<String>,
    /// The digest of the dependencies of its environment.
    deps_digest: String,
    engine_spec: String,
    /// The document from which it was made; null if its file was given on a command line.
    document_id: Option<String>,
    /// The run that this run repeats, with the same or the current configuration.
    retry_of_run_id: Option<String>,
    input: RunInput,
    /// The labels that its submitter gave it, by key.
    labels: BTreeMap<String, String>,
    /// The priority, which decides whether it is claimed before others.
    priority: Priority,
    /// The submitter of the run; null: an older `ade` did not record it.
    submitted_by: Option<Submitter>,
    status: RunStatus,
    /// The current stage: it waits in the queue or for its environment, loads the configuration, looks for tables and
    /// columns, or writes. Null: it has ended, or its log does not report the stage.
    stage: Option<Stage>,
    /// The number of rows that it read; while it is running, the rows of its sheet that are done. Null: unknown.
    rows: Option<u64>,
    attempt_count: u32,
    max_attempts: u32,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    /// The duration of its last attempt in milliseconds, once the run has ended.
    duration_ms: Option<u64>,
    /// The path of the normalized workbook on the server.
    output_path: Option<String>,
    /// The path to which `ade run -o` copied it.
    output_copy: Option<String>,
    run_dir: String,
    exit_code: Option<i32>,
    /// One sentence about the end, if there is more to report than the status.
    summary: Option<String>,
    /// `safe_mode`: it succeeded without executing anything.
    skipped_reason: Option<&'static str>,
    /// The kind of thing that it found none of, although it succeeded: no `table`, no column that is a `field`, or no `row`.
    /// Null: it found all of them, or was not to look for them.
    nothing_found: Option<NothingFound>,
    /// The demands of `ade run` that it did not meet (`--max-errors`, `--deny` and others); empty: it was not refused.
    refused: Vec<RunRefusal>,
    cancel_requested_at: Option<Timestamp>,
    /// The time at which its files were deleted.
    artifacts_deleted_at: Option<Timestamp>,
    /// The reason why it failed.
    error: Option<FailureRecord>,
    metrics: Option<RunMetrics>,
}

/// The reason why a run that succeeded was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunRefusal {
    /// The code of the reason, such as `too_many_errors`.
    code: &'static str,
    message: String,
}

/// The input of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunInput {
    /// The file name of the input.
    name: String,
    sha256: String,
    size_bytes: u64,
    /// The sheets to process; null: all visible ones.
    sheets: Option<Vec<String>>,
}

/// Returns the objects of recorded runs, in their order.
pub fn runs_json(
    workspace: &Workspace,
    runs: &[RunRecord],
    paths: &dyn ShowPath,
) -> Result<Vec<RunView>, StoreError> {
    let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    let copies = workspace.store.copies_of(&ids)?;
    // If many runs wait, most of them wait for the same environment.
    let mut ready = HashMap::new();
    let mut objects = Vec::with_capacity(runs.len());
    for run in runs {
        let refused = refusals(&workspace.store, run)?;
        let copy = copies.get(&run.id).map(AsRef::as_ref);
        let mut object = RunView::new(run, copy, &refused, paths);
        if run.status == RunStatus::Queued {
            let is_ready = match ready.get(&run.key) {
                Some(known) => *known,
                None => {
                    let found = workspace.store.environment_of(&run.key)?;
                    let is_ready = found
                        .is_some_and(|environment| environment.status == EnvironmentStatus::Ready);
                    ready.insert(&run.key, is_ready);
                    is_ready
                }
            };
            let waits_for = if is_ready {
                Stage::Queued
            } else {
                Stage::Environment
            };
            object.stage = Some(waits_for);
        }
        objects.push(object);
    }
    Ok(objects)
}

impl RunView {
    /// Returns the run without what only the store knows: the copy of its workbook, and the unmet demands.
    pub fn plain(run: &RunRecord, paths: &dyn ShowPath) -> Self {
        Self::new(run, None, &[], paths)
    }

    /// Creates the object. `copy`: the path of the workbook's copy, if there is one; `refused`: the unmet demands; `paths`:
    /// how much of a path the reader may see.
    pub fn new(
        run: &RunRecord,
        copy: Option<&Path>,
        refused: &[Shortfall],
        paths: &dyn ShowPath,
    ) -> Self {
        let refused = refused.iter().map(|short| RunRefusal {
            code: short.facts().code,
            message: short.to_string(),
        });
        let shown = |path: &Path| paths.path(path);
        let progress = progress(run);
        let about = paths.about(&run.configuration_path);
        Self {
            id: run.id.clone(),
            workspace_id: run.key.workspace_id.clone(),
            configuration_id: run.key.configuration_id.clone(),
            configuration_name: run.configuration_name.clone(),
            configuration_version: run.options.configuration_version,
            configuration_path: shown(&run.configuration_path),
            source_digest: run.source_digest.clone(),
            environment_id: run.environment_id.clone(),
            deps_digest: run.key.deps_digest.clone(),
            engine_spec: run.key.engine_spec.clone(),
            document_id: run.document_id.clone(),
            retry_of_run_id: run.retry_of_run_id.clone(),
            input: RunInput {
                name: run.input_name.clone(),
                sha256: run.input_sha256.clone(),
                size_bytes: run.input_size_bytes,
                sheets: run.input_sheets.clone(),
            },
            labels: run.options.labels.clone(),
            priority: run.options.priority,
            submitted_by: run.options.submitted_by.clone(),
            status: run.status,
            stage: progress.stage,
            rows: progress.rows,
            attempt_count: run.attempt_count,
            max_attempts: run.max_attempts,
            created_at: run.created_at,
            started_at: run.started_at,
            completed_at: run.completed_at,
            duration_ms: run.duration_ms(),
            output_path: run.output_path.as_deref().map(shown),
            output_copy: copy.map(shown),
            run_dir: shown(&run.run_dir),
            exit_code: run.exit_code,
            summary: summary(run).map(|text| about.text(&text).into_owned()),
            skipped_reason: run.skipped_reason(),
            nothing_found: NothingFound::from_run(run),
            refused: refused.collect(),
            cancel_requested_at: run.cancel_requested_at,
            artifacts_deleted_at: run.artifacts_deleted_at,
            error: run.error.as_ref().map(|error| error.shown(&*about)),
            metrics: run.metrics.clone(),
        }
    }
}
