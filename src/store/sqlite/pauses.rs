//! Pauses.

use rusqlite::{Connection, Row, params};

use super::SqliteStore;
use super::values::{count, instant, row, rows};
use crate::store::{Pause, Pauses, Result};

const SELECT: &str = "SELECT nullif(configuration_id, '') AS configuration_id, reason, paused_by, paused_at FROM pauses";

/// Counts the queued runs of paused environments, and of paused configurations that have no environment yet.
const PAUSED: &str = "SELECT count(*) FROM queue q WHERE status = 'queued' AND CASE
    WHEN EXISTS (SELECT 1 FROM pauses WHERE configuration_id = '') THEN 1
    WHEN environment_id IS NULL THEN (SELECT r.configuration_id FROM runs r WHERE r.id = q.run_id) IN (SELECT configuration_id FROM pauses)
    ELSE environment_id IN (SELECT e.id FROM environments e JOIN pauses p ON p.configuration_id = e.configuration_id) END";

impl Pauses for SqliteStore {
    fn pause(&self, new: &Pause) -> Result<Pause> {
        let of = new.configuration_id.as_deref().unwrap_or_default();
        let sql = "INSERT INTO pauses (configuration_id, reason, paused_by, paused_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (configuration_id) DO UPDATE SET reason = coalesce(excluded.reason, reason)
             RETURNING nullif(configuration_id, '') AS configuration_id, reason, paused_by, paused_at";
        let values = params![of, new.reason, new.paused_by, new.paused_at.0];
        self.write(|transaction| transaction.prepare_cached(sql)?.query_row(values, pause))
    }

    fn resume(&self, configuration: Option<&str>) -> Result<Option<Pause>> {
        let sql = "DELETE FROM pauses WHERE configuration_id = ?1
             RETURNING nullif(configuration_id, '') AS configuration_id, reason, paused_by, paused_at";
        let of = configuration.unwrap_or_default();
        self.write(|transaction| row(transaction, sql, [of], pause))
    }

    fn pauses(&self) -> Result<Vec<Pause>> {
        let sql = format!("{SELECT} ORDER BY pauses.configuration_id <> '', paused_at");
        self.read(|connection| rows(connection, &sql, [], pause))
    }

    fn paused_runs(&self) -> Result<u64> {
        self.read(|connection: &Connection| {
            let any = super::values::exists(connection, SELECT, [])?;
            if any {
                count(connection, PAUSED, [])
            } else {
                Ok(0)
            }
        })
    }
}

fn pause(row: &Row<'_>) -> rusqlite::Result<Pause> {
    Ok(Pause {
        configuration_id: row.get("configuration_id")?,
        reason: row.get("reason")?,
        paused_by: row.get("paused_by")?,
        paused_at: instant(row, "paused_at")?,
    })
}
