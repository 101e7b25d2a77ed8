//! What is said of a row or of a cell.

use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::report::{Column, Hook};
use crate::issues::Severity;

/// What is known of a row or of a cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ExplainedWay)]
pub struct Way {
    /// `header`, `data`, or `outside` of every table.
    pub part: &'static str,
    /// Which table of the sender's sheet, from 1.
    pub table: Option<u64>,
    /// Where it stands in the sender's sheet.
    pub source: Option<Place>,
    /// Where it stands in the output; several where one column makes several fields.
    pub output: Vec<Place>,
    /// The sender's column, and why it is what it is.
    pub column: Option<Column>,
    /// The field; several where the column was split.
    pub fields: Vec<String>,
    /// What changed the values, in order.
    pub transforms: Vec<String>,
    /// The rules that looked at them.
    pub validators: Vec<String>,
    /// The hooks that returned the table, and what they did to its rows.
    pub hooks: Vec<Hook>,
    /// The issues of the cell, of its row and of its column.
    pub issues: Vec<Said>,
    /// The same in words; what is not known is said there.
    pub why: Vec<String>,
}

/// A place; `None` is what is not known, or not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExplainedPlace)]
pub struct Place {
    /// The sheet.
    pub sheet: String,
    /// The cell.
    pub cell: Option<String>,
    /// The row.
    pub row: Option<u64>,
    /// The column's letters.
    pub column: Option<String>,
    /// What the header says.
    pub header: Option<String>,
}

impl Place {
    pub(super) fn new(
        sheet: &str,
        row: Option<u64>,
        column: Option<&str>,
        header: Option<&str>,
    ) -> Self {
        Self {
            sheet: sheet.to_owned(),
            cell: column
                .zip(row)
                .map(|(column, row)| format!("{column}{row}")),
            row,
            column: column.map(str::to_owned),
            header: header.map(str::to_owned),
        }
    }

    /// `North!D8`, `North!row 8`, `North!column D`
    pub fn in_words(&self) -> String {
        let sheet = &self.sheet;
        match (&self.cell, self.row, &self.column) {
            (Some(cell), ..) => format!("{sheet}!{cell}"),
            (None, Some(row), _) => format!("{sheet}!row {row}"),
            (None, None, Some(column)) => format!("{sheet}!column {column}"),
            (None, None, None) => sheet.clone(),
        }
    }
}

/// What an issue says, without the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExplainedIssue)]
pub struct Said {
    /// The sender's cell; nothing where the issue is of a row or of a column.
    pub cell: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// Which rule spoke.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

impl Way {
    /// The sender's sheet.
    pub fn sheet(&self) -> Option<&String> {
        self.source.as_ref().map(|source| &source.sheet)
    }
}
