//! Describes a row or a cell, and traces rows between the sender's sheets and the output, from the run's record, never by
//! guessing.
//!
//! Runs record their rows in a separate file ([`RunRows`]).

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::places::{Area, place_in_words};
use crate::cells::{
    CellReader, OwnCell, QuarantinedRow, Reason, RowOutcome, RunRows, UnwrittenRows,
};
use crate::engine::RunNotices;
use crate::engine::report::{ExplainedColumn, ExplainedTable, Hook};
use crate::issues::Severity;
use crate::run::results::issues::{NoList, issues_of};
use crate::store::{FieldResult, RunRecord};

/// The known facts about a row or a cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ExplainedWay)]
pub struct CellTrace {
    /// The part of a table: `header`, `data`, or `outside` of every table.
    pub part: &'static str,
    /// The number of the table on the sender's sheet, from 1.
    pub table: Option<u64>,
    /// The position in the sender's sheet.
    pub source: Option<ExplainedPlace>,
    /// The positions in the output; several if one column makes several fields.
    pub output: Vec<ExplainedPlace>,
    /// The sender's column, and the reasons for its reading.
    pub column: Option<ExplainedColumn>,
    /// The field; several if the column was split.
    pub fields: Vec<String>,
    /// The transforms that changed the values, in order.
    pub transforms: Vec<String>,
    /// The rules that checked the values.
    pub validators: Vec<String>,
    /// The hooks that returned the table, and their effects on its rows.
    pub hooks: Vec<Hook>,
    /// The issues of the cell, of its row and of its column.
    pub issues: Vec<ExplainedIssue>,
    /// The same in words, including what is unknown.
    pub why: Vec<String>,
}

/// A position; a part is `None` if it is unknown or was not requested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExplainedPlace)]
pub struct ExplainedPlace {
    /// The name of the sheet.
    pub sheet: String,
    /// The cell, such as `D8`.
    pub cell: Option<String>,
    /// The row, from 1.
    pub row: Option<u64>,
    /// The letters of the column.
    pub column: Option<String>,
    /// The text of the header.
    pub header: Option<String>,
}

impl ExplainedPlace {
    pub fn new(sheet: &str, row: Option<u64>, column: Option<&str>, header: Option<&str>) -> Self {
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

    /// Describes the position: `North!D8`, `North!row 8`, `North!column D`
    pub fn in_words(&self) -> String {
        let (cell, column) = (self.cell.as_deref(), self.column.as_deref());
        place_in_words(&self.sheet, cell, self.row, column)
    }
}

/// An issue, without the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExplainedIssue)]
pub struct ExplainedIssue {
    /// The sender's cell; `None` if the issue is about a row or a column.
    pub cell: Option<String>,
    /// The severity of the issue.
    pub severity: Severity,
    /// The rule that found it.
    pub rule: String,
    /// The message of the issue.
    pub message: String,
}

impl CellTrace {
    /// Returns the sender's sheet.
    pub fn sheet(&self) -> Option<&String> {
        self.source.as_ref().map(|source| &source.sheet)
    }
}

/// Traces rows and cells of one run.
pub struct Tracer<'a> {
    pub run: &'a RunRecord,
    pub fields: &'a [FieldResult],
    pub tables: &'a [ExplainedTable],
    pub noticed: &'a RunNotices,
    pub cells: &'a CellReader,
    /// The run's record of its rows; `None` before edition 2026.
    pub rows: Option<Arc<RunRows>>,
}

/// Rows of output sheets; `None`: the row number is unknown.
pub type OutputRows = Vec<(String, Option<u64>)>;

impl Tracer<'_> {
    /// Returns the sender's cell of a value, if the table was reshaped and the value has its own cell. `row`: of the output.
    pub fn own_cell(&self, sheet: &str, row: u64, field: Option<&str>) -> Option<OwnCell> {
        self.rows.as_ref()?.own_cell(sheet, row, field?)
    }

    /// Returns the positions in the output of a sender's row, from 1 (for a table on its side: of a column, which is a
    /// record). Adds the reason to `way` if there are none or they are unknown. `None`: the row has errors and is
    /// quarantined, which is added too.
    pub fn outcome(
        &self,
        way: &mut CellTrace,
        table: &ExplainedTable,
        number: u64,
    ) -> Option<OutputRows> {
        let Some(rows) = &self.rows else {
            return Some(unplaced(way, table, self.unknown(table)));
        };
        let apart = rows.quarantined(&table.sheet, number, table.turned);
        let placed_apart = apart.iter().filter(|row| row.file.is_none());
        let why = match rows.outcome(&table.sheet, number, table.turned) {
            RowOutcome::Written(places) => {
                let places = places.iter().map(|place| (place.sheet, place.row));
                // A hook duplicated the row, and one of the two copies has errors.
                let places = places.chain(placed_apart.map(|row| (Some(row.sheet), row.row)));
                let known = places.map(|(sheet, row)| Some((sheet?.to_owned(), Some(row?))));
                if let Some(known) = known.collect::<Option<OutputRows>>() {
                    return Some(known);
                }
                "it was written, but it is not known where, because a hook changed the output"
                    .to_owned()
            }
            _ if !apart.is_empty() => {
                way.why.extend(apart.iter().map(among_errors));
                let places = placed_apart.filter(|row| row.row.is_some());
                way.output
                    .extend(places.map(|row| ExplainedPlace::new(row.sheet, row.row, None, None)));
                return None;
            }
            RowOutcome::NotWritten(row) => {
                way.why.push(in_words(row));
                return Some(Vec::new());
            }
            RowOutcome::Unknown { hook } => replaced(hook),
            RowOutcome::NotReported => self.unknown(table),
        };
        Some(unplaced(way, table, why))
    }

    /// Returns why the corresponding row on the other side is unknown.
    pub fn unknown(&self, table: &ExplainedTable) -> String {
        let mut hooks = table.hooks.iter();
        if let Some(hook) = hooks.find(|hook| hook.rows.as_deref() == Some("lost")) {
            return replaced(&hook.name);
        }
        let why = match self.is_gone() {
            true => "the files of the run were deleted, including its record of rows",
            false => "the run did not record it (edition 2026 records rows)",
        };
        format!("the matching row on the other side (input or output) is not known: {why}")
    }

    /// Returns whether the files of the run were deleted: its list of issues, and its record of its rows.
    pub fn is_gone(&self) -> bool {
        matches!(issues_of(self.run), Err(NoList::Gone { .. }))
    }

    /// Does the same as `fate` if another table may be next to this one, which has other rows.
    pub fn outcome_in(
        &self,
        way: &mut CellTrace,
        table: &ExplainedTable,
        row: u64,
    ) -> Option<OutputRows> {
        let mut rows = self.outcome(way, table, row)?;
        if rows.iter().all(|(_, row)| row.is_none()) {
            return Some(rows);
        }
        let beside = self.tables.iter().filter(|other| {
            other.table != table.table
                && other.sheet == table.sheet
                && area_of(other).is_some_and(|area| area.has_row(row))
        });
        let beside: Vec<&ExplainedTable> = beside.collect();
        let stacked = |other: &&ExplainedTable| match (&other.output, &table.output) {
            (Some(output), Some(own)) => (&output.sheet, &output.range) == (&own.sheet, &own.range),
            _ => false,
        };
        if beside.iter().any(stacked) {
            let why = "tables that are side by side were stacked, so it is not known which row of the output this is";
            return Some(unplaced(way, table, why.to_owned()));
        }
        let is_of = |other: &&ExplainedTable, sheet: &str, row: Option<u64>| {
            row.is_some_and(|row| has_row(other, sheet, row))
        };
        rows.retain(|(sheet, row)| !beside.iter().any(|other| is_of(other, sheet, *row)));
        if rows.is_empty() {
            return Some(unplaced(way, table, self.unknown(table)));
        }
        Some(rows)
    }
}

/// Adds the reason why the position of a table's row in the output is unknown. Its columns there may still be known.
pub fn unplaced(way: &mut CellTrace, table: &ExplainedTable, why: String) -> OutputRows {
    way.why.push(why);
    let output = table.output.iter();
    output.map(|output| (output.sheet.clone(), None)).collect()
}

/// Returns the area of a table in the sender's sheet.
pub fn area_of(table: &ExplainedTable) -> Option<Area> {
    Area::named(table.region.as_deref()?)
}

/// Returns whether a row of the output belongs to a table.
pub fn has_row(table: &ExplainedTable, sheet: &str, row: u64) -> bool {
    let output = table.output.as_ref();
    let output = output.filter(|output| output.sheet == sheet);
    let area = output.and_then(|output| Area::named(&output.range));
    area.is_some_and(|area| area.has_row(row))
}

const NOT_THERE: &str = "the row is not in the output";

/// Describes the position of a row with errors.
fn among_errors(row: &QuarantinedRow<'_>) -> String {
    let of = match row.file {
        Some(file) => format!("the sheet {:?} of {file}, beside the output", row.sheet),
        None => format!("the sheet {:?} of the output", row.sheet),
    };
    let place = match row.row {
        Some(row) => format!("it is row {row} of {of}"),
        None => {
            format!("it is on {of}, but it is not known where, because a hook changed the output")
        }
    };
    format!("the row has errors, and is quarantined: {place}")
}

/// Describes why a row is not in the output.
pub fn in_words(rows: &UnwrittenRows) -> String {
    let why = match rows.reason {
        Reason::Header => "it is a header",
        Reason::Blank => "it has no value",
        Reason::Total => "it is a total or a balance",
        Reason::Note => "it is a note",
        Reason::Title => "it is a title",
        Reason::RepeatedHeader => "it repeats the header",
        Reason::Outside => "it belongs to no table",
        Reason::Quarantined => "it has errors, and is quarantined",
        Reason::Line => {
            return "the row is a further line of the record above: its texts are in that record's row, in the columns that the output has".to_owned();
        }
        Reason::Dropped | Reason::Other => {
            let by = rows.hook.as_deref();
            return by.map_or(NOT_THERE.to_owned(), |hook| {
                format!("{NOT_THERE}: {hook} dropped it")
            });
        }
    };
    format!("{NOT_THERE}: {why}")
}

pub fn replaced(hook: &str) -> String {
    format!(
        "the matching row on the other side (input or output) is not known: {hook} replaced the rows"
    )
}
