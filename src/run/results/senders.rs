//! Senders: whose file an input is, by its name; the last good run of a file of the same sender; the known notices of a
//! sender.

use std::collections::BTreeSet;
use std::path::Path;

use glob::{MatchOptions, Pattern};

use super::demands::refusals;
use super::layout::{layout_of, name_of_sender, without_period};
use crate::base::digest;
use crate::engine::{RunNotice, RunNotices};
use crate::store::{RunRecord, Store, StoreError};

/// The number of input names that are read at a time.
const PAGE: u32 = 5_000;

/// The senders in the settings.toml of a configuration.
#[derive(Debug, Default)]
pub struct Senders {
    /// The patterns for the names of their files.
    patterns: Vec<(String, Pattern)>,
    /// The known notices: sender, rule, fingerprint.
    known: BTreeSet<[String; 3]>,
}

impl Senders {
    /// Reads the senders of a configuration's package. Invalid patterns are ignored: the engine reports them when it loads
    /// the settings.
    pub fn load(package: &Path) -> Self {
        let text = std::fs::read_to_string(package.join("settings.toml")).unwrap_or_default();
        let document: toml::Table = toml::from_str(&text).unwrap_or_default();
        let table = document.get("senders").and_then(toml::Value::as_table);
        let mut found = Vec::new();
        for (name, patterns) in table.into_iter().flatten() {
            let single = patterns.as_str().into_iter();
            let several = patterns.as_array().into_iter().flatten();
            let all = single.chain(several.filter_map(toml::Value::as_str));
            let all = all.filter_map(|pattern| Pattern::new(pattern).ok());
            found.extend(all.map(|pattern| (name.clone(), pattern)));
        }
        let known = document.get("known").and_then(toml::Value::as_array);
        let known = known.into_iter().flatten().filter_map(|entry| {
            let text = |key| Some(entry.get(key)?.as_str()?.to_owned());
            Some([text("sender")?, text("rule")?, text("fingerprint")?])
        });
        Self {
            patterns: found,
            known: known.collect(),
        }
    }

    /// Returns a notice of a file as an entry for the file's sender: sender, rule, fingerprint.
    pub fn entry(&self, file: &str, told: &RunNotice) -> [String; 3] {
        let rule = told.rule().to_owned();
        [self.sender(file).1, rule, fingerprint(file, told)]
    }

    /// Returns whether the entry is known.
    pub fn knows(&self, entry: &[String; 3]) -> bool {
        self.known.contains(entry)
    }

    /// Marks the notices that are known for the sender of `file`, so that they need no attention any more.
    pub fn know(&self, file: &str, noticed: &mut RunNotices) {
        if !self.known.is_empty() {
            noticed.know(|told| self.knows(&self.entry(file, told)));
        }
    }

    /// Returns the sender of a file with this name: a configured name, which is kept apart from names that are derived from
    /// files, or else the sender's part of the file's name.
    fn sender(&self, file: &str) -> (bool, String) {
        let options = MatchOptions {
            case_sensitive: false,
            ..MatchOptions::default()
        };
        let named = self
            .patterns
            .iter()
            .find(|(_, pattern)| pattern.matches_with(file, options));
        match named {
            Some((name, _)) => (true, name.clone()),
            None => (false, name_of_sender(file)),
        }
    }

    /// Returns the last run of the configuration, of a file from the sender of `file`, that succeeded, was not refused and
    /// recorded its layout. `before`: only runs that were queued before this run and read other bytes, because the same bytes
    /// are not another month's file.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn last_good(
        &self,
        store: &Store,
        configuration: &str,
        file: &str,
        before: Option<&RunRecord>,
    ) -> Result<Option<RunRecord>, StoreError> {
        let sender = self.sender(file);
        let mut behind = before.map(|run| run.id.clone());
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
                // The run may have been removed meanwhile.
                let run = match store.run_of_any_workspace(id) {
                    Err(StoreError::NotFound { .. }) => continue,
                    run => run?,
                };
                if before.is_none_or(|this| this.input_sha256 != run.input_sha256)
                    && layout_of(store, &run)?.is_some()
                    && refusals(store, &run)?.is_empty()
                {
                    return Ok(Some(run));
                }
            }
        }
    }
}

/// Returns what a notice has in common with that of the next month: its position without rows and periods, and its message
/// without numbers.
fn fingerprint(file: &str, told: &RunNotice) -> String {
    let corners = told.cells().flat_map(|cells| cells.split(':'));
    let letters = |cell: &str| cell.replace(|c: char| c.is_ascii_digit(), "");
    let columns: BTreeSet<String> = corners.map(letters).collect();
    // The sheet of a text file has the file's name.
    let is_of_text = Path::new(file)
        .file_stem()
        .is_some_and(|stem| stem == told.sheet());
    let sheet = if is_of_text { "" } else { told.sheet() };
    let mut parts = vec![without_period(sheet)];
    parts.extend(["field", "hook", "column"].map(|key| told.text(key).to_owned()));
    parts.extend(columns);
    // Names and quoted settings are removed. Short words depend on the number: is, are, row, has.
    let said = told.message().split(['\'', '"', '`']).step_by(2);
    let words = said.flat_map(|part| part.split(|c: char| !c.is_alphabetic()));
    let long = words.filter(|word| word.chars().count() > 4);
    let words: BTreeSet<String> = long
        .map(|word| word.trim_end_matches('s').to_lowercase())
        .collect();
    parts.extend(words);
    digest::sha256(parts.join("\n")).to_string()[..12].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_sender_is_told_no_more_and_what_is_new_is() {
        let notice = |sheet: &str, cell: &str, message: &str| {
            let text = format!(
                r#"{{"notices": [{{"code": "total_differs", "message": "{message}", "sheet": "{sheet}", "cells": ["{cell}"]}}]}}"#
            );
            RunNotices::parse(&serde_json::from_str(&text).unwrap())
        };
        let folder = tempfile::tempdir().unwrap();
        let march = notice(
            "March 2025",
            "D8",
            "sheet 'March 2025': 1 row is not the sum (row 8)",
        );
        let [sender, rule, mark] = Senders::default().entry("acme_2025-03.xlsx", &march.notices[0]);
        let entry =
            format!("[[known]]\nsender = {sender:?}\nrule = {rule:?}\nfingerprint = {mark:?}\n");
        std::fs::write(folder.path().join("settings.toml"), entry).unwrap();
        let april = "sheet 'April 2025': 2 rows are not the sums (rows 9 and 12)";
        for (file, sheet, cell, message, is_new) in [
            ("acme_2025-04.xlsx", "April 2025", "D9", april, false),
            ("borg_2025-04.xlsx", "April 2025", "D9", april, true),
            ("acme_2025-04.xlsx", "Notes", "D9", april, true),
            ("acme_2025-04.xlsx", "April 2025", "E9", april, true),
            (
                "acme_2025-04.xlsx",
                "April 2025",
                "D9",
                "2 rows may be totals",
                true,
            ),
        ] {
            let mut noticed = notice(sheet, cell, message);
            Senders::load(folder.path()).know(file, &mut noticed);
            let told = &noticed.notices[0];
            assert_eq!(told.is_warning(), is_new, "{file} {sheet} {cell} {message}");
            assert_eq!(told.is_known(), !is_new, "{file} {sheet} {cell} {message}");
        }
    }
}
