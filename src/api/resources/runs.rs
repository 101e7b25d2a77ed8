//! Runs: submit, list, show, follow, cancel, retry and delete them, and download their files.

use axum::http::HeaderName;
use serde_json::json;

use super::labels::{demand_labels, labelled, labels_in, superseded};
use super::named::{LogEntry, RunDownload, entry, left, log_page, prepared};
use super::new_run::NewRun;
use super::prelude::*;
use crate::api::description::streams::{RunEvent, RunStreamLine};
use crate::api::http::cursor::LogPart;
use crate::api::transfer::{stream, tail};
use crate::base::digest;
use crate::run::calls::retry::CurrentConfiguration;
use crate::run::calls::submit::{RunOfDocument, as_client, submit};
use crate::run::calls::{remove, retry};
use crate::run::ending::cancel;
use crate::run::shared_log;
use crate::run::views::json::{RunView, runs_json};
use crate::store::{Attempt, Priority, RunCounts, RunFilter};
use crate::workspace::configurations::versions;

/// The header with a client's key for a request.
const KEY_HEADER: &str = "idempotency-key";
/// The maximum number of characters of a key.
const MAX_IDEMPOTENCY_KEY_CHARS: usize = 255;

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(create_run),
        routes!(list_runs),
        routes!(get_run, delete_run),
        routes!(list_run_attempts),
        routes!(list_run_logs),
        routes!(stream_run_events),
        routes!(cancel_run),
        routes!(retry_run),
        routes!(download_run_artifact),
        routes!(download_run_output),
        routes!(download_run_input),
    ])
}

/// Submit a run for a document.
///
/// The run of an uploaded configuration uses its published version; the run of a folder uses the folder's files as they are
/// now. With `stream`, the status is 200 and the body is lines of JSON: `run.created`, `run.started`, `run.log`, the engine's
/// events, and `run.completed` at the end.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/runs",
    params(("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "Repeating a request with the same key creates no second run; keys are kept for a day")),
    request_body = NewRun,
    responses(
        (status = 201, body = RunView, headers(("Location" = String, description = "The run"))),
        (status = 200, description = "The run that this key already created, or the requested stream", content((RunView = "application/json"), (RunStreamLine = "application/x-ndjson"))),
        (status = 409), (status = 410), (status = 429)
    )
)]
async fn create_run(
    Runner(api, caller): Runner,
    Path(config_id): Path<String>,
    headers: HeaderMap,
    Json(new): Json<NewRun>,
) -> ApiResult<Response> {
    let wanted = WantedConfiguration {
        id: Some(config_id),
        version: None,
    };
    let made = make(&api, &caller, wanted, &headers, new.clone()).await?;
    if new.stream {
        let follower = stream::StreamClient {
            holder: caller.holder(),
            after: None,
        };
        return Ok(stream::lines(&api, &made.workspace, &made.run, follower));
    }
    let status = status_of(made.is_new, StatusCode::CREATED);
    let object = RunView::plain(&made.run, &api.paths);
    Ok(created(status, "runs", object))
}

/// A run that was submitted.
pub struct SubmittedRun {
    /// The workspace of the run.
    pub workspace: WorkspaceHandle,
    /// The record of the run.
    pub run: RunRecord,
    /// If false, an earlier request with the same key made the run.
    pub is_new: bool,
}

/// The requested configuration of a new run.
pub struct WantedConfiguration {
    /// The id of the configuration. `None`: the default of the document's workspace.
    pub id: Option<String>,
    /// The number of a published version. `None`: the version that runs use.
    pub version: Option<u32>,
}

/// Submits a run. Returns it with its workspace.
pub async fn make(
    api: &Api,
    caller: &Caller,
    wanted: WantedConfiguration,
    headers: &HeaderMap,
    new: NewRun,
) -> ApiResult<SubmittedRun> {
    let mut options = new.options.checked(api.home().settings().allow_network)?;
    demand_labels(&new.labels)?;
    options.labels.clone_from(&new.labels);
    options.priority = new.priority;
    let key = key_of(headers)?;
    let caller = caller.clone();
    api.work(move |api| {
        let document = document_of(api, &caller, &new.document_id)?;
        let mut known = match &wanted.id {
            Some(id) => configuration_of(api, &caller, id)?,
            None => default_of(api, &document.workspace_id)?,
        };
        if known.record.workspace_id != document.workspace_id {
            let message = "is a document of another workspace than the configuration";
            return Err(ApiError::field("document_id", message));
        }
        let workspace = api.workspace(&document.workspace_id)?;
        if let Some(number) = wanted.version {
            known.version = Some(versions::version(&workspace, &known, number)?);
        }
        let prepared = prepared(api, &workspace, &known)?;
        // The request as it was sent: the same bytes under the same key are the same request, even if the default changes
        // meanwhile.
        let mut request = json!([wanted.id, new.document_id, new.options]);
        if let Some(version) = wanted.version {
            request = json!([request, version]);
        }
        if !new.labels.is_empty() {
            request = json!([request, new.labels]);
        }
        if new.priority != Priority::default() {
            request = json!([request, new.priority]);
        }
        let version = known.version.as_ref();
        options.configuration_version = version.map(|version| version.version);
        let run = RunOfDocument {
            prepared: &prepared,
            document: &document,
            sheets: new.options.input_sheet_names.clone(),
            options,
            by: caller.submitter(),
            key: key.map(|key| (key, digest::sha256(request.to_string()).to_string())),
        };
        let (run, is_new) = submit(&workspace, &run)?;
        Ok(SubmittedRun {
            workspace: workspace.carry(),
            run,
            is_new,
        })
    })
    .await
}

fn key_of(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(value) = headers.get(HeaderName::from_static(KEY_HEADER)) else {
        return Ok(None);
    };
    let key = value.to_str().ok().map(str::trim);
    match key.filter(|key| !key.is_empty() && key.len() <= MAX_IDEMPOTENCY_KEY_CHARS) {
        Some(key) => Ok(Some(key.to_owned())),
        None => {
            let message =
                format!("must be from 1 to {MAX_IDEMPOTENCY_KEY_CHARS} printable characters");
            Err(ApiError::field("Idempotency-Key", message))
        }
    }
}

fn default_of(api: &BlockingApi<'_>, workspace: &str) -> ApiResult<KnownConfiguration> {
    let known = api.home().store.configurations(workspace)?;
    known
        .into_iter()
        .find(|known| known.is_default)
        .ok_or_else(|| {
            ApiError::field(
                "config_id",
                "is needed: the workspace has no default configuration",
            )
        })
}

/// The query of a page of runs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RunsQuery {
    /// The workspace. If absent, the server's own workspace.
    workspace: Option<String>,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`. If repeated, any of them.
    #[serde(default)]
    #[param(required = false, value_type = Vec<RunStatus>)]
    status: Vec<String>,
    /// The id, name or folder of a configuration.
    configuration: Option<String>,
    /// Runs that were made at or after this time (RFC 3339).
    #[param(format = DateTime)]
    since: Option<String>,
    /// Runs with this text, in any case, in the name of their input or configuration, in a label, or at the end of their id.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Runs that found issues in their input, or, if false, runs that looked for issues and found none.
    has_issues: Option<bool>,
    /// Runs that found no column for some of their fields, or, if false, runs that found a column for each.
    fields_missing: Option<bool>,
    /// Runs with this label, as `key:value`. If repeated, runs with all of them.
    #[serde(default)]
    #[param(required = false, inline, value_type = Vec<LabelFilter>)]
    label: Vec<String>,
    /// Only the newest run of a file that was run again. Only with `label`.
    newest: Option<bool>,
    /// Also count the runs of each status, ignoring `status`.
    counts: Option<bool>,
    /// The maximum number of runs, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    #[param(min_length = 48, max_length = 48)]
    cursor: Option<String>,
}

/// The maximum number of runs that are looked at for one page if a filter has no index.
const MAX_SCANNED_RUNS: u32 = 20_000;
/// The maximum number of runs that are counted for each status.
const MAX_COUNTED_RUNS: u32 = 10_000;
/// The maximum number of characters of a search text.
const MAX_FILTER_CHARS: usize = 200;

/// A label of a search, as `key:value`.
#[derive(ToSchema)]
#[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,62}:.{1,200}$")]
#[expect(dead_code, reason = "a shape for the description of the API")]
struct LabelFilter(String);

/// Parses statuses that are repeated or separated by commas.
fn statuses_in(words: &[String]) -> ApiResult<Vec<RunStatus>> {
    let words = words.iter().flat_map(|words| words.split(','));
    let status = |word: &str| {
        RunStatus::parse(word).ok_or_else(|| {
            let words = RunStatus::ALL.map(RunStatus::as_str).join(", ");
            ApiError::field("status", format!("must be one of {words}"))
        })
    };
    words.map(status).collect()
}

fn text_in(text: Option<String>) -> ApiResult<Option<String>> {
    match &text {
        Some(found) if !(1..=MAX_FILTER_CHARS).contains(&found.chars().count()) => {
            let message = format!("must have from 1 to {MAX_FILTER_CHARS} characters");
            Err(ApiError::field("q", message))
        }
        _ => Ok(text),
    }
}

/// A page of runs, newest first.
#[derive(Serialize, ToSchema)]
struct RunPage {
    items: Vec<RunView>,
    /// The `cursor` of the next page. Null on the last page.
    next_cursor: Option<String>,
    /// If false, the page ends before its limit, because the maximum number of runs was looked at. The next page continues
    /// there.
    is_whole: bool,
    /// The number of runs of each status, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    counts: Option<RunCounts>,
}

/// List runs, newest first.
///
/// With `q`, `has_issues`, `fields_missing` and `label`, at most 20,000 runs are looked at for one page; `is_whole` is true if
/// these were all.
#[utoipa::path(get, path = "/api/v1/runs", params(RunsQuery), responses((status = 200, body = RunPage)))]
async fn list_runs(
    Reader(api, caller): Reader,
    Query(which): Query<RunsQuery>,
) -> JsonResult<RunPage> {
    let (limit, before) = cursor::bounds(which.limit, which.cursor.as_deref())?;
    let since = which.since.as_deref().map(|text| {
        Timestamp::parse(text, Timestamp::now())
            .ok_or_else(|| ApiError::field("since", "is not a time such as 2026-11-20T10:00:00Z"))
    });
    let since = since.transpose()?;
    let mut filter = RunFilter {
        statuses: statuses_in(&which.status)?,
        configuration: which.configuration,
        since,
        text: text_in(which.q)?,
        has_issues: which.has_issues,
        fields_missing: which.fields_missing,
        labels: labels_in(&which.label)?,
        behind: before,
        limit,
        look_at: Some(MAX_SCANNED_RUNS),
        ..RunFilter::default()
    };
    let counts = which.counts == Some(true);
    let newest = which.newest == Some(true);
    if newest && filter.labels.is_empty() {
        return Err(ApiError::field("newest", "can only be used with `label`"));
    }
    api.work(move |api| {
        let workspace = workspace_or_home(api, &caller, which.workspace.as_deref())?;
        workspace.id().clone_into(&mut filter.workspace_id);
        if newest {
            filter.without = superseded(&labelled(&workspace, filter.labels.clone())?);
        }
        let found = workspace.store.find_runs(&filter)?;
        let next_cursor = match &found.looked_to {
            None => cursor::next(&found.runs, limit, |run| &run.id),
            Some(looked_to) => Some(cursor::behind(looked_to)),
        };
        let counted = counts.then(|| workspace.store.count_runs(&filter, MAX_COUNTED_RUNS));
        Ok(Json(RunPage {
            items: runs_json(&workspace, &found.runs, &api.paths)?,
            next_cursor,
            is_whole: found.looked_to.is_none(),
            counts: counted.transpose()?,
        }))
    })
    .await
}

/// Show a run by its id.
#[utoipa::path(get, path = "/api/v1/runs/{id}", responses((status = 200, body = RunView)))]
async fn get_run(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<Option<RunView>> {
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let json = runs_json(&workspace, std::slice::from_ref(&run), &api.paths)?;
        Ok(Json(json.into_iter().next()))
    })
    .await
}

/// The attempts of a run, the first attempt first.
#[derive(Serialize, ToSchema)]
struct AttemptList {
    items: Vec<Attempt>,
}

/// List the attempts of a run, the first attempt first.
#[utoipa::path(get, path = "/api/v1/runs/{id}/attempts", responses((status = 200, body = AttemptList)))]
async fn list_run_attempts(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<AttemptList> {
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let mut items = workspace.store.attempts(&run.id)?;
        let paths = tail::paths_of(api, &run);
        for attempt in &mut items {
            let error = attempt.error.as_deref();
            attempt.error = error.map(|error| paths.text(error).into_owned());
            // The name of the worker reveals its machine.
            attempt
                .worker
                .take_if(|_| caller.token.workspaces.is_some());
        }
        Ok(Json(AttemptList { items }))
    })
    .await
}

/// A page of a run's log.
#[derive(Serialize, ToSchema)]
struct LogPage {
    run_id: String,
    entries: Vec<LogEntry>,
    /// The `after_id` of the next page: the number of this page's last line, or the given `after_id` if the page is empty.
    next_after_id: u64,
    /// If false, this page reached the current end of the log.
    has_more: bool,
}

/// Read the log of a run.
#[utoipa::path(get, path = "/api/v1/runs/{id}/logs", params(LogPart), responses((status = 200, body = LogPage)))]
async fn list_run_logs(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(part): Query<LogPart>,
) -> JsonResult<LogPage> {
    let (after, limit) = part.checked()?;
    api.work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        let path = tail::path_of(&workspace.paths, &run);
        shared_log::fetch(&workspace, &run.id, &path)?;
        let paths = tail::paths_of(api, &run);
        let (mut entries, mut has_more) = log_page(&path, after, limit, &paths)?;
        let missing = (!has_more).then(|| tail::missing_end(&workspace, &run, path, paths));
        if let Some(line) = missing.flatten().filter(|line| line.sequence > after) {
            match entries.len() < limit {
                true => entries.push(entry(&line)),
                false => has_more = true,
            }
        }
        Ok(Json(LogPage {
            run_id: run.id,
            next_after_id: entries.last().map_or(after, |entry| entry.id),
            entries,
            has_more,
        }))
    })
    .await
}

/// The position where a stream resumes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RunEventsQuery {
    /// Send the events after this number, like the header Last-Event-ID.
    #[param(maximum = 9007199254740991u64)]
    after_id: Option<u64>,
}

/// Follow a run until it ends.
///
/// The stream has server-sent events. With `Accept: application/x-ndjson`, it has the lines of JSON that a run submitted with
/// `stream` sends, from the position in the `resume` of an interrupted stream.
#[utoipa::path(get, path = "/api/v1/runs/{id}/events",
    params(RunEventsQuery, ("Last-Event-ID" = inline(Option<u64>), Header, nullable = false, description = "The id of the last event that was received")),
    responses(
        (status = 200, content((RunEvent = "text/event-stream"), (RunStreamLine = "application/x-ndjson"))),
        (status = 204, description = "The run has ended, and the client has all of its events")
    )
)]
async fn stream_run_events(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(resume): Query<RunEventsQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let last = cursor::last_event(&headers, resume.after_id)?;
    let wants_lines = headers.get_all(header::ACCEPT).iter().any(|kinds| {
        kinds
            .to_str()
            .is_ok_and(|kinds| kinds.contains("application/x-ndjson"))
    });
    let holder = caller.holder();
    let (workspace, run, is_over) = api
        .work(move |api| {
            let (workspace, run) = run_with_files(api, &caller, &id)?;
            let path = tail::path_of(&workspace.paths, &run);
            shared_log::fetch(&workspace, &run.id, &path)?;
            let is_over = run.status.is_terminal()
                && last.is_some_and(|last| {
                    last > 0 && last >= tail::last_number(path, api.paths.clone())
                });
            Ok((workspace.carry(), run, is_over))
        })
        .await?;
    if is_over {
        // Nothing follows any more. A browser that gets this status does not reconnect.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let follower = stream::StreamClient {
        holder,
        after: last,
    };
    if wants_lines {
        return Ok(stream::lines(&api, &workspace, &run, follower));
    }
    Ok(stream::server_sent(&api, &workspace, &run, follower))
}

/// Cancel a queued or running run.
///
/// A queued run is cancelled at once; a running run is stopped by its worker within about a second. Repeating the request
/// changes nothing.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel",
    responses(
        (status = 200, description = "It is cancelled", body = RunView),
        (status = 202, description = "Its worker is going to stop it", body = RunView),
        (status = 409)
    )
)]
async fn cancel_run(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
) -> ApiResult<(StatusCode, Json<RunView>)> {
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let (status, run) = match cancel::cancel(&workspace, &run.id)? {
            cancel::RunCancellation::AtOnce(run) => (StatusCode::OK, run),
            cancel::RunCancellation::Requested(run) => (StatusCode::ACCEPTED, run),
        };
        Ok((status, Json(RunView::plain(&run, &api.paths))))
    })
    .await
}

/// Delete a run that has ended: its record and its files.
#[utoipa::path(delete, path = "/api/v1/runs/{id}", responses((status = 204, description = "It is deleted"), (status = 409)))]
async fn delete_run(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    api.slow_work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        remove::remove(&workspace, &run.id, false)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// The configuration's files for a repeated run.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRetry {
    /// Use the current files: of the active version, or of the folder. If false, the same files as before.
    #[serde(default)]
    #[schema(default = false)]
    current: bool,
}

impl JsonBody for NewRetry {}

/// Repeat a run with the same input and the same files of the configuration, or with the current configuration.
#[utoipa::path(post, path = "/api/v1/runs/{id}/retry",
    params(("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "Repeating a request with the same key creates no second run; keys are kept for a day")),
    request_body = NewRetry,
    responses(
        (status = 201, body = RunView, headers(("Location" = String, description = "The new run"))),
        (status = 200, description = "The run that this key already created", body = RunView),
        (status = 409), (status = 410), (status = 429)
    )
)]
async fn retry_run(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
    headers: HeaderMap,
    MaybeJson(wanted): MaybeJson<NewRetry>,
) -> ApiResult<Response> {
    let (run, is_new) = again(&api, &caller, id, &headers, wanted.current).await?;
    let status = status_of(is_new, StatusCode::CREATED);
    let object = RunView::plain(&run, &api.paths);
    Ok(created(status, "runs", object))
}

/// Queues a new run with the input of another run. Its configuration is the same as before, or the present one if `current`.
/// Returns the run, and whether it is new.
pub async fn again(
    api: &Api,
    caller: &Caller,
    id: String,
    headers: &HeaderMap,
    current: bool,
) -> ApiResult<(RunRecord, bool)> {
    let key = key_of(headers)?;
    let caller = caller.clone();
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let by = caller.submitter();
        // The same request under the same key makes one run.
        let request = json!([if current { "again" } else { "retry" }, run.id]);
        let key = key.map(|key| (key, digest::sha256(request.to_string()).to_string()));
        let asked = as_client(&workspace, key);
        if !current {
            return Ok(retry::retry(&workspace, &run.id, &by, &asked)?);
        }
        let known = (api.home().store).configuration(&run.key.configuration_id)?;
        let now = CurrentConfiguration {
            prepared: &*prepared(api, &workspace, &known)?,
            version: known.version.as_ref().map(|version| version.version),
        };
        Ok(retry::anew(&workspace, &run.id, &now, &by, &asked)?)
    })
    .await
}

/// Download a run's audit record.
#[utoipa::path(get, path = "/api/v1/runs/{id}/artifact",
    responses((status = 200, body = Object, content_type = "application/json"), (status = 206), (status = 409), (status = 410))
)]
async fn download_run_artifact(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    left(&api, &caller, id, RunDownload::Artifact, &headers).await
}

/// Download a run's normalized workbook.
#[utoipa::path(get, path = "/api/v1/runs/{id}/output",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 206), (status = 409), (status = 410)
    )
)]
async fn download_run_output(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    left(&api, &caller, id, RunDownload::Output, &headers).await
}

/// Download the input of a run.
#[utoipa::path(get, path = "/api/v1/runs/{id}/input",
    responses(
        (status = 200, content((Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.ms-excel.sheet.macroenabled.12"), (Vec<u8> = "application/vnd.ms-excel"))),
        (status = 206), (status = 409), (status = 410)
    )
)]
async fn download_run_input(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    left(&api, &caller, id, RunDownload::Input, &headers).await
}
