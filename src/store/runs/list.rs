//! Lists runs, newest first.
//!
//! Ids grow with time (they are UUIDs of version 7), so "newest first" is the reverse order of ids. The index `runs_listed`
//! holds the runs of each configuration and status in that order. A list merges the parts that the filter selects, and reads
//! no more of each than it shows: it takes as long with a million runs as with a hundred.

use std::collections::BinaryHeap;
use std::time::Duration;

use rusqlite::ToSql;

use super::read::prepared;
use crate::base::clock::{Timestamp, milliseconds};
use crate::store::driver::{self, Connection, params};
use crate::store::{FoundRuns, RunFilter, RunRecord, RunStatus};

/// The maximum time between making a run's id and recording the run; the input is staged in between.
const STAGING: Duration = Duration::from_secs(3600);

/// Selects ids of a configuration and a status, from one id backwards; the second statement selects runs in the queue.
pub const NEWEST: [&str; 2] = [
    "SELECT id FROM runs WHERE configuration_id = ?1 AND status = ?5 AND id < ?2 AND id >= ?3 ORDER BY id DESC LIMIT ?4",
    "SELECT id FROM runs WHERE configuration_id = ?1 AND status IS NULL AND id < ?2 AND id >= ?3 ORDER BY id DESC LIMIT ?4",
];

/// The same, limited to inputs with a given name or given bytes. Neither is in the index, so the run of each entry is read
/// until enough are found.
const NEWEST_OF_INPUT: [&str; 2] = [
    "SELECT id FROM runs WHERE configuration_id = ?1 AND status = ?7 AND id < ?2 AND id >= ?3 AND (input_name = ?5 OR input_sha256 = ?6) ORDER BY id DESC LIMIT ?4",
    "SELECT id FROM runs WHERE configuration_id = ?1 AND status IS NULL AND id < ?2 AND id >= ?3 AND (input_name = ?5 OR input_sha256 = ?6) ORDER BY id DESC LIMIT ?4",
];

/// A text that sorts after every id.
pub(super) const BEHIND_ALL: &str = "~";

/// The runs of one configuration with one status, newest first, read a few at a time.
struct RunListCursor<'a> {
    configuration: &'a str,
    status: Option<RunStatus>,
    /// The name of the input, and the SHA-256 of its bytes if that matters.
    input: Option<[&'a str; 2]>,
    /// Ids that are read but not yet taken, oldest first.
    read: Vec<String>,
    /// The number of ids to read at a time.
    step: usize,
    ended: bool,
}

impl RunListCursor<'_> {
    /// Reads the next ids before `last` if none are left.
    fn fill(&mut self, connection: &Connection, last: &str, from: &str) -> driver::Result<()> {
        if !self.read.is_empty() || self.ended {
            return Ok(());
        }
        let step = i64::try_from(self.step).unwrap_or(i64::MAX);
        let mut values: Vec<&dyn ToSql> = vec![&self.configuration, &last, &from, &step];
        let input = self.input.iter().flatten();
        values.extend(input.map(|input| input as &dyn ToSql));
        values.extend(self.status.iter().map(|status| status as &dyn ToSql));
        let texts = self.input.map_or(NEWEST, |_| NEWEST_OF_INPUT);
        let sql = texts[usize::from(self.status.is_none())];
        self.read = connection.rows(sql, values.as_slice())?;
        self.ended = self.read.len() < self.step;
        self.read.reverse();
        Ok(())
    }
}

pub(super) fn list(connection: &Connection, filter: &RunFilter) -> driver::Result<FoundRuns> {
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let configurations = configurations(connection, filter)?;
    if filter.statuses == [RunStatus::Running] {
        let runs = running(connection, filter, &configurations, limit)?;
        return Ok(FoundRuns {
            runs,
            looked_to: None,
        });
    }
    let statuses = statuses(&filter.statuses);
    let from = filter.since.map_or(String::new(), first_id_since);
    let last = last(filter);
    let sha256 = filter.file.as_ref().and_then(|file| file.sha256.as_deref());
    let input = filter.input.as_deref();
    let input = input.map(|name| [name, sha256.unwrap_or_default()]);
    let parts = configurations.len() * statuses.len();
    let step = (limit / parts.max(1)).clamp(1, 256);
    let mut parts: Vec<RunListCursor<'_>> = configurations
        .iter()
        .flat_map(|configuration| {
            statuses.iter().map(move |status| RunListCursor {
                configuration,
                status: *status,
                input,
                read: Vec::new(),
                step,
                ended: false,
            })
        })
        .collect();
    // The newest run of each part; the newest of these is on top.
    let mut heads = BinaryHeap::with_capacity(parts.len());
    for (index, part) in parts.iter_mut().enumerate() {
        part.fill(connection, &last, &from)?;
        heads.extend(part.read.pop().map(|id| (id, index)));
    }
    let mut found = FoundRuns::default();
    let mut left = filter
        .look_at
        .filter(|_| asks_for_what_no_index_knows(filter));
    let mut looked_to = None;
    let mut by_id = prepared(connection)?;
    while found.runs.len() < limit
        && let Some((id, index)) = heads.pop()
    {
        if left == Some(0) {
            found.looked_to = looked_to;
            break;
        }
        left = left.map(|left| left - 1);
        let run: RunRecord = by_id.one([&id])?;
        if is_wanted(&run, filter) {
            found.runs.push(run);
        }
        looked_to = Some(id.clone());
        let part = &mut parts[index];
        part.fill(connection, &id, &from)?;
        heads.extend(part.read.pop().map(|id| (id, index)));
    }
    Ok(found)
}

/// Returns whether the record of each run has to be read.
pub(super) fn asks_for_what_no_index_knows(filter: &RunFilter) -> bool {
    filter.has_issues.is_some()
        || filter.fields_missing.is_some()
        || !filter.labels.is_empty()
        || filter.text.is_some()
}

fn is_wanted(run: &RunRecord, filter: &RunFilter) -> bool {
    let is_of_status = filter.statuses.is_empty() || filter.statuses.contains(&run.status);
    is_of_status
        && !filter.without.contains(&run.id)
        && filter.since.is_none_or(|since| run.created_at >= since)
        && filter.before.is_none_or(|before| run.created_at < before)
        && filter.behind.as_ref().is_none_or(|behind| run.id < *behind)
        && is_of_input(run, filter)
        && has_what_is_asked(run, filter)
}

fn is_of_input(run: &RunRecord, filter: &RunFilter) -> bool {
    match (&filter.file, &filter.input) {
        (Some(file), _) => file.has_bytes_of(run) || file.has_place_of(run),
        (None, Some(name)) => run.input_name == *name,
        (None, None) => true,
    }
}

/// Returns whether a run meets the conditions without an index.
fn has_what_is_asked(run: &RunRecord, filter: &RunFilter) -> bool {
    let labels = &run.options.labels;
    is_as_found(run, filter)
        && filter
            .labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
        && filter.text.as_ref().is_none_or(|text| has_text(run, text))
}

/// Returns whether a run found in its input what the filter requires.
pub(super) fn is_as_found(run: &RunRecord, filter: &RunFilter) -> bool {
    let metrics = run.metrics.as_ref();
    let has_issues = metrics.map(|found| found.issues > 0);
    // A failed run lacks more than fields.
    let ended_well = metrics.filter(|_| run.status == RunStatus::Succeeded);
    let fields_missing = ended_well.map(|found| !found.missing_fields.is_empty());
    (filter.has_issues).is_none_or(|wanted| has_issues == Some(wanted))
        && (filter.fields_missing).is_none_or(|wanted| fields_missing == Some(wanted))
}

fn has_text(run: &RunRecord, text: &str) -> bool {
    let text = text.to_lowercase();
    let labels = run
        .options
        .labels
        .iter()
        .flat_map(|(key, value)| [key, value]);
    let mut names = [&run.input_name, &run.configuration_name]
        .into_iter()
        .chain(labels);
    run.id.ends_with(&text) || names.any(|name| name.to_lowercase().contains(&text))
}

/// Returns a text that sorts after every matching id. A run's id is made before the run is recorded, and the clock may have
/// been set back in between.
fn last(filter: &RunFilter) -> String {
    let before = filter
        .before
        .map(|before| id_at(before.0 + milliseconds(STAGING)));
    let behind = filter.behind.clone();
    let bounds = before.into_iter().chain(behind);
    bounds.min().unwrap_or_else(|| BEHIND_ALL.to_owned())
}

pub(super) fn configurations(
    connection: &Connection,
    filter: &RunFilter,
) -> driver::Result<Vec<String>> {
    let sql = "SELECT id FROM configurations WHERE workspace_id = ?1 AND (CAST(?2 AS TEXT) IS NULL OR ?2 IN (id, name) OR path = relative(?2))";
    let values = params![filter.workspace_id, filter.configuration];
    connection.rows(sql, values)
}

/// Returns the statuses to search, each once; `None` stands for the runs in the queue.
fn statuses(wanted: &[RunStatus]) -> Vec<Option<RunStatus>> {
    let is_wanted = |status: &RunStatus| wanted.is_empty() || wanted.contains(status);
    let mut statuses: Vec<_> = RunStatus::ALL
        .into_iter()
        .filter(is_wanted)
        .map(|status| status.is_terminal().then_some(status))
        .collect();
    // Queued and running runs are together, and first.
    statuses.dedup();
    statuses
}

/// Lists the running runs, which are few however many runs are in the queue.
fn running(
    connection: &Connection,
    filter: &RunFilter,
    configurations: &[String],
    limit: usize,
) -> driver::Result<Vec<RunRecord>> {
    let sql = "SELECT run_id FROM queue_running";
    let mut ids: Vec<String> = connection.rows(sql, [])?;
    ids.sort_unstable_by(|id, other| other.cmp(id));
    let mut runs = Vec::new();
    let mut by_id = prepared(connection)?;
    for id in ids {
        if runs.len() == limit {
            break;
        }
        let run: RunRecord = by_id.one([&id])?;
        if is_wanted(&run, filter) && configurations.contains(&run.key.configuration_id) {
            runs.push(run);
        }
    }
    Ok(runs)
}

/// Returns an id that is not greater than the id of any run recorded since a time. RFC 9562, 5.7: a UUID of version 7 begins
/// with its time in milliseconds, as 48 bits in hexadecimal digits with a hyphen after the eighth.
pub(super) fn first_id_since(since: Timestamp) -> String {
    id_at(since.0 - milliseconds(STAGING))
}

/// Returns the beginning that ids made at this time (in milliseconds) share; later ids sort after it.
fn id_at(time: i64) -> String {
    let time = format!("{:012x}", time.clamp(0, (1 << 48) - 1));
    format!("{}-{}", &time[..8], &time[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_made_at_an_instant_follows_the_first_one_of_its_time() {
        let now = Timestamp::now();
        let id = uuid::Uuid::now_v7().to_string();
        let staging = i64::try_from(STAGING.as_millis()).unwrap();
        assert!(first_id_since(now) <= id);
        assert!(first_id_since(Timestamp(now.0 + staging)) <= id);
        assert!(first_id_since(Timestamp(now.0 + staging + 60_000)) > id);
        assert_eq!(first_id_since(Timestamp(0)), "00000000-0000");
    }
}
