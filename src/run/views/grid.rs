//! The tables of an output, one after the other, for comparison with another output.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::base::places::{Area, column_named, letters};
use crate::cells::{
    CellReader, CellsError, ReadSettings, RowOrigin, RunRows, SheetSelector, ShownCell,
    WindowLimits,
};
use crate::engine::RunNotices;

/// The maximum memory of a sheet in bytes; larger sheets are not compared.
const SHEET_BYTES: usize = 256 << 20;
/// The engine's own sheets and columns in a workbook. They are not compared, because the issues are compared by rule.
const OWN_SHEETS: [&str; 3] = ["Issues", "Notes", "Quarantine"];
const OWN_COLUMNS: [&str; 3] = ["Severity", "Issues", "Source row"];

/// The tables of a workbook, one after the other.
pub struct OutputGrid {
    /// The name of the workbook.
    pub name: String,
    /// The names of its columns: the field, or the header if a column has none.
    pub columns: Vec<String>,
    /// The headers of the columns.
    headers: Vec<String>,
    /// Its rows, each as wide as there are columns.
    pub rows: Vec<Vec<ShownCell>>,
    /// For each row its sheet, its number there, from 1, and the positions of the columns there.
    at: Vec<(Arc<str>, u64, ColumnPositions)>,
    /// The sender's columns by the names of the columns here.
    from: HashMap<String, String>,
    /// The run's record of its rows.
    pub told: Option<Arc<RunRows>>,
}

/// The columns of a table, each with its number in the sheet, from 1.
type ColumnPositions = Arc<[(usize, u64)]>;

/// The position of a table: its first and its last row of data, and its columns with their names and headers.
type OutputTable = (u64, u64, Vec<(u64, String, String)>);

impl OutputGrid {
    /// Reads a workbook. The run's notices give the positions of its tables; without them the first row of a sheet has the
    /// names.
    pub fn read(path: &Path, name: &str, noticed: Option<&RunNotices>) -> Result<Self, CellsError> {
        let cells = CellReader::new(WindowLimits {
            sheet_bytes: SHEET_BYTES,
            ..WindowLimits::default()
        });
        let reading = ReadSettings::whole();
        let mut grid = Self {
            name: name.to_owned(),
            columns: Vec::new(),
            headers: Vec::new(),
            rows: Vec::new(),
            at: Vec::new(),
            from: noticed.map(columns_in_notices).unwrap_or_default(),
            told: None,
        };
        let told = noticed.map(places_in_notices).unwrap_or_default();
        for info in cells.sheets(path, &reading)? {
            let title = info.name;
            if told.is_empty() && OWN_SHEETS.contains(&title.as_str())
                || !told.is_empty() && !told.contains_key(&title)
            {
                continue;
            }
            let sheet = cells.whole(path, &reading, SheetSelector::Named(&title))?;
            let (height, width) = sheet.size();
            let heading = |column| {
                let header = sheet.cell(1, column, usize::MAX).text;
                (column, header.clone(), header)
            };
            let whole = || {
                let columns = (1..=width).map(heading);
                let named = columns.filter(|(_, name, _)| {
                    !name.is_empty() && !OWN_COLUMNS.contains(&name.as_str())
                });
                vec![(2, height, named.collect())]
            };
            let places: Vec<OutputTable> = told.get(&title).cloned().unwrap_or_else(whole);
            let here: Arc<str> = title.as_str().into();
            for (first, last, columns) in places {
                let at: Vec<usize> = columns
                    .iter()
                    .map(|(_, name, header)| grid.place_of(name, header))
                    .collect();
                let stand = at
                    .into_iter()
                    .zip(columns.iter().map(|(column, ..)| *column));
                let stand: ColumnPositions = stand.collect();
                for row in first..=last.min(height) {
                    let mut values = vec![ShownCell::default(); grid.columns.len()];
                    for (at, column) in stand.iter() {
                        values[*at] = sheet.cell(row, *column, usize::MAX);
                    }
                    grid.rows.push(values);
                    grid.at.push((here.clone(), row, stand.clone()));
                }
            }
        }
        let width = grid.columns.len();
        for row in &mut grid.rows {
            row.resize(width, ShownCell::default());
        }
        Ok(grid)
    }

    fn place_of(&mut self, name: &str, header: &str) -> usize {
        self.column(name).unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.headers.push(header.to_owned());
            self.columns.len() - 1
        })
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Returns the columns that the other output lacks, and the headers of those with another header there.
    pub fn columns_beside(&self, other: &Self) -> Vec<String> {
        let columns = self.columns.iter().zip(&self.headers);
        let beside = columns.filter_map(|(name, header)| match other.column(name) {
            None => Some(name.clone()),
            Some(at) => (other.headers[at] != *header).then(|| header.clone()),
        });
        beside.collect()
    }

    /// Returns the position of a value in the workbook: its sheet, row and column, from 1.
    pub fn position_of(&self, row: usize, column: usize) -> (Arc<str>, u64, u64) {
        let (title, row, stand) = &self.at[row];
        let place = stand.iter().find(|(at, _)| *at == column);
        (title.clone(), *row, place.map_or(1, |(_, column)| *column))
    }

    /// Returns the sender's cell from which a value of the output comes.
    pub fn source(&self, row: usize, column: &str) -> Option<String> {
        let (title, row, _) = &self.at[row];
        let told = self.told.as_ref()?;
        let RowOrigin::Row {
            sheet,
            row: of_sender,
        } = told.origin(title, *row)
        else {
            return None;
        };
        let own = told.own_cell(title, *row, column);
        if own.is_some_and(|own| own.is_nowhere) {
            return None;
        }
        let row = own.and_then(|own| own.row).unwrap_or(of_sender);
        let own = own.and_then(|own| own.column).map(letters);
        let column = own.or_else(|| self.from.get(column).cloned())?;
        Some(format!("{sheet}!{column}{row}"))
    }

    /// Returns the sum of a column, if it is a column of numbers.
    pub fn sum(&self, column: usize) -> Option<f64> {
        let mut numbers = 0;
        let mut sum = 0.0;
        for cell in self.rows.iter().map(|row| &row[column]) {
            if cell.is_number {
                numbers += 1;
                sum += cell.text.parse().unwrap_or(0.0);
            } else if !cell.text.is_empty() {
                return None;
            }
        }
        (numbers > 0).then_some(sum)
    }
}

/// Returns the sender's columns by their names in the output, as the run recorded them.
fn columns_in_notices(noticed: &RunNotices) -> HashMap<String, String> {
    let outputs = noticed
        .tables
        .iter()
        .filter_map(|table| table.output.as_ref());
    let columns = outputs.flat_map(|output| &output.columns);
    let named = columns.filter_map(|column| Some((column.name().to_owned(), column.from.clone()?)));
    named.collect()
}

/// Returns the positions of the tables of an output, by sheet, as the run recorded them.
fn places_in_notices(noticed: &RunNotices) -> HashMap<String, Vec<OutputTable>> {
    let mut found: HashMap<String, Vec<OutputTable>> = HashMap::new();
    for output in noticed
        .tables
        .iter()
        .filter_map(|table| table.output.as_ref())
    {
        let Some(area) = Area::named(&output.range) else {
            continue;
        };
        let columns = output.columns.iter();
        let columns = columns.filter_map(|written| {
            let column = column_named(&written.column)?;
            Some((column, written.name().to_owned(), written.header.clone()))
        });
        let place = (area.first.row + 1, area.last.row, columns.collect());
        let places = found.entry(output.sheet.clone()).or_default();
        // Merged tables of a sheet have one position.
        if !places.contains(&place) {
            places.push(place);
        }
    }
    found
}
