//! The marks to be painted, and a summary of the painting.

use std::fmt;

use crate::base::counted::{plural, thousands};
use crate::base::places::{CellPosition, column_named, letters};
use crate::issues::{Issue, Language, Severity};

/// The position that an issue is about. Rows and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkPosition {
    /// A cell: it is filled and gets a comment.
    Cell(CellPosition),
    /// A whole row: it is only in the list.
    Row(u64),
    /// A whole column: it is only in the list.
    Column(u64),
    /// The whole sheet: it is only in the list.
    Sheet,
}

impl MarkPosition {
    /// Parses the name of a cell, such as `B7`.
    pub fn named(name: &str) -> Option<Self> {
        CellPosition::named(name).map(Self::Cell)
    }

    /// Returns the cell to be painted, if any.
    pub(super) fn cell(self) -> Option<CellPosition> {
        match self {
            Self::Cell(cell) => CellPosition::new(cell.row, cell.column),
            _ => None,
        }
    }

    /// Returns the target of a link: the cell, or the first of several.
    pub(super) fn first_cell(self) -> Option<CellPosition> {
        match self {
            Self::Cell(_) => self.cell(),
            Self::Row(row) => CellPosition::new(row, 1),
            Self::Column(column) => CellPosition::new(1, column),
            Self::Sheet => CellPosition::new(1, 1),
        }
    }
}

impl fmt::Display for MarkPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Cell(cell) => cell.fmt(f),
            Self::Row(row) => write!(f, "row {row}"),
            Self::Column(column) => write!(f, "column {}", letters(column)),
            Self::Sheet => f.write_str("sheet"),
        }
    }
}

/// An issue in the form in which it is painted and listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueMark {
    /// The sheet's name in the sender's workbook.
    pub sheet: String,
    /// The position on the sheet.
    pub place: MarkPosition,
    /// The severity, which decides the colour.
    pub severity: Severity,
    /// The field's label, else its name. Empty if there is none.
    pub field: String,
    /// The rule's name, such as `start_date.is_date`.
    pub rule: String,
    /// The message about the problem, without "is".
    pub message: String,
    /// The original value of the cell.
    pub value: String,
    /// The value in the result. Empty if the result's cell is empty. `None` if unknown: then the comment does not mention it.
    pub written: Option<String>,
    /// The key of the row, if the configuration names a key.
    pub key: Option<String>,
    /// The language of the message, and so of the words around it.
    pub language: Language,
}

impl IssueMark {
    /// Returns the mark of an issue, as it is said to the sender in this language.
    pub fn from_issue(issue: &Issue, language: Language) -> Self {
        let cell = issue.cell.as_deref().and_then(MarkPosition::named);
        let column = || issue.column.as_deref().and_then(column_named);
        let place = cell
            .or(issue.row.map(|row| MarkPosition::Row(row.into())))
            .or_else(|| column().map(MarkPosition::Column));
        Self {
            sheet: issue.sheet.clone(),
            place: place.unwrap_or(MarkPosition::Sheet),
            severity: issue.severity,
            field: issue.whose().to_owned(),
            rule: issue.rule.clone(),
            message: issue.message.clone(),
            value: issue.value.clone().unwrap_or_default(),
            written: issue.written.clone(),
            key: issue.key.clone(),
            language,
        }
    }
}

/// A note for readers of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The package was signed. The signature holds only for the original file, so it was left out.
    SignatureLeftOut,
    /// Only this number of cells have comments.
    CommentsEnd(usize),
    /// Excel's limit of cell formats is reached: this number of cells keep their own fill.
    FormatsFull(usize),
    /// This number of marked cells are under conditional formats with a fill.
    Covered(usize),
    /// Excel's limit of links in a sheet is reached: only this number of lines have links.
    LinksEnd(usize),
    /// The sheet is full: this number of issues are not in the list.
    ListEnds(usize),
    /// This number of issues name a sheet or cell that the workbook does not have. They are only in the list.
    NotThere(usize),
    /// Macros that count sheets now find the list as the first one.
    MacrosMayCount,
    /// The original is text, or a workbook in another format than `.xlsx`: the copy has only its values.
    ValuesAlone {
        /// The name of the original.
        file: String,
        /// Whether the original is text.
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
                "This workbook has the maximum number of cell formats that Excel allows: {} could not be coloured.",
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
                "The sheet is full: {} not listed.",
                plural(*left as u64, "issue")
            ),
            Self::NotThere(count) => write!(
                f,
                "Only in this list: {} about cells or sheets that the sender's workbook does not have.",
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

/// A summary of a finished painting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaintSummary {
    /// The number of marked cells, each of which may have several issues.
    pub cells: usize,
    /// The number of cells with a comment about their issues.
    pub comments: usize,
    /// The number of lines in the list.
    pub listed: usize,
    /// The name of the list's sheet.
    pub list: String,
    /// The notes for readers of the copy.
    pub notes: Vec<Note>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_people_name_them() {
        assert_eq!(MarkPosition::named("AB7").unwrap().to_string(), "AB7");
        assert_eq!(MarkPosition::Row(7).to_string(), "row 7");
        assert_eq!(MarkPosition::Column(28).to_string(), "column AB");
        assert_eq!(
            MarkPosition::Column(28).first_cell().unwrap().to_string(),
            "AB1"
        );
        assert_eq!(
            MarkPosition::Cell(CellPosition { row: 0, column: 1 }).cell(),
            None
        );
    }
}
