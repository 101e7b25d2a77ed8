//! A sheet that lists what is told of a workbook: a title, a line of counts, a header, and a line for each thing told. The output
//! and the painted copy of a sender's workbook have such a list.
//!
//! All its cells are text, whatever their texts look like: `=…` stays what it was.

use super::cells::CellWriter;
use super::styles::{DIM, ERROR, HEAD, HEADER_HEIGHT, INK, Look, SEVERITIES};
use super::text::holdable;
use crate::cells::column_letters::column_name;
use std::borrow::Cow;

/// The row of the header; lines follow.
pub const HEADER_ROW: usize = 4;
/// A worksheet has no more links (Excel: specifications and limits).
pub const MOST_LINKS: usize = 65_530;
const NARROWEST: usize = 8;
const WIDEST: usize = 36;
/// Widths are measured on so many lines.
const MEASURED: usize = 10_000;
const TITLE_HEIGHT: &str = " ht=\"22\" customHeight=\"1\"";
/// What stands where a value was left empty.
pub const LEFT_EMPTY: &str = "left empty";

const LINK: &str = "2148C0";

/// Places in the looks of a list.
const PLAIN: usize = 1;
const WRAPPED: usize = 2;
const LINKED: usize = 3;
const QUIET: usize = 4;
const EMPTY: usize = 5;
/// The looks of the three severities from here, the mildest first.
const FIRST_SEVERITY: usize = 6;
/// The look of a header.
pub const HEADER_LOOK: usize = 9;
/// The look of the title.
pub const TITLE_LOOK: usize = 10;
/// The look of the line below the title.
pub const COUNTS_LOOK: usize = 11;

/// What a column of a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Text,
    /// Text that may be long.
    Wrapped,
    /// The name of a cell, which is a link to it.
    Link,
    /// The word for a severity.
    Severity,
    /// What was written, or that nothing was.
    Written,
    /// What few need.
    Quiet,
}

impl Role {
    /// The look of a cell with this text, as a place in the looks of a list. `has_link`: its line leads somewhere.
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

/// A column of a list: its texts, one behind the other.
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

    /// The larger of the header with room for the filter's arrow, and what 95 of 100 texts need; at most 36. Measured on the first
    /// lines.
    fn width(&self) -> f64 {
        let measured = 0..self.ends.len().min(MEASURED);
        let mut lengths: Vec<usize> = measured
            .map(|line| self.text(line).chars().count())
            .collect();
        let most = (lengths.len().saturating_sub(1) as f64 * 0.95) as usize;
        let usual = match lengths.is_empty() {
            true => 0,
            false => *lengths.select_nth_unstable(most).1,
        };
        let width = (self.name.chars().count() + 4).max(usual + 2);
        width.clamp(NARROWEST, WIDEST) as f64
    }
}

/// A list before it is written.
pub struct List {
    title: String,
    counts: String,
    /// The text between the counts and the header; most lists have none.
    note: String,
    columns: Vec<ListColumn>,
    /// The lines whose cell in the column of links leads somewhere, such as to `'Orders'!D5`, in order.
    places: Vec<(usize, String)>,
    looks: Vec<Look>,
}

impl List {
    /// An empty list with columns of these names and roles.
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
            places: Vec::new(),
            looks: looks(),
        }
    }

    /// Adds a text to the end of a column; each line has one of each column. What no cell can hold is replaced: a message may quote such.
    pub fn push(&mut self, column: usize, text: Option<&str>) {
        let column = &mut self.columns[column];
        column.text.push_str(&holdable(text.unwrap_or_default()));
        column.ends.push(column.text.len());
    }

    /// Says something between the counts and the header.
    pub fn note(&mut self, note: &str) {
        self.note = holdable(note).into_owned();
    }

    /// Says where the link in a line leads; line by line. What is above the number of links that a worksheet may have is left out.
    pub fn link(&mut self, line: usize, place: String) {
        if self.places.len() < MOST_LINKS {
            self.places.push((line, place));
        }
    }

    /// The cells that are links, and where they lead.
    pub fn links(&self) -> Vec<(String, String)> {
        let column = self.columns.iter().position(|one| one.role == Role::Link);
        let letters = column_name(column.unwrap_or_default());
        let cell = |line: usize| format!("{letters}{}", HEADER_ROW + 1 + line);
        let places = self.places.iter();
        places
            .map(|(line, place)| (cell(*line), place.clone()))
            .collect()
    }

    /// The title, and the line below it.
    pub fn above(&self) -> (&str, &str) {
        (&self.title, &self.counts)
    }

    /// The width of each column, in characters.
    pub fn widths(&self) -> Vec<f64> {
        self.columns.iter().map(ListColumn::width).collect()
    }

    /// The names of its columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The texts of a column.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        let column = &self.columns[column];
        (0..column.ends.len()).map(|line| column.text(line))
    }

    /// The texts of a line that may go on in further lines, with their columns.
    pub fn wrapped(&self, line: usize) -> impl Iterator<Item = (usize, &str)> {
        let columns = self.columns.iter().enumerate();
        let wrapped =
            columns.filter(|(_, column)| matches!(column.role, Role::Wrapped | Role::Written));
        wrapped.map(move |(number, column)| (number, column.text(line)))
    }

    /// All looks that its cells have; the first one is that of a plain cell.
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// How many lines it has.
    pub fn lines(&self) -> usize {
        self.columns.first().map_or(0, |column| column.ends.len())
    }

    /// For each cell of a column four bytes: the number that `numbers` has for its look.
    pub fn cell_styles(&self, column: usize, numbers: &[u32]) -> Vec<u8> {
        let looks = (0..self.lines()).map(|line| self.look(column, line));
        looks.flat_map(|look| numbers[look].to_ne_bytes()).collect()
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

    /// Writes the whole list as rows of XML, from row 1 on. `numbers` are those of the looks in the workbook; `attributes` are those of
    /// a line's row, with a space in front; `pass_on` is called after each row.
    ///
    /// # Errors
    /// What `pass_on` fails with.
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
            for (place, column) in self.columns.iter().enumerate() {
                let look = numbers[self.look(place, line)];
                cells.write_as_text(column.text(line), place, &digits, look, out);
            }
            out.extend_from_slice(b"</row>");
            pass_on(out)?;
        }
        Ok(())
    }
}

/// The looks in the order of their places.
pub fn looks() -> Vec<Look> {
    let text = Look {
        format: Cow::Borrowed("@"),
        ink: Some(INK),
        ..Look::default()
    };
    let line = Look {
        thin_below: true,
        is_top: true,
        ..text.clone()
    };
    let wrapped = Look {
        wraps: true,
        ..line.clone()
    };
    let linked = Look {
        ink: Some(LINK),
        underlined: true,
        ..line.clone()
    };
    let quiet = Look {
        ink: Some(DIM),
        ..line.clone()
    };
    let empty = Look {
        ink: SEVERITIES[usize::from(ERROR)].ink,
        italic: true,
        ..wrapped.clone()
    };
    let severity = |number: usize| Look {
        bold: true,
        fill: SEVERITIES[number].fill,
        ..line.clone()
    };
    let [info, warning, error] = [1, 2, 3].map(severity);
    let header = Look {
        bold: true,
        fill: Some(HEAD),
        line_below: true,
        is_centered: true,
        ..text.clone()
    };
    let title = Look {
        bold: true,
        size: 14,
        ..text.clone()
    };
    let counts = Look {
        ink: Some(DIM),
        ..text
    };
    vec![
        Look::default(),
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
