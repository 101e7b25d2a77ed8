//! Whether the server lives, whether it is ready to serve, and its figures.

use std::fmt::Write;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::access::caller::Caller;
use crate::api::description::schemas::{Health, Readiness};
use crate::api::http::problem::ApiError;
use crate::api::state::{Api, busy};
use crate::store::Pause;
use crate::workspace::ballast;
use crate::workspace::figures::{Figures, Of};

/// So long the object store is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Ended runs are counted for this long, beside all that ever ended.
const WINDOW: Duration = Duration::from_secs(3600);

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
}

/// The server lives.
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "health", security(()), responses((status = 200, body = Health)))]
async fn healthz() -> axum::Json<Value> {
    axum::Json(json!({"status": "ok", "version": crate::VERSION}))
}

/// The server can accept work: its database is in its place and answers, its disk has 64 MiB of room, and its object store answers. It
/// can while runs are paused, and says so.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "health", security(()), responses(
    (status = 200, body = Readiness),
    (status = 503),
))]
async fn readyz(State(api): State<Api>) -> Result<axum::Json<Value>, ApiError> {
    if api.is_draining() {
        return Err(busy("the server is about to end"));
    }
    let looked = api.work(|api| {
        let home = api.home();
        home.store.demand_known_schema()?;
        let pauses = home.store.pauses()?;
        if ballast::is_scarce(home.files(), home.paths.data()) {
            return Err(busy("the disk of the data directory has no room for files").retry_after(5));
        }
        if let Some(objects) = &home.objects {
            objects.demand_reachable()?;
        }
        Ok(pauses)
    });
    let looked = tokio::time::timeout(PATIENCE, looked).await;
    let pauses = looked.map_err(|_| busy("the object store gives no answer").retry_after(5))??;
    let (all, configurations) = paused(&pauses);
    Ok(axum::Json(json!({
        "status": "ok", "version": crate::VERSION, "paused": all, "paused_configurations": configurations,
    })))
}

/// Whether everything is paused, and how many configurations are.
fn paused(pauses: &[Pause]) -> (bool, u64) {
    let of_all = |pause: &&Pause| pause.configuration_id.is_none();
    let all = pauses.iter().filter(of_all).count();
    (all > 0, (pauses.len() - all) as u64)
}

/// Figures for Prometheus.
///
/// Open to everybody, unless the operator asks for a token (`ADE_API_METRICS`): then one for all workspaces.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "health", security((), ("token" = [])), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 401), (status = 403), (status = 500), (status = 503),
))]
async fn metrics(State(api): State<Api>, request: Request) -> Result<impl IntoResponse, ApiError> {
    if api.home().settings().metrics_need_token {
        let caller = Caller::of(&request.into_parts().0, &api).await?;
        caller.demand_all_workspaces()?;
    }
    let text = api
        .work(|api| {
            let mut text = String::new();
            write_figures(
                &mut text,
                &Figures::read(api.home(), Of::default(), WINDOW)?,
            );
            write_own(&mut text, api);
            Ok(text)
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// What all processes of the data directory do.
#[rustfmt::skip] // a table
fn write_figures(text: &mut String, figures: &Figures) {
    const GAUGE: &str = "gauge";
    const COUNTER: &str = "counter";
    const LAST_HOUR: &str = "Runs that ended so in the last hour.";
    let Figures { queue, totals, deliveries, .. } = figures;
    let waits = queue.oldest_wait_ms.unwrap_or(0);
    let mut write = |name: &str, kind, help, values: &[(&str, u64)]| write(text, name, kind, help, values);
    write("ade_runs_queued", GAUGE, "Runs that wait.", &[("", queue.queued)]);
    write("ade_runs_in_trouble", GAUGE, "Runs that wait because the machine or the network is in trouble.", &[("", queue.in_trouble)]);
    write("ade_runs_running", GAUGE, "Runs that are being executed.", &[("", queue.running)]);
    write("ade_run_longest_wait_milliseconds", GAUGE, "How long the run that has been due longest has waited, without those that are paused.", &[("", waits)]);
    write("ade_run_longest_wait_seconds", GAUGE, "The same in seconds.", &[("", waits / 1000)]);
    let longest = figures.longest.as_ref();
    write("ade_run_longest_running_seconds", GAUGE, "How long the run that is executed longest has been.", &[("", longest.map_or(0, |longest| longest.running_ms / 1000))]);
    if let Some(usual) = longest.and_then(|longest| longest.usual_ms) {
        write("ade_run_longest_running_usual_seconds", GAUGE, "How long runs of its configuration take, rounded up.", &[("", usual.div_ceil(1000))]);
    }
    if let Some(overdue) = longest.filter(|longest| longest.is_overdue()) {
        write("ade_run_overdue", GAUGE, "1 while it takes ten times as long as is usual, with its id; `ade runs cancel ID` ends it.", &[(&format!("{{run=\"{}\"}}", overdue.run.id), 1)]);
    }
    write("ade_environments_queued", GAUGE, "Environments that wait for a builder.", &[("", queue.environments_queued)]);
    write("ade_environments_building", GAUGE, "Environments that are being built.", &[("", queue.environments_building)]);
    write("ade_runs_succeeded_last_hour", GAUGE, LAST_HOUR, &[("", queue.succeeded)]);
    write("ade_runs_failed_last_hour", GAUGE, LAST_HOUR, &[("", queue.failed)]);
    write("ade_runs_cancelled_last_hour", GAUGE, LAST_HOUR, &[("", queue.cancelled)]);
    write("ade_runs_ended_total", COUNTER, "Runs that ended, by status, since the database was made.", &[
        ("{status=\"succeeded\"}", totals.succeeded), ("{status=\"failed\"}", totals.failed), ("{status=\"cancelled\"}", totals.cancelled),
    ]);
    write("ade_attempts_lost_total", COUNTER, "Attempts whose worker died or hung, since the database was made.", &[("", totals.lost_attempts)]);
    write("ade_workers", GAUGE, "Workers that live.", &[("", figures.workers().count() as u64)]);
    write("ade_slots", GAUGE, "Runs that they may execute at the same time.", &[("", figures.slots())]);
    write("ade_slots_busy", GAUGE, "Runs that they execute.", &[("", figures.busy_slots())]);
    let (all, configurations) = paused(&figures.pauses);
    write("ade_paused", GAUGE, "1 while everything is paused.", &[("", u64::from(all))]);
    write("ade_paused_configurations", GAUGE, "Configurations that are paused by themselves.", &[("", configurations)]);
    write("ade_runs_paused", GAUGE, "Runs that wait because of a pause.", &[("", figures.paused_runs)]);
    write("ade_deliveries_waiting", GAUGE, "Ends of runs that are still to be told (ADE_ON_END_URL, ADE_ON_END_COMMAND).", &[("", deliveries.waiting)]);
    let waits = deliveries.oldest.map_or(0, |since| figures.now.since(since) / 1000);
    write("ade_delivery_longest_wait_seconds", GAUGE, "How long the end that waits longest to be told has waited.", &[("", waits)]);
    write("ade_deliveries_failed", GAUGE, "Ends that were not accepted for a day, and given up within the last week.", &[("", deliveries.failed)]);
    if let Some(bytes) = figures.free_bytes {
        write("ade_data_free_bytes", GAUGE, "Free space on the disk of the data directory.", &[("", bytes)]);
    }
}

/// What this process does.
fn write_own(text: &mut String, api: &Api) {
    for (name, help, value) in [
        (
            "ade_log_followers",
            "Clients that follow a run.",
            api.tails.followers(),
        ),
        (
            "ade_workspace_followers",
            "Clients that follow a workspace.",
            api.watched.followers(),
        ),
        (
            "ade_uptime_seconds",
            "Since this process started to serve.",
            api.since.elapsed().as_secs(),
        ),
    ] {
        write(text, name, "gauge", help, &[("", value)]);
    }
    api.requests.write(text);
}

/// Writes the values of a name, each with its labels, in Prometheus's text format 0.0.4.
fn write(text: &mut String, name: &str, kind: &str, help: &str, values: &[(&str, u64)]) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in values {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}
