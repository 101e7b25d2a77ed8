//! The processes that execute runs and build environments, and what each of them does now.

use std::collections::HashMap;

use super::prelude::*;
use crate::store::{EnvironmentRecord, EnvironmentStatus, RunningRun, WorkerRecord};
use crate::workspace::fleet;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_workers), routes!(update_worker)])
}

/// The processes that live, oldest first.
#[derive(Serialize, ToSchema)]
struct WorkerList {
    items: Vec<ShownWorker>,
}

/// A process that executes runs or builds environments.
#[derive(Serialize, ToSchema)]
struct ShownWorker {
    /// New with each start.
    id: String,
    /// Null with a token for some workspaces.
    name: Option<String>,
    /// Its machine. Null with a token for some workspaces.
    host: Option<String>,
    /// Its process number there. Null with a token for some workspaces.
    pid: Option<u32>,
    /// `worker`, or `run`: a command that works itself, as `ade run` does.
    kind: String,
    /// How many runs it may execute at the same time.
    slots: u32,
    /// How long its claims hold without being renewed.
    lease_seconds: f64,
    started_at: Timestamp,
    /// When it was last known to live.
    seen_at: Timestamp,
    /// The only workspace whose runs it takes; null: it takes those of all. Null with a token for some workspaces.
    only_workspace: Option<String>,
    /// The only label, as `key:value`, with which it takes runs; null: it takes all. Null with a token for some workspaces.
    only_label: Option<String>,
    /// Since when it takes no more runs, until it is resumed; null: it takes runs.
    quieted_at: Option<Timestamp>,
    /// Who told it so. Null with a token for some workspaces.
    quieted_by: Option<String>,
    /// The runs that it executes, by the time at which it claimed them.
    running: Vec<Execution>,
    /// The environments that it builds.
    building: Vec<Building>,
}

/// A run that is being executed.
#[derive(Serialize, ToSchema)]
struct Execution {
    run_id: String,
    workspace_id: String,
    configuration_name: String,
    /// The file name of its input.
    input_name: String,
    /// Which attempt this is, from 1.
    attempt: u32,
    /// When it was claimed.
    since: Timestamp,
    /// Until when the claim holds without being renewed.
    lease_expires_at: Timestamp,
}

impl Execution {
    fn of(run: RunningRun) -> Self {
        Self {
            run_id: run.id,
            workspace_id: run.workspace_id,
            configuration_name: run.configuration_name,
            input_name: run.input_name,
            attempt: run.attempt,
            since: run.claimed_at,
            lease_expires_at: run.claim_expires_at,
        }
    }
}

/// An environment that is being built.
#[derive(Serialize, ToSchema)]
struct Building {
    environment_id: String,
    workspace_id: String,
    configuration_name: String,
    /// Until when the claim holds without being renewed.
    lease_expires_at: Option<Timestamp>,
}

impl Building {
    fn of(environment: EnvironmentRecord) -> Self {
        Self {
            environment_id: environment.id,
            workspace_id: environment.key.workspace_id,
            configuration_name: environment.configuration_name,
            lease_expires_at: environment.claim_expires_at,
        }
    }
}

/// Whether a worker takes runs.
#[derive(Serialize, ToSchema)]
struct WorkerState {
    id: String,
    name: String,
    /// Since when it takes no more runs; null: it takes runs.
    quieted_at: Option<Timestamp>,
    /// Who told it so.
    quieted_by: Option<String>,
}

impl WorkerState {
    fn of(worker: WorkerRecord) -> Json<Self> {
        Json(Self {
            id: worker.id,
            name: worker.name,
            quieted_at: worker.quieted_at,
            quieted_by: worker.quieted_by,
        })
    }
}

/// Whether a worker is to take runs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkerChange {
    /// It is to take no more runs; false: it is to take runs again.
    quiet: bool,
}

impl JsonBody for WorkerChange {}

/// Tell a worker, on whatever machine it is, to take no more runs, or to take runs again.
///
/// One that is quiet finishes the runs and builds that it has, and stays. Needs a token for all workspaces.
#[utoipa::path(patch, path = "/api/v1/workers/{id}",
    request_body = WorkerChange,
    responses((status = 200, body = WorkerState))
)]
async fn update_worker(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
    Json(wanted): Json<WorkerChange>,
) -> JsonAnswer<WorkerState> {
    caller.demand_server()?;
    api.work(move |api| {
        let worker = match wanted.quiet {
            true => fleet::quiet(api.home(), &id, &caller.submitter())?,
            false => fleet::resume(api.home(), &id)?,
        };
        Ok(WorkerState::of(worker))
    })
    .await
}

/// List the processes that execute runs and build environments, with what each of them does.
///
/// A token for some workspaces sees those that work for these now, what they do for these, and not where they are.
#[utoipa::path(get, path = "/api/v1/workers", responses((status = 200, body = WorkerList)))]
async fn list_workers(Reader(api, caller): Reader) -> JsonAnswer<WorkerList> {
    api.work(move |api| {
        let (store, shown) = (&api.home().store, caller.token.workspaces.as_deref());
        let mut running: HashMap<String, Vec<Execution>> = HashMap::new();
        for run in store.running_runs(shown)? {
            let of_process = running.entry(run.process.clone()).or_default();
            of_process.push(Execution::of(run));
        }
        let mut building: HashMap<String, Vec<Building>> = HashMap::new();
        for environment in store.all_environments()? {
            let is_shown = environment.status == EnvironmentStatus::Building
                && caller.is_for(&environment.key.workspace_id);
            if let Some(process) = environment.claim_process.clone().filter(|_| is_shown) {
                let of_process = building.entry(process).or_default();
                of_process.push(Building::of(environment));
            }
        }
        let of = |worker: WorkerRecord| {
            let mine = running.remove(&worker.id).unwrap_or_default();
            let builds = building.remove(&worker.id).unwrap_or_default();
            worker_shown(worker, mine, builds, shown.is_none())
        };
        let items = fleet::living(api.home())?.into_iter().map(of);
        let items = items.filter(|worker| {
            shown.is_none() || !worker.running.is_empty() || !worker.building.is_empty()
        });
        let items = items.collect();
        Ok(Json(WorkerList { items }))
    })
    .await
}

/// `whole`: with where it is.
fn worker_shown(
    worker: WorkerRecord,
    running: Vec<Execution>,
    building: Vec<Building>,
    whole: bool,
) -> ShownWorker {
    ShownWorker {
        id: worker.id,
        name: whole.then_some(worker.name),
        host: whole.then_some(worker.host),
        pid: whole.then_some(worker.pid),
        kind: worker.kind,
        slots: worker.slots,
        lease_seconds: worker.lease.as_secs_f64(),
        started_at: worker.started_at,
        seen_at: worker.seen_at,
        only_workspace: worker.only.workspace.filter(|_| whole),
        only_label: worker.only.label.filter(|_| whole),
        quieted_at: worker.quieted_at,
        quieted_by: worker.quieted_by.filter(|_| whole),
        running,
        building,
    }
}
