//! Explains how a run read its input: header rows, columns, and the path of a cell to the output.

use super::prelude::*;
use crate::run::views::explain::{ExplainTarget, Explanation, WorkbookSide, explain};

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(explain_run)])
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExplainQuery {
    /// Only tables of this sheet.
    sheet: Option<String>,
    /// A row, counted from 1.
    #[param(minimum = 1, maximum = 1_048_576)]
    row: Option<u64>,
    /// A column: its letters, its header or its field. With `row`, the cell in that row.
    column: Option<String>,
    /// A cell, such as `D8` or `North!D8`.
    cell: Option<String>,
    /// The side of the sheets, rows, columns and cells: `input` or `output`. If absent, `input`.
    #[param(inline)]
    side: Option<WorkbookSide>,
}

/// Explain how a run read its input.
///
/// The response is that of `ade explain --json`. Without parameters, it explains for each table why these rows are its header,
/// why each column has its field or none, and where it was written. For a row or a cell, it explains the path from the sender's
/// sheet to the output. It contains values of cells only in messages of checks.
#[utoipa::path(get, path = "/api/v1/runs/{id}/explain",
    params(ExplainQuery),
    responses((status = 200, body = Explanation), (status = 409))
)]
async fn explain_run(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(what): Query<ExplainQuery>,
) -> ApiResult<Json<Explanation>> {
    let wanted = wanted(what)?;
    api.slow_work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        Ok(Json(explain(&workspace, &run, &wanted, &api.cells)?))
    })
    .await
}

fn wanted(what: ExplainQuery) -> ApiResult<ExplainTarget> {
    if what.row.is_some_and(|row| row == 0 || row > 1_048_576) {
        return Err(ApiError::field("row", "must be from 1 to 1048576"));
    }
    if what.cell.is_some() && (what.row.is_some() || what.column.is_some()) {
        return Err(ApiError::field("cell", "cannot be used with row or column"));
    }
    Ok(ExplainTarget {
        sheet: what.sheet,
        row: what.row,
        column: what.column,
        cell: what.cell,
        side: what.side.unwrap_or_default(),
    })
}
