//! Labels of runs: checks of new labels, and the search for runs that share a label.

use std::collections::{BTreeMap, BTreeSet};

use super::prelude::*;
use crate::run::views::chosen::NO_LABEL;
use crate::store::{RunFilter, StoreError};

/// The maximum number of runs of a batch that are looked at, the newest first.
const MAX_BATCH_RUNS: u32 = 1000;
/// The maximum number of runs in the search for a label, which has no index.
const MAX_LABEL_SCAN_RUNS: u32 = 20_000;
/// The maximum number of labels of a run, and of characters in a key and in a value.
const MAX_LABELS: usize = 16;
const MAX_LABEL_KEY_CHARS: usize = 63;
const MAX_LABEL_VALUE_CHARS: usize = 200;

/// Returns an error if no run may have these labels.
///
/// # Errors
/// The invalid label, with the reason.
pub fn demand_labels(labels: &BTreeMap<String, String>) -> ApiResult<()> {
    if labels.len() > MAX_LABELS {
        let message = format!("must be at most {MAX_LABELS}");
        return Err(ApiError::field("labels", message));
    }
    for (key, value) in labels {
        if !is_label(key) {
            let message = format!(
                "{key:?} is not a key: it must have 1 to {MAX_LABEL_KEY_CHARS} of a-z, 0-9, `.`, `_` and `-`, and begin with a letter or digit"
            );
            return Err(ApiError::field("labels", message));
        }
        if !(1..=MAX_LABEL_VALUE_CHARS).contains(&value.chars().count()) {
            let message = format!("must have from 1 to {MAX_LABEL_VALUE_CHARS} characters");
            return Err(ApiError::field(format!("labels.{key}"), message));
        }
    }
    Ok(())
}

fn is_label(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= MAX_LABEL_KEY_CHARS
        && key.bytes().next().is_some_and(is_plain)
        && key
            .bytes()
            .all(|byte| is_plain(byte) || b"._-".contains(&byte))
}

/// Parses the labels of a search, each as `key:value`.
///
/// # Errors
/// A text is no label, or two texts give different values for one key.
pub fn labels_in(given: &[String]) -> ApiResult<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    for label in given {
        let parts = label.split_once(':').filter(|(key, _)| is_label(key));
        let (key, value) = parts.ok_or_else(|| ApiError::field("label", NO_LABEL))?;
        let known = labels.insert(key.to_owned(), value.to_owned());
        if known.is_some_and(|known| known != value) {
            let message = format!("asks for two values of {key:?}, and a run has one");
            return Err(ApiError::field("label", message));
        }
    }
    Ok(labels)
}

/// Returns the newest runs with these labels.
pub fn labelled(
    workspace: &Workspace,
    labels: BTreeMap<String, String>,
) -> Result<Vec<RunRecord>, StoreError> {
    let filter = RunFilter {
        workspace_id: workspace.id().to_owned(),
        labels,
        limit: MAX_BATCH_RUNS,
        look_at: Some(MAX_LABEL_SCAN_RUNS),
        ..RunFilter::default()
    };
    Ok(workspace.store.find_runs(&filter)?.runs)
}

/// Returns the ids of the runs whose input has run again since. `runs` has the newest first; the newest run of a file counts,
/// and has the same labels.
pub fn superseded(runs: &[RunRecord]) -> BTreeSet<String> {
    let earlier = runs
        .iter()
        .filter_map(|run| Some((&*run.id, run.retry_of_run_id.as_deref()?)));
    let earlier: BTreeMap<&str, &str> = earlier.collect();
    let mut known = BTreeSet::new();
    let mut is_known = |run: &&RunRecord| {
        let mut first = &*run.id;
        while let Some(before) = earlier.get(first) {
            first = before;
        }
        !known.insert(first.to_owned())
    };
    let found = runs.iter().filter(|run| is_known(run));
    found.map(|run| run.id.clone()).collect()
}
