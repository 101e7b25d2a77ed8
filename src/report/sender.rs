//! The page for the sender of a file: its issues in the sender's language, and nothing about the configuration.

use maud::{Markup, PreEscaped, html};

use super::file::ReportFile;
use super::html::{class_of, clipped, clipped_value, table, value};
use super::issues::{IssueGroup, RuleIssues, VALUE};
use super::parts::{self, Options};
use crate::base::counted::thousands;
use crate::issues::Language;

/// Returns the page of one run for the sender of its file.
pub fn page(file: &ReportFile, language: Language, options: Options) -> Markup {
    let name = &file.run.input_name;
    let counts = match file.found.total() {
        0 => language.say("No issues"),
        _ => language.count(file.found.counts),
    };
    let head = html! {
        h1 { (value(name)) }
        p class="verdict" { (parts::glyph(file.ended())) span { strong { (counts) } } }
        p class="sub" { (language.say("Cells are named as in the file that was sent.")) }
    };
    html! {
        (parts::open(name, "", file.run.completed_at, options, &head))
        @if file.found.total() > 0 { section id="issues" { (list(file, language, options)) } }
        (PreEscaped("</main></body></html>\n"))
    }
}

fn list(file: &ReportFile, language: Language, options: Options) -> Markup {
    let columns = [
        "Cell",
        "Field",
        "Original value",
        "Written",
        "What is wrong",
    ];
    let columns = columns.map(|name| (language.say(name), ""));
    let rows = html! {
        @for rule in file.found.ordered() {
            tbody {
                @for line in &rule.lines { (row(file, rule, line, language, options)) }
                @if rule.count > rule.shown() {
                    tr class="more" { td colspan="5" { (language.say(&format!("and {} more", thousands(rule.count - rule.shown())))) } }
                }
            }
        }
    };
    table("list issues", "", &columns, &rows)
}

fn row(
    file: &ReportFile,
    rule: &RuleIssues,
    line: &IssueGroup,
    language: Language,
    options: Options,
) -> Markup {
    let issue = &line.issue;
    let heading = language.heading(rule.severity);
    let written = match (issue.written.as_deref(), issue.value.as_deref()) {
        (Some(""), Some("")) | (None, _) => String::new(),
        (Some(""), _) => language.say("left empty"),
        (Some(written), Some(value)) if written == value => language.say("as it is"),
        (Some(written), _) => clipped(written, VALUE).into_owned(),
    };
    let place = |place: &str| match place.split_once('!') {
        Some((sheet, cell)) => format!("{sheet}!{}", language.say_place(cell)),
        None => language.say_place(place),
    };
    html! {
        tr {
            td class="at mono" {
                (value(place(&file.place_of(issue))))
                @if line.same > 1 { " (" (thousands(line.same)) ")" }
            }
            td { (value(&rule.whose)) }
            td class="v" {
                @if let Some(text) = issue.value.as_deref().filter(|_| options.values) { (clipped_value(text, VALUE, line.letters)) }
            }
            td class="got" { @if options.values { (value(written)) } }
            td {
                span class={ "sev " (class_of(rule.severity)) } { (heading.trim_end_matches([':', '\u{a0}', ' '])) }
                @if options.values { " " (clipped(&issue.message, 200)) }
            }
        }
    }
}
