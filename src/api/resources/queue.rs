//! The waiting runs, in the order in which they are claimed.

use super::prelude::*;
use crate::run::views::json::{RunView, runs_json};
use crate::store::{Limits, QueuePlace, WaitReason};

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_queue)])
}

/// A page of the queue.
#[derive(Serialize, ToSchema)]
struct QueuePage {
    items: Vec<QueuedRun>,
    /// The `cursor` of the next page. Null on the last page.
    next_cursor: Option<String>,
}

/// A run that waits.
#[derive(Serialize, ToSchema)]
struct QueuedRun {
    /// The position among all waiting runs, in any workspace, from 1.
    position: u64,
    waits_for: WaitReason,
    /// The time from which the run may be claimed.
    available_at: Timestamp,
    run: RunView,
}

/// The query of a page of the queue.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct QueueQuery {
    /// The workspace. If absent, the server's own workspace.
    workspace: Option<String>,
    /// The maximum number of runs, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// List the waiting runs of a workspace, in the order in which they are claimed.
///
/// First come the runs that may be claimed now and wait for a slot, then those whose environment is not ready, and those whose
/// next attempt is due later. Workers take runs of all workspaces, and `position` counts them all.
#[utoipa::path(get, path = "/api/v1/queue", params(QueueQuery), responses((status = 200, body = QueuePage)))]
async fn list_queue(
    Reader(api, caller): Reader,
    Query(which): Query<QueueQuery>,
) -> JsonResult<QueuePage> {
    let limit = cursor::limit(
        which.limit,
        cursor::DEFAULT_PAGE_ENTRIES,
        cursor::MAX_PAGE_ENTRIES,
    )?;
    let behind = which.cursor.as_deref().map(cursor::place_at::<QueuePlace>);
    let behind = behind.transpose()?;
    api.work(move |api| {
        let workspace = workspace_or_home(api, &caller, which.workspace.as_deref())?;
        let now = workspace.machine.now();
        // One more item shows whether there is another page.
        let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        let store = &workspace.store;
        let limits = Limits::from_settings(&workspace.settings);
        let mut waiting =
            store.waiting_runs(workspace.id(), behind.as_ref(), most, &limits, now)?;
        let has_more = waiting.len() > limit;
        waiting.truncate(limit);
        let next = waiting.last().filter(|_| has_more);
        let next_cursor = next.map(|last| cursor::at(&last.place));
        let (places, runs): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|queued| {
                (
                    (
                        queued.position,
                        queued.place.waits_for,
                        queued.run.available_at,
                    ),
                    queued.run,
                )
            })
            .unzip();
        let objects = runs_json(&workspace, &runs, &api.paths)?;
        let shown = |((position, waits_for, available_at), run)| QueuedRun {
            position,
            waits_for,
            available_at,
            run,
        };
        let items = places.into_iter().zip(objects).map(shown).collect();
        Ok(Json(QueuePage { items, next_cursor }))
    })
    .await
}
