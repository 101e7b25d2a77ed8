//! The issues of a run: one list, of which its file, its sheet and what events tell are views.
//!
//! A line of the file is a JSON object with the keys of [`Line`], in their order. Texts are kept once: of a hundred thousand lines nearly
//! all say the same.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::sync::Arc;

use super::list_sheet::{List, Role};

/// The most that is told of cells: ranges of one rule on one sheet, ranges of all, and rules.
const RANGES_OF_ONE: usize = 200;
const RANGES: usize = 5_000;
const RULES: usize = 2_000;
/// The rule of issues that a hook names by a word that stands in no code.
const OF_HOOK: &str = "<hook>";
/// What stands in the sheet where a value was left empty.
const LEFT_EMPTY: &str = "left empty";

/// A text of a list; none, or its place among the texts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text(Option<u32>);

/// The texts of a list, each once.
#[derive(Default)]
pub struct Texts {
    known: HashMap<Arc<str>, u32>,
    all: Vec<Arc<str>>,
}

impl Texts {
    /// The place of a text.
    pub fn keep(&mut self, text: &str) -> Text {
        if let Some(place) = self.known.get(text) {
            return Text(Some(*place));
        }
        let place = self.all.len() as u32;
        let kept: Arc<str> = text.into();
        self.all.push(kept.clone());
        self.known.insert(kept, place);
        Text(Some(place))
    }

    /// A text as letters of columns are sorted: `Z` stands before `AA`.
    fn by_length(&self, text: Text) -> Option<(usize, &str)> {
        self.of(text).map(|text| (text.len(), text))
    }

    fn of(&self, text: Text) -> Option<&str> {
        text.0.map(|place| &*self.all[place as usize])
    }
}

/// One issue. Rows and tables count from 1; `value` is what stood in the sender's cell, `written` what was made of it.
#[derive(Debug, Default, Clone, Copy)]
pub struct Line {
    pub sheet: Text,
    pub cell: Text,
    pub severity: Text,
    pub field: Text,
    pub label: Text,
    pub rule: Text,
    pub message: Text,
    pub value: Text,
    pub written: Text,
    pub key: Text,
    pub output: Text,
    pub row: Option<u32>,
    pub column: Text,
    pub output_sheet: Text,
    pub table: Option<u32>,
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
    texts: Texts,
    lines: Vec<Line>,
}

impl IssueList {
    /// Sorts lines: sheet by sheet as they come, in the order of the sender's cells.
    pub fn new(texts: Texts, mut lines: Vec<Line>) -> Self {
        let mut sheets = HashMap::new();
        for line in &lines {
            let next = sheets.len();
            sheets.entry(line.sheet).or_insert(next);
        }
        lines.sort_by_cached_key(|line| {
            (
                sheets[&line.sheet],
                line.row,
                texts.by_length(line.column),
                texts.of(line.rule),
            )
        });
        Self { texts, lines }
    }

    /// How many lines it has.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many lines have this severity.
    pub fn count_of(&self, severity: &str) -> usize {
        let of_severity = |line: &&Line| self.texts.of(line.severity) == Some(severity);
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
            for (number, (key, value)) in self.values(line).into_iter().enumerate() {
                text.push(if number == 0 { b'{' } else { b',' });
                push_string(key, &mut text);
                text.push(b':');
                match value {
                    Value::Text(Some(value)) => push_string(value, &mut text),
                    Value::Number(Some(value)) => {
                        text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
                    }
                    Value::Text(None) | Value::Number(None) => text.extend_from_slice(b"null"),
                }
            }
            text.extend_from_slice(b"}\n");
            out.write_all(&text)?;
        }
        Ok(())
    }

    /// The lines as keys and values, in the order of the keys.
    pub fn records(&self) -> impl Iterator<Item = [(&'static str, Value<'_>); 15]> {
        self.lines.iter().map(|line| self.values(line))
    }

    fn values(&self, line: &Line) -> [(&'static str, Value<'_>); 15] {
        let text = |text| Value::Text(self.texts.of(text));
        [
            ("sheet", text(line.sheet)),
            ("cell", text(line.cell)),
            ("severity", text(line.severity)),
            ("field", text(line.field)),
            ("label", text(line.label)),
            ("rule", text(line.rule)),
            ("message", text(line.message)),
            ("value", text(line.value)),
            ("written", text(line.written)),
            ("key", text(line.key)),
            ("output", text(line.output)),
            ("row", Value::Number(line.row)),
            ("column", text(line.column)),
            ("output_sheet", text(line.output_sheet)),
            ("table", Value::Number(line.table)),
        ]
    }

    /// The sheet of its first `most` lines, each linked to its cell in the output. What no line has is left out.
    pub fn sheet(&self, title: &str, counts: &str, most: usize) -> List {
        let lines = &self.lines[..self.lines.len().min(most)];
        let place = |line: &Line| {
            Some((
                self.texts.of(line.output_sheet)?,
                self.texts.of(line.output)?,
            ))
        };
        type Shown<'a> = Box<dyn Fn(&Line) -> Option<&'a str> + 'a>;
        let of = |get: fn(&Line) -> Text| -> Shown<'_> {
            Box::new(move |line| self.texts.of(get(line)))
        };
        let written = |line: &Line| match self.texts.of(line.written) {
            Some("") => Some(LEFT_EMPTY),
            text => text,
        };
        // Sheet and cell name one place: of this workbook, where the value is in it.
        let sheet = |line: &Line| {
            self.texts
                .of(line.output_sheet)
                .or(self.texts.of(line.sheet))
        };
        let mut columns: Vec<(&str, Role, Shown<'_>)> = vec![
            ("Sheet", Role::Text, Box::new(sheet)),
            (
                "Cell",
                Role::Link,
                Box::new(move |line| Some(place(line)?.1)),
            ),
            ("Severity", Role::Severity, of(|line| line.severity)),
            ("Field", Role::Text, of(|line| line.label)),
            ("Value as it stood", Role::Wrapped, of(|line| line.value)),
            ("Written", Role::Written, Box::new(written)),
            ("What is wrong", Role::Wrapped, of(|line| line.message)),
            ("Whose row", Role::Text, of(|line| line.key)),
            ("Rule", Role::Quiet, of(|line| line.rule)),
        ];
        columns.retain(|(name, _, shown)| {
            !matches!(*name, "Written" | "Whose row")
                || lines.iter().any(|line| shown(line).is_some())
        });
        let heads = columns
            .iter()
            .map(|(name, role, _)| ((*name).to_owned(), *role));
        let mut list = List::new(title, counts, heads);
        for (number, line) in lines.iter().enumerate() {
            for (column, (_, _, shown)) in columns.iter().enumerate() {
                list.push(column, shown(line));
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
            let field = self.texts.of(line.field);
            let known = field.filter(|field| fields.contains(field));
            let rule = self.texts.of(line.rule).filter(|rule| {
                // The name of a column that a hook has made is a rule's, too.
                known == field && !unnamed.contains(rule)
            });
            let severity = self.texts.of(line.severity);
            let group = [
                Some(rule.unwrap_or(OF_HOOK)),
                known,
                severity,
                self.texts.of(line.sheet),
            ];
            let place = *places.entry(group).or_insert_with(|| {
                groups.push((group, Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(line);
        }
        let (mut left, mut all) = (RANGES, Vec::new());
        for ([rule, field, severity, sheet], lines) in groups.into_iter().take(RULES) {
            let (count, is_placed) = (lines.len(), |line: &&Line| line.cell.0.is_some());
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
    fn place<'a>(&'a self, line: &Line) -> (bool, Option<(usize, &'a str)>, bool, Option<u32>) {
        let column = self.texts.by_length(line.column);
        (column.is_none(), column, line.row.is_none(), line.row)
    }

    /// The cells of lines as ranges down a column, and how many cells each has.
    fn ranges(&self, mut lines: Vec<&Line>) -> Vec<(String, usize)> {
        lines.sort_by(|one, other| self.place(one).cmp(&self.place(other)));
        lines.dedup_by_key(|line| (line.column, line.row));
        let follows = |before: &&Line, after: &&Line| {
            before.column == after.column
                && before.row.is_some_and(|row| Some(row + 1) == after.row)
        };
        let name = |line: &Line| self.texts.of(line.cell).unwrap_or_default();
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

/// The value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    Text(Option<&'a str>),
    Number(Option<u32>),
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
