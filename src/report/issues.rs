//! The issues of a run: which lines of the list a report shows, and where.
//!
//! The list is read three times and never held: first what there is of each rule, then the lines that are shown, then what
//! stands in the rows that the grids show.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};

use maud::{Markup, html};

use super::html::{class_of, clipped, code, table, value};
use super::names::Names;
use crate::base::counted::{plural, thousands};
use crate::base::places::{MOST_ROWS, column_named};
use crate::issues::{Issue, List, ListError, Severity};

/// So many lines of a rule are shown.
const LINES_OF_RULE: u64 = 200;
/// So many lines of all rules are shown.
const LINES: u64 = 2_000;
/// A value that breaks the same rule in more cells than this is one line.
const SAME: u64 = 5;
/// So many of these cells are named, and the last.
const NAMED: usize = 8;
/// So many letters of a value are shown.
pub const VALUE: usize = 500;
/// So many rows of a sheet open a window of it.
const WINDOWS: usize = 60;
/// So many rules are told apart.
const RULES: usize = 500;
/// So many issues of the rows that a sheet's grid shows are told in it.
const MARKS: usize = 5_000;

/// The issues of a run, as far as they are shown.
#[derive(Default)]
pub struct Found {
    /// Errors, warnings and infos.
    pub counts: [u64; 3],
    /// The rules, in the order of the list.
    pub rules: Vec<Rule>,
    /// The sender's sheets that have issues.
    pub sheets: BTreeMap<String, OnSheet>,
    /// Issues of rules beyond the first 500.
    pub of_more_rules: u64,
    /// Lines of the list that are no issues.
    pub passed_over: u64,
    /// The places of the lines that are shown.
    listed: HashSet<(String, u64, u64)>,
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
    letters: usize,
    /// How many issues it stands for.
    same: u64,
    /// The places of the first of them.
    places: Vec<String>,
    /// The place of the last.
    last: String,
}

/// What a sheet has.
#[derive(Default)]
pub struct OnSheet {
    /// How many issues.
    pub count: u64,
    /// How many each column has, by its letters.
    pub columns: BTreeMap<String, u64>,
    /// The row of each issue that has one, with the line that stands for it and others, if one does.
    pub rows: Vec<(u64, Option<(usize, usize)>)>,
    /// The rows that open a window.
    pub openings: BTreeSet<u64>,
    /// What stands in the rows that may be shown, by row and column; column 0: the row.
    pub marks: BTreeMap<(u64, u64), Vec<Mark>>,
}

/// An issue in a grid.
#[derive(Clone)]
pub struct Mark {
    /// Its severity.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Whether nothing was written.
    pub is_left_empty: bool,
}

/// Which rule an issue is of, and which line stands for all of its value.
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

/// Row and column of an issue, column 0 where it has none; nothing where it has no row that a sheet can have.
fn position(issue: &Issue) -> Option<(u64, u64)> {
    let row = u64::from(issue.row?);
    let column = issue.cell.as_ref().and(issue.column.as_deref());
    let column = column.map_or(Some(0), column_named)?;
    (1..=MOST_ROWS).contains(&row).then_some((row, column))
}

impl Found {
    /// Reads the list of a run, from its beginning. `rows`: how many rows each sheet has; of those with at most
    /// `whole` rows all may be shown, of others those around issues.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn in_list(
        list: &mut List,
        whole: u64,
        rows: &BTreeMap<String, u64>,
    ) -> Result<Self, ListError> {
        let mut found = Self::default();
        let counting = found.count(list)?;
        found.passed_over = list.passed_over();
        found.allot();
        list.go_to(0)?;
        found.choose(list, &counting)?;
        for sheet in found.sheets.values_mut() {
            sheet.rows.sort_unstable();
        }
        list.go_to(0)?;
        found.mark(list, whole, rows)?;
        Ok(found)
    }

    /// All issues.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The rules, errors first, then by count.
    fn ordered(&self) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = self.rules.iter().collect();
        rules.sort_by(|one, other| one.order().cmp(&other.order()));
        rules
    }

    /// How many there are of a severity.
    pub fn of(&self, severity: Severity) -> u64 {
        self.counts[severity as usize]
    }

    /// The value of a line that stands for several issues.
    pub fn value_of(&self, (rule, line): (usize, usize)) -> Option<&str> {
        self.rules
            .get(rule)?
            .lines
            .get(line)?
            .issue
            .value
            .as_deref()
    }

    /// Whether the list shows an issue of a cell.
    pub fn lists(&self, sheet: &str, row: u64, column: u64) -> bool {
        self.listed.contains(&(sheet.to_owned(), row, column))
    }

    fn count(&mut self, list: &mut List) -> Result<Counting, ListError> {
        let mut counting = Counting {
            rules: HashMap::new(),
            values: HashMap::new(),
        };
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

    /// Chooses the lines, and the rows of each sheet that open a window.
    fn choose(&mut self, list: &mut List, counting: &Counting) -> Result<(), ListError> {
        let mut lines: HashMap<(usize, u64), usize> = HashMap::new();
        for issue in list.by_ref() {
            let issue = issue?;
            let Some(index) = counting.rule(&issue) else {
                continue;
            };
            let rule = &mut self.rules[index];
            let repeated = counting.repeated(index, &issue);
            let position = position(&issue);
            let sheet = self.sheets.entry(issue.sheet.clone()).or_default();
            sheet.count += 1;
            if let Some(letters) = issue.column.as_ref().filter(|letters| letters.len() <= 3) {
                *sheet.columns.entry(letters.clone()).or_default() += 1;
            }
            let known = repeated.and_then(|key| lines.get(&key).copied());
            if let Some((row, _)) = position {
                let line = known.or(repeated.map(|_| rule.lines.len()));
                let is_told = repeated.is_some() && line < Some(rule.allotted as usize);
                let line = line.filter(|_| is_told).map(|line| (index, line));
                sheet.rows.push((row, line));
                let opens = known.is_none() && sheet.openings.len() < WINDOWS;
                if opens {
                    sheet.openings.insert(row);
                }
            }
            if let Some(line) = known {
                rule.lines[line].add(&issue);
            } else if (rule.lines.len() as u64) < rule.allotted {
                if let Some(key) = repeated {
                    lines.insert(key, rule.lines.len());
                }
                if let Some((row, column)) = position {
                    self.listed.insert((issue.sheet.clone(), row, column));
                }
                rule.lines.push(Line::of(issue));
            }
        }
        Ok(())
    }

    /// Keeps what stands in the rows that may be shown.
    fn mark(
        &mut self,
        list: &mut List,
        whole: u64,
        rows: &BTreeMap<String, u64>,
    ) -> Result<(), ListError> {
        for issue in list.by_ref() {
            let issue = issue?;
            let (Some((row, column)), Some(sheet)) =
                (position(&issue), self.sheets.get_mut(&issue.sheet))
            else {
                continue;
            };
            let is_whole = rows.get(&issue.sheet).is_some_and(|&rows| rows <= whole);
            let near = row.saturating_sub(3)..=row.saturating_add(3);
            let is_near = || sheet.openings.range(near).next().is_some();
            if sheet.marks.len() < MARKS && (is_whole || is_near()) {
                let marks = sheet.marks.entry((row, column)).or_default();
                if marks.len() < 10 {
                    marks.push(Mark {
                        severity: issue.severity,
                        message: beginning(&issue.message, 200),
                        is_left_empty: issue.written.as_deref() == Some("")
                            && issue.value.as_deref() != Some(""),
                    });
                }
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

    fn order(&self) -> (Severity, std::cmp::Reverse<u64>, &str, &str) {
        (
            self.severity,
            std::cmp::Reverse(self.count),
            &self.whose,
            &self.name,
        )
    }

    /// How many issues the lines stand for.
    fn shown(&self) -> u64 {
        self.lines.iter().map(|line| line.same).sum()
    }
}

impl Line {
    fn of(mut issue: Issue) -> Self {
        let place = issue.place();
        let letters = issue
            .value
            .as_ref()
            .map_or(0, |value| value.chars().count());
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
pub fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// How the list of issues is shown.
pub struct Shown<'a> {
    /// The names of places.
    pub names: &'a Names,
    /// Whether values are shown.
    pub values: bool,
    /// Whether a cell is shown in a grid.
    pub in_grid: &'a dyn Fn(&str, u64, u64) -> bool,
    /// The name of the list's file.
    pub file: &'a str,
}

/// The list: a group of lines for each rule.
pub fn list(found: &Found, shown: &Shown<'_>) -> Markup {
    let lines = || found.rules.iter().flat_map(|rule| &rule.lines);
    let has_keys = shown.values && lines().any(|line| line.issue.key.is_some());
    let with_keys = has_keys || lines().any(|line| line.same > 1);
    let mut named = HashSet::new();
    let mut columns = vec![("Cell", "")];
    columns.extend(shown.values.then_some(("Value as it stood", "")));
    columns.push(("Written", ""));
    columns.extend(with_keys.then_some((if has_keys { "Whose row" } else { "Cells" }, "")));
    let rows = html! {
        @for rule in found.ordered() {
            tbody {
                tr class="rule" {
                    th colspan=(columns.len()) scope="rowgroup" {
                        span class="n" { (thousands(rule.count)) }
                        (severity(rule.severity))
                        strong { (rule_title(&rule.whose, rule.message.as_deref(), shown.values)) }
                        " "
                        code class="dim" { (clipped(&rule.name, 120)) }
                    }
                }
                @for line in &rule.lines { (row(rule, line, shown, with_keys, &mut named)) }
                @if rule.count > rule.shown() {
                    tr class="more" {
                        td colspan=(columns.len()) { "and " (thousands(rule.count - rule.shown())) " more, in " (code(shown.file)) }
                    }
                }
            }
        }
    };
    html! {
        (table("list issues", "Issues by rule", &columns, &rows))
        @if found.of_more_rules > 0 {
            p class="after" { (plural(found.of_more_rules, "issue")) " of further rules, in " (code(shown.file)) }
        }
        @if found.passed_over > 0 {
            p class="after" { (plural(found.passed_over, "line")) " of the list could not be read as issues." }
        }
    }
}

/// Whose rule it is, and what is wrong: what a check says may quote the value, so it goes with the values.
pub fn rule_title(whose: &str, message: Option<&str>, values: bool) -> Markup {
    html! {
        (clipped(whose, 80))
        @if let Some(message) = message.filter(|_| values) {
            @if !whose.is_empty() { ": " }
            (clipped(message, 200))
        }
    }
}

/// A severity: a shape and a word.
pub fn severity(severity: Severity) -> Markup {
    let word = ["Error", "Warning", "Info"][severity as usize];
    html! { span class={ "sev " (class_of(severity)) } { (word) } }
}

fn row(
    rule: &Rule,
    line: &Line,
    shown: &Shown<'_>,
    with_keys: bool,
    named: &mut HashSet<String>,
) -> Markup {
    let issue = &line.issue;
    let place = position(issue).filter(|(_, column)| *column > 0);
    let place = place.map(|(row, column)| (issue.sheet.as_str(), row, column));
    // Of several issues of a cell the first is where links go.
    let name = place.map(|(sheet, row, column)| shown.names.line(sheet, row, column));
    let name = name.filter(|name| named.insert(name.clone()));
    let in_grid = place.filter(|&(sheet, row, column)| (shown.in_grid)(sheet, row, column));
    let said = value(said(shown, issue));
    html! {
        tr id=[name] {
            td class="at" {
                @if let Some((sheet, row, column)) = in_grid {
                    a class="mono" href={ "#" (shown.names.cell(sheet, row, column)) } { (said) }
                } @else {
                    span class="mono" { (said) }
                }
            }
            @if shown.values {
                td class="v" {
                    @match issue.value.as_deref() {
                        Some("") => span class="dim sans" { "empty" },
                        Some(value) => (clipped_value(value, line.letters)),
                        None => {}
                    }
                }
            }
            td class="got" { (written(rule, issue, shown.values)) }
            @if with_keys {
                td class="key" {
                    @if line.same > 1 { (places(line)) }
                    @else if shown.values { (value(issue.key.as_deref().unwrap_or_default())) }
                }
            }
        }
    }
}

/// The place of an issue as it is said.
fn said(shown: &Shown<'_>, issue: &Issue) -> String {
    let place = issue.place();
    let own = place.strip_prefix(issue.sheet.as_str()).unwrap_or_default();
    shown.names.said(&issue.sheet, own.trim_start_matches('!'))
}

/// The beginning of a value, and how long it is.
pub fn clipped_value(text: &str, letters: usize) -> Markup {
    html! {
        (value(clipped(text, VALUE)))
        @if letters > VALUE { " " span class="dim sans" { "(" (thousands(letters as u64)) " characters)" } }
    }
}

/// What became of the value, and what is wrong where that differs within the rule.
fn written(rule: &Rule, issue: &Issue, values: bool) -> Markup {
    html! {
        @match (issue.written.as_deref(), issue.value.as_deref()) {
            (None, _) => {}
            (Some(""), Some("")) => span class="dim" { "empty" },
            (Some(""), _) => span class="empty" { "left empty" },
            (Some(written), Some(value)) if written == value => "as it is",
            (Some(_), _) if !values => "changed",
            (Some(written), _) => span class="mono" { (value(clipped(written, VALUE))) },
        }
        @if values && rule.message.is_none() { " " span class="why" { (clipped(&issue.message, 200)) } }
    }
}

/// Which cells hold the same value.
fn places(line: &Line) -> Markup {
    let own = |place: &String| match place.strip_prefix(line.issue.sheet.as_str()) {
        Some(cell) => cell.trim_start_matches('!').to_owned(),
        None => place.clone(),
    };
    let places: Vec<String> = line.places.iter().map(own).collect();
    html! {
        (thousands(line.same)) " cells hold the same: " (value(places.join(", ")))
        @if line.same > NAMED as u64 { " … " (value(own(&line.last))) }
    }
}
