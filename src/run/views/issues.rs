//! The issues of a run as its summary tells them: of each rule how many there are, and where the first ones are. Messages are
//! told, values are not: a summary is kept in the logs of builds.

use std::collections::HashMap;

use crate::issues::{Issue, List, ListError, Severity};

/// So many places of a rule are told.
const PLACES: usize = 3;
/// So many cells below one another are told as a range.
const MIN_RANGE_CELLS: usize = 3;
/// Code of the configuration may have written any list: so many rules are told apart, and of texts so many characters kept.
const RULES: usize = 1_000;
const LONGEST: usize = 160;

/// The errors, or the warnings, of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfRule {
    /// How much they matter.
    pub severity: Severity,
    /// The rule.
    pub rule: String,
    /// How many there are.
    pub count: u64,
    /// Where the first ones are: `North!E9` or `North!E9:E40`, and without the sheet where it is that of the place before.
    pub places: Vec<String>,
    /// How many of them are there.
    pub placed: u64,
    /// What is said of the first one.
    pub message: String,
    /// Something else is said of another one.
    pub says_more: bool,
}

/// The errors and the warnings of a list by their rules: errors first, then the most frequent.
///
/// # Errors
/// The list cannot be read.
pub fn by_rule(list: List) -> Result<Vec<OfRule>, ListError> {
    let mut known: HashMap<(Severity, String), Gathered> = HashMap::new();
    for issue in list {
        let issue = issue?;
        let key = (issue.severity, shortened(&issue.rule));
        let is_told = issue.severity != Severity::Info;
        if is_told && (known.len() < RULES || known.contains_key(&key)) {
            known.entry(key).or_default().add(&issue);
        }
    }
    let rules = known.into_iter().map(|((severity, rule), of)| OfRule {
        severity,
        rule,
        count: of.count,
        places: of.places,
        placed: of.placed,
        message: of.message,
        says_more: of.says_more,
    });
    let mut rules: Vec<OfRule> = rules.collect();
    rules.sort_by(|one, other| {
        let order = |of: &OfRule| (of.severity, u64::MAX - of.count);
        (order(one), &one.rule).cmp(&(order(other), &other.rule))
    });
    Ok(rules)
}

/// What is known of a rule so far.
#[derive(Default)]
struct Gathered {
    count: u64,
    places: Vec<String>,
    placed: u64,
    /// The sheet of the last place, and the cell to which it goes: column, row, and how many cells it has.
    sheet: String,
    end: Option<(String, u32, usize)>,
    message: String,
    says_more: bool,
}

impl Gathered {
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

    /// How many cells below one another there are with that of an issue: those of the last places, and this one.
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

    /// Lets the last place go on to the cell of an issue.
    fn extend(&mut self, issue: &Issue, cells: usize) {
        if cells == MIN_RANGE_CELLS {
            // The cells in front of it have places of their own.
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

/// The column and the row of the cell that an issue names.
fn cell_of(issue: &Issue) -> Option<(&str, u32)> {
    let (column, row) = (issue.column.as_deref()?, issue.row?);
    let cell = issue.cell.as_deref()?;
    (cell.strip_prefix(column)?.parse() == Ok(row)).then_some((column, row))
}

/// What would move the cursor becomes a space.
fn shortened(text: &str) -> String {
    let letters = text.chars().take(LONGEST);
    let mut short: String = letters
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    fn rules(lines: &str) -> Vec<OfRule> {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, lines).unwrap();
        by_rule(List::open(file.path()).unwrap()).unwrap()
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
        let told = |of: &OfRule| {
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
            assert_eq!(text.chars().count(), LONGEST + 1);
            assert!(!text.contains(char::is_control));
        }
    }
}
