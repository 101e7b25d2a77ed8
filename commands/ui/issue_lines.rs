//! Prints the issues of a file for `ade run`: their number, the first cells for each rule, and the command that lists all.
//! Values are not printed, because logs of builds keep the output.

use ade::issues::Severity;
use ade::run::execution::happenings::FinishedRun;
use ade::run::results::issues::{NoList, issues_of};
use ade::run::views::issues::{RuleSummary, by_rule};
use ade::store::RunMetrics;
use console::measure_text_width;

use super::format::{plural, thousands};
use super::terminal::Ui;
use super::tone::Tone;

/// The maximum number of rules that are listed.
const MAX_RULES: usize = 8;
/// The maximum width of a rule that is aligned with the others.
const ALIGNED: usize = 32;

/// The numbers of issues of one or more files.
#[derive(Clone, Copy, Debug, Default)]
pub struct IssueCounts {
    issues: u64,
    errors: u64,
    warnings: u64,
    infos: u64,
}

impl IssueCounts {
    /// Returns the counts of one file.
    pub fn from_metrics(metrics: &RunMetrics) -> Self {
        let mut counts = Self::default();
        counts.add(metrics);
        counts
    }

    /// Adds the counts of another file.
    pub fn add(&mut self, metrics: &RunMetrics) {
        self.issues += metrics.issues;
        self.errors += metrics.errors;
        self.warnings += metrics.warnings;
        self.infos += metrics.infos;
    }

    /// Returns `13 issues`, or with different severities `13 issues (7 errors, 4 warnings, 2 infos)`.
    pub fn in_all(self) -> String {
        let counts = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.infos, "info"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, word)| plural(*count, word)).collect();
        let issues = plural(self.issues, "issue");
        match self.errors + self.infos {
            0 => issues,
            _ => format!("{issues} ({})", counts.join(", ")),
        }
    }
}

/// Prints the issues of a normalized file.
pub fn print(ui: &Ui, finished: &FinishedRun, metrics: &RunMetrics) {
    if metrics.issues == 0 {
        ui.line("  0 issues");
        return;
    }
    let rules = match issues_of(&finished.run) {
        Ok(list) => by_rule(list).map_err(NoList::from),
        Err(error) => Err(error),
    };
    let rules = match rules {
        Ok(rules) => rules,
        Err(error) => {
            let issues = plural(metrics.issues, "issue");
            ui.line(format_args!("  {}", ui.paint(Tone::Warn, issues)));
            match error {
                NoList::NotAskedFor { .. } => ui.hint(HOW_TO_LIST),
                error => ui.say(format_args!("note: {error}")),
            }
            return;
        }
    };
    print_counts(ui, metrics);
    print_rules(ui, &rules);
    let list = format!("`ade issues {}` lists all", finished.short_id);
    ui.words("  ", None, Tone::Dim, &list);
}

/// Returns the hint at the command that lists the issues of several files.
pub fn hint_at_list(finished: &FinishedRun) -> String {
    match finished.noticed.issue_list {
        Some(_) => "`ade issues FILE` lists the issues of a file".to_owned(),
        None => HOW_TO_LIST.to_owned(),
    }
}

const HOW_TO_LIST: &str =
    "set edition = \"2026\" in settings.toml to list each issue with its cell (`ade issues`)";

/// Prints the counts of errors and warnings; infos get a separate line, because nobody has to act on them.
fn print_counts(ui: &Ui, metrics: &RunMetrics) {
    let counts = [
        (metrics.errors, "error", Tone::Bad),
        (metrics.warnings, "warning", Tone::Warn),
    ];
    let counts = counts.iter().filter(|(count, ..)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, word, tone)| ui.paint(*tone, plural(*count, word)))
        .collect();
    if !counts.is_empty() {
        ui.line(format_args!("  {}", counts.join(", ")));
    }
    if metrics.infos > 0 {
        ui.line(format_args!("  {}", plural(metrics.infos, "info")));
    }
}

fn print_rules(ui: &Ui, rules: &[RuleSummary]) {
    let told = &rules[..rules.len().min(MAX_RULES)];
    let width = |text: &str| measure_text_width(text);
    let names = told.iter().map(|of| width(&of.rule));
    let names = names.filter(|width| *width <= ALIGNED).max().unwrap_or(0);
    let counts = told.iter().map(|of| thousands(of.count).len());
    let counts = counts.max().unwrap_or(0);
    for of in told {
        let (tone, mark) = match of.severity {
            Severity::Error => (Tone::Bad, "✗"),
            Severity::Warning | Severity::Info => (Tone::Warn, "!"),
        };
        let padding = " ".repeat(names.saturating_sub(width(&of.rule)));
        let count = thousands(of.count);
        let mark = ui.paint(tone, mark);
        let lead = format!("{mark} {}{padding}  {count:>counts$} ", of.rule);
        ui.words("    ", Some((Tone::Plain, &lead)), Tone::Plain, &words(of));
    }
    if rules.len() > told.len() {
        let more = plural((rules.len() - told.len()) as u64, "more rule");
        ui.words("    ", None, Tone::Dim, &format!("and {more}"));
    }
}

/// Returns a rule's cells and its text: `North!F16, F27:F40, F53, …: more than 80`.
fn words(of: &RuleSummary) -> String {
    let more = if of.count > of.placed { ", …" } else { "" };
    let others = if of.says_more { ", among others" } else { "" };
    format!("{}{more}: {}{others}", of.places.join(", "), of.message)
}
