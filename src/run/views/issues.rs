//! The issues of a run for its summary: for each rule the number of issues and the positions of the first ones. The summary
//! contains messages but no values, because it is kept in the logs of builds.

use std::collections::HashMap;

use crate::issues::{Issue, IssueReader, ListError, Severity};

/// The maximum number of positions of a rule.
const PLACES: usize = 3;
/// The minimum number of cells below each other that are shown as a range.
const MIN_RANGE_CELLS: usize = 3;
/// The maximum numbers of distinct rules and of characters of a text, because code of the configuration may have written any
/// list.
const RULES: usize = 1_000;
const MAX_ISSUE_TEXT_CHARS: usize = 160;

/// The errors, or the warnings, of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSummary {
    /// The severity of the issues.
    pub severity: Severity,
    /// The name of the rule.
    pub rule: String,
    /// The number of issues.
    pub count: u64,
    /// The positions of the first issues: `North!E9` or `North!E9:E40`, without the sheet if it is that of the position
    /// before.
    pub places: Vec<String>,
    /// The number of issues at these positions.
    pub placed: u64,
    /// The message of the first issue.
    pub message: String,
    /// Whether another issue has another message.
    pub says_more: bool,
}

/// Returns the errors and the warnings of a list by rule: errors first, then the most frequent.
///
/// # Errors
/// The list cannot be read.
pub fn by_rule(list: IssueReader) -> Result<Vec<RuleSummary>, ListError> {
    let mut known: HashMap<(Severity, String), RuleTally> = HashMap::new();
    for issue in list {
        let issue = issue?;
        let key = (issue.severity, shortened(&issue.rule));
        let is_told = issue.severity != Severity::Info;
        if is_told && (known.len() < RULES || known.contains_key(&key)) {
            known.entry(key).or_default().add(&issue);
        }
    }
    let rules = known.into_iter().map(|((severity, rule), of)| RuleSummary {
        severity,
        rule,
        count: of.count,
        places: of.places,
        placed: of.placed,
        message: of.message,
        says_more: of.says_more,
    });
    let mut rules: Vec<RuleSummary> = rules.collect();
    rules.sort_by(|one, other| {
        let order = |of: &RuleSummary| (of.severity, u64::MAX - of.count);
        (order(one), &one.rule).cmp(&(order(other), &other.rule))
    });
    Ok(rules)
}

/// The issues of a rule so far.
#[derive(Default)]
struct RuleTally {
    count: u64,
    places: Vec<String>,
    placed: u64,
    /// The sheet of the last position, and the cell at which it ends: its column, its row, and the number of cells.
    sheet: String,
    end: Option<(String, u32, usize)>,
    message: String,
    says_more: bool,
}

impl RuleTally {
    fn add(&mut self, issue: &Issue) {
        let message = shortened(&issue.message);
        if self.count == 0 {
            self.message = message;
        } else {
            self.says_more |= self.message != message;
        }
        self.count += 1;
        let cells = self.stretch_with(issue);
        if cells >= MIN_RANGE_CELLS {
            self.extend(issue, cells);
            return;
        }
        self.end = None;
        if self.places.len() == PLACES {
            return;
        }
        self.placed += 1;
        self.end = cell_of(issue).map(|(column, row)| (column.to_owned(), row, cells));
        let place = issue.place();
        let on_sheet = place.strip_prefix(&issue.sheet);
        let on_sheet = on_sheet.and_then(|rest| rest.strip_prefix('!'));
        let place = match on_sheet {
            Some(cell) if !self.places.is_empty() && self.sheet == issue.sheet => cell,
            _ => &place,
        };
        self.places.push(shortened(place));
        self.sheet.clone_from(&issue.sheet);
    }

    /// Returns the number of successive cells below each other that end with the cell of an issue.
    fn stretch_with(&self, issue: &Issue) -> usize {
        match (&self.end, cell_of(issue)) {
            (Some((end, last, cells)), Some((column, row)))
                if issue.sheet == self.sheet && column == end && row == last + 1 =>
            {
                cells + 1
            }
            _ => 1,
        }
    }

    /// Extends the last position to the cell of an issue.
    fn extend(&mut self, issue: &Issue, cells: usize) {
        if cells == MIN_RANGE_CELLS {
            // The cells before it have positions of their own.
            self.places
                .truncate(self.places.len() + 2 - MIN_RANGE_CELLS);
        }
        let (Some(place), Some((column, row))) = (self.places.last_mut(), cell_of(issue)) else {
            return;
        };
        if cells > MIN_RANGE_CELLS {
            place.truncate(place.rfind(':').unwrap_or(place.len()));
        }
        place.push_str(&format!(":{column}{row}"));
        self.placed += 1;
        self.end = Some((column.to_owned(), row, cells));
    }
}

/// Returns the column and the row of the cell that an issue names.
fn cell_of(issue: &Issue) -> Option<(&str, u32)> {
    let (column, row) = (issue.column.as_deref()?, issue.row?);
    let cell = issue.cell.as_deref()?;
    (cell.strip_prefix(column)?.parse() == Ok(row)).then_some((column, row))
}

/// Shortens a text, and replaces characters that would move the cursor by spaces.
fn shortened(text: &str) -> String {
    let letters = text.chars().take(MAX_ISSUE_TEXT_CHARS);
    let mut short: String = letters
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.chars().nth(MAX_ISSUE_TEXT_CHARS).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    fn rules(lines: &str) -> Vec<RuleSummary> {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, lines).unwrap();
        by_rule(IssueReader::open(file.path()).unwrap()).unwrap()
    }

    #[test]
    fn of_each_rule_the_first_places_are_told() {
        let found = rules(
            r#"{"sheet": "North", "cell": "D8", "severity": "warning", "rule": "phone.check", "message": "too short"}
{"sheet": "North", "cell": "F16", "severity": "error", "rule": "hours.max", "message": "more than 80"}
{"sheet": "North", "row": 9, "severity": "error", "rule": "hours.max", "message": "more than 90"}
{"sheet": "North", "cell": "D9", "severity": "warning", "rule": "phone.check", "message": "too short"}
{"sheet": "North", "cell": "D9", "severity": "info", "rule": "phone.check", "message": "odd"}
{"sheet": "South", "cell": "F2", "severity": "error", "rule": "hours.max", "message": "more than 80"}
{"sheet": "South", "cell": "F3", "severity": "error", "rule": "hours.max", "message": "more than 80"}
{"sheet": "South", "cell": "F4", "severity": "error", "rule": "age.max", "message": "more than 99"}
{"sheet": "South", "cell": "G4", "row": 4, "column": "G", "severity": "warning", "rule": "tax.max", "message": "more than 9"}
{"sheet": "South", "cell": "G5", "row": 5, "column": "G", "severity": "warning", "rule": "tax.max", "message": "more than 9"}
{"sheet": "South", "cell": "G6", "row": 6, "column": "G", "severity": "warning", "rule": "tax.max", "message": "more than 9"}
{"sheet": "South", "cell": "G9", "row": 9, "column": "G", "severity": "warning", "rule": "tax.max", "message": "more than 9"}
"#,
        );
        let told = |of: &RuleSummary| {
            let (severity, places) = (of.severity.word(), of.places.join(", "));
            format!(
                "{severity} {} {} {places}: {}, {}",
                of.rule, of.count, of.message, of.says_more
            )
        };
        assert_eq!(
            found.iter().map(told).collect::<Vec<_>>(),
            [
                "error hours.max 4 North!F16, row 9, South!F2: more than 80, true",
                "error age.max 1 South!F4: more than 99, false",
                "warning tax.max 4 South!G4:G6, G9: more than 9, false",
                "warning phone.check 2 North!D8, D9: too short, false",
            ]
        );
    }

    #[test]
    fn a_list_of_any_texts_is_bounded() {
        let long = "é\\u001b".repeat(5_000);
        let found = rules(&format!(
            r#"{{"sheet": "{long}", "cell": "D8", "severity": "error", "rule": "{long}", "message": "{long}"}}"#
        ));
        for text in [&found[0].rule, &found[0].message, &found[0].places[0]] {
            assert_eq!(text.chars().count(), MAX_ISSUE_TEXT_CHARS + 1);
            assert!(!text.contains(char::is_control));
        }
    }
}
