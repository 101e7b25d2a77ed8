//! Writes findings for CI systems: GitHub commands, a GitLab report, and JUnit XML.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::findings::{CiStep, ExaminedConfiguration, Level, StepName, StepState, all_findings};
use super::repository::Repository;
use crate::base::digest;
use crate::checks::cases::junit::{Suite, Test, TestOutcome, junit_tests, xml};

/// Returns the findings as workflow commands of GitHub, which mark lines of files in a pull request, one command each: `::error
/// file=crew/settings.toml,line=3,title=ade check::there is no setting …`.
pub fn annotations(all: &[ExaminedConfiguration], repository: &Repository) -> Vec<String> {
    let mut commands = Vec::new();
    for (_, step, finding) in all_findings(all) {
        let file = finding.file.as_deref();
        let file = file.and_then(|file| repository.inside(file));
        let place = file.map(|file| {
            let line = finding.line.unwrap_or(1);
            format!("file={},line={line},", property(&file))
        });
        let title = property(&format!("ade {}", step.title()));
        let text = data(&repository.words(&finding.whole()));
        let (level, place) = (finding.level.word(), place.unwrap_or_default());
        commands.push(format!("::{level} {place}title={title}::{text}"));
    }
    commands
}

/// Escapes the text after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the text after a `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns the findings as GitLab's code quality report, which marks lines of files in a merge request: an array with one
/// object per finding. GitLab requires a position, so findings about no file are placed at the manifest of their configuration.
/// A fingerprint stays the same if lines move, and wherever the repository is checked out.
pub fn code_quality(all: &[ExaminedConfiguration], repository: &Repository) -> Value {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut report = Vec::new();
    for (examined, step, finding) in all_findings(all) {
        let file = finding.file.clone();
        let path = repository.shown(&file.unwrap_or_else(|| examined.manifest()));
        let check = match &finding.code {
            Some(code) => format!("ade.{}.{code}", step.step.word()),
            None => format!("ade.{}", step.step.word()),
        };
        let (title, message) = (step.title(), repository.words(&finding.message));
        let unnumbered = message.replace(|letter: char| letter.is_ascii_digit(), "");
        let about = [&*path, &title, &check, &unnumbered].join("\0");
        let times = seen.entry(about.clone()).or_default();
        *times += 1;
        report.push(json!({
            "description": message,
            "check_name": check,
            "fingerprint": digest::sha256(format!("{about}\0{times}")).to_string(),
            "severity": match finding.level {
                Level::Error => "major",
                Level::Warning => "minor",
            },
            "location": {"path": path, "lines": {"begin": finding.line.unwrap_or(1)}},
        }));
    }
    Value::Array(report)
}

/// Returns the steps as JUnit XML: a suite for each configuration, with a test for each step and each case.
pub fn as_junit(all: &[ExaminedConfiguration], repository: &Repository) -> String {
    let suite = |examined: &ExaminedConfiguration| {
        let name = repository.configuration(examined);
        let steps = examined.steps.iter();
        Suite {
            tests: steps
                .flat_map(|step| tests_of(&name, step, repository))
                .collect(),
            name,
        }
    };
    xml(&all.iter().map(suite).collect::<Vec<_>>())
}

fn tests_of(configuration: &str, step: &CiStep, repository: &Repository) -> Vec<Test> {
    let class = format!("{configuration}.{}", step.step.word());
    if step.step == StepName::Test && !step.cases.is_empty() {
        return junit_tests(&class, &step.cases);
    }
    let findings = step.findings.iter();
    let findings = findings.map(|finding| repository.words(&finding.whole()));
    let findings = findings.collect::<Vec<_>>().join("\n");
    let outcome = match step.state {
        StepState::Passed => TestOutcome::Passed,
        StepState::Skipped => TestOutcome::Skipped(step.message.clone()),
        StepState::Failed => TestOutcome::Failed {
            message: findings.lines().next().unwrap_or(&step.message).to_owned(),
            body: findings,
        },
    };
    let input = step.input.as_ref();
    vec![Test {
        class,
        name: input.map_or_else(
            || step.step.word().to_owned(),
            |input| input.display().to_string(),
        ),
        seconds: step.seconds,
        outcome,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_or_a_property_is_escaped() {
        assert_eq!(data("100% of\r\na:b,c"), "100%25 of%0D%0Aa:b,c");
        assert_eq!(property("a b/x,y:1%.py"), "a b/x%2Cy%3A1%25.py");
    }
}
