//! A sheet that lists the issues of a workbook: a title, a line of counts, a header, and a line for each issue. The output and
//! the marked copy of a sender's workbook have this sheet.
//!
//! All its cells are text, whatever the text looks like: `=…` stays as it is.

use super::cells::CellWriter;
use super::styles::{CellAppearance, DIM, ERROR, HEAD, HEADER_HEIGHT, INK, SEVERITIES};
use super::text::holdable;
use crate::cells::column_letters::column_name;
use std::borrow::Cow;

/// The row of the header, above the first line.
pub const HEADER_ROW: usize = 4;
/// The maximum number of links in a worksheet (Excel: specifications and limits).
pub const MAX_LINKS: usize = 65_530;
const MIN_COLUMN_CHARS: usize = 8;
const MAX_COLUMN_CHARS: usize = 36;
/// The number of lines that determine the widths.
const MAX_MEASURED_LINES: usize = 10_000;
const TITLE_HEIGHT: &str = " ht=\"22\" customHeight=\"1\"";
/// The text in place of a value that was left empty.
pub const LEFT_EMPTY: &str = "left empty";

const LINK: &str = "2148C0";

/// Indices in the looks of a list.
const PLAIN: usize = 1;
const WRAPPED: usize = 2;
const LINKED: usize = 3;
const QUIET: usize = 4;
const EMPTY: usize = 5;
/// The index of the look of the mildest severity; the other two follow.
const FIRST_SEVERITY: usize = 6;
/// The index of the look of a header.
pub const HEADER_LOOK: usize = 9;
/// The index of the look of the title.
pub const TITLE_LOOK: usize = 10;
/// The index of the look of the line below the title.
pub const COUNTS_LOOK: usize = 11;

/// The content of a column of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Text,
    /// Text that may be long.
    Wrapped,
    /// The name of a cell, as a link to it.
    Link,
    /// The word for a severity.
    Severity,
    /// The value that was written, or [`LEFT_EMPTY`].
    Written,
    /// Text that few readers need.
    Quiet,
}

impl Role {
    /// Returns the index of the look of a cell with this text. `has_link` is true if the line has a link.
    fn look(self, text: &str, has_link: bool) -> usize {
        match self {
            Self::Link if has_link => LINKED,
            Self::Severity => SEVERITIES[1..]
                .iter()
                .position(|severity| severity.word == text)
                .map_or(PLAIN, |place| FIRST_SEVERITY + place),
            Self::Written if text == LEFT_EMPTY => EMPTY,
            Self::Wrapped | Self::Written => WRAPPED,
            Self::Quiet => QUIET,
            Self::Text | Self::Link => PLAIN,
        }
    }
}

/// A column of a list, with all its texts in one string.
struct ListColumn {
    name: String,
    role: Role,
    text: String,
    ends: Vec<usize>,
}

impl ListColumn {
    fn text(&self, line: usize) -> &str {
        let start = line.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[line]]
    }

    /// Returns the width for the header with the filter arrow and for 95 of 100 texts, at most 36. Measures only the first
    /// lines.
    fn width(&self) -> f64 {
        let measured = 0..self.ends.len().min(MAX_MEASURED_LINES);
        let mut lengths: Vec<usize> = measured
            .map(|line| self.text(line).chars().count())
            .collect();
        let most = (lengths.len().saturating_sub(1) as f64 * 0.95) as usize;
        let usual = match lengths.is_empty() {
            true => 0,
            false => *lengths.select_nth_unstable(most).1,
        };
        let width = (self.name.chars().count() + 4).max(usual + 2);
        width.clamp(MIN_COLUMN_CHARS, MAX_COLUMN_CHARS) as f64
    }
}

/// The content of a list sheet.
pub struct ListSheetContent {
    title: String,
    counts: String,
    /// The text between the counts and the header; most lists have none.
    note: String,
    columns: Vec<ListColumn>,
    /// The words for severities and for [`LEFT_EMPTY`] in the language of the list, if they are not the English ones.
    words: Vec<(String, String)>,
    /// The lines with a link, in order, and the targets, such as `'Orders'!D5`.
    places: Vec<(usize, String)>,
    looks: Vec<CellAppearance>,
}

impl ListSheetContent {
    /// Returns an empty list with columns of these names and roles.
    pub fn new(
        title: &str,
        counts: &str,
        columns: impl IntoIterator<Item = (String, Role)>,
    ) -> Self {
        let column = |(name, role): (String, Role)| ListColumn {
            name: holdable(&name).into_owned(),
            role,
            text: String::new(),
            ends: Vec::new(),
        };
        Self {
            title: holdable(title).into_owned(),
            counts: holdable(counts).into_owned(),
            note: String::new(),
            columns: columns.into_iter().map(column).collect(),
            words: Vec::new(),
            places: Vec::new(),
            looks: looks(),
        }
    }

    /// Adds a text to the end of a column. Each line needs a text in each column. Replaces characters that no cell can hold,
    /// because a message may quote some.
    pub fn push(&mut self, column: usize, text: Option<&str>) {
        let column = &mut self.columns[column];
        column.text.push_str(&holdable(text.unwrap_or_default()));
        column.ends.push(column.text.len());
    }

    /// Sets the text between the counts and the header.
    pub fn note(&mut self, note: &str) {
        self.note = holdable(note).into_owned();
    }

    /// Sets the word that the list shows for a severity or for [`LEFT_EMPTY`].
    pub fn say(&mut self, word: &str, shown: String) {
        self.words.push((word.to_owned(), shown));
    }

    /// Sets the target of the link in a line; lines must be in order. Ignores links beyond the maximum of a worksheet.
    pub fn link(&mut self, line: usize, place: String) {
        if self.places.len() < MAX_LINKS {
            self.places.push((line, place));
        }
    }

    /// Returns the cells that are links, and their targets.
    pub fn links(&self) -> Vec<(String, String)> {
        let column = self
            .columns
            .iter()
            .position(|column| column.role == Role::Link);
        let letters = column_name(column.unwrap_or_default());
        let cell = |line: usize| format!("{letters}{}", HEADER_ROW + 1 + line);
        let places = self.places.iter();
        places
            .map(|(line, place)| (cell(*line), place.clone()))
            .collect()
    }

    /// Returns the title and the line below it.
    pub fn above(&self) -> (&str, &str) {
        (&self.title, &self.counts)
    }

    /// Returns the width of each column, in characters.
    pub fn widths(&self) -> Vec<f64> {
        self.columns.iter().map(ListColumn::width).collect()
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Returns the texts of a column.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        let column = &self.columns[column];
        (0..column.ends.len()).map(|line| column.text(line))
    }

    /// Returns the texts of a line that may wrap, with their column numbers.
    pub fn wrapped(&self, line: usize) -> impl Iterator<Item = (usize, &str)> {
        let columns = self.columns.iter().enumerate();
        let wrapped =
            columns.filter(|(_, column)| matches!(column.role, Role::Wrapped | Role::Written));
        wrapped.map(move |(number, column)| (number, column.text(line)))
    }

    /// Returns all looks of the list's cells; the first is that of a plain cell.
    pub fn looks(&self) -> &[CellAppearance] {
        &self.looks
    }

    /// Returns the number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Returns the number of lines.
    pub fn lines(&self) -> usize {
        self.columns.first().map_or(0, |column| column.ends.len())
    }

    /// Returns four bytes for each cell of a column: the number of its look in `numbers`.
    pub fn cell_styles(&self, column: usize, numbers: &[u32]) -> Vec<u8> {
        let looks = (0..self.lines()).map(|line| self.look(column, line));
        looks.flat_map(|look| numbers[look].to_ne_bytes()).collect()
    }

    fn shown(&self, column: usize, line: usize) -> &str {
        let column = &self.columns[column];
        let text = column.text(line);
        let mut words = self.words.iter();
        match column.role {
            Role::Severity | Role::Written => words
                .find(|(word, _)| word == text)
                .map_or(text, |(_, shown)| shown),
            _ => text,
        }
    }

    fn look(&self, column: usize, line: usize) -> usize {
        let column = &self.columns[column];
        let has_link = || {
            self.places
                .binary_search_by_key(&line, |place| place.0)
                .is_ok()
        };
        column
            .role
            .look(column.text(line), column.role == Role::Link && has_link())
    }

    /// Writes the whole list as rows of XML, starting at row 1. `numbers` are the numbers of the looks in the workbook;
    /// `attributes` returns the attributes of a line's row, with a leading space. Calls `pass_on` after each row.
    ///
    /// # Errors
    /// The errors of `pass_on`.
    pub fn write<E>(
        &self,
        cells: &mut CellWriter,
        numbers: &[u32],
        attributes: impl Fn(usize) -> String,
        out: &mut Vec<u8>,
        mut pass_on: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        cells.prepare_letters(self.columns.len().max(1));
        let above = [
            (1, TITLE_HEIGHT, &self.title, TITLE_LOOK),
            (2, "", &self.counts, COUNTS_LOOK),
            (3, "", &self.note, COUNTS_LOOK),
        ];
        for (row, height, text, look) in above {
            if text.is_empty() {
                continue;
            }
            let digits = cells.start_row_with(row, height, out);
            cells.write_as_text(text, 0, &digits, numbers[look], out);
            out.extend_from_slice(b"</row>");
        }
        let digits = cells.start_row_with(HEADER_ROW, HEADER_HEIGHT, out);
        for (place, column) in self.columns.iter().enumerate() {
            cells.write_as_text(&column.name, place, &digits, numbers[HEADER_LOOK], out);
        }
        out.extend_from_slice(b"</row>");
        for line in 0..self.lines() {
            let digits = cells.start_row_with(HEADER_ROW + 1 + line, &attributes(line), out);
            for place in 0..self.columns.len() {
                let look = numbers[self.look(place, line)];
                cells.write_as_text(self.shown(place, line), place, &digits, look, out);
            }
            out.extend_from_slice(b"</row>");
            pass_on(out)?;
        }
        Ok(())
    }
}

/// Returns the looks in the order of their indices.
pub fn looks() -> Vec<CellAppearance> {
    let text = CellAppearance {
        format: Cow::Borrowed("@"),
        ink: Some(INK),
        ..CellAppearance::default()
    };
    let line = CellAppearance {
        thin_below: true,
        is_top: true,
        ..text.clone()
    };
    let wrapped = CellAppearance {
        wraps: true,
        ..line.clone()
    };
    let linked = CellAppearance {
        ink: Some(LINK),
        underlined: true,
        ..line.clone()
    };
    let quiet = CellAppearance {
        ink: Some(DIM),
        ..line.clone()
    };
    let empty = CellAppearance {
        ink: SEVERITIES[usize::from(ERROR)].ink,
        italic: true,
        ..wrapped.clone()
    };
    let severity = |number: usize| CellAppearance {
        bold: true,
        fill: SEVERITIES[number].fill,
        ..line.clone()
    };
    let [info, warning, error] = [1, 2, 3].map(severity);
    let header = CellAppearance {
        bold: true,
        fill: Some(HEAD),
        line_below: true,
        is_centered: true,
        ..text.clone()
    };
    let title = CellAppearance {
        bold: true,
        size: 14,
        ..text.clone()
    };
    let counts = CellAppearance {
        ink: Some(DIM),
        ..text
    };
    vec![
        CellAppearance::default(),
        line,
        wrapped,
        linked,
        quiet,
        empty,
        info,
        warning,
        error,
        header,
        title,
        counts,
    ]
}
