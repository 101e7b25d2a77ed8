//! Steps as JUnit's XML: a suite for each configuration, with a test for each step and each case.

use super::findings::{Examined, State, Step, StepName};
use crate::checks::cases::junit_tests;
use crate::checks::junit::{Outcome, Suite, Test, xml};

/// The report.
pub fn as_junit(all: &[Examined]) -> String {
    let suite = |examined: &Examined| Suite {
        name: examined.name.clone(),
        tests: examined
            .steps
            .iter()
            .flat_map(|step| tests(&examined.name, step))
            .collect(),
    };
    xml(&all.iter().map(suite).collect::<Vec<_>>())
}

fn tests(configuration: &str, step: &Step) -> Vec<Test> {
    let class = format!("{configuration}.{}", step.step.word());
    if step.step == StepName::Test && !step.cases.is_empty() {
        return junit_tests(&class, &step.cases);
    }
    let findings = step.findings.iter().map(|finding| match &finding.hint {
        Some(hint) => format!("{}\nhint: {hint}", finding.message),
        None => finding.message.clone(),
    });
    let outcome = match step.state {
        State::Passed => Outcome::Passed,
        State::Skipped => Outcome::Skipped(step.message.clone()),
        State::Failed => Outcome::Failed {
            message: step.message.clone(),
            body: findings.collect::<Vec<_>>().join("\n"),
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
