//! Which rows of a run's input and output belong together, for a whole sheet at once.

use super::cells::{Side, known_rows};
use super::named::{Left, place_of};
use super::prelude::*;
use crate::cells::{Rows, Segment};

/// The segments of a page, unless a request says otherwise, and at most: as many as a large sheet has rows.
const USUAL: u32 = 1000;
const LARGEST: u32 = 200_000;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_run_rows)])
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichRows {
    /// `input` or `output`: whose sheet it is, and in whose order the rows come; absent: output.
    #[param(inline)]
    side: Option<Side>,
    /// The name of a sheet.
    sheet: String,
    /// The largest number of segments, from 1 to 200000.
    #[param(minimum = 1, maximum = 200000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(min_length = 43, max_length = 43)]
    cursor: Option<String>,
}

/// Read which rows of input and output belong together.
///
/// A segment is a stretch of rows that follow each other on both sides: row `row` of the sender's sheet is row `output_row` of the
/// output, the next ones are the next ones (with `descending`, the ones before). Rows that were not written have a `reason` instead;
/// those that are quarantined have their place on the sheet `Quarantine`, too, where that is one of the output.
/// `segments` is null if the run does not tell: the configuration is older than edition 2026, or the engine is older.
#[utoipa::path(get, path = "/api/v1/runs/{id}/rows",
    params(WhichRows),
    responses((status = 200, body = Page), (status = 409), (status = 410))
)]
async fn list_run_rows(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<WhichRows>,
) -> Answer<Response> {
    let side = which.side.unwrap_or_default();
    let limit = cursor::limit(which.limit, USUAL, LARGEST)?;
    let body = api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        // What is not known of a run that has not ended is an error, as elsewhere.
        place_of(&run, Left::Output)?;
        let known = known_rows(api, &run);
        page(known.as_deref(), &run, side, &which, limit)
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], body.await?).into_response())
}

/// Which rows of input and output belong together.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = RowSegments)]
struct Page<'a> {
    /// In the order of the sheet; null if the run does not tell.
    #[schema(value_type = Option<Vec<Segment>>)]
    segments: Option<&'a [Segment<'a>]>,
    next_cursor: Option<String>,
}

/// A page as JSON: of a sheet of many rows it is long.
fn page(
    known: Option<&Rows>,
    run: &RunRecord,
    side: Side,
    which: &WhichRows,
    limit: usize,
) -> Answer<Vec<u8>> {
    let segments = known.map(|known| match side {
        Side::Input => known.of_input(&which.sheet),
        Side::Output => known.of_output(&which.sheet),
    });
    let mut page = Page::default();
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
