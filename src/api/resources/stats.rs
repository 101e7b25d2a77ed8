//! Statistics about the work of a workspace.

use std::time::Duration;

use super::prelude::*;
use crate::api::state::statistics::{EndedRuns, MAX_WINDOW, Spread, Statistics, look};
use crate::workspace::figures::BusyProcess;

/// The default window in seconds.
const DEFAULT_WINDOW_SECONDS: u64 = 60;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(get_stats)])
}

/// The query of the statistics: a workspace and a window.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StatsQuery {
    /// The workspace. If absent, the server's own workspace.
    workspace: Option<String>,
    /// The number of seconds before now for which ended runs are counted. Default 60, at most a day.
    #[param(minimum = 1, maximum = 86400)]
    window: Option<u64>,
}

/// Statistics about the work of a workspace.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Stats {
    workspace_id: String,
    /// The time of the statistics.
    at: Timestamp,
    /// The number of seconds before that time for which ended runs are counted.
    window_seconds: u64,
    queue: QueueNow,
    environments: EnvironmentsNow,
    ended: EndedRuns,
    /// The times from recording a run to its first start, for the runs in `ended` that were ever started. Null if there are
    /// none.
    waits: Option<Spread>,
    /// The times from the first start to the end, for the same runs.
    durations: Option<Spread>,
    slots: Slots,
    /// The live workers, without those of the server's machine that are known to be dead.
    workers: Vec<Worker>,
}

/// The workspace's part of the queue.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QueueNow {
    queued: u64,
    running: u64,
    /// The wait of the queued run that has been due longest, in milliseconds. Null if none is due.
    oldest_wait_ms: Option<u64>,
    /// The number of queued runs, in all workspaces, from which further runs are refused.
    size: u64,
}

/// The environments that are not ready yet.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnvironmentsNow {
    queued: u64,
    building: u64,
}

/// The slots of all workers, which work for all workspaces.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Slots {
    all: u64,
    /// The number of slots that execute a run.
    busy: u64,
}

/// A worker and its slots.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Worker {
    /// The id, new with each start.
    id: String,
    /// Null for a token for some workspaces.
    name: Option<String>,
    /// The machine of the worker. Null for a token for some workspaces.
    host: Option<String>,
    /// The process number on that machine. Null for a token for some workspaces.
    pid: Option<u32>,
    slots: u32,
    /// The number of slots that execute a run of the token's workspaces.
    busy: u64,
    started_at: Timestamp,
    /// The time at which it was last known to live.
    seen_at: Timestamp,
}

/// Show the statistics of a workspace: the queue, the runs that ended within a window, waits and durations, and the workers
/// with their slots.
#[utoipa::path(get, path = "/api/v1/stats", params(StatsQuery), responses((status = 200, body = Stats)))]
async fn get_stats(
    Reader(api, caller): Reader,
    Query(which): Query<StatsQuery>,
) -> JsonResult<Stats> {
    let seconds = which.window.unwrap_or(DEFAULT_WINDOW_SECONDS);
    if !(1..=MAX_WINDOW.as_secs()).contains(&seconds) {
        let message = "must be a number of seconds from 1 to 86400";
        return Err(ApiError::field("window", message));
    }
    let window = Duration::from_secs(seconds);
    // The call may read thousands of records.
    api.slow_work(move |api| {
        let workspace = workspace_or_home(api, &caller, which.workspace.as_deref())?;
        let shown = caller.token.workspaces.as_deref();
        let found = look(&workspace, window, shown)?;
        let whole = shown.is_none();
        Ok(Json(view(&workspace, window, found, whole)))
    })
    .await
}

/// Converts the statistics. If `whole`, workers include their name, machine and process number.
fn view(workspace: &Workspace, window: Duration, found: Statistics, whole: bool) -> Stats {
    let figures = &found.figures;
    let queue = &figures.queue;
    let worker = |known: &BusyProcess| {
        let worker = &known.record;
        Worker {
            id: worker.id.clone(),
            name: whole.then(|| worker.name.clone()),
            host: whole.then(|| worker.host.clone()),
            pid: whole.then_some(worker.pid),
            slots: worker.slots,
            busy: known.busy,
            started_at: worker.started_at,
            seen_at: worker.seen_at,
        }
    };
    Stats {
        workspace_id: workspace.id().to_owned(),
        at: figures.now,
        window_seconds: window.as_secs(),
        queue: QueueNow {
            queued: queue.queued,
            running: queue.running,
            oldest_wait_ms: queue.oldest_wait_ms,
            size: workspace.settings.queue_size.into(),
        },
        environments: EnvironmentsNow {
            queued: queue.environments_queued,
            building: queue.environments_building,
        },
        ended: found.ended,
        waits: found.waits,
        durations: found.durations,
        slots: Slots {
            all: figures.slots(),
            busy: figures.busy_slots(),
        },
        workers: figures.workers().map(worker).collect(),
    }
}
