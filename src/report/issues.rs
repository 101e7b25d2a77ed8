//! Chooses the lines of a run's list of issues that a report shows.
//!
//! The list is read twice and is never in memory: first to count the issues of each rule, then to collect the lines.

use std::cmp::Reverse;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use crate::issues::{Issue, IssueReader, ListError, Severity};

/// The maximum number of lines of one rule.
const LINES_OF_RULE: u64 = 200;
/// The maximum number of lines of all rules.
const LINES: u64 = 2_000;
/// The maximum number of cells with the same value and rule that are shown separately; more of them share one line.
const SAME: u64 = 5;
/// The maximum number of cells that such a line names, apart from the last.
pub const NAMED: usize = 8;
/// The maximum number of characters of a value.
pub const VALUE: usize = 500;
/// The maximum number of distinct rules.
const RULES: usize = 500;

/// The issues of a run that a report shows.
#[derive(Default)]
pub struct IssueFindings {
    /// The numbers of errors, warnings and infos.
    pub counts: [u64; 3],
    /// The rules, in the order of the list.
    pub rules: Vec<RuleIssues>,
    /// The number of issues of each column, by sheet and letters.
    pub columns: BTreeMap<String, BTreeMap<String, u64>>,
    /// The number of issues of rules beyond the first 500.
    pub of_more_rules: u64,
    /// The number of lines of the list that are not issues.
    pub passed_over: u64,
}

/// The issues of a rule.
pub struct RuleIssues {
    /// The severity of the issues.
    pub severity: Severity,
    /// The name of the rule.
    pub name: String,
    /// The field as people know it; empty if the rule has none.
    pub whose: String,
    /// The message, if all issues have the same.
    pub message: Option<String>,
    /// The number of issues of the rule.
    pub count: u64,
    /// The number of lines that all issues would take.
    needed: u64,
    /// The maximum number of lines to show.
    allotted: u64,
    /// The shown lines, in the order of the list.
    pub lines: Vec<IssueGroup>,
}

/// A line: one issue, or all issues with the same value.
pub struct IssueGroup {
    /// The first issue. Only the beginnings of its texts are kept.
    pub issue: Issue,
    /// The number of characters of the whole value.
    pub letters: usize,
    /// The number of issues on this line.
    pub same: u64,
    /// The positions of the first issues.
    pub places: Vec<String>,
    /// The position of the last issue.
    pub last: String,
}

/// Finds the rule of an issue, and the count of its value within the rule.
#[derive(Default)]
struct RuleIndex {
    rules: HashMap<(Severity, String, String), usize>,
    values: HashMap<(usize, u64), u64>,
}

impl RuleIndex {
    fn rule(&self, issue: &Issue) -> Option<usize> {
        self.rules.get(&key_of(issue)).copied()
    }

    /// Returns the key of the rule and the value, if more than five cells break the rule with this value.
    fn repeated(&self, rule: usize, issue: &Issue) -> Option<(usize, u64)> {
        let key = (rule, hash_of(issue)?);
        (self.values.get(&key)? > &SAME).then_some(key)
    }
}

fn key_of(issue: &Issue) -> (Severity, String, String) {
    (issue.severity, issue.rule.clone(), issue.whose().to_owned())
}

/// Returns a hash of value and message; `None` if the issue has no value.
fn hash_of(issue: &Issue) -> Option<u64> {
    let value = issue.value.as_ref()?;
    issue.cell.as_ref()?;
    let mut hasher = DefaultHasher::new();
    (value, &issue.message).hash(&mut hasher);
    Some(hasher.finish())
}

impl IssueFindings {
    /// Reads the list of a run from its beginning.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn in_list(list: &mut IssueReader) -> Result<Self, ListError> {
        let mut found = Self::default();
        let counting = found.count(list)?;
        found.passed_over = list.passed_over();
        found.allot();
        list.go_to(0)?;
        found.choose(list, &counting)?;
        Ok(found)
    }

    /// Returns the number of all issues.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the rules, errors first, then by count.
    pub fn ordered(&self) -> Vec<&RuleIssues> {
        let mut rules: Vec<&RuleIssues> = self.rules.iter().collect();
        rules.sort_by(|one, other| one.order().cmp(&other.order()));
        rules
    }

    fn count(&mut self, list: &mut IssueReader) -> Result<RuleIndex, ListError> {
        let mut counting = RuleIndex::default();
        for issue in list.by_ref() {
            let issue = issue?;
            self.counts[issue.severity as usize] += 1;
            let key = key_of(&issue);
            let known = counting.rules.len();
            if known >= RULES && !counting.rules.contains_key(&key) {
                self.of_more_rules += 1;
                continue;
            }
            let index = *counting.rules.entry(key).or_insert(known);
            if index == known {
                self.rules.push(RuleIssues::new(&issue));
            }
            let rule = &mut self.rules[index];
            rule.count += 1;
            if rule.message.as_ref() != Some(&issue.message) {
                rule.message = None;
            }
            match hash_of(&issue) {
                Some(value) => *counting.values.entry((index, value)).or_default() += 1,
                None => rule.needed += 1,
            }
        }
        for ((rule, _), count) in &counting.values {
            self.rules[*rule].needed += if *count > SAME { 1 } else { *count };
        }
        Ok(counting)
    }

    /// Allots the lines to the rules, worst rules first.
    fn allot(&mut self) {
        let mut order: Vec<&mut RuleIssues> = self.rules.iter_mut().collect();
        order.sort_by(|one, other| one.order().cmp(&other.order()));
        let mut left = LINES;
        for rule in order {
            rule.allotted = rule.needed.min(LINES_OF_RULE).min(left);
            left -= rule.allotted;
        }
    }

    /// Collects the lines of each rule.
    fn choose(&mut self, list: &mut IssueReader, counting: &RuleIndex) -> Result<(), ListError> {
        let mut lines: HashMap<(usize, u64), usize> = HashMap::new();
        for issue in list.by_ref() {
            let issue = issue?;
            let Some(index) = counting.rule(&issue) else {
                continue;
            };
            if let Some(letters) = issue.column.as_ref().filter(|letters| letters.len() <= 3) {
                let columns = self.columns.entry(issue.sheet.clone()).or_default();
                *columns.entry(letters.clone()).or_default() += 1;
            }
            let rule = &mut self.rules[index];
            let repeated = counting.repeated(index, &issue);
            if let Some(&line) = repeated.and_then(|key| lines.get(&key)) {
                rule.lines[line].add(&issue);
            } else if (rule.lines.len() as u64) < rule.allotted {
                lines.extend(repeated.map(|key| (key, rule.lines.len())));
                rule.lines.push(IssueGroup::new(issue));
            }
        }
        Ok(())
    }
}

impl RuleIssues {
    fn new(issue: &Issue) -> Self {
        Self {
            severity: issue.severity,
            name: issue.rule.clone(),
            whose: issue.whose().to_owned(),
            message: Some(issue.message.clone()),
            count: 0,
            needed: 0,
            allotted: 0,
            lines: Vec::new(),
        }
    }

    fn order(&self) -> (Severity, Reverse<u64>, &str, &str) {
        (self.severity, Reverse(self.count), &self.whose, &self.name)
    }

    /// Returns the number of issues that the lines show.
    pub fn shown(&self) -> u64 {
        self.lines.iter().map(|line| line.same).sum()
    }
}

impl IssueGroup {
    fn new(mut issue: Issue) -> Self {
        let place = issue.place();
        let value = issue.value.as_deref().unwrap_or_default();
        let letters = value.chars().count();
        for text in [&mut issue.value, &mut issue.written, &mut issue.key] {
            *text = text.take().map(|text| beginning(&text, VALUE + 1));
        }
        issue.message = beginning(&issue.message, 300);
        Self {
            letters,
            same: 1,
            places: vec![place.clone()],
            last: place,
            issue,
        }
    }

    fn add(&mut self, issue: &Issue) {
        self.same += 1;
        self.last = issue.place();
        if self.places.len() < NAMED {
            self.places.push(self.last.clone());
        }
    }
}

/// Returns the first `most` characters of a text.
fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
