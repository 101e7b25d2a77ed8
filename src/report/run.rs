//! The page of one run, section by section.

use maud::{Markup, html};

use super::columns;
use super::facts::{Facts, text};
use super::grid::{Drawing, Grid};
use super::html::{Page, clipped, code, table, value};
use super::issues;
use super::issues::Found;
use super::notes;
use super::parts::{self, Ended, Link, Options};
use super::prepared::Prepared;
use super::words::{day, without_paths};
use crate::base::counted::{bytes, duration, plural, thousands};
use crate::base::files::FileError;
use crate::settings::paths::RunFolder;
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
    page.add(&parts::open(
        &title,
        "Report of a run",
        run.completed_at,
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
        sections.push((None, html! { section { (failure(run)) } }));
    }
    let about = Link::to("about".to_owned(), "About this run", None);
    let links = sections.iter().filter_map(|(link, _)| link.as_ref());
    page.add(&parts::navigation(links.chain([&about])))?;
    for (_, section) in &sections {
        page.add(section)?;
    }
    let about = about_run(prepared);
    page.add(&parts::close(
        Some("About this run"),
        &about,
        options,
        !prepared.grids.is_empty(),
    ))
}

/// A section, and the link to it.
type Section = (Option<Link>, Markup);

/// The sentence that says how the run ended: a number first.
fn verdict(prepared: &Prepared) -> Markup {
    let (ended, total) = (prepared.ended(), prepared.count());
    let rows = prepared.facts.rows().map(|rows| {
        format!(
            "{} of {} written.",
            thousands(rows.written),
            plural(rows.read, "row")
        )
    });
    let rows = rows.unwrap_or_default();
    let issues = || format!("{}.", plural(total, "issue"));
    let (first, then) = match (ended, prepared.no_list.is_some()) {
        (Ended::Failed, _) => {
            let is_cancelled = prepared.facts.run.status == RunStatus::Cancelled;
            let first = if is_cancelled {
                "The run was cancelled."
            } else {
                "The run failed."
            };
            (first.to_owned(), "There is no result.".to_owned())
        }
        (Ended::Nothing, _) => (
            "No field was found.".to_owned(),
            format!("The sheets may not be what this configuration is for. {rows}"),
        ),
        (_, false) if total > 0 => (issues(), became(&prepared.found)),
        (_, true) if total > 0 => (issues(), "Which cells they are is not known.".to_owned()),
        (_, true) => ("No issues were counted.".to_owned(), rows),
        (_, false) => ("No issues.".to_owned(), rows),
    };
    let why = prepared.no_list.as_ref().filter(|_| ended != Ended::Failed);
    html! {
        p class="verdict" {
            (parts::glyph(ended))
            span {
                @for refused in &prepared.facts.refused { strong { "Refused." } " " (clipped(refused, 500)) ". " }
                @if !prepared.lacking().is_empty() {
                    strong { "Not found: " (clipped(&prepared.lacking().join(", "), 300)) "." } " "
                }
                strong { (first) } " " (then)
            }
        }
        @if let Some(why) = why { p class="sub" { (without_paths(why)) } }
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

fn figures(prepared: &Prepared) -> Markup {
    let facts = &prepared.facts;
    let of = |number: u64, of: Option<u64>| {
        html! { (thousands(number)) @if let Some(of) = of { " " small { "of " (thousands(of)) } } }
    };
    let by = match prepared.no_list {
        None => parts::by_severity(prepared.found.counts),
        Some(_) => "not listed".to_owned(),
    };
    let mut all = vec![("Issues", of(prepared.count(), None), by)];
    if let Some(rows) = facts.rows() {
        let under = match (rows.dropped(), rows.added()) {
            (0, 0) => "all that were read".to_owned(),
            (0, added) => format!("{} added", thousands(added)),
            (dropped, _) => format!("{} not written", thousands(dropped)),
        };
        all.push(("Rows written", of(rows.written, Some(rows.read)), under));
    }
    if let Some(metrics) = &facts.run.metrics {
        let fields = of(metrics.mapped_fields, Some(metrics.expected_fields));
        let under = match metrics
            .expected_fields
            .saturating_sub(metrics.mapped_fields)
        {
            0 => "all that the configuration has".to_owned(),
            missing => format!("{} not found", thousands(missing)),
        };
        all.push(("Fields found", fields, under));
        let unmapped = of(metrics.unmapped_columns, Some(metrics.columns));
        all.push(("Columns unmapped", unmapped, "without a field".to_owned()));
        let sheets = facts.log.sheets.filter(|&all| all >= metrics.sheets);
        let under = match notes::sheets_left_out(facts).len() as u64 {
            0 => plural(metrics.tables, "table"),
            hidden => format!("{} left out", thousands(hidden)),
        };
        all.push(("Sheets read", of(metrics.sheets, sheets), under));
    }
    parts::figures(&all)
}

fn issues_section(prepared: &Prepared, options: Options) -> Option<Section> {
    let total = prepared.found.total();
    let name = prepared.names.part("issues");
    let sentence = format!(
        "{}, errors first. An error is a value that is missing in the result, or wrong there.",
        plural(prepared.found.rules.len() as u64, "rule")
    );
    (total > 0).then(|| {
        let section = parts::section(&name, "Issues", sentence, &list(prepared, options));
        (Some(Link::to(name, "Issues", Some(total))), section)
    })
}

/// The list of issues.
pub fn list(prepared: &Prepared, options: Options) -> Markup {
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
    let unlisted = prepared.facts.listed().map_or(0, |(_, unlisted)| unlisted);
    html! {
        (issues::list(&prepared.found, &shown))
        @if unlisted > 0 {
            p class="after" { (plural(unlisted, "further issue")) " were counted and not listed." }
        }
    }
}

/// Why sheets are not shown.
pub fn no_grid(prepared: &Prepared) -> Markup {
    html! { @for why in &prepared.no_grid { p class="box w" { (without_paths(why)) } } }
}

fn sheets(prepared: &Prepared) -> impl Iterator<Item = Section> {
    let sheets = prepared.grids.iter().enumerate().map(|(index, grid)| {
        let count = prepared.on_sheet(&grid.sheet);
        let link = Link::to(prepared.names.sheet(&grid.sheet), &grid.sheet, Some(count));
        (Some(link).filter(|_| index < 8), sheet(prepared, grid))
    });
    let none =
        (!prepared.no_grid.is_empty()).then(|| (None, html! { section { (no_grid(prepared)) } }));
    sheets.chain(none)
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
    if prepared.no_list.is_none() {
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

/// Columns, unmapped columns, what was left out, how columns were read, and notes.
fn tables(prepared: &Prepared, options: Options) -> Vec<Section> {
    let (facts, names) = (&prepared.facts, &prepared.names);
    let mut sections = Vec::new();
    let mut add = |part: &str,
                   link: &str,
                   count: Option<usize>,
                   title: &str,
                   sentence: &str,
                   body: &Markup| {
        let name = names.part(part);
        let section = parts::section(&name, title, sentence, body);
        sections.push((
            Some(Link::to(name, link, count.map(|count| count as u64))),
            section,
        ));
    };
    let mapped = columns::mapped(facts).count();
    if mapped > 0 {
        let body = columns::list(facts, names, &prepared.found);
        let sentence = "A column goes to the field with the highest score.";
        add(
            "columns",
            "Columns",
            Some(mapped),
            "Columns and their fields",
            sentence,
            &body,
        );
    }
    let groups = columns::unmapped(facts.tables.iter());
    if !groups.is_empty() {
        let body = columns::list_unmapped(names, &groups, &prepared.samples);
        let sentence = "Suggestions are never applied by themselves.";
        add(
            "unmapped",
            "Unmapped",
            Some(groups.len()),
            "Unmapped columns",
            sentence,
            &body,
        );
    }
    if prepared.has_left_out() {
        let sentence = "What stands in the file and not in the result.";
        add(
            "left-out",
            "Left out",
            None,
            "Left out",
            sentence,
            &left_out(prepared, options),
        );
    }
    let readings = facts.list("readings");
    if !readings.is_empty() {
        let sentence = "Where text could be read in several ways: how it was read, and why.";
        let body = columns::readings(names, readings);
        add(
            "read",
            "How it was read",
            None,
            "How columns were read",
            sentence,
            &body,
        );
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
                        (plural(out.count, "row")) " " (clipped(&out.why, 200))
                        @if let Some(hook) = &out.hook { " " code class="dim" { (clipped(hook, 120)) } }
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
                        @match (text(notice, "/level"), notice["known"] == true) {
                            ("warning", _) => span class="st warn" { "Warning" },
                            (_, true) => span class="st" { "Known" },
                            (_, false) => span class="st" { "Note" },
                        }
                    }
                    td class="mono" { (value(text(notice, "/sheet"))) }
                    td class="full" { (clipped(&without_paths(notes::without_sheet(notice)), 500)) }
                }
            }
        }
    };
    table(
        "list",
        "Notes",
        &[("Level", ""), ("Sheet", ""), ("Note", "")],
        &rows,
    )
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
    let parts = spec
        .strip_prefix("embedded:")
        .and_then(|rest| rest.split_once(':'));
    let (version, digest) = parts.unwrap_or((spec, ""));
    let input = format!("{} · SHA-256", bytes(run.input_size_bytes));
    let mut facts = vec![
        ("Run", String::new(), run.id.as_str()),
        (
            "Configuration",
            format!("{} ·", run.configuration_name),
            &run.source_digest,
        ),
        ("Input", input, &run.input_sha256),
    ];
    let output = run.output_path.as_ref();
    facts.extend(output.map(|output| ("Result", crate::base::files::name_of(output), "")));
    facts.push(("Engine", version.to_owned(), digest));
    facts.extend(
        run.completed_at
            .map(|ended| ("Ended", format!("{} UTC", day(ended)), "")),
    );
    html! {
        div class="two" {
            (stages(prepared))
            dl class="facts" {
                @for (title, words, code) in facts {
                    dt { (title) }
                    dd { (words) @if !code.is_empty() { " " span class="mono" { (code) } } }
                }
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
