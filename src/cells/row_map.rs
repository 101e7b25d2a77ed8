//! Which row of the other side each row of a window belongs to: what the run tells of its rows ([`Rows`]). Without that nothing that a
//! run leaves tells which row is which: a hook may have dropped, added and sorted rows, and counts do not tell. So there is no map then.

use serde::Serialize;
use utoipa::ToSchema;

use super::rows::{Fate, Origin, Rows};
use super::window::Window;

/// Which rows of a sheet of the other side the rows of a window belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowMap {
    /// The sheet of the other side: of the input for a window of the output, of the output for one of the input.
    pub sheet: String,
    /// For each row of the window the number of that row, from 1; null for headers, for rows between tables, for rows that a
    /// hook has added or dropped, for those of other sheets, and for those of which it is not known.
    pub rows: Vec<Option<u64>>,
    /// The hook because of which it is not known of some of these rows.
    pub unknown: Option<String>,
}

impl RowMap {
    /// The map of a window of the output, by what the run tells of its rows; `None`: no table is on this sheet.
    pub fn of_output(window: &Window, known: &Rows) -> Option<Self> {
        let mut map = Self::on(known.sheet_behind(&window.sheet)?);
        for row in rows_of(window) {
            let origin = known.origin(&window.sheet, row);
            if let Origin::Unknown { hook } = origin {
                map.unknown.get_or_insert_with(|| hook.to_owned());
            }
            map.rows.push(match origin {
                Origin::Row { sheet, row } if sheet == map.sheet => Some(row),
                _ => None,
            });
        }
        Some(map)
    }

    /// The map of a window of the input; of rows that were written more than once, the first place. `None`: no table of this
    /// sheet was written.
    pub fn of_input(window: &Window, known: &Rows) -> Option<Self> {
        let mut map = Self::on(known.sheet_before(&window.sheet)?);
        for fate in known.fates(&window.sheet, rows_of(window), false) {
            if let Fate::Unknown { hook } = fate {
                map.unknown.get_or_insert_with(|| hook.to_owned());
            }
            let place = match fate {
                Fate::Written(places) => places
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

/// The rows of a window, from 1.
fn rows_of(window: &Window) -> std::ops::Range<u64> {
    window.first_row..window.first_row + window.rows.len() as u64
}
