//! Which runs a user means by their properties: `ade runs ls`, `ade runs rm`.

use std::path::Path;

use crate::base::clock::Timestamp;
use crate::base::files::name_of;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::store::{ConfigurationRecord, Named, RunFilter, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// Which runs, as a user says it.
pub struct RunsWanted<'a> {
    /// A status; `None`: any.
    pub status: Option<&'a str>,
    /// The folder, the name or the id of a configuration; `None`: any.
    pub configuration: Option<&'a str>,
    /// The file name of an input, or a path that ends with it; `None`: any.
    pub input: Option<&'a str>,
    /// Those recorded since then; `None`: all.
    pub since: Option<Timestamp>,
    /// Those recorded before then; `None`: all.
    pub before: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
}

/// A text that should say a point in time does not.
#[derive(Debug, thiserror::Error)]
#[error("{flag} {text:?} is not a time")]
pub struct BadTime {
    /// The flag that it was given with.
    flag: &'static str,
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
pub fn instant(flag: &'static str, text: &str, now: Timestamp) -> Result<Timestamp, BadTime> {
    let text = text.to_owned();
    Timestamp::parse(&text, now).ok_or(BadTime { flag, text })
}

/// The runs that are wanted, newest first, some at a time: however many there are, no more are in memory.
pub struct Pages<'a> {
    workspace: &'a Workspace,
    filter: RunFilter,
    /// How many are still wanted.
    left: u32,
}

/// How many runs are read at a time.
const PAGE: u32 = 250;

/// Returns the runs of the workspace that are wanted, the newest first, page by page.
pub fn pages<'a>(workspace: &'a Workspace, wanted: &RunsWanted<'_>) -> Pages<'a> {
    let name = |given: &str| name_of(Path::new(given));
    Pages {
        workspace,
        left: wanted.limit,
        filter: RunFilter {
            workspace_id: workspace.id().to_owned(),
            statuses: wanted
                .status
                .and_then(RunStatus::parse)
                .into_iter()
                .collect(),
            configuration: wanted.configuration.map(real_path),
            input: wanted.input.map(name),
            since: wanted.since,
            before: wanted.before,
            ..RunFilter::default()
        },
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Vec<RunRecord>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.filter.limit = self.left.min(PAGE);
        if self.filter.limit == 0 {
            return None;
        }
        let page = self.workspace.store.runs(&self.filter);
        if let Ok(page) = &page {
            let full = page.len() as u64 == u64::from(self.filter.limit);
            self.left = if full {
                self.left - self.filter.limit
            } else {
                0
            };
            self.filter.behind = page.last().map(|run| run.id.clone());
            if page.is_empty() {
                return None;
            }
        } else {
            self.left = 0;
        }
        Some(page)
    }
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
