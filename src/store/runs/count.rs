//! Counts runs by status.

use super::list;
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, params};
use crate::store::{Result, RunCounts, RunFilter, RunStatus, Store};

/// Counts the runs of a configuration with this final status, from the index `runs_listed` alone.
const ENDED: &str = "SELECT count(*) FROM (SELECT 1 FROM runs WHERE configuration_id = ?1 AND status = ?2 LIMIT ?3) AS found";

/// The same for runs recorded since a time, whose records have to be read.
const ENDED_SINCE: &str = "SELECT count(*) FROM (SELECT 1 FROM runs WHERE configuration_id = ?1 AND status = ?2 AND id >= ?4 AND created_at >= ?5 LIMIT ?3) AS found";

/// Counts the runs in the queue from the index `queue_of_environment` alone; the few without an environment, from their
/// records.
pub const LIVE: &str = "SELECT q.status, count(*) AS runs FROM environments/*pg_anywhere*/ e CROSS JOIN queue q ON q.environment_id = e.id
    WHERE e.configuration_id IN (SELECT value FROM json_each(?1)) AND (CAST(?2 AS BIGINT) IS NULL OR q.created_at >= ?2) GROUP BY e.id, q.status
    UNION ALL SELECT q.status, 1 FROM queue q CROSS JOIN runs r ON r.id = q.run_id
    WHERE q.environment_id IS NULL AND r.configuration_id IN (SELECT value FROM json_each(?1)) AND (CAST(?2 AS BIGINT) IS NULL OR r.created_at >= ?2)";

/// Counts, among the newest runs of a configuration that succeeded since a time, those with issues and those with fields
/// without a column.
const FOUND: &str = "SELECT count(CASE WHEN m.validation_issues_total > 0 THEN 1 END), count(CASE WHEN m.field_count_not_detected > 0 AND EXISTS (SELECT 1 FROM run_fields f
    WHERE f.run_id = m.run_id AND f.detected = 0 AND f.computed = 0) THEN 1 END) FROM (SELECT id FROM runs
    WHERE configuration_id = ?1 AND status = 'succeeded' AND id >= ?2 AND created_at >= ?3 ORDER BY id DESC LIMIT ?4) AS newest JOIN run_metrics m ON m.run_id = newest.id";

/// The maximum number of runs to examine for conditions without an index.
const LOOK_AT: u32 = 20_000;

impl Store {
    /// Counts the runs that the filter accepts by status, ignoring its statuses and page; at most `most` of each status are
    /// counted.
    pub fn count_runs(&self, filter: &RunFilter, most: u32) -> Result<RunCounts> {
        self.read(|connection| {
            let by_record = list::asks_for_what_no_index_knows(filter);
            let mut counts = if by_record || filter.input.is_some() || filter.before.is_some() {
                by_looking(connection, filter)?
            } else {
                by_index(connection, filter, most)?
            };
            for status in RunStatus::ALL {
                let count = counts.count_mut(status);
                let is_over = *count > u64::from(most);
                *count = u64::from(most).min(*count);
                counts.is_whole &= !is_over;
            }
            Ok(counts)
        })
    }
}

fn by_looking(connection: &Connection, filter: &RunFilter) -> driver::Result<RunCounts> {
    let all = RunFilter {
        statuses: Vec::new(),
        behind: None,
        has_issues: None,
        fields_missing: None,
        limit: u32::MAX,
        look_at: Some(LOOK_AT),
        ..filter.clone()
    };
    let found = list::list(connection, &all)?;
    let mut counts = RunCounts {
        is_whole: found.looked_to.is_none(),
        ..RunCounts::default()
    };
    for run in found.runs {
        if list::is_as_found(&run, filter) {
            *counts.count_mut(run.status) += 1;
        }
        let metrics = run.metrics.as_ref();
        counts.with_issues += u64::from(metrics.is_some_and(|found| found.issues > 0));
        let fields_missing = run.status == RunStatus::Succeeded
            && metrics.is_some_and(|found| !found.missing_fields.is_empty());
        counts.fields_missing += u64::from(fields_missing);
    }
    Ok(counts)
}

/// Counts one more than `most` of a status if there are more.
fn by_index(connection: &Connection, filter: &RunFilter, most: u32) -> driver::Result<RunCounts> {
    let configurations = list::configurations(connection, filter)?;
    let mut counts = RunCounts {
        is_whole: true,
        ..RunCounts::default()
    };
    let limit = i64::from(most) + 1;
    for configuration in &configurations {
        for status in RunStatus::ALL
            .into_iter()
            .filter(|status| status.is_terminal())
        {
            *counts.count_mut(status) += match filter.since {
                None => connection.one::<u64>(ENDED, params![configuration, status, limit])?,
                Some(begin) => {
                    let first = list::first_id_since(begin);
                    let values = params![configuration, status, limit, first, begin];
                    connection.one(ENDED_SINCE, values)?
                }
            };
        }
        let first = filter.since.map(list::first_id_since).unwrap_or_default();
        let since = filter.since.unwrap_or(Timestamp(i64::MIN));
        let values = params![configuration, first, since, limit];
        let (with_issues, fields_missing): (u64, u64) = connection.one(FOUND, values)?;
        counts.with_issues += with_issues;
        counts.fields_missing += fields_missing;
    }
    let these = serde_json::json!(configurations).to_string();
    let live: Vec<(RunStatus, u64)> = connection.rows(LIVE, params![these, filter.since])?;
    for (status, number) in live {
        *counts.count_mut(status) += number;
    }
    Ok(counts)
}
