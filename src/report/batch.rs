//! The page of several runs: files first, the worst first, then what they have in common, then a section for each file that has
//! something to say.

use std::collections::BTreeMap;

use super::columns;
use super::facts::{Column, Facts};
use super::grid;
use super::html::Html;
use super::issues::{self, Found};
use super::parts::{self, Ended, Options, ReportError};
use super::run::{self, Prepared};
use crate::base::counted::{bytes, duration, plural, thousands};
use crate::issues::Severity;
use crate::run::views::explain::why_unmapped;
use crate::store::{RunMetrics, RunRecord, Store};

/// Above so many files with issues a rule has its sum alone.
const FILES_WITH_COLUMNS: usize = 6;
/// So many rules and headers are shown.
const MOST: usize = 200;

/// A file in the table of files, and what it adds to those across files.
struct File {
    run: RunRecord,
    refused: bool,
    ended: Ended,
    /// The fields that it has no column for.
    lacking: Vec<String>,
    count: u64,
    counts: Option<[u64; 3]>,
    written: Option<(u64, u64)>,
}

/// An issue across files: by rule, field and severity, with the message where all have the same.
type Rules = BTreeMap<(Severity, String, String), (Option<String>, BTreeMap<usize, u64>)>;

/// A rule, with its count in each file.
struct RuleOfFiles<'a> {
    severity: Severity,
    whose: &'a str,
    name: &'a str,
    message: Option<&'a str>,
    counts: &'a BTreeMap<usize, u64>,
    total: u64,
}

/// A header that no field claims, with the number of tables, why, and what is nearest.
struct Header {
    tables: u64,
    column: Column,
}

/// What files have in common.
#[derive(Default)]
struct Common {
    rules: Rules,
    headers: BTreeMap<String, Header>,
    /// Headers that were not told apart any more.
    more_headers: bool,
}

/// Writes the page of a batch.
///
/// # Errors
/// A run has not ended, or the store or a list of issues cannot be read.
pub fn write(
    html: &mut Html<'_>,
    store: &Store,
    runs: &[RunRecord],
    options: Options,
) -> Result<(), ReportError> {
    let without = Options { values: false };
    let mut common = Common::default();
    let mut files = Vec::new();
    for (number, run) in runs.iter().enumerate() {
        let prepared = run::prepare(store, run, without, Some(number + 1))?;
        common.add(number, &prepared);
        files.push(File::of(&prepared));
    }
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by(|&one, &other| {
        let key = |file: &File| {
            (
                file.ended,
                file.lacking.is_empty(),
                std::cmp::Reverse(file.count),
                file.run.input_name.clone(),
            )
        };
        key(&files[one])
            .cmp(&key(&files[other]))
            .then(one.cmp(&other))
    });
    write_head(html, &files, options);
    write_figures(html, &files, &common);
    write_navigation(html, &files, &order, &common);
    write_files(html, &files, &order);
    write_rules(html, &files, &order, &common, options);
    write_headers(html, &common);
    for &index in order.iter().filter(|&&index| files[index].has_section()) {
        // Gathered anew: all of them at once would not fit into memory.
        let prepared = run::prepare(store, &runs[index], options, Some(index + 1))?;
        write_file(html, &prepared, options);
    }
    html.mark("</main><footer id=\"about\"><h2>About this batch</h2><p>Each file is a run of its own; their ids:</p><ul class=\"runs\">");
    for &index in &order {
        let run = &files[index].run;
        html.mark("<li><span class=\"mono\">")
            .text(&run.id)
            .mark("</span> ")
            .value(&run.input_name)
            .mark("</li>");
    }
    html.mark("</ul><p>");
    parts::what_it_holds(html, options, options.values);
    html.mark("</p></footer>");
    parts::close(html);
    Ok(())
}

impl File {
    fn of(prepared: &Prepared) -> Self {
        Self {
            refused: !prepared.facts.refused.is_empty(),
            ended: prepared.ended(),
            lacking: prepared.lacking().to_vec(),
            count: prepared.count(),
            counts: prepared.issues.as_ref().ok().map(|found| found.counts),
            written: prepared.facts.rows().map(|rows| (rows.written, rows.read)),
            run: prepared.facts.run.clone(),
        }
    }

    /// Whether there is more to say of it than its line in the table.
    fn has_section(&self) -> bool {
        !matches!(self.ended, Ended::Lacking | Ended::Clean)
    }

    fn metrics(&self) -> Option<&RunMetrics> {
        self.run
            .metrics
            .as_ref()
            .filter(|_| self.ended != Ended::Failed)
    }
}

impl Common {
    fn add(&mut self, file: usize, prepared: &Prepared) {
        let none = Found::default();
        for rule in &prepared.issues.as_ref().unwrap_or(&none).rules {
            let key = (rule.severity, rule.whose.clone(), rule.name.clone());
            let known = self.rules.entry(key);
            let (message, counts) =
                known.or_insert_with(|| (rule.message.clone(), BTreeMap::new()));
            if *message != rule.message {
                *message = None;
            }
            *counts.entry(file).or_default() += rule.count;
        }
        self.add_headers(&prepared.facts);
    }

    fn add_headers(&mut self, facts: &Facts) {
        for group in columns::unmapped(facts.tables.iter()) {
            let (_, column) = group.places[0];
            let header = column.header();
            if header.is_empty() {
                continue;
            }
            let key = header.to_lowercase();
            if self.headers.len() >= 10_000 && !self.headers.contains_key(&key) {
                self.more_headers = true;
                continue;
            }
            let known = self.headers.entry(key).or_insert_with(|| Header {
                tables: 0,
                column: column.clone(),
            });
            known.tables += group.places.len() as u64;
        }
    }

    /// The rules, errors first, then by count.
    fn ordered(&self) -> Vec<RuleOfFiles<'_>> {
        let mut rules: Vec<_> = self
            .rules
            .iter()
            .map(|((severity, whose, name), (message, counts))| RuleOfFiles {
                severity: *severity,
                whose,
                name,
                message: message.as_deref(),
                counts,
                total: counts.values().sum(),
            })
            .collect();
        rules.sort_by_key(|rule| (rule.severity, std::cmp::Reverse(rule.total)));
        rules
    }
}

fn write_head(html: &mut Html<'_>, files: &[File], options: Options) {
    let mut configurations: Vec<&str> = files
        .iter()
        .map(|file| file.run.configuration_name.as_str())
        .collect();
    configurations.sort_unstable();
    configurations.dedup();
    let title = format!(
        "{}, {}",
        plural(files.len() as u64, "file"),
        configurations.join(", ")
    );
    parts::open(html, &format!("Report: {title}"));
    html.mark("<header>");
    let ended = files.iter().filter_map(|file| file.run.completed_at).max();
    parts::mast(html, "Report of a batch", ended, options);
    html.mark("<h1>")
        .clipped(&title, 120)
        .mark("</h1><p class=\"verdict\">");
    let worst = files
        .iter()
        .map(|file| file.ended)
        .min()
        .unwrap_or(Ended::Clean);
    parts::glyph(html, worst);
    let of = |wanted: &[Ended]| {
        files
            .iter()
            .filter(|file| wanted.contains(&file.ended))
            .count() as u64
    };
    let (failed, nothing) = (of(&[Ended::Failed]), of(&[Ended::Nothing]));
    let (with, clean) = (
        of(&[Ended::Errors, Ended::Warnings]),
        of(&[Ended::Lacking, Ended::Clean]),
    );
    let mut lacking: BTreeMap<&str, u64> = BTreeMap::new();
    for field in files.iter().flat_map(|file| &file.lacking) {
        *lacking.entry(field).or_default() += 1;
    }
    html.mark("<span><strong>");
    let to_see = failed + nothing + of(&[Ended::Lacking]) + with;
    if to_see == 0 {
        html.mark("No issues in any file.");
    } else {
        html.text(&plural(to_see, "file")).mark(" to look at.");
    }
    html.mark("</strong>");
    for (count, words) in [
        (failed, " failed."),
        (nothing, " without any field."),
        (with, " with issues."),
        (clean, " without issues."),
    ] {
        if count > 0 {
            html.mark(" ").count(count).mark(words);
        }
    }
    if !lacking.is_empty() {
        let in_files =
            |(field, count): (&str, u64)| format!("{field} in {}", plural(count, "file"));
        let lacking: Vec<String> = lacking.into_iter().map(in_files).collect();
        html.mark(" Not found: ")
            .clipped(&lacking.join(", "), 300)
            .mark(".");
    }
    html.mark("</span></p><p class=\"sub\">The worst come first. Places are those of the files as they were sent.</p></header><main id=\"main\">");
}

fn write_figures(html: &mut Html<'_>, files: &[File], common: &Common) {
    html.mark("<section class=\"strip\" aria-label=\"In figures\">");
    let mut stat = |title: &'static str, number: &str, under: &str| {
        html.mark("<dl class=\"stat\"><dt>")
            .mark(title)
            .mark("</dt><dd>")
            .text(number)
            .mark("</dd><dd>")
            .text(under)
            .mark("</dd></dl>");
    };
    let failed = files
        .iter()
        .filter(|file| file.ended == Ended::Failed)
        .count() as u64;
    let read = files.len() as u64 - failed;
    stat(
        "Files read",
        &thousands(read),
        &format!("of {}", thousands(files.len() as u64)),
    );
    let counted = files.iter().filter_map(|file| file.counts);
    let [errors, warnings, infos] = counted.fold([0; 3], |sum: [u64; 3], one| {
        [sum[0] + one[0], sum[1] + one[1], sum[2] + one[2]]
    });
    let mut under = vec![plural(errors, "error"), plural(warnings, "warning")];
    if infos > 0 {
        under.push(plural(infos, "info"));
    }
    let total: u64 = files
        .iter()
        .filter(|file| file.ended != Ended::Failed)
        .map(|file| file.count)
        .sum();
    stat("Issues", &thousands(total), &under.join(", "));
    let rows = files.iter().filter_map(|file| file.written);
    let (written, rows) = rows.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    stat(
        "Rows written",
        &thousands(written),
        &format!("of {}", thousands(rows)),
    );
    let unmapped: u64 = files
        .iter()
        .filter_map(File::metrics)
        .map(|found| found.unmapped_columns)
        .sum();
    let headers = plural(common.headers.len() as u64, "different header");
    stat("Columns unmapped", &thousands(unmapped), &headers);
    let took: u64 = files.iter().filter_map(|file| file.run.duration_ms()).sum();
    stat("Took", &duration(took), "all runs together");
    html.mark("</section>");
}

fn write_navigation(html: &mut Html<'_>, files: &[File], order: &[usize], common: &Common) {
    let mut sections = vec![(
        "files".to_owned(),
        "Files".to_owned(),
        Some(files.len() as u64),
    )];
    if !common.rules.is_empty() {
        sections.push((
            "rules".to_owned(),
            "Rules".to_owned(),
            Some(common.rules.len() as u64),
        ));
    }
    if !common.headers.is_empty() {
        sections.push((
            "unmapped".to_owned(),
            "Unmapped".to_owned(),
            Some(common.headers.len() as u64),
        ));
    }
    let told = order.iter().filter(|&&index| files[index].has_section());
    sections.extend(told.take(12).map(|&index| {
        (
            format!("f{}-file", index + 1),
            files[index].run.input_name.clone(),
            None,
        )
    }));
    sections.push(("about".to_owned(), "About this batch".to_owned(), None));
    parts::navigation(html, &sections);
}

fn write_files(html: &mut Html<'_>, files: &[File], order: &[usize]) {
    parts::section(html, "files", "Files");
    html.mark("In this order: failed files, files without a field, with errors, with warnings, without some of their fields, the rest.</p></div>");
    html.mark("<table class=\"list recs\"><caption class=\"sr\">Files</caption><thead><tr><th scope=\"col\">Outcome</th><th scope=\"col\">File</th><th scope=\"col\" class=\"hide-s\">Issues</th><th scope=\"col\" class=\"num\">Rows written</th><th scope=\"col\" class=\"num hide-s\">Fields</th><th scope=\"col\" class=\"num hide-s\">Unmapped</th><th scope=\"col\" class=\"num hide-s hide-m\">Sheets</th><th scope=\"col\" class=\"num hide-s hide-m\">Tables</th><th scope=\"col\" class=\"num hide-s\">Took</th></tr></thead><tbody>");
    for &index in order {
        write_file_line(html, &files[index], index + 1);
    }
    html.mark("</tbody></table></section>");
}

fn write_file_line(html: &mut Html<'_>, file: &File, number: usize) {
    html.mark("<tr><td class=\"nw\"><span class=\"st\">");
    parts::glyph(html, file.ended);
    if file.refused {
        html.mark("<span class=\"bad\">Refused</span>, ");
    }
    match file.ended {
        Ended::Failed => html
            .mark("<span class=\"bad\">")
            .text(match file.run.status.as_str() {
                "cancelled" => "Cancelled",
                _ => "Failed",
            })
            .mark("</span>"),
        Ended::Nothing => html.mark("No field found"),
        Ended::Lacking => html,
        Ended::Errors | Ended::Warnings => html.text(&plural(file.count, "issue")),
        Ended::Clean => html.mark("No issues"),
    };
    if !file.lacking.is_empty() {
        let also = if file.ended == Ended::Lacking {
            "Not"
        } else {
            "; not"
        };
        html.mark(also)
            .mark(" found: ")
            .clipped(&file.lacking.join(", "), 80);
    }
    html.mark("</span></td><td class=\"name\">");
    if file.has_section() {
        html.mark("<a href=\"#f")
            .number(number as u64)
            .mark("-file\">")
            .value(&file.run.input_name)
            .mark("</a>");
    } else {
        html.value(&file.run.input_name);
    }
    html.mark("</td>");
    let took = file.run.duration_ms().map(duration).unwrap_or_default();
    let Some(metrics) = file.metrics() else {
        let message = file
            .run
            .error
            .as_ref()
            .map_or("", |error| error.message.as_str());
        html.mark("<td class=\"msg\" colspan=\"6\">")
            .clipped(&super::words::without_paths(message), 200);
        html.mark("</td><td class=\"num dim nw hide-s\">")
            .text(&took)
            .mark("</td></tr>");
        return;
    };
    html.mark("<td class=\"nw hide-s\">");
    match file.counts {
        Some(counts) if counts.iter().any(|&count| count > 0) => {
            for (severity, count) in Severity::ALL.into_iter().zip(counts) {
                if count > 0 {
                    html.mark(match severity {
                        Severity::Error => {
                            "<span class=\"sev e\"><span class=\"sr\">errors </span>"
                        }
                        Severity::Warning => {
                            "<span class=\"sev w\"><span class=\"sr\">warnings </span>"
                        }
                        Severity::Info => "<span class=\"sev i\"><span class=\"sr\">infos </span>",
                    })
                    .count(count)
                    .mark("</span> ");
                }
            }
        }
        _ => {
            html.mark("<span class=\"dim\">")
                .count(file.count)
                .mark("</span>");
        }
    }
    html.mark("</td><td class=\"num nw\">");
    if let Some((written, read)) = file.written {
        html.count(written)
            .mark(" <span class=\"dim\">of ")
            .count(read)
            .mark("<span class=\"s-only\"> rows</span></span>");
    }
    html.mark("</td><td class=\"num nw hide-s\">")
        .count(metrics.mapped_fields);
    html.mark(" <span class=\"dim\">of ")
        .count(metrics.expected_fields)
        .mark("</span></td><td class=\"num hide-s\">");
    html.count(metrics.unmapped_columns)
        .mark("</td><td class=\"num hide-s hide-m\">")
        .count(metrics.sheets);
    html.mark("</td><td class=\"num hide-s hide-m\">")
        .count(metrics.tables);
    html.mark("</td><td class=\"num dim nw hide-s\">")
        .text(&took)
        .mark("</td></tr>");
}

/// Writes each rule with its count in each file, or above six files its sum and the number of files.
fn write_rules(
    html: &mut Html<'_>,
    files: &[File],
    order: &[usize],
    common: &Common,
    options: Options,
) {
    if common.rules.is_empty() {
        return;
    }
    let with: Vec<usize> = order
        .iter()
        .copied()
        .filter(|&index| {
            files[index]
                .counts
                .is_some_and(|counts| counts.iter().any(|&count| count > 0))
        })
        .collect();
    let by_file = with.len() <= FILES_WITH_COLUMNS;
    parts::section(html, "rules", "The same issue across files");
    html.mark("</p></div><table class=\"list recs\"><caption class=\"sr\">Issues by rule and file</caption><thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">Issue</th><th scope=\"col\">Rule</th>");
    if by_file {
        for &index in &with {
            html.mark("<th scope=\"col\" class=\"num hide-s\"><bdi>")
                .clipped(stem(&files[index].run.input_name), 24)
                .mark("</bdi></th>");
        }
    } else {
        html.mark("<th scope=\"col\" class=\"num\">Files</th>");
    }
    html.mark("<th scope=\"col\" class=\"num\">All</th></tr></thead><tbody>");
    let rules = common.ordered();
    for rule in rules.iter().take(MOST) {
        html.mark("<tr><td class=\"nw\">");
        issues::severity(html, rule.severity);
        html.mark("</td><td class=\"name\">")
            .clipped(rule.whose, 80);
        if let Some(message) = rule.message.filter(|_| options.values) {
            html.mark_if(!rule.whose.is_empty(), ": ")
                .clipped(message, 200);
        }
        html.mark("</td><td class=\"hide-s\"><code class=\"dim\">")
            .clipped(rule.name, 120)
            .mark("</code></td>");
        if by_file {
            for index in &with {
                html.mark("<td class=\"num hide-s\">");
                match rule.counts.get(index) {
                    Some(count) => html.count(*count),
                    None => html.mark("<span class=\"dim\">·</span>"),
                };
                html.mark("</td>");
            }
        } else {
            html.mark("<td class=\"num\">")
                .count(rule.counts.len() as u64)
                .mark("<span class=\"s-only\"> files</span></td>");
        }
        html.mark("<td class=\"num\"><strong>")
            .count(rule.total)
            .mark("</strong></td></tr>");
    }
    html.mark("</tbody></table>");
    parts::further(html, rules.len().saturating_sub(MOST), "further rule");
    html.mark("</section>");
}

/// A file's name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn write_headers(html: &mut Html<'_>, common: &Common) {
    if common.headers.is_empty() {
        return;
    }
    let mut headers: Vec<&Header> = common.headers.values().collect();
    headers.sort_by_key(|header| std::cmp::Reverse(header.tables));
    let often = headers.iter().filter(|header| header.tables > 1).count();
    parts::section(html, "unmapped", "Headers that no field claims");
    html.count(often as u64)
        .mark(" in more than one table, ")
        .count((headers.len() - often) as u64);
    html.mark_if(common.more_headers, " and more")
        .mark(" in one.</p></div>");
    html.mark("<table class=\"list recs\"><caption class=\"sr\">Headers that no field claims</caption><thead><tr><th scope=\"col\">Header</th><th scope=\"col\" class=\"num\">Tables</th><th scope=\"col\">Why</th><th scope=\"col\">Nearest</th></tr></thead><tbody>");
    // Where some stand in several tables, those that stand once say little.
    let shown = if often >= 3 {
        often
    } else {
        headers.len().min(20)
    };
    let shown = shown.min(MOST);
    for header in &headers[..shown] {
        let column = &header.column;
        html.mark("<tr><td class=\"name\"><bdi>")
            .clipped(&column.told.name, 120)
            .mark("</bdi></td><td class=\"num\">")
            .count(header.tables);
        html.mark("</td><td class=\"nw full\"><span class=\"chip no\">")
            .clipped(&why_unmapped(columns::reason_of(column)), 60);
        html.mark("</span></td><td class=\"full\">");
        columns::nearest(html, column);
        html.mark("</td></tr>");
    }
    html.mark("</tbody></table>");
    parts::further(html, headers.len() - shown, "further header");
    html.mark("</section>");
}

/// Writes what a file has to say: why it failed, or its issues and its sheets around them.
fn write_file(html: &mut Html<'_>, prepared: &Prepared, options: Options) {
    let run = &prepared.facts.run;
    let name = prepared.names.part("file");
    html.mark("<section id=\"")
        .text(&name)
        .mark("\" aria-labelledby=\"h-")
        .text(&name);
    html.mark("\"><div class=\"h\"><h2 id=\"h-")
        .text(&name)
        .mark("\">")
        .value(&run.input_name)
        .mark("</h2><p>");
    html.text(&bytes(run.input_size_bytes));
    if let Some(took) = run.duration_ms() {
        html.mark(" · ").text(&duration(took));
    }
    let rows = prepared.facts.rows().map(|rows| (rows.written, rows.read));
    if let Some((written, read)) = rows.filter(|_| prepared.ended() != Ended::Failed) {
        html.mark(" · ")
            .count(written)
            .mark(" of ")
            .text(&plural(read, "row"))
            .mark(" written");
    }
    html.mark("</p></div>");
    match (prepared.ended(), &prepared.issues) {
        (Ended::Failed, _) => run::write_failure(html, run),
        (Ended::Nothing, _) => {
            html.mark("<p class=\"box w\">No column of it went to a field. It may not be what this configuration is for.</p>");
        }
        (_, Err(why)) => {
            html.mark("<p class=\"box w\">")
                .text(&plural(prepared.count(), "issue"))
                .mark("; which cells they are is not known: ");
            html.text(&super::words::without_paths(why)).mark("</p>");
        }
        (_, Ok(found)) => {
            run::write_list(html, prepared, found, options);
            run::write_no_grid(html, prepared);
            write_grids(html, prepared, found);
        }
    }
    html.mark("</section>");
}

fn write_grids(html: &mut Html<'_>, prepared: &Prepared, found: &Found) {
    for one in &prepared.grids {
        let name = prepared.names.sheet(&one.sheet);
        html.mark("<div class=\"wide\" id=\"")
            .text(&name)
            .mark("\"><div class=\"h\"><h3>")
            .value(&one.sheet)
            .mark("</h3><p>");
        html.text(&run::sheet_words(prepared, one))
            .mark("</p></div>");
        grid::write(
            html,
            one,
            found,
            &prepared.names,
            &prepared.facts.run.input_name,
        );
        html.mark("</div>");
    }
}
