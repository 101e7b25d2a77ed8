//! How the work of a workspace goes.

use std::time::Duration;

use super::prelude::*;
use crate::api::state::statistics::{EndedRuns, LONGEST_WINDOW, Spread, Statistics, look};
use crate::workspace::figures::BusyProcess;

/// The window, unless a request says otherwise.
const USUAL_WINDOW: u64 = 60;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(get_stats)])
}

/// Of what, and for how long.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The workspace; absent: that of the server.
    workspace: Option<String>,
    /// The seconds before now for which ended runs are counted: 60 unless given, at most a day.
    #[param(minimum = 1, maximum = 86400)]
    window: Option<u64>,
}

/// How the work of a workspace goes.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Stats {
    workspace_id: String,
    /// The moment of the look.
    at: Timestamp,
    /// The seconds before that moment for which ended runs are counted.
    window_seconds: u64,
    queue: QueueNow,
    environments: EnvironmentsNow,
    ended: EndedRuns,
    /// How long runs waited, from recorded to started first, of the runs that are counted in `ended` and were ever started; null
    /// without any.
    waits: Option<Spread>,
    /// How long they took, from started first to ended, of the same runs.
    durations: Option<Spread>,
    slots: Slots,
    /// The workers that live, without those of the server's machine that are known to be dead.
    workers: Vec<Worker>,
}

/// The workspace's part of the queue.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QueueNow {
    queued: u64,
    running: u64,
    /// How long the queued run that has been due longest has waited; null if none is due.
    oldest_wait_ms: Option<u64>,
    /// With so many queued runs, of all workspaces, further ones are refused.
    size: u64,
}

/// Environments that are not ready yet.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnvironmentsNow {
    queued: u64,
    building: u64,
}

/// The slots of all workers. They work for all workspaces.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Slots {
    all: u64,
    /// Those that execute a run.
    busy: u64,
}

/// A worker.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Worker {
    /// New with each start.
    id: String,
    /// Null with a token for some workspaces.
    name: Option<String>,
    /// Its machine. Null with a token for some workspaces.
    host: Option<String>,
    /// Its process number there. Null with a token for some workspaces.
    pid: Option<u32>,
    slots: u32,
    /// Slots that execute a run of the token's workspaces.
    busy: u64,
    started_at: Timestamp,
    /// When it was last known to live.
    seen_at: Timestamp,
}

/// Show how the work goes: what waits, what ended within a window, waits and durations, and the workers with their slots.
#[utoipa::path(get, path = "/api/v1/stats", params(Which), responses((status = 200, body = Stats)))]
async fn get_stats(Reader(api, caller): Reader, Query(which): Query<Which>) -> JsonAnswer<Stats> {
    let seconds = which.window.unwrap_or(USUAL_WINDOW);
    if !(1..=LONGEST_WINDOW.as_secs()).contains(&seconds) {
        let message = "must be a number of seconds from 1 to 86400";
        return Err(ApiError::field("window", message));
    }
    let window = Duration::from_secs(seconds);
    // Thousands of records may be read.
    api.slow_work(move |api| {
        let workspace = workspace_or_home(api, &caller, which.workspace.as_deref())?;
        let shown = caller.token.workspaces.as_deref();
        let found = look(&workspace, window, shown)?;
        let whole = shown.is_none();
        Ok(Json(view(&workspace, window, found, whole)))
    })
    .await
}

/// `whole`: with where the workers are.
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
