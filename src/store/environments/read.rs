//! Reads environments.

use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, Row, params};
use crate::store::values::{instant, instant_or_none, row, rows, small, unsigned_or_none, word};
use crate::store::{
    EnvironmentContents, EnvironmentKey, EnvironmentRecord, EnvironmentStatus, Failure,
};

const SELECT: &str = "SELECT e.*, absolute(e.folder) AS folder_at, absolute(e.snapshot_path) AS snapshot_at, c.name AS configuration_name, absolute(c.path) AS configuration_path,
    c.archived_at IS NOT NULL AS configuration_archived
    FROM environments e JOIN configurations c ON c.id = e.configuration_id";

fn record(row: &Row<'_>) -> driver::Result<EnvironmentRecord> {
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
        configuration_archived: row.get("configuration_archived")?,
        status: word(row, "status", EnvironmentStatus::parse)?,
        folder: row.get::<_, String>("folder_at")?.into(),
        snapshot: row.get::<_, String>("snapshot_at")?.into(),
        claimed_by: row.get("claimed_by")?,
        claim_process: row.get("claim_process")?,
        claim_expires_at: instant_or_none(row, "claim_expires_at")?,
        attempt_count: small(row, "attempt_count")?,
        trouble_count: small(row, "trouble_count")?,
        available_at: instant(row, "available_at")?,
        error: failure(row)?,
        contents: contents(row)?,
        created_at: instant(row, "created_at")?,
        updated_at: instant(row, "updated_at")?,
        ready_at: instant_or_none(row, "ready_at")?,
        last_used_at: instant_or_none(row, "last_used_at")?,
    })
}

/// Reads the contents. They are recorded exactly where a Python version is.
fn contents(row: &Row<'_>) -> driver::Result<Option<EnvironmentContents>> {
    let Some(python_version) = row.get::<_, Option<String>>("python_version")? else {
        return Ok(None);
    };
    let text = |column: &str| -> driver::Result<String> {
        Ok(row.get::<_, Option<String>>(column)?.unwrap_or_default())
    };
    Ok(Some(EnvironmentContents {
        python_version,
        python_path: text("python_path")?.into(),
        engine_version: text("engine_version")?,
        installer: text("installer")?,
        packages: serde_json::from_str(&text("packages")?).unwrap_or_default(),
        lock_digest: text("lock_digest")?,
        size_bytes: unsigned_or_none(row, "size_bytes")?.unwrap_or(0),
    }))
}

fn failure(row: &Row<'_>) -> driver::Result<Option<Failure>> {
    Ok(match row.get::<_, Option<String>>("error_code")? {
        None => None,
        Some(code) => Some(Failure {
            code,
            stage: Some("environment".to_owned()),
            message: row
                .get::<_, Option<String>>("error_message")?
                .unwrap_or_default(),
            hint: row.get("error_hint")?,
            place: Box::default(),
        }),
    })
}

pub(super) fn by_id(
    connection: &Connection,
    id: &str,
) -> driver::Result<Option<EnvironmentRecord>> {
    row(
        connection,
        &format!("{SELECT} WHERE e.id = ?1"),
        [id],
        record,
    )
}

pub(super) fn of_key(
    connection: &Connection,
    key: &EnvironmentKey,
) -> driver::Result<Option<EnvironmentRecord>> {
    let sql = format!(
        "{SELECT} WHERE e.workspace_id = ?1 AND e.configuration_id = ?2 AND e.engine_spec = ?3 AND e.deps_digest = ?4"
    );
    let EnvironmentKey {
        workspace_id,
        configuration_id,
        engine_spec,
        deps_digest,
    } = key;
    let values = [workspace_id, configuration_id, engine_spec, deps_digest];
    row(connection, &sql, values, record)
}

pub(super) fn list(
    connection: &Connection,
    workspace: &str,
) -> driver::Result<Vec<EnvironmentRecord>> {
    // One that no run has used yet is sorted by when it was built. A workspace has tens of environments, which need no index.
    let sql = format!(
        "{SELECT} WHERE e.workspace_id = ?1 ORDER BY coalesce(e.last_used_at, e.updated_at) DESC, e.id DESC"
    );
    rows(connection, &sql, [workspace], record)
}

pub(super) fn everywhere(connection: &Connection) -> driver::Result<Vec<EnvironmentRecord>> {
    rows(connection, &format!("{SELECT} ORDER BY e.id"), [], record)
}

/// The due environment that has waited longest, is neither paused nor of an archived configuration, and is taken by a worker, after one that is given by its place: the next entry of the index
/// `environments_waiting`, which has the order of this statement.
pub(in crate::store) const NEXT: &str = "SELECT id FROM environments WHERE status = 'queued' AND available_at <= ?1 AND (available_at, id) > (?2, ?3)
    AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.configuration_id IN ('', environments.configuration_id))
    AND (SELECT archived_at FROM configurations c WHERE c.id = environments.configuration_id) IS NULL
    AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = ?4 AND (w.quieted_at IS NOT NULL OR w.only_workspace <> environments.workspace_id
        OR (w.only_label IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queue q
            WHERE q.environment_id = environments.id AND q.status = 'queued' AND instr(q.labels, w.only_label) > 0))))
    ORDER BY available_at, id LIMIT 1";

pub(super) fn next(
    connection: &Connection,
    now: Timestamp,
    process: Option<&str>,
    after: Option<&EnvironmentRecord>,
) -> driver::Result<Option<EnvironmentRecord>> {
    let (time, place) = after.map_or((i64::MIN, ""), |after| (after.available_at.0, &after.id));
    let values = params![now.0, time, place, process];
    let id: Option<String> = row(connection, NEXT, values, |row| row.get(0))?;
    id.map_or(Ok(None), |id| by_id(connection, &id))
}
