//! The processes that execute runs and build environments, with their current work.

use std::collections::HashMap;

use super::prelude::*;
use crate::store::{EnvironmentRecord, EnvironmentStatus, RunningRun, WorkerRecord};
use crate::workspace::fleet;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_workers), routes!(update_worker)])
}

/// The live processes, oldest first.
#[derive(Serialize, ToSchema)]
struct WorkerList {
    items: Vec<ShownWorker>,
}

/// A process that executes runs or builds environments.
#[derive(Serialize, ToSchema)]
struct ShownWorker {
    /// The id, new with each start.
    id: String,
    /// Null for a token for some workspaces.
    name: Option<String>,
    /// The machine of the process. Null for a token for some workspaces.
    host: Option<String>,
    /// The process number on that machine. Null for a token for some workspaces.
    pid: Option<u32>,
    /// `worker`, or `run` for a command that executes runs itself, such as `ade run`.
    kind: String,
    /// The maximum number of runs that it executes at the same time.
    slots: u32,
    /// The number of seconds for which its claims are valid without renewal.
    lease_seconds: f64,
    started_at: Timestamp,
    /// The time at which it was last known to live.
    seen_at: Timestamp,
    /// The only workspace whose runs it takes. Null if it takes those of all, and for a token for some workspaces.
    only_workspace: Option<String>,
    /// The only label, as `key:value`, whose runs it takes. Null if it takes all runs, and for a token for some workspaces.
    only_label: Option<String>,
    /// The time since when it takes no more runs, until it is resumed. Null if it takes runs.
    quieted_at: Option<Timestamp>,
    /// The name of whoever quieted it. Null for a token for some workspaces.
    quieted_by: Option<String>,
    /// The runs that it executes, by the time of their claims.
    running: Vec<RunInProgress>,
    /// The environments that it builds.
    building: Vec<BuildInProgress>,
}

/// A run that is being executed.
#[derive(Serialize, ToSchema)]
struct RunInProgress {
    run_id: String,
    workspace_id: String,
    configuration_name: String,
    /// The file name of its input.
    input_name: String,
    /// The number of the attempt, from 1.
    attempt: u32,
    /// The time of the claim.
    since: Timestamp,
    /// The time until which the claim is valid without renewal.
    lease_expires_at: Timestamp,
}

impl RunInProgress {
    fn new(run: RunningRun) -> Self {
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

/// The provisioning of an environment, in progress.
#[derive(Serialize, ToSchema)]
struct BuildInProgress {
    environment_id: String,
    workspace_id: String,
    configuration_name: String,
    /// The time until which the claim is valid without renewal.
    lease_expires_at: Option<Timestamp>,
}

impl BuildInProgress {
    fn new(environment: EnvironmentRecord) -> Self {
        Self {
            environment_id: environment.id,
            workspace_id: environment.key.workspace_id,
            configuration_name: environment.configuration_name,
            lease_expires_at: environment.claim_expires_at,
        }
    }
}

/// The state of a worker: whether it takes runs.
#[derive(Serialize, ToSchema)]
struct WorkerState {
    id: String,
    name: String,
    /// The time since when it takes no more runs. Null if it takes runs.
    quieted_at: Option<Timestamp>,
    /// The name of whoever quieted it.
    quieted_by: Option<String>,
}

impl WorkerState {
    fn from_record(worker: WorkerRecord) -> Json<Self> {
        Json(Self {
            id: worker.id,
            name: worker.name,
            quieted_at: worker.quieted_at,
            quieted_by: worker.quieted_by,
        })
    }
}

/// The requested state of a worker.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkerChange {
    /// If true, the worker takes no more runs. If false, it takes runs again.
    quiet: bool,
}

impl JsonBody for WorkerChange {}

/// Tell a worker, on any machine, to take no more runs, or to take runs again.
///
/// A quiet worker finishes its runs and builds, and stays. Needs a token for all workspaces.
#[utoipa::path(patch, path = "/api/v1/workers/{id}",
    request_body = WorkerChange,
    responses((status = 200, body = WorkerState))
)]
async fn update_worker(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
    Json(wanted): Json<WorkerChange>,
) -> JsonResult<WorkerState> {
    caller.demand_server()?;
    api.work(move |api| {
        let worker = match wanted.quiet {
            true => fleet::quiet(api.home(), &id, &caller.submitter())?,
            false => fleet::resume(api.home(), &id)?,
        };
        Ok(WorkerState::from_record(worker))
    })
    .await
}

/// List the processes that execute runs and build environments, with their current work.
///
/// A token for some workspaces sees only the processes that work for these now, only their work for these, and not their
/// machines.
#[utoipa::path(get, path = "/api/v1/workers", responses((status = 200, body = WorkerList)))]
async fn list_workers(Reader(api, caller): Reader) -> JsonResult<WorkerList> {
    api.work(move |api| {
        let (store, shown) = (&api.home().store, caller.token.workspaces.as_deref());
        let mut running: HashMap<String, Vec<RunInProgress>> = HashMap::new();
        for run in store.running_runs(shown)? {
            let of_process = running.entry(run.process.clone()).or_default();
            of_process.push(RunInProgress::new(run));
        }
        let mut building: HashMap<String, Vec<BuildInProgress>> = HashMap::new();
        for environment in store.all_environments()? {
            let is_shown = environment.status == EnvironmentStatus::Building
                && caller.is_for(&environment.key.workspace_id);
            if let Some(process) = environment.claim_process.clone().filter(|_| is_shown) {
                let of_process = building.entry(process).or_default();
                of_process.push(BuildInProgress::new(environment));
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

/// Converts the record of a worker. If `whole`, it includes the name, machine and process number.
fn worker_shown(
    worker: WorkerRecord,
    running: Vec<RunInProgress>,
    building: Vec<BuildInProgress>,
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
