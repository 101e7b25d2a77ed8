//! Several hosts that execute runs from one database, and the clock that they share.
//!
//! A host is a data directory. Each host builds the environments in which it executes runs, so an environment exists
//! separately on each host, with the same id: the store's facts about environments are those of its own host. Any host whose
//! environment is ready can claim a run. A database that is a file has one host.

use std::time::Duration;

use super::{Result, RunRecord, Store, runs};
use crate::base::clock::Timestamp;

/// The minimum time that a run has been due, in milliseconds, to count as waiting for a slot.
const WAITS_LONG: i64 = 10_000;

/// Selects the first run of each environment that this host should build. Waiting runs are found by their turns, which are
/// few. Only hosts with workers count, and a host that is in trouble with an environment does not have it. More hosts do not
/// help a configuration that has reached its limit of running runs.
const WITHOUT_HOST: &str = "WITH
    has (id, process, slots) AS (
        SELECT o.id, w.id, w.slots FROM environments_of_hosts o JOIN workers w ON w.host_id = o.host_id AND w.kind = 'worker'
            AND w.quieted_at IS NULL AND w.only_label IS NULL AND (w.only_workspace IS NULL OR w.only_workspace = o.workspace_id)
        WHERE o.status IN ('ready', 'building') OR (o.status = 'queued' AND o.trouble_count = 0)),
    waiting (id, configuration_id, run_id, due) AS (
        SELECT t.id, a.configuration_id,
            (SELECT q.run_id FROM queue q WHERE q.environment_id = t.id AND q.status = 'queued' ORDER BY q.available_at, q.created_at, q.run_id LIMIT 1),
            (SELECT count(*) FROM (SELECT 1 FROM queue q WHERE q.environment_id = t.id AND q.status = 'queued' AND q.available_at <= $1
                LIMIT coalesce(c.max_concurrency, 1000)) AS due)
        FROM (SELECT DISTINCT environment_id AS id FROM queue_turns) AS t
        JOIN environments_anywhere a ON a.id = t.id JOIN configurations c ON c.id = a.configuration_id
        WHERE NOT EXISTS (SELECT 1 FROM environments e WHERE e.id = t.id))
    SELECT run_id FROM waiting WHERE run_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.configuration_id IN ('', waiting.configuration_id))
    AND (NOT EXISTS (SELECT 1 FROM has WHERE has.id = waiting.id)
        OR due > (SELECT sum(slots - (SELECT count(*) FROM queue r WHERE r.status = 'running' AND r.claim_process = has.process))
            FROM has WHERE has.id = waiting.id))";

impl Store {
    /// Returns the host that the store works for, by the id of its data directory. `None`: the database has only one host.
    pub fn host(&self) -> Option<&str> {
        self.connections.backend.host()
    }

    /// Returns the time of the clock that all hosts share. `None`: the clock of this machine is used.
    pub fn server_time(&self) -> Result<Option<Timestamp>> {
        if self.host().is_none() {
            return Ok(None);
        }
        let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";
        self.row(sql, [])
    }

    /// Sets the time limit for each answer of a server from now on, because somebody waits for it.
    pub fn answer_within(&self, most: Duration) {
        self.connections.backend.answer_within(most);
    }

    /// Checks that the database is still the one that was opened, at its path, with a schema that this `ade` knows.
    ///
    /// # Errors
    /// The database or its schema was replaced, or the database does not answer.
    pub fn demand_known_schema(&self) -> Result<()> {
        self.connections.backend.demand_in_place()?;
        self.connections
            .backend
            .demand_current_schema(&self.connections.reading())
    }

    /// Returns a run for each environment that this host does not have and should build: no working host has it or is about
    /// to, or more runs have been due for ten seconds than those hosts have free slots.
    pub fn runs_without_host(&self, now: Timestamp) -> Result<Vec<RunRecord>> {
        if self.host().is_none() {
            return Ok(Vec::new());
        }
        self.read(|connection| {
            let ids: Vec<String> = connection.rows(WITHOUT_HOST, [now.0 - WAITS_LONG])?;
            ids.iter().map(|id| runs::by_id(connection, id)).collect()
        })
    }

    /// Deletes the records of other hosts' environments that were last used, or changed, before a time, that no queued or
    /// running run needs, and for whose host no process works. Returns their number.
    pub fn forget_hosts(&self, before: Timestamp) -> Result<usize> {
        if self.host().is_none() {
            return Ok(0);
        }
        let sql = "DELETE FROM environments_of_hosts o WHERE host_id <> current_setting('ade.host') AND coalesce(last_used_at, updated_at) < $1
             AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.host_id = o.host_id)
             AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = o.id)";
        self.write(|transaction| transaction.changed(sql, [before]))
    }
}
