//! Environments: queued → building → ready | failed, under leases of their own.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{execute, path_text, signed, unsigned, unsigned_or_none};
use crate::clock::Timestamp;
use crate::store::{
    Claim, EnvironmentContents, EnvironmentKey, EnvironmentRecord, EnvironmentStatus, Failure,
    Heartbeat,
};

const SELECT: &str = "SELECT e.*, c.name AS configuration_name, c.path AS configuration_path
    FROM environments e JOIN configurations c ON c.id = e.configuration_id";

fn record(row: &Row<'_>) -> rusqlite::Result<EnvironmentRecord> {
    let status: String = row.get("status")?;
    let contents = match row.get::<_, Option<String>>("python_version")? {
        None => None,
        Some(python_version) => Some(EnvironmentContents {
            python_version,
            python_path: row
                .get::<_, Option<String>>("python_path")?
                .unwrap_or_default()
                .into(),
            engine_version: row
                .get::<_, Option<String>>("engine_version")?
                .unwrap_or_default(),
            installer: row
                .get::<_, Option<String>>("installer")?
                .unwrap_or_default(),
            packages: row
                .get::<_, Option<String>>("packages")?
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default(),
            lock_digest: row
                .get::<_, Option<String>>("lock_digest")?
                .unwrap_or_default(),
            size_bytes: unsigned_or_none(row, "size_bytes")?.unwrap_or(0),
        }),
    };
    Ok(EnvironmentRecord {
        id: row.get("id")?,
        key: EnvironmentKey {
            workspace_id: row.get("workspace_id")?,
            configuration_id: row.get("configuration_id")?,
            engine_spec: row.get("engine_spec")?,
            deps_digest: row.get("deps_digest")?,
        },
        configuration_name: row.get("configuration_name")?,
        configuration_path: row.get::<_, String>("configuration_path")?.into(),
        status: EnvironmentStatus::parse(&status).unwrap_or(EnvironmentStatus::Failed),
        folder: row.get::<_, String>("folder")?.into(),
        snapshot: row.get::<_, String>("snapshot_path")?.into(),
        claimed_by: row.get("claimed_by")?,
        claim_expires_at: row
            .get::<_, Option<i64>>("claim_expires_at")?
            .map(Timestamp),
        attempt_count: u32::try_from(unsigned(row, "attempt_count")?).unwrap_or(u32::MAX),
        available_at: Timestamp(row.get("available_at")?),
        error: failure(row)?,
        contents,
        created_at: Timestamp(row.get("created_at")?),
        updated_at: Timestamp(row.get("updated_at")?),
        ready_at: row.get::<_, Option<i64>>("ready_at")?.map(Timestamp),
        last_used_at: row.get::<_, Option<i64>>("last_used_at")?.map(Timestamp),
    })
}

fn failure(row: &Row<'_>) -> rusqlite::Result<Option<Failure>> {
    Ok(match row.get::<_, Option<String>>("error_code")? {
        None => None,
        Some(code) => Some(Failure {
            code,
            stage: Some("environment".to_owned()),
            message: row
                .get::<_, Option<String>>("error_message")?
                .unwrap_or_default(),
            hint: row.get("error_hint")?,
        }),
    })
}

pub(super) fn by_id(connection: &Connection, id: &str) -> rusqlite::Result<EnvironmentRecord> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE e.id = ?1"))?
        .query_row([id], record)
}

pub(super) fn of_key(
    connection: &Connection,
    key: &EnvironmentKey,
) -> rusqlite::Result<Option<EnvironmentRecord>> {
    let sql = format!(
        "{SELECT} WHERE e.workspace_id = ?1 AND e.configuration_id = ?2 AND e.engine_spec = ?3 AND e.deps_digest = ?4"
    );
    connection
        .prepare_cached(&sql)?
        .query_row(
            [
                &key.workspace_id,
                &key.configuration_id,
                &key.engine_spec,
                &key.deps_digest,
            ],
            record,
        )
        .optional()
}

pub(super) fn list(
    connection: &Connection,
    workspace: &str,
) -> rusqlite::Result<Vec<EnvironmentRecord>> {
    let sql = format!(
        "{SELECT} WHERE e.workspace_id = ?1 ORDER BY coalesce(e.last_used_at, e.updated_at) DESC, e.id DESC"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([workspace], record)?.collect()
}

pub(super) fn ensure(
    transaction: &Transaction<'_>,
    key: &EnvironmentKey,
    snapshot: &Path,
    folder: &dyn Fn(&str) -> PathBuf,
    now: Timestamp,
) -> rusqlite::Result<EnvironmentRecord> {
    if let Some(known) = of_key(transaction, key)? {
        return Ok(known);
    }
    let id = uuid::Uuid::now_v7().to_string();
    execute(
        transaction,
        "INSERT INTO environments (id, workspace_id, configuration_id, engine_spec, deps_digest, status, folder, snapshot_path, available_at, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7, ?8, ?8, ?8)",
        params![id, key.workspace_id, key.configuration_id, key.engine_spec, key.deps_digest, path_text(&folder(&id)), path_text(snapshot), now.0],
    )?;
    by_id(transaction, &id)
}

const CLAIM: &str = "UPDATE environments SET status = 'building', claimed_by = ?2, claim_token = ?3, claim_expires_at = ?4, claim_process = ?7, attempt_count = attempt_count + 1,
    error_code = NULL, error_message = NULL, error_hint = NULL, updated_at = ?5";

pub(super) fn claim(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    take_over: bool,
    now: Timestamp,
) -> rusqlite::Result<Option<EnvironmentRecord>> {
    let sql = format!(
        "{CLAIM} WHERE id = ?1 AND (status = 'queued' OR (?6 AND status IN ('building', 'failed')))"
    );
    let changed = transaction.prepare_cached(&sql)?.execute(params![
        id,
        claim.worker,
        claim.token,
        now.plus(claim.lease).0,
        now.0,
        take_over,
        claim.process
    ])?;
    if changed == 0 {
        Ok(None)
    } else {
        by_id(transaction, id).map(Some)
    }
}

/// The queued environment that has waited longest and is due.
pub(super) const NEXT: &str = "SELECT id FROM environments WHERE status = 'queued' AND available_at <= ?1 ORDER BY available_at, id LIMIT 1";

pub(super) fn next(
    connection: &Connection,
    now: Timestamp,
) -> rusqlite::Result<Option<EnvironmentRecord>> {
    let id: Option<String> = connection
        .prepare_cached(NEXT)?
        .query_row([now.0], |row| row.get(0))
        .optional()?;
    id.map(|id| by_id(connection, &id)).transpose()
}

pub(super) fn heartbeat(
    transaction: &Transaction<'_>,
    id: &str,
    claim: &Claim,
    now: Timestamp,
) -> rusqlite::Result<Heartbeat> {
    let changed = transaction
        .prepare_cached("UPDATE environments SET claim_expires_at = ?3 WHERE id = ?1 AND claim_token = ?2 AND status = 'building'")?
        .execute(params![id, claim.token, now.plus(claim.lease).0])?;
    Ok(if changed == 1 {
        Heartbeat::Renewed {
            cancel_requested: false,
        }
    } else {
        Heartbeat::Lost
    })
}

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

pub(super) fn live_runs(connection: &Connection, id: &str) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM runs WHERE environment_id = ?1 AND status IN ('queued', 'running')")?
        .query_row([id], |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

/// The builds of a process that is dead.
pub(super) fn reclaim(
    transaction: &Transaction<'_>,
    process: &str,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let sql = format!(
        "UPDATE environments SET status = 'queued', {UNCLAIM}, available_at = ?2, updated_at = ?2 WHERE status = 'building' AND claim_process = ?1"
    );
    execute(transaction, &sql, params![process, now.0])
}

pub(super) fn mend_times(
    transaction: &Transaction<'_>,
    due: Timestamp,
    expiry: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let waiting = execute(
        transaction,
        "UPDATE environments SET available_at = ?2 WHERE status = 'queued' AND available_at > ?1",
        params![due.0, now.0],
    )?;
    let leased = execute(
        transaction,
        "UPDATE environments SET claim_expires_at = ?1 WHERE status = 'building' AND claim_expires_at > ?1",
        [expiry.0],
    )?;
    Ok(waiting + leased)
}

pub(super) fn everywhere(connection: &Connection) -> rusqlite::Result<Vec<EnvironmentRecord>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY e.id"))?;
    statement.query_map([], record)?.collect()
}

/// Deletes the record, unless the environment has come to life since it was judged.
pub(super) fn take(
    transaction: &Transaction<'_>,
    id: &str,
    cold_since: Option<Timestamp>,
) -> rusqlite::Result<bool> {
    let changed = execute(
        transaction,
        "DELETE FROM environments WHERE id = ?1 AND status IN ('ready', 'failed')
         AND (?2 IS NULL OR coalesce(last_used_at, updated_at) < ?2)
         AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.status IN ('queued', 'running') AND (r.environment_id = environments.id
             OR (r.environment_id IS NULL AND r.workspace_id = environments.workspace_id AND r.configuration_id = environments.configuration_id
                 AND r.engine_spec = environments.engine_spec AND r.deps_digest = environments.deps_digest)))",
        params![id, cold_since.map(|since| since.0)],
    )?;
    Ok(changed == 1)
}

pub(super) fn move_waiting_runs(
    transaction: &Transaction<'_>,
    from: &str,
    to: &EnvironmentRecord,
    now: Timestamp,
) -> rusqlite::Result<()> {
    execute(
        transaction,
        "UPDATE runs SET environment_id = ?2, engine_spec = ?3, deps_digest = ?4 WHERE environment_id = ?1 AND status = 'queued'
         AND status IN ('queued', 'running')",
        params![from, to.id, to.key.engine_spec, to.key.deps_digest],
    )?;
    // A run of the former that is executed just now may come back to the queue; then the former is kept for it, and comes
    // up again a little later.
    execute(
        transaction,
        "DELETE FROM environments WHERE id = ?1 AND status = 'queued'
         AND NOT EXISTS (SELECT 1 FROM runs WHERE environment_id = ?1 AND status IN ('queued', 'running'))",
        [from],
    )?;
    execute(
        transaction,
        "UPDATE environments SET available_at = ?2 WHERE id = ?1 AND status = 'queued'",
        params![from, now.plus(std::time::Duration::from_secs(30)).0],
    )?;
    Ok(())
}
