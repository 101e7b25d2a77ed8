//! Explains why a run read its input as it did: `ade explain`, `ade runs show --rows`, and the API's `/explain`.
//!
//! The engine reports for each table why it chose its header rows and fields. This module puts that into words (`words`), and
//! traces cells and rows between the sender's sheet and the output (`way`, `trace`).
//!
//! # Promises
//! An explanation contains no value of a cell. Anything unknown is reported as unknown, and nothing is guessed: rows are only
//! traced if the run has recorded where they come from.

mod trace;
mod way;
mod without;
mod words;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::counted;
use crate::base::places::{CellPosition, column_named};
use crate::base::problem::{Error, code, typed};
use crate::cells::CellReader;
use crate::engine::report::ExplainedTable;
use crate::engine::{RunNotice, RunReport};
use crate::run::results::report_of;
use crate::settings::paths::RunFolder;
use crate::store::{FieldResult, RunRecord, RunStatus};
use crate::workspace::Workspace;
use trace::Tracer;
pub use trace::{CellTrace, ExplainedIssue, ExplainedPlace};
pub use without::{NearColumn, UnmappedField};
use without::{field_named, without};
pub use words::{nearest_in_words, spoken, why_unmapped};

/// The version of the keys of an explanation; within a version, keys are only added.
pub const SCHEMA_VERSION: u32 = 1;

/// The side whose sheets, rows, columns and cells are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkbookSide {
    /// The sheets of the sender's file.
    #[default]
    Input,
    /// The sheets of the normalized workbook.
    Output,
}

/// The target of an explanation; if it is empty, every table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplainTarget {
    /// The name of a sheet.
    pub sheet: Option<String>,
    /// The number of a row, from 1.
    pub row: Option<u64>,
    /// A column: its letters, its header, or its field.
    pub column: Option<String>,
    /// A cell, such as `D8` or `North!D8`.
    pub cell: Option<String>,
    /// The side of the target.
    pub side: WorkbookSide,
}

/// An explanation of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The version of the keys, see [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The id of the run.
    pub run: String,
    /// The name of its input.
    pub input: String,
    /// The side of the requested row or cell.
    pub side: WorkbookSide,
    /// The requested tables; if a column was requested, with that column alone.
    pub tables: Vec<ExplainedTable>,
    /// If a field was requested, the tables without a column for it, and why.
    pub without: Vec<UnmappedField>,
    /// The trace of the requested row or cell, for each table that has it.
    pub places: Vec<CellTrace>,
    /// The notices of the engine about these sheets.
    pub notices: Vec<RunNotice>,
    /// The readings of dates and numbers in columns of these sheets, with the evidence.
    pub readings: Vec<RunNotice>,
    /// The classification of rows at the borders of headers, data and notes.
    pub rows: Vec<RunNotice>,
}

/// Explains a run that has ended. `cells` reads its output, if a row or a cell is requested.
///
/// # Errors
/// The run has not ended or recorded nothing; the sheet, row, column or cell does not exist; a file cannot be read.
pub fn explain(
    workspace: &Workspace,
    run: &RunRecord,
    wanted: &ExplainTarget,
    cells: &CellReader,
) -> Result<Explanation, Error> {
    let id = run.id.clone();
    if !run.status.is_terminal() {
        let status = run.status.as_str();
        let message = format!("run {id} is {status}; it can be explained when it has ended");
        return Err(Error::usage(code::RUN_NOT_ENDED, message)
            .hint(format!("`ade logs tail {id}` follows it")));
    }
    let report = report_of(&workspace.store, run)?;
    let (noticed, tables) = (&report.noticed, tables_of(&report));
    if tables.is_empty() {
        let input = run.input_name.clone();
        let found_none = run
            .metrics
            .as_ref()
            .is_some_and(|metrics| metrics.tables == 0);
        let why = match run.status {
            RunStatus::Succeeded if found_none => {
                format!("has found no table in {input}, so there is nothing to explain")
            }
            RunStatus::Succeeded => {
                let message = format!("run {id} did not record how it read its tables");
                return Err(Error::usage(code::NO_EXPLANATION, message)
                    .hint("run the file again: runs of older engines recorded none"));
            }
            RunStatus::Cancelled => {
                "was cancelled before it had recorded how it read its tables".to_owned()
            }
            _ => "failed before it had recorded how it read its tables".to_owned(),
        };
        return Err(
            Error::usage(code::NO_EXPLANATION, format!("run {id} {why}"))
                .hint(format!("`ade runs show {id}` says why")),
        );
    }
    let fields = workspace.store.run_fields(&run.id)?;
    let tracer = Tracer {
        run,
        fields: &fields,
        tables: &tables,
        noticed,
        cells,
        rows: cells.rows(&RunFolder::at(&run.run_dir).rows(&run.input_name)),
    };
    let (tables, without, places) = chosen(&tables, wanted, &tracer)?;
    let on_sheets = |told: &&RunNotice| tables.iter().any(|table| table.sheet == told.sheet());
    Ok(Explanation {
        schema_version: SCHEMA_VERSION,
        run: id,
        input: run.input_name.clone(),
        side: wanted.side,
        notices: noticed.notices.iter().filter(on_sheets).cloned().collect(),
        readings: noticed.readings.iter().filter(on_sheets).cloned().collect(),
        rows: noticed.rows.iter().filter(on_sheets).cloned().collect(),
        tables,
        without,
        places,
    })
}

/// Returns what a run recorded about each table, with its rows and in words. Tables are numbered from 1, for people.
pub fn tables_of(report: &RunReport) -> Vec<ExplainedTable> {
    let (noticed, tables) = (&report.noticed, &report.noticed.tables);
    let shown = tables.iter().map(|table| {
        let others = tables
            .iter()
            .filter(|other| other.sheet == table.sheet && other.table != table.table);
        let others: Vec<u64> = others
            .flat_map(|other| other.header_rows.rows.clone())
            .collect();
        let mut shown = table.clone();
        shown.rows = Some(report.rows_of(table));
        shown.table = table.table.saturating_add(1);
        shown.header_rows.why = Some(words::of_header(table, &others, &noticed.rows));
        for column in &mut shown.columns {
            let spoke = noticed.columns.iter().find(|told| {
                told.is_of_table(&table.sheet, table.table)
                    && column.field.as_deref() == Some(told.field())
            });
            let reason = column.reason.as_deref().unwrap_or_default();
            column.unmapped_because = Some(match column.field {
                Some(_) => String::new(),
                None => words::why_unmapped(reason),
            });
            column.why = Some(words::of_column(
                column,
                table,
                spoke.map(RunNotice::message),
            ));
        }
        shown
    });
    shown.collect()
}

/// The requested tables, the tables without a column for the requested field, and the traces of the requested row or cell.
type ExplainedParts = (Vec<ExplainedTable>, Vec<UnmappedField>, Vec<CellTrace>);

fn chosen(
    tables: &[ExplainedTable],
    wanted: &ExplainTarget,
    tracer: &Tracer<'_>,
) -> Result<ExplainedParts, Error> {
    let (of_cell, cell) = match &wanted.cell {
        Some(name) => cell_named(name).map(|(sheet, cell)| (sheet, Some(cell)))?,
        None => (None, None),
    };
    let sheet = wanted.sheet.clone().or(of_cell);
    let mut sheets = sheets_of(tables, wanted.side);
    let names_cell = wanted.row.is_some() || cell.is_some();
    if let Some(rows) = &tracer.rows
        && names_cell
        && wanted.side == WorkbookSide::Output
    {
        let apart = rows.sheets_apart().into_iter().map(str::to_owned);
        sheets.extend(apart.filter(|title| sheet.as_ref() == Some(title)));
    }
    if let Some(sheet) = &sheet
        && !sheets.contains(sheet)
    {
        let side = wanted.side.word();
        let message = format!("there is no table on a sheet {sheet:?} of the {side}");
        return Err(Error::usage(code::NOT_FOUND, message)
            .hint(format!("there are tables on {}", sheets.join(", "))));
    }
    let meant = |table: &&ExplainedTable| {
        sheet.is_none() || wanted.side.sheet_of(table) == sheet.as_deref()
    };
    let meant: Vec<&ExplainedTable> = tables.iter().filter(meant).collect();
    let what = match (cell, wanted.row, &wanted.column) {
        (None, None, None) => {
            let meant = meant.into_iter().cloned().collect();
            return Ok((meant, Vec::new(), Vec::new()));
        }
        (None, None, Some(column)) => {
            let field = field_named(tracer.fields, column);
            let lacks = |table: &&ExplainedTable| without(table, field?);
            let lacking: Vec<UnmappedField> = meant.iter().filter_map(lacks).collect();
            return match of_column(&meant, column, wanted.side) {
                Err(_) if !lacking.is_empty() => Ok((Vec::new(), lacking, Vec::new())),
                found => Ok((found?, lacking, Vec::new())),
            };
        }
        (Some(cell), ..) => cell.to_string(),
        (None, Some(row), _) => format!("row {row}"),
    };
    let sheet = match (sheet, sheets.as_slice()) {
        (Some(sheet), _) => sheet,
        (None, [sheet]) => sheet.clone(),
        (None, sheets) => {
            let all = sheets.join(", ");
            let message = format!("{what} of which sheet? There are tables on {all}");
            let sheet = sheets.first().map(typed).unwrap_or_default();
            return Err(
                Error::usage(code::USAGE, message).hint(format!("name it: `--sheet {sheet}`"))
            );
        }
    };
    let (row, column) = match (cell, wanted.row, &wanted.column) {
        (Some(cell), ..) => (cell.row, Some(cell.column)),
        (None, row, None) => (row.unwrap_or(1), None),
        (None, row, Some(column)) => (
            row.unwrap_or(1),
            Some(number_of(
                &meant,
                column,
                wanted.side,
                &sheet,
                tracer.fields,
            )?),
        ),
    };
    let places = match wanted.side {
        WorkbookSide::Input => tracer.of_input(&sheet, row, column)?,
        WorkbookSide::Output => tracer.of_output(&sheet, row, column)?,
    };
    let is_of = |table: &&&ExplainedTable| {
        places
            .iter()
            .any(|way| way.table == Some(table.table) && way.sheet() == Some(&table.sheet))
    };
    let tables = meant
        .iter()
        .filter(is_of)
        .map(|table| (*table).clone())
        .collect();
    Ok((tables, Vec::new(), places))
}

impl WorkbookSide {
    /// Returns the side with this word.
    pub fn named(word: &str) -> Option<Self> {
        let mut all = [Self::Input, Self::Output].into_iter();
        all.find(|side| side.word() == word)
    }

    /// Returns the word for the side: `input` or `output`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }

    /// Returns the sheet of a table on this side; `None` if the table is not there.
    fn sheet_of(self, table: &ExplainedTable) -> Option<&str> {
        match self {
            Self::Input => Some(&table.sheet),
            Self::Output => table.output.as_ref().map(|output| output.sheet.as_str()),
        }
    }
}

/// Returns the sheets with tables, in order.
fn sheets_of(tables: &[ExplainedTable], side: WorkbookSide) -> Vec<String> {
    let mut sheets: Vec<String> = Vec::new();
    for sheet in tables.iter().filter_map(|table| side.sheet_of(table)) {
        if !sheets.iter().any(|known| known == sheet) {
            sheets.push(sheet.to_owned());
        }
    }
    sheets
}

/// Parses `D8`, or `North!D8` as in lists of issues.
fn cell_named(name: &str) -> Result<(Option<String>, CellPosition), Error> {
    let (sheet, cell) = match name.rsplit_once('!') {
        Some((sheet, cell)) => (Some(sheet.trim_matches('\'').to_owned()), cell),
        None => (None, name),
    };
    let cell = CellPosition::named(&cell.replace('$', "")).ok_or_else(|| {
        not_there(format!("cell {name:?}"))
            .hint("write a cell as the column's letters and the row's number: `--cell D8`")
    })?;
    Ok((sheet, cell))
}

/// Returns the tables that have a column with these letters, this header or this field, with that column alone.
fn of_column(
    tables: &[&ExplainedTable],
    name: &str,
    side: WorkbookSide,
) -> Result<Vec<ExplainedTable>, Error> {
    let mut found = Vec::new();
    for table in tables {
        let letters = letters_of(table, name, side);
        if letters.is_empty() {
            continue;
        }
        let mut table = (*table).clone();
        let mut froms = match side {
            WorkbookSide::Input => letters.clone(),
            WorkbookSide::Output => Vec::new(),
        };
        if let Some(output) = &mut table.output {
            output.columns.retain(|written| match side {
                WorkbookSide::Input => written
                    .from
                    .as_ref()
                    .is_some_and(|from| letters.contains(from)),
                WorkbookSide::Output => letters.contains(&written.column),
            });
            froms.extend(
                output
                    .columns
                    .iter()
                    .filter_map(|written| written.from.clone()),
            );
        }
        table
            .columns
            .retain(|column| froms.contains(&column.column));
        found.push(table);
    }
    if found.is_empty() {
        return Err(no_column(tables, name, side));
    }
    Ok(found)
}

/// A column: its letters, its header and its field.
type NamedColumn<'a> = (&'a str, &'a str, Option<&'a str>);

fn columns_of(table: &ExplainedTable, side: WorkbookSide) -> Vec<NamedColumn<'_>> {
    match side {
        WorkbookSide::Input => {
            let columns = table.columns.iter();
            columns
                .map(|column| (&*column.column, &*column.name, column.field.as_deref()))
                .collect()
        }
        WorkbookSide::Output => {
            let columns = table.output.iter().flat_map(|output| &output.columns);
            columns
                .map(|column| (&*column.column, &*column.header, column.field.as_deref()))
                .collect()
        }
    }
}

/// Returns the letters of a table's columns that match a name: letters in capitals first, then headers and fields.
fn letters_of(table: &ExplainedTable, name: &str, side: WorkbookSide) -> Vec<String> {
    let columns = columns_of(table, side);
    let lower = name.to_lowercase();
    let fits = |test: &dyn Fn(&NamedColumn<'_>) -> bool| -> Vec<String> {
        let found = columns.iter().filter(|column| test(column));
        found.map(|(letters, ..)| (*letters).to_owned()).collect()
    };
    let is_part = |letters: &str| {
        let mut parts = table.fields.iter();
        let is_input = side == WorkbookSide::Input;
        is_input
            && parts.any(|part| {
                part.field.to_lowercase() == lower && part.from.iter().any(|from| from == letters)
            })
    };
    let named = |(letters, header, field): &NamedColumn<'_>| {
        header.trim().to_lowercase() == lower
            || field.is_some_and(|field| field.to_lowercase() == lower)
            || is_part(letters)
    };
    [
        fits(&|(letters, ..)| *letters == name),
        fits(&named),
        fits(&|(letters, ..)| letters.to_lowercase() == lower),
    ]
    .into_iter()
    .find(|found| !found.is_empty())
    .unwrap_or_default()
}

/// Returns the number of the only column that matches a name next to a row. Letters need not be a column of a table.
fn number_of(
    tables: &[&ExplainedTable],
    name: &str,
    side: WorkbookSide,
    sheet: &str,
    fields: &[FieldResult],
) -> Result<u64, Error> {
    let on_sheet = tables
        .iter()
        .filter(|table| side.sheet_of(table) == Some(sheet) && !table.turned);
    let mut found: Vec<String> = on_sheet
        .flat_map(|table| letters_of(table, name, side))
        .collect();
    found.sort_unstable();
    found.dedup();
    let letters = match found.as_slice() {
        [letters] => letters.as_str(),
        // A field such as `id` could be read as letters, too.
        [] if name.to_uppercase() != name && field_named(fields, name).is_some() => {
            let what = format!("column of the field {name:?} on the sheet {sheet:?}");
            return Err(not_there(what).hint(format!("`--column {name}` without a row says why")));
        }
        [] => name,
        several => {
            let what = format!("single column {name:?} on the sheet {sheet:?}");
            return Err(
                not_there(what).hint(format!("name it by its letters: {}", several.join(", ")))
            );
        }
    };
    column_named(letters).ok_or_else(|| no_column(tables, name, side))
}

fn no_column(tables: &[&ExplainedTable], name: &str, side: WorkbookSide) -> Error {
    /// The maximum number of columns in the message.
    const MAX_KNOWN_COLUMNS: usize = 8;
    let mut known: Vec<String> = Vec::new();
    for table in tables {
        for (letters, name, _) in columns_of(table, side) {
            let shown = format!("{letters} {name}").trim().to_owned();
            if !known.contains(&shown) {
                known.push(shown);
            }
        }
    }
    let what = format!("column {name:?} in a table of the {}", side.word());
    not_there(what).maybe_hint((!known.is_empty()).then(|| {
        format!(
            "the columns are {}",
            counted::first(MAX_KNOWN_COLUMNS, known.into_iter())
        )
    }))
}

/// Returns the error for a cell, row or column that does not exist.
fn not_there(what: impl std::fmt::Display) -> Error {
    Error::usage(code::NOT_FOUND, format!("there is no {what}"))
}
