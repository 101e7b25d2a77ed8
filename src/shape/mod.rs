//! Finds the tables of a file, and the steps that would give them one record per row. This needs no configuration and no
//! Python: files are read as [`crate::cells`] reads them, and the engine's native half judges each table.
//!
//! - `tables`: the positions of tables on a sheet
//! - `proposed`: the steps that would give a table one record per row, as JSON and in words
//! - `code`: the lines of polars for these steps

mod code;
mod proposed;
mod tables;

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::base::places::letters;
use crate::cells::{CellReader, CellsError, ReadSettings, SheetSelector};

pub use proposed::Proposal;

/// The tables of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Shapes {
    /// The name of the file.
    pub file: String,
    /// The tables, in the order of sheets, from top to bottom.
    pub tables: Vec<TableShape>,
    /// The sheets that cannot be read, each with the reason.
    pub problems: Vec<String>,
}

/// A table of a sheet. Rows count from 1.
#[derive(Clone, Debug, Serialize)]
pub struct TableShape {
    /// The name of the sheet.
    pub sheet: String,
    /// The number of the table on the sheet, from 1.
    pub table: usize,
    /// Its range of cells, such as `A3:N20`.
    pub range: String,
    /// The first and the last row of its header.
    pub header_rows: (u64, u64),
    /// The number of rows below the header.
    pub rows: u64,
    /// The number of columns of the table.
    pub columns: u64,
    /// The proposals for one record per row, the likeliest first. One of them is that the table already has that shape. The
    /// columns in their steps count from 0, starting with the table's first column.
    pub proposals: Vec<Proposal>,
}

/// Finds the tables of a file, with proposals.
///
/// # Errors
/// The file is gone, or cannot be read as a whole.
pub fn of_file(path: &Path, cells: &CellReader) -> Result<Shapes, CellsError> {
    let reading = ReadSettings::default();
    let sheets = cells.sheets(path, &reading)?;
    let mut shapes = Shapes {
        file: crate::base::files::name_of(path),
        tables: Vec::new(),
        problems: Vec::new(),
    };
    for known in sheets {
        if let Some(problem) = known.problem {
            shapes.problems.push(problem);
            continue;
        }
        let sheet = cells.whole(path, &reading, SheetSelector::At(known.index))?;
        for (number, place) in tables::find(&sheet).iter().enumerate() {
            let shape = table_shape(&sheet, &known.name, number + 1, place);
            shapes.tables.push(shape);
        }
    }
    Ok(shapes)
}

fn table_shape(
    sheet: &crate::cells::WholeSheet,
    name: &str,
    number: usize,
    place: &tables::TableBounds,
) -> TableShape {
    let cells = tables::texts(sheet, place);
    let (first, last) = (
        letters(*place.columns.start()),
        letters(*place.columns.end()),
    );
    let (top, bottom) = (place.header.start(), place.last_row);
    TableShape {
        sheet: name.to_owned(),
        table: number,
        range: format!("{first}{top}:{last}{bottom}"),
        header_rows: (*top, *place.header.end()),
        rows: bottom - place.header.end(),
        columns: place.columns.end() - place.columns.start() + 1,
        proposals: proposed::propose(&cells),
    }
}

/// Returns the proposals for a text separated by commas: all of it is the table, and its first row is the header.
///
/// # Errors
/// The text cannot be stored in a file, or cannot be read.
pub fn of_text(text: &[u8], cells: &CellReader) -> Result<Vec<Proposal>, CellsError> {
    let unkept = |error: io::Error| CellsError::File {
        name: "standard input".to_owned(),
        reason: error.to_string(),
    };
    let mut file = tempfile::Builder::new()
        .suffix(".csv")
        .tempfile()
        .map_err(unkept)?;
    file.write_all(text).map_err(unkept)?;
    let reading = ReadSettings {
        csv_delimiter: ",".to_owned(),
        ..ReadSettings::whole()
    };
    let sheet = cells.whole(file.path(), &reading, SheetSelector::At(0))?;
    Ok(proposed::propose(&tables::all_texts(&sheet)))
}
