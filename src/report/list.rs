//! The list of a run's issues on a page.

use maud::{Markup, html};

use super::file::ReportFile;
use super::html::{clipped, clipped_value, code, severity_mark, table, value};
use super::issues::{IssueGroup, NAMED, RuleIssues, VALUE};
use super::parts::Options;
use crate::base::counted::{plural, thousands};
use crate::base::files;
use crate::issues::Issue;
use crate::settings::paths::RunFolder;

/// Returns the list, with a group of lines for each rule.
pub fn list(file: &ReportFile, options: Options) -> Markup {
    let (found, run) = (&file.found, &file.run);
    let list = files::name_of(&RunFolder::at(&run.run_dir).issues(&run.input_name));
    let values = options.values;
    let lines = || found.rules.iter().flat_map(|rule| &rule.lines);
    let has_keys = values && lines().any(|line| line.issue.key.is_some());
    let with_keys = has_keys || lines().any(|line| line.same > 1);
    let mut columns = vec![("Cell", "")];
    columns.extend(values.then_some(("Original value", "")));
    columns.push(("Written", ""));
    columns.extend(with_keys.then_some((if has_keys { "Record" } else { "Cells" }, "")));
    let rows = html! {
        @for rule in found.ordered() {
            tbody {
                tr class="rule" {
                    th colspan=(columns.len()) scope="rowgroup" {
                        span class="n" { (thousands(rule.count)) }
                        (severity_mark(rule.severity))
                        strong { (rule_title(&rule.whose, rule.message.as_deref(), values)) }
                        " "
                        code class="dim" { (clipped(&rule.name, 120)) }
                    }
                }
                @for line in &rule.lines { (row(file, rule, line, values, with_keys)) }
                @if rule.count > rule.shown() {
                    tr class="more" {
                        td colspan=(columns.len()) { "and " (thousands(rule.count - rule.shown())) " more, in " (code(&list)) }
                    }
                }
            }
        }
    };
    html! {
        (table("list issues", "Issues by rule", &columns, &rows))
        @if found.of_more_rules > 0 {
            p class="after" { (plural(found.of_more_rules, "issue")) " of other rules, in " (code(&list)) }
        }
        @if found.passed_over > 0 {
            p class="after" { (plural(found.passed_over, "line")) " of the list could not be read as issues." }
        }
        @if file.unlisted() > 0 {
            p class="after" { (plural(file.unlisted(), "further issue")) " were counted and not listed." }
        }
    }
}

/// Returns the field and the message of a rule. A message of a check may quote the value, so it is only shown with the
/// values.
pub fn rule_title(whose: &str, message: Option<&str>, values: bool) -> Markup {
    html! {
        (clipped(whose, 80))
        @if let Some(message) = message.filter(|_| values) {
            @if !whose.is_empty() { ": " }
            (clipped(message, 200))
        }
    }
}

fn row(
    file: &ReportFile,
    rule: &RuleIssues,
    line: &IssueGroup,
    values: bool,
    with_keys: bool,
) -> Markup {
    let issue = &line.issue;
    html! {
        tr {
            td class="at mono" { (value(file.place_of(issue))) }
            @if values {
                td class="v" {
                    @match issue.value.as_deref() {
                        Some("") => span class="dim sans" { "empty" },
                        Some(value) => (clipped_value(value, VALUE, line.letters)),
                        None => {}
                    }
                }
            }
            td class="got" { (written(rule, issue, values)) }
            @if with_keys {
                td class="key" {
                    @if line.same > 1 { (places(line)) }
                    @else if values { (value(issue.key.as_deref().unwrap_or_default())) }
                }
            }
        }
    }
}

/// Returns what was written in place of the value, and the message if it differs within the rule.
fn written(rule: &RuleIssues, issue: &Issue, values: bool) -> Markup {
    html! {
        @match (issue.written.as_deref(), issue.value.as_deref()) {
            (None, _) => {}
            (Some(""), Some("")) => span class="dim" { "empty" },
            (Some(""), _) => span class="empty" { "left empty" },
            (Some(written), Some(value)) if written == value => "as it is",
            (Some(_), _) if !values => "changed",
            (Some(written), _) => span class="mono" { (value(clipped(written, VALUE))) },
        }
        @if values && rule.message.is_none() { " " span class="why" { (clipped(&issue.message, 200)) } }
    }
}

/// Lists the cells with the same value.
fn places(line: &IssueGroup) -> Markup {
    let own = |place: &String| match place.strip_prefix(line.issue.sheet.as_str()) {
        Some(cell) => cell.trim_start_matches('!').to_owned(),
        None => place.clone(),
    };
    let places: Vec<String> = line.places.iter().map(own).collect();
    html! {
        (thousands(line.same)) " cells hold the same: " (value(places.join(", ")))
        @if line.same > NAMED as u64 { " … " (value(own(&line.last))) }
    }
}
