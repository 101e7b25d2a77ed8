//! The page of one run, section by section.

use maud::{Markup, html};

use super::columns;
use super::facts::Facts;
use super::grid::{Drawing, Grid};
use super::html::{Page, clipped, code, table, value};
use super::issues::Found;
use super::list::list;
use super::notes;
use super::parts::{self, Ended, Options};
use super::prepared::Prepared;
use super::words::{day, without_paths};
use crate::base::counted::{bytes, duration, plural, thousands};
use crate::base::files::FileError;
use crate::run::results::demands::Nothing;
use crate::store::{RunRecord, RunStatus};

/// Writes the page of one run.
///
/// # Errors
/// It cannot be written.
pub fn write(page: &mut Page<'_>, prepared: &Prepared, options: Options) -> Result<(), FileError> {
    let run = &prepared.facts.run;
    let head = html! {
        h1 { (value(&run.input_name)) }
        (verdict(prepared))
        p class="sub" {
            "Places are those of the file as it was sent. Read by the configuration "
            (value(&run.configuration_name)) "."
        }
    };
    let title = format!("Report: {}", run.input_name);
    let ended = run.completed_at;
    page.add(&parts::open(
        &title,
        "Report of a run",
        ended,
        options,
        &head,
    ))?;
    let mut sections = Vec::new();
    if run.status == RunStatus::Succeeded {
        page.add(&figures(prepared))?;
        sections.extend(issues_section(prepared, options));
        sections.extend(sheets(prepared));
        sections.extend(tables(prepared, options));
    } else {
        sections.push((html! {}, html! { section { (failure(run)) } }));
    }
    let links = html! {
        @for (link, _) in &sections { (link) }
        (parts::link("about", ABOUT, None))
    };
    page.add(&parts::navigation(&links))?;
    for (_, section) in &sections {
        page.add(section)?;
    }
    let (about, grids) = (about_run(prepared), !prepared.grids.is_empty());
    page.add(&parts::close(Some(ABOUT), &about, options, grids))
}

const ABOUT: &str = "About this run";

/// The link to a section, if it has one, and the section.
type Section = (Markup, Markup);

/// The sentence that says how the run ended: a number first.
fn verdict(prepared: &Prepared) -> Markup {
    let (ended, total) = (prepared.ended(), prepared.count());
    let rows = prepared.facts.rows();
    let rows = rows.map(|rows| parts::rows_written(rows.written, rows.read) + ".");
    let rows = rows.unwrap_or_default();
    let why = prepared.no_list.as_ref().filter(|_| ended != Ended::Failed);
    html! {
        p class="verdict" {
            (parts::glyph(ended))
            span {
                @for refused in &prepared.facts.refused { strong { "Refused." } " " (clipped(refused, 500)) ". " }
                @if !prepared.lacking().is_empty() {
                    strong { "Not found: " (clipped(&prepared.lacking().join(", "), 300)) "." } " "
                }
                @match (ended, prepared.no_list.is_some()) {
                    (Ended::Failed, _) => {
                        strong { "The run " @if prepared.facts.run.status == RunStatus::Cancelled { "was cancelled." } @else { "failed." } }
                        " There is no result."
                    }
                    (Ended::Nothing(Nothing::Row), _) => {
                        strong { "No row was found." }
                        " There is nothing below the header."
                    }
                    (Ended::Nothing(_), _) => {
                        strong { "No field was found." }
                        " The sheets may not be what this configuration is for. " (rows)
                    }
                    (_, is_unknown) if total > 0 => {
                        strong { (plural(total, "issue")) "." } " "
                        @if is_unknown { "Which cells they are is not known." } @else { (became(&prepared.found)) }
                    }
                    (_, true) => { strong { "No issues were counted." } " " (rows) }
                    (_, false) => { strong { "No issues." } " " (rows) }
                }
            }
        }
        @if let Some(why) = why { p class="sub" { (without_paths(why)) } }
    }
}

/// What became of the values of issues.
fn became(found: &Found) -> String {
    let [errors, warnings, infos] = found.counts;
    let are = if errors == 1 { "is" } else { "are" };
    let were = if warnings == 1 { "was" } else { "were" };
    let values = plural(errors, "value");
    let said = [
        (
            errors,
            format!("{values} {are} missing in the result, or wrong there."),
        ),
        (
            warnings,
            format!(
                "{} {were} written and should be checked.",
                thousands(warnings)
            ),
        ),
        (infos, format!("{} for information only.", thousands(infos))),
    ];
    let said = said.into_iter().filter(|(count, _)| *count > 0);
    said.map(|(_, words)| words).collect::<Vec<_>>().join(" ")
}

fn figures(prepared: &Prepared) -> Markup {
    let facts = &prepared.facts;
    let of =
        |number: u64, of: u64| html! { (thousands(number)) " " small { "of " (thousands(of)) } };
    parts::figures(&html! {
        (parts::figure("Issues", thousands(prepared.count()), match prepared.no_list {
            None => parts::by_severity(prepared.found.counts),
            Some(_) => "not listed".to_owned(),
        }))
        @if let Some(rows) = facts.rows() {
            (parts::figure("Rows written", of(rows.written, rows.read), match (rows.dropped(), rows.added()) {
                (0, 0) => "all that were read".to_owned(),
                (0, added) => format!("{} added", thousands(added)),
                (dropped, _) => format!("{} not written", thousands(dropped)),
            }))
        }
        @if let Some(metrics) = &facts.run.metrics {
            @let (mapped, expected) = (metrics.mapped_fields, metrics.expected_fields);
            (parts::figure("Fields found", of(mapped, expected), match expected.saturating_sub(mapped) {
                0 => "all that the configuration has".to_owned(),
                missing => format!("{} not found", thousands(missing)),
            }))
            (parts::figure("Columns unmapped", of(metrics.unmapped_columns, metrics.columns), "without a field"))
            @let sheets = match facts.log.sheets {
                Some(all) if all >= metrics.sheets => of(metrics.sheets, all),
                _ => html! { (thousands(metrics.sheets)) },
            };
            (parts::figure("Sheets read", sheets, match notes::sheets_left_out(facts).len() as u64 {
                0 => plural(metrics.tables, "table"),
                hidden => format!("{} left out", thousands(hidden)),
            }))
        }
    })
}

fn issues_section(prepared: &Prepared, options: Options) -> Option<Section> {
    let total = Some(prepared.found.total()).filter(|&total| total > 0)?;
    let name = prepared.names.part("issues");
    let sentence = html! {
        (plural(prepared.found.rules.len() as u64, "rule"))
        ", errors first. An error is a value that is missing in the result, or wrong there."
    };
    let section = parts::section(&name, "Issues", sentence, &list(prepared, options));
    Some((parts::link(&name, "Issues", Some(total)), section))
}

/// Why sheets are not shown.
pub fn no_grid(prepared: &Prepared) -> Markup {
    html! { @for why in &prepared.no_grid { p class="box w" { (without_paths(why)) } } }
}

fn sheets(prepared: &Prepared) -> impl Iterator<Item = Section> {
    let sheets = prepared.grids.iter().enumerate().map(|(index, grid)| {
        let (name, count) = (
            prepared.names.sheet(&grid.sheet),
            prepared.on_sheet(&grid.sheet),
        );
        let link = html! { @if index < 8 { (parts::link(&name, &grid.sheet, Some(count))) } };
        (link, sheet(prepared, grid))
    });
    let none = html! { @if !prepared.no_grid.is_empty() { section { (no_grid(prepared)) } } };
    sheets.chain([(html! {}, none)])
}

fn sheet(prepared: &Prepared, grid: &Grid) -> Markup {
    let name = prepared.names.sheet(&grid.sheet);
    let switch = |kind: &str, words: &str| {
        html! {
            input type="radio" name=(name) id={ (name) "-" (kind) } class=[(kind == "near").then_some("only")]
                checked[kind == "all"];
            label for={ (name) "-" (kind) } { (words) }
        }
    };
    html! {
        section id=(name) class="wide" aria-labelledby={ "h-" (name) } {
            div class="h" {
                h2 id={ "h-" (name) } { (value(&grid.sheet)) }
                p { (sheet_words(prepared, grid)) }
                @if grid.is_whole && prepared.on_sheet(&grid.sheet) > 0 {
                    fieldset {
                        legend class="sr" { "Rows of " (grid.sheet) " to show" }
                        (switch("all", &format!("All {} rows", thousands(grid.rows))))
                        (switch("near", "Around issues"))
                    }
                }
            }
            (drawn(prepared, grid))
        }
    }
}

/// A grid of a run.
pub fn drawn(prepared: &Prepared, grid: &Grid) -> Markup {
    let (found, names) = (&prepared.found, &prepared.names);
    Drawing { grid, found, names }.table(&prepared.facts.run.input_name)
}

/// What is said of a sheet beside its title.
pub fn sheet_words(prepared: &Prepared, grid: &Grid) -> String {
    let tables: Vec<_> = prepared.facts.tables_on(&grid.sheet).collect();
    let place = match tables.as_slice() {
        [table] => table
            .place
            .map(|place| format!("table at {}", place.reference())),
        _ => None,
    };
    let is_turned = tables.iter().any(|table| table.turned);
    let rows = tables.iter().filter_map(|table| table.rows);
    let rows = rows.map(|rows| (rows.written, rows.read));
    let rows = rows.reduce(|sum, rows| (sum.0 + rows.0, sum.1 + rows.1));
    let issues = prepared.on_sheet(&grid.sheet);
    let which = match issues {
        0 => "the first of them",
        _ => "those around issues",
    };
    let words = [
        place.or_else(|| Some(plural(tables.len() as u64, "table"))),
        is_turned.then(|| "turned: its records are columns".to_owned()),
        rows.map(|(written, read)| parts::rows_written(written, read)),
        prepared.no_list.is_none().then(|| plural(issues, "issue")),
        (!grid.is_whole).then(|| format!("{}, {which}", plural(grid.rows, "row"))),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Columns, unmapped columns, what was left out, how columns were read, and notes.
fn tables(prepared: &Prepared, options: Options) -> Vec<Section> {
    let (facts, names) = (&prepared.facts, &prepared.names);
    let groups = columns::unmapped(facts);
    let readings = &facts.noticed().readings;
    let mut sections = Vec::new();
    let mut add = |part: &str, link, count: Option<usize>, title: &str, sentence, body: &Markup| {
        let name = names.part(part);
        let link = parts::link(&name, link, count.map(|count| count as u64));
        sections.push((link, parts::section(&name, title, sentence, body)));
    };
    let mapped = columns::mapped(facts).count();
    if mapped > 0 {
        let body = columns::list(facts, names, &prepared.found);
        let sentence = "A column goes to the field with the highest score.";
        let title = "Columns and their fields";
        add("columns", "Columns", Some(mapped), title, sentence, &body);
    }
    if !groups.is_empty() {
        let body = columns::list_unmapped(names, &groups, &prepared.samples);
        let sentence = "Suggestions are never applied by themselves.";
        let (title, count) = ("Unmapped columns", Some(groups.len()));
        add("unmapped", "Unmapped", count, title, sentence, &body);
    }
    if prepared.has_left_out() {
        let body = left_out(prepared, options);
        let sentence = "What stands in the file and not in the result.";
        add("left-out", "Left out", None, "Left out", sentence, &body);
    }
    if !readings.is_empty() {
        let body = columns::readings(names, readings);
        let sentence = "Where text could be read in several ways: how it was read, and why.";
        let title = "How columns were read";
        add("read", "How it was read", None, title, sentence, &body);
    }
    if notes::others(facts).next().is_some() {
        let sentence = "What else was noticed while the file was read.";
        add(
            "notes",
            "Notes",
            None,
            "Notes",
            sentence,
            &notes_table(facts),
        );
    }
    sections
}

fn left_out(prepared: &Prepared, options: Options) -> Markup {
    let mut columns = vec![("Where", ""), ("Why", "")];
    if options.values {
        columns.insert(1, ("What stands there", ""));
    }
    let unknown = prepared.unknown_rows();
    let rows = html! {
        tbody {
            @for out in &prepared.left_out {
                tr {
                    td class="mono" { (value(prepared.names.said(&out.sheet, &stretches_in_words(&out.rows)))) }
                    @if options.values { td class="v" { (value(clipped(&out.text, 200))) } }
                    td class="full" {
                        (clipped(&out.said, 400))
                        @if out.rows.is_empty() { "; which ones is not known" }
                    }
                }
            }
            @for (sheet, why) in notes::sheets_left_out(&prepared.facts).into_iter().take(200) {
                tr {
                    td class="mono" { (value(sheet)) }
                    @if options.values { td {} }
                    td class="full" { "sheet " (why) }
                }
            }
            @if unknown > 0 {
                tr {
                    td {}
                    @if options.values { td {} }
                    td class="full" { (plural(unknown, "row")) " not written; which ones is not known" }
                }
            }
        }
    };
    table("list", "What was left out", &columns, &rows)
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

fn notes_table(facts: &Facts) -> Markup {
    let rows = html! {
        tbody {
            @for notice in notes::others(facts).take(200) {
                tr {
                    td class="nw" {
                        @match (notice.is_warning(), notice.is_known()) {
                            (true, _) => span class="st warn" { "Warning" },
                            (_, true) => span class="st" { "Known" },
                            (_, false) => span class="st" { "Note" },
                        }
                    }
                    td class="mono" { (value(notice.sheet())) }
                    td class="full" { (clipped(&without_paths(notes::without_sheet(notice)), 500)) }
                }
            }
        }
    };
    let columns = ["Level", "Sheet", "Note"].map(|title| (title, ""));
    table("list", "Notes", &columns, &rows)
}

/// Why a run has no result.
pub fn failure(run: &RunRecord) -> Markup {
    html! {
        div class="box" {
            @if let Some(error) = &run.error {
                p { (clipped(&without_paths(&error.message), 1_000)) " " (code(&error.code)) }
                @if let Some(hint) = &error.hint { p class="dim" { (clipped(&without_paths(hint), 500)) } }
            } @else {
                p { "The run " (run.status.as_str()) "." }
            }
        }
    }
}

/// Stages, digests and versions.
fn about_run(prepared: &Prepared) -> Markup {
    let run = &prepared.facts.run;
    // `embedded:1.10.0:cf2ce…` is the engine in the program, and its digest.
    let spec = run.key.engine_spec.as_str();
    let parts = spec.strip_prefix("embedded:");
    let parts = parts.and_then(|rest| rest.split_once(':'));
    let (version, digest) = parts.unwrap_or((spec, ""));
    let code = |code: &str| html! { @if !code.is_empty() { " " span class="mono" { (code) } } };
    html! {
        div class="two" {
            (stages(prepared))
            dl class="facts" {
                dt { "Run" } dd { (code(&run.id)) }
                dt { "Configuration" } dd { (run.configuration_name) " ·" (code(&run.source_digest)) }
                dt { "Input" } dd { (bytes(run.input_size_bytes)) " · SHA-256" (code(&run.input_sha256)) }
                @if let Some(output) = &run.output_path { dt { "Result" } dd { (crate::base::files::name_of(output)) } }
                dt { "Engine" } dd { (version) (code(digest)) }
                @if let Some(ended) = run.completed_at { dt { "Ended" } dd { (day(ended)) " UTC" } }
            }
        }
    }
}

fn stages(prepared: &Prepared) -> Markup {
    const MOST: usize = 14;
    let stages = &prepared.facts.log.stages;
    let (first, rest) = stages.split_at(stages.len().min(MOST));
    let sum = |stages: &[(String, u64)]| stages.iter().map(|(_, took)| took).sum::<u64>();
    let total = sum(stages);
    html! {
        dl class="time" {
            @for (index, (title, took)) in first.iter().enumerate() {
                dt { (clipped(title, 40)) }
                dd { (duration(*took)) }
                dd {
                    svg viewBox={ "0 0 " (total.max(1)) " 6" } preserveAspectRatio="none" aria-hidden="true" {
                        rect x=(sum(&first[..index])) width=((*took).max(total / 200)) height="6" {}
                    }
                }
            }
            @if !rest.is_empty() {
                dt { (plural(rest.len() as u64, "further part")) }
                dd { (duration(sum(rest))) }
                dd {}
            }
            @if let Some(took) = prepared.facts.run.duration_ms() {
                dt { "In all" }
                dd { (duration(took)) }
                dd {}
            }
        }
    }
}
