//! What is to be marked, and what became of it.

use std::fmt;

use crate::base::counted::{plural, thousands};
use crate::base::places::{Cell, column_named, letters};
use crate::issues::{Issue, Severity};

/// What the comment of an issue of this severity begins with.
pub fn heading_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error: ",
        Severity::Warning => "Warning: ",
        Severity::Info => "Info: ",
    }
}

/// What an issue is about. All count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One cell: it is filled and has a comment.
    Cell(Cell),
    /// A whole row: it is in the list alone.
    Row(u64),
    /// A whole column: it is in the list alone.
    Column(u64),
    /// The whole sheet: it is in the list alone.
    Sheet,
}

impl Place {
    /// A cell by its name, such as `B7`.
    pub fn named(name: &str) -> Option<Self> {
        Cell::named(name).map(Self::Cell)
    }

    /// The cell to be painted.
    pub(super) fn cell(self) -> Option<Cell> {
        match self {
            Self::Cell(cell) => Cell::new(cell.row, cell.column),
            _ => None,
        }
    }

    /// Where a link leads: the cell, or the first of several.
    pub(super) fn first_cell(self) -> Option<Cell> {
        match self {
            Self::Cell(_) => self.cell(),
            Self::Row(row) => Cell::new(row, 1),
            Self::Column(column) => Cell::new(1, column),
            Self::Sheet => Cell::new(1, 1),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Cell(cell) => cell.fmt(f),
            Self::Row(row) => write!(f, "row {row}"),
            Self::Column(column) => write!(f, "column {}", letters(column)),
            Self::Sheet => f.write_str("sheet"),
        }
    }
}

/// One issue, as it is painted and listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The sheet's name, as the sender's workbook has it.
    pub sheet: String,
    /// What of the sheet.
    pub place: Place,
    /// Decides the colour.
    pub severity: Severity,
    /// The field as people know it: its label, else its name. Empty: none.
    pub field: String,
    /// The rule's name, such as `start_date.is_date`.
    pub rule: String,
    /// What is wrong, without "is".
    pub message: String,
    /// The value as it stood.
    pub value: String,
    /// What became of it: empty where the result's cell is. `None`: unknown, and nothing is said of it.
    pub written: Option<String>,
    /// Whose row it is, where the configuration names a key.
    pub key: Option<String>,
}

impl From<&Issue> for Mark {
    fn from(issue: &Issue) -> Self {
        let cell = issue.cell.as_deref().and_then(Place::named);
        let column = || issue.column.as_deref().and_then(column_named);
        let place = cell
            .or(issue.row.map(|row| Place::Row(row.into())))
            .or_else(|| column().map(Place::Column));
        Self {
            sheet: issue.sheet.clone(),
            place: place.unwrap_or(Place::Sheet),
            severity: issue.severity,
            field: issue.whose().to_owned(),
            rule: issue.rule.clone(),
            message: issue.message.clone(),
            value: issue.value.clone().unwrap_or_default(),
            written: issue.written.clone(),
            key: issue.key.clone(),
        }
    }
}

/// Something that a reader of the copy should be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The package was signed; a signature holds for the file as it came.
    SignatureLeftOut,
    /// Comments end after so many cells.
    CommentsEnd(usize),
    /// Excel's limit of cell formats is reached: so many cells keep their own fill.
    FormatsFull(usize),
    /// So many marked cells lie under conditional formats that have a fill.
    Covered(usize),
    /// Excel's limit of links in a sheet is reached: the list has no more of them.
    LinksEnd(usize),
    /// A sheet has no more rows for the list: so many issues are not in it.
    ListEnds(usize),
    /// So many issues name a sheet, or a cell, that the workbook has not; they are in the list alone.
    NotThere(usize),
    /// Macros that count sheets find the list as the first one.
    MacrosMayCount,
    /// The original is text, or a workbook of another kind than `.xlsx`: the copy has its values.
    ValuesAlone {
        /// The original's name.
        file: String,
        /// Whether it is text.
        is_text: bool,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignatureLeftOut => {
                f.write_str("The digital signature was removed: it is valid for the original file only.")
            }
            Self::CommentsEnd(most) => write!(f, "Only the first {} cells have comments.", thousands(*most as u64)),
            Self::FormatsFull(cells) => write!(
                f,
                "Excel allows no more cell formats in this workbook: {} could not be coloured.",
                plural(*cells as u64, "cell")
            ),
            Self::Covered(1) => f.write_str(
                "1 marked cell lies under a conditional format of its sheet, which may hide the fill; its comment is there.",
            ),
            Self::Covered(cells) => write!(
                f,
                "{} lie under conditional formats of their sheets, which may hide the fill; their comments are there.",
                plural(*cells as u64, "marked cell")
            ),
            Self::LinksEnd(most) => write!(f, "Only the first {} lines have links.", thousands(*most as u64)),
            Self::ListEnds(left) => write!(
                f,
                "A sheet has no room for more lines: {} not listed.",
                plural(*left as u64, "issue")
            ),
            Self::NotThere(count) => write!(
                f,
                "{} about cells or sheets that the workbook does not have.",
                plural(*count as u64, "issue")
            ),
            Self::MacrosMayCount => f.write_str(
                "Macros that count sheets, such as Worksheets(1), now find the list of issues first.",
            ),
            Self::ValuesAlone { is_text: true, .. } => {
                f.write_str("A text file cannot be coloured, so this marked copy is a new workbook.")
            }
            Self::ValuesAlone { file, .. } => {
                write!(f, "This copy has the values of {file}. Its charts, macros and formats are not in it.")
            }
        }
    }
}

/// What was painted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Painted {
    /// Cells that are marked; several issues may be of one.
    pub cells: usize,
    /// How many of them have a comment with their issues.
    pub comments: usize,
    /// Lines of the list.
    pub listed: usize,
    /// The list's name.
    pub list: String,
    /// What should be told.
    pub notes: Vec<Note>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_people_name_them() {
        assert_eq!(Place::named("AB7").unwrap().to_string(), "AB7");
        assert_eq!(Place::Row(7).to_string(), "row 7");
        assert_eq!(Place::Column(28).to_string(), "column AB");
        assert_eq!(Place::Column(28).first_cell().unwrap().to_string(), "AB1");
        assert_eq!(Place::Cell(Cell { row: 0, column: 1 }).cell(), None);
    }
}
