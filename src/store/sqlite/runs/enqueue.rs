//! Records runs: in the queue or, for `ade run`, under a claim from the first moment.

use rusqlite::{Transaction, params};

use super::attempt::begin_attempt;
use super::claim::touch_environment;
use super::read::by_id;
use crate::clock::Timestamp;
use crate::store::sqlite::values::{execute, path_text, signed};
use crate::store::{Claim, NewRun, RunRecord};

pub(super) fn insert(
    transaction: &Transaction<'_>,
    run: &NewRun,
    claim: Option<&Claim>,
    now: Timestamp,
) -> rusqlite::Result<RunRecord> {
    let options = serde_json::to_string(&run.options).unwrap_or_default();
    let sheets = run
        .input_sheets
        .as_ref()
        .and_then(|sheets| serde_json::to_string(sheets).ok());
    // The environment is looked up again: one that was deleted since the caller read it becomes null here, and a worker
    // records it anew; its id would violate the foreign key. A run is due (?19) from the moment when it is recorded.
    execute(
        transaction,
        "INSERT INTO runs (id, workspace_id, configuration_id, environment_id, document_id, engine_spec, deps_digest, source_digest, snapshot_path,
             input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, status, attempt_count, max_attempts, available_at, claimed_by,
             claim_token, claim_expires_at, created_at, started_at, run_dir, claim_process, retry_of_run_id)
         VALUES (?1, ?2, ?3, (SELECT id FROM environments WHERE id = ?4), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?19, ?23, ?24, ?25, ?26)",
        params![
            run.id,
            run.key.workspace_id,
            run.key.configuration_id,
            run.environment_id,
            run.document_id,
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
            if claim.is_some() { "running" } else { "queued" },
            u32::from(claim.is_some()),
            run.max_attempts,
            now.0,
            claim.map(|claim| &claim.worker),
            claim.map(|claim| &claim.token),
            claim.map(|claim| now.plus(claim.lease).0),
            claim.map(|_| now.0),
            path_text(&run.run_dir),
            claim.and_then(|claim| claim.process.as_ref()),
            run.retry_of_run_id,
        ],
    )?;
    execute(
        transaction,
        "UPDATE configurations SET last_run_at = ?2 WHERE id = ?1",
        params![run.key.configuration_id, now.0],
    )?;
    if let Some(claim) = claim {
        begin_attempt(transaction, &run.id, 1, claim, now)?;
        touch_environment(transaction, &run.environment_id, now)?;
    }
    by_id(transaction, &run.id)
}
