//! Finds records whose values are below one another, each beside its label, as in address blocks and on cards: a label that
//! recurs begins the next record. If a label occurs twice in a row, records are also beside one another.

use foldhash::{HashMap, HashSet};

use super::grid::{AreaCell, Cards, SheetGrid};
use super::rows::{FieldWords, SheetRowView, trim};
use super::view::SheetView;
use crate::cells::{CellTag, SheetCell};
use crate::fields::looks::rows::simplify;

/// The maximum number of characters of a label.
const MAX_LABEL_CHARS: usize = 40;
/// The minimum number of labels that name fields.
const MIN_KNOWN_LABELS: usize = 2;
/// The minimum number of records, and the minimum if no setting asks for records in lines.
const MIN_RECORDS: usize = 2;
const MIN_RECORDS_UNASKED: usize = 3;
/// The maximum number of rows above the first line of a form, such as titles.
const MAX_ROWS_ABOVE: usize = 4;

/// The value beside or behind a label.
struct CardEntry {
    /// The simplified text of the label.
    label: String,
    value: AreaCell,
    row: usize,
    column: usize,
}

impl SheetView<'_> {
    /// Finds the records of a sheet if most of its lines are labels with values, and the labels recur. If no setting asks for
    /// this, all lines must be. Returns whether these are the sheet's tables.
    pub(super) fn find_cards(&mut self) -> bool {
        self.cards = self.cards();
        self.cards.is_some()
    }

    fn cards(&self) -> Option<Cards> {
        let is_wanted = self.settings.line_records;
        if !is_wanted && !self.begins_with_label() {
            return None;
        }
        let mut names: Vec<(String, String)> = Vec::new();
        let mut known: HashSet<String> = HashSet::default();
        let mut lines: Vec<Vec<CardEntry>> = Vec::new();
        let mut others = 0;
        for row in 0..self.kinds.len() {
            let mut line = Vec::new();
            for (label, entry) in entries(self.rows, row, self.words) {
                if known.insert(entry.label.clone()) {
                    names.push((entry.label.clone(), label));
                }
                line.push(entry);
            }
            if line.is_empty() {
                let filled = self.rows.filled(row).take(2).count();
                // There may be a title above the first line.
                others += usize::from(filled > 1 || filled > 0 && !lines.is_empty());
                if others > 0 && !is_wanted {
                    return None;
                }
            } else {
                lines.push(line);
            }
        }
        let records = records_of(lines);
        let min = if is_wanted {
            MIN_RECORDS
        } else {
            MIN_RECORDS_UNASKED
        };
        let fields = names
            .iter()
            .filter(|(label, _)| self.words.contains_key(label));
        let values: usize = records.iter().map(HashMap::len).sum();
        if records.len() < min || fields.count() < MIN_KNOWN_LABELS || others * 2 > values {
            return None;
        }
        Some(Cards::new(self.grid, names, &records))
    }

    /// Returns whether the sheet begins with a text that ends with a colon, or with the name of a field and a value beside it.
    fn begins_with_label(&self) -> bool {
        if !self.settings.is_2026 {
            return false;
        }
        let top = (0..self.kinds.len().min(MAX_ROWS_ABOVE)).map(|row| self.rows.cells(row));
        let mut top: Vec<Vec<SheetCell>> = top.filter(|cells| !cells.is_empty()).collect();
        let line = top.iter().position(|cells| cells.len() > 1);
        let Some(first) = line.or_else(|| (!top.is_empty()).then_some(0)) else {
            return false;
        };
        let cells = top.swap_remove(first);
        let is_word = |cell: &SheetCell| {
            self.words
                .contains_key(&simplify(&self.rows.untrimmed(*cell)))
        };
        let ends_with_colon = |cell: &SheetCell| self.rows.ends_with_colon(*cell);
        cells[0].tag == CellTag::Text
            && (cells.iter().take(2).any(ends_with_colon)
                || is_word(&cells[0]) && cells.get(1).is_some_and(|cell| !is_word(cell)))
    }
}

impl Cards {
    fn new(
        grid: &SheetGrid,
        names: Vec<(String, String)>,
        records: &[HashMap<String, CardEntry>],
    ) -> Self {
        let (simple, labels): (Vec<String>, Vec<String>) = names.into_iter().unzip();
        let header = labels.iter().cloned().map(AreaCell::Text).collect();
        let row_of = |record: &HashMap<String, CardEntry>| {
            let values = simple
                .iter()
                .map(|label| record.get(label).map(|entry| entry.value.clone()));
            values
                .map(|value| value.unwrap_or(AreaCell::BLANK))
                .collect()
        };
        let rows = std::iter::once(header).chain(records.iter().map(row_of));
        let place = |entry: &CardEntry| (entry.row, entry.column);
        let entries = || records.iter().flat_map(HashMap::values);
        let first_rows = records
            .iter()
            .filter_map(|record| record.values().map(|entry| entry.row).min());
        let first_rows: Vec<usize> = first_rows.collect();
        let cells_of = |label| {
            records
                .iter()
                .map(|record| record.get(label).map(place))
                .collect()
        };
        Self {
            grid: grid.of_rows(rows),
            cells: simple.iter().map(cells_of).collect(),
            rows: first_rows.iter().copied().min().unwrap_or(0)
                ..entries().map(|entry| entry.row + 1).max().unwrap_or(0),
            columns: 0..entries().map(|entry| entry.column + 1).max().unwrap_or(0),
            labels,
            first_rows,
        }
    }
}

/// Joins lines to records. If records are beside one another, each has its labels in a column of its own.
fn records_of(lines: Vec<Vec<CardEntry>>) -> Vec<HashMap<String, CardEntry>> {
    let has_two = |line: &Vec<CardEntry>| {
        let labels: HashSet<&String> = line.iter().map(|entry| &entry.label).collect();
        labels.len() < line.len()
    };
    let are_beside = lines.iter().any(has_two);
    let mut records: Vec<HashMap<String, CardEntry>> = Vec::new();
    let mut open_at: HashMap<usize, usize> = HashMap::default();
    for entry in lines.into_iter().flatten() {
        let column = if are_beside { entry.column } else { 0 };
        let open = open_at.get(&column).copied();
        let open = open
            .filter(|&at| !records[at].contains_key(&entry.label))
            .unwrap_or_else(|| {
                records.push(HashMap::default());
                records.len() - 1
            });
        open_at.insert(column, open);
        records[open].insert(entry.label.clone(), entry);
    }
    records
}

/// Returns the labels of a row as they are written, with their values, or none if the row begins with something else. A label
/// without a value has an empty one.
fn entries(rows: SheetRowView<'_>, row: usize, words: &FieldWords) -> Vec<(String, CardEntry)> {
    let filled: Vec<usize> = rows.filled(row).collect();
    let label_at = |at: usize| {
        let cell = rows.cell(row, *filled.get(at)?);
        label_of(rows.as_text(cell)?, words)
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < filled.len() {
        let Some((label, behind)) = label_at(at) else {
            if at == 0 && filled.len() > 1 && rows.ends_with_colon(rows.cell(row, filled[1])) {
                // The title of a card is beside its first label.
                at += 1;
                continue;
            }
            return found;
        };
        let own = filled[at];
        at += 1;
        let (column, value) = match behind {
            Some(text) => (own, AreaCell::Text(text)),
            None if at < filled.len() && label_at(at).is_none() => {
                at += 1;
                let column = filled[at - 1];
                (column, AreaCell::Cell(rows.cell(row, column)))
            }
            None => (own + 1, AreaCell::BLANK),
        };
        let entry = CardEntry {
            label: simplify(&label),
            value,
            row,
            column,
        };
        found.push((label, entry));
    }
    found
}

/// Returns the label in a text, and the text behind its colon.
fn label_of(text: &str, words: &FieldWords) -> Option<(String, Option<String>)> {
    let text = text.replace('：', ":");
    let (label, behind) = text.split_once(':').unwrap_or((&text, ""));
    let (label, behind) = (trim(label), trim(behind));
    let ends_there = text.contains(':') && behind.is_empty();
    let is_label = label.chars().next().is_some_and(char::is_alphabetic)
        && label.chars().count() <= MAX_LABEL_CHARS
        && (ends_there || words.contains_key(&simplify(label)));
    is_label.then(|| {
        (
            label.to_owned(),
            (!behind.is_empty()).then(|| behind.to_owned()),
        )
    })
}
