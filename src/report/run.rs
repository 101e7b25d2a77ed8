//! The page of one run.

use maud::{Markup, html};

use super::columns;
use super::file::ReportFile;
use super::html::{clipped, code, day, value, without_paths};
use super::issues::IssueFindings;
use super::list::list;
use super::parts::{self, FileResult, Options};
use crate::base::counted::{bytes, duration, plural, thousands};
use crate::base::files::name_of;
use crate::run::results::demands::NothingFound;
use crate::store::{RunRecord, RunStatus};

const ABOUT: &str = "About this run";

/// Returns the page of one run.
pub fn page(file: &ReportFile, options: Options) -> Markup {
    let run = &file.run;
    let head = html! {
        h1 { (value(&run.input_name)) }
        (verdict(file))
        p class="sub" {
            "Cells are named as in the file that was sent. Read by the configuration "
            (value(&run.configuration_name)) "."
        }
    };
    let title = format!("Report: {}", run.input_name);
    let sections = sections(file, options);
    html! {
        (parts::open(&title, "Report of a run", run.completed_at, options, &head))
        @if run.status == RunStatus::Succeeded { (figures(file)) }
        nav aria-label="In this report" {
            @for section in &sections { (parts::link(&file.part(section.part), section.title, Some(section.count))) }
            (parts::link("about", ABOUT, None))
        }
        @if run.status != RunStatus::Succeeded { section { (failure(run)) } }
        @for section in &sections {
            (parts::section(&file.part(section.part), section.title, section.sentence, &section.body))
        }
        (parts::close(ABOUT, &about(file), options))
    }
}

/// A part of the page.
struct Section {
    part: &'static str,
    title: &'static str,
    sentence: &'static str,
    /// The number of items in it.
    count: u64,
    body: Markup,
}

/// Returns the parts of a page that hold something: issues, columns, readings and notices.
fn sections(file: &ReportFile, options: Options) -> Vec<Section> {
    let (mapped, unmapped) = (columns::mapped(file), columns::unmapped(file));
    let noticed = &file.noticed;
    let all = [
        Section {
            part: "issues",
            title: "Issues",
            sentence: "Errors first. An error is a value that is missing in the result, or wrong there.",
            count: file.found.total(),
            body: list(file, options),
        },
        Section {
            part: "columns",
            title: "Columns and their fields",
            sentence: "A column goes to the field with the highest score.",
            count: mapped.len() as u64,
            body: columns::list_mapped(file, &mapped),
        },
        Section {
            part: "unmapped",
            title: "Unmapped columns",
            sentence: "Suggestions are never applied automatically.",
            count: unmapped.len() as u64,
            body: columns::list_unmapped(file, &unmapped),
        },
        Section {
            part: "read",
            title: "How columns were read",
            sentence: "Where text could be read in several ways: how it was read, and why.",
            count: noticed.readings.len() as u64,
            body: columns::list_readings(file),
        },
        Section {
            part: "notes",
            title: "Notes",
            sentence: "Other notices about the file, including rows and sheets that were left out.",
            count: noticed.notices.len() as u64,
            body: columns::list_notices(file),
        },
    ];
    all.into_iter()
        .filter(|section| section.count > 0)
        .collect()
}

/// Returns the sentence about how the run ended, beginning with a number.
fn verdict(file: &ReportFile) -> Markup {
    let (ended, total) = (file.ended(), file.count());
    let rows = file.rows.map(|rows| parts::rows_written(&rows) + ".");
    let rows = rows.unwrap_or_default();
    let why = file
        .no_list
        .as_ref()
        .filter(|_| ended != FileResult::Failed);
    html! {
        p class="verdict" {
            (parts::glyph(ended))
            span {
                @for refused in &file.refused { strong { "Refused." } " " (clipped(refused, 500)) ". " }
                @if !file.lacking().is_empty() {
                    strong { "Not found: " (clipped(&file.lacking().join(", "), 300)) "." } " "
                }
                @match (ended, file.no_list.is_some()) {
                    (FileResult::Failed, _) => {
                        strong { "The run " @if file.run.status == RunStatus::Cancelled { "was cancelled." } @else { "failed." } }
                        " There is no result."
                    }
                    (FileResult::Nothing(NothingFound::Row), _) => {
                        strong { "No row was found." }
                        " There is nothing below the header."
                    }
                    (FileResult::Nothing(_), _) => {
                        strong { "No field was found." }
                        " The sheets may not be what this configuration is for. " (rows)
                    }
                    (_, is_unknown) if total > 0 => {
                        strong { (plural(total, "issue")) "." } " "
                        @if is_unknown { "Their cells are not known." } @else { (became(&file.found)) }
                    }
                    (_, true) => { strong { "No issues were counted." } " " (rows) }
                    (_, false) => { strong { "No issues." } " " (rows) }
                }
            }
        }
        @if let Some(why) = why { p class="sub" { (without_paths(why)) } }
    }
}

/// Describes what became of the values of issues.
fn became(found: &IssueFindings) -> String {
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

fn figures(file: &ReportFile) -> Markup {
    let of =
        |number: u64, of: u64| html! { (thousands(number)) " " small { "of " (thousands(of)) } };
    parts::figures(&html! {
        (parts::figure("Issues", thousands(file.count()), match file.no_list {
            None => parts::by_severity(file.found.counts),
            Some(_) => "not listed".to_owned(),
        }))
        @if let Some(rows) = &file.rows {
            (parts::figure("Rows written", of(rows.written, rows.read), match (rows.dropped(), rows.added()) {
                (0, 0) => "all that were read".to_owned(),
                (0, added) => format!("{} added", thousands(added)),
                (dropped, _) => format!("{} not written", thousands(dropped)),
            }))
        }
        @if let Some(metrics) = file.metrics() {
            @let (mapped, expected) = (metrics.mapped_fields, metrics.expected_fields);
            (parts::figure("Fields found", of(mapped, expected), match expected.saturating_sub(mapped) {
                0 => "all that the configuration has".to_owned(),
                missing => format!("{} not found", thousands(missing)),
            }))
            (parts::figure("Columns unmapped", of(metrics.unmapped_columns, metrics.columns), "without a field"))
            (parts::figure("Sheets read", thousands(metrics.sheets), plural(metrics.tables, "table")))
        }
    })
}

/// Returns the reason why a run has no result.
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

/// Lists the digests and versions of the run.
fn about(file: &ReportFile) -> Markup {
    let run = &file.run;
    // `embedded:1.10.0:cf2ce…` is the engine inside the program, with its version and its digest.
    let spec = run.key.engine_spec.as_str();
    let parts = spec.strip_prefix("embedded:");
    let parts = parts.and_then(|rest| rest.split_once(':'));
    let (version, digest) = parts.unwrap_or((spec, ""));
    let code = |code: &str| html! { @if !code.is_empty() { " " span class="mono" { (code) } } };
    html! {
        dl class="facts" {
            dt { "Run" } dd { (code(&run.id)) }
            dt { "Configuration" } dd { (run.configuration_name) " ·" (code(&run.source_digest)) }
            dt { "Input" } dd { (bytes(run.input_size_bytes)) " · SHA-256" (code(&run.input_sha256)) }
            @if let Some(output) = &run.output_path { dt { "Result" } dd { (name_of(output)) } }
            dt { "Engine" } dd { (version) (code(digest)) }
            @if let Some(ended) = run.completed_at { dt { "Ended" } dd { (day(ended)) " UTC" } }
            @if let Some(took) = run.duration_ms() { dt { "Took" } dd { (duration(took)) } }
        }
    }
}
