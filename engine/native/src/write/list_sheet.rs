//! A sheet that lists what is told of a workbook: a title, a line of counts, a header, and a line for each thing told.
//!
//! All its cells are text, whatever their texts look like: `=…` stays what it was. Looks and words: those of the list in a
//! painted copy.

use std::borrow::Cow;
use std::sync::Arc;

use super::cells::CellWriter;
use super::severity::{ERROR, SEVERITIES};
use super::styles::Look;
use super::text::{cut, is_illegal};
use crate::columns::frame::Frame;
use crate::columns::view::{ColumnView, Value};

/// The row of the header; lines follow.
pub const HEADER_ROW: usize = 4;
const TITLE_HEIGHT: &str = " ht=\"22\" customHeight=\"1\"";
const HEADER_HEIGHT: &str = " ht=\"20\" customHeight=\"1\"";
/// What stands where a value was left empty.
const LEFT_EMPTY: &str = "left empty";

const INK: &str = "1C1B19";
const DIM: &str = "6B675F";
const HEAD: &str = "F3F1EC";
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
    /// The look of a cell with this text, as a place in the looks of a list.
    fn look(self, text: &str) -> usize {
        match self {
            Self::Link if !text.is_empty() => LINKED,
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

/// A list before it is written: the frame's columns are all text.
pub struct List {
    frame: Arc<Frame>,
    title: String,
    counts: String,
    roles: Vec<Role>,
    looks: Vec<Look>,
}

impl List {
    /// Takes a frame, of whose columns `roles` are said.
    pub fn new(frame: Arc<Frame>, title: String, counts: String, roles: Vec<Role>) -> Self {
        Self {
            frame,
            title,
            counts,
            roles,
            looks: looks(),
        }
    }

    /// All looks that its cells have; the first one is that of a plain cell.
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.roles.len()
    }

    /// How many lines it has.
    pub fn lines(&self) -> usize {
        self.frame.rows()
    }

    /// The first text that a worksheet cannot hold, if there is one.
    pub fn find_illegal_text(&self) -> Option<String> {
        let texts = [&self.title, &self.counts];
        texts
            .into_iter()
            .find(|text| is_illegal(text))
            .map(|text| cut(text).to_owned())
            .or_else(|| super::text::find_illegal_text(&self.frame))
    }

    /// For each cell of a column four bytes: the number that `numbers` has for its look.
    pub fn cell_styles(&self, column: usize, numbers: &[u32]) -> Vec<u8> {
        let mut styles = Vec::with_capacity(self.frame.rows() * 4);
        for batch in 0..self.frame.batch_count() {
            let views = self.frame.columns(batch);
            for row in 0..self.frame.batch_rows(batch) {
                let look = self.roles[column].look(text_of(&views[column], row));
                styles.extend_from_slice(&numbers[look].to_ne_bytes());
            }
        }
        styles
    }

    /// Writes the whole list as rows of XML, from row 1 on. `numbers` are those of the looks in the workbook; `pass_on` is
    /// called after each row.
    ///
    /// # Errors
    /// What `pass_on` fails with.
    pub(super) fn write<E>(
        &self,
        cells: &mut CellWriter,
        numbers: &[u32],
        out: &mut Vec<u8>,
        mut pass_on: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        cells.prepare_letters(self.roles.len().max(1));
        let above = [
            (1, TITLE_HEIGHT, &self.title, TITLE_LOOK),
            (2, "", &self.counts, COUNTS_LOOK),
        ];
        for (row, height, text, look) in above {
            let digits = cells.start_row_with(row, height, out);
            cells.write_as_text(text, 0, &digits, numbers[look], out);
            out.extend_from_slice(b"</row>");
        }
        let digits = cells.start_row_with(HEADER_ROW, HEADER_HEIGHT, out);
        for (place, name) in self.frame.names.iter().enumerate() {
            cells.write_as_text(name, place, &digits, numbers[HEADER_LOOK], out);
        }
        out.extend_from_slice(b"</row>");
        let mut sheet_row = HEADER_ROW;
        for batch in 0..self.frame.batch_count() {
            let views = self.frame.columns(batch);
            for row in 0..self.frame.batch_rows(batch) {
                sheet_row += 1;
                let digits = cells.start_row(sheet_row, out);
                for (place, (view, role)) in views.iter().zip(&self.roles).enumerate() {
                    let text = text_of(view, row);
                    cells.write_as_text(text, place, &digits, numbers[role.look(text)], out);
                }
                out.extend_from_slice(b"</row>");
                pass_on(out)?;
            }
        }
        Ok(())
    }
}

/// The text of a cell; nothing where there is none.
fn text_of<'a>(view: &ColumnView<'a>, row: usize) -> &'a str {
    match view.value(row) {
        Value::Text(text) => text,
        _ => "",
    }
}

/// The looks in the order of their places.
fn looks() -> Vec<Look> {
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
