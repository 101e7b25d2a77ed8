//! Traces a row or a cell from the sender's sheet to the output, and back.

use serde_json::Value;

use super::not_there;
use super::trace::{
    CellTrace, ExplainedIssue, ExplainedPlace, OutputRows, Tracer, area_of, has_row, in_words,
    replaced, unplaced,
};
use super::words::looks_of;
use crate::base::places::{Area, CellPosition, column_named, letters};
use crate::base::problem::Error;
use crate::cells::{OwnCell, ReadSettings, RowOrigin, RowOutcome, SheetSelector};
use crate::engine::report::{ExplainedTable, OutputColumn};
use crate::issues::Issue;
use crate::run::results::issues::issues_of;

impl Tracer<'_> {
    /// Traces a row of the sender, or a cell in it.
    pub fn of_input(
        &self,
        sheet: &str,
        row: u64,
        column: Option<u64>,
    ) -> Result<Vec<CellTrace>, Error> {
        let name = column.map(letters);
        let of_sheet = self.tables.iter().filter(|table| table.sheet == sheet);
        let having = of_sheet.filter(|table| match (table.turned, area_of(table)) {
            (true, _) => table.column(&row.to_string()).is_some(),
            (false, Some(area)) => {
                area.has_row(row) && column.is_none_or(|column| area.has_column(column))
            }
            (false, None) => false,
        });
        let ways = having.map(|table| self.within(table, row, name.as_deref()));
        let mut ways = ways.collect::<Result<Vec<CellTrace>, Error>>()?;
        if ways.is_empty() {
            ways.push(self.outside(sheet, row, name.as_deref())?);
        }
        Ok(ways)
    }

    /// Traces a row or cell within a table. In a table on its side, the records are columns, and its rows are columns of the
    /// output.
    fn within(
        &self,
        table: &ExplainedTable,
        row: u64,
        column: Option<&str>,
    ) -> Result<CellTrace, Error> {
        let own = row.to_string();
        // The column, as the table names it, if a cell is requested.
        let told = match table.turned {
            true => Some(own.as_str()),
            false => column,
        };
        let mut way = self.begun(table, told);
        let (header, header_cells) = way.column.as_ref().map_or((None, &[][..]), |column| {
            (Some(column.name.as_str()), &column.header_cells[..])
        });
        let source = ExplainedPlace::new(&table.sheet, Some(row), column, header);
        let rows = &table.header_rows.rows;
        let is_header = match table.turned {
            true => source
                .cell
                .as_ref()
                .is_some_and(|cell| header_cells.contains(cell)),
            false => rows.contains(&row) || rows.last().is_some_and(|last| row < *last),
        };
        way.source = Some(source);
        way.part = if is_header { "header" } else { "data" };
        if table.turned {
            way.why.push(
                "rows and columns of the table are swapped: its rows are columns of the output"
                    .to_owned(),
            );
        } else if is_header {
            way.why.push(format!(
                "row {row} is a header row of table {}",
                table.table
            ));
            if column.is_none() {
                way.why
                    .extend(table.header_rows.why.iter().flatten().cloned());
            }
        }
        let rows = if table.output.is_none() && !table.turned {
            let why = "the table was not written, or it is not known where";
            Some(unplaced(&mut way, table, why.to_owned()))
        } else if is_header {
            let first = table.output.iter().filter_map(|output| {
                let area = Area::named(&output.range)?;
                Some((output.sheet.clone(), Some(area.first.row)))
            });
            Some(first.collect())
        } else if !table.turned {
            self.outcome_in(&mut way, table, row)
        } else if let Some(record) = column.and_then(column_named) {
            self.outcome(&mut way, table, record)
        } else {
            let why = "each of its cells is in a different row of the output";
            Some(unplaced(&mut way, table, why.to_owned()))
        };
        if let Some(rows) = rows {
            self.place_in_output(&mut way, table, told, rows);
        }
        // This is the field of a column that was not written.
        if way.fields.is_empty() {
            let field = way.column.as_ref().and_then(|column| column.field.clone());
            add_field(&mut way, table, field.as_deref());
        }
        if !is_header && !table.turned {
            way.why.extend(self.reasons_of_row(&table.sheet, row));
        }
        way.issues = self.issues(&table.sheet, Some(row), column)?;
        Ok(way)
    }

    /// Adds the position in the output of a row or cell of a table, whose rows may be unknown. `column`: as the table names
    /// it, if a cell is requested.
    fn place_in_output(
        &self,
        way: &mut CellTrace,
        table: &ExplainedTable,
        column: Option<&str>,
        rows: OutputRows,
    ) {
        let written = self.written(way, table, column);
        for (sheet, row) in rows {
            // A hook may have moved the row into another table, which has other columns.
            let is_own = row.is_none_or(|row| has_row(table, &sheet, row));
            if column.is_none() || !is_own {
                way.output
                    .extend(row.map(|row| ExplainedPlace::new(&sheet, Some(row), None, None)));
                continue;
            }
            let place = |one: &&OutputColumn| {
                ExplainedPlace::new(&sheet, row, Some(&one.column), Some(&one.header))
            };
            // If a row became several, keeps those that have the cell.
            let is_of = |column_now: &&&OutputColumn| {
                let own =
                    row.and_then(|row| self.own_cell(&sheet, row, column_now.field.as_deref()));
                own.is_none_or(|own| is_same(&own, way.source.as_ref(), column, column_now))
            };
            let found: Vec<ExplainedPlace> = written.iter().filter(is_of).map(place).collect();
            way.output.extend(found);
        }
    }

    /// Returns the columns of the output that a sender's column became, if they are still there.
    fn written<'t>(
        &self,
        way: &mut CellTrace,
        table: &'t ExplainedTable,
        column: Option<&str>,
    ) -> Vec<&'t OutputColumn> {
        let (Some(output), Some(column)) = (&table.output, column) else {
            return Vec::new();
        };
        let all = output.columns.iter().filter(|written| {
            let field = written
                .field
                .as_deref()
                .and_then(|field| table.field(field));
            written.from.as_deref() == Some(column)
                || field.is_some_and(|field| field.from.iter().any(|from| from == column))
        });
        let all: Vec<&OutputColumn> = all.collect();
        if all.is_empty() {
            way.why
                .push("the column was not written, or it is not known where".to_owned());
        }
        for written in &all {
            add_field(way, table, written.field.as_deref());
        }
        let first = Area::named(&output.range).map(|area| area.first.row);
        let (there, moved): (Vec<&OutputColumn>, Vec<&OutputColumn>) = all
            .into_iter()
            .partition(|written| self.stands(&output.sheet, first, written));
        way.why.extend(moved.into_iter().map(is_moved));
        there
    }

    /// Describes a row or cell that belongs to no table.
    fn outside(&self, sheet: &str, row: u64, column: Option<&str>) -> Result<CellTrace, Error> {
        let areas: Vec<(u64, Area)> = self
            .tables
            .iter()
            .filter(|table| table.sheet == sheet)
            .filter_map(|table| Some((table.table, area_of(table)?)))
            .collect();
        let beside = areas.iter().find(|(_, area)| area.has_row(row));
        let next = areas.iter().find(|(_, area)| row < area.first.row);
        let place = match (beside, next, areas.last()) {
            (Some((table, _)), ..) => format!("beside table {table}"),
            (None, Some((table, _)), _) => format!("above table {table}"),
            (None, None, Some((table, _))) => format!("below table {table}"),
            (None, None, None) => "in no table".to_owned(),
        };
        let what = if column.is_some() {
            "the cell"
        } else {
            "the row"
        };
        let mut why = vec![format!("{what} is {place} and is not in the output")];
        let outcome = self
            .rows
            .as_ref()
            .map(|rows| rows.outcome(sheet, row, false));
        if let Some(RowOutcome::NotWritten(not_written)) = outcome {
            why.push(in_words(not_written));
        }
        why.extend(self.reasons_of_row(sheet, row));
        Ok(CellTrace {
            part: "outside",
            source: Some(ExplainedPlace::new(sheet, Some(row), column, None)),
            issues: self.issues(sheet, Some(row), column)?,
            why,
            ..CellTrace::default()
        })
    }

    /// Traces a row or a cell of the sheet of rows with errors. `None`: it is not on that sheet.
    fn of_quarantine(
        &self,
        sheet: &str,
        row: u64,
        column: Option<u64>,
    ) -> Result<Option<CellTrace>, Error> {
        let mut why = vec!["the row has errors, and is quarantined".to_owned()];
        let origin = self.rows.as_ref().map(|rows| rows.origin_apart(sheet, row));
        let (title, number, turned) = match origin {
            Some(RowOrigin::Row { sheet, row }) => (sheet, row, false),
            Some(RowOrigin::Column { sheet, column }) => (sheet, column, true),
            _ => return Ok(None),
        };
        if column.is_some() {
            why.push("the column of the sheet is not recorded for quarantined rows".to_owned());
        }
        let table = self.tables.iter().find(|table| {
            table.sheet == title
                && table.turned == turned
                && (turned || area_of(table).is_some_and(|area| area.has_row(number)))
        });
        let name = turned.then(|| letters(number));
        let source_row = (!turned).then_some(number);
        why.extend(
            source_row
                .map(|row| self.reasons_of_row(title, row))
                .unwrap_or_default(),
        );
        Ok(Some(CellTrace {
            part: "data",
            table: table.map(|table| table.table),
            hooks: table.map(|table| table.hooks.clone()).unwrap_or_default(),
            source: Some(ExplainedPlace::new(
                title,
                source_row,
                name.as_deref(),
                None,
            )),
            output: vec![ExplainedPlace::new(
                sheet,
                Some(row),
                column.map(letters).as_deref(),
                None,
            )],
            issues: match source_row {
                Some(row) => self.issues(title, Some(row), None)?,
                None => Vec::new(),
            },
            why,
            ..CellTrace::default()
        }))
    }

    /// Traces a row of the output, or a cell in it.
    pub fn of_output(
        &self,
        sheet: &str,
        row: u64,
        column: Option<u64>,
    ) -> Result<Vec<CellTrace>, Error> {
        let having: Vec<(&ExplainedTable, Area)> = self
            .tables
            .iter()
            .filter_map(|table| {
                let output = table
                    .output
                    .as_ref()
                    .filter(|output| output.sheet == sheet)?;
                Some((table, Area::named(&output.range)?))
            })
            .filter(|(_, area)| {
                area.has_row(row) && column.is_none_or(|column| area.has_column(column))
            })
            .collect();
        let Some((first, area)) = having.first() else {
            if let Some(way) = self.of_quarantine(sheet, row, column)? {
                return Ok(vec![way]);
            }
            let place = match column {
                Some(column) => format!("cell {}", CellPosition { row, column }),
                None => format!("row {row}"),
            };
            let ranges = self.tables.iter().filter_map(|table| table.output.as_ref());
            let mut ranges: Vec<&str> = ranges
                .filter(|output| output.sheet == sheet)
                .map(|output| output.range.as_str())
                .collect();
            ranges.dedup();
            let what = format!("{place} in a table on the sheet {sheet:?} of the output");
            let error = not_there(what);
            return Err(match ranges.is_empty() {
                true => error,
                false => error.hint(format!("the tables there are {}", ranges.join(", "))),
            });
        };
        // A header has no origin.
        let from = (row != area.first.row).then(|| {
            let rows = self.rows.as_ref();
            rows.map_or(RowOrigin::NoData, |rows| rows.origin(sheet, row))
        });
        // If several tables became one, uses the table that has the sender's row.
        let is_of = |table: &ExplainedTable| match from {
            Some(RowOrigin::Row { sheet, row }) => {
                table.sheet == sheet && area_of(table).is_some_and(|area| area.has_row(row))
            }
            Some(RowOrigin::Column { sheet, .. }) => table.sheet == sheet && table.turned,
            _ => true,
        };
        let found: Vec<_> = having.iter().filter(|(table, _)| is_of(table)).collect();
        // A hook may have moved the row from elsewhere.
        let found = if found.is_empty() {
            having.iter().take(1).collect()
        } else {
            found
        };
        let is_one = found.len() == 1 || from.is_none();
        let mut ways: Vec<CellTrace> = Vec::new();
        for (table, area) in found {
            let mut way = self.back((*table, *first), area, row, from, column);
            if !is_one {
                way.why.push(
                    "several tables are one table here, so it is not known which of them the row comes from"
                        .to_owned(),
                );
            }
            let source = way.source.clone().unwrap_or_default();
            let is_known = source.column.is_some() || column.is_none();
            way.issues = match source.row.filter(|_| is_known) {
                Some(row) => self.issues(&source.sheet, Some(row), source.column.as_deref())?,
                None => self.issues_written(sheet, row, column)?,
            };
            ways.push(way);
        }
        Ok(ways)
    }

    /// Traces a row or cell of the output back; `first`: the first of several tables that became one there.
    fn back(
        &self,
        (table, first): (&ExplainedTable, &ExplainedTable),
        area: &Area,
        row: u64,
        from: Option<RowOrigin<'_>>,
        column: Option<u64>,
    ) -> CellTrace {
        let output = table.output.clone().unwrap_or_default();
        let name = column.map(letters);
        let mut columns = output.columns.iter();
        let written = columns.find(|written| Some(&written.column) == name.as_ref());
        let written =
            written.filter(|written| self.stands(&output.sheet, Some(area.first.row), written));
        let field = written.and_then(|written| written.field.as_deref());
        let own = match from {
            Some(RowOrigin::Row { .. }) => self.own_cell(&output.sheet, row, field),
            _ => None,
        };
        let of_own = own.and_then(|own| own.column.map(letters));
        let from_told = written.and_then(|written| written.from.as_deref());
        let place = of_own.as_deref().or(from_told);
        let mut way = self.begun(table, place);
        way.part = if from.is_none() { "header" } else { "data" };
        let title = written.map(|written| written.header.as_str());
        way.output.push(ExplainedPlace::new(
            &output.sheet,
            Some(row),
            name.as_deref(),
            title,
        ));
        let mut source = source_in(table, &way, from, place);
        if let Some(own) = own {
            if let Some(row) = own.row {
                source =
                    ExplainedPlace::new(&source.sheet, Some(row), place, source.header.as_deref());
                way.why.push(format!(
                    "the value comes from {}: from a header, a cell above, or a cell beside the table",
                    source.in_words()
                ));
            } else if own.is_nowhere {
                source = ExplainedPlace::new(&source.sheet, source.row, None, None);
                way.why.push(
                    "the value is in no cell: it comes from the settings, the sheet's title or the file's name".to_owned(),
                );
            }
        }
        if let Some(part) = own.and_then(|own| own.part) {
            let cell = source.in_words();
            way.why
                .push(format!("it is value {part} of those in {cell}"));
        }
        way.source = Some(source);
        way.why.extend(match from {
            None => Vec::new(),
            Some(RowOrigin::Row { sheet, row }) => self.reasons_of_row(sheet, row),
            Some(RowOrigin::Column { .. }) => vec![
                "rows and columns of the table are swapped: the row was a column of the sheet"
                    .to_owned(),
            ],
            Some(RowOrigin::Added) => vec!["a hook added the row".to_owned()],
            Some(RowOrigin::Unknown { hook }) => vec![replaced(hook)],
            Some(RowOrigin::NoData) => vec![self.unknown(first)],
        });
        match (column, written) {
            (Some(_), Some(written)) => {
                if written.from.is_none() && own.is_none() {
                    way.why.push(made(written, table));
                }
                add_field(&mut way, table, written.field.as_deref());
            }
            (Some(_), None) => way.why.push(
                "the column was added by ade or by a hook, or it is not known where it comes from"
                    .to_owned(),
            ),
            (None, _) => {}
        }
        way
    }

    fn begun(&self, table: &ExplainedTable, column: Option<&str>) -> CellTrace {
        let gone = "the files of the run were deleted, so it is no longer known whether it had issues here";
        CellTrace {
            why: self
                .is_gone()
                .then(|| gone.to_owned())
                .into_iter()
                .collect(),
            table: Some(table.table),
            column: column.and_then(|column| table.column(column)).cloned(),
            hooks: table.hooks.clone(),
            ..CellTrace::default()
        }
    }

    /// Returns what the engine reported about a row: what it looks like, and why it was left out.
    fn reasons_of_row(&self, sheet: &str, row: u64) -> Vec<String> {
        let looks = looks_of(sheet, row, &self.noticed.rows);
        let looks = looks.map(|looks| format!("row {row} looks like {looks}"));
        let notices = self
            .noticed
            .notices
            .iter()
            .filter(|told| told.sheet() == sheet && told.has_row(row));
        looks
            .into_iter()
            .chain(notices.map(|told| told.message().to_owned()))
            .collect()
    }

    /// Returns whether the header of a column is still where it was written: a hook may have changed the output since.
    fn stands(&self, sheet: &str, row: Option<u64>, written: &OutputColumn) -> bool {
        let output = self.run.output_path.as_deref();
        let Some((path, row)) = output.filter(|path| path.is_file()).zip(row) else {
            return false;
        };
        let Some(column) = column_named(&written.column) else {
            return false;
        };
        let (choice, reading) = (SheetSelector::Named(sheet), ReadSettings::whole());
        let read = self
            .cells
            .window(path, &reading, choice, row..=row, column..=column);
        let Ok(window) = read else {
            return false;
        };
        let value = window.rows.first().and_then(|row| row.first());
        value
            .and_then(Value::as_str)
            .is_some_and(|text| text.starts_with(&written.header))
    }

    /// Returns the issues of a cell, of its row and of its column; without a column, all issues of a row.
    fn issues(
        &self,
        sheet: &str,
        row: Option<u64>,
        column: Option<&str>,
    ) -> Result<Vec<ExplainedIssue>, Error> {
        self.issues_that(|issue| {
            let of_row = issue.row.is_some() && issue.row.map(u64::from) == row;
            let of_column =
                column.is_none_or(|column| issue.column.as_deref().is_none_or(|own| own == column));
            let whole =
                issue.row.is_none() && issue.column.is_some() && issue.column.as_deref() == column;
            issue.sheet == sheet && (of_row && of_column || whole)
        })
    }

    /// Returns the issues of a cell or a row of the output.
    fn issues_written(
        &self,
        sheet: &str,
        row: u64,
        column: Option<u64>,
    ) -> Result<Vec<ExplainedIssue>, Error> {
        self.issues_that(|issue| {
            let cell = issue.output.as_deref().and_then(CellPosition::named);
            issue.output_sheet.as_deref() == Some(sheet)
                && cell.is_some_and(|cell| {
                    cell.row == row && column.is_none_or(|column| column == cell.column)
                })
        })
    }

    fn issues_that(&self, fits: impl Fn(&Issue) -> bool) -> Result<Vec<ExplainedIssue>, Error> {
        // A run without a list has no issues to show here.
        let Ok(list) = issues_of(self.run) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for issue in list {
            let issue = issue?;
            if fits(&issue) {
                found.push(ExplainedIssue {
                    cell: issue.cell,
                    severity: issue.severity,
                    rule: issue.rule,
                    message: issue.message,
                });
            }
        }
        Ok(found)
    }
}

/// Adds a field with its transforms and validators; a column may be split into several fields.
fn add_field(way: &mut CellTrace, table: &ExplainedTable, field: Option<&str>) {
    let Some(field) = field else { return };
    way.fields.push(field.to_owned());
    if let Some(known) = table.field(field) {
        way.transforms.extend(known.transforms.iter().cloned());
        way.validators.extend(known.validators.iter().cloned());
    }
}

/// Returns whether a value of the output comes from the requested cell of the sender. `column`: its letters.
fn is_same(
    own: &OwnCell,
    source: Option<&ExplainedPlace>,
    column: Option<&str>,
    one: &OutputColumn,
) -> bool {
    let is_row = own.row.is_none() || own.row == source.and_then(|source| source.row);
    let of_field = || one.from.clone();
    let is_column = own.column.map(letters).or_else(of_field).as_deref() == column;
    is_row && is_column && !own.is_nowhere
}

/// Returns the position in the sender's sheet of a row or cell of the output. `from`: the origin of the row; `None` for a
/// header. `column`: the sender's column, as the table names it.
fn source_in(
    table: &ExplainedTable,
    way: &CellTrace,
    from: Option<RowOrigin<'_>>,
    column: Option<&str>,
) -> ExplainedPlace {
    let header = way.column.as_ref().map(|column| column.name.as_str());
    let own = table.sheet.as_str();
    let row_of_turned = || column.and_then(|row| row.parse().ok());
    match from {
        None => {
            let mut cells = way.column.iter().flat_map(|column| &column.header_cells);
            let cell = cells.next_back().and_then(|name| CellPosition::named(name));
            let letters = cell.map(|cell| letters(cell.column));
            ExplainedPlace::new(own, cell.map(|cell| cell.row), letters.as_deref(), header)
        }
        Some(RowOrigin::Row { sheet, row })
            if sheet == own && area_of(table).is_some_and(|area| area.has_row(row)) =>
        {
            ExplainedPlace::new(own, Some(row), column, header)
        }
        // A hook moved the row from another table, which has other columns.
        Some(RowOrigin::Row { sheet, row }) => ExplainedPlace::new(sheet, Some(row), None, None),
        Some(RowOrigin::Column { sheet, column }) => {
            ExplainedPlace::new(sheet, row_of_turned(), Some(&letters(column)), header)
        }
        Some(RowOrigin::Added) => ExplainedPlace::new(own, None, None, None),
        Some(_) if table.turned => ExplainedPlace::new(own, row_of_turned(), None, header),
        Some(_) => ExplainedPlace::new(own, None, column, header),
    }
}

fn is_moved(written: &OutputColumn) -> String {
    format!(
        "the header {:?} is not in {} of the output: a hook has changed the output, or its file is gone",
        written.header, written.column
    )
}

/// Describes the source of the values of a column that comes from no single column of the sender.
fn made(written: &OutputColumn, table: &ExplainedTable) -> String {
    match written
        .field
        .as_deref()
        .and_then(|field| table.field(field))
    {
        Some(field) if !field.from.is_empty() => format!(
            "{} has values that a hook or a transform took from other columns or rows; their cells are not known",
            field.field
        ),
        Some(field) if field.transforms.is_empty() => format!(
            "no column of the sheet is {}; its values, if any, come from a hook",
            field.field
        ),
        Some(field) => format!(
            "no column of the sheet is {}; its values, if any, come from a transform or a hook",
            field.field
        ),
        None => "it comes from no known column of the sheet; a hook may have made it".to_owned(),
    }
}
