//! What the tables of a file are, and what would make them one record a row. No configuration and no Python take part: files are
//! read as [`crate::cells`] reads them, and the engine's native half says what it thinks of each table.
//!
//! - `tables`: where tables stand on a sheet
//! - `proposed`: what would make one of them one record a row, as JSON and in words
//! - `code`: the lines of polars that would do it

mod code;
mod proposed;
mod tables;

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::base::places::letters;
use crate::cells::{Cells, CellsError, Choice, Reading};

pub use proposed::Proposal;

/// The tables of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Shapes {
    /// The file's name.
    pub file: String,
    /// In the order of sheets, from top to bottom.
    pub tables: Vec<TableShape>,
    /// Sheets that cannot be read, each with why.
    pub problems: Vec<String>,
}

/// A table of a sheet. Rows count from 1.
#[derive(Clone, Debug, Serialize)]
pub struct TableShape {
    /// The sheet's name.
    pub sheet: String,
    /// Which one of the sheet's tables it is, from 1.
    pub table: usize,
    /// Its cells, such as `A3:N20`.
    pub range: String,
    /// The first and the last row of its header.
    pub header_rows: (u64, u64),
    /// How many rows stand under the header.
    pub rows: u64,
    /// How many columns it has.
    pub columns: u64,
    /// What would make it one record a row, the likeliest first. One of them says that it is so already. Columns of their
    /// steps count from 0, from the table's first one on.
    pub proposals: Vec<Proposal>,
}

/// What the tables of a file are.
///
/// # Errors
/// The file is gone, or cannot be read as a whole.
pub fn of_file(path: &Path, cells: &Cells) -> Result<Shapes, CellsError> {
    let reading = Reading::default();
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
        let sheet = cells.whole(path, &reading, Choice::At(known.index))?;
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
    place: &tables::Place,
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
        proposals: proposed::of(&cells),
    }
}

/// What would make one record a row of a table that is text separated by commas: all of it is the table, and its first row the
/// header.
///
/// # Errors
/// The text cannot be kept in a file, or cannot be read.
pub fn of_text(text: &[u8], cells: &Cells) -> Result<Vec<Proposal>, CellsError> {
    let unkept = |error: io::Error| CellsError::File {
        name: "standard input".to_owned(),
        reason: error.to_string(),
    };
    let mut file = tempfile::Builder::new()
        .suffix(".csv")
        .tempfile()
        .map_err(unkept)?;
    file.write_all(text).map_err(unkept)?;
    let reading = Reading {
        csv_delimiter: ",".to_owned(),
        ..Reading::whole()
    };
    let sheet = cells.whole(file.path(), &reading, Choice::At(0))?;
    Ok(proposed::of(&tables::all_texts(&sheet)))
}
