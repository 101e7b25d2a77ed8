//! How the work of a workspace goes.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::workspaces::known_workspace;
use crate::api::access::caller::Reader;
use crate::api::description::schemas::Stats;
use crate::api::http::answer::Answer;
use crate::api::http::body::Query;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::api::state::statistics::{LONGEST_WINDOW, Statistics, look};
use crate::workspace::Workspace;

/// The window, unless a request says otherwise.
const USUAL_WINDOW: u64 = 60;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(stats))
}

/// Of what, and for how long.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The workspace; absent: that of the server.
    workspace: Option<String>,
    /// The seconds before now for which ended runs are counted: 60 unless given, at most a day.
    #[param(nullable = false, minimum = 1, maximum = 86400)]
    window: Option<u64>,
}

/// Show how the work goes: what waits, what ended within a window, waits and durations, and the workers with their slots.
#[utoipa::path(get, path = "/api/v1/stats", operation_id = "get_stats", tag = "workspaces", params(Which), responses(
    (status = 200, body = Stats),
))]
async fn stats(Reader(api, caller): Reader, Query(which): Query<Which>) -> Answer {
    let seconds = which.window.unwrap_or(USUAL_WINDOW);
    if !(1..=LONGEST_WINDOW.as_secs()).contains(&seconds) {
        let message = "must be a number of seconds from 1 to 86400";
        return Err(ApiError::field("window", message));
    }
    let window = Duration::from_secs(seconds);
    // Thousands of records may be read.
    api.slow_work(move |api| {
        let id = which.workspace.as_deref().unwrap_or(api.home().id());
        let workspace = known_workspace(api, &caller, id)?;
        let shown = caller.token.workspaces.as_deref();
        let found = look(&workspace, window, shown)?;
        let json = stats_json(&workspace, window, &found, shown.is_none());
        Ok(axum::Json(json))
    })
    .await
}

/// `whole`: with where the workers are.
fn stats_json(workspace: &Workspace, window: Duration, found: &Statistics, whole: bool) -> Value {
    let figures = &found.figures;
    let queue = &figures.queue;
    let parts = found.parts.iter().map(|part| {
        let mut object = json!(part.ends);
        object["from"] = json!(part.from);
        object
    });
    let workers = figures.workers().map(|known| {
        let worker = &known.record;
        json!({
            "id": worker.id,
            "name": whole.then_some(&worker.name),
            "host": whole.then_some(&worker.host),
            "pid": whole.then_some(worker.pid),
            "slots": worker.slots,
            "busy": known.busy,
            "started_at": worker.started_at,
            "seen_at": worker.seen_at,
        })
    });
    json!({
        "workspace_id": workspace.id(),
        "at": figures.now,
        "window_seconds": window.as_secs(),
        "queue": {
            "queued": queue.queued,
            "running": queue.running,
            "oldest_wait_ms": queue.oldest_wait_ms,
            "size": workspace.settings.queue_size,
        },
        "environments": {
            "queued": queue.environments_queued,
            "building": queue.environments_building,
        },
        "ended": {
            "succeeded": found.ends.succeeded,
            "failed": found.ends.failed,
            "cancelled": found.ends.cancelled,
            "per_minute": found.per_minute,
            "counted_since": found.counted_since,
            "is_whole": found.is_whole,
            "parts": parts.collect::<Vec<_>>(),
        },
        "waits": found.waits,
        "durations": found.durations,
        "slots": {"all": figures.slots(), "busy": figures.busy_slots()},
        "workers": workers.collect::<Vec<_>>(),
    })
}
