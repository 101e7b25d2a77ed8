//! Which runs a user wants to see: `ade runs ls`.

use std::path::Path;

use crate::clock::Timestamp;
use crate::problem::{Facts, Kind, Problem, code};
use crate::store::{ConfigurationRecord, Named, RunFilter, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// Which runs, as a user says it.
pub struct Wanted<'a> {
    /// A status; `None`: any.
    pub status: Option<&'a str>,
    /// The folder, the name or the id of a configuration; `None`: any.
    pub configuration: Option<&'a str>,
    /// Those recorded since then; `None`: all.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
}

/// A text that should say a point in time does not.
#[derive(Debug, thiserror::Error)]
#[error("--since {text:?} is not a time")]
pub struct BadTime {
    /// The text.
    text: String,
}

impl Problem for BadTime {
    fn facts(&self) -> Facts {
        Facts::new(Kind::Usage, code::BAD_TIME)
            .hint("a date, an instant (2026-11-20T10:00:00Z) or an age (30m, 12h, 7d)")
    }
}

/// Reads a point in time: a date, an instant, or an age before `now`.
///
/// # Errors
/// The text is not one of these.
pub fn instant(text: &str, now: Timestamp) -> Result<Timestamp, BadTime> {
    let text = text.to_owned();
    Timestamp::parse(&text, now).ok_or(BadTime { text })
}

/// Returns the runs of the workspace that are wanted, the newest first.
///
/// # Errors
/// The store cannot be used.
pub fn list(workspace: &Workspace, wanted: &Wanted<'_>) -> Result<Vec<RunRecord>, StoreError> {
    workspace.store.runs(&RunFilter {
        workspace_id: workspace.id().to_owned(),
        status: wanted.status.and_then(RunStatus::parse),
        configuration: wanted.configuration.map(real_path),
        since: wanted.since,
        limit: wanted.limit,
        before: None,
    })
}

/// Returns the configurations of the workspace that were run, the last one first.
///
/// # Errors
/// The store cannot be used.
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
///
/// # Errors
/// The store cannot be used.
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
