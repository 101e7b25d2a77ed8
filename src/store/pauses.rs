//! Pauses of the whole queue or of one configuration. Paused runs wait until an operator resumes them.

use serde::Serialize;
use utoipa::ToSchema;

use super::driver::{params, record};
use super::needed::held;
use super::{Result, Store};
use crate::base::clock::Timestamp;

/// A pause of the queue or of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pause {
    /// The paused configuration; null: everything is paused.
    pub configuration_id: Option<String>,
    /// The reason that was given for the pause.
    pub reason: Option<String>,
    /// Who paused it: `user NAME` or `token NAME`.
    pub paused_by: String,
    /// When the pause began.
    pub paused_at: Timestamp,
}

const SELECT: &str = "SELECT nullif(configuration_id, '') AS configuration_id, reason, paused_by, paused_at FROM pauses";

/// Counts the queued runs of paused configurations by their environments; the few runs without an environment, by their
/// records.
const PAUSED: &str = "SELECT (SELECT count(*) FROM environments/*pg_anywhere*/ e
        CROSS JOIN queue q INDEXED BY queue_of_environment ON q.environment_id = e.id AND q.status = 'queued'
        WHERE e.configuration_id IN (SELECT configuration_id FROM pauses))
    + (SELECT count(*) FROM queue q CROSS JOIN runs r ON r.id = q.run_id
        WHERE q.environment_id IS NULL AND q.status = 'queued' AND r.configuration_id IN (SELECT configuration_id FROM pauses))";

/// Counts all queued runs, for a pause of everything.
const ALL: &str = "SELECT count(*) FROM queue WHERE status = 'queued'";

impl Store {
    /// Records a pause. If it exists, a new reason replaces the old one, and the rest stays.
    pub fn pause(&self, new: &Pause) -> Result<Pause> {
        let of = new.configuration_id.as_deref().unwrap_or_default();
        let sql = "INSERT INTO pauses (configuration_id, reason, paused_by, paused_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (configuration_id) DO UPDATE SET reason = coalesce(excluded.reason, pauses.reason)
             RETURNING nullif(configuration_id, '') AS configuration_id, reason, paused_by, paused_at";
        let values = params![of, new.reason, new.paused_by, new.paused_at];
        self.write_new(|transaction| {
            if let Some(id) = &new.configuration_id {
                held(transaction, id)?;
            }
            transaction.one(sql, values)
        })
    }

    /// Ends the pause of a configuration, or of everything. Returns the pause; `None`: there was none.
    pub fn resume(&self, configuration: Option<&str>) -> Result<Option<Pause>> {
        let sql = "DELETE FROM pauses WHERE configuration_id = ?1
             RETURNING nullif(configuration_id, '') AS configuration_id, reason, paused_by, paused_at";
        let of = configuration.unwrap_or_default();
        self.write(|transaction| {
            transaction.wake();
            transaction.row(sql, [of])
        })
    }

    /// Returns all pauses: the pause of everything first, then the earliest.
    pub fn pauses(&self) -> Result<Vec<Pause>> {
        let sql = format!("{SELECT} ORDER BY pauses.configuration_id <> '', paused_at");
        self.rows(&sql, [])
    }

    /// Counts the queued runs that wait because of a pause.
    pub fn paused_runs(&self) -> Result<u64> {
        let of_everything = "SELECT 1 FROM pauses WHERE configuration_id = ''";
        self.read(|connection| match connection.exists(of_everything, [])? {
            true => connection.one(ALL, []),
            false => connection.one(PAUSED, []),
        })
    }

    /// Returns the pause that applies to a configuration: that of everything, or its own.
    pub fn pause_of(&self, configuration: &str) -> Result<Option<Pause>> {
        let mut pauses = self.pauses()?.into_iter();
        let holds = |of: &String| of == configuration;
        Ok(pauses.find(|pause| pause.configuration_id.as_ref().is_none_or(holds)))
    }
}

record!(Pause(row) { configuration_id, reason, paused_by, paused_at });
