//! Which row of the output a row of the sender became, and which one it was: as the run has recorded it, and never by guessing.
//!
//! Runs tell it in a file of their own ([`Rows`]).

use std::path::Path;
use std::sync::Arc;

use crate::base::places::Area;
use crate::cells::{Cells, Fate, NotWritten, Origin, OwnCell, Quarantined, Reason, Rows, Written};
use crate::engine::Noticed;
use crate::engine::report::Table;
use crate::run::results::issues::{NoList, issues_of};
use crate::settings::paths::RunFolder;
use crate::store::{FieldResult, RunRecord};

/// Follows rows and cells of one run.
pub(super) struct Tracer<'a> {
    pub run: &'a RunRecord,
    pub fields: &'a [FieldResult],
    pub tables: &'a [Table],
    pub noticed: &'a Noticed,
    pub cells: &'a Cells,
}

/// What a row of the output was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The header of a table.
    Header,
    /// This row of this sheet.
    Row(String, u64),
    /// This column of this sheet: the table lies on its side.
    Column(String, u64),
    /// A hook added it.
    Added,
    /// That is not known, and why.
    Unknown(String),
}

/// What became of a row of the sender.
pub(super) enum Fated {
    /// It stands in these rows of these sheets.
    Written(Vec<(String, u64)>),
    /// It has errors and stands apart, how, and where on sheets of the output.
    Quarantined {
        why: Vec<String>,
        places: Vec<(String, u64)>,
    },
    /// It is not in the output, and why.
    NotWritten(String),
    /// That is not known, and why.
    Unknown(String),
}

impl Tracer<'_> {
    /// What the run tells of its rows; nothing before edition 2026.
    pub(super) fn rows(&self) -> Option<Arc<Rows>> {
        let folder = RunFolder::at(&self.run.run_dir);
        self.cells.rows(&folder.rows(&self.run.input_name))
    }

    /// The output, if it is there.
    pub(super) fn output(&self) -> Option<&Path> {
        let path = self.run.output_path.as_deref();
        path.filter(|path| path.is_file())
    }

    /// What a row of a table's output was, from 1.
    pub(super) fn source_of(&self, table: &Table, row: u64) -> From {
        let told = table.output.as_ref().zip(self.rows());
        let Some((output, rows)) = told else {
            return From::Unknown(self.unknown(table));
        };
        match rows.origin(&output.sheet, row) {
            Origin::Row { sheet, row } => From::Row(sheet.to_owned(), row),
            Origin::Column { sheet, column } => From::Column(sheet.to_owned(), column),
            Origin::Added => From::Added,
            Origin::Unknown { hook } => From::Unknown(replaced(hook)),
            Origin::NoData => From::Unknown(self.unknown(table)),
        }
    }

    /// The sender's cell of a value, where the table was reshaped and it has one of its own. `row`: of the output.
    pub(super) fn own_cell(&self, sheet: &str, row: u64, field: Option<&str>) -> Option<OwnCell> {
        self.rows()?.own_cell(sheet, row, field?)
    }

    /// What became of a row of the sender, or of a record of a table on its side, which is a column; from 1.
    pub(super) fn fate(&self, table: &Table, number: u64) -> Fated {
        let Some(rows) = self.rows() else {
            return Fated::Unknown(self.unknown(table));
        };
        let fate = if table.turned {
            rows.fate_of_column(&table.sheet, number)
        } else {
            rows.fate(&table.sheet, number)
        };
        let apart = rows.quarantined(&table.sheet, number, table.turned);
        if !apart.is_empty() && !matches!(fate, Fate::Written(_)) {
            return Fated::Quarantined {
                why: apart.iter().map(among_errors).collect(),
                places: apart.iter().filter_map(in_output).collect(),
            };
        }
        match fate {
            Fate::Written(mut places) => {
                // A hook has doubled it, and one of the two has errors.
                places.extend(
                    apart
                        .iter()
                        .filter(|one| one.file.is_none())
                        .map(|one| Written {
                            sheet: Some(one.sheet),
                            row: one.row,
                        }),
                );
                let place = |place: &Written<'_>| Some((place.sheet?.to_owned(), place.row?));
                let places: Option<Vec<_>> = places.iter().map(place).collect();
                let touched =
                    "it was written, but it is not known where, because a hook changed the output";
                places.map_or_else(|| Fated::Unknown(touched.to_owned()), Fated::Written)
            }
            Fate::NotWritten(one) => Fated::NotWritten(in_words(one)),
            Fate::Unknown { hook } => Fated::Unknown(replaced(hook)),
            Fate::NotTold => Fated::Unknown(self.unknown(table)),
        }
    }

    /// Why it is not known which row of the other side one is.
    fn unknown(&self, table: &Table) -> String {
        let mut hooks = table.hooks.iter();
        if let Some(hook) = hooks.find(|hook| hook.rows.as_deref() == Some("lost")) {
            return replaced(&hook.name);
        }
        let why = match self.is_gone() {
            true => "the files of the run were deleted, and what it recorded of its rows with them",
            false => "the run did not record that of this row (edition 2026 records rows)",
        };
        format!("which row it is on the other side is not known: {why}")
    }

    /// Whether the files of the run were deleted: its list of issues, and what it tells of its rows.
    pub(super) fn is_gone(&self) -> bool {
        matches!(issues_of(self.run), Err(NoList::Gone { .. }))
    }

    /// What became of a row of a table, where another table may lie beside it: its rows are others.
    pub(super) fn fate_in(&self, table: &Table, row: u64) -> Fated {
        let fate = self.fate(table, row);
        let Fated::Written(mut places) = fate else {
            return fate;
        };
        let beside = self.tables.iter().filter(|other| {
            other.table != table.table
                && other.sheet == table.sheet
                && area_of(other).is_some_and(|area| area.has_row(row))
        });
        let beside: Vec<&Table> = beside.collect();
        let stacked = |other: &&Table| match (&other.output, &table.output) {
            (Some(one), Some(own)) => (&one.sheet, &one.range) == (&own.sheet, &own.range),
            _ => false,
        };
        if beside.iter().any(stacked) {
            let why = "tables that stand side by side were stacked, so it is not known which row of the output is this one";
            return Fated::Unknown(why.to_owned());
        }
        places.retain(|(sheet, row)| !beside.iter().any(|other| has_row(other, sheet, *row)));
        if places.is_empty() {
            return Fated::Unknown(self.unknown(table));
        }
        Fated::Written(places)
    }

    /// Why a row of the sender is not in the output, where the run tells.
    pub(super) fn not_written(&self, sheet: &str, row: u64) -> Option<String> {
        match self.rows()?.fate(sheet, row) {
            Fate::NotWritten(one) => Some(in_words(one)),
            _ => None,
        }
    }
}

/// Where a table lies in the sender's sheet.
pub(super) fn area_of(table: &Table) -> Option<Area> {
    Area::named(table.region.as_deref()?)
}

/// Whether a row of the output is one of a table's own.
pub(super) fn has_row(table: &Table, sheet: &str, row: u64) -> bool {
    let output = table.output.as_ref();
    let output = output.filter(|output| output.sheet == sheet);
    let area = output.and_then(|output| Area::named(&output.range));
    area.is_some_and(|area| area.has_row(row))
}

const NOT_THERE: &str = "the row is not in the output";

/// Where a row stands that has errors.
fn among_errors(one: &Quarantined<'_>) -> String {
    let of = match one.file {
        Some(file) => format!("the sheet {:?} of {file}, beside the output", one.sheet),
        None => format!("the sheet {:?} of the output", one.sheet),
    };
    let place = match one.row {
        Some(row) => format!("it is row {row} of {of}"),
        None => {
            format!("it is on {of}, but it is not known where, because a hook changed the output")
        }
    };
    format!("the row has errors, and is quarantined: {place}")
}

fn in_output(one: &Quarantined<'_>) -> Option<(String, u64)> {
    let row = one.row.filter(|_| one.file.is_none())?;
    Some((one.sheet.to_owned(), row))
}

/// Why a row is not in the output.
fn in_words(one: &NotWritten) -> String {
    let why = match one.reason {
        Reason::Header => "it is a header",
        Reason::Blank => "it has no value",
        Reason::Total => "it is a total or a balance",
        Reason::Note => "it is a note",
        Reason::Title => "it is a title",
        Reason::RepeatedHeader => "it repeats the header",
        Reason::Outside => "it belongs to no table",
        Reason::Quarantined => "it has errors, and is quarantined",
        Reason::Line => {
            return "the row is a further line of the record above: its texts stand in columns of that record's row, as far as the output has these".to_owned();
        }
        Reason::Dropped | Reason::Other => {
            let by = one.hook.as_deref();
            return by.map_or(NOT_THERE.to_owned(), |hook| {
                format!("{NOT_THERE}: {hook} dropped it")
            });
        }
    };
    format!("{NOT_THERE}: {why}")
}

fn replaced(hook: &str) -> String {
    format!("which row it is on the other side is not known: {hook} replaced the rows")
}
