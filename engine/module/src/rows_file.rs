//! The Python class for the file of a run's rows.

use std::io::Write;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::column::series_of;
use super::output::write_file;
use ade_engine_native::account::rows::{
    FieldCells, QuarantinedRows, Reason, RowNumbers, RowsFile as Rows, TableRows, UnwrittenRows,
};
use ade_engine_native::columns::view::ColumnValue;

/// The rows of a table: see `RowNumbersArgument` in `pipeline/kept_rows/row_map.py`.
#[derive(FromPyObject)]
struct RowNumbersArgument<'py> {
    numbers: Bound<'py, PyAny>,
    unknown: Option<String>,
    is_turned: bool,
    cells: Bound<'py, PyDict>,
}

/// The position at which a table was written: its sheet, and the row of its first row of data, if that is known.
type WrittenPosition = (String, Option<u64>);

/// The Python form of [`Rows`].
#[pyclass(module = "ade_engine._native")]
#[derive(Default)]
pub struct RowsFile {
    file: Rows,
}

#[pymethods]
impl RowsFile {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Adds a table that was written; `number` is its number on its sheet, from 1.
    fn add_table(
        &mut self,
        sheet: String,
        number: u64,
        rows: RowNumbersArgument<'_>,
        place: WrittenPosition,
    ) -> PyResult<()> {
        let mut table = table_of(sheet, &rows, place)?;
        table.table = Some(number);
        for (field, of) in rows.cells {
            let of: Bound<'_, PyDict> = of.cast_into()?;
            let numbers = |key: &str| -> PyResult<Option<RowNumbers>> {
                let numbers = of.get_item(key)?;
                let numbers = numbers.map(|numbers| numbers_of(&numbers)).transpose()?;
                Ok(numbers.map(RowNumbers::new))
            };
            table.cells.push(FieldCells {
                field: field.extract()?,
                rows: numbers("rows")?,
                columns: numbers("columns")?,
                parts: numbers("parts")?,
            });
        }
        self.file.tables.push(table);
        Ok(())
    }

    /// Adds quarantined rows of a table. `file` is the workbook that contains them, if it is not the output.
    fn add_quarantined(
        &mut self,
        sheet: String,
        rows: RowNumbersArgument<'_>,
        place: WrittenPosition,
        file: Option<String>,
    ) -> PyResult<()> {
        let rows = table_of(sheet, &rows, place)?;
        self.file.quarantined.push(QuarantinedRows { rows, file });
        Ok(())
    }

    /// Adds lines of a sheet that have no row: first and last of each stretch, the reason, and the hook that dropped them.
    fn add_lines(&mut self, sheet: &str, mut lines: Vec<(u64, u64, String, Option<String>)>) {
        lines.sort_by_key(|(first, last, ..)| (*first, *last));
        let lines = lines.into_iter();
        self.file
            .not_written
            .extend(lines.map(|(first, last, reason, hook)| UnwrittenRows {
                sheet: sheet.to_owned(),
                first,
                last,
                reason: Reason::parse(&reason),
                hook,
            }));
    }

    /// Writes the rows to a file.
    fn write(&self, py: Python<'_>, path: &str) -> PyResult<()> {
        write_file(py, path, |file| {
            serde_json::to_writer(&mut *file, &self.file)?;
            file.write_all(b"\n")
        })
    }
}

fn table_of(
    sheet: String,
    rows: &RowNumbersArgument<'_>,
    (output_sheet, first_row): WrittenPosition,
) -> PyResult<TableRows> {
    Ok(TableRows {
        sheet,
        output_sheet: Some(output_sheet),
        first_row,
        turned: rows.is_turned,
        rows: numbers_of(&rows.numbers)?.into_iter().collect(),
        unknown: rows.unknown.clone(),
        ..TableRows::default()
    })
}

/// Returns the numbers of a series; 0 for missing ones.
fn numbers_of(series: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    let column = series_of(series)?;
    let number = |value: ColumnValue<'_>| u32::try_from(value.whole()?).ok();
    let view = column.view();
    let numbers = view.values().map(number);
    Ok(numbers.map(Option::unwrap_or_default).collect())
}
