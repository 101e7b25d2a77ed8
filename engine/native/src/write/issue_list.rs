//! The issues of a run: one list, from which the file, the sheet and the events are made.
//!
//! Each line of the file is a JSON object with these [keys](FACTS), in this order.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::issues::{
    CELL, COLUMN, FACTS, FIELD, IssueTable, KEY, LABEL, LINE_FACTS, MESSAGE, NONE, OUTPUT,
    OUTPUT_SHEET, ROW, RULE, SEVERITY, SHEET, VALUE, WRITTEN, is_number,
};
use super::list_sheet::{LEFT_EMPTY, ListSheetContent, Role};
use crate::account::issues::{IssueTotals, RuleCount, SCHEMA_VERSION, SeverityCounts};
use crate::account::severity::Severity;
use crate::cells::parts::share_tasks;

/// The maximum numbers for events: ranges of one rule on one sheet, ranges in total, and rules.
const RANGES_OF_ONE: usize = 200;
const RANGES: usize = 5_000;
const RULES: usize = 2_000;
/// If more than nine tenths of a table's rows break a rule, the sheet lists this many issues, and the rest in one line.
const MAX_LINES_OF_WHOLE: usize = 100;
/// The number of lines that threads render before these are written. Rendering all lines at once could take gigabytes.
const MAX_LINES_AT_ONCE: usize = 16 * LINES_OF_A_PART;
const LINES_OF_A_PART: usize = 2_048;
/// The rule in place of a name that a hook made up and that is in no code.
const OF_HOOK: &str = "<hook>";

/// A line: the index of its part in the list, and its index among the issues of the part.
type IssueLineId = (u32, u32);

/// The issues of one table, or issues that belong to no table, as a part of a list.
pub struct IssueListPart {
    pub issues: Arc<IssueTable>,
    /// The number of rows of the table; 0 if the part is no table.
    pub height: usize,
    /// True if the issues' cells are still at the same position in the output.
    pub stands: bool,
    /// The title of the output sheet, if it has changed.
    pub title: Option<String>,
}

/// The list of the issues of a run.
pub struct IssueList {
    parts: Vec<IssueListPart>,
    pub lines: Vec<IssueLineId>,
}

/// The key of issues with the same table, column and rule.
type Group = (u32, u32, u32);

impl IssueList {
    /// Sorts the lines by sheet, in the given order, then by the position of the sender's cells.
    pub fn new(parts: Vec<IssueListPart>) -> Self {
        let lines = parts.iter().zip(0..).flat_map(|(part, number)| {
            let lines = part.issues.lines();
            lines.map(move |at| (number, at as u32))
        });
        let mut lines: Vec<IssueLineId> = lines.collect();
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

    fn fact(&self, (part, at): IssueLineId, fact: usize) -> u32 {
        self.parts[part as usize].issues.fact(at as usize, fact)
    }

    /// Returns a text fact of a line, except its cells.
    fn text(&self, (part, at): IssueLineId, fact: usize) -> Option<&str> {
        let part = &self.parts[part as usize];
        match fact {
            OUTPUT_SHEET if !part.stands => None,
            OUTPUT_SHEET if part.title.is_some() => part.title.as_deref(),
            _ => part.issues.text(at as usize, fact),
        }
    }

    /// Returns a text fact of a line.
    pub fn shown(&self, line: IssueLineId, fact: usize) -> Option<Cow<'_, str>> {
        let (part, at) = (&self.parts[line.0 as usize], line.1 as usize);
        match fact {
            CELL => part.issues.cell(at).map(Cow::from),
            OUTPUT if part.stands => part.issues.output(at).map(Cow::from),
            OUTPUT => None,
            _ => self.text(line, fact).map(Cow::from),
        }
    }

    /// Returns a number fact of a line.
    pub fn number(&self, line: IssueLineId, fact: usize) -> Option<u32> {
        Some(self.fact(line, fact)).filter(|number| *number != NONE)
    }

    /// Returns the letters of a line's column as a sort key: `Z` comes before `AA`.
    fn column(&self, line: IssueLineId) -> Option<(usize, &str)> {
        self.text(line, COLUMN).map(|text| (text.len(), text))
    }

    fn group(&self, line: IssueLineId) -> Group {
        (line.0, self.fact(line, COLUMN), self.fact(line, RULE))
    }

    /// Returns the number of issues of each rule that more than nine tenths of the rows of its table break.
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

    /// Returns the totals of the list. The file has the first `most` issues.
    pub fn totals(&self, most: usize, rows_with_errors: u64, rows_quarantined: u64) -> IssueTotals {
        let of = |severity: Severity| self.count_of(severity.word()) as u64;
        IssueTotals {
            schema_version: SCHEMA_VERSION,
            count: self.lines.len().min(most) as u64,
            unlisted: self.lines.len().saturating_sub(most) as u64,
            rows_with_errors,
            rows_quarantined,
            by_severity: SeverityCounts {
                error: of(Severity::Error),
                warning: of(Severity::Warning),
                info: of(Severity::Info),
            },
        }
    }

    /// Returns the number of lines with this severity.
    pub fn count_of(&self, severity: &str) -> usize {
        let counts = self.parts.iter().map(|part| part.issues.count_of(severity));
        counts.sum()
    }

    /// Writes the first `most` lines, each as a JSON object.
    ///
    /// # Errors
    /// If they cannot be written.
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

    fn render(&self, keys: &[String], lines: &[IssueLineId]) -> Vec<u8> {
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

    /// Returns the sheet with the first `most` lines, each linked to its cell in the output. Columns without values are left
    /// out. If nearly a whole column breaks a rule, the sheet lists the first cells and the number of the others.
    pub fn sheet(&self, title: &str, counts: &str, most: usize) -> ListSheetContent {
        let whole = self.whole();
        let mut seen: HashMap<Group, usize> = HashMap::default();
        // Each line, with the number of issues that it stands for, or 0 for a single issue.
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
        let lines: Vec<(IssueLineId, usize)> = listed.take(most).collect();
        let place =
            |line: IssueLineId| Some((self.text(line, OUTPUT_SHEET)?, self.shown(line, OUTPUT)?));
        let mut columns = vec![
            ("Sheet", Role::Text, SHEET),
            ("Cell", Role::Link, OUTPUT),
            ("Severity", Role::Severity, SEVERITY),
            ("Field", Role::Text, LABEL),
            ("Original value", Role::Wrapped, VALUE),
            ("Written", Role::Written, WRITTEN),
            ("What is wrong", Role::Wrapped, MESSAGE),
            ("Record", Role::Text, KEY),
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
        let mut list = ListSheetContent::new(title, counts, heads);
        for (number, &(line, others)) in lines.iter().enumerate() {
            let rest = (others > 0).then(|| {
                let message = self.text(line, MESSAGE).unwrap_or_default();
                let rows = self.parts[line.0 as usize].height;
                format!(
                    "{message}: {others} more from here on, in a table of {rows} rows; the list of issues contains all of them"
                )
            });
            for (column, (_, _, key)) in columns.iter().enumerate() {
                let text = self.text(line, *key);
                let cell = place(line).map(|(_, cell)| cell);
                let shown = match *key {
                    MESSAGE if rest.is_some() => rest.as_deref(),
                    VALUE | WRITTEN | KEY if rest.is_some() => None,
                    // Sheet and cell give one position: in this workbook, if it has the value.
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

    /// Returns for each rule on a sheet the number of issues and the ranges of their cells. The result contains no message,
    /// value or key, and only rules and fields that are written in code: `unnamed` are the rules that are in no code, `fields`
    /// the fields that may be named.
    pub fn told(&self, unnamed: &[String], fields: &[String]) -> Vec<RuleCount> {
        let unnamed: HashSet<&str> = unnamed.iter().map(String::as_str).collect();
        let fields: HashSet<&str> = fields.iter().map(String::as_str).collect();
        let mut places: HashMap<[Option<&str>; 4], usize> = HashMap::default();
        let mut known: HashMap<(u32, [u32; 4]), usize> = HashMap::default();
        let mut groups: Vec<([Option<&str>; 4], Vec<IssueLineId>)> = Vec::new();
        for &line in &self.lines {
            let facts = [RULE, FIELD, SEVERITY, SHEET].map(|fact| self.fact(line, fact));
            // Within a table, equal numbers mean equal texts.
            let place = *known.entry((line.0, facts)).or_insert_with(|| {
                let field = self.text(line, FIELD);
                let named = field.filter(|field| fields.contains(field));
                let rule = self.text(line, RULE).filter(|rule| {
                    // A rule can contain the name of a column that a hook made.
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
            let (count, is_placed) = (lines.len(), |line: &IssueLineId| {
                self.shown(*line, CELL).is_some()
            });
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

    /// Returns the position of a cell on its sheet as a sort key, column by column. Unknown positions come last.
    fn place(&self, line: IssueLineId) -> (bool, Option<(usize, &str)>, u32) {
        let column = self.column(line);
        (column.is_none(), column, self.fact(line, ROW))
    }

    /// Returns the cells of lines as ranges down a column, with the number of cells in each.
    fn ranges(&self, mut lines: Vec<IssueLineId>) -> Vec<(String, usize)> {
        lines.sort_by(|line, other| self.place(*line).cmp(&self.place(*other)));
        lines.dedup_by(|line, other| self.place(*line) == self.place(*other));
        let follows = |before: &IssueLineId, after: &IssueLineId| {
            let (before, after) = (self.place(*before), self.place(*after));
            before.1 == after.1 && before.2 != NONE && before.2 + 1 == after.2
        };
        let name = |line: IssueLineId| self.shown(line, CELL).unwrap_or_default();
        let range = |stretch: &[IssueLineId]| match stretch {
            [only] => name(*only).into_owned(),
            _ => format!("{}:{}", name(stretch[0]), name(stretch[stretch.len() - 1])),
        };
        lines
            .chunk_by(follows)
            .map(|stretch| (range(stretch), stretch.len()))
            .collect()
    }
}

/// Writes a JSON string (RFC 8259).
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
