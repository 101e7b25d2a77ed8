//! Reads the texts of rows, and the kinds of values in cells.

use std::ops::{Range, RangeInclusive};

use foldhash::{HashMap, HashSet};

use crate::cells::text_form::as_python;
use crate::cells::white_space::is_python_space;
use crate::cells::{CellTag, Sheet, SheetCell};
use crate::columns::view::ColumnValue;
use crate::fields::looks::profile::Profile;
use crate::fields::looks::rows::{simplify, without_brackets};
use crate::fields::series::{quarter_words, week_words};
use crate::words::data::{LISTS, WordList};

/// The maximum number of characters of a value.
const MAX_VALUE_CHARS: usize = 120;
/// The maximum number of characters of a column's name.
const MAX_NAME_CHARS: usize = 40;
/// The range of numbers that may be years in a header.
pub(super) const YEARS: RangeInclusive<u32> = 1900..=2100;
/// The minimum number of cells of a record; lines of a name and a value have two.
pub const MIN_RECORD_CELLS: usize = 3;
/// The number of rows below a possible header with which it is compared.
pub const MAX_COMPARED_ROWS: usize = 40;

/// Words for parts of a year that are counted. Only English ones may be single letters: others begin numbers of things.
static PERIODS: WordList = WordList::new(|| {
    let words = LISTS.words("parts of a year").into_iter();
    let words = words.chain(quarter_words()).chain(week_words());
    let words = words.filter(|word| word.chars().nth(1).is_some());
    words.chain(["q", "h", "w", "fy"]).collect()
});

/// The words of fields and of headers: each simplified, with its field or itself.
pub type FieldWords = HashMap<String, String>;

/// The kind of a value that no header has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    Email,
    Phone,
    Date,
    Number,
}

impl ValueKind {
    /// Returns the kind of a text, or `None` for words and years.
    fn of_text(text: &str) -> Option<Self> {
        let text = trim(text);
        // Most texts are words.
        let is_words = text.chars().all(|c| c.is_alphabetic() || c == ' ');
        let may_be = text.contains('@') || has_digit(text);
        if is_words || is_year(text) || !may_be || text.chars().count() > MAX_VALUE_CHARS {
            return None;
        }
        let found = Profile::of_patterns(&[ColumnValue::Text(text)]);
        let counts = [
            (found.emails, Self::Email),
            (found.phones, Self::Phone),
            (found.days, Self::Date),
            (found.amounts, Self::Number),
        ];
        let mut known = counts.into_iter().filter(|(count, _)| *count > 0);
        known.next().map(|(_, kind)| kind)
    }
}

fn is_year(text: &str) -> bool {
    let digits = text.strip_suffix(".0").unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.parse().is_ok_and(|year| YEARS.contains(&year))
}

/// Returns whether the text of a cell is a year, a month, or a numbered part of a year.
pub fn is_period(text: &str, is_text: bool) -> bool {
    let text = trim(text).to_lowercase();
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if letters.is_empty() {
        return digits.len() == 4 && digits.parse().is_ok_and(|year| YEARS.contains(&year));
    }
    if !is_text || digits.len() > 4 {
        return false;
    }
    let day = format!("1 {letters} 2024");
    !digits.is_empty() && PERIODS.iter().any(|word| *word == letters)
        || Profile::of_patterns(&[ColumnValue::Text(&day)]).days > 0
}

/// Returns whether a character is a digit, in any script.
pub fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && c.is_numeric()
}

/// Returns whether a text has a digit.
pub fn has_digit(text: &str) -> bool {
    text.chars().any(is_digit)
}

/// Returns whether a text has a letter.
pub fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// Returns whether a text is a number or a day as .csv files write it: digits without letters.
pub fn is_number_or_day(text: &str) -> bool {
    has_digit(text) && !has_letter(text)
}

/// Returns the number in a cell, also if a text has it as .csv files write numbers.
pub fn amount_of(rows: SheetRowView<'_>, cell: SheetCell) -> Option<f64> {
    let text = match cell.tag {
        CellTag::Text => trim(rows.sheet.text(cell.as_text())),
        CellTag::Integer | CellTag::Float | CellTag::BigInteger => {
            return rows.text(cell).parse().ok();
        }
        _ => return None,
    };
    let swap = |c| match c {
        ',' => '.',
        '.' => ',',
        other => other,
    };
    if is_plain_number(text) {
        return text.replace(',', "").parse().ok();
    }
    let swapped: String = text.chars().map(swap).collect();
    if !is_plain_number(&swapped) {
        return None;
    }
    swapped.replace(',', "").parse().ok()
}

/// Returns whether a text is a number as .csv files write it.
pub fn is_plain_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let body = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, "0"));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_grouped = || {
        (1..=3).contains(&first.len())
            && groups
                .clone()
                .all(|group| group.len() == 3 && digits(group))
    };
    digits(fraction) && digits(first) && (!whole.contains(',') || is_grouped())
}

/// Returns the text without white space around it, as Python defines white space.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_python_space)
}

/// The rows of a sheet, with the queries that the passes need.
#[derive(Clone, Copy)]
pub struct SheetRowView<'s> {
    pub sheet: &'s Sheet,
}

impl<'s> SheetRowView<'s> {
    /// Returns whether a row has no value. Rows behind the last row have none.
    pub fn is_empty(self, row: usize) -> bool {
        self.sheet.row_width(row) == 0
    }

    /// Returns the rows of a range that have a value.
    pub fn filled_rows(
        self,
        among: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = usize> + Clone + use<'s> {
        among.filter(move |&row| !self.is_empty(row))
    }

    /// Returns the text of a cell as it is written.
    pub fn untrimmed(self, cell: SheetCell) -> String {
        let mut text = String::new();
        as_python(cell, self.sheet, &mut text);
        text
    }

    /// Returns the text of a cell, without white space around it.
    pub fn text(self, cell: SheetCell) -> String {
        let text = self.untrimmed(cell);
        let trimmed = trim(&text);
        if trimmed.len() == text.len() {
            return text;
        }
        trimmed.to_owned()
    }

    /// Returns the cell in a row and a column.
    #[inline]
    pub fn cell(self, row: usize, column: usize) -> SheetCell {
        self.sheet.cell(row, column)
    }

    /// Returns whether a cell is blank.
    #[inline]
    pub fn is_blank(self, row: usize, column: usize) -> bool {
        self.sheet.is_blank(self.cell(row, column))
    }

    /// Returns the text of a cell as it is, or `None` if its value is no text.
    #[inline]
    pub fn as_text(self, cell: SheetCell) -> Option<&'s str> {
        (cell.tag == CellTag::Text).then(|| self.sheet.text(cell.as_text()))
    }

    /// Returns the text of the cell in a row and a column.
    pub fn text_at(self, row: usize, column: usize) -> String {
        self.text(self.cell(row, column))
    }

    /// Returns the texts of all cells of a row, up to its last value.
    pub fn all_texts(self, row: usize) -> Vec<String> {
        let mut cells = Vec::new();
        self.sheet.read_row(row, &mut cells);
        cells.into_iter().map(|cell| self.text(cell)).collect()
    }

    /// Returns the texts of the filled cells of a row, with their columns. A filled merged text counts once.
    pub fn texts(self, row: usize) -> Vec<(usize, String)> {
        self.texts_within(row, &(0..usize::MAX))
    }

    /// Returns the columns in which a row is not blank.
    pub fn filled(self, row: usize) -> impl Iterator<Item = usize> + use<'s> {
        self.filled_within(row, &(0..usize::MAX))
    }

    /// Returns the same as [`SheetRowView::texts`], within some columns.
    pub fn texts_within(self, row: usize, columns: &Range<usize>) -> Vec<(usize, String)> {
        let mut found: Vec<(usize, String)> = Vec::new();
        let mut known: HashSet<String> = HashSet::default();
        for column in self.filled_within(row, columns) {
            let text = self.text_at(row, column);
            if known.insert(text.clone()) {
                found.push((column, text));
            }
        }
        found
    }

    /// Returns the columns of a range in which a row is not blank.
    pub fn filled_within(
        self,
        row: usize,
        columns: &Range<usize>,
    ) -> impl Iterator<Item = usize> + use<'s> {
        let stop = self.sheet.row_width(row).min(columns.end);
        let is_filled = move |column: &usize| !self.is_blank(row, *column);
        (columns.start..stop).filter(is_filled)
    }

    /// Returns the kind of value in a cell.
    pub fn kind(self, cell: SheetCell) -> Option<ValueKind> {
        match cell.tag {
            CellTag::Empty | CellTag::EmptyText => None,
            CellTag::Boolean => Some(ValueKind::Number),
            CellTag::Date | CellTag::Time | CellTag::DateTime | CellTag::Duration => {
                Some(ValueKind::Date)
            }
            CellTag::Text => ValueKind::of_text(self.sheet.text(cell.as_text())),
            CellTag::Integer | CellTag::Float | CellTag::BigInteger => {
                (!is_year(&self.text(cell))).then_some(ValueKind::Number)
            }
        }
    }

    /// Returns the number of columns in which a row has a value like the rows below, minus the number in which it has a text
    /// above values.
    pub fn likeness_below(self, row: usize) -> isize {
        let mut below: Vec<usize> = Vec::new();
        for other in row + 1..=row + MAX_COMPARED_ROWS {
            if !self.is_empty(other) {
                below.push(other);
            } else if !below.is_empty() {
                // Another table may follow.
                break;
            }
        }
        let mut likeness = 0;
        for column in self.filled(row) {
            let cells = below.iter().map(|&row| self.sheet.cell(row, column));
            let mut kinds = cells
                .filter(|cell| !self.sheet.is_blank(*cell))
                .map(|cell| self.kind(cell));
            let Some(Some(first)) = kinds.next() else {
                continue;
            };
            if kinds.all(|kind| kind == Some(first)) {
                likeness += if self.kind(self.sheet.cell(row, column)) == Some(first) {
                    1
                } else {
                    -1
                };
            }
        }
        likeness
    }

    /// Returns whether a row begins a stretch of rows below a blank one, or does so below a lone title.
    pub fn begins_block(self, row: usize) -> bool {
        if row < 2 || self.is_empty(row + 1) {
            return false;
        }
        self.is_empty(row - 1)
            || row > 2 && self.is_empty(row - 2) && self.texts(row - 1).len() == 1
    }

    /// Returns whether a cell is a text that is short enough for the name of a column.
    pub fn is_name(self, cell: SheetCell) -> bool {
        let text = self.as_text(cell);
        text.is_some_and(|text| text.chars().count() <= MAX_NAME_CHARS)
    }

    /// Returns whether a cell is a text that ends with a colon, as labels do.
    pub fn ends_with_colon(self, cell: SheetCell) -> bool {
        let text = self.as_text(cell);
        text.is_some_and(|text| trim(text).ends_with(':'))
    }

    /// Returns whether the texts of a row may be the names of columns: several, short, all different, without digits, and with
    /// no other cells among them.
    pub fn are_names(self, row: usize) -> bool {
        let filled: Vec<usize> = self.filled(row).collect();
        let is_name = |&column: &usize| {
            let cell = self.sheet.cell(row, column);
            self.is_name(cell) && !has_digit(self.sheet.text(cell.as_text()))
        };
        filled.len() > 1 && filled.iter().all(is_name) && self.texts(row).len() == filled.len()
    }

    /// Returns the number of cells of a column that have exactly this text.
    fn count(self, column: usize, text: &str) -> usize {
        let mut count = 0;
        let rows = self.sheet.facts().rows_emitted;
        self.sheet.visit_column(column, 0, rows, |cell| {
            count += usize::from(self.as_text(cell) == Some(text));
        });
        count
    }

    /// Returns whether a text of a row is a known word, and no other cell of its column has it.
    pub fn has_word_of_its_own(self, row: usize, words: &FieldWords) -> bool {
        let texts = self.texts(row).into_iter();
        let mut known = texts.filter(|(_, text)| words.contains_key(&simplify(text)));
        known.any(|(column, text)| self.count(column, &text) == 1)
    }

    /// Returns the field that a cell names, or the word for headers that it has.
    pub fn field_of(self, cell: SheetCell, words: &FieldWords) -> Option<&String> {
        words.get(&simplify(without_brackets(self.as_text(cell)?)))
    }

    /// Returns the number of fields that some cells name; several words of one field count once.
    pub fn count_fields(self, cells: &[SheetCell], words: &FieldWords) -> usize {
        let fields = cells.iter().filter_map(|&cell| self.field_of(cell, words));
        fields.collect::<HashSet<_>>().len()
    }

    /// Returns the cells of a row that are not blank.
    pub fn cells(self, row: usize) -> Vec<SheetCell> {
        let columns = self.filled(row);
        columns.map(|column| self.sheet.cell(row, column)).collect()
    }

    /// Returns whether a row names columns: by words of two fields, or by periods beside its first cell.
    pub fn names_columns(self, row: usize, words: &FieldWords) -> bool {
        let cells = self.cells(row);
        let beside = cells.get(1..).unwrap_or_default();
        let is_counted = || {
            let mut numbered = (1..).zip(beside);
            numbered.all(|(number, &cell): (usize, _)| self.text(cell) == number.to_string())
        };
        let is_period = |&cell: &SheetCell| is_period(&self.text(cell), cell.tag == CellTag::Text);
        self.count_fields(&cells, words) > 1
            || beside.len() > 1 && (is_counted() || beside.iter().all(is_period))
    }
}
