//! Maps each row of a window to its row on the other side, from the run's record of its rows ([`RunRows`]). Without that record
//! there is no map: a hook may have dropped, added and sorted rows, so counts alone do not tell which rows belong together.

use serde::Serialize;
use utoipa::ToSchema;

use super::rows::{RowOrigin, RowOutcome, RunRows};
use super::window::Window;

/// The rows of a sheet on the other side that belong to the rows of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowMap {
    /// The sheet on the other side: a sheet of the input for a window of the output, and the reverse.
    pub sheet: String,
    /// For each row of the window, the number of the row on the other side, from 1; null for headers, rows between tables,
    /// rows that a hook added or dropped, rows of other sheets, and rows whose counterpart is unknown.
    pub rows: Vec<Option<u64>>,
    /// The hook that makes some of these rows unknown.
    pub unknown: Option<String>,
}

impl RowMap {
    /// Maps a window of the output, using the run's record of its rows; `None`: the sheet has no table.
    pub fn of_output(window: &Window, known: &RunRows) -> Option<Self> {
        let mut map = Self::on(known.sheet_behind(&window.sheet)?);
        for row in rows_of(window) {
            let origin = known.origin(&window.sheet, row);
            if let RowOrigin::Unknown { hook } = origin {
                map.unknown.get_or_insert_with(|| hook.to_owned());
            }
            map.rows.push(match origin {
                RowOrigin::Row { sheet, row } if sheet == map.sheet => Some(row),
                _ => None,
            });
        }
        Some(map)
    }

    /// Maps a window of the input. A row that was written more than once maps to its first position. `None`: no table of this
    /// sheet was written.
    pub fn of_input(window: &Window, known: &RunRows) -> Option<Self> {
        let mut map = Self::on(known.sheet_before(&window.sheet)?);
        for outcome in known.outcomes(&window.sheet, rows_of(window), false) {
            if let RowOutcome::Unknown { hook } = outcome {
                map.unknown.get_or_insert_with(|| hook.to_owned());
            }
            let place = match outcome {
                RowOutcome::Written(places) => places
                    .iter()
                    .find(|place| place.sheet == Some(&map.sheet))
                    .and_then(|place| place.row),
                _ => None,
            };
            map.rows.push(place);
        }
        Some(map)
    }

    fn on(sheet: &str) -> Self {
        Self {
            sheet: sheet.to_owned(),
            rows: Vec::new(),
            unknown: None,
        }
    }
}

/// Returns the numbers of a window's rows, from 1.
fn rows_of(window: &Window) -> std::ops::Range<u64> {
    window.first_row..window.first_row + window.rows.len() as u64
}
