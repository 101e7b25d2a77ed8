//! The list of a run's issues.

use std::collections::HashSet;

use maud::{Markup, html};

use super::html::{clipped, clipped_value, code, severity_mark, table, value};
use super::issues::{Line, NAMED, Rule, VALUE, position};
use super::names::Names;
use super::parts::Options;
use super::prepared::Prepared;
use crate::base::counted::{plural, thousands};
use crate::base::files;
use crate::issues::Issue;
use crate::settings::paths::RunFolder;

/// The list: a group of lines for each rule.
pub fn list(prepared: &Prepared, options: Options) -> Markup {
    let Prepared { found, facts, .. } = prepared;
    let run = &facts.run;
    let file = files::name_of(&RunFolder::at(&run.run_dir).issues(&run.input_name));
    let unlisted = facts.unlisted();
    let values = options.values;
    let lines = || found.rules.iter().flat_map(|rule| &rule.lines);
    let has_keys = values && lines().any(|line| line.issue.key.is_some());
    let with_keys = has_keys || lines().any(|line| line.same > 1);
    let mut named = HashSet::new();
    let mut columns = vec![("Cell", "")];
    columns.extend(values.then_some(("Value as it stood", "")));
    columns.push(("Written", ""));
    columns.extend(with_keys.then_some((if has_keys { "Whose row" } else { "Cells" }, "")));
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
                @for line in &rule.lines { (row(rule, line, prepared, values, with_keys, &mut named)) }
                @if rule.count > rule.shown() {
                    tr class="more" {
                        td colspan=(columns.len()) { "and " (thousands(rule.count - rule.shown())) " more, in " (code(&file)) }
                    }
                }
            }
        }
    };
    html! {
        (table("list issues", "Issues by rule", &columns, &rows))
        @if found.of_more_rules > 0 {
            p class="after" { (plural(found.of_more_rules, "issue")) " of further rules, in " (code(&file)) }
        }
        @if found.passed_over > 0 {
            p class="after" { (plural(found.passed_over, "line")) " of the list could not be read as issues." }
        }
        @if unlisted > 0 {
            p class="after" { (plural(unlisted, "further issue")) " were counted and not listed." }
        }
    }
}

/// Whose rule it is, and what is wrong: what a check says may quote the value, so it goes with the values.
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
    rule: &Rule,
    line: &Line,
    prepared: &Prepared,
    values: bool,
    with_keys: bool,
    named: &mut HashSet<String>,
) -> Markup {
    let (issue, names) = (&line.issue, &prepared.names);
    let place = position(issue).filter(|(_, column)| *column > 0);
    let place = place.map(|(row, column)| (issue.sheet.as_str(), row, column));
    // Of several issues of a cell the first is where links go.
    let name = place.map(|(sheet, row, column)| names.line(sheet, row, column));
    let name = name.filter(|name| named.insert(name.clone()));
    let in_grid = place.filter(|&(sheet, row, column)| prepared.shows(sheet, row, column));
    let said = value(said(names, issue));
    html! {
        tr id=[name] {
            td class="at" {
                @if let Some((sheet, row, column)) = in_grid {
                    a class="mono" href={ "#" (names.cell(sheet, row, column)) } { (said) }
                } @else {
                    span class="mono" { (said) }
                }
            }
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

/// The place of an issue as it is said.
fn said(names: &Names, issue: &Issue) -> String {
    let place = issue.place();
    let own = place.strip_prefix(issue.sheet.as_str()).unwrap_or_default();
    names.said(&issue.sheet, own.trim_start_matches('!'))
}

/// What became of the value, and what is wrong where that differs within the rule.
fn written(rule: &Rule, issue: &Issue, values: bool) -> Markup {
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

/// Which cells hold the same value.
fn places(line: &Line) -> Markup {
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
