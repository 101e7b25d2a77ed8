//! Records runs: in the queue or, for `ade run`, under a claim from the start.
//!
//! All recorded values are known here, so the record is not read back.

use std::path::PathBuf;

use super::claim::{is_known, touch_configuration, touch_environment};
use super::end;
use super::limits::over_queued;
use super::read::by_id;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Transaction, params, record};
use crate::store::needed::archived;
use crate::store::values::path_text;
use crate::store::{
    Call, Claim, NewRun, Result, RunRecord, RunStatus, Store, StoreError, Submitter, SubmitterKind,
    WorkerFilter,
};

/// The facts from the records of a run's configuration and environment.
struct EnqueueContext {
    configuration_name: String,
    configuration_path: PathBuf,
    /// The environment; `None` if it was deleted since the caller read it. The run's record then has null, and a worker
    /// records the environment again; its id would violate the foreign key.
    environment: Option<String>,
    /// When the configuration was last run, as far as known.
    last_run_at: Option<i64>,
    is_archived: bool,
}

record!(EnqueueContext(row) {
    configuration_name, environment, last_run_at, is_archived;
    configuration_path: row.path("configuration_path")?,
});

/// Reads these facts. The configuration is neither archived nor deleted until the transaction ends.
fn find(transaction: &Transaction<'_>, run: &NewRun) -> driver::Result<EnqueueContext> {
    let sql = "SELECT name AS configuration_name, absolute(path) AS configuration_path, (SELECT id FROM environments WHERE id = ?2 /*pg FOR KEY SHARE*/) AS environment, last_run_at, archived_at IS NOT NULL AS is_archived
         FROM configurations WHERE id = ?1 /*pg FOR KEY SHARE*/";
    let id = &run.key.configuration_id;
    let found: Option<EnqueueContext> = transaction.row(sql, [id, &run.environment_id])?;
    let found = found.ok_or_else(|| StoreError::not_found("configuration", id))?;
    match found.is_archived {
        true => Err(archived(&found.configuration_name).into()),
        false => Ok(found),
    }
}

impl Store {
    /// Records runs as queued, either all or none; exceeding a limit is an error. Runs in safe mode are recorded as succeeded,
    /// without executing anything, here and in [`Store::submit_run`].
    pub fn enqueue_runs(&self, runs: &[NewRun], now: Timestamp) -> Result<Vec<RunRecord>> {
        self.observed(Call::Enqueue(runs), Some(now), |store| {
            store.demand_in_place()?;
            Ok(store.write(|transaction| {
                if let Some(over) = over_queued(transaction, runs)? {
                    return Ok(Err(over));
                }
                let mut last: Option<(&NewRun, EnqueueContext)> = None;
                let mut recorded = Vec::with_capacity(runs.len());
                for run in runs {
                    let found = match last {
                        Some((of, found))
                            if of.key == run.key && of.environment_id == run.environment_id =>
                        {
                            found
                        }
                        _ => find(transaction, run)?,
                    };
                    recorded.push(insert_found(transaction, run, &found, None, now)?);
                    last = Some((run, found));
                }
                Ok(Ok(recorded))
            })??)
        })
    }

    /// Records a run as running under a claim, with its first attempt begun, for `ade run`.
    pub fn insert_claimed_run(
        &self,
        run: &NewRun,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<RunRecord> {
        self.observed(Call::InsertClaimed(&run.id, claim), Some(now), |store| {
            store.demand_in_place()?;
            store.write(|transaction| insert(transaction, run, Some(claim), now))
        })
    }
}

/// Records one run in the queue or under a claim.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    run: &NewRun,
    claim: Option<&Claim>,
    now: Timestamp,
) -> driver::Result<RunRecord> {
    let found = find(transaction, run)?;
    insert_found(transaction, run, &found, claim, now)
}

fn insert_found(
    transaction: &Transaction<'_>,
    run: &NewRun,
    found: &EnqueueContext,
    claim: Option<&Claim>,
    now: Timestamp,
) -> driver::Result<RunRecord> {
    insert_run(transaction, run, now)?;
    insert_queued(transaction, run, found, claim, now)?;
    if !is_known(found.last_run_at, now) {
        touch_configuration(transaction, &run.key.configuration_id, now)?;
    }
    if claim.is_some() {
        touch_environment(transaction, &run.environment_id, now)?;
    } else if run.options.safe_mode {
        end::skip(transaction, &run.id, now)?;
        return by_id(transaction, &run.id);
    } else {
        transaction.wake();
    }
    Ok(recorded(run, found, claim, now))
}

fn insert_run(transaction: &Transaction<'_>, run: &NewRun, now: Timestamp) -> driver::Result<()> {
    let options = serde_json::to_string(&run.options).unwrap_or_default();
    let sheets = run
        .input_sheets
        .as_ref()
        .and_then(|sheets| serde_json::to_string(sheets).ok());
    transaction.later(
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
            run.input_size_bytes,
            sheets,
            options,
            run.max_attempts,
            now,
            path_text(&run.run_dir),
        ],
    )
}

fn insert_queued(
    transaction: &Transaction<'_>,
    run: &NewRun,
    found: &EnqueueContext,
    claim: Option<&Claim>,
    now: Timestamp,
) -> driver::Result<()> {
    let by = run.options.submitted_by.as_ref();
    // A run is due from the moment when it is recorded.
    transaction.later(
        "INSERT INTO queue (run_id, environment_id, status, available_at, created_at, attempt_count, max_attempts, started_at, claimed_at, claimed_by,
             claim_token, claim_expires_at, claim_process, priority, submitter, by_http, labels)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            run.id,
            found.environment,
            if claim.is_some() { "running" } else { "queued" },
            now,
            u32::from(claim.is_some()),
            run.max_attempts,
            claim.map(|_| now),
            claim.map(|claim| &claim.worker),
            claim.map(|claim| &claim.token),
            claim.map(|claim| now.plus(claim.lease)),
            claim.and_then(|claim| claim.process.as_ref()),
            run.options.priority as u8,
            by.map(Submitter::key).unwrap_or_default(),
            by.is_some_and(|by| by.kind == SubmitterKind::Token),
            WorkerFilter::lines(&run.options.labels),
        ],
    )
}

/// Returns the record as it would be read.
fn recorded(
    run: &NewRun,
    found: &EnqueueContext,
    claim: Option<&Claim>,
    now: Timestamp,
) -> RunRecord {
    RunRecord {
        id: run.id.clone(),
        key: run.key.clone(),
        environment_id: found.environment.clone(),
        document_id: run.document_id.clone(),
        retry_of_run_id: run.retry_of_run_id.clone(),
        configuration_name: found.configuration_name.clone(),
        configuration_path: found.configuration_path.clone(),
        source_digest: run.source_digest.clone(),
        snapshot: run.snapshot.clone(),
        input_name: run.input_name.clone(),
        input_path: run.input_path.clone(),
        input_sha256: run.input_sha256.clone(),
        input_size_bytes: run.input_size_bytes,
        input_sheets: run.input_sheets.clone(),
        options: run.options.clone(),
        status: match claim {
            Some(_) => RunStatus::Running,
            None => RunStatus::Queued,
        },
        attempt_count: u32::from(claim.is_some()),
        max_attempts: run.max_attempts,
        available_at: now,
        claimed_by: claim.map(|claim| claim.worker.clone()),
        claim_expires_at: claim.map(|claim| now.plus(claim.lease)),
        claim_process: claim.and_then(|claim| claim.process.clone()),
        created_at: now,
        started_at: claim.map(|_| now),
        run_dir: run.run_dir.clone(),
        ..RunRecord::default()
    }
}
