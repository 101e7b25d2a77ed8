//! Notifications about ended runs: list them, and send them again.

use super::prelude::*;
use crate::store::{DeliveryFilter, DeliveryRecord, DeliveryStatus, StoreError, delivery_of};

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_deliveries), routes!(retry_delivery)])
}

/// A page of deliveries, the newest run first.
#[derive(Serialize, ToSchema)]
struct DeliveryPage {
    items: Vec<DeliveryRecord>,
    /// The `cursor` of the next page. Null on the last page.
    next_cursor: Option<String>,
}

/// The query of a page of deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// The workspace. If absent, the server's own workspace.
    workspace: Option<String>,
    /// The id of the ended run. If absent, all runs.
    run_id: Option<String>,
    /// The status of the deliveries. If absent, any status.
    #[param(inline)]
    status: Option<DeliveryStatus>,
    /// The maximum number of deliveries, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// List the notifications about ended runs, sent or still due.
///
/// The end of a run is sent to the address in `ADE_ON_END_URL` and to the program in `ADE_ON_END_COMMAND`. A notification that
/// was sent, or given up after a day, is listed for a week.
#[utoipa::path(get, path = "/api/v1/deliveries", params(DeliveriesQuery), responses((status = 200, body = DeliveryPage)))]
async fn list_deliveries(
    Reader(api, caller): Reader,
    Query(which): Query<DeliveriesQuery>,
) -> JsonResult<DeliveryPage> {
    let limit = cursor::limit(
        which.limit,
        cursor::DEFAULT_PAGE_ENTRIES,
        cursor::MAX_PAGE_ENTRIES,
    )?;
    let behind = which.cursor.as_deref().map(cursor::place_at::<String>);
    let behind = behind.transpose()?;
    api.work(move |api| {
        let workspace = workspace_or_home(api, &caller, which.workspace.as_deref())?;
        let mut items = workspace.store.deliveries(&DeliveryFilter {
            workspace_id: workspace.id().to_owned(),
            run_id: which.run_id.map(|run| run.to_lowercase()),
            status: which.status,
            behind,
            // One more item shows whether there is another page.
            limit: u32::try_from(limit + 1).unwrap_or(u32::MAX),
        })?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| has_more);
        let next_cursor = last.map(|last| cursor::at(&last.id));
        let items = items
            .into_iter()
            .map(|delivery| shown(delivery, api))
            .collect();
        Ok(Json(DeliveryPage { items, next_cursor }))
    })
    .await
}

/// Returns the delivery with this machine's paths hidden.
fn shown(delivery: DeliveryRecord, api: &Api) -> DeliveryRecord {
    let error = delivery.last_error.as_deref();
    DeliveryRecord {
        last_error: error.map(|error| api.paths.text(error).into_owned()),
        ..delivery
    }
}

/// Send the notification about an ended run again.
///
/// A worker sends it again from the first attempt on, even if it was accepted or given up before. If it waits for its next
/// attempt, it is sent at once. If it is being sent at this moment, nothing changes.
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/retry", responses((status = 200, body = DeliveryRecord)))]
async fn retry_delivery(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
) -> JsonResult<DeliveryRecord> {
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
        Ok(Json(shown(again, api)))
    })
    .await
}
