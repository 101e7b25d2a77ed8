//! What a page shows of one run, gathered a sheet at a time.

use std::collections::BTreeSet;

use super::columns::{self, Samples};
use super::facts::Facts;
use super::grid::{self, Grid, WHOLE};
use super::issues::Found;
use super::names::Names;
use super::notes::{self, LeftOut};
use super::parts::{Ended, Options, ReportError};
use crate::base::counted::plural;
use crate::base::problem::Problem;
use crate::cells::{Cells, Choice, WindowLimits};
use crate::engine::report::SheetFound;
use crate::issues::Severity;
use crate::run::results::annotated::input_as_read;
use crate::run::results::demands::Nothing;
use crate::run::results::issues::{NoList, issues_of};
use crate::store::{RunRecord, RunStatus, Store};

/// So many sheets are shown; those with issues first.
const SHEETS: usize = 30;

/// A run, as far as a page shows it.
pub struct Prepared {
    /// What is known of it.
    pub facts: Facts,
    /// Its issues; none where they are not known.
    pub found: Found,
    /// Why its issues are not known.
    pub no_list: Option<String>,
    /// Its grids.
    pub grids: Vec<Grid>,
    /// Why there are no grids, or not all of them.
    pub no_grid: Vec<String>,
    /// Rows that are not in the result.
    pub left_out: Vec<LeftOut>,
    /// First values of unmapped columns.
    pub samples: Samples,
    /// Names of its places.
    pub names: Names,
}

/// Gathers what is shown of a run. `file`: its number in a batch, in which sheets are shown around issues only.
///
/// # Errors
/// The run has not ended, the store cannot be used, or the list of issues cannot be read.
pub fn prepare(
    store: &Store,
    run: &RunRecord,
    options: Options,
    file: Option<usize>,
) -> Result<Prepared, ReportError> {
    let facts = Facts::of(store, run)?;
    let titles: Vec<String> = facts
        .report
        .completed
        .sheets()
        .map(|sheet| sheet.name().to_owned())
        .collect();
    let (found, no_list) = found(&facts)?;
    let mut prepared = Prepared {
        names: Names::of(file, titles.iter().map(String::as_str)),
        left_out: notes::left_out(&facts),
        samples: Samples::new(),
        grids: Vec::new(),
        no_grid: Vec::new(),
        found,
        no_list,
        facts,
    };
    if options.values && run.status == RunStatus::Succeeded && !titles.is_empty() {
        prepared.look(&titles, file.is_some());
    }
    Ok(prepared)
}

/// The issues of a run, and why they are not known, if they are not.
fn found(facts: &Facts) -> Result<(Found, Option<String>), ReportError> {
    let mut list = match issues_of(&facts.run) {
        Ok(list) => list,
        Err(error @ (NoList::NotEnded { .. } | NoList::NothingRead { .. } | NoList::List(_))) => {
            return Err(error.into());
        }
        Err(error) => {
            let hint = error.hint().map(|hint| format!(" ({hint})"));
            let why = format!("{error}{}", hint.unwrap_or_default());
            return Ok((Found::default(), Some(why)));
        }
    };
    let sheets = facts.report.completed.sheets();
    let whole = sheets.filter(|sheet| sheet.rows_read().is_some_and(|rows| rows <= WHOLE));
    let whole = whole.map(SheetFound::name).collect();
    let found = Found::in_list(&mut list, &whole).map_err(NoList::from)?;
    Ok((found, None))
}

impl Prepared {
    /// Looks at the sheets of the input, one at a time.
    fn look(&mut self, titles: &[String], around: bool) {
        let run = &self.facts.run;
        let Some(input) = input_as_read(run) else {
            self.no_grid.push(format!(
                "{} is not there any more as the run read it, so its sheets are not shown.",
                run.input_name
            ));
            return;
        };
        // One sheet is in memory at a time.
        let cells = Cells::new(WindowLimits {
            items: 2,
            reads: 1,
            ..WindowLimits::default()
        });
        let has_issues = |title: &&String| self.on_sheet(title) > 0;
        let (with, without): (Vec<_>, Vec<_>) = titles.iter().partition(has_issues);
        let wanted = with
            .into_iter()
            .chain(without.into_iter().filter(|_| !around));
        let wanted: BTreeSet<&String> = wanted.take(SHEETS).collect();
        let mut not_shown = 0;
        for title in titles {
            let sheet = match cells.whole(&input, &self.facts.log.reading, Choice::Named(title)) {
                Ok(sheet) => sheet,
                Err(error) => {
                    let why = format!("The sheet {title} is not shown: {error}.");
                    self.no_grid.push(why);
                    continue;
                }
            };
            columns::take_samples(&self.facts, title, &sheet, &mut self.samples);
            for out in self.left_out.iter_mut().filter(|out| out.sheet == *title) {
                out.text = grid::words_of(&sheet, &out.rows);
            }
            if wanted.contains(title) && sheet.size().1 > 0 {
                let (facts, found, left_out) = (&self.facts, &self.found, &self.left_out);
                let grid = Grid::of(facts, found, left_out, title, &sheet, around);
                self.grids.push(grid);
            } else if !around && sheet.size().1 > 0 {
                not_shown += 1;
            }
        }
        if not_shown > 0 {
            let why = format!("{} more not shown.", plural(not_shown, "sheet"));
            self.no_grid.push(why);
        }
    }

    /// How the run ended.
    pub fn ended(&self) -> Ended {
        let metrics = self.facts.run.metrics.as_ref();
        if self.facts.run.status != RunStatus::Succeeded {
            return Ended::Failed;
        }
        let nothing = Nothing::of(&self.facts.run);
        if let Some(nothing @ (Nothing::Table | Nothing::Field)) = nothing {
            return Ended::Nothing(nothing);
        }
        if self.found.of(Severity::Error) > 0 {
            return Ended::Errors;
        }
        match metrics {
            _ if self.found.total() > 0 => Ended::Warnings,
            Some(found) if self.no_list.is_some() && found.issues > 0 => Ended::Warnings,
            _ if nothing.is_some() => Ended::Nothing(Nothing::Row),
            Some(found) if !found.missing_fields.is_empty() => Ended::Lacking,
            _ => Ended::Clean,
        }
    }

    /// The fields that no column was found for, where others have one.
    pub fn lacking(&self) -> &[String] {
        let metrics = self.facts.run.metrics.as_ref();
        let is_known = !matches!(
            self.ended(),
            Ended::Failed | Ended::Nothing(Nothing::Table | Nothing::Field)
        );
        let found = metrics.filter(|_| is_known);
        found.map_or(&[], |found| &found.missing_fields)
    }

    /// How many issues there are, as the list or the run's figures say.
    pub fn count(&self) -> u64 {
        let metrics = self.facts.run.metrics.as_ref();
        let unlisted = self.facts.unlisted();
        match self.no_list {
            Some(_) => metrics.map_or(0, |found| found.issues),
            None => self.found.total() + unlisted,
        }
    }

    /// How many issues a sheet has.
    pub fn on_sheet(&self, sheet: &str) -> u64 {
        self.found.sheets.get(sheet).map_or(0, |sheet| sheet.count)
    }

    /// Whether a cell is shown in a grid.
    pub fn shows(&self, sheet: &str, row: u64, column: u64) -> bool {
        let mut grids = self.grids.iter().filter(|grid| grid.sheet == sheet);
        grids.any(|grid| grid.shows(row, column))
    }

    /// Whether anything is not in the result.
    pub fn has_left_out(&self) -> bool {
        !self.left_out.is_empty()
            || !notes::sheets_left_out(&self.facts).is_empty()
            || self.unknown_rows() > 0
    }

    /// Rows that were not written, of which no notice says which they are. Rows above and below tables were not read.
    pub fn unknown_rows(&self) -> u64 {
        let dropped = self.facts.rows().map_or(0, |rows| rows.dropped());
        let is_of_data = |out: &&LeftOut| {
            let mut stretches = self
                .facts
                .tables_on(&out.sheet)
                .filter_map(|table| table.data.as_ref());
            out.rows.is_empty()
                || stretches.any(|data| out.rows.iter().any(|(first, _)| data.contains(first)))
        };
        let named = self.left_out.iter().filter(is_of_data);
        dropped.saturating_sub(named.map(|out| out.count).sum())
    }
}
