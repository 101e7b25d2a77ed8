//! Writes the findings as a page in Markdown: a job summary on GitHub, or a comment.

use super::findings::{CiStep, ExaminedConfiguration, StepName, StepState, all_findings};
use super::repository::Repository;
use crate::base::counted::thousands;

/// The maximum number of lines of each list: a GitHub summary has at most one megabyte.
const MAX_LISTED_LINES: usize = 100;

/// Returns the Markdown page of a call.
pub fn summary(all: &[ExaminedConfiguration], repository: &Repository) -> String {
    let mut page = format!("## ade ci: {}\n\n", verdict(all));
    page += "| configuration | lock | check | test | runs |\n|---|---|---|---|---|\n";
    for examined in all {
        let cells = [
            StepName::Lock,
            StepName::Check,
            StepName::Test,
            StepName::Run,
        ]
        .map(|name| of_step(examined, name));
        let folder = escaped(&repository.configuration(examined));
        page += &format!("| {folder} | {} |\n", cells.join(" | "));
    }
    page += &findings(all, repository);
    page += &files(all, repository);
    page += &rules(all);
    page
}

fn verdict(all: &[ExaminedConfiguration]) -> String {
    let failed = all.iter().filter(|examined| !examined.is_sound()).count();
    match (failed, all.len()) {
        (0, _) => "passed".to_owned(),
        (_, 1) => "failed".to_owned(),
        (failed, count) => format!("{failed} of {count} configurations failed"),
    }
}

/// Returns the result of a step, or of all runs.
fn of_step(examined: &ExaminedConfiguration, name: StepName) -> String {
    let steps = examined.steps.iter().filter(|step| step.step == name);
    let steps: Vec<&CiStep> = steps.collect();
    match steps.as_slice() {
        [] => String::new(),
        [step] => match (step.state, name) {
            (StepState::Failed, StepName::Check | StepName::Lock) => mark(step.state).to_owned(),
            _ => format!("{} {}", mark_of(step), escaped(&step.message)),
        },
        all => {
            let count = |state| all.iter().filter(|step| step.state == state).count();
            let (failed, skipped) = (count(StepState::Failed), count(StepState::Skipped));
            let state = match (failed, skipped) {
                (1.., _) => StepState::Failed,
                (0, 1..) => StepState::Skipped,
                _ => StepState::Passed,
            };
            let passed = all.len() - failed - skipped;
            let mark = match all.iter().find(|step| step.found_nothing()) {
                Some(step) if state == StepState::Passed => mark_of(step),
                _ => mark(state),
            };
            format!("{mark} {passed} of {}", all.len())
        }
    }
}

fn mark_of(step: &CiStep) -> &'static str {
    if step.found_nothing() {
        "⚠️"
    } else {
        mark(step.state)
    }
}

fn mark(state: StepState) -> &'static str {
    match state {
        StepState::Passed => "✅",
        StepState::Failed => "❌",
        StepState::Skipped => "➖",
    }
}

fn findings(all: &[ExaminedConfiguration], repository: &Repository) -> String {
    let mut lines = Vec::new();
    for (examined, step, finding) in all_findings(all) {
        let place = finding.file.as_ref().map(|file| {
            let line = finding.line.map(|line| format!(":{line}"));
            format!(
                " · {}{}",
                escaped(&repository.shown(file)),
                line.unwrap_or_default()
            )
        });
        lines.push(format!(
            "- **{}** {} · {}{} · {}\n",
            finding.level.word(),
            escaped(&repository.configuration(examined)),
            escaped(&step.title()),
            place.unwrap_or_default(),
            escaped(&repository.words(&finding.whole()))
        ));
    }
    section("Findings", "", &lines)
}

fn files(all: &[ExaminedConfiguration], repository: &Repository) -> String {
    let mut lines = Vec::new();
    for examined in all {
        for step in examined.steps.iter().filter(|step| step.input.is_some()) {
            let metrics = step.run.as_ref().and_then(|run| run.metrics.as_ref());
            let counts = metrics.map_or_else(
                || "| |".to_owned(),
                |found| {
                    let counts = [found.errors, found.warnings, found.infos];
                    counts.map(thousands).join(" | ")
                },
            );
            lines.push(format!(
                "| {} | {} | {} {} | {counts} |\n",
                escaped(&step.input_shown()),
                escaped(&repository.configuration(examined)),
                mark_of(step),
                escaped(&step.message)
            ));
        }
    }
    let head = "| file | configuration | result | errors | warnings | infos |\n|---|---|---|--:|--:|--:|\n";
    section("Files", head, &lines)
}

fn rules(all: &[ExaminedConfiguration]) -> String {
    let mut lines = Vec::new();
    for step in all.iter().flat_map(|examined| &examined.steps) {
        let input = escaped(&step.input_shown());
        for of in step.run.iter().flat_map(|run| &run.rules) {
            let (rule, count) = (escaped(&of.rule), thousands(of.count));
            lines.push(format!(
                "| {input} | {rule} | {} | {count} |\n",
                of.severity
            ));
        }
    }
    let head = "| file | rule | severity | issues |\n|---|---|---|--:|\n";
    section("Issues by rule", head, &lines)
}

/// Returns a section with the first of its lines. Empty if there are none.
fn section(title: &str, head: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let listed: String = lines
        .iter()
        .take(MAX_LISTED_LINES)
        .map(String::as_str)
        .collect();
    let more = match lines.len().checked_sub(MAX_LISTED_LINES) {
        Some(more @ 1..) => format!("\n{more} more are not listed.\n"),
        _ => String::new(),
    };
    format!("\n### {title}\n\n{head}{listed}{more}")
}

/// Escapes a text for one line of a table or list, so that nothing in it is markup. Line breaks become `<br>`.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.trim_end().chars() {
        match letter {
            '\n' => safe.push_str("<br>"),
            letter if letter.is_control() => {}
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$' | '@'
            | '!' => {
                safe.push('\\');
                safe.push(letter);
            }
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup_or_ends_a_cell() {
        assert_eq!(
            escaped("a|b *c* <d>\r\n`e` [f](g)\u{7}\n"),
            "a\\|b \\*c\\* \\<d\\><br>\\`e\\` \\[f\\](g)"
        );
    }

    #[test]
    fn what_is_not_listed_is_counted() {
        let lines: Vec<String> = (0..=MAX_LISTED_LINES)
            .map(|number| format!("- {number}\n"))
            .collect();
        let text = section("Findings", "", &lines);
        assert!(text.ends_with("- 99\n\n1 more are not listed.\n"), "{text}");
        assert_eq!(section("Findings", "", &[]), "");
    }
}
