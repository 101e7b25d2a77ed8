//! Which runs a user means by their properties: `ade runs ls`, `ade runs rm`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::clock::Timestamp;
use crate::base::problem::{Error, code};
use crate::store::{
    ConfigurationRecord, Named, RunFilter, RunPages, RunRecord, RunStatus, StoreError,
};
use crate::workspace::Workspace;
use crate::workspace::naming::runs_of_input;

/// Which runs, as a user says it.
#[derive(Default)]
pub struct RunsWanted<'a> {
    /// A status; `None`: any.
    pub status: Option<&'a str>,
    /// The folder, the name or the id of a configuration; `None`: any.
    pub configuration: Option<&'a str>,
    /// The file name of an input, or the path of one file; `None`: any.
    pub input: Option<&'a str>,
    /// Those with this label, a key and a value; `None`: all.
    pub label: Option<(&'a str, &'a str)>,
    /// Whether those alone that found no column for some of their fields.
    pub fields_missing: bool,
    /// Those recorded since then; `None`: all.
    pub since: Option<Timestamp>,
    /// Those recorded before then; `None`: all.
    pub before: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
}

/// Reads a point in time: a date, an instant, or an age before `now`.
///
/// # Errors
/// The text is not one of these.
pub fn instant(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    Timestamp::parse(text, now).ok_or_else(|| {
        let message = format!("{flag} {text:?} is not a time");
        Error::usage(code::BAD_NAME, message)
            .hint("a date, an instant (2026-11-20T10:00:00Z) or an age (30m, 12h, 7d)")
    })
}

/// What is said of a text that is no label.
pub const NO_LABEL: &str = "must be a key and a value, as `sender:acme`";

/// A label as it is given: a key and a value.
///
/// # Errors
/// It is none.
pub fn label(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok(text.to_owned()),
        _ => Err(NO_LABEL.to_owned()),
    }
}

/// Returns the runs of the workspace that are wanted, the newest first, page by page.
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

/// Returns the configurations of the workspace that were run, the last one first.
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

/// Returns, for each run of the workspace, the shortest part of its id that tells it from all others; commands accept it.
pub fn short_ids(workspace: &Workspace, runs: &[RunRecord]) -> Result<Vec<String>, StoreError> {
    let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    workspace.store.short_ids(Named::Runs, workspace.id(), &ids)
}

/// Records hold the real path of a configuration's folder, so a folder is resolved; a name or an id stays as it is.
fn real_path(given: &str) -> String {
    let found = Path::new(given).canonicalize().ok();
    found.filter(|path| path.is_dir()).map_or_else(
        || given.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}
