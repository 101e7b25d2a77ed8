//! The JSON of a run: the object that `ade run --json`, `ade runs ls|show|retry --json` print.

use std::path::Path;

use serde_json::{Value, json};

use super::summary::summary;
use crate::base::problem::Problem;
use crate::run::results::demands::{Shortfall, refusals};
use crate::store::{RunRecord, StoreError};
use crate::workspace::Workspace;

/// Returns the objects of recorded runs, in their order.
pub fn runs_json(workspace: &Workspace, runs: &[RunRecord]) -> Result<Vec<Value>, StoreError> {
    let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    let copies = workspace.store.copies_of(&ids)?;
    let object = |run: &RunRecord| {
        let refused = refusals(&*workspace.store, run)?;
        let copy = copies.get(&run.id).map(AsRef::as_ref);
        Ok(run_json(run, copy, &refused))
    };
    runs.iter().map(object).collect()
}

/// Returns the run object. Scripts read it: a key may be added, none is renamed or dropped. `copy`: where the copy of its
/// workbook is, if there is one; `refused`: in what it falls short of what was asked of it.
pub fn run_json(run: &RunRecord, copy: Option<&Path>, refused: &[Shortfall]) -> Value {
    let refused = refused
        .iter()
        .map(|short| json!({"code": short.facts().code, "message": short.to_string()}));
    json!({
        "id": run.id,
        "workspace_id": run.key.workspace_id,
        "configuration_id": run.key.configuration_id,
        "configuration_path": run.configuration_path,
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
        "status": run.status,
        "attempt_count": run.attempt_count,
        "max_attempts": run.max_attempts,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "duration_ms": run.duration_ms(),
        "output_path": run.output_path,
        "output_copy": copy,
        "run_dir": run.run_dir,
        "exit_code": run.exit_code,
        "summary": summary(run),
        "skipped_reason": run.skipped_reason(),
        "refused": refused.collect::<Vec<_>>(),
        "cancel_requested_at": run.cancel_requested_at,
        "artifacts_deleted_at": run.artifacts_deleted_at,
        "error": run.error,
        "metrics": run.metrics,
    })
}
