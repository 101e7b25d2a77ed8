//! The page of several runs: the files, worst first, then their common findings, then a section for each file that needs more
//! than its line in the table.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::columns;
use super::file::ReportFile;
use super::html::{HtmlPage, class_of, clipped, severity_mark, table, value, without_paths};
use super::list;
use super::parts::{self, FileResult, Options, ReportError};
use super::run;
use crate::base::counted::{bytes, duration, plural, thousands};
use crate::engine::report::ExplainedColumn;
use crate::issues::Severity;
use crate::run::results::demands::NothingFound;
use crate::store::{RunRecord, RunStatus, Store};

/// The maximum number of files with issues for which a rule has one count per file; with more files it only has the sum.
const MAX_FILES_WITH_COLUMNS: usize = 6;
/// The maximum number of rules and headers on the page.
const MAX_LINES: usize = 200;
/// The maximum number of distinct headers.
const MAX_HEADERS: usize = 10_000;

/// The rules of all files, by severity, field and name.
type BatchRules = BTreeMap<(Severity, String, String), BatchRule>;

/// A rule with its count in each file.
struct BatchRule {
    /// The message, if all issues of the rule have the same.
    message: Option<String>,
    counts: BTreeMap<usize, u64>,
    total: u64,
}

/// The findings that files have in common.
#[derive(Default)]
struct CommonFindings {
    rules: BatchRules,
    /// Headers that no field claims, each with the number of its tables and its first column.
    headers: BTreeMap<String, (u64, ExplainedColumn)>,
    /// Whether further headers were not counted separately.
    more_headers: bool,
}

/// Writes the page of a batch of runs.
///
/// # Errors
/// A run has not ended, the store or a list of issues cannot be read, or the page cannot be written.
pub fn write(
    page: &mut HtmlPage<'_>,
    store: &Store,
    runs: &[RunRecord],
    options: Options,
) -> Result<(), ReportError> {
    let mut common = CommonFindings::default();
    let mut files = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let file = ReportFile::load(store, run, index + 1, None)?;
        common.add(&file);
        files.push(file.without_details());
    }
    let key = |file: &ReportFile| {
        (
            file.ended(),
            file.lacking().is_empty(),
            Reverse(file.count()),
        )
    };
    files.sort_by_cached_key(|file| (key(file), file.run.input_name.clone()));
    let told = || files.iter().filter(|file| has_section(file));
    page.add(&head(&files, options))?;
    page.add(&figures(&files, &common))?;
    page.add(&html! {
        nav aria-label="In this report" {
            (parts::link("files", "Files", Some(files.len() as u64)))
            @for (name, title, count) in [("rules", "Rules", common.rules.len()), ("unmapped", "Unmapped", common.headers.len())] {
                @if count > 0 { (parts::link(name, title, Some(count as u64))) }
            }
            @for file in told().take(12) { (parts::link(&file.part("file"), &file.run.input_name, None)) }
            (parts::link("about", ABOUT, None))
        }
    })?;
    page.add(&files_table(&files))?;
    page.add(&rules(&files, &common, options))?;
    page.add(&headers(&common))?;
    for file in told() {
        // Loads each file again: all of them at once would not fit into memory.
        page.add(&section(
            &ReportFile::load(store, &file.run, file.number, None)?,
            options,
        ))?;
    }
    let about = html! {
        p { "Each file is a run of its own; their ids:" }
        ul class="runs" {
            @for ReportFile { run, .. } in &files { li { span class="mono" { (run.id) } " " (value(&run.input_name)) } }
        }
    };
    page.add(&parts::close(ABOUT, &about, options))?;
    Ok(())
}

const ABOUT: &str = "About this batch";

/// Returns whether a file has more to show than its line in the table.
fn has_section(file: &ReportFile) -> bool {
    !matches!(file.ended(), FileResult::Lacking | FileResult::Clean)
}

impl CommonFindings {
    fn add(&mut self, file: &ReportFile) {
        for rule in &file.found.rules {
            let key = (rule.severity, rule.whose.clone(), rule.name.clone());
            let known = self.rules.entry(key).or_insert_with(|| BatchRule {
                message: rule.message.clone(),
                counts: BTreeMap::new(),
                total: 0,
            });
            if known.message != rule.message {
                known.message = None;
            }
            *known.counts.entry(file.number).or_default() += rule.count;
            known.total += rule.count;
        }
        self.add_headers(file);
    }

    fn add_headers(&mut self, file: &ReportFile) {
        for group in columns::unmapped(file) {
            let (_, column) = group[0];
            let header = columns::header_of(column);
            if header.is_empty() {
                continue;
            }
            let key = header.to_lowercase();
            if self.headers.len() >= MAX_HEADERS && !self.headers.contains_key(&key) {
                self.more_headers = true;
                continue;
            }
            let known = self.headers.entry(key);
            known.or_insert_with(|| (0, column.clone())).0 += group.len() as u64;
        }
    }
}

fn head(files: &[ReportFile], options: Options) -> Markup {
    let names = files.iter().map(|file| &*file.run.configuration_name);
    let names: Vec<&str> = names.collect::<BTreeSet<_>>().into_iter().collect();
    let count = plural(files.len() as u64, "file");
    let title = format!("{count}, {}", names.join(", "));
    let of = |wanted: &[FileResult]| {
        let files = files.iter().filter(|file| wanted.contains(&file.ended()));
        files.count() as u64
    };
    let counts = [
        (of(&[FileResult::Failed]), " failed."),
        (
            of(&[NothingFound::Table, NothingFound::Field].map(FileResult::Nothing)),
            " without any field.",
        ),
        (
            of(&[FileResult::Nothing(NothingFound::Row)]),
            " without any row.",
        ),
        (
            of(&[FileResult::Errors, FileResult::Warnings]),
            " with issues.",
        ),
        (
            of(&[FileResult::Lacking, FileResult::Clean]),
            " without issues.",
        ),
    ];
    let to_see = files.len() as u64 - of(&[FileResult::Clean]);
    let mut lacking: BTreeMap<&str, u64> = BTreeMap::new();
    for field in files.iter().flat_map(ReportFile::lacking) {
        *lacking.entry(field).or_default() += 1;
    }
    let lacking = lacking.into_iter();
    let lacking = lacking.map(|(field, count)| format!("{field} in {}", plural(count, "file")));
    let lacking: Vec<String> = lacking.collect();
    let head = html! {
        h1 { (clipped(&title, 120)) }
        p class="verdict" {
            (parts::glyph(files.first().map_or(FileResult::Clean, ReportFile::ended)))
            span {
                strong { @if to_see == 0 { "No issues in any file." } @else { (plural(to_see, "file")) " to look at." } }
                @for (count, words) in counts { @if count > 0 { " " (thousands(count)) (words) } }
                @if !lacking.is_empty() { " Not found: " (clipped(&lacking.join(", "), 300)) "." }
            }
        }
        p class="sub" { "The worst files come first. Cells are named as in the files that were sent." }
    };
    let ended = files.iter().filter_map(|file| file.run.completed_at).max();
    let title = format!("Report: {title}");
    parts::open(&title, "Report of a batch", ended, options, &head)
}

fn figures(files: &[ReportFile], common: &CommonFindings) -> Markup {
    let read = files
        .iter()
        .filter(|file| file.ended() != FileResult::Failed);
    let issues = read.clone().map(ReportFile::count).sum();
    let counts = files.iter().map(|file| file.found.counts);
    let by = counts.fold([0; 3], |[a, b, c], [x, y, z]| [a + x, b + y, c + z]);
    let rows = files.iter().filter_map(|file| file.rows);
    let (written, rows) = rows.fold((0, 0), |(written, read), rows| {
        (written + rows.written, read + rows.read)
    });
    let metrics = files.iter().filter_map(ReportFile::metrics);
    let unmapped = metrics.map(|found| found.unmapped_columns).sum();
    let took = files.iter().filter_map(|file| file.run.duration_ms()).sum();
    let count = |files: usize| thousands(files as u64);
    parts::figures(&html! {
        (parts::figure("Files read", count(read.count()), format!("of {}", count(files.len()))))
        (parts::figure("Issues", thousands(issues), parts::by_severity(by)))
        (parts::figure("Rows written", thousands(written), format!("of {}", thousands(rows))))
        (parts::figure("Columns unmapped", thousands(unmapped), plural(common.headers.len() as u64, "different header")))
        (parts::figure("Took", duration(took), "all runs together"))
    })
}

fn files_table(files: &[ReportFile]) -> Markup {
    let sentence = "In this order: failed files, files without a field or a row, with errors, with warnings, \
                    without some of their fields, the rest.";
    let rows = html! { tbody { @for file in files { (row(file)) } } };
    parts::section(
        "files",
        "Files",
        sentence,
        &html! {
            (table("list recs", "Files", &[
                ("Outcome", ""), ("File", ""), ("Issues", "hide-s"), ("Rows written", "num"), ("Fields", "num hide-s"),
                ("Unmapped", "num hide-s"), ("Sheets", "num hide-s hide-m"), ("Tables", "num hide-s hide-m"), ("Took", "num hide-s"),
            ], &rows))
        },
    )
}

fn row(file: &ReportFile) -> Markup {
    let run = &file.run;
    let name = value(&run.input_name);
    let took = run.duration_ms().map(duration).unwrap_or_default();
    let error = run.error.as_ref();
    let message = error.map_or("", |error| error.message.as_str());
    html! {
        tr {
            td class="nw" { span class="st" { (outcome(file)) } }
            td class="name" { @if has_section(file) { a href={ "#" (file.part("file")) } { (name) } } @else { (name) } }
            @if let Some(metrics) = file.metrics() {
                td class="nw hide-s" { (counts(file)) }
                td class="num nw" {
                    @if let Some(rows) = &file.rows {
                        (thousands(rows.written)) " "
                        span class="dim" { "of " (thousands(rows.read)) span class="s-only" { " rows" } }
                    }
                }
                td class="num nw hide-s" {
                    (thousands(metrics.mapped_fields)) " "
                    span class="dim" { "of " (thousands(metrics.expected_fields)) }
                }
                td class="num hide-s" { (thousands(metrics.unmapped_columns)) }
                td class="num hide-s hide-m" { (thousands(metrics.sheets)) }
                td class="num hide-s hide-m" { (thousands(metrics.tables)) }
            } @else {
                td class="msg" colspan="6" { (clipped(&without_paths(message), 200)) }
            }
            td class="num dim nw hide-s" { (took) }
        }
    }
}

/// Describes in words how a file's run ended.
fn outcome(file: &ReportFile) -> Markup {
    html! {
        (parts::glyph(file.ended()))
        @if !file.refused.is_empty() { span class="bad" { "Refused" } ", " }
        @match file.ended() {
            FileResult::Failed => span class="bad" {
                @if file.run.status == RunStatus::Cancelled { "Cancelled" } @else { "Failed" }
            },
            FileResult::Nothing(NothingFound::Row) => "No row found",
            FileResult::Nothing(_) => "No field found",
            FileResult::Lacking => {}
            FileResult::Errors | FileResult::Warnings => (plural(file.count(), "issue")),
            FileResult::Clean => "No issues",
        }
        @if !file.lacking().is_empty() {
            @if file.ended() == FileResult::Lacking { "Not" } @else { "; not" }
            " found: " (clipped(&file.lacking().join(", "), 80))
        }
    }
}

/// Shows the numbers of issues of a file, by severity.
fn counts(file: &ReportFile) -> Markup {
    let counts = Severity::ALL.into_iter().zip(file.found.counts);
    let counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    html! {
        @for (severity, count) in &counts {
            span class={ "sev " (class_of(*severity)) } {
                span class="sr" { (severity.word()) "s " }
                (thousands(*count))
            }
            " "
        }
        @if counts.is_empty() { span class="dim" { (thousands(file.count())) } }
    }
}

/// Lists the rules, each with its count in each file or, above six files, with its sum and the number of files.
fn rules(files: &[ReportFile], common: &CommonFindings, options: Options) -> Markup {
    if common.rules.is_empty() {
        return html! {};
    }
    let with = files.iter().filter(|file| file.found.total() > 0);
    let with: Vec<&ReportFile> = with.collect();
    let by_file = with.len() <= MAX_FILES_WITH_COLUMNS;
    // Sorts errors first, then by count.
    let mut rules: Vec<_> = common.rules.iter().collect();
    rules.sort_by_key(|((severity, ..), rule)| (*severity, Reverse(rule.total)));
    let title = |title: &str| html! { (title) };
    let mut columns = Vec::from(["Severity", "Issue", "Rule"].map(|name| (title(name), "")));
    if by_file {
        let name = |file: &&ReportFile| value(clipped(stem(&file.run.input_name), 24));
        columns.extend(with.iter().map(|file| (name(file), "num hide-s")));
    } else {
        columns.push((title("Files"), "num"));
    }
    columns.push((title("All"), "num"));
    let rows = html! {
        tbody {
            @for ((severity, whose, name), rule) in rules.iter().take(MAX_LINES) {
                tr {
                    td class="nw" { (severity_mark(*severity)) }
                    td class="name" { (list::rule_title(whose, rule.message.as_deref(), options.values)) }
                    td class="hide-s" { code class="dim" { (clipped(name, 120)) } }
                    @if by_file {
                        @for file in &with {
                            td class="num hide-s" {
                                @if let Some(count) = rule.counts.get(&file.number) { (thousands(*count)) }
                                @else { span class="dim" { "·" } }
                            }
                        }
                    } @else {
                        td class="num" { (thousands(rule.counts.len() as u64)) span class="s-only" { " files" } }
                    }
                    td class="num" { strong { (thousands(rule.total)) } }
                }
            }
        }
    };
    let body = html! {
        (table("list recs", "Issues by rule and file", &columns, &rows))
        (parts::further(rules.len().saturating_sub(MAX_LINES), "further rule"))
    };
    parts::section("rules", "The same issue across files", "", &body)
}

/// Returns a file's name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn headers(common: &CommonFindings) -> Markup {
    if common.headers.is_empty() {
        return html! {};
    }
    let mut headers: Vec<&(u64, ExplainedColumn)> = common.headers.values().collect();
    headers.sort_by_key(|(tables, _)| Reverse(*tables));
    let often = headers.iter().filter(|(tables, _)| *tables > 1).count();
    // If several headers are in more than one table, those in a single table matter little.
    let shown = if often >= 3 {
        often
    } else {
        headers.len().min(20)
    };
    let shown = shown.min(MAX_LINES);
    let sentence = html! {
        (thousands(often as u64)) " in more than one table, " (thousands((headers.len() - often) as u64))
        @if common.more_headers { " and more" }
        " in one."
    };
    let rows = html! {
        tbody {
            @for (tables, column) in &headers[..shown] {
                tr {
                    td class="name" { (value(clipped(&column.name, 120))) }
                    td class="num" { (thousands(*tables)) }
                    td class="dim full" { (columns::why(column)) }
                }
            }
        }
    };
    let title = "Headers without a field";
    let body = html! {
        (table("list recs", title, &[("Header", ""), ("Tables", "num"), ("Why", "")], &rows))
        (parts::further(headers.len() - shown, "further header"))
    };
    parts::section("unmapped", title, sentence, &body)
}

/// Returns the section of a file: the reason of its failure, or its issues.
fn section(file: &ReportFile, options: Options) -> Markup {
    let (run, ended) = (&file.run, file.ended());
    let rows = file.rows.filter(|_| ended != FileResult::Failed);
    let sentence = html! {
        (bytes(run.input_size_bytes))
        @if let Some(took) = run.duration_ms() { " · " (duration(took)) }
        @if let Some(rows) = &rows { " · " (parts::rows_written(rows)) }
    };
    let body = html! {
        @match (ended, &file.no_list) {
            (FileResult::Failed, _) => (run::failure(run)),
            (FileResult::Nothing(NothingFound::Row), _) => p class="box w" { "There is no row below its header." },
            (FileResult::Nothing(_), _) => p class="box w" {
                "None of its columns was mapped to a field. The file may not be what this configuration is for."
            },
            (_, Some(why)) => p class="box w" {
                (plural(file.count(), "issue")) "; their cells are not known: " (without_paths(why))
            },
            (_, None) => (list::list(file, options)),
        }
    };
    parts::section(&file.part("file"), value(&run.input_name), sentence, &body)
}
