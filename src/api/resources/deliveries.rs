//! What was told of ended runs, and what is still to be told: list it, and tell it again.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::workspaces::known_workspace;
use crate::api::access::caller::{Reader, Runner};
use crate::api::http::answer::JsonAnswer;
use crate::api::http::body::{Path, Query};
use crate::api::http::cursor;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::base::show_path::ShowPath;
use crate::store::{DeliveryFilter, DeliveryRecord, DeliveryStatus, StoreError, delivery_of};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(retry_delivery))
}

/// A page of deliveries, the newest run first.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryPage {
    items: Vec<DeliveryRecord>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A page of deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The workspace; absent: that of the server.
    #[param(nullable = false)]
    workspace: Option<String>,
    /// The run that ended; absent: all.
    #[param(nullable = false)]
    run_id: Option<String>,
    /// The status; absent: any.
    #[param(nullable = false, inline)]
    status: Option<DeliveryStatus>,
    /// The largest number of deliveries, from 1 to 1000.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// List what was told of ended runs, and what is still to be told.
///
/// The end of a run is told to the address of `ADE_ON_END_URL` and by the program of `ADE_ON_END_COMMAND`. What was told, or given up
/// after a day, is listed for a week.
#[utoipa::path(get, path = "/api/v1/deliveries", operation_id = "list_deliveries", tag = "runs", params(Which), responses(
    (status = 200, body = DeliveryPage),
))]
async fn list(Reader(api, caller): Reader, Query(which): Query<Which>) -> JsonAnswer<DeliveryPage> {
    let limit = cursor::limit(which.limit, cursor::USUAL, cursor::LARGEST)?;
    let behind = which.cursor.as_deref().map(cursor::place_at::<String>);
    let behind = behind.transpose()?;
    api.work(move |api| {
        let id = which.workspace.as_deref().unwrap_or(api.home().id());
        let workspace = known_workspace(api, &caller, id)?;
        let mut items = workspace.store.deliveries(&DeliveryFilter {
            workspace_id: id.to_owned(),
            run_id: which.run_id.map(|run| run.to_lowercase()),
            status: which.status,
            behind,
            // One more tells whether there is another page.
            limit: u32::try_from(limit + 1).unwrap_or(u32::MAX),
        })?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| has_more);
        let next_cursor = last.map(|last| cursor::at(&last.id));
        let items = items.into_iter().map(|one| shown(one, api)).collect();
        Ok(axum::Json(DeliveryPage { items, next_cursor }))
    })
    .await
}

/// The same with the paths of this machine as clients see them.
fn shown(delivery: DeliveryRecord, api: &Api) -> DeliveryRecord {
    let error = delivery.last_error.as_deref();
    DeliveryRecord {
        last_error: error.map(|error| api.paths.text(error).into_owned()),
        ..delivery
    }
}

/// Tell again that a run has ended.
///
/// A worker tells it, from the first attempt on, whether it was accepted or given up before. What waits for its next attempt is told at
/// once, and what is being told at this moment stays as it is.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/retry", operation_id = "retry_delivery", tag = "runs",
    params(("id" = String, Path, description = "The delivery")),
    responses(
        (status = 200, body = DeliveryRecord),
    )
)]
async fn retry_delivery(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
) -> JsonAnswer<DeliveryRecord> {
    api.work(move |api| {
        let (store, now) = (&api.home().store, api.home().machine.now());
        let none = || ApiError::not_found("delivery", &id);
        let lower = id.to_lowercase();
        let (run, kind) = delivery_of(&lower).ok_or_else(none)?;
        let of_run = store.run_of_any_workspace(run);
        let run = of_run.map_err(|error| match error {
            StoreError::NotFound { .. } => none(),
            error => error.into(),
        })?;
        caller.demand(&run.key.workspace_id, "delivery", &id)?;
        let again = store.redeliver(&run.id, kind, now)?;
        Ok(axum::Json(shown(again, api)))
    })
    .await
}
