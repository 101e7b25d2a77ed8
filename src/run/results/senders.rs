//! Whose file an input is, by its name, and the last good run of a file of the same sender.

use std::path::Path;

use glob::{MatchOptions, Pattern};

use super::demands::refusals;
use super::layout::{layout_of, name_of_sender};
use crate::store::{RunFilter, RunRecord, RunStatus, Store, StoreError};

/// Among so many runs of a configuration the last good one is looked for.
const LOOK_AT: u32 = 1000;

/// The senders that a configuration names in its settings.toml: patterns of the names of their files.
#[derive(Debug, Default)]
pub struct Senders(Vec<(String, Pattern)>);

impl Senders {
    /// Those of a configuration's package. What is no pattern is passed over: the engine says so when it loads the settings.
    pub fn of(package: &Path) -> Self {
        let text = std::fs::read_to_string(package.join("settings.toml")).unwrap_or_default();
        let document: toml::Table = toml::from_str(&text).unwrap_or_default();
        let table = document.get("senders").and_then(toml::Value::as_table);
        let mut found = Vec::new();
        for (name, patterns) in table.into_iter().flatten() {
            let one = patterns.as_str().into_iter();
            let several = patterns.as_array().into_iter().flatten();
            let all = one.chain(several.filter_map(toml::Value::as_str));
            let all = all.filter_map(|pattern| Pattern::new(pattern).ok());
            found.extend(all.map(|pattern| (name.clone(), pattern)));
        }
        Self(found)
    }

    /// Who sent a file of this name: a name that differs from all that are derived from files, or what is left of the file's name.
    fn sender(&self, file: &str) -> (bool, String) {
        let options = MatchOptions {
            case_sensitive: false,
            ..MatchOptions::default()
        };
        let named = self
            .0
            .iter()
            .find(|(_, pattern)| pattern.matches_with(file, options));
        match named {
            Some((name, _)) => (true, name.clone()),
            None => (false, name_of_sender(file)),
        }
    }

    /// The last run of the configuration that succeeded, was not refused and knows its layout, of a file of the sender of `file`.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn last_good(
        &self,
        store: &dyn Store,
        workspace: &str,
        configuration: &str,
        file: &str,
    ) -> Result<Option<RunRecord>, StoreError> {
        let runs = store.runs(&RunFilter {
            workspace_id: workspace.to_owned(),
            statuses: vec![RunStatus::Succeeded],
            configuration: Some(configuration.to_owned()),
            limit: LOOK_AT,
            ..RunFilter::default()
        })?;
        let sender = self.sender(file);
        for run in runs {
            let is_good = self.sender(&run.input_name) == sender
                && layout_of(store, &run)?.is_some()
                && refusals(store, &run)?.is_empty();
            if is_good {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }
}
