//! The health and readiness of the server, and its metrics.

use std::fmt::Write;
use std::time::Duration;

use axum::extract::State;

use crate::api::prelude::*;
use crate::api::state::busy;
use crate::store::{LIMITS, Pause};
use crate::workspace::ballast;
use crate::workspace::figures::{FigureScope, Figures, Histogram, Share, Shares};

/// The maximum wait for the object store.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time for which ended runs are counted, in addition to all that ever ended.
const WINDOW: Duration = Duration::from_secs(3600);

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(get_health),
        routes!(get_readiness),
        routes!(get_metrics),
    ])
}

/// The health of the server.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`, because the server responds.
    status: &'static str,
    /// The version of `ade`.
    version: &'static str,
}

/// Show that the server lives.
#[utoipa::path(get, path = "/healthz", security(()), responses((status = 200, body = Health)))]
async fn get_health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: crate::VERSION,
    })
}

/// The readiness of the server.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// Always `ok`, because a server that is not ready responds with an error.
    status: &'static str,
    /// The version of `ade`.
    version: &'static str,
    /// True if everything is paused: runs are accepted and wait.
    paused: bool,
    /// The number of configurations with their own pause.
    paused_configurations: u64,
}

/// Show that the server can accept work.
///
/// Its database is in place and responds, its disk has 64 MiB of free space, and its object store responds. A server with
/// paused runs is ready, and reports the pause.
#[utoipa::path(get, path = "/readyz", security(()), responses((status = 200, body = Readiness), (status = 503)))]
async fn get_readiness(State(api): State<Api>) -> JsonResult<Readiness> {
    if api.is_draining() {
        return Err(busy("the server is stopping"));
    }
    let looked = api.work(|api| {
        let home = api.home();
        home.store.demand_known_schema()?;
        let pauses = home.store.pauses()?;
        if ballast::is_scarce(home.files(), home.paths.data()) {
            return Err(busy("the disk of the data directory is full"));
        }
        if let Some(objects) = &home.objects {
            objects.demand_reachable()?;
        }
        Ok(pauses)
    });
    let looked = tokio::time::timeout(PATIENCE, looked).await;
    let pauses = looked.map_err(|_| busy("the object store does not answer"))??;
    let (all, configurations) = paused(&pauses);
    Ok(Json(Readiness {
        status: "ok",
        version: crate::VERSION,
        paused: all,
        paused_configurations: configurations,
    }))
}

/// Returns whether everything is paused, and the number of paused configurations.
fn paused(pauses: &[Pause]) -> (bool, u64) {
    let of_all = |pause: &&Pause| pause.configuration_id.is_none();
    let all = pauses.iter().filter(of_all).count();
    (all > 0, (pauses.len() - all) as u64)
}

/// Show metrics for Prometheus.
///
/// They are open to everybody, unless the operator requires a token for all workspaces (`ADE_API_METRICS`). Figures by
/// configuration, workspace and submitter contain names, so they are shown only with such a token, or if the server listens on
/// this machine only.
#[utoipa::path(get, path = "/metrics",
    security((), ("token" = [])),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 401), (status = 403), (status = 500), (status = 503)
    )
)]
async fn get_metrics(State(api): State<Api>, request: Request) -> ApiResult<impl IntoResponse> {
    let caller = Caller::authenticate(&request.into_parts().0, &api).await;
    let shown = caller.and_then(|caller| caller.demand_all_workspaces());
    if api.home().settings().metrics_need_token {
        shown.clone()?;
    }
    // Not everybody who reaches the server may see names.
    let with_names = shown.is_ok() || api.options.loopback;
    let text = api
        .work(move |api| {
            let mut text = String::new();
            write_figures(
                &mut text,
                &Figures::read(api.home(), FigureScope::default(), WINDOW)?,
            );
            write_shares(&mut text, &Shares::read(api.home())?, with_names);
            write_own(&mut text, api);
            Ok(text)
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// Writes the figures of all processes of the data directory.
#[rustfmt::skip] // a table
fn write_figures(text: &mut String, figures: &Figures) {
    const LAST_HOUR: &str = "Runs that ended with this status in the last hour.";
    let Figures { queue, totals, deliveries, .. } = figures;
    let waits = queue.oldest_wait_ms.unwrap_or(0);
    gauge(text, "ade_runs_queued", "Runs that wait.", queue.queued);
    gauge(text, "ade_runs_in_trouble", "Runs that wait because of trouble with the machine or the network.", queue.in_trouble);
    gauge(text, "ade_runs_running", "Runs that are being executed.", queue.running);
    gauge(text, "ade_run_longest_wait_milliseconds", "The longest wait of a run that is due. Paused runs are not counted.", waits);
    gauge(text, "ade_run_longest_wait_seconds", "The same in seconds.", waits / 1000);
    let longest = figures.longest.as_ref();
    gauge(text, "ade_run_longest_running_seconds", "The longest time that a running run has taken so far.", longest.map_or(0, |longest| longest.running_ms / 1000));
    if let Some(usual) = longest.and_then(|longest| longest.usual_ms) {
        gauge(text, "ade_run_longest_running_usual_seconds", "The usual duration of runs of its configuration, rounded up.", usual.div_ceil(1000));
    }
    if let Some(overdue) = longest.filter(|longest| longest.is_overdue()) {
        write(text, "ade_run_overdue", "gauge", "1 while that run takes ten times its usual duration, with its id; `ade runs cancel ID` ends it.", &[(&format!("{{run=\"{}\"}}", overdue.run.id), 1)]);
    }
    gauge(text, "ade_environments_queued", "Environments that wait for a builder.", queue.environments_queued);
    gauge(text, "ade_environments_building", "Environments that are being built.", queue.environments_building);
    gauge(text, "ade_runs_succeeded_last_hour", LAST_HOUR, queue.succeeded);
    gauge(text, "ade_runs_failed_last_hour", LAST_HOUR, queue.failed);
    gauge(text, "ade_runs_cancelled_last_hour", LAST_HOUR, queue.cancelled);
    write(text, "ade_runs_ended_total", "counter", "Runs that ended, by status, since the database was created.", &[
        ("{status=\"succeeded\"}", totals.succeeded), ("{status=\"failed\"}", totals.failed), ("{status=\"cancelled\"}", totals.cancelled),
    ]);
    write(text, "ade_attempts_lost_total", "counter", "Attempts whose worker died or stopped responding, since the database was created.", &[("", totals.lost_attempts)]);
    gauge(text, "ade_workers", "Workers that live.", figures.workers().count() as u64);
    gauge(text, "ade_slots", "Runs that they may execute at the same time.", figures.slots());
    gauge(text, "ade_slots_busy", "Runs that they execute.", figures.busy_slots());
    let (all, configurations) = paused(&figures.pauses);
    gauge(text, "ade_paused", "1 while everything is paused.", u64::from(all));
    gauge(text, "ade_paused_configurations", "Configurations that are paused individually.", configurations);
    gauge(text, "ade_runs_paused", "Runs that wait because of a pause.", figures.paused_runs);
    gauge(text, "ade_deliveries_waiting", "Notifications about ended runs that are not delivered yet (ADE_ON_END_URL, ADE_ON_END_COMMAND).", deliveries.waiting);
    let waits = deliveries.oldest.map_or(0, |since| figures.now.since(since) / 1000);
    gauge(text, "ade_delivery_longest_wait_seconds", "The longest wait of an undelivered notification.", waits);
    gauge(text, "ade_deliveries_failed", "Notifications that were not accepted for a day, so that delivery stopped within the last week.", deliveries.failed);
    if let Some(bytes) = figures.free_bytes {
        gauge(text, "ade_data_free_bytes", "Free space on the disk of the data directory.", bytes);
    }
}

/// Writes the figures of runs by owner, with their waits and durations. Without names, writes only the figures of all runs
/// together.
fn write_shares(text: &mut String, shares: &Shares, with_names: bool) {
    write_times(text, "ade_run", "all", &[(String::new(), &shares.all)]);
    if !with_names {
        return;
    }
    let configurations = shares.configurations.iter().map(|(of, share)| {
        let (workspace, name) = (quoted(&of.workspace_id), quoted(&of.name));
        let id = &of.id;
        (
            format!("workspace={workspace},configuration={name},id=\"{id}\""),
            share,
        )
    });
    let configurations: Vec<LabelledShare<'_>> = configurations.collect();
    let of = "a configuration";
    write_share(text, "ade_configuration", of, &configurations);
    write_times(text, "ade_configuration_run", of, &configurations);
    for (label, all) in [
        ("workspace", &shares.workspaces),
        ("submitter", &shares.submitters),
    ] {
        let labelled = all
            .iter()
            .map(|(name, share)| (format!("{label}={}", quoted(name)), share));
        let all: Vec<LabelledShare<'_>> = labelled.collect();
        let (prefix, of) = (format!("ade_{label}"), format!("a {label}"));
        write_share(text, &prefix, &of, &all);
        let help = format!("Bytes of the documents of {of}.");
        write_gauge(
            text,
            &format!("{prefix}_stored_bytes"),
            &help,
            &all,
            |share| share.stored_bytes,
        );
    }
}

/// A share of the figures, with the labels of its owner.
type LabelledShare<'a> = (String, &'a Share);

fn write_gauge(
    text: &mut String,
    name: &str,
    help: &str,
    all: &[LabelledShare<'_>],
    value: impl Fn(&Share) -> u64,
) {
    let values = all
        .iter()
        .map(|(labels, share)| (format!("{{{labels}}}"), value(share)));
    write_all(text, name, "gauge", help, values);
}

/// Writes the queue and the ended runs of each owner.
fn write_share(text: &mut String, prefix: &str, of: &str, all: &[LabelledShare<'_>]) {
    let (queued, running) = (
        format!("Runs of {of} that wait."),
        format!("Runs of {of} that are being executed."),
    );
    write_gauge(
        text,
        &format!("{prefix}_runs_queued"),
        &queued,
        all,
        |share| share.queued,
    );
    write_gauge(
        text,
        &format!("{prefix}_runs_running"),
        &running,
        all,
        |share| share.running,
    );
    let ended = all.iter().flat_map(|(labels, share)| {
        let by_status = RunStatus::ENDED.iter().zip(share.ended);
        by_status.map(move |(status, count)| {
            (
                format!("{{{labels},status=\"{}\"}}", status.as_str()),
                count,
            )
        })
    });
    let help = format!("Runs of {of} that ended, by status.");
    write_all(
        text,
        &format!("{prefix}_runs_ended_total"),
        "counter",
        &help,
        ended,
    );
}

/// Writes the waits and durations of runs as histograms in seconds.
fn write_times(text: &mut String, prefix: &str, of: &str, all: &[LabelledShare<'_>]) {
    let waits = "Seconds from the record of a run to its first claim";
    let took = "Seconds that the last attempt of a run took";
    for (name, help, histogram) in [
        (
            "wait_seconds",
            waits,
            (|share| &share.waited) as fn(&Share) -> &Histogram,
        ),
        ("duration_seconds", took, |share| &share.took),
    ] {
        let name = format!("{prefix}_{name}");
        let _ = writeln!(
            text,
            "# HELP {name} {help}, of {of}.\n# TYPE {name} histogram"
        );
        for (labels, share) in all {
            let Histogram { within, sum_ms } = histogram(share);
            let comma = if labels.is_empty() { "" } else { "," };
            let limits = LIMITS
                .iter()
                .map(|limit| (*limit as f64 / 1000.0).to_string());
            for (limit, count) in limits.chain(["+Inf".to_owned()]).zip(within) {
                let _ = writeln!(
                    text,
                    "{name}_bucket{{{labels}{comma}le=\"{limit}\"}} {count}"
                );
            }
            let braces = match labels.is_empty() {
                true => String::new(),
                false => format!("{{{labels}}}"),
            };
            let (sum, count) = (*sum_ms as f64 / 1000.0, within[LIMITS.len()]);
            let _ = writeln!(
                text,
                "{name}_sum{braces} {sum}\n{name}_count{braces} {count}"
            );
        }
    }
}

/// Escapes a label's value for Prometheus's text format.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', r"\n"))
}

/// Writes the figures of this process.
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
            "Seconds since this process began to serve.",
            api.since.elapsed().as_secs(),
        ),
    ] {
        gauge(text, name, help, value);
    }
    api.requests.write(text);
}

/// Writes a value that can rise and fall.
fn gauge(text: &mut String, name: &str, help: &str, value: u64) {
    write(text, name, "gauge", help, &[("", value)]);
}

/// Writes the values of a metric, each with its labels, in Prometheus's text format 0.0.4.
fn write(text: &mut String, name: &str, kind: &str, help: &str, values: &[(&str, u64)]) {
    write_all(text, name, kind, help, values.iter().copied());
}

fn write_all(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    values: impl Iterator<Item = (impl std::fmt::Display, u64)>,
) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in values {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}
