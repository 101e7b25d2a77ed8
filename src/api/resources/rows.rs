//! Maps rows of a run's input to rows of its output, for a whole sheet at once.

use super::cells::{SheetSide, known_rows};
use super::named::{RunDownload, place_of};
use super::prelude::*;
use crate::cells::{RunRows, Segment};

/// The default and maximum number of segments in a page. The maximum is about the number of rows of a large sheet.
const DEFAULT_PAGE_SEGMENTS: u32 = 1000;
const MAX_PAGE_SEGMENTS: u32 = 200_000;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_run_rows)])
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RowsQuery {
    /// The side of the sheet, which also sets the order of the rows: `input` or `output`. If absent, `output`.
    #[param(inline)]
    side: Option<SheetSide>,
    /// The name of a sheet.
    sheet: String,
    /// The maximum number of segments, from 1 to 200000.
    #[param(minimum = 1, maximum = 200000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    #[param(min_length = 43, max_length = 43)]
    cursor: Option<String>,
}

/// Read how rows of input and output correspond.
///
/// A segment is a range of rows that follow each other on both sides: row `row` of the sender's sheet is row `output_row` of
/// the output, and so on (with `descending`, the output rows count down). Rows that were not written have a `reason` instead.
/// Quarantined rows also have a position on the sheet `Quarantine`, if the output has that sheet. `segments` is null if the run
/// did not record it: the configuration is older than edition 2026, or the engine is older.
#[utoipa::path(get, path = "/api/v1/runs/{id}/rows",
    params(RowsQuery),
    responses((status = 200, body = RowSegmentPage), (status = 409), (status = 410))
)]
async fn list_run_rows(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<RowsQuery>,
) -> ApiResult<Response> {
    let side = which.side.unwrap_or_default();
    let limit = cursor::limit(which.limit, DEFAULT_PAGE_SEGMENTS, MAX_PAGE_SEGMENTS)?;
    let body = api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        // A run that has not ended is an error, as for other routes.
        place_of(&run, RunDownload::Output)?;
        let known = known_rows(api, &run);
        page(known.as_deref(), &run, side, &which, limit)
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], body.await?).into_response())
}

/// A page of segments of corresponding rows.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = RowSegments)]
struct RowSegmentPage<'a> {
    /// The segments in the order of the sheet. Null if the run did not record them.
    #[schema(value_type = Option<Vec<Segment>>)]
    segments: Option<&'a [Segment<'a>]>,
    next_cursor: Option<String>,
}

/// Returns a page as JSON, which is long for a sheet of many rows.
fn page(
    known: Option<&RunRows>,
    run: &RunRecord,
    side: SheetSide,
    which: &RowsQuery,
    limit: usize,
) -> ApiResult<Vec<u8>> {
    let segments = known.map(|known| match side {
        SheetSide::Input => known.of_input(&which.sheet),
        SheetSide::Output => known.of_output(&which.sheet),
    });
    let mut page = RowSegmentPage::default();
    if let Some(segments) = &segments {
        let count = segments.len();
        let what = format!("rows {} {side:?} {} {count}", run.id, which.sheet);
        let first = match &which.cursor {
            Some(cursor) => cursor::place_in(&what, cursor)?,
            None => 0,
        };
        let first = usize::try_from(first).unwrap_or(count).min(count);
        let last = count.min(first + limit);
        page.segments = Some(&segments[first..last]);
        page.next_cursor = (last < count).then(|| cursor::sealed(&what, last as u64));
    }
    serde_json::to_vec(&page).map_err(|error| ApiError::internal(error.to_string()))
}
