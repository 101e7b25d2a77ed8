//! Whether the server lives, whether it is ready to serve, and its figures.

use std::fmt::Write;

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
use crate::base::clock::Timestamp;
use crate::store::Overview;

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

/// The server can serve: its database answers. It can while runs are paused, and says so.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "health", security(()), responses(
    (status = 200, body = Readiness),
    (status = 503),
))]
async fn readyz(State(api): State<Api>) -> Result<axum::Json<Value>, ApiError> {
    if api.is_draining() {
        return Err(busy("the server is about to end"));
    }
    let (all, configurations) = api.work(paused).await?;
    Ok(axum::Json(json!({
        "status": "ok", "version": crate::VERSION, "paused": all, "paused_configurations": configurations,
    })))
}

/// Whether everything is paused, and how many configurations are.
fn paused(api: &Api) -> Result<(bool, u64), ApiError> {
    let store = &api.home().store;
    store.queue_depth()?;
    let pauses = store.pauses()?;
    let all = pauses
        .iter()
        .filter(|pause| pause.configuration_id.is_none());
    let all = all.count();
    Ok((all > 0, (pauses.len() - all) as u64))
}

/// Figures for Prometheus.
///
/// Open to everybody, unless the operator asks for a token (`ADE_API_METRICS`): then one for all workspaces.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "health", security((), ("token" = [])), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 401), (status = 403), (status = 500), (status = 503),
))]
async fn metrics(State(api): State<Api>, request: Request) -> Result<impl IntoResponse, ApiError> {
    if api.home().settings.metrics_need_token {
        let caller = Caller::of(&request.into_parts().0, &api).await?;
        caller.demand_all_workspaces()?;
    }
    let text = api
        .work(|api| {
            let now = Timestamp::now();
            let hour = i64::from(3_600_000);
            let overview = api.home().store.overview(Timestamp(now.0 - hour), now)?;
            let mut text = String::new();
            let (all, configurations) = paused(api)?;
            let paused = [
                (
                    "ade_paused",
                    "1 while everything is paused.",
                    u64::from(all),
                ),
                (
                    "ade_paused_configurations",
                    "Configurations that are paused by themselves.",
                    configurations,
                ),
                (
                    "ade_runs_paused",
                    "Runs that wait because of a pause.",
                    api.home().store.paused_runs()?,
                ),
            ];
            for (name, help, value) in gauges(api, &overview).into_iter().chain(paused) {
                let _ = writeln!(
                    text,
                    "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
                );
            }
            api.requests.write(&mut text);
            Ok(text)
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// Each gauge: its name, what it says, and its value.
#[rustfmt::skip] // a table
fn gauges(api: &Api, overview: &Overview) -> [(&'static str, &'static str, u64); 12] {
    const ENDED: &str = "Runs that ended so in the last hour.";
    [
        ("ade_runs_queued", "Runs that wait.", overview.queued),
        ("ade_runs_in_trouble", "Runs that wait because the machine or the network is in trouble.", overview.in_trouble),
        ("ade_runs_running", "Runs that are being executed.", overview.running),
        ("ade_run_longest_wait_milliseconds", "How long the run that has been due longest has waited.", overview.oldest_wait_ms.unwrap_or(0)),
        ("ade_environments_queued", "Environments that wait for a builder.", overview.environments_queued),
        ("ade_environments_building", "Environments that are being built.", overview.environments_building),
        ("ade_runs_succeeded_last_hour", ENDED, overview.succeeded),
        ("ade_runs_failed_last_hour", ENDED, overview.failed),
        ("ade_runs_cancelled_last_hour", ENDED, overview.cancelled),
        ("ade_log_followers", "Clients that follow a run.", api.tails.followers()),
        ("ade_workspace_followers", "Clients that follow a workspace.", api.watched.followers()),
        ("ade_uptime_seconds", "Since the server started.", api.since.elapsed().as_secs()),
    ]
}
