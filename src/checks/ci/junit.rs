//! Steps as JUnit's XML: a suite for each configuration, with a test for each step and each case.

use super::findings::{Examined, State, Step, StepName};
use super::repository::Repository;
use crate::checks::cases::junit_tests;
use crate::checks::junit::{Outcome, Suite, Test, xml};

/// The report.
pub fn as_junit(all: &[Examined], repository: &Repository) -> String {
    let suite = |examined: &Examined| {
        let name = repository.configuration(examined);
        let steps = examined.steps.iter();
        Suite {
            tests: steps
                .flat_map(|step| tests(&name, step, repository))
                .collect(),
            name,
        }
    };
    xml(&all.iter().map(suite).collect::<Vec<_>>())
}

fn tests(configuration: &str, step: &Step, repository: &Repository) -> Vec<Test> {
    let class = format!("{configuration}.{}", step.step.word());
    if step.step == StepName::Test && !step.cases.is_empty() {
        return junit_tests(&class, &step.cases);
    }
    let findings = step.findings.iter();
    let findings = findings.map(|finding| repository.words(&finding.whole()));
    let findings = findings.collect::<Vec<_>>().join("\n");
    let outcome = match step.state {
        State::Passed => Outcome::Passed,
        State::Skipped => Outcome::Skipped(step.message.clone()),
        State::Failed => Outcome::Failed {
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
