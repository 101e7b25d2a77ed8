//! In what a run differs from an earlier one, such as that of last month.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::named::run_with_files;
use crate::api::access::caller::Reader;
use crate::api::http::answer::Answer;
use crate::api::http::body::{Path, Query};
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::checks::drift::no_run;
use crate::run::results::layout::{Difference as LayoutDifference, layout_of};
use crate::run::results::senders::Senders;
use crate::run::views::difference::{Difference, of_runs};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The run to compare with; absent: the last good one, before this one, of a file of the same sender.
    #[param(nullable = false)]
    since: Option<String>,
    /// The field, or the header, whose values say which rows belong together; absent: the first unique field, otherwise all keys.
    #[param(nullable = false, min_length = 1, max_length = 200)]
    key: Option<String>,
}

/// In what a run differs from an earlier one.
#[derive(Debug, Serialize, ToSchema)]
struct RunDifference {
    /// What differs in the layout of the files; null: one of the two runs knows none.
    #[schema(required)]
    layout: Option<Vec<LayoutDifference>>,
    #[serde(flatten)]
    found: Difference,
}

/// Say in what a run differs from an earlier one.
///
/// The layout of its file, fields and their headers, counts, issues by rule, versions and settings, rows by a key or as they stand,
/// and the totals of columns of numbers. Values of cells are shown.
#[utoipa::path(get, path = "/api/v1/runs/{id}/difference", operation_id = "get_run_difference", tag = "runs", params(("id" = String, Path, description = "The run"), Which), responses(
    (status = 200, body = RunDifference),
    (status = 409), (status = 410),
))]
async fn show(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Answer<Json<RunDifference>> {
    api.slow_work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        let store = &workspace.store;
        let since = match &which.since {
            Some(since) => since.clone(),
            None => {
                let senders = Senders::of(&run.snapshot);
                let of = &run.key.configuration_id;
                let found = senders.last_good(store, of, &run.input_name, Some(&run))?;
                found.ok_or_else(|| no_run(&run.input_name))?.id
            }
        };
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
