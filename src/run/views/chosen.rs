//! Selects runs by their properties: `ade runs ls`, `ade runs rm`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::clock::Timestamp;
use crate::base::problem::{Error, code};
use crate::store::{
    ConfigurationRecord, IdKind, RunFilter, RunPages, RunRecord, RunStatus, StoreError,
};
use crate::workspace::Workspace;
use crate::workspace::naming::runs_of_input;

/// The conditions for selecting runs, as a user gives them.
#[derive(Default)]
pub struct RunsWanted<'a> {
    /// The status of the runs; `None`: any.
    pub status: Option<&'a str>,
    /// The folder, the name or the id of a configuration; `None`: any.
    pub configuration: Option<&'a str>,
    /// The file name of an input, or the path of one file; `None`: any.
    pub input: Option<&'a str>,
    /// The label of the runs, a key and a value; `None`: any.
    pub label: Option<(&'a str, &'a str)>,
    /// Whether to select only runs that found no column for some of their fields.
    pub fields_missing: bool,
    /// The earliest time at which the runs were recorded; `None`: any.
    pub since: Option<Timestamp>,
    /// The time before which the runs were recorded; `None`: any.
    pub before: Option<Timestamp>,
    /// The maximum number of runs.
    pub limit: u32,
}

/// Parses a point in time: a date, an instant, or an age before `now`.
///
/// # Errors
/// The text is not one of these.
pub fn instant(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    Timestamp::parse(text, now).ok_or_else(|| {
        let message = format!("{flag} {text:?} is not a time");
        Error::usage(code::BAD_NAME, message)
            .hint("write a date, an instant (2026-11-20T10:00:00Z) or an age (30m, 12h, 7d)")
    })
}

/// The message for a text that is not a label.
pub const NO_LABEL: &str = "must be a key and a value, such as `sender:acme`";

/// Checks that a text is a label: a key and a value.
///
/// # Errors
/// The text is not a label.
pub fn label(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok(text.to_owned()),
        _ => Err(NO_LABEL.to_owned()),
    }
}

/// Returns the selected runs of the workspace, newest first, page by page.
pub fn pages<'a>(workspace: &'a Workspace, wanted: &RunsWanted<'_>) -> RunPages<'a> {
    let filter = RunFilter {
        workspace_id: workspace.id().to_owned(),
        statuses: wanted
            .status
            .and_then(RunStatus::parse)
            .into_iter()
            .collect(),
        configuration: wanted.configuration.map(real_path),
        labels: BTreeMap::from_iter(
            wanted
                .label
                .map(|(key, value)| (key.to_owned(), value.to_owned())),
        ),
        fields_missing: wanted.fields_missing.then_some(true),
        since: wanted.since,
        before: wanted.before,
        limit: wanted.limit,
        ..wanted.input.map(runs_of_input).unwrap_or_default()
    };
    RunPages::new(&workspace.store, filter)
}

/// Returns the configurations of the workspace that were run, most recent first.
pub fn configurations(workspace: &Workspace) -> Result<Vec<ConfigurationRecord>, StoreError> {
    let store = &workspace.store;
    let mut known = store.configuration_activity()?;
    known.retain(|known| known.workspace_id == workspace.id());
    known.sort_by_key(|known| std::cmp::Reverse(known.last_run_at));
    let mut records = Vec::new();
    for activity in known {
        records.extend(store.configuration_at(workspace.id(), &activity.path)?);
    }
    Ok(records)
}

/// Returns the shortest unique part of each run's id in the workspace; commands accept it.
pub fn short_ids(workspace: &Workspace, runs: &[RunRecord]) -> Result<Vec<String>, StoreError> {
    let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    workspace
        .store
        .short_ids(IdKind::Runs, workspace.id(), &ids)
}

/// Resolves a folder, because records contain the real path of a configuration's folder; a name or an id stays unchanged.
fn real_path(given: &str) -> String {
    let found = Path::new(given).canonicalize().ok();
    found.filter(|path| path.is_dir()).map_or_else(
        || given.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}
