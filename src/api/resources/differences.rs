//! The differences between a run and an earlier run, such as that of last month.

use super::prelude::*;
use crate::checks::drift::no_run;
use crate::run::results::layout::{LayoutDifference, layout_of};
use crate::run::results::senders::Senders;
use crate::run::views::difference::{OutputDifference, of_runs};
use crate::store::{InputFile, RunFilter, Store, StoreError};

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(get_run_difference)])
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DifferenceQuery {
    /// The run to compare with. `sender`: the last good earlier run of another file of the same sender. If absent, the last
    /// good earlier run of the same file, otherwise as for `sender`.
    since: Option<String>,
    /// The field or header whose values identify rows. If absent, the first unique field, otherwise all keys.
    #[param(min_length = 1, max_length = 200)]
    key: Option<String>,
}

/// The differences between a run and an earlier run.
#[derive(Serialize, ToSchema)]
struct RunDifference {
    /// The differences of the files' layouts. Null if one of the two runs has no layout.
    layout: Option<Vec<LayoutDifference>>,
    #[serde(flatten)]
    found: OutputDifference,
}

/// Compare a run with an earlier run.
///
/// The comparison covers the layout of the file, fields and their headers, counts, issues by rule, versions and settings, rows
/// by a key or by position, and the totals of number columns. It contains values of cells.
#[utoipa::path(get, path = "/api/v1/runs/{id}/difference",
    params(DifferenceQuery),
    responses((status = 200, body = RunDifference), (status = 409), (status = 410))
)]
async fn get_run_difference(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<DifferenceQuery>,
) -> ApiResult<Json<RunDifference>> {
    api.slow_work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        let store = &workspace.store;
        let of_sender = || {
            let of = &run.key.configuration_id;
            Senders::load(&run.snapshot).last_good(store, of, &run.input_name, Some(&run))
        };
        let found = match which.since.as_deref() {
            Some("sender") => of_sender()?.map(|run| run.id),
            Some(since) => Some(since.to_owned()),
            None => match last_of_file(store, &run)? {
                Some(run) => Some(run.id),
                None => of_sender()?.map(|run| run.id),
            },
        };
        let since = found.ok_or_else(|| no_run(&run.input_name))?;
        let (_, since) = run_with_files(api, &caller, &since)?;
        if since.key.workspace_id != run.key.workspace_id {
            return Err(ApiError::field("since", "is a run of another workspace"));
        }
        let layouts = layout_of(store, &run)?.zip(layout_of(store, &since)?);
        Ok(Json(RunDifference {
            layout: layouts.map(|(now, before)| now.since(&before)),
            found: of_runs(&workspace, [&since, &run], which.key.as_deref())?,
        }))
    })
    .await
}

/// Returns the last earlier run that read the same file and still has its workbook.
fn last_of_file(store: &Store, run: &RunRecord) -> Result<Option<RunRecord>, StoreError> {
    let filter = RunFilter {
        workspace_id: run.key.workspace_id.clone(),
        statuses: vec![RunStatus::Succeeded],
        configuration: Some(run.key.configuration_id.clone()),
        input: Some(run.input_name.clone()),
        file: Some(InputFile {
            sha256: Some(run.input_sha256.clone()),
            place: run.options.input_place.clone().unwrap_or_default(),
        }),
        behind: Some(run.id.clone()),
        limit: 20,
        ..RunFilter::default()
    };
    let has_output =
        |run: &RunRecord| run.output_path.is_some() && run.artifacts_deleted_at.is_none();
    Ok(store.find_runs(&filter)?.runs.into_iter().find(has_output))
}
