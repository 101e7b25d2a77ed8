//! The results of cases as JUnit's XML, which CI systems read.

use super::{CaseResult, Difference};

/// The report of these results. `words` tells a difference in a line.
pub fn as_junit(
    configuration: &str,
    results: &[CaseResult],
    words: impl Fn(&Difference) -> String,
) -> String {
    let failures = results.iter().filter(|result| !result.passed).count();
    let seconds: f64 = results.iter().map(|result| result.seconds).sum();
    let (name, tests) = (escaped(configuration), results.len());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\">\n<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.3}\">\n"
    );
    for result in results {
        let case = format!(
            "<testcase classname=\"{name}\" name=\"{}\" time=\"{:.3}\"",
            escaped(&result.name),
            result.seconds
        );
        if result.passed {
            xml += &format!("{case}/>\n");
            continue;
        }
        let lines: Vec<String> = result.differences.iter().map(&words).collect();
        let head = match (&result.error, lines.as_slice()) {
            (Some(error), _) => error.clone(),
            (None, [one]) => one.clone(),
            (None, lines) => format!("{} differences", lines.len()),
        };
        let (head, body) = (escaped(&head), escaped(&lines.join("\n")));
        xml += &format!("{case}><failure message=\"{head}\">{body}</failure></testcase>\n");
    }
    xml + "</testsuite>\n</testsuites>\n"
}

/// The text between tags and in attributes. What XML cannot hold is left out.
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
