//! Reads the records of environments.

use crate::store::driver::{self, Connection, DbRow, record};
use crate::store::{EnvironmentContents, EnvironmentKey, EnvironmentRecord, FailureRecord};

pub(super) const SELECT: &str = "SELECT e.*, absolute(e.folder) AS folder_at, absolute(e.snapshot_path) AS snapshot_at, c.name AS configuration_name, absolute(c.path) AS configuration_path,
    c.archived_at IS NOT NULL AS configuration_archived
    FROM environments e JOIN configurations c ON c.id = e.configuration_id";

record!(EnvironmentKey(row) { workspace_id, configuration_id, engine_spec, deps_digest });

record!(EnvironmentRecord(row) {
    id, configuration_name, configuration_archived, status, claimed_by, claim_process, claim_expires_at, attempt_count,
    trouble_count, available_at, created_at, updated_at, ready_at, last_used_at;
    key: EnvironmentKey::from_row(row)?,
    configuration_path: row.path("configuration_path")?,
    folder: row.path("folder_at")?,
    snapshot: row.path("snapshot_at")?,
    error: failure(row)?,
    contents: contents(row)?,
});

/// Reads the contents, which are recorded exactly if there is a Python version.
fn contents(row: &DbRow<'_>) -> driver::Result<Option<EnvironmentContents>> {
    let Some(python_version) = row.get::<_, Option<String>>("python_version")? else {
        return Ok(None);
    };
    let text =
        |column| Ok::<_, driver::Error>(row.get::<_, Option<String>>(column)?.unwrap_or_default());
    Ok(Some(EnvironmentContents {
        python_version,
        python_path: text("python_path")?.into(),
        engine_version: text("engine_version")?,
        installer: text("installer")?,
        packages: serde_json::from_str(&text("packages")?).unwrap_or_default(),
        lock_digest: text("lock_digest")?,
        size_bytes: row.get::<_, Option<u64>>("size_bytes")?.unwrap_or(0),
    }))
}

fn failure(row: &DbRow<'_>) -> driver::Result<Option<FailureRecord>> {
    let Some(code) = row.get::<_, Option<String>>("error_code")? else {
        return Ok(None);
    };
    let message: Option<String> = row.get("error_message")?;
    let (message, hint) = (message.unwrap_or_default(), row.get("error_hint")?);
    Ok(Some(FailureRecord::new(
        &code,
        "environment",
        message,
        hint,
    )))
}

pub(super) fn by_id(
    connection: &Connection,
    id: &str,
) -> driver::Result<Option<EnvironmentRecord>> {
    connection.row(&format!("{SELECT} WHERE e.id = ?1"), [id])
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
    connection.row(&sql, values)
}

/// Selects the due environment that has waited longest, is neither paused nor of an archived configuration, and is accepted by
/// a worker, after a given position: the next entry of `environments_waiting`, which has the order of this statement.
pub const NEXT: &str = "SELECT id FROM environments WHERE status = 'queued' AND available_at <= ?1 AND (available_at, id) > (?2, ?3)
    AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.configuration_id IN ('', environments.configuration_id))
    AND (SELECT archived_at FROM configurations c WHERE c.id = environments.configuration_id) IS NULL
    AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = ?4 AND (w.quieted_at IS NOT NULL OR w.only_workspace <> environments.workspace_id
        OR (w.only_label IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queue q
            WHERE q.environment_id = environments.id AND q.status = 'queued' AND instr(q.labels, w.only_label) > 0))))
    ORDER BY available_at, id LIMIT 1";
