//! Claims environments for building, and records how a build ended.

use std::path::Path;

use rusqlite::{Transaction, params};

use super::read::by_id;
use crate::clock::Timestamp;
use crate::store::sqlite::values::{execute, path_text, signed};
use crate::store::{Claim, EnvironmentContents, EnvironmentRecord, Failure, Heartbeat};

pub(super) fn claim(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    take_over: bool,
    now: Timestamp,
) -> rusqlite::Result<Option<EnvironmentRecord>> {
    // The holder of the build lock may take over (?6): then the builder that the record still names is dead. If it is not,
    // the new token makes it lose its claim. The attempt is counted here and not when it fails, so that a build that kills
    // its process counts too.
    let changed = execute(
        transaction,
        "UPDATE environments SET status = 'building', claimed_by = ?2, claim_token = ?3, claim_expires_at = ?4, claim_process = ?7,
         attempt_count = attempt_count + 1, error_code = NULL, error_message = NULL, error_hint = NULL, updated_at = ?5
         WHERE id = ?1 AND (status = 'queued' OR (?6 AND status IN ('building', 'failed')))",
        params![
            id,
            claim.worker,
            claim.token,
            now.plus(claim.lease).0,
            now.0,
            take_over,
            claim.process
        ],
    )?;
    if changed == 0 {
        Ok(None)
    } else {
        by_id(transaction, id).map(Some)
    }
}

pub(super) fn heartbeat(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Heartbeat> {
    let changed = execute(
        transaction,
        "UPDATE environments SET claim_expires_at = ?3 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'",
        params![id, claim.token, now.plus(claim.lease).0],
    )?;
    Ok(if changed == 1 {
        Heartbeat::Renewed {
            cancel_requested: false,
        }
    } else {
        Heartbeat::Lost
    })
}

/// Part of every statement that leaves `building`: the schema allows a token in that state only.
const UNCLAIM: &str =
    "claimed_by = NULL, claim_token = NULL, claim_expires_at = NULL, claim_process = NULL";

pub(super) fn complete(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    contents: &EnvironmentContents,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let packages = serde_json::to_string(&contents.packages).unwrap_or_default();
    // The count of attempts begins anew, for the case that its files vanish and it is built again.
    let sql = format!(
        "UPDATE environments SET status = 'ready', {UNCLAIM}, python_version = ?3, python_path = ?4, engine_version = ?5, installer = ?6, packages = ?7,
         lock_digest = ?8, size_bytes = ?9, ready_at = ?10, updated_at = ?10, attempt_count = 0 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
    );
    let changed = execute(
        transaction,
        &sql,
        params![
            id,
            claim.token,
            contents.python_version,
            path_text(&contents.python_path),
            contents.engine_version,
            contents.installer,
            packages,
            contents.lock_digest,
            signed(contents.size_bytes),
            now.0
        ],
    )?;
    Ok(changed == 1)
}

pub(super) fn fail(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    failure: &Failure,
    retry_at: Option<Timestamp>,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "UPDATE environments SET status = ?3, {UNCLAIM}, available_at = ?4, error_code = ?5, error_message = ?6, error_hint = ?7, updated_at = ?8
         WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
    );
    let status = if retry_at.is_some() {
        "queued"
    } else {
        "failed"
    };
    let available = retry_at.unwrap_or(now);
    let changed = execute(
        transaction,
        &sql,
        params![
            id,
            claim.token,
            status,
            available.0,
            failure.code,
            failure.message,
            failure.hint,
            now.0
        ],
    )?;
    Ok(changed == 1)
}

pub(super) fn release(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    // Due again at once, the attempt not counted; never below zero, because a build since may have reset the count.
    let sql = format!(
        "UPDATE environments SET status = 'queued', {UNCLAIM}, attempt_count = max(0, attempt_count - 1), available_at = ?3, updated_at = ?3
         WHERE id = ?1 AND claim_token = ?2 AND status = 'building'"
    );
    Ok(execute(transaction, &sql, params![id, claim.token, now.0])? == 1)
}

pub(super) fn requeue(
    transaction: &Transaction<'_>,
    seen: &EnvironmentRecord,
    folder: &Path,
    snapshot: &Path,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    // `ready_at` identifies a build: if the environment was built since, it differs, and if it is not ready, it is null, which
    // equals nothing.
    let changed = execute(
        transaction,
        "UPDATE environments SET status = 'queued', folder = ?3, snapshot_path = ?4, attempt_count = 0, available_at = ?5, ready_at = NULL, updated_at = ?5
         WHERE id = ?1 AND status = 'ready' AND ready_at = ?2",
        params![seen.id, seen.ready_at.map(|ready_at| ready_at.0), path_text(folder), path_text(snapshot), now.0],
    )?;
    Ok(changed == 1)
}

pub(super) fn expire(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<usize> {
    let sql = format!(
        "UPDATE environments SET status = 'queued', {UNCLAIM}, available_at = ?1, updated_at = ?1 WHERE status = 'building' AND claim_expires_at < ?1"
    );
    execute(transaction, &sql, [now.0])
}

/// Requeues the builds of a dead process. They are found by the index `environments_leased`, which is always small.
pub(in crate::store::sqlite) fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let sql = format!(
        "UPDATE environments SET status = 'queued', {UNCLAIM}, available_at = ?2, updated_at = ?2 WHERE status = 'building' AND claim_process = ?1"
    );
    execute(transaction, &sql, params![process, now.0])
}
