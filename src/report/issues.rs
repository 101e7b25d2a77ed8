//! The issues of a run: which lines of their list a report shows, and where.
//!
//! The list is read twice and never held: first what there is of each rule, then the lines that are shown.

use std::cmp::Reverse;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use crate::issues::{Issue, List, ListError, Severity};

/// So many lines of a rule are shown.
const LINES_OF_RULE: u64 = 200;
/// So many lines of all rules are shown.
const LINES: u64 = 2_000;
/// A value that breaks the same rule in more cells than this is one line.
const SAME: u64 = 5;
/// So many of these cells are named, and the last.
pub const NAMED: usize = 8;
/// So many letters of a value are shown.
pub const VALUE: usize = 500;
/// So many rules are told apart.
const RULES: usize = 500;

/// The issues of a run, as far as they are shown.
#[derive(Default)]
pub struct Found {
    /// Errors, warnings and infos.
    pub counts: [u64; 3],
    /// The rules, in the order of the list.
    pub rules: Vec<Rule>,
    /// How many issues each column has, by sheet and letters.
    pub columns: BTreeMap<String, BTreeMap<String, u64>>,
    /// Issues of rules beyond the first 500.
    pub of_more_rules: u64,
    /// Lines of the list that are no issues.
    pub passed_over: u64,
}

/// The issues of a rule.
pub struct Rule {
    /// Their severity.
    pub severity: Severity,
    /// Its name.
    pub name: String,
    /// The field as people know it; of no length where it is of none.
    pub whose: String,
    /// What is wrong, where it is the same of all.
    pub message: Option<String>,
    /// How many issues there are.
    pub count: u64,
    /// How many lines they would take.
    needed: u64,
    /// How many are shown.
    allotted: u64,
    /// What is shown, in the order of the list.
    pub lines: Vec<Line>,
}

/// A line: an issue, or all those of the same value.
pub struct Line {
    /// The first issue. Of its texts only the beginnings are kept.
    pub issue: Issue,
    /// How many letters its value has.
    pub letters: usize,
    /// How many issues it stands for.
    pub same: u64,
    /// The places of the first of them.
    pub places: Vec<String>,
    /// The place of the last.
    pub last: String,
}

/// Which rule an issue is of, and which line stands for all of its value.
#[derive(Default)]
struct Counting {
    rules: HashMap<(Severity, String, String), usize>,
    values: HashMap<(usize, u64), u64>,
}

impl Counting {
    fn rule(&self, issue: &Issue) -> Option<usize> {
        self.rules.get(&key_of(issue)).copied()
    }

    /// The rule and the value, where the value breaks the rule more than five times.
    fn repeated(&self, rule: usize, issue: &Issue) -> Option<(usize, u64)> {
        let key = (rule, hash_of(issue)?);
        (self.values.get(&key)? > &SAME).then_some(key)
    }
}

fn key_of(issue: &Issue) -> (Severity, String, String) {
    (issue.severity, issue.rule.clone(), issue.whose().to_owned())
}

/// What the value and the message are, in a number; nothing where there is no value.
fn hash_of(issue: &Issue) -> Option<u64> {
    let value = issue.value.as_ref()?;
    issue.cell.as_ref()?;
    let mut hasher = DefaultHasher::new();
    (value, &issue.message).hash(&mut hasher);
    Some(hasher.finish())
}

impl Found {
    /// Reads the list of a run, from its beginning.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn in_list(list: &mut List) -> Result<Self, ListError> {
        let mut found = Self::default();
        let counting = found.count(list)?;
        found.passed_over = list.passed_over();
        found.allot();
        list.go_to(0)?;
        found.choose(list, &counting)?;
        Ok(found)
    }

    /// All issues.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The rules, errors first, then by count.
    pub fn ordered(&self) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = self.rules.iter().collect();
        rules.sort_by(|one, other| one.order().cmp(&other.order()));
        rules
    }

    fn count(&mut self, list: &mut List) -> Result<Counting, ListError> {
        let mut counting = Counting::default();
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
                self.rules.push(Rule::of(&issue));
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

    /// Says how many lines each rule has: the worst ones first.
    fn allot(&mut self) {
        let mut order: Vec<&mut Rule> = self.rules.iter_mut().collect();
        order.sort_by(|one, other| one.order().cmp(&other.order()));
        let mut left = LINES;
        for rule in order {
            rule.allotted = rule.needed.min(LINES_OF_RULE).min(left);
            left -= rule.allotted;
        }
    }

    /// Chooses the lines.
    fn choose(&mut self, list: &mut List, counting: &Counting) -> Result<(), ListError> {
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
                rule.lines.push(Line::of(issue));
            }
        }
        Ok(())
    }
}

impl Rule {
    fn of(issue: &Issue) -> Self {
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

    /// How many issues the lines stand for.
    pub fn shown(&self) -> u64 {
        self.lines.iter().map(|line| line.same).sum()
    }
}

impl Line {
    fn of(mut issue: Issue) -> Self {
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

/// The first letters of a text.
fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
