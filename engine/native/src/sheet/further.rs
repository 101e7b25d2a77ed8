//! Recognises further rows of a header in exports and forms: they add to the names above them, but name no column.
//!
//! 1. [`SheetView::free_lone_values`]: a day, a week or a label above the names is no part of them.
//! 2. [`SheetView::take_further_headers`]: the numbers of the columns, ids in braces, questions, types, and the choices of a
//!    question.
//! 3. [`SheetView::choose_names`]: a row that names more fields than all rows joined is the whole header.

use std::ops::Range;

use foldhash::HashSet;

use super::rows::{has_digit, is_digit, is_period, trim};
use super::units::is_unit;
use super::view::MIN_FIELDS;
use super::{HeaderDoubtReason, SheetNotice, SheetRowView, SheetView, Span};
use crate::cells::{CellTag, SheetCell};
use crate::fields::looks::rows::{simplify, without_brackets};
use crate::layout::words::said;
use crate::layout::{RowKind, RowState};
use crate::words::data::{LISTS, WordList};

/// The minimum number of numbered columns, and of names with an id, a question or a type.
const MIN_NUMBERED: usize = 3;
const MIN_SAID: usize = 2;
/// The maximum number of columns that are counted by letters.
const MAX_LETTERS: usize = 26;
/// The number of rows below with which a candidate is compared.
const MAX_ROWS_BELOW: usize = 5;
/// The number of rows below in which a filter shows only one text.
const MAX_FILTERED_ROWS: usize = 100;
/// The minimum number of choices of a question.
const MIN_CHOICES: usize = 2;

/// Words for a week, before its number.
static WEEKS: WordList = WordList::new(|| LISTS.words("weeks"));
/// Names of types, which make a row one of types, and those that may also be names of columns.
static TYPES: WordList = WordList::new(|| LISTS.phrases("types"));
static ALSO_NAMES: WordList = WordList::new(|| LISTS.phrases("types that are names"));
/// Texts of filters that exclude nothing, or allow several values.
static FILTERS: WordList = WordList::new(|| LISTS.phrases("filters"));

impl SheetView<'_> {
    /// Removes from headers a line of one cell that is a day, a week or a label with a colon, and a line with the same
    /// bracketed text in each cell, as filters have: these name no column.
    pub(super) fn free_lone_values(&mut self) {
        for span in &mut self.spans {
            while span.header_rows > 1 && names_nothing(self.rows, span.start) {
                self.kinds[span.start] = RowKind::Title;
                span.start += 1;
                span.header_rows -= 1;
            }
        }
    }

    /// Adds to the headers of tables the rows right below that add to their names.
    pub(super) fn take_further_headers(&mut self) {
        let mut spans = std::mem::take(&mut self.spans);
        for span in spans
            .iter_mut()
            .filter(|span| span.header_rows > 0 && !span.is_guessed)
        {
            for row in span.start + 1..span.data_start() {
                if says_more(self.rows, span, row) {
                    span.leave_unnamed(row, self.rows);
                }
            }
            while span.data_start() < span.stop {
                let row = span.data_start();
                if says_more(self.rows, span, row) {
                    span.leave_unnamed(row, self.rows);
                } else if self.says_what_names_mean(span, row) {
                    // Units belong to their columns.
                    let columns = self.rows.filled_within(row, &span.columns);
                    let others = columns.filter(|&column| !self.is_unit_at(row, column));
                    let others: Vec<(usize, usize)> = others.map(|column| (row, column)).collect();
                    span.unnamed.extend(others);
                } else if !self.take_choices(span, row) {
                    break;
                }
                self.kinds[row] = RowKind::Header;
                span.header_rows += 1;
            }
        }
        self.spans = spans;
    }

    /// Returns whether a row below names repeats their meaning: as technical names in capitals, some of them above values, or
    /// as words, with units above the values and no word that recurs below.
    fn says_what_names_mean(&self, span: &Span, row: usize) -> bool {
        let (rows, sheet) = (self.rows, self.rows.sheet);
        let columns: Vec<usize> = rows.filled_within(row, &span.columns).collect();
        let below = |column: usize| {
            let below = row + 1..span.stop.min(row + 1 + MAX_ROWS_BELOW);
            let cells = below.map(move |row| sheet.cell(row, column));
            cells.filter(|&cell| !sheet.is_blank(cell))
        };
        let stands_above_values = |&&column: &&usize| {
            let mut cells = below(column).peekable();
            cells.peek().is_some() && cells.all(|cell| rows.kind(cell).is_some())
        };
        let is_text = |&column: &usize| sheet.cell(row, column).tag == CellTag::Text;
        let is_value = |&column: &usize| rows.kind(sheet.cell(row, column)).is_some();
        if columns.len() < MIN_NUMBERED
            || !columns.iter().all(is_text)
            || columns.iter().any(is_value)
        {
            return false;
        }
        let above_values: Vec<usize> = columns
            .iter()
            .filter(stands_above_values)
            .copied()
            .collect();
        let text = |column: usize| rows.text_at(row, column);
        let is_technical = |&column: &usize| {
            let text = text(column);
            let is_sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(is_sign)
        };
        let is_of_words = |&column: &usize| {
            let text = text(column);
            !has_digit(&text) && below(column).all(|cell| rows.text(cell) != text)
        };
        above_values.len() >= MIN_SAID && columns.iter().all(is_technical)
            || !above_values.is_empty()
                && above_values
                    .iter()
                    .all(|&column| self.is_unit_at(row, column))
                && !columns.iter().all(|&column| self.is_unit_at(row, column))
                && columns.iter().all(is_of_words)
    }

    /// Returns whether the text of a cell is a unit.
    fn is_unit_at(&self, row: usize, column: usize) -> bool {
        is_unit(&self.rows.text_at(row, column))
    }

    /// Returns whether a row has the choices of a question: the first column is blank, there are texts below cells without a
    /// name, and most of these columns have the same text all the way down. Other cells of the row name nothing.
    fn take_choices(&self, span: &mut Span, row: usize) -> bool {
        let sheet = self.rows.sheet;
        let above = span.data_start() - 1;
        let filled: Vec<usize> = self.rows.filled_within(row, &span.columns).collect();
        // A merged question is above each of its choices.
        let says_as_left = |row: usize, column: usize| {
            let text = |column: usize| self.rows.text_at(row, column);
            column > span.columns.start && text(column) == text(column - 1)
        };
        let is_open = |&column: &usize| {
            span.header()
                .all(|row| self.rows.is_blank(row, column) || says_as_left(row, column))
        };
        let is_text = |&column: &usize| sheet.cell(row, column).tag == CellTag::Text;
        let (open, named): (Vec<usize>, Vec<usize>) =
            filled.iter().partition(|column| is_open(column));
        let Some(&first) = open.first() else {
            return false;
        };
        // The question is above the first of its choices.
        let asked = named.iter().rev().find(|&&column| column < first).copied();
        let choices: Vec<usize> = asked.into_iter().chain(open).collect();
        // Below "Other" are free answers, which differ.
        let says_own =
            |column: &&usize| says_as_all_below(self.rows, row, **column, row + 1..span.stop);
        let own = choices.iter().filter(says_own).count();
        // A record has a value in the first column.
        let begins_later =
            self.rows.filled_within(above, &span.columns).next() < filled.first().copied();
        let are_choices = own >= MIN_CHOICES
            && begins_later
            && own * 2 >= choices.len()
            && filled.iter().all(is_text)
            && !self.rows.is_blank(above, choices[0]);
        if are_choices {
            let beside = named.into_iter().filter(|column| !choices.contains(column));
            span.unnamed.extend(beside.map(|column| (row, column)));
        }
        are_choices
    }

    /// Removes captions above periods from the names, as in pivots: "Year" and "Values" above 2023, a blank cell, 2024.
    pub(super) fn leave_captions(&mut self) {
        let sheet = self.rows.sheet;
        for span in self.spans.iter_mut().filter(|span| span.header_rows > 1) {
            let filled = |row: usize| -> Vec<usize> {
                self.rows.filled_within(row, &span.columns).collect()
            };
            let (captions, below) = (filled(span.start), span.start + 1);
            let is_period = |&&column: &&usize| {
                let cell = sheet.cell(below, column);
                is_period(&self.rows.text(cell), cell.tag == CellTag::Text)
            };
            let named = filled(below);
            let periods: Vec<&usize> = named.iter().filter(is_period).collect();
            let is_caption = match captions[..] {
                [only] => Some(&&only) == periods.first(),
                [first, second] => {
                    Some(&&first) == periods.first()
                        && second == first + 1
                        && !named.contains(&second)
                }
                _ => false,
            };
            if periods.len() > 1 && is_caption && named.len() > captions.len() {
                span.unnamed
                    .extend(captions.iter().map(|&column| (span.start, column)));
            }
        }
    }

    /// Makes one row the whole header if it names more fields than all rows of the header joined.
    pub(super) fn choose_names(&mut self) {
        let mut spans = std::mem::take(&mut self.spans);
        for span in spans.iter_mut().filter(|span| span.header_rows > 1) {
            let Some(row) = self.naming_row(span) else {
                continue;
            };
            let doubtful: Vec<usize> = (row + 1..span.data_start())
                .filter(|below| !span.unnamed.iter().any(|(unnamed, _)| unnamed == below))
                .filter(|&below| self.fields_of(span, below..below + 1) == 0)
                .collect();
            let below = row + 1..span.data_start();
            if doubtful.len() == below.len()
                && !below.is_empty()
                && below
                    .clone()
                    .all(|below| self.goes_on_below(span, row, below))
            {
                span.header_rows = row + 1 - span.start;
                self.kinds[below.clone()].fill(RowKind::Data);
                let looks = self.looks.row(below.start);
                let likely = looks.map_or(0.0, |row| row.likelihoods[RowState::Header as usize]);
                self.told
                    .push(SheetNotice::Below(below, likely, RowKind::Data));
            } else if !doubtful.is_empty() {
                self.told.push(SheetNotice::Doubt(
                    doubtful,
                    HeaderDoubtReason::TextsBelowNames,
                ));
            }
            for other in span.header().filter(|&other| other != row) {
                span.leave_unnamed(other, self.rows);
            }
            self.take_labelled_rows(span, row);
        }
        self.spans = spans;
    }

    /// If the row of names begins with a label such as "Fields:", adds the rows below that have a label there, or only a
    /// remark.
    fn take_labelled_rows(&mut self, span: &mut Span, names: usize) {
        let (rows, columns) = (self.rows, span.columns.clone());
        let Some(label) = rows.filled_within(names, &columns).next() else {
            return;
        };
        let is_label = |row: usize| rows.text_at(row, label).ends_with(':');
        let is_remark = |row: usize| rows.filled_within(row, &columns).eq([label]);
        while is_label(names) && span.data_start() < span.stop {
            let row = span.data_start();
            if is_label(row) && !is_remark(row) {
                self.told.push(SheetNotice::Doubt(
                    vec![row],
                    HeaderDoubtReason::TextsBelowNames,
                ));
            } else if !is_remark(row) {
                break;
            }
            self.kinds[row] = RowKind::Header;
            span.leave_unnamed(row, rows);
            span.header_rows += 1;
        }
    }

    /// Returns whether a row of texts below a row of known names is a record: no text has a word of a header or of the name
    /// above it, and one of them recurs below.
    fn goes_on_below(&self, span: &Span, names: usize, row: usize) -> bool {
        let text = |row: usize, column: usize| self.rows.text_at(row, column);
        let columns: Vec<usize> = self.rows.filled_within(row, &span.columns).collect();
        let is_known = |column: usize| self.words.contains_key(&simplify(&text(names, column)));
        let says_of_name = |&column: &usize| {
            let (name, own) = (simplify(&text(names, column)), simplify(&text(row, column)));
            let mut words = own.split(' ');
            said(&text(row, column)).header
                || words.any(|word| name.split(' ').any(|part| part == word))
        };
        let comes_again = |&column: &usize| {
            let mut below = span.data_start()..span.stop.min(span.data_start() + MAX_FILTERED_ROWS);
            below.any(|below| text(below, column) == text(row, column))
        };
        self.rows.filled_within(names, &span.columns).all(is_known)
            && !columns.iter().any(says_of_name)
            && columns.iter().any(comes_again)
    }

    /// Returns the row of a header that names more fields than all rows joined, and fills all columns in which the others have
    /// texts.
    fn naming_row(&self, span: &Span) -> Option<usize> {
        let header = span.header();
        let fields = |row: usize| self.fields_of(span, row..row + 1);
        // If two rows name as many fields, use the upper one.
        let row = header.clone().rev().max_by_key(|&row| fields(row))?;
        let columns = |row: usize| -> HashSet<usize> {
            self.rows.filled_within(row, &span.columns).collect()
        };
        let named = columns(row);
        let says_no_other = |other: usize| {
            let own = columns(other);
            // A label above several columns fills fewer cells, or repeats in each.
            let are_apart = self.rows.texts_within(other, &span.columns).len() == own.len();
            own.is_subset(&named) && (other > row || own == named && are_apart)
        };
        let joined: HashSet<&String> = named
            .iter()
            .filter_map(|&column| self.words.get(&simplify(&self.joined(span, column))))
            .collect();
        let count = fields(row);
        (count >= MIN_FIELDS
            && count * 2 >= named.len()
            && count > joined.len()
            && header.into_iter().all(says_no_other))
        .then_some(row)
    }

    /// Returns the joined texts of a column's header, without units.
    fn joined(&self, span: &Span, column: usize) -> String {
        let texts = span
            .header()
            .filter(|row| !span.unnamed.contains(&(*row, column)))
            .map(|row| self.rows.text_at(row, column));
        let mut found: Vec<String> = Vec::new();
        for text in texts {
            let bare = without_brackets(&text).to_owned();
            let is_name = || self.words.contains_key(&simplify(&bare)) || !is_unit(&bare);
            if !bare.is_empty() && !found.contains(&bare) && is_name() {
                found.push(bare);
            }
        }
        found.join(" ")
    }
}

impl Span {
    /// Excludes the cells of a header row from the names.
    pub(super) fn leave_unnamed(&mut self, row: usize, rows: SheetRowView<'_>) {
        let filled = rows.filled_within(row, &self.columns);
        self.unnamed.extend(filled.map(|column| (row, column)));
    }
}

/// Returns whether some rows below a cell are filled in its column, and all of these have the cell's text.
fn says_as_all_below(
    rows: SheetRowView<'_>,
    row: usize,
    column: usize,
    below: Range<usize>,
) -> bool {
    let own = rows.text_at(row, column);
    let texts = below.map(|row| rows.text_at(row, column));
    let mut texts = texts.filter(|text| !text.is_empty()).peekable();
    texts.peek().is_some() && texts.all(|text| text == own)
}

/// Returns whether a row shows filters: "(All)" in some cells, and in the others the text of all cells below.
fn is_of_filters(rows: SheetRowView<'_>, span: &Span, row: usize, filled: &[usize]) -> bool {
    let is_open = |&column: &usize| {
        let text = rows.text_at(row, column).to_lowercase();
        let inner = text
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'));
        inner.is_some_and(|inner| FILTERS.contains(&inner))
    };
    let below = row + 1..span.stop.min(row + 1 + MAX_FILTERED_ROWS);
    filled.iter().any(is_open)
        && filled
            .iter()
            .all(|column| is_open(column) || says_as_all_below(rows, row, *column, below.clone()))
}

/// Returns whether a row numbers the columns, or has an id, a question or a type for each of several names above it.
fn says_more(rows: SheetRowView<'_>, span: &Span, row: usize) -> bool {
    let sheet = rows.sheet;
    let filled: Vec<usize> = rows.filled_within(row, &span.columns).collect();
    let texts: Vec<String> = filled
        .iter()
        .map(|&column| rows.text_at(row, column))
        .collect();
    let below = row + 1..span.stop.min(row + 1 + MAX_ROWS_BELOW);
    let cells_below = || {
        let cells = |row: usize| filled.iter().map(move |&column| sheet.cell(row, column));
        below
            .clone()
            .flat_map(cells)
            .filter(|&cell| !sheet.is_blank(cell))
    };
    let is_numbered = || {
        // "6=4x5" is the number of a calculated column.
        let bare = |text: &str| {
            let number = trim(text.split('=').next().unwrap_or_default());
            trim(number.trim_matches(['(', ')', '[', ']'])).to_uppercase()
        };
        let is_counted = (1..)
            .zip(&texts)
            .all(|(number, text): (usize, _)| bare(text) == number.to_string());
        let is_lettered = ('A'..='Z')
            .zip(&texts)
            .all(|(letter, text)| bare(text) == letter.to_string());
        // 1, 2, 3 above numbers are a record, and so are letters above texts only.
        let is_other = || {
            let is_value = |cell: SheetCell| rows.kind(cell).is_some();
            let in_brackets = texts[0].starts_with(['(', '[']);
            cells_below().any(|cell| is_value(cell) == is_lettered) || is_counted && in_brackets
        };
        (is_counted || is_lettered && texts.len() <= MAX_LETTERS)
            && is_other()
            && filled.windows(2).all(|pair| pair[1] <= pair[0] + 2)
    };
    if texts.len() >= MIN_NUMBERED && is_numbered() || is_of_filters(rows, span, row, &filled) {
        return true;
    }
    let is_named = |&column: &usize| (span.start..row).any(|above| !rows.is_blank(above, column));
    // The label of the row itself ends with a colon.
    let labelled = usize::from(texts.first().is_some_and(|text| text.ends_with(':')));
    let said = &texts[labelled..];
    if said.len() < MIN_SAID || !filled.iter().all(is_named) {
        return false;
    }
    let is_id = |text: &String| text.starts_with('{') && text.ends_with('}');
    let asks = |text: &String| text.ends_with(['?', '？', '؟']);
    let are_questions = || {
        // A header of questions has no questions below it.
        said.iter().filter(|text| asks(text)).count() * 2 >= said.len()
            && cells_below().next().is_some()
            && !cells_below().any(|cell| asks(&rows.text(cell)))
    };
    let is_type = |text: &String, known: &[&str]| {
        let name = text.split('(').next().unwrap_or_default();
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',');
        known.contains(&trim(&name.to_lowercase().replace('-', " ")))
    };
    let is_text = |&column: &usize| sheet.cell(row, column).tag == CellTag::Text;
    filled.iter().all(is_text)
        && (said.iter().all(is_id)
            || are_questions()
            || said.iter().any(|text| is_type(text, &TYPES))
                && said
                    .iter()
                    .all(|text| is_type(text, &TYPES) || is_type(text, &ALSO_NAMES)))
}

/// Returns whether a row has a single cell that is a day, a week or a label with a colon, or the same bracketed text, which is
/// no unit, in each cell.
fn names_nothing(rows: SheetRowView<'_>, row: usize) -> bool {
    let cells = rows.cells(row);
    let &[cell] = cells.as_slice() else {
        let texts = rows.texts(row);
        return matches!(texts.as_slice(), [(_, text)] if text.starts_with('(') && text.ends_with(')') && !is_unit(text));
    };
    let text = rows.text(cell);
    let is_moment = matches!(
        cell.tag,
        CellTag::Date | CellTag::Time | CellTag::DateTime | CellTag::Duration
    );
    is_moment || is_week_or_day(&text.to_lowercase()) || text.ends_with(':')
}

/// Returns the lengths of the numbers in a text that is only numbers with dots, slashes or dashes between them; empty for other
/// texts.
fn numbers(text: &str) -> Vec<usize> {
    let parts: Vec<&str> = text.split(['.', '/', '-']).collect();
    let is_number = |part: &&str| !part.is_empty() && part.chars().all(is_digit);
    if !parts.iter().all(is_number) {
        return Vec::new();
    }
    parts.iter().map(|part| part.chars().count()).collect()
}

/// Returns whether a text is a week number, with or without a year, or a day in digits.
fn is_week_or_day(low: &str) -> bool {
    if matches!(numbers(low)[..], [1..=4, 1..=2, 1..=4]) {
        return true;
    }
    let is_numbered = |rest: &str| {
        let rest = rest.strip_prefix(['.', ':']).unwrap_or(rest);
        let bare: String = rest.split_whitespace().collect();
        matches!(numbers(&bare)[..], [1..=6] | [1..=2, 2..=4])
    };
    let mut words = WEEKS.iter();
    words.any(|word| low.strip_prefix(word).is_some_and(is_numbered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_and_days_name_no_column() {
        for text in [
            "week 12",
            "kw 3/2024",
            "wk.12",
            "31.12.2024",
            "2024-05-31",
            "semana 5 - 2024",
        ] {
            assert!(is_week_or_day(text), "{text}");
        }
        for text in [
            "week",
            "week a",
            "weekly 12",
            "12",
            "1.2.3.4",
            "kw 12345678",
        ] {
            assert!(!is_week_or_day(text), "{text}");
        }
    }
}
