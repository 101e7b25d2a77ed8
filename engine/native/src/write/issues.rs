//! The issues of one table, with a column for each fact, because the issues of a table share most of their texts.
//!
//! While the table is read and checked, the messages about its cells are stored one by one. After the last hook, the messages
//! that are still in the table become issues. They then get their positions and their context, fact by fact.

use std::ops::Range;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::styles::{SEVERITIES, WARNING};
use crate::cells::column_letters::column_name;
use crate::columns::view::{ColumnValue, SeriesView};

/// The value in place of a missing number or text.
pub const NONE: u32 = u32::MAX;

/// The facts of an issue: the keys of a line of the list in order, then the number of its row, its row in the table from 0, its
/// column there, and, if the cell is in a merged range that was filled, the first cell of that range in the line of the field.
///
/// A cell's name is made of its column and its row, and the name of an output cell of the letters under `output` and the row in
/// the table. A text under `cell` is a name that is known without them.
#[rustfmt::skip]
pub const FACTS: [&str; 19] = [
    "sheet", "cell", "severity", "field", "label", "rule", "message", "value", "written", "key", "output", "row", "column",
    "output_sheet", "table", "id", "position", "source", "merged",
];
/// The number of facts that are keys of a line.
pub const LINE_FACTS: usize = 15;

/// The indices of the facts.
pub const SHEET: usize = 0;
pub const CELL: usize = 1;
pub const SEVERITY: usize = 2;
pub const FIELD: usize = 3;
pub const LABEL: usize = 4;
pub const RULE: usize = 5;
pub const MESSAGE: usize = 6;
pub const VALUE: usize = 7;
pub const WRITTEN: usize = 8;
pub const KEY: usize = 9;
pub const OUTPUT: usize = 10;
pub const ROW: usize = 11;
pub const COLUMN: usize = 12;
pub const OUTPUT_SHEET: usize = 13;
pub const TABLE: usize = 14;
const ID: usize = 15;
const POSITION: usize = 16;
const SOURCE: usize = 17;
const MERGED: usize = 18;

/// Returns whether a fact is a whole number; the others are texts.
pub fn is_number(fact: usize) -> bool {
    matches!(fact, ROW | TABLE | ID | POSITION)
}

/// A set of texts, each stored once.
#[derive(Clone, Default)]
pub struct IssueTexts {
    known: HashMap<Arc<str>, u32>,
    all: Vec<Arc<str>>,
}

impl IssueTexts {
    /// Stores a text and returns its index.
    pub fn keep(&mut self, text: &str) -> u32 {
        if let Some(place) = self.known.get(text) {
            return *place;
        }
        let place = self.all.len() as u32;
        let kept: Arc<str> = text.into();
        self.all.push(kept.clone());
        self.known.insert(kept, place);
        place
    }

    /// Returns the index of a text if it is stored, and [`NONE`] for no text.
    fn find(&self, text: Option<&str>) -> Option<u32> {
        match text {
            Some(text) => self.known.get(text).copied(),
            None => Some(NONE),
        }
    }

    /// Returns the text at an index, or `None` for [`NONE`].
    pub fn text(&self, place: u32) -> Option<&str> {
        self.all.get(place as usize).map(|text| &**text)
    }
}

/// A message about a cell: the number of its row, the text of its issue column, and the facts for the list: message, rule and
/// severity.
#[derive(Clone, Copy)]
struct CellMessage {
    id: u32,
    text: u32,
    part: [u32; 3],
}

/// The facts of a message for the list: message, rule and severity.
pub type MessageFacts = [String; 3];

/// The issues of a table.
#[derive(Clone, Default)]
pub struct IssueTable {
    pub texts: IssueTexts,
    facts: [Vec<u32>; FACTS.len()],
    /// Marks the lines that repeat another one; empty if there are none.
    is_repeat: Vec<bool>,
    /// The output row of the table's header, from 1.
    pub header_row: u32,
    /// The messages of each field.
    said: HashMap<String, Vec<CellMessage>>,
}

impl IssueTable {
    pub fn len(&self) -> usize {
        self.facts[SHEET].len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a fact of an issue: a number, or the index of a text.
    pub fn fact(&self, at: usize, fact: usize) -> u32 {
        self.facts[fact][at]
    }

    /// Returns a text fact of an issue, as it was stored.
    pub fn text(&self, at: usize, fact: usize) -> Option<&str> {
        self.texts.text(self.fact(at, fact))
    }

    /// Returns the column and the row of an issue's cell, or `None` if it has no cell.
    pub fn place(&self, at: usize) -> Option<(&str, u32)> {
        let row = self.fact(at, ROW);
        let column = self.text(at, COLUMN)?;
        (row != NONE).then_some((column, row))
    }

    /// Returns the name of an issue's cell.
    pub fn cell(&self, at: usize) -> Option<String> {
        match self.text(at, CELL) {
            Some(cell) => Some(cell.to_owned()),
            None => self.place(at).map(|(column, row)| named(column, row)),
        }
    }

    /// Returns the name of an issue's cell in the output.
    pub fn output(&self, at: usize) -> Option<String> {
        let column = self.text(at, OUTPUT)?;
        let row = self.fact(at, POSITION) + self.header_row + 1;
        Some(named(column, row))
    }

    /// Returns the lines of the list: the issues that do not repeat another one.
    pub fn lines(&self) -> impl Iterator<Item = usize> + '_ {
        let is_line = |at: &usize| !self.is_repeat.get(*at).is_some_and(|is| *is);
        (0..self.len()).filter(is_line)
    }

    /// Stores the messages of a field's cells. `ids` are the numbers of the rows, `texts` the texts that contain the messages.
    /// `tell` returns the facts of a message for the list, and is called once for each message.
    ///
    /// # Errors
    /// The errors of `tell`.
    pub fn keep<E>(
        &mut self,
        field: &str,
        ids: &SeriesView<'_>,
        texts: &SeriesView<'_>,
        messages: &SeriesView<'_>,
        mut tell: impl FnMut(&str) -> Result<MessageFacts, E>,
    ) -> Result<(), E> {
        let mut told: HashMap<&str, [u32; 3]> = HashMap::default();
        let known = self.said.entry(field.to_owned()).or_default();
        for (row, message) in messages.values().enumerate() {
            let (ColumnValue::Text(message), ColumnValue::Text(text)) = (message, texts.value(row))
            else {
                continue;
            };
            let part = match told.get(message) {
                Some(part) => *part,
                None => {
                    let part = tell(message)?.map(|text| self.texts.keep(&text));
                    told.insert(message, part);
                    part
                }
            };
            let (id, text) = (number(ids.value(row)), self.texts.keep(text));
            known.push(CellMessage { id, text, part });
        }
        Ok(())
    }

    /// Stores messages that were appended to those of a field's cells: `before` are the old texts, `texts` the new ones.
    pub fn join(
        &mut self,
        field: &str,
        ids: &SeriesView<'_>,
        [before, texts, messages]: [&SeriesView<'_>; 3],
        [rule, severity]: [&str; 2],
    ) {
        let mut cells = Vec::new();
        let (mut former, mut joined) = (Vec::new(), Vec::new());
        for (row, message) in messages.values().enumerate() {
            let (ColumnValue::Text(message), ColumnValue::Text(text)) = (message, texts.value(row))
            else {
                continue;
            };
            let (id, text) = (number(ids.value(row)), self.texts.keep(text));
            if let ColumnValue::Text(before) = before.value(row) {
                cells.push((id, self.texts.keep(before)));
                former.push((id, text));
            }
            let part = [message, rule, severity].map(|text| self.texts.keep(text));
            joined.push(CellMessage { id, text, part });
        }
        // The messages of an old text are also in the new one.
        let mut known = self.said.remove(field).unwrap_or_default();
        let parts = self.parts(field, &cells, &known).into_iter();
        let former = parts.map(|(at, part)| {
            let (id, text) = former[at];
            CellMessage { id, text, part }
        });
        let former: Vec<CellMessage> = former.collect();
        known.splice(0..0, former);
        known.extend(joined);
        self.said.insert(field.to_owned(), known);
    }

    /// Turns the texts in the issue column of a field into issues, and drops the stored messages of the field. A text without a
    /// stored message comes from a hook.
    pub fn list(&mut self, field: &str, ids: &SeriesView<'_>, texts: &SeriesView<'_>) {
        let (mut cells, mut rows) = (Vec::new(), Vec::new());
        for (row, text) in texts.values().enumerate() {
            if let ColumnValue::Text(text) = text {
                cells.push((number(ids.value(row)), self.texts.keep(text)));
                rows.push(row as u32);
            }
        }
        let name = match field {
            "" => NONE,
            _ => self.texts.keep(field),
        };
        let known = self.said.remove(field).unwrap_or_default();
        let parts = self.parts(field, &cells, &known);
        drop(known);
        for facts in &mut self.facts {
            facts.reserve(parts.len());
        }
        for (cell, part) in parts {
            let at = self.add(part, name);
            self.facts[ID][at] = cells[cell].0;
            self.facts[POSITION][at] = rows[cell];
        }
    }

    /// Adds an issue without a known row, and returns its index.
    pub fn add(&mut self, [message, rule, severity]: [u32; 3], field: u32) -> usize {
        for facts in &mut self.facts {
            facts.push(NONE);
        }
        let at = self.len() - 1;
        for (fact, text) in [
            (MESSAGE, message),
            (RULE, rule),
            (SEVERITY, severity),
            (FIELD, field),
            (SOURCE, field),
        ] {
            self.facts[fact][at] = text;
        }
        at
    }

    /// Returns the messages in the texts of some cells, each with the index of its cell. Messages are matched by row number and
    /// text, or by text alone if row numbers are missing.
    fn parts(
        &mut self,
        field: &str,
        cells: &[(u32, u32)],
        known: &[CellMessage],
    ) -> Vec<(usize, [u32; 3])> {
        let rule = match field {
            "" => "hook".to_owned(),
            _ => format!("{field}.hook"),
        };
        // The text of a hook has no severity.
        let severity = SEVERITIES[usize::from(WARNING)].word;
        let of_hook = [&*rule, severity].map(|text| self.texts.keep(text));
        let has_ids =
            cells.iter().all(|cell| cell.0 != NONE) && known.iter().all(|said| said.id != NONE);
        let key = |id: u32, text: u32| (if has_ids { id } else { NONE }, text);
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by_key(|&at| key(known[at].id, known[at].text));
        let mut found = Vec::with_capacity(cells.len());
        for (at, &(id, text)) in cells.iter().enumerate() {
            let own = key(id, text);
            let first = order.partition_point(|&at| key(known[at].id, known[at].text) < own);
            let start = found.len();
            for said in order[first..].iter().map(|&at| &known[at]) {
                if key(said.id, said.text) != own {
                    break;
                }
                let is_new = |(_, part): &(usize, [u32; 3])| part[..2] != said.part[..2];
                if found[start..].iter().all(is_new) {
                    found.push((at, said.part));
                }
            }
            if found.len() == start {
                found.push((at, [text, of_hook[0], of_hook[1]]));
            }
        }
        found
    }

    /// Sets a fact of consecutive issues, starting at issue `first`.
    pub fn put(&mut self, fact: usize, first: usize, values: &[u32]) {
        self.facts[fact][first..first + values.len()].copy_from_slice(values);
    }

    /// Sets a fact of the issues of a column of the table, or of all issues, by the rows of the table, which are in ascending
    /// order.
    pub fn put_by_row(&mut self, fact: usize, source: Option<&str>, rows: &[u32], values: &[u32]) {
        let source = source.map(|source| self.texts.find(Some(source)));
        let mut next = 0;
        for at in 0..self.len() {
            if source.is_some_and(|source| source != Some(self.facts[SOURCE][at])) {
                continue;
            }
            // The issues of a column are in the order of its rows, too.
            let row = self.facts[POSITION][at];
            if rows.get(next) != Some(&row) {
                next = rows.partition_point(|other| *other < row);
            }
            if rows.get(next) == Some(&row) {
                self.facts[fact][at] = values[next];
                next += 1;
            }
        }
    }

    /// Sets the rows and the column of the issues from `first` on. `number` is the number of the column in the sheet, from 1.
    /// If the table was turned, so that its rows are columns of the sheet, `turned` is the row above its first line. Returns
    /// the offset of each issue from the first of `rows`. If any issue is outside these rows, sets nothing and returns `None`.
    pub fn put_rows(
        &mut self,
        first: usize,
        number: Option<u32>,
        turned: Option<u32>,
        rows: &Range<u32>,
    ) -> Option<Vec<u32>> {
        let ids = self.facts[ID].get(first..)?.to_vec();
        if !ids.iter().all(|id| rows.contains(id)) {
            return None;
        }
        let line = number.map_or(NONE, |number| number + turned.unwrap_or_default());
        if turned.is_none() {
            let column = number.map_or(NONE, |number| {
                self.texts.keep(&column_name(number as usize - 1))
            });
            self.facts[ROW][first..].copy_from_slice(&ids);
            self.facts[COLUMN][first..].fill(column);
        } else {
            self.facts[ROW][first..].fill(line);
            for (at, id) in (first..).zip(&ids) {
                self.facts[COLUMN][at] = self.texts.keep(&column_name(*id as usize - 1));
            }
        }
        Some(ids.into_iter().map(|id| id - rows.start).collect())
    }

    /// Sets the sheet of the issues, and the number of their table there, from 1.
    pub fn put_table(&mut self, sheet: &str, table: u32) {
        let sheet = self.texts.keep(sheet);
        self.facts[SHEET].fill(sheet);
        self.facts[TABLE].fill(table);
    }

    /// Sets the field and the label of the issues of a column. If the column has no field, the issues get none.
    pub fn name_field(&mut self, source: Option<&str>, label: Option<&str>, is_field: bool) {
        let label = label.map_or(NONE, |label| self.texts.keep(label));
        let source = self.texts.find(source);
        for at in 0..self.len() {
            if source == Some(self.facts[SOURCE][at]) {
                self.facts[LABEL][at] = label;
                if !is_field {
                    self.facts[FIELD][at] = NONE;
                }
            }
        }
    }

    /// Sets the position of the table in the output: its sheet, and the letters of its columns there.
    pub fn place_output(
        &mut self,
        sheet: Option<&str>,
        header_row: u32,
        letters: &[(String, String)],
    ) {
        self.header_row = header_row;
        let sheet = sheet.map_or(NONE, |sheet| self.texts.keep(sheet));
        let mut columns: HashMap<u32, u32> = HashMap::default();
        for (name, column) in letters {
            columns.insert(self.texts.keep(name), self.texts.keep(column));
        }
        for at in 0..self.len() {
            self.facts[OUTPUT_SHEET][at] = sheet;
            let column = columns.get(&self.facts[SOURCE][at]);
            if let Some(column) = column.filter(|_| self.facts[POSITION][at] != NONE) {
                self.facts[OUTPUT][at] = *column;
            }
        }
    }

    /// Finds issues that repeat another one: of a row that a hook duplicated, of a cell that holds several records, and of text
    /// beside the table, which has no cell and an empty text as its name.
    pub fn leave_out_repeats(&mut self) {
        let mut known = HashSet::default();
        self.is_repeat = vec![false; self.len()];
        for at in 0..self.len() {
            let is_beside = self.text(at, CELL) == Some("");
            let field = if is_beside {
                self.facts[FIELD][at]
            } else {
                NONE
            };
            let same = [ROW, COLUMN, RULE, MESSAGE].map(|fact| self.facts[fact][at]);
            if self.facts[ROW][at] != NONE || is_beside {
                self.is_repeat[at] = !known.insert((same, field));
            }
            if is_beside {
                self.facts[CELL][at] = NONE;
            }
        }
        let mut shared: HashMap<[u32; 6], Vec<usize>> = HashMap::default();
        for at in self.lines().filter(|&at| self.facts[MERGED][at] != NONE) {
            let same = [MERGED, SOURCE, RULE, SEVERITY, MESSAGE, VALUE];
            let same = same.map(|fact| self.facts[fact][at]);
            shared.entry(same).or_default().push(at);
        }
        for lines in shared.into_values() {
            let is_first = |at: &usize| self.cell(*at).as_deref() == self.text(*at, MERGED);
            let (first, others): (Vec<usize>, Vec<usize>) =
                lines.iter().partition(|at| is_first(at));
            // If the first cell has no such issue, the others are not repeats.
            if first.is_empty() || lines.len() == 1 {
                continue;
            }
            for at in others {
                self.is_repeat[at] = true;
            }
            for at in first {
                let message = self.text(at, MESSAGE).unwrap_or_default();
                let message = format!("{message} ({} rows share this cell)", lines.len());
                self.facts[MESSAGE][at] = self.texts.keep(&message);
            }
        }
    }

    /// Returns the columns of the table that have issues, in order; with `has_row`, only issues with a known row count.
    pub fn sources(&self, has_row: bool) -> Vec<Option<&str>> {
        let mut found = Vec::new();
        let mut known = HashSet::default();
        for at in 0..self.len() {
            if (!has_row || self.facts[POSITION][at] != NONE)
                && known.insert(self.facts[SOURCE][at])
            {
                found.push(self.text(at, SOURCE));
            }
        }
        found
    }

    /// Returns the rows of the table that have issues, of a column, of a severity, or all.
    pub fn rows(&self, source: Option<&str>, severity: Option<&str>) -> Vec<u32> {
        let wanted = [(SOURCE, source), (SEVERITY, severity)];
        let wanted =
            wanted.map(|(fact, text)| (fact, text.map(|text| self.texts.find(Some(text)))));
        let is_wanted = |at: &usize| {
            let mut wanted = wanted.iter();
            wanted.all(|(fact, text)| text.is_none_or(|text| text == Some(self.facts[*fact][*at])))
        };
        let rows = (0..self.len()).filter(is_wanted);
        let mut rows: Vec<u32> = rows.map(|at| self.facts[POSITION][at]).collect();
        rows.retain(|row| *row != NONE);
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Returns the worst severity in each row for each column that has issues: from 0 for none to 3 for errors.
    pub fn levels(&self, rows: usize) -> Vec<(&str, Vec<u8>)> {
        let mut found: Vec<(&str, Vec<u8>)> = Vec::new();
        let mut places: HashMap<u32, usize> = HashMap::default();
        for at in 0..self.len() {
            let row = self.facts[POSITION][at] as usize;
            if row >= rows {
                continue;
            }
            let place = places.entry(self.facts[SOURCE][at]);
            let place = *place.or_insert_with(|| {
                found.push((self.text(at, SOURCE).unwrap_or_default(), vec![0; rows]));
                found.len() - 1
            });
            let word = self.text(at, SEVERITY).unwrap_or_default();
            let level = SEVERITIES.iter().position(|severity| severity.word == word);
            found[place].1[row] = found[place].1[row].max(level.unwrap_or(0) as u8);
        }
        found
    }

    /// Returns the issues with a message that have a cell and a row, each with its index, its column and its row.
    pub fn with_message(&self, message: &str) -> Vec<(usize, Option<&str>, u32)> {
        let message = self.texts.find(Some(message));
        let is_wanted = |at: &usize| {
            message == Some(self.facts[MESSAGE][*at])
                && self.facts[POSITION][*at] != NONE
                && self.cell(*at).is_some()
        };
        let found = (0..self.len()).filter(is_wanted);
        found
            .map(|at| (at, self.text(at, SOURCE), self.facts[POSITION][at]))
            .collect()
    }

    /// Returns the first cell of an issue's merged range, or its own cell.
    pub fn first_cell(&self, at: usize) -> Option<String> {
        let merged = self.text(at, MERGED).map(str::to_owned);
        merged.or_else(|| self.cell(at))
    }

    /// Returns the number of lines with a severity.
    pub fn count_of(&self, severity: &str) -> usize {
        let severity = self.texts.find(Some(severity));
        let is_of = |at: &usize| severity == Some(self.facts[SEVERITY][*at]);
        self.lines().filter(is_of).count()
    }

    /// Separates the issues of some rows of the table, which are in order, from the other issues. Issues without a row are with
    /// the others.
    pub fn split(&self, rows: &[u32]) -> [Self; 2] {
        let empty = || Self {
            texts: self.texts.clone(),
            ..Self::default()
        };
        let mut halves = [empty(), empty()];
        for at in 0..self.len() {
            let row = self.facts[POSITION][at];
            let above = rows.partition_point(|other| *other < row);
            let is_of = rows.get(above) == Some(&row);
            let half = &mut halves[usize::from(is_of)];
            for (own, facts) in half.facts.iter_mut().zip(&self.facts) {
                own.push(facts[at]);
            }
            if row != NONE {
                let place = if is_of {
                    above as u32
                } else {
                    row - above as u32
                };
                *half.facts[POSITION].last_mut().unwrap_or(&mut 0) = place;
            }
        }
        halves
    }

    /// Adds the issues of a table that is below `above` rows of other tables.
    pub fn append(&mut self, other: &Self, above: u32) {
        let texts: Vec<u32> = other
            .texts
            .all
            .iter()
            .map(|text| self.texts.keep(text))
            .collect();
        for (fact, (own, facts)) in self.facts.iter_mut().zip(&other.facts).enumerate() {
            own.extend(facts.iter().map(|&value| match value {
                NONE => NONE,
                row if fact == POSITION => row + above,
                number if is_number(fact) => number,
                text => texts[text as usize],
            }));
        }
    }
}

/// Returns the name of a cell.
fn named(column: &str, row: u32) -> String {
    let mut name = String::with_capacity(column.len() + 8);
    name.push_str(column);
    name.push_str(itoa::Buffer::new().format(row));
    name
}

/// Returns the number of a row, or [`NONE`] if the value is no row number.
fn number(value: ColumnValue<'_>) -> u32 {
    let number = value.whole().and_then(|number| u32::try_from(number).ok());
    number.unwrap_or(NONE)
}
