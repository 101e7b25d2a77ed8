//! The issues of a run: one list, of which its file, its sheet and what events tell are views.
//!
//! A line of the file is a JSON object with these [keys](FACTS), in their order.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::issues::{
    CELL, COLUMN, FACTS, FIELD, Issues, KEY, LABEL, LINE_FACTS, MESSAGE, NONE, OUTPUT,
    OUTPUT_SHEET, ROW, RULE, SEVERITY, SHEET, VALUE, WRITTEN, is_number,
};
use super::list_sheet::{LEFT_EMPTY, List, Role};
use crate::account::issues::{BySeverity, IssueTotals, RuleCount, SCHEMA_VERSION};
use crate::account::severity::Severity;
use crate::cells::parts::share_tasks;

/// The most that is told of cells: ranges of one rule on one sheet, ranges of all, and rules.
const RANGES_OF_ONE: usize = 200;
const RANGES: usize = 5_000;
const RULES: usize = 2_000;
/// Of a rule that more than nine tenths of a table's rows break, the sheet has so many lines, and one for the others.
const MAX_LINES_OF_WHOLE: usize = 100;
/// Threads share so many lines of the file, part by part, before these are written: all of them can take gigabytes.
const MAX_LINES_AT_ONCE: usize = 16 * LINES_OF_A_PART;
const LINES_OF_A_PART: usize = 2_048;
/// The rule of issues that a hook names by a word that stands in no code.
const OF_HOOK: &str = "<hook>";

/// A line: the place of its table in the list, and its place among the issues of the table.
type Line = (u32, u32);

/// The issues of a table, or of none, in a list.
pub struct Part {
    pub issues: Arc<Issues>,
    /// How many rows the table has; 0 for what is no table.
    pub height: usize,
    /// Whether the output still has them where they were written.
    pub stands: bool,
    /// The title of their sheet there, where it has changed.
    pub title: Option<String>,
}

/// The list.
pub struct IssueList {
    parts: Vec<Part>,
    pub lines: Vec<Line>,
}

/// What the issues of one rule have alike: table, column and rule.
type Group = (u32, u32, u32);

impl IssueList {
    /// Sorts lines: sheet by sheet as they come, in the order of the sender's cells.
    pub fn new(parts: Vec<Part>) -> Self {
        let lines = parts.iter().zip(0..).flat_map(|(part, number)| {
            let lines = part.issues.lines();
            lines.map(move |at| (number, at as u32))
        });
        let mut lines: Vec<Line> = lines.collect();
        let mut this = Self {
            parts,
            lines: Vec::new(),
        };
        let mut sheets = HashMap::default();
        for line in &lines {
            let next = sheets.len();
            sheets.entry(this.text(*line, SHEET)).or_insert(next);
        }
        lines.sort_by_cached_key(|&line| {
            let (sheet, column) = (sheets[&this.text(line, SHEET)], this.column(line));
            let row = this.fact(line, ROW).wrapping_add(1);
            (sheet, row, column, this.text(line, RULE))
        });
        this.lines = lines;
        this
    }

    fn fact(&self, (part, at): Line, fact: usize) -> u32 {
        self.parts[part as usize].issues.fact(at as usize, fact)
    }

    /// Returns a fact of a line that is a text, but for its cells.
    fn text(&self, (part, at): Line, fact: usize) -> Option<&str> {
        let part = &self.parts[part as usize];
        match fact {
            OUTPUT_SHEET if !part.stands => None,
            OUTPUT_SHEET if part.title.is_some() => part.title.as_deref(),
            _ => part.issues.text(at as usize, fact),
        }
    }

    /// Returns a fact of a line that is a text.
    pub fn shown(&self, line: Line, fact: usize) -> Option<Cow<'_, str>> {
        let (part, at) = (&self.parts[line.0 as usize], line.1 as usize);
        match fact {
            CELL => part.issues.cell(at).map(Cow::from),
            OUTPUT if part.stands => part.issues.output(at).map(Cow::from),
            OUTPUT => None,
            _ => self.text(line, fact).map(Cow::from),
        }
    }

    /// Returns a fact of a line that is a number.
    pub fn number(&self, line: Line, fact: usize) -> Option<u32> {
        Some(self.fact(line, fact)).filter(|number| *number != NONE)
    }

    /// The letters of a line's column as they are sorted: `Z` stands before `AA`.
    fn column(&self, line: Line) -> Option<(usize, &str)> {
        self.text(line, COLUMN).map(|text| (text.len(), text))
    }

    fn group(&self, line: Line) -> Group {
        (line.0, self.fact(line, COLUMN), self.fact(line, RULE))
    }

    /// Returns how many issues each rule has that more than nine tenths of the rows of its table break.
    fn whole(&self) -> HashMap<Group, usize> {
        let mut counts: HashMap<Group, usize> = HashMap::default();
        for line in &self.lines {
            *counts.entry(self.group(*line)).or_default() += 1;
        }
        counts.retain(|(table, ..), count| {
            let rows = self.parts[*table as usize].height;
            rows > 0 && *count > MAX_LINES_OF_WHOLE && *count * 10 > rows * 9
        });
        counts
    }

    /// Returns how many issues there are, of which the file has the first `most`, and how many rows have errors or are quarantined.
    pub fn totals(&self, most: usize, rows_with_errors: u64, rows_quarantined: u64) -> IssueTotals {
        let of = |severity: Severity| self.count_of(severity.word()) as u64;
        IssueTotals {
            schema_version: SCHEMA_VERSION,
            count: self.lines.len().min(most) as u64,
            unlisted: self.lines.len().saturating_sub(most) as u64,
            rows_with_errors,
            rows_quarantined,
            by_severity: BySeverity {
                error: of(Severity::Error),
                warning: of(Severity::Warning),
                info: of(Severity::Info),
            },
        }
    }

    /// How many lines have this severity.
    pub fn count_of(&self, severity: &str) -> usize {
        let counts = self.parts.iter().map(|part| part.issues.count_of(severity));
        counts.sum()
    }

    /// Writes the first `most` lines, each as an object of JSON.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, most: usize, out: &mut impl Write) -> io::Result<()> {
        let keys = FACTS[..LINE_FACTS].iter().enumerate();
        let keys =
            keys.map(|(fact, key)| format!("{}\"{key}\":", if fact == 0 { '{' } else { ',' }));
        let keys: Vec<String> = keys.collect();
        let lines = &self.lines[..self.lines.len().min(most)];
        for lines in lines.chunks(MAX_LINES_AT_ONCE) {
            let facts = lines.len() * keys.len();
            let parts = lines.chunks(LINES_OF_A_PART).collect();
            for text in share_tasks(parts, facts, |lines| self.render(&keys, lines)) {
                out.write_all(&text)?;
            }
        }
        Ok(())
    }

    fn render(&self, keys: &[String], lines: &[Line]) -> Vec<u8> {
        let mut text = Vec::new();
        for &line in lines {
            for (fact, key) in keys.iter().enumerate() {
                text.extend_from_slice(key.as_bytes());
                if is_number(fact)
                    && let Some(number) = self.number(line, fact)
                {
                    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                } else if !is_number(fact)
                    && let Some(shown) = self.shown(line, fact)
                {
                    push_string(&shown, &mut text);
                } else {
                    text.extend_from_slice(b"null");
                }
            }
            text.extend_from_slice(b"}\n");
        }
        text
    }

    /// The sheet of its first `most` lines, each linked to its cell in the output. What no line has is left out. Of what is wrong with a
    /// whole column the first cells are listed, and how many others there are.
    pub fn sheet(&self, title: &str, counts: &str, most: usize) -> List {
        let whole = self.whole();
        let mut seen: HashMap<Group, usize> = HashMap::default();
        // Each line, and how many it stands for where these are not listed.
        let listed = self.lines.iter().filter_map(|&line| {
            let Some(&count) = whole.get(&self.group(line)) else {
                return Some((line, 0));
            };
            let seen = seen.entry(self.group(line)).or_default();
            *seen += 1;
            match *seen {
                ..=MAX_LINES_OF_WHOLE => Some((line, 0)),
                before if before == MAX_LINES_OF_WHOLE + 1 => {
                    Some((line, count - MAX_LINES_OF_WHOLE))
                }
                _ => None,
            }
        });
        let lines: Vec<(Line, usize)> = listed.take(most).collect();
        let place = |line: Line| Some((self.text(line, OUTPUT_SHEET)?, self.shown(line, OUTPUT)?));
        let mut columns = vec![
            ("Sheet", Role::Text, SHEET),
            ("Cell", Role::Link, OUTPUT),
            ("Severity", Role::Severity, SEVERITY),
            ("Field", Role::Text, LABEL),
            ("Value as it stood", Role::Wrapped, VALUE),
            ("Written", Role::Written, WRITTEN),
            ("What is wrong", Role::Wrapped, MESSAGE),
            ("Whose row", Role::Text, KEY),
            ("Rule", Role::Quiet, RULE),
        ];
        columns.retain(|(_, _, key)| {
            let mut lines = lines.iter();
            !matches!(*key, WRITTEN | KEY)
                || lines.any(|(line, _)| self.text(*line, *key).is_some())
        });
        let heads = columns
            .iter()
            .map(|(name, role, _)| ((*name).to_owned(), *role));
        let mut list = List::new(title, counts, heads);
        for (number, &(line, others)) in lines.iter().enumerate() {
            let rest = (others > 0).then(|| {
                let message = self.text(line, MESSAGE).unwrap_or_default();
                let rows = self.parts[line.0 as usize].height;
                format!(
                    "{message}: {others} more from here on, of {rows} rows; the list of issues has all"
                )
            });
            for (column, (_, _, key)) in columns.iter().enumerate() {
                let text = self.text(line, *key);
                let cell = place(line).map(|(_, cell)| cell);
                let shown = match *key {
                    MESSAGE if rest.is_some() => rest.as_deref(),
                    VALUE | WRITTEN | KEY if rest.is_some() => None,
                    // Sheet and cell name one place: of this workbook, where the value is in it.
                    SHEET => self.text(line, OUTPUT_SHEET).or(text),
                    OUTPUT => cell.as_deref(),
                    WRITTEN if text == Some("") => Some(LEFT_EMPTY),
                    _ => text,
                };
                list.push(column, shown);
            }
            if let Some((sheet, cell)) = place(line) {
                list.link(number, format!("'{}'!{cell}", sheet.replace('\'', "''")));
            }
        }
        list
    }

    /// For each rule on a sheet how many issues there are, and the ranges of their cells. No message, value or key goes along, and no
    /// rule or field that is not written in code: `unnamed` are the rules that stand in none, `fields` those that may be named.
    pub fn told(&self, unnamed: &[String], fields: &[String]) -> Vec<RuleCount> {
        let unnamed: HashSet<&str> = unnamed.iter().map(String::as_str).collect();
        let fields: HashSet<&str> = fields.iter().map(String::as_str).collect();
        let mut places: HashMap<[Option<&str>; 4], usize> = HashMap::default();
        let mut known: HashMap<(u32, [u32; 4]), usize> = HashMap::default();
        let mut groups: Vec<([Option<&str>; 4], Vec<Line>)> = Vec::new();
        for &line in &self.lines {
            let facts = [RULE, FIELD, SEVERITY, SHEET].map(|fact| self.fact(line, fact));
            // The texts of a table are the same where their numbers are.
            let place = *known.entry((line.0, facts)).or_insert_with(|| {
                let field = self.text(line, FIELD);
                let named = field.filter(|field| fields.contains(field));
                let rule = self.text(line, RULE).filter(|rule| {
                    // The name of a column that a hook has made is a rule's, too.
                    named == field && !unnamed.contains(rule)
                });
                let group = [
                    rule.or(Some(OF_HOOK)),
                    named,
                    self.text(line, SEVERITY),
                    self.text(line, SHEET),
                ];
                *places.entry(group).or_insert_with(|| {
                    groups.push((group, Vec::new()));
                    groups.len() - 1
                })
            });
            groups[place].1.push(line);
        }
        let (mut left, mut all) = (RANGES, Vec::new());
        for ([rule, field, severity, sheet], lines) in groups.into_iter().take(RULES) {
            let (count, is_placed) = (lines.len(), |line: &Line| self.shown(*line, CELL).is_some());
            let placed: Vec<_> = lines.into_iter().filter(is_placed).collect();
            let (mut more, mut cells) = (placed.len(), Vec::new());
            for (range, count) in self
                .ranges(placed)
                .into_iter()
                .take(RANGES_OF_ONE.min(left))
            {
                left -= 1;
                more -= count;
                cells.push(range);
            }
            all.push(RuleCount {
                rule: rule.unwrap_or_default().to_owned(),
                field: field.map(str::to_owned),
                severity: severity
                    .and_then(Severity::parse)
                    .unwrap_or(Severity::Warning),
                sheet: sheet.unwrap_or_default().to_owned(),
                count: count as u64,
                cells,
                more: more as u64,
            });
        }
        all
    }

    /// Where a cell stands among those of its sheet, column by column. What is not known stands last.
    fn place(&self, line: Line) -> (bool, Option<(usize, &str)>, u32) {
        let column = self.column(line);
        (column.is_none(), column, self.fact(line, ROW))
    }

    /// The cells of lines as ranges down a column, and how many cells each has.
    fn ranges(&self, mut lines: Vec<Line>) -> Vec<(String, usize)> {
        lines.sort_by(|one, other| self.place(*one).cmp(&self.place(*other)));
        lines.dedup_by(|one, other| self.place(*one) == self.place(*other));
        let follows = |before: &Line, after: &Line| {
            let (before, after) = (self.place(*before), self.place(*after));
            before.1 == after.1 && before.2 != NONE && before.2 + 1 == after.2
        };
        let name = |line: Line| self.shown(line, CELL).unwrap_or_default();
        let range = |stretch: &[Line]| match stretch {
            [only] => name(*only).into_owned(),
            _ => format!("{}:{}", name(stretch[0]), name(stretch[stretch.len() - 1])),
        };
        lines
            .chunk_by(follows)
            .map(|stretch| (range(stretch), stretch.len()))
            .collect()
    }
}

/// A string of JSON (RFC 8259).
fn push_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
    {
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    let mut written = 0;
    for (place, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            8 => b'b',
            9 => b't',
            10 => b'n',
            12 => b'f',
            13 => b'r',
            0..32 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[written..place]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(format!("{byte:04x}").as_bytes());
        }
        written = place + 1;
    }
    out.extend_from_slice(&text.as_bytes()[written..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_those_of_json() {
        let mut out = Vec::new();
        push_string(
            "\"\\/\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f} é\u{7f}\u{2028}😀",
            &mut out,
        );
        let wanted = r#""\"\\/\u0000\b\t\n\u000b\f\r\u001f é"#.to_owned() + "\u{7f}\u{2028}😀\"";
        assert_eq!(String::from_utf8(out), Ok(wanted));
    }
}
