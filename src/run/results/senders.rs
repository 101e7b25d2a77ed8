//! Whose file an input is, by its name, and the last good run of a file of the same sender.

use std::path::Path;

use glob::{MatchOptions, Pattern};

use super::demands::refusals;
use super::layout::{layout_of, name_of_sender};
use crate::store::{RunRecord, Store, StoreError};

/// So many names of inputs are read at a time.
const PAGE: u32 = 5_000;

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

    /// The last run of the configuration that succeeded, was not refused and knows its layout, of a file of the sender of `file`;
    /// `before`: of those that were queued before this run.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn last_good(
        &self,
        store: &dyn Store,
        configuration: &str,
        file: &str,
        before: Option<&str>,
    ) -> Result<Option<RunRecord>, StoreError> {
        let sender = self.sender(file);
        let mut behind = before.map(str::to_owned);
        loop {
            let inputs = store.succeeded_inputs(configuration, behind.as_deref(), PAGE)?;
            let Some((last, _)) = inputs.last() else {
                return Ok(None);
            };
            behind = Some(last.clone());
            for (id, _) in inputs
                .iter()
                .filter(|(_, name)| self.sender(name) == sender)
            {
                // It may have been removed meanwhile.
                let run = match store.run_of_any_workspace(id) {
                    Err(StoreError::NotFound { .. }) => continue,
                    run => run?,
                };
                if layout_of(store, &run)?.is_some() && refusals(store, &run)?.is_empty() {
                    return Ok(Some(run));
                }
            }
        }
    }
}
