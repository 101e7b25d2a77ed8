//! Findings as GitLab's report of code quality, which marks lines of files in a merge request.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::findings::{Examined, Level};
use super::repository::Repository;
use crate::base::digest;

/// The report: an array with an object for each finding. What is about no file is reported at the manifest of its configuration,
/// because GitLab asks for a place. A fingerprint stays while lines move, and wherever the repository is checked out.
pub fn code_quality(all: &[Examined], repository: &Repository) -> Value {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut report = Vec::new();
    for examined in all {
        for (step, finding) in examined.findings() {
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
                "fingerprint": digest::of(format!("{about}\0{times}")).to_string(),
                "severity": match finding.level {
                    Level::Error => "major",
                    Level::Warning => "minor",
                },
                "location": {"path": path, "lines": {"begin": finding.line.unwrap_or(1)}},
            }));
        }
    }
    Value::Array(report)
}
