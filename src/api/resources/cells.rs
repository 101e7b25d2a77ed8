//! The sheets of a run's input and output, and windows of their cells, for grids that show a few hundred rows of a large file.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::named::{RunDownload, place_of};
use super::prelude::*;
use crate::api::state::known_issues::CachedIssues;
use crate::base::digest;
use crate::base::problem::{Problem, ProblemKind};
use crate::cells::{
    MAX_WINDOW_COLUMNS, MAX_WINDOW_ROWS, ReadSettings, RowMap, RunRows, SheetInfo, SheetSelector,
    UnwrittenRows, Window,
};
use crate::issues::{CellIssue, IssueWindow, ListError};
use crate::run::results::issues::issues_of;
use crate::run::results::reading::reading_of;
use crate::settings::paths::RunFolder;

/// The maximum number of cells that a search returns.
const MAX_FOUND_CELLS: u32 = 1000;
/// The maximum number of characters of a search text.
const MAX_SEARCH_CHARS: usize = 200;

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(list_run_sheets),
        routes!(get_run_cells),
        routes!(find_run_cells),
    ])
}

/// The input or the output of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum SheetSide {
    Input,
    #[default]
    Output,
}

impl SheetSide {
    /// Returns the path of the file and the settings for reading it. The input is read as the run read it, the output as a
    /// whole.
    fn file(self, run: &RunRecord) -> ApiResult<(PathBuf, ReadSettings)> {
        match self {
            Self::Output => Ok((place_of(run, RunDownload::Output)?.0, ReadSettings::whole())),
            Self::Input => {
                let path = place_of(run, RunDownload::Input)?.0;
                Ok((path, reading_of(run)))
            }
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SheetsQuery {
    /// `input` or `output`. If absent, `output`.
    #[param(inline)]
    side: Option<SheetSide>,
}

/// The sheets of a file.
#[derive(Serialize, ToSchema)]
pub(super) struct SheetList {
    pub(super) sheets: Vec<SheetInfo>,
}

/// List the sheets of a run's input or output, with their sizes.
#[utoipa::path(get, path = "/api/v1/runs/{id}/sheets",
    params(SheetsQuery),
    responses((status = 200, body = SheetList), (status = 409), (status = 410))
)]
async fn list_run_sheets(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<SheetsQuery>,
) -> JsonResult<SheetList> {
    let side = which.side.unwrap_or_default();
    api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        let (path, reading) = side.file(&run)?;
        let sheets = api.cells.sheets(&path, &reading)?;
        Ok(Json(SheetList { sheets }))
    })
    .await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CellsQuery {
    /// `input` or `output`. If absent, `output`.
    #[param(inline)]
    side: Option<SheetSide>,
    /// The name of a sheet. If absent, the first sheet.
    sheet: Option<String>,
    /// Rows, counted from 1: `1-200`. At most 200.
    #[param(pattern = "^[1-9][0-9]*-[1-9][0-9]*$")]
    rows: Option<String>,
    /// Columns, counted from 1: `1-100`. At most 100.
    #[param(pattern = "^[1-9][0-9]*-[1-9][0-9]*$")]
    columns: Option<String>,
    /// With `issues`, also the issues of the window's cells, rows and columns, without values.
    #[param(inline)]
    with: Option<CellWindowExtra>,
}

/// Further content of a window.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CellWindowExtra {
    Issues,
}

/// A window of cells of a sheet.
#[derive(Serialize, ToSchema)]
struct CellWindow {
    sheet: String,
    sheet_index: u64,
    /// The number of rows of the whole sheet.
    total_rows: u64,
    total_columns: u64,
    /// The first row of the window, counted from 1.
    first_row: u64,
    first_column: u64,
    /// The cells by row: null, a boolean, a number or text. Dates and times are ISO 8601, errors as `#N/A`.
    rows: Vec<Vec<Value>>,
    /// The cells whose text is shortened, as row and column.
    #[schema(value_type = Vec<Vec<u64>>)]
    cut: Vec<(u64, u64)>,
    /// The rows of the other side that the window's rows belong to. Null if the run did not record them, or if the sheet has no
    /// table.
    #[schema(required)]
    row_map: Option<RowMap>,
    /// For an input, the rows of the window that were not written. Null for an output, or if the run did not record them.
    #[schema(required)]
    row_reasons: Option<Vec<UnwrittenRows>>,
    /// With `with=issues`, the issues of the window. Null if the run has no list of issues.
    #[schema(value_type = Option<WindowIssues>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issues: Option<Option<WindowIssues>>,
}

/// The issues of a window of cells.
#[derive(Serialize, ToSchema)]
struct WindowIssues {
    listed: Vec<CellIssue>,
    /// The number of further issues that are not in the list.
    more: u64,
}

/// Read a window of cells.
///
/// A window has at most 200 rows of 100 columns. If the configuration has edition 2026, `row_map` has the rows of the other
/// side that the window's rows belong to, and `row_reasons` says why rows of an input were not written. Otherwise both are
/// null.
#[utoipa::path(get, path = "/api/v1/runs/{id}/cells",
    params(CellsQuery),
    responses(
        (status = 200, body = CellWindow, headers(("ETag" = String, description = "Changes when the answer does"))),
        (status = 304), (status = 409), (status = 410)
    )
)]
async fn get_run_cells(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<CellsQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let window = window(&api, caller, id, which).await?;
    let text = serde_json::to_string(&window).unwrap_or_default();
    let tag = format!("\"{}\"", digest::sha256(&text));
    let mut response = if download::matches(&headers, header::IF_NONE_MATCH, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], text).into_response()
    };
    download::tagged(response.headers_mut(), &tag);
    Ok(response)
}

async fn window(api: &Api, caller: Caller, id: String, which: CellsQuery) -> ApiResult<CellWindow> {
    let side = which.side.unwrap_or_default();
    let rows = range("rows", which.rows.as_deref(), MAX_WINDOW_ROWS)?;
    let columns = range("columns", which.columns.as_deref(), MAX_WINDOW_COLUMNS)?;
    api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        let (path, reading) = side.file(&run)?;
        let sheet = which
            .sheet
            .as_deref()
            .map_or(SheetSelector::At(0), SheetSelector::Named);
        let window = api.cells.window(&path, &reading, sheet, rows, columns)?;
        let (mut row_map, mut row_reasons) = (None, None);
        if let Some(known) = known_rows(api, &run) {
            row_map = match side {
                SheetSide::Output => RowMap::of_output(&window, &known),
                SheetSide::Input => RowMap::of_input(&window, &known),
            };
            row_reasons = (side == SheetSide::Input).then(|| {
                let last = window.first_row + window.rows.len() as u64;
                known.not_written_within(&window.sheet, &(window.first_row..last))
            });
        }
        let issues = which
            .with
            .map(|CellWindowExtra::Issues| issues_within(api, &run, side, &window));
        Ok(CellWindow {
            issues: issues.transpose()?,
            sheet: window.sheet,
            sheet_index: window.sheet_index as u64,
            total_rows: window.total_rows,
            total_columns: window.total_columns,
            first_row: window.first_row,
            first_column: window.first_column,
            rows: window.rows,
            cut: window.cut,
            row_map,
            row_reasons,
        })
    })
    .await
}

/// Returns the rows that a run recorded, if it did.
pub(super) fn known_rows(api: &Api, run: &RunRecord) -> Option<Arc<RunRows>> {
    api.cells
        .rows(&RunFolder::at(&run.run_dir).rows(&run.input_name))
}

/// Returns the issues of a window, or `None` if the run has no list of issues.
fn issues_within(
    api: &Api,
    run: &RunRecord,
    side: SheetSide,
    window: &Window,
) -> ApiResult<Option<WindowIssues>> {
    let list = match issues_of(run) {
        Err(error) if error.kind() == ProblemKind::Usage => return Ok(None),
        list => list?,
    };
    let columns = window.rows.first().map_or(0, |row| row.len() as u64);
    let wanted = IssueWindow {
        sheet: &window.sheet,
        of_output: side == SheetSide::Output,
        rows: window.first_row..=(window.first_row + window.rows.len() as u64).saturating_sub(1),
        columns: window.first_column..=(window.first_column + columns).saturating_sub(1),
    };
    let (listed, more) = match api.issues.get_or_load(run, list)? {
        CachedIssues::Kept(issues) => wanted.among(issues.iter().map(Ok::<_, ListError>))?,
        CachedIssues::Long(list) => list.within(&wanted)?,
    };
    Ok(Some(WindowIssues { listed, more }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CellSearchQuery {
    /// `input` or `output`. If absent, `output`.
    #[param(inline)]
    side: Option<SheetSide>,
    /// The name of a sheet. If absent, the first sheet.
    sheet: Option<String>,
    /// A part of the shown text of a cell, in any case.
    #[param(min_length = 1, max_length = 200)]
    text: String,
    /// The first cell to search, as row and column: the `next` of the previous response.
    #[param(pattern = "^[1-9][0-9]{0,8},[1-9][0-9]{0,8}$")]
    from: Option<String>,
    /// The maximum number of cells, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Cells that contain a text.
#[derive(Serialize, ToSchema)]
struct FoundCells {
    cells: Vec<FoundCell>,
    /// The `from` of the next search. Null if the whole sheet was searched.
    next: Option<String>,
}

/// A cell that contains the text.
#[derive(Serialize, ToSchema)]
struct FoundCell {
    row: u64,
    column: u64,
}

/// Find the cells of a sheet that contain a text.
///
/// Cells are in the order of rows. A large sheet is searched in parts: `next` is the start of the next part, even if this part
/// has no match.
#[utoipa::path(get, path = "/api/v1/runs/{id}/find",
    params(CellSearchQuery),
    responses((status = 200, body = FoundCells), (status = 409), (status = 410))
)]
async fn find_run_cells(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(what): Query<CellSearchQuery>,
) -> JsonResult<FoundCells> {
    let side = what.side.unwrap_or_default();
    let most = cursor::limit(what.limit, MAX_FOUND_CELLS, MAX_FOUND_CELLS)?;
    if !(1..=MAX_SEARCH_CHARS).contains(&what.text.chars().count()) {
        let message = format!("must have 1 to {MAX_SEARCH_CHARS} characters");
        return Err(ApiError::field("text", message));
    }
    let from = match what.from.as_deref() {
        None => (1, 1),
        Some(text) => place(text)
            .ok_or_else(|| ApiError::field("from", "must be a row and a column, such as 12,3"))?,
    };
    api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        let (path, reading) = side.file(&run)?;
        let sheet = what
            .sheet
            .as_deref()
            .map_or(SheetSelector::At(0), SheetSelector::Named);
        let found = api
            .cells
            .find(&path, &reading, sheet, &what.text, from, most)?;
        let cell = |(row, column)| FoundCell { row, column };
        Ok(Json(FoundCells {
            cells: found.cells.into_iter().map(cell).collect(),
            next: found.next.map(|(row, column)| format!("{row},{column}")),
        }))
    })
    .await
}

/// Parses `12,3`: row and column, counted from 1.
fn place(text: &str) -> Option<(u64, u64)> {
    let (row, column) = text.split_once(',')?;
    let number = |digits: &str| {
        let number = digits.parse::<u32>().ok().filter(|&number| number > 0);
        number.filter(|_| digits.bytes().all(|digit| digit.is_ascii_digit()))
    };
    Some((number(row)?.into(), number(column)?.into()))
}

/// Parses `a-b`, counted from 1. Without a text, returns the first `most` numbers.
fn range(field: &str, text: Option<&str>, most: u64) -> ApiResult<std::ops::RangeInclusive<u64>> {
    let Some(text) = text else {
        return Ok(1..=most);
    };
    let parsed = text
        .split_once('-')
        .and_then(|(first, last)| Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?)));
    match parsed {
        Some((first, last)) if first >= 1 && first <= last && last - first < most => {
            Ok(first..=last)
        }
        _ => {
            let message = format!("must be like 1-{most}, counted from 1, and at most {most} wide");
            Err(ApiError::field(field, message))
        }
    }
}
