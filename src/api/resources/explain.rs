//! Why a run read its input as it did: header rows, columns, and the way of a cell.

use super::prelude::*;
use crate::run::views::explain::{Explanation, Side, Wanted, explain};

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(explain_run)])
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct What {
    /// Only tables of this sheet.
    sheet: Option<String>,
    /// A row, counted from 1.
    #[param(minimum = 1, maximum = 1_048_576)]
    row: Option<u64>,
    /// A column: its letters, its header or its field. With `row` the cell in it.
    column: Option<String>,
    /// A cell, such as `D8` or `North!D8`.
    cell: Option<String>,
    /// Whose sheets, rows, columns and cells: `input` or `output`; absent: input.
    #[param(inline)]
    side: Option<Side>,
}

/// Say why a run read its input as it did.
///
/// What `ade explain --json` prints. Without parameters: of each table why these rows are its header, why each column has its field or
/// none, and where it was written. With a row or a cell: its way between the sender's sheet and the output. No values of cells but those in messages of checks.
#[utoipa::path(get, path = "/api/v1/runs/{id}/explain",
    params(What),
    responses((status = 200, body = Explanation), (status = 409))
)]
async fn explain_run(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(what): Query<What>,
) -> Answer<Json<Explanation>> {
    let wanted = wanted(what)?;
    api.slow_work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        Ok(Json(explain(&workspace, &run, &wanted, &api.cells)?))
    })
    .await
}

fn wanted(what: What) -> Answer<Wanted> {
    if what.row.is_some_and(|row| row == 0 || row > 1_048_576) {
        return Err(ApiError::field("row", "must be from 1 to 1048576"));
    }
    if what.cell.is_some() && (what.row.is_some() || what.column.is_some()) {
        return Err(ApiError::field("cell", "cannot be used with row or column"));
    }
    Ok(Wanted {
        sheet: what.sheet,
        row: what.row,
        column: what.column,
        cell: what.cell,
        side: what.side.unwrap_or_default(),
    })
}
