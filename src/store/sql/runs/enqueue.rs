//! Records runs: in the queue or, for `ade run`, under a claim from the first moment.

use super::claim::{touch_configuration, touch_environment};
use super::end;
use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Transaction, params};
use crate::store::sql::values::{execute, path_text, signed};
use crate::store::{Claim, NewRun, RunRecord, Submitter, SubmitterKind};

pub(super) fn insert(
    transaction: &Transaction<'_>,
    run: &NewRun,
    claim: Option<&Claim>,
    now: Timestamp,
) -> driver::Result<RunRecord> {
    let options = serde_json::to_string(&run.options).unwrap_or_default();
    let sheets = run
        .input_sheets
        .as_ref()
        .and_then(|sheets| serde_json::to_string(sheets).ok());
    execute(
        transaction,
        "INSERT INTO runs (id, workspace_id, configuration_id, document_id, retry_of_run_id, engine_spec, deps_digest, source_digest, snapshot_path,
             input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, max_attempts, created_at, run_dir)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, relative(?9), ?10, relative(?11), ?12, ?13, ?14, ?15, ?16, ?17, relative(?18))",
        params![
            run.id,
            run.key.workspace_id,
            run.key.configuration_id,
            run.document_id,
            run.retry_of_run_id,
            run.key.engine_spec,
            run.key.deps_digest,
            run.source_digest,
            path_text(&run.snapshot),
            run.input_name,
            path_text(&run.input_path),
            run.input_sha256,
            signed(run.input_size_bytes),
            sheets,
            options,
            run.max_attempts,
            now.0,
            path_text(&run.run_dir),
        ],
    )?;
    let by = run.options.submitted_by.as_ref();
    // The environment is looked up again: one that was deleted since the caller read it becomes null here, and a worker
    // records it anew; its id would violate the foreign key. A run is due from the moment when it is recorded.
    execute(
        transaction,
        "INSERT INTO queue (run_id, environment_id, status, available_at, created_at, attempt_count, max_attempts, started_at, claimed_at, claimed_by,
             claim_token, claim_expires_at, claim_process, priority, submitter, by_http)
         VALUES (?1, (SELECT id FROM environments WHERE id = ?2 /*pg FOR KEY SHARE*/), ?3, ?4, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            run.id,
            run.environment_id,
            if claim.is_some() { "running" } else { "queued" },
            now.0,
            u32::from(claim.is_some()),
            run.max_attempts,
            claim.map(|_| now.0),
            claim.map(|claim| &claim.worker),
            claim.map(|claim| &claim.token),
            claim.map(|claim| now.plus(claim.lease).0),
            claim.and_then(|claim| claim.process.as_ref()),
            run.options.priority as u8,
            by.map(Submitter::key).unwrap_or_default(),
            by.is_some_and(|by| by.kind == SubmitterKind::Token),
        ],
    )?;
    touch_configuration(transaction, &run.key.configuration_id, now)?;
    if claim.is_some() {
        touch_environment(transaction, &run.environment_id, now)?;
    } else if run.options.safe_mode {
        end::skip(transaction, &run.id, now)?;
    }
    by_id(transaction, &run.id)
}
