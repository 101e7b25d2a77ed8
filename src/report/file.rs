//! A run as a page shows it: its record, its report, its issues, and how it ended.

use super::issues::IssueFindings;
use super::parts::{FileResult, ReportError};
use crate::base::problem::Problem;
use crate::engine::report::ExplainedTable;
use crate::engine::{RowCounts, RunNotices, RunReport};
use crate::issues::{Issue, Language, Severity};
use crate::run::results::demands::{NothingFound, refusals};
use crate::run::results::issues::{NoList, issues_of};
use crate::run::results::report_of;
use crate::run::views::explain::tables_of;
use crate::store::{RunMetrics, RunRecord, RunStatus, Store};

/// The data of a run that a page shows.
pub struct ReportFile {
    /// The record of the run.
    pub run: RunRecord,
    /// Its number in a batch, from 1; 0 on the page of a single run.
    pub number: usize,
    /// The unmet demands of the caller, in words.
    pub refused: Vec<String>,
    /// The numbers of rows that were read and written.
    pub rows: Option<RowCounts>,
    /// The notices and readings of the engine.
    pub noticed: RunNotices,
    /// Its tables, with the reasons in words.
    pub tables: Vec<ExplainedTable>,
    /// Its issues; empty if they are unknown.
    pub found: IssueFindings,
    /// The reason why its issues are unknown.
    pub no_list: Option<String>,
    /// Whether the run read several sheets, so that positions include the sheet.
    has_sheets: bool,
}

impl ReportFile {
    /// Loads the data of a run. `language`: only the issues for the sender, in this language.
    ///
    /// # Errors
    /// The run has not ended, the store cannot be used, or the list of issues cannot be read.
    pub fn load(
        store: &Store,
        run: &RunRecord,
        number: usize,
        language: Option<Language>,
    ) -> Result<Self, ReportError> {
        let report: RunReport = report_of(store, run)?;
        let refused = refusals(store, run)?;
        let (found, no_list) = found(run, language)?;
        Ok(Self {
            run: run.clone(),
            number,
            refused: refused.iter().map(ToString::to_string).collect(),
            rows: report.rows(),
            tables: tables_of(&report),
            has_sheets: report.completed.sheets().count() > 1,
            noticed: report.noticed,
            found,
            no_list,
        })
    }

    /// Drops everything that the table of a batch does not show: a batch may have thousands of files.
    pub fn without_details(self) -> Self {
        Self {
            noticed: RunNotices {
                issue_list: self.noticed.issue_list,
                ..RunNotices::default()
            },
            tables: Vec::new(),
            found: IssueFindings {
                counts: self.found.counts,
                ..IssueFindings::default()
            },
            ..self
        }
    }

    /// Returns how the run ended.
    pub fn ended(&self) -> FileResult {
        if self.run.status != RunStatus::Succeeded {
            return FileResult::Failed;
        }
        let nothing = NothingFound::from_run(&self.run);
        if let Some(nothing @ (NothingFound::Table | NothingFound::Field)) = nothing {
            return FileResult::Nothing(nothing);
        }
        if self.found.counts[Severity::Error as usize] > 0 {
            return FileResult::Errors;
        }
        match &self.run.metrics {
            _ if self.found.total() > 0 => FileResult::Warnings,
            Some(found) if self.no_list.is_some() && found.issues > 0 => FileResult::Warnings,
            _ if nothing.is_some() => FileResult::Nothing(NothingFound::Row),
            Some(found) if !found.missing_fields.is_empty() => FileResult::Lacking,
            _ => FileResult::Clean,
        }
    }

    /// Returns the figures of the run if it succeeded.
    pub fn metrics(&self) -> Option<&RunMetrics> {
        let metrics = self.run.metrics.as_ref();
        metrics.filter(|_| self.run.status == RunStatus::Succeeded)
    }

    /// Returns the fields without a column, if other fields have one.
    pub fn lacking(&self) -> &[String] {
        let nothing = NothingFound::from_run(&self.run);
        let metrics = self.metrics();
        let found = metrics.filter(|_| matches!(nothing, None | Some(NothingFound::Row)));
        found.map_or(&[], |found| &found.missing_fields)
    }

    /// Returns the number of issues, from the list or from the run's figures.
    pub fn count(&self) -> u64 {
        match self.no_list {
            Some(_) => self.run.metrics.as_ref().map_or(0, |found| found.issues),
            None => self.found.total() + self.unlisted(),
        }
    }

    /// Returns the number of issues that are not in the list.
    pub fn unlisted(&self) -> u64 {
        let list = self.noticed.issue_list.as_ref();
        list.map_or(0, |list| list.unlisted)
    }

    /// Returns the name of a part of the page, for links: letters, digits and `-`.
    pub fn part(&self, part: &str) -> String {
        match self.number {
            0 => part.to_owned(),
            number => format!("f{number}-{part}"),
        }
    }

    /// Returns a position in the file, without the sheet if only one was read.
    pub fn place(&self, sheet: &str, place: &str) -> String {
        match (sheet, place) {
            (sheet, "") => sheet.to_owned(),
            (sheet, place) if sheet.is_empty() || !self.has_sheets => place.to_owned(),
            (sheet, place) => format!("{sheet}!{place}"),
        }
    }

    /// Returns the position of an issue.
    pub fn place_of(&self, issue: &Issue) -> String {
        let place = issue.place();
        let own = place.strip_prefix(issue.sheet.as_str()).unwrap_or_default();
        self.place(&issue.sheet, own.trim_start_matches('!'))
    }
}

/// Returns the issues of a run, or the reason why they are unknown.
fn found(
    run: &RunRecord,
    language: Option<Language>,
) -> Result<(IssueFindings, Option<String>), ReportError> {
    let mut list = match issues_of(run) {
        Ok(list) => list.in_language(language),
        Err(error @ (NoList::NotEnded { .. } | NoList::NothingRead { .. } | NoList::List(_))) => {
            return Err(error.into());
        }
        Err(error) => {
            let hint = error.hint().map(|hint| format!(" ({hint})"));
            let why = format!("{error}{}", hint.unwrap_or_default());
            return Ok((IssueFindings::default(), Some(why)));
        }
    };
    let found = IssueFindings::in_list(&mut list).map_err(NoList::from)?;
    Ok((found, None))
}
