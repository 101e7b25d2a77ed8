//! Writes the results of checks and cases as JUnit XML, which CI systems read.

use super::CaseResult;

/// Returns a report of these results.
pub fn as_junit(configuration: &str, results: &[CaseResult]) -> String {
    xml(&[Suite {
        name: configuration.to_owned(),
        tests: junit_tests(configuration, results),
    }])
}

/// Converts the results into the tests of a report.
pub(in crate::checks) fn junit_tests(class: &str, results: &[CaseResult]) -> Vec<Test> {
    let test = |result: &CaseResult| Test {
        class: class.to_owned(),
        name: result.name.clone(),
        seconds: result.seconds,
        outcome: match result.passed {
            true => TestOutcome::Passed,
            false => TestOutcome::Failed {
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

/// A group of tests in the report: the checks of one configuration.
#[derive(Debug)]
pub(in crate::checks) struct Suite {
    pub name: String,
    pub tests: Vec<Test>,
}

/// One test case of the report.
#[derive(Debug)]
pub(in crate::checks) struct Test {
    /// The class that the report shows for the test.
    pub class: String,
    pub name: String,
    pub seconds: f64,
    pub outcome: TestOutcome,
}

/// The outcome of a test.
#[derive(Debug)]
pub(in crate::checks) enum TestOutcome {
    Passed,
    /// The test was skipped for this reason.
    Skipped(String),
    Failed {
        /// The reason in one line.
        message: String,
        /// The reason in full.
        body: String,
    },
}

/// Returns the XML document with these suites.
pub(in crate::checks) fn xml(suites: &[Suite]) -> String {
    let all = TestCounts::from_tests(suites.iter().flat_map(|suite| &suite.tests));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n",
        all.attributes()
    );
    for suite in suites {
        let counts = TestCounts::from_tests(suite.tests.iter());
        xml += &format!(
            "<testsuite name=\"{}\" {} skipped=\"{}\">\n",
            escaped(&suite.name),
            counts.attributes(),
            counts.skipped
        );
        suite.tests.iter().for_each(|test| xml += &element(test));
        xml += "</testsuite>\n";
    }
    xml + "</testsuites>\n"
}

#[derive(Default)]
struct TestCounts {
    tests: usize,
    failures: usize,
    skipped: usize,
    seconds: f64,
}

impl TestCounts {
    fn from_tests<'a>(tests: impl Iterator<Item = &'a Test>) -> Self {
        tests.fold(Self::default(), |counts, test| Self {
            tests: counts.tests + 1,
            failures: counts.failures
                + usize::from(matches!(test.outcome, TestOutcome::Failed { .. })),
            skipped: counts.skipped + usize::from(matches!(test.outcome, TestOutcome::Skipped(_))),
            seconds: counts.seconds + test.seconds,
        })
    }

    fn attributes(&self) -> String {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3}\"",
            self.tests, self.failures, self.seconds
        )
    }
}

fn element(test: &Test) -> String {
    let head = format!(
        "<testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escaped(&test.class),
        escaped(&test.name),
        test.seconds
    );
    match &test.outcome {
        TestOutcome::Passed => format!("{head}/>\n"),
        TestOutcome::Skipped(why) => {
            let why = escaped(why);
            format!("{head}><skipped message=\"{why}\"/></testcase>\n")
        }
        TestOutcome::Failed { message, body } => {
            let (message, body) = (escaped(message), escaped(body));
            format!("{head}><failure message=\"{message}\">{body}</failure></testcase>\n")
        }
    }
}

/// Escapes text for elements and attributes. Characters that XML does not allow are dropped.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(letter),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_element_and_no_letter_breaks_the_document() {
        let test = |name: &str, outcome| Test {
            class: "a & b".to_owned(),
            name: name.to_owned(),
            seconds: 0.5,
            outcome,
        };
        let failed = TestOutcome::Failed {
            message: "<one>\u{1b}".to_owned(),
            body: "\"all\"".to_owned(),
        };
        let text = xml(&[Suite {
            name: "a & b".to_owned(),
            tests: vec![
                test("x", TestOutcome::Passed),
                test("y", TestOutcome::Skipped("no <lock>".to_owned())),
                test("z", failed),
            ],
        }]);
        let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuites tests=\"3\" failures=\"1\" errors=\"0\" time=\"1.500\">\n\
            <testsuite name=\"a &amp; b\" tests=\"3\" failures=\"1\" errors=\"0\" time=\"1.500\" skipped=\"1\">\n\
            <testcase classname=\"a &amp; b\" name=\"x\" time=\"0.500\"/>\n\
            <testcase classname=\"a &amp; b\" name=\"y\" time=\"0.500\"><skipped message=\"no &lt;lock&gt;\"/></testcase>\n\
            <testcase classname=\"a &amp; b\" name=\"z\" time=\"0.500\"><failure message=\"&lt;one&gt;\">&quot;all&quot;</failure></testcase>\n\
            </testsuite>\n</testsuites>\n";
        assert_eq!(text, wanted);
    }
}
