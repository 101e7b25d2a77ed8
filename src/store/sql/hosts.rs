//! Several hosts that execute runs from one database: PostgreSQL alone has them.

use std::time::Duration;

use super::values::{execute, rows};
use super::{SqlStore, runs};
use crate::base::clock::Timestamp;
use crate::store::driver::params;
use crate::store::{Hosts, Result, RunRecord};

/// A run that has been due for longer than this, in milliseconds, waits for a slot.
const WAITS_LONG: i64 = 10_000;

/// The first run of each environment that this host should build. What waits is found by its turns, which are few. The hosts at work
/// are those with workers; one that is in trouble with an environment does not have it. More of them do not help a configuration of
/// which no more runs may be executed.
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

impl Hosts for SqlStore {
    fn host(&self) -> Option<&str> {
        self.backend.host()
    }

    fn server_time(&self) -> Result<Option<Timestamp>> {
        if self.host().is_none() {
            return Ok(None);
        }
        let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";
        let now = self.read(|connection| {
            connection
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))
        });
        now.map(|now| Some(Timestamp(now)))
    }

    fn answer_within(&self, most: Duration) {
        self.backend.answer_within(most);
    }

    fn demand_known_schema(&self) -> Result<()> {
        self.backend.demand_in_place()?;
        self.backend.demand_current_schema(&self.reading())
    }

    fn runs_without_host(&self, now: Timestamp) -> Result<Vec<RunRecord>> {
        if self.host().is_none() {
            return Ok(Vec::new());
        }
        self.read(|connection| {
            let long_due = params![now.0 - WAITS_LONG];
            let ids: Vec<String> = rows(connection, WITHOUT_HOST, long_due, |row| row.get(0))?;
            ids.iter().map(|id| runs::by_id(connection, id)).collect()
        })
    }

    fn forget_hosts(&self, before: Timestamp) -> Result<usize> {
        if self.host().is_none() {
            return Ok(0);
        }
        let sql = "DELETE FROM environments_of_hosts o WHERE host_id <> current_setting('ade.host') AND coalesce(last_used_at, updated_at) < $1
             AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.host_id = o.host_id)
             AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = o.id)";
        self.write(|transaction| execute(transaction, sql, [before.0]))
    }
}
