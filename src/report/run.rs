//! What a page says of one run: gathered first, a sheet at a time, then written section by section.

use std::collections::BTreeMap;

use serde_json::Value;

use super::columns::{self, Samples};
use super::facts::{Facts, number, text};
use super::grid::{self, Grid, WHOLE};
use super::html::Html;
use super::issues::{self, Found};
use super::names::Names;
use super::notes::{self, LeftOut};
use super::parts::{self, Ended, Options, ReportError};
use super::words::{day, without_paths};
use crate::base::counted::{bytes, duration, plural, thousands};
use crate::base::problem::Problem;
use crate::cells::{Cells, Choice, WindowLimits};
use crate::issues::Severity;
use crate::run::results::annotated::input_as_read;
use crate::run::results::issues::{NoList, issues_of};
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, RunStatus, Store};

/// So many sheets are shown; those with issues first.
const SHEETS: usize = 30;

/// A run, as far as a page shows it.
pub struct Prepared {
    /// What is known of it.
    pub facts: Facts,
    /// Its issues, or why they are not known.
    pub issues: Result<Found, String>,
    /// Its grids.
    pub grids: Vec<Grid>,
    /// Why there are no grids, or not all of them.
    pub no_grid: Vec<String>,
    /// Rows that are not in the result, with what stands in them.
    pub left_out: Vec<(LeftOut, String)>,
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
    let titles: Vec<String> = facts.sheets().into_iter().map(str::to_owned).collect();
    let issues = found(&facts, &titles)?;
    let left_out = notes::left_out(&facts);
    let mut prepared = Prepared {
        names: Names::of(file, titles.iter().map(String::as_str)),
        left_out: left_out
            .into_iter()
            .map(|out| (out, String::new()))
            .collect(),
        samples: Samples::new(),
        grids: Vec::new(),
        no_grid: Vec::new(),
        issues,
        facts,
    };
    if options.values && run.status == RunStatus::Succeeded && !titles.is_empty() {
        prepared.look(&titles, file.is_some());
    }
    Ok(prepared)
}

/// The issues of a run, or why they are not known.
fn found(facts: &Facts, titles: &[String]) -> Result<Result<Found, String>, ReportError> {
    let mut list = match issues_of(&facts.run) {
        Ok(list) => list,
        Err(error @ (NoList::NotEnded { .. } | NoList::NothingRead { .. } | NoList::List(_))) => {
            return Err(error.into());
        }
        Err(error) => {
            let hint = error
                .hint()
                .map(|hint| format!(" ({hint})"))
                .unwrap_or_default();
            return Ok(Err(format!("{error}{hint}")));
        }
    };
    let sheets = facts.payload.pointer("/workbooks/0/sheets");
    let sheets = sheets.and_then(Value::as_array).into_iter().flatten();
    let rows: BTreeMap<String, u64> = sheets
        .filter_map(|sheet| {
            let title = text(sheet, "/locator/sheet/name").to_owned();
            Some((title, number(sheet, "/scan/rows_emitted")?))
        })
        .filter(|(title, _)| titles.contains(title))
        .collect();
    let found = Found::in_list(&mut list, WHOLE, &rows).map_err(NoList::from)?;
    Ok(Ok(found))
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
        let none = Found::default();
        let found = self.issues.as_ref().unwrap_or(&none);
        let has_issues = |title: &&String| {
            found
                .sheets
                .get(*title)
                .is_some_and(|sheet| sheet.count > 0)
        };
        let with: Vec<&String> = titles.iter().filter(has_issues).collect();
        let room = SHEETS.saturating_sub(with.len());
        let without: Vec<&String> = titles
            .iter()
            .filter(|title| !has_issues(title))
            .take(room)
            .collect();
        let mut not_shown = 0;
        let left_out: Vec<LeftOut> = self.left_out.iter().map(|(out, _)| out.clone()).collect();
        for title in titles {
            let sheet = match cells.whole(&input, &self.facts.log.reading, Choice::Named(title)) {
                Ok(sheet) => sheet,
                Err(error) => {
                    self.no_grid
                        .push(format!("The sheet {title} is not shown: {error}."));
                    continue;
                }
            };
            columns::take_samples(&self.facts, title, &sheet, &mut self.samples);
            for (out, words) in self
                .left_out
                .iter_mut()
                .filter(|(out, _)| out.sheet == *title)
            {
                *words = grid::words_of(&sheet, &out.rows);
            }
            let is_wanted = with.iter().take(SHEETS).any(|one| *one == title)
                || !around && without.contains(&title);
            if is_wanted && sheet.size().1 > 0 {
                let grid = Grid::of(&self.facts, found, &left_out, title, &sheet, around);
                self.grids.push(grid);
            } else if !around && sheet.size().1 > 0 {
                not_shown += 1;
            }
        }
        if not_shown > 0 {
            self.no_grid
                .push(format!("{} more not shown.", plural(not_shown, "sheet")));
        }
    }

    /// How the run ended.
    pub fn ended(&self) -> Ended {
        let metrics = self.facts.run.metrics.as_ref();
        if self.facts.run.status != RunStatus::Succeeded {
            return Ended::Failed;
        }
        if metrics.is_some_and(|found| {
            found.tables == 0 || found.mapped_fields == 0 && found.expected_fields > 0
        }) {
            return Ended::Nothing;
        }
        match &self.issues {
            Ok(found) if found.of(Severity::Error) > 0 => Ended::Errors,
            Ok(found) if found.total() > 0 => Ended::Warnings,
            Err(_) if metrics.is_some_and(|found| found.issues > 0) => Ended::Warnings,
            _ if metrics.is_some_and(|found| !found.missing_fields.is_empty()) => Ended::Lacking,
            _ => Ended::Clean,
        }
    }

    /// The fields that no column was found for, where others have one.
    pub fn lacking(&self) -> &[String] {
        let metrics = self.facts.run.metrics.as_ref();
        let found = metrics.filter(|_| !matches!(self.ended(), Ended::Failed | Ended::Nothing));
        found.map_or(&[], |found| &found.missing_fields)
    }

    /// How many issues there are, as the list or the run's figures say.
    pub fn count(&self) -> u64 {
        let counted = self
            .facts
            .run
            .metrics
            .as_ref()
            .map_or(0, |found| found.issues);
        let unlisted = self.facts.listed().map_or(0, |(_, unlisted)| unlisted);
        self.issues
            .as_ref()
            .map_or(counted, |found| found.total() + unlisted)
    }

    /// The sections of the page's navigation: name, title, count.
    fn sections(&self) -> Vec<(String, String, Option<u64>)> {
        let part = |name: &str| self.names.part(name);
        let mut sections = Vec::new();
        let mut add = |name: String, title: &str, count: Option<u64>| {
            sections.push((name, title.to_owned(), count));
        };
        if let Ok(found) = &self.issues
            && found.total() > 0
        {
            add(part("issues"), "Issues", Some(found.total()));
        }
        for grid in self.grids.iter().take(8) {
            let count = self.on_sheet(&grid.sheet);
            add(self.names.sheet(&grid.sheet), &grid.sheet, Some(count));
        }
        let tables = &self.facts.tables;
        if columns::mapped(&self.facts) > 0 {
            add(
                part("columns"),
                "Columns",
                Some(columns::mapped(&self.facts) as u64),
            );
        }
        let unmapped = columns::unmapped(tables.iter()).len() as u64;
        if unmapped > 0 {
            add(part("unmapped"), "Unmapped", Some(unmapped));
        }
        if self.has_left_out() {
            add(part("left-out"), "Left out", None);
        }
        if !self.facts.list("readings").is_empty() {
            add(part("read"), "How it was read", None);
        }
        if notes::others(&self.facts).next().is_some() {
            add(part("notes"), "Notes", None);
        }
        add(part("about"), "About this run", None);
        sections
    }

    fn on_sheet(&self, sheet: &str) -> u64 {
        let found = self.issues.as_ref().ok();
        found
            .and_then(|found| found.sheets.get(sheet))
            .map_or(0, |sheet| sheet.count)
    }

    fn has_left_out(&self) -> bool {
        !self.left_out.is_empty()
            || !notes::sheets_left_out(&self.facts).is_empty()
            || self.unknown_rows() > 0
    }

    /// Rows that were not written, of which no notice says which they are.
    fn unknown_rows(&self) -> u64 {
        let dropped = self.facts.rows().map_or(0, |rows| rows.dropped());
        let named = self.left_out.iter().filter(|(out, _)| self.is_of_data(out));
        dropped.saturating_sub(named.map(|(out, _)| out.count).sum())
    }

    /// Whether rows count among those that were read: what stands above and below tables does not.
    fn is_of_data(&self, out: &LeftOut) -> bool {
        let mut tables = self
            .facts
            .tables
            .iter()
            .filter(|table| table.sheet == out.sheet);
        out.rows.is_empty()
            || tables.any(|table| {
                let data = table.data.as_ref();
                data.is_some_and(|data| out.rows.iter().any(|(first, _)| data.contains(first)))
            })
    }
}

/// Writes the page of one run.
pub fn write(html: &mut Html<'_>, prepared: &Prepared, options: Options) {
    let run = &prepared.facts.run;
    parts::open(html, &format!("Report: {}", run.input_name));
    html.mark("<header>");
    parts::mast(html, "Report of a run", run.completed_at, options);
    html.mark("<h1>").value(&run.input_name).mark("</h1>");
    write_verdict(html, prepared);
    html.mark(
        "<p class=\"sub\">Places are those of the file as it was sent. Read by the configuration ",
    )
    .value(&run.configuration_name)
    .mark(".</p></header><main id=\"main\">");
    if run.status == RunStatus::Succeeded {
        write_figures(html, prepared);
        parts::navigation(html, &prepared.sections());
        write_issues(html, prepared, options);
        write_sheets(html, prepared);
        write_tables(html, prepared, options);
    } else {
        parts::navigation(html, &prepared.sections());
        html.mark("<section>");
        write_failure(html, run);
        html.mark("</section>");
    }
    html.mark("</main>");
    write_about(html, prepared, options);
    parts::close(html);
}

/// Writes the sentence that says how the run ended: a number first.
fn write_verdict(html: &mut Html<'_>, prepared: &Prepared) {
    let ended = prepared.ended();
    let rows = || match prepared.facts.rows() {
        Some(rows) => format!(
            "{} of {} written.",
            thousands(rows.written),
            plural(rows.read, "row")
        ),
        None => String::new(),
    };
    html.mark("<p class=\"verdict\">");
    parts::glyph(html, ended);
    html.mark("<span>");
    for refused in &prepared.facts.refused {
        html.mark("<strong>Refused.</strong> ")
            .clipped(refused, 500)
            .mark(". ");
    }
    let lacking = prepared.lacking();
    if !lacking.is_empty() {
        html.mark("<strong>Not found: ")
            .clipped(&lacking.join(", "), 300)
            .mark(".</strong> ");
    }
    let total = prepared.count();
    match (&prepared.issues, ended) {
        (_, Ended::Failed) => {
            html.mark("<strong>").mark(match prepared.facts.run.status {
                RunStatus::Cancelled => "The run was cancelled.",
                _ => "The run failed.",
            });
            html.mark("</strong> There is no result.");
        }
        (_, Ended::Nothing) => {
            html.mark("<strong>No field was found.</strong> The sheets may not be what this configuration is for. ").text(&rows());
        }
        (Ok(found), _) if total > 0 => {
            html.mark("<strong>")
                .text(&plural(total, "issue"))
                .mark(".</strong> ")
                .text(&became(found));
        }
        (Err(_), _) if total > 0 => {
            html.mark("<strong>")
                .text(&plural(total, "issue"))
                .mark(".</strong> Which cells they are is not known.");
        }
        (Err(_), _) => {
            html.mark("<strong>No issues were counted.</strong> ")
                .text(&rows());
        }
        (Ok(_), _) => {
            html.mark("<strong>No issues.</strong> ").text(&rows());
        }
    }
    html.mark("</span></p>");
    if let Err(why) = &prepared.issues
        && ended != Ended::Failed
    {
        html.mark("<p class=\"sub\">")
            .text(&without_paths(why))
            .mark("</p>");
    }
}

/// What became of the values of issues.
fn became(found: &Found) -> String {
    let [errors, warnings, infos] = found.counts;
    let are = |count: u64| if count == 1 { "is" } else { "are" };
    let mut words = Vec::new();
    if errors > 0 {
        words.push(format!(
            "{} {} missing in the result, or wrong there.",
            plural(errors, "value"),
            are(errors)
        ));
    }
    if warnings > 0 {
        let was = if warnings == 1 { "was" } else { "were" };
        words.push(format!(
            "{} {was} written and should be checked.",
            thousands(warnings)
        ));
    }
    if infos > 0 {
        words.push(format!("{} for information only.", thousands(infos)));
    }
    words.join(" ")
}

fn write_figures(html: &mut Html<'_>, prepared: &Prepared) {
    let facts = &prepared.facts;
    html.mark("<section class=\"strip\" aria-label=\"In figures\">");
    let mut stat = |title: &'static str, number: u64, of: Option<u64>, under: &str| {
        html.mark("<dl class=\"stat\"><dt>")
            .mark(title)
            .mark("</dt><dd>")
            .count(number);
        if let Some(of) = of {
            html.mark(" <small>of ").count(of).mark("</small>");
        }
        html.mark("</dd><dd>").text(under).mark("</dd></dl>");
    };
    let by = match &prepared.issues {
        Ok(found) => {
            let [errors, warnings, infos] = found.counts;
            let mut words = vec![plural(errors, "error"), plural(warnings, "warning")];
            if infos > 0 {
                words.push(plural(infos, "info"));
            }
            words.join(", ")
        }
        Err(_) => "not listed".to_owned(),
    };
    stat("Issues", prepared.count(), None, &by);
    if let Some(rows) = facts.rows() {
        let under = match (rows.dropped(), rows.added()) {
            (0, 0) => "all that were read".to_owned(),
            (0, added) => format!("{} added", thousands(added)),
            (dropped, _) => format!("{} not written", thousands(dropped)),
        };
        stat("Rows written", rows.written, Some(rows.read), &under);
    }
    if let Some(metrics) = &facts.run.metrics {
        let missing = metrics
            .expected_fields
            .saturating_sub(metrics.mapped_fields);
        let under = match missing {
            0 => "all that the configuration has".to_owned(),
            missing => format!("{} not found", thousands(missing)),
        };
        stat(
            "Fields found",
            metrics.mapped_fields,
            Some(metrics.expected_fields),
            &under,
        );
        stat(
            "Columns unmapped",
            metrics.unmapped_columns,
            Some(metrics.columns),
            "without a field",
        );
        let hidden = notes::sheets_left_out(facts).len() as u64;
        let all = facts.log.sheets.filter(|&all| all >= metrics.sheets);
        let under = if hidden > 0 {
            format!("{} left out", thousands(hidden))
        } else {
            plural(metrics.tables, "table")
        };
        stat("Sheets read", metrics.sheets, all, &under);
    }
    html.mark("</section>");
}

/// Writes the list of issues.
pub fn write_issues(html: &mut Html<'_>, prepared: &Prepared, options: Options) {
    let Ok(found) = &prepared.issues else { return };
    if found.total() == 0 {
        return;
    }
    let rules = found.rules.len() as u64;
    parts::section(html, &prepared.names.part("issues"), "Issues");
    html.text(&plural(rules, "rule"))
        .mark(", errors first. An error is a value that is missing in the result, or wrong there.</p></div>");
    write_list(html, prepared, found, options);
    html.mark("</section>");
}

/// Writes the lines of the list.
pub fn write_list(html: &mut Html<'_>, prepared: &Prepared, found: &Found, options: Options) {
    let run = &prepared.facts.run;
    let list = RunFolder::at(&run.run_dir).issues(&run.input_name);
    let in_grid = |sheet: &str, row: u64, column: u64| {
        let mut grids = prepared.grids.iter().filter(|grid| grid.sheet == sheet);
        grids.any(|grid| grid.shows(row, column))
    };
    let shown = issues::Shown {
        names: &prepared.names,
        values: options.values,
        in_grid: &in_grid,
        file: &crate::base::files::name_of(&list),
    };
    issues::write(html, found, &shown);
    let unlisted = prepared.facts.listed().map_or(0, |(_, unlisted)| unlisted);
    if unlisted > 0 {
        html.mark("<p class=\"after\">")
            .text(&plural(unlisted, "further issue"))
            .mark(" were counted and not listed.</p>");
    }
}

fn write_sheets(html: &mut Html<'_>, prepared: &Prepared) {
    for grid in &prepared.grids {
        write_sheet(html, prepared, grid);
    }
    if !prepared.no_grid.is_empty() {
        html.mark("<section>");
        write_no_grid(html, prepared);
        html.mark("</section>");
    }
}

/// Writes why sheets are not shown.
pub fn write_no_grid(html: &mut Html<'_>, prepared: &Prepared) {
    for why in &prepared.no_grid {
        html.mark("<p class=\"box w\">")
            .text(&without_paths(why))
            .mark("</p>");
    }
}

fn write_sheet(html: &mut Html<'_>, prepared: &Prepared, grid: &Grid) {
    let name = prepared.names.sheet(&grid.sheet);
    let issues = prepared.on_sheet(&grid.sheet);
    html.mark("<section id=\"")
        .text(&name)
        .mark("\" class=\"wide\" aria-labelledby=\"h-")
        .text(&name);
    html.mark("\"><div class=\"h\"><h2 id=\"h-")
        .text(&name)
        .mark("\">");
    html.value(&grid.sheet)
        .mark("</h2><p>")
        .text(&sheet_words(prepared, grid))
        .mark("</p>");
    if grid.is_whole && issues > 0 {
        let switch = |html: &mut Html<'_>, kind: &'static str, checked: bool| {
            html.mark("<input type=\"radio\" name=\"")
                .text(&name)
                .mark("\" id=\"")
                .text(&name)
                .mark("-")
                .mark(kind)
                .mark("\"");
            html.mark_if(kind == "near", " class=\"only\"")
                .mark_if(checked, " checked");
            html.mark("><label for=\"")
                .text(&name)
                .mark("-")
                .mark(kind)
                .mark("\">");
        };
        html.mark("<fieldset><legend class=\"sr\">Rows of ")
            .text(&grid.sheet)
            .mark(" to show</legend>");
        switch(html, "all", true);
        html.mark("All ").count(grid.rows).mark(" rows</label>");
        switch(html, "near", false);
        html.mark("Around issues</label></fieldset>");
    }
    html.mark("</div>");
    let none = Found::default();
    let found = prepared.issues.as_ref().unwrap_or(&none);
    grid::write(
        html,
        grid,
        found,
        &prepared.names,
        &prepared.facts.run.input_name,
    );
    html.mark("</section>");
}

/// What is said of a sheet beside its title.
pub fn sheet_words(prepared: &Prepared, grid: &Grid) -> String {
    let mut words = Vec::new();
    let tables = prepared
        .facts
        .tables
        .iter()
        .filter(|table| table.sheet == grid.sheet);
    let tables: Vec<_> = tables.collect();
    if let [table] = tables.as_slice()
        && let Some(place) = table.place
    {
        words.push(format!("table at {}", place.reference()));
    } else {
        words.push(plural(tables.len() as u64, "table"));
    }
    if tables.iter().any(|table| table.turned) {
        words.push("turned: its records are columns".to_owned());
    }
    let rows: Vec<_> = tables.iter().filter_map(|table| table.rows).collect();
    if !rows.is_empty() {
        let (written, read) = rows.iter().fold((0, 0), |sum, rows| {
            (sum.0 + rows.written, sum.1 + rows.read)
        });
        words.push(format!(
            "{} of {} written",
            thousands(written),
            plural(read, "row")
        ));
    }
    let issues = prepared.on_sheet(&grid.sheet);
    if prepared.issues.is_ok() {
        words.push(plural(issues, "issue"));
    }
    if !grid.is_whole {
        let which = if issues > 0 {
            "those around issues"
        } else {
            "the first of them"
        };
        words.push(format!("{}, {which}", plural(grid.rows, "row")));
    }
    words.join(" · ")
}

/// Writes columns, unmapped columns, what was left out, how columns were read, and notes.
fn write_tables(html: &mut Html<'_>, prepared: &Prepared, options: Options) {
    let facts = &prepared.facts;
    if columns::mapped(facts) > 0 {
        parts::section(
            html,
            &prepared.names.part("columns"),
            "Columns and their fields",
        );
        html.mark("A column goes to the field with the highest score.</p></div>");
        columns::write(html, facts, &prepared.names, prepared.issues.as_ref().ok());
        html.mark("</section>");
    }
    let groups = columns::unmapped(facts.tables.iter());
    if !groups.is_empty() {
        parts::section(html, &prepared.names.part("unmapped"), "Unmapped columns");
        html.mark("Suggestions are never applied by themselves.</p></div>");
        columns::write_unmapped(html, &prepared.names, &groups, &prepared.samples);
        html.mark("</section>");
    }
    if prepared.has_left_out() {
        write_left_out(html, prepared, options);
    }
    let readings = facts.list("readings");
    if !readings.is_empty() {
        parts::section(html, &prepared.names.part("read"), "How columns were read");
        html.mark("Where text could be read in several ways: how it was read, and why.</p></div>");
        columns::write_readings(html, &prepared.names, readings);
        html.mark("</section>");
    }
    write_notes(html, prepared);
}

fn write_left_out(html: &mut Html<'_>, prepared: &Prepared, options: Options) {
    parts::section(html, &prepared.names.part("left-out"), "Left out");
    html.mark("What stands in the file and not in the result.</p></div>");
    html.mark("<table class=\"list\"><caption class=\"sr\">What was left out</caption><thead><tr><th scope=\"col\">Where</th>")
        .mark_if(options.values, "<th scope=\"col\">What stands there</th>")
        .mark("<th scope=\"col\">Why</th></tr></thead><tbody>");
    for (out, words) in &prepared.left_out {
        html.mark("<tr><td class=\"mono\">")
            .value(
                &prepared
                    .names
                    .said(&out.sheet, &stretches_in_words(&out.rows)),
            )
            .mark("</td>");
        if options.values {
            html.mark("<td class=\"v\"><bdi>")
                .clipped(words, 200)
                .mark("</bdi></td>");
        }
        html.mark("<td class=\"full\">")
            .text(&plural(out.count, "row"))
            .mark(" ")
            .clipped(&out.why, 200);
        if let Some(hook) = &out.hook {
            html.mark(" <code class=\"dim\">")
                .clipped(hook, 120)
                .mark("</code>");
        }
        if out.rows.is_empty() {
            html.mark("; which ones is not known");
        }
        html.mark("</td></tr>");
    }
    for (sheet, why) in notes::sheets_left_out(&prepared.facts)
        .into_iter()
        .take(200)
    {
        html.mark("<tr><td class=\"mono\">")
            .value(sheet)
            .mark("</td>");
        html.mark_if(options.values, "<td></td>")
            .mark("<td class=\"full\">sheet ")
            .mark(why)
            .mark("</td></tr>");
    }
    let unknown = prepared.unknown_rows();
    if unknown > 0 {
        html.mark("<tr><td></td>")
            .mark_if(options.values, "<td></td>")
            .mark("<td class=\"full\">");
        html.text(&plural(unknown, "row"))
            .mark(" not written; which ones is not known</td></tr>");
    }
    html.mark("</tbody></table></section>");
}

/// `1:3, 12, 48:49`
fn stretches_in_words(rows: &[(u64, u64)]) -> String {
    const MOST: usize = 12;
    let word = |&(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}:{last}"),
    };
    let mut words: Vec<String> = rows.iter().take(MOST).map(word).collect();
    if rows.len() > MOST {
        words.push(format!("and {} more", rows.len() - MOST));
    }
    words.join(", ")
}

fn write_notes(html: &mut Html<'_>, prepared: &Prepared) {
    let mut notices = notes::others(&prepared.facts).peekable();
    if notices.peek().is_none() {
        return;
    }
    parts::section(html, &prepared.names.part("notes"), "Notes");
    html.mark("What else was noticed while the file was read.</p></div>");
    html.mark("<table class=\"list\"><caption class=\"sr\">Notes</caption><thead><tr><th scope=\"col\">Level</th><th scope=\"col\">Sheet</th><th scope=\"col\">Note</th></tr></thead><tbody>");
    for notice in notices.take(200) {
        html.mark("<tr><td class=\"nw\">");
        match text(notice, "/level") {
            "warning" => html.mark("<span class=\"st warn\">Warning</span>"),
            _ if notice["known"] == true => html.mark("<span class=\"st\">Known</span>"),
            _ => html.mark("<span class=\"st\">Note</span>"),
        };
        html.mark("</td><td class=\"mono\">")
            .value(text(notice, "/sheet"))
            .mark("</td><td class=\"full\">");
        html.clipped(&without_paths(notes::without_sheet(notice)), 500)
            .mark("</td></tr>");
    }
    html.mark("</tbody></table></section>");
}

/// Writes why a run has no result.
pub fn write_failure(html: &mut Html<'_>, run: &RunRecord) {
    html.mark("<div class=\"box\">");
    match &run.error {
        Some(error) => {
            html.mark("<p>")
                .clipped(&without_paths(&error.message), 1_000)
                .mark(" ")
                .code(&error.code)
                .mark("</p>");
            if let Some(hint) = &error.hint {
                html.mark("<p class=\"dim\">")
                    .clipped(&without_paths(hint), 500)
                    .mark("</p>");
            }
        }
        None => {
            html.mark("<p>The run ")
                .text(run.status.as_str())
                .mark(".</p>");
        }
    }
    html.mark("</div>");
}

/// Writes stages, digests and versions, and what the page holds.
fn write_about(html: &mut Html<'_>, prepared: &Prepared, options: Options) {
    let run = &prepared.facts.run;
    html.mark("<footer id=\"")
        .text(&prepared.names.part("about"))
        .mark("\"><h2>About this run</h2><div class=\"two\">");
    write_stages(html, prepared);
    html.mark("<dl class=\"facts\">");
    let mut fact = |title: &'static str, words: &str, code: &str| {
        html.mark("<dt>").mark(title).mark("</dt><dd>").text(words);
        if !code.is_empty() {
            html.mark(" <span class=\"mono\">")
                .text(code)
                .mark("</span>");
        }
        html.mark("</dd>");
    };
    fact("Run", "", &run.id);
    fact(
        "Configuration",
        &format!("{} ·", run.configuration_name),
        &run.source_digest,
    );
    fact(
        "Input",
        &format!("{} · SHA-256", bytes(run.input_size_bytes)),
        &run.input_sha256,
    );
    if let Some(output) = &run.output_path {
        fact("Result", &crate::base::files::name_of(output), "");
    }
    // `embedded:1.10.0:cf2ce…` is the engine in the program, and its digest.
    let spec = run.key.engine_spec.as_str();
    let parts = spec
        .strip_prefix("embedded:")
        .and_then(|rest| rest.split_once(':'));
    let (version, digest) = parts.unwrap_or((spec, ""));
    fact("Engine", version, digest);
    if let Some(ended) = run.completed_at {
        fact("Ended", &format!("{} UTC", day(ended)), "");
    }
    html.mark("</dl></div><p>");
    parts::what_it_holds(html, options, !prepared.grids.is_empty());
    html.mark("</p></footer>");
}

fn write_stages(html: &mut Html<'_>, prepared: &Prepared) {
    const MOST: usize = 14;
    let stages = &prepared.facts.log.stages;
    let total: u64 = stages.iter().map(|(_, took)| took).sum();
    html.mark("<dl class=\"time\">");
    let mut since = 0;
    for (title, took) in stages.iter().take(MOST) {
        html.mark("<dt>")
            .clipped(title, 40)
            .mark("</dt><dd>")
            .text(&duration(*took))
            .mark("</dd><dd>");
        html.mark("<svg viewBox=\"0 0 ")
            .number(total.max(1))
            .mark(" 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect x=\"");
        html.number(since)
            .mark("\" width=\"")
            .number((*took).max(total / 200))
            .mark("\" height=\"6\"/></svg></dd>");
        since += took;
    }
    if stages.len() > MOST {
        let rest: u64 = stages[MOST..].iter().map(|(_, took)| took).sum();
        html.mark("<dt>")
            .text(&plural((stages.len() - MOST) as u64, "further part"))
            .mark("</dt><dd>")
            .text(&duration(rest))
            .mark("</dd><dd></dd>");
    }
    if let Some(took) = prepared.facts.run.duration_ms() {
        html.mark("<dt>In all</dt><dd>")
            .text(&duration(took))
            .mark("</dd><dd></dd>");
    }
    html.mark("</dl>");
}
