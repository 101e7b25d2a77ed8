//! The results of cases as JUnit's XML.

use super::CaseResult;
use crate::checks::junit::{Outcome, Suite, Test, xml};

/// The report of these results.
pub fn as_junit(configuration: &str, results: &[CaseResult]) -> String {
    xml(&[Suite {
        name: configuration.to_owned(),
        tests: junit_tests(configuration, results),
    }])
}

/// The results, as parts of a report.
pub(in crate::checks) fn junit_tests(class: &str, results: &[CaseResult]) -> Vec<Test> {
    let test = |result: &CaseResult| Test {
        class: class.to_owned(),
        name: result.name.clone(),
        seconds: result.seconds,
        outcome: match result.passed {
            true => Outcome::Passed,
            false => Outcome::Failed {
                message: result.why(),
                body: lines(result),
            },
        },
    };
    results.iter().map(test).collect()
}

fn lines(result: &CaseResult) -> String {
    let lines = result.differences.iter().map(ToString::to_string);
    lines.collect::<Vec<_>>().join("\n")
}
