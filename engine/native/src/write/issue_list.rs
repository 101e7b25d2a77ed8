//! The issues of a run: one list, of which its file, its sheet and what events tell are views.
//!
//! A line of the file is a JSON object with these [keys](KEYS), in their order. Texts are kept once: of a hundred thousand lines nearly
//! all say the same.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::sync::Arc;

use super::list_sheet::{List, Role};

/// The most that is told of cells: ranges of one rule on one sheet, ranges of all, and rules.
const RANGES_OF_ONE: usize = 200;
const RANGES: usize = 5_000;
const RULES: usize = 2_000;
/// Of a rule that more than nine tenths of a table's rows break, the sheet has so many lines, and one for the others.
const MAX_LINES_OF_WHOLE: usize = 100;
/// The rule of issues that a hook names by a word that stands in no code.
const OF_HOOK: &str = "<hook>";
/// What stands in the sheet where a value was left empty.
const LEFT_EMPTY: &str = "left empty";

/// The keys of a line, in their order.
#[rustfmt::skip]
pub const KEYS: [&str; 15] = [
    "sheet", "cell", "severity", "field", "label", "rule", "message", "value", "written", "key", "output", "row", "column",
    "output_sheet", "table",
];

/// Those of whole numbers; the others are of texts.
pub const NUMBERS: [&str; 2] = ["row", "table"];

/// The places of some of them.
const SHEET: usize = 0;
const CELL: usize = 1;
const SEVERITY: usize = 2;
const FIELD: usize = 3;
const LABEL: usize = 4;
const RULE: usize = 5;
const MESSAGE: usize = 6;
const VALUE: usize = 7;
const WRITTEN: usize = 8;
const KEY: usize = 9;
const OUTPUT: usize = 10;
const ROW: usize = 11;
const COLUMN: usize = 12;
const OUTPUT_SHEET: usize = 13;

/// What stands under a key.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    #[default]
    None,
    Number(u32),
    /// The place of a text among the texts of the list.
    Text(u32),
}

/// One issue: a fact for each key, and the place of its table among those of the list. Rows and tables count from 1; `value` is what stood in
/// the sender's cell, `written` what was made of it.
pub struct Line(pub [Fact; KEYS.len()], pub usize);

impl Line {
    fn group(&self) -> Group {
        (self.1, self.0[COLUMN], self.0[RULE])
    }

    /// Says where its cell stands in the output: on another sheet than was said, or nowhere.
    pub fn move_to(&mut self, sheet: Fact) {
        self.0[OUTPUT_SHEET] = sheet;
        if sheet == Fact::None {
            self.0[OUTPUT] = Fact::None;
        }
    }
}

/// The texts of a list, each once.
#[derive(Default)]
pub struct Texts {
    known: HashMap<Arc<str>, u32>,
    all: Vec<Arc<str>>,
}

impl Texts {
    /// The place of a text.
    pub fn keep(&mut self, text: &str) -> Fact {
        if let Some(place) = self.known.get(text) {
            return Fact::Text(*place);
        }
        let place = self.all.len() as u32;
        let kept: Arc<str> = text.into();
        self.all.push(kept.clone());
        self.known.insert(kept, place);
        Fact::Text(place)
    }

    /// The text of a fact that is one.
    pub fn text(&self, fact: Fact) -> Option<&str> {
        match fact {
            Fact::Text(place) => Some(&self.all[place as usize]),
            _ => None,
        }
    }

    fn of(&self, line: &Line, key: usize) -> Option<&str> {
        self.text(line.0[key])
    }

    /// The letters of a line's column as they are sorted: `Z` stands before `AA`.
    fn column(&self, line: &Line) -> Option<(usize, &str)> {
        self.of(line, COLUMN).map(|text| (text.len(), text))
    }
}

/// How many issues one rule has on a sheet, and where.
pub struct Told<'a> {
    pub rule: Option<&'a str>,
    pub field: Option<&'a str>,
    pub severity: Option<&'a str>,
    pub sheet: Option<&'a str>,
    pub count: usize,
    /// Ranges down a column, such as `D5:D9`.
    pub cells: Vec<String>,
    /// So many lines with a cell are in none of the ranges.
    pub more: usize,
}

/// The list.
pub struct IssueList {
    pub texts: Texts,
    pub lines: Vec<Line>,
    /// How many rows each table has; 0 for what is no table.
    heights: Vec<usize>,
}

/// What the issues of one rule have alike: table, column and rule.
type Group = (usize, Fact, Fact);

impl IssueList {
    /// Sorts lines: sheet by sheet as they come, in the order of the sender's cells.
    pub fn new(texts: Texts, mut lines: Vec<Line>, heights: Vec<usize>) -> Self {
        let mut sheets = HashMap::new();
        for line in &lines {
            let next = sheets.len();
            sheets.entry(line.0[SHEET]).or_insert(next);
        }
        lines.sort_by_cached_key(|line| {
            let (sheet, column) = (sheets[&line.0[SHEET]], texts.column(line));
            (sheet, line.0[ROW], column, texts.of(line, RULE))
        });
        Self {
            texts,
            lines,
            heights,
        }
    }

    /// Returns how many issues each rule has that more than nine tenths of the rows of its table break.
    fn whole(&self) -> HashMap<Group, usize> {
        let mut counts: HashMap<Group, usize> = HashMap::new();
        for line in &self.lines {
            *counts.entry(line.group()).or_default() += 1;
        }
        counts.retain(|(table, ..), count| {
            let rows = self.heights[*table];
            rows > 0 && *count > MAX_LINES_OF_WHOLE && *count * 10 > rows * 9
        });
        counts
    }

    /// How many lines have this severity.
    pub fn count_of(&self, severity: &str) -> usize {
        let of_severity = |line: &&Line| self.texts.of(line, SEVERITY) == Some(severity);
        self.lines.iter().filter(of_severity).count()
    }

    /// Writes the first `most` lines, each as an object of JSON.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, most: usize, out: &mut impl Write) -> io::Result<()> {
        let mut text = Vec::new();
        for line in self.lines.iter().take(most) {
            text.clear();
            for (number, (key, fact)) in KEYS.iter().zip(line.0).enumerate() {
                text.push(if number == 0 { b'{' } else { b',' });
                push_string(key, &mut text);
                text.push(b':');
                match fact {
                    Fact::None => text.extend_from_slice(b"null"),
                    Fact::Number(value) => {
                        text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
                    }
                    Fact::Text(place) => push_string(&self.texts.all[place as usize], &mut text),
                }
            }
            text.extend_from_slice(b"}\n");
            out.write_all(&text)?;
        }
        Ok(())
    }

    /// The sheet of its first `most` lines, each linked to its cell in the output. What no line has is left out. Of what is wrong with a
    /// whole column the first cells are listed, and how many others there are.
    pub fn sheet(&self, title: &str, counts: &str, most: usize) -> List {
        let whole = self.whole();
        let mut seen: HashMap<Group, usize> = HashMap::new();
        // Each line, and how many it stands for where these are not listed.
        let listed = self.lines.iter().filter_map(|line| {
            let Some(&count) = whole.get(&line.group()) else {
                return Some((line, 0));
            };
            let seen = seen.entry(line.group()).or_default();
            *seen += 1;
            match *seen {
                ..=MAX_LINES_OF_WHOLE => Some((line, 0)),
                before if before == MAX_LINES_OF_WHOLE + 1 => {
                    Some((line, count - MAX_LINES_OF_WHOLE))
                }
                _ => None,
            }
        });
        let lines: Vec<(&Line, usize)> = listed.take(most).collect();
        let place = |line: &Line| {
            Some((
                self.texts.of(line, OUTPUT_SHEET)?,
                self.texts.of(line, OUTPUT)?,
            ))
        };
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
            !matches!(*key, WRITTEN | KEY) || lines.any(|(line, _)| line.0[*key] != Fact::None)
        });
        let heads = columns
            .iter()
            .map(|(name, role, _)| ((*name).to_owned(), *role));
        let mut list = List::new(title, counts, heads);
        for (number, (line, others)) in lines.iter().enumerate() {
            let rest = (*others > 0).then(|| {
                let message = self.texts.of(line, MESSAGE).unwrap_or_default();
                let rows = self.heights[line.1];
                format!(
                    "{message}: {others} more from here on, of {rows} rows; the list of issues has all"
                )
            });
            for (column, (_, _, key)) in columns.iter().enumerate() {
                let text = self.texts.of(line, *key);
                let shown = match *key {
                    MESSAGE if rest.is_some() => rest.as_deref(),
                    VALUE | WRITTEN | KEY if rest.is_some() => None,
                    // Sheet and cell name one place: of this workbook, where the value is in it.
                    SHEET => self.texts.of(line, OUTPUT_SHEET).or(text),
                    OUTPUT => place(line).map(|(_, cell)| cell),
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
    pub fn told(&self, unnamed: &[String], fields: &[String]) -> Vec<Told<'_>> {
        let unnamed: HashSet<&str> = unnamed.iter().map(String::as_str).collect();
        let fields: HashSet<&str> = fields.iter().map(String::as_str).collect();
        let mut places = HashMap::new();
        let mut groups: Vec<([Option<&str>; 4], Vec<&Line>)> = Vec::new();
        for line in &self.lines {
            let field = self.texts.of(line, FIELD);
            let known = field.filter(|field| fields.contains(field));
            let rule = self.texts.of(line, RULE).filter(|rule| {
                // The name of a column that a hook has made is a rule's, too.
                known == field && !unnamed.contains(rule)
            });
            let severity = self.texts.of(line, SEVERITY);
            let group = [
                Some(rule.unwrap_or(OF_HOOK)),
                known,
                severity,
                self.texts.of(line, SHEET),
            ];
            let place = *places.entry(group).or_insert_with(|| {
                groups.push((group, Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(line);
        }
        let (mut left, mut all) = (RANGES, Vec::new());
        for ([rule, field, severity, sheet], lines) in groups.into_iter().take(RULES) {
            let (count, is_placed) = (lines.len(), |line: &&Line| line.0[CELL] != Fact::None);
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
            all.push(Told {
                rule,
                field,
                severity,
                sheet,
                count,
                cells,
                more,
            });
        }
        all
    }

    /// Where a cell stands among those of its sheet, column by column. What is not known stands last.
    fn place<'a>(&'a self, line: &Line) -> (bool, Option<(usize, &'a str)>, bool, Fact) {
        let (column, row) = (self.texts.column(line), line.0[ROW]);
        (column.is_none(), column, row == Fact::None, row)
    }

    /// The cells of lines as ranges down a column, and how many cells each has.
    fn ranges(&self, mut lines: Vec<&Line>) -> Vec<(String, usize)> {
        lines.sort_by(|one, other| self.place(one).cmp(&self.place(other)));
        lines.dedup_by_key(|line| (line.0[COLUMN], line.0[ROW]));
        let follows = |before: &&Line, after: &&Line| match (before.0[ROW], after.0[ROW]) {
            (Fact::Number(row), Fact::Number(next)) => {
                row + 1 == next && before.0[COLUMN] == after.0[COLUMN]
            }
            _ => false,
        };
        let name = |line: &Line| self.texts.of(line, CELL).unwrap_or_default();
        let range = |stretch: &[&Line]| match stretch {
            [only] => name(only).to_owned(),
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
