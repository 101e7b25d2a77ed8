//! The JSON of a run: the object that `ade run --json`, `ade runs ls|show|retry --json` print.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};

use super::stage::progress;
use super::summary::summary;
use crate::base::problem::Problem;
use crate::base::show_path::ShowPath;
use crate::run::results::demands::{Shortfall, refusals};
use crate::store::{EnvironmentStatus, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// Returns the objects of recorded runs, in their order.
pub fn runs_json(
    workspace: &Workspace,
    runs: &[RunRecord],
    paths: &dyn ShowPath,
) -> Result<Vec<Value>, StoreError> {
    let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    let copies = workspace.store.copies_of(&ids)?;
    // Of many runs that wait, most wait for the same environment.
    let mut ready = HashMap::new();
    let mut objects = Vec::with_capacity(runs.len());
    for run in runs {
        let refused = refusals(&workspace.store, run)?;
        let copy = copies.get(&run.id).map(AsRef::as_ref);
        let mut object = run_json(run, copy, &refused, paths);
        if run.status == RunStatus::Queued {
            let is_ready = match ready.get(&run.key) {
                Some(known) => *known,
                None => {
                    let found = workspace.store.environment_of(&run.key)?;
                    let is_ready = found.is_some_and(|one| one.status == EnvironmentStatus::Ready);
                    ready.insert(&run.key, is_ready);
                    is_ready
                }
            };
            object["stage"] = json!(if is_ready { "queued" } else { "environment" });
        }
        objects.push(object);
    }
    Ok(objects)
}

/// Returns the run object. Scripts read it: a key may be added, none is renamed or dropped. `copy`: where the copy of its
/// workbook is, if there is one; `refused`: in what it falls short of what was asked of it; `paths`: how much of a path its reader sees.
pub fn run_json(
    run: &RunRecord,
    copy: Option<&Path>,
    refused: &[Shortfall],
    paths: &dyn ShowPath,
) -> Value {
    let refused = refused
        .iter()
        .map(|short| json!({"code": short.facts().code, "message": short.to_string()}));
    let shown = |path: &Path| paths.path(path);
    let progress = progress(run);
    let about = paths.about(&run.configuration_path);
    json!({
        "id": run.id,
        "workspace_id": run.key.workspace_id,
        "configuration_id": run.key.configuration_id,
        "configuration_name": run.configuration_name,
        "configuration_version": run.options.configuration_version,
        "configuration_path": shown(&run.configuration_path),
        "source_digest": run.source_digest,
        "environment_id": run.environment_id,
        "deps_digest": run.key.deps_digest,
        "engine_spec": run.key.engine_spec,
        "document_id": run.document_id,
        "retry_of_run_id": run.retry_of_run_id,
        "input": {
            "name": run.input_name,
            "sha256": run.input_sha256,
            "size_bytes": run.input_size_bytes,
            "sheets": run.input_sheets,
        },
        "labels": run.options.labels,
        "priority": run.options.priority,
        "submitted_by": run.options.submitted_by,
        "status": run.status,
        "stage": progress.stage,
        "rows": progress.rows,
        "attempt_count": run.attempt_count,
        "max_attempts": run.max_attempts,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "duration_ms": run.duration_ms(),
        "output_path": run.output_path.as_deref().map(shown),
        "output_copy": copy.map(shown),
        "run_dir": shown(&run.run_dir),
        "exit_code": run.exit_code,
        "summary": summary(run).map(|text| about.text(&text).into_owned()),
        "skipped_reason": run.skipped_reason(),
        "refused": refused.collect::<Vec<_>>(),
        "cancel_requested_at": run.cancel_requested_at,
        "artifacts_deleted_at": run.artifacts_deleted_at,
        "error": run.error.as_ref().map(|error| error.shown(&*about)),
        "metrics": run.metrics,
    })
}
