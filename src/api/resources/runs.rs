//! Runs: submit, list, show, follow, cancel, retry, delete, and what they leave.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::labels::{demand_labels, labelled, labels_in, superseded};
use super::workspaces::known_workspace;
use crate::api::access::caller::{Administrator, Caller, Reader, Runner};
use crate::api::description::schemas::{LogPage, Run, RunPage};
use crate::api::description::streams::{RunEvent, RunStreamLine};
use crate::api::http::answer::{Answer, created, status_of};
use crate::api::http::body::{Json, JsonBody, Path, Query};
use crate::api::http::cursor;
use crate::api::http::cursor::LogPart;
use crate::api::http::download;
use crate::api::http::download::Download;
use crate::api::http::log_pieces;
use crate::api::http::problem::ApiError;
use crate::api::state::{Api, Blocking, Carried, Opened};
use crate::api::transfer::{stream, tail};
use crate::base::clock::Timestamp;
use crate::base::digest;
use crate::base::files::name_of;
use crate::base::hide_paths::Hider;
use crate::base::problem::code;
use crate::base::show_path::ShowPath;
use crate::configuration::Configuration;
use crate::environment::needed::prepare::{PrepareError, Prepared, prepare, prepare_version};
use crate::run::calls::request::demand_setting;
use crate::run::calls::retry::Current;
use crate::run::calls::submit::{RunOfDocument, as_client, submit};
use crate::run::calls::{remove, retry};
use crate::run::ending::cancel;
use crate::run::shared_log;
use crate::run::views::json::{run_json, runs_json};
use crate::settings::paths::RunFolder;
use crate::store::{
    Attempt, ConfigurationRecord, DocumentRecord, KnownConfiguration, Priority, RunFilter,
    RunOptions, RunRecord, RunStatus,
};
use crate::workspace::Workspace;

/// The header with a client's key for a request.
const KEY_HEADER: &str = "idempotency-key";
/// The longest key.
const LONGEST_KEY: usize = 255;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(list))
        .routes(routes!(show, delete_run))
        .routes(routes!(attempts))
        .routes(routes!(logs))
        .routes(routes!(events))
        .routes(routes!(cancel_run))
        .routes(routes!(retry_run))
        .routes(routes!(repeat_run))
        .routes(routes!(artifact))
        .routes(routes!(output))
        .routes(routes!(input))
}

/// A run to be made.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// The document that is its input.
    pub document_id: String,
    /// Answer with a stream of the run's events instead of the run.
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    pub options: NewRunOptions,
    /// Whether it is claimed before runs of other priorities, or after them.
    #[serde(default)]
    pub priority: Priority,
    /// What the sender calls the run by, key by key: at most 16, and lists find runs by them. A key has up to 63 of `a-z`, `0-9`, `.`,
    /// `_` and `-`, a letter or digit first; a value has up to 200 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl JsonBody for NewRun {
    const ARRAYS: &'static [&'static str] = &["options.input_sheet_names"];
}

/// How a run is made.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewRunOptions {
    /// Record the run, start no engine.
    pub dry_run: bool,
    /// Load and check the configuration, process nothing.
    pub validate_only: bool,
    /// The sheets to process; absent: all visible ones.
    pub input_sheet_names: Option<Vec<String>>,
    /// Only the sheet that was active when the workbook was saved.
    pub active_sheet_only: bool,
    /// The least severe events that the engine sends.
    #[schema(value_type = Option<Level>)]
    pub log_level: Option<String>,
    /// Ask for a network; refused unless the operator allows it.
    pub runtime_network_access: Option<bool>,
    /// Seconds that the run may take.
    #[schema(exclusive_minimum = 0.0)]
    pub timeout_seconds: Option<f64>,
    /// Settings of the engine for this run, by name, such as `{"date_order": "mdy"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// The least severe events that are sent.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "a shape for the description of the API")]
enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// No sheet has such a name, and no process can be given it.
fn is_no_name(name: &str) -> bool {
    name.is_empty() || name.contains('\0')
}

impl NewRunOptions {
    /// The options as the library has them.
    fn checked(&self, network_allowed: bool) -> Result<RunOptions, ApiError> {
        const LEVELS: [&str; 4] = ["debug", "info", "warning", "error"];
        if let Some(level) = &self.log_level
            && !LEVELS.contains(&level.as_str())
        {
            let message = format!("must be one of {}", LEVELS.join(", "));
            return Err(ApiError::field("options.log_level", message));
        }
        if self.runtime_network_access == Some(true) && !network_allowed {
            let message =
                "cannot be asked for: the operator does not allow a network (ADE_ALLOW_NETWORK)";
            return Err(ApiError::field("options.runtime_network_access", message));
        }
        if self
            .timeout_seconds
            .is_some_and(|seconds| !(seconds > 0.0 && seconds <= 1e9))
        {
            let message = "must be above zero, and at most a billion";
            return Err(ApiError::field("options.timeout_seconds", message));
        }
        if self
            .input_sheet_names
            .as_ref()
            .is_some_and(|names| names.is_empty() || names.iter().any(|name| is_no_name(name)))
        {
            let message = "must name at least one sheet, and no name may be empty or hold a NUL";
            return Err(ApiError::field("options.input_sheet_names", message));
        }
        if self.input_sheet_names.is_some() && self.active_sheet_only {
            let message = "contradicts input_sheet_names";
            return Err(ApiError::field("options.active_sheet_only", message));
        }
        for (name, value) in &self.settings {
            let field = format!("options.settings.{name}");
            demand_setting(name, value).map_err(|message| ApiError::field(&field, message))?;
            if value.contains('\0') {
                return Err(ApiError::field(&field, "must not hold a NUL"));
            }
        }
        Ok(RunOptions {
            settings: self.settings.clone(),
            active_sheet_only: self.active_sheet_only,
            validate_only: self.validate_only,
            dry_run: self.dry_run,
            timeout_seconds: self.timeout_seconds,
            network: self.runtime_network_access == Some(true),
            log_level: self.log_level.clone(),
            ..RunOptions::default()
        })
    }
}

/// Submit a run.
///
/// The run of an uploaded configuration uses its published version; that of a folder uses the folder's files as they are now.
/// With `stream`, the answer is 200 and lines of JSON: `run.created`, `run.started`, `run.log`, the engine's events, and
/// `run.completed` at the end.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/runs", operation_id = "create_run", tag = "runs",
    params(
        ("config_id" = String, Path, description = "The configuration"),
        ("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "The same key with the same request makes one run, however often it is sent; kept for a day"),
    ),
    request_body = NewRun,
    responses(
        (status = 201, body = Run, headers(("Location" = String, description = "The run"))),
        (status = 200, description = "The run of the same key, or the stream that was asked for", content((Run = "application/json"), (RunStreamLine = "application/x-ndjson"))),
        (status = 409), (status = 410), (status = 429),
    )
)]
async fn create(
    Runner(api, caller): Runner,
    Path(config_id): Path<String>,
    headers: HeaderMap,
    Json(new): Json<NewRun>,
) -> Answer<Response> {
    let made = make(&api, &caller, Some(config_id), &headers, new.clone()).await?;
    if new.stream {
        let follower = stream::StreamClient {
            holder: caller.holder(),
            after: None,
        };
        return Ok(stream::lines(&api, &made.workspace, &made.run, follower));
    }
    let status = status_of(made.is_new, StatusCode::CREATED);
    let object = run_json(&made.run, None, &[], &api.paths);
    Ok(created(status, "runs", object))
}

/// A run that was submitted.
pub struct SubmittedRun {
    /// Its workspace.
    pub workspace: Carried,
    /// The run.
    pub run: RunRecord,
    /// Whether it is new: the same request under the same key made it before.
    pub is_new: bool,
}

/// Submits a run. Without a configuration, the default of the document's workspace.
pub async fn make(
    api: &Api,
    caller: &Caller,
    config_id: Option<String>,
    headers: &HeaderMap,
    new: NewRun,
) -> Result<SubmittedRun, ApiError> {
    let mut options = new.options.checked(api.home().settings().allow_network)?;
    demand_labels(&new.labels)?;
    options.labels.clone_from(&new.labels);
    options.priority = new.priority;
    let key = key_of(headers)?;
    let caller = caller.clone();
    api.work(move |api| {
        let document = document_of(api, &caller, &new.document_id)?;
        let known = match &config_id {
            Some(id) => configuration_of(api, &caller, id)?,
            None => default_of(api, &document.workspace_id)?,
        };
        if known.record.workspace_id != document.workspace_id {
            let message = "is a document of another workspace than the configuration";
            return Err(ApiError::field("document_id", message));
        }
        let workspace = api.workspace(&document.workspace_id)?;
        let prepared = prepared(api, &workspace, &known)?;
        // As it was sent: the same bytes under the same key are the same request, whatever is the default meanwhile.
        let mut request = json!([config_id, new.document_id, new.options]);
        if !new.labels.is_empty() {
            request = json!([request, new.labels]);
        }
        if new.priority != Priority::default() {
            request = json!([request, new.priority]);
        }
        let version = known.version.as_ref();
        options.configuration_version = version.map(|version| version.version);
        let wanted = RunOfDocument {
            prepared: &prepared,
            document: &document,
            sheets: new.options.input_sheet_names.clone(),
            options,
            by: caller.submitter(),
            key: key.map(|key| (key, digest::of(request.to_string()).to_string())),
        };
        let (run, is_new) = submit(&workspace, &wanted)?;
        Ok(SubmittedRun {
            workspace: workspace.carry(),
            run,
            is_new,
        })
    })
    .await
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(HeaderName::from_static(KEY_HEADER)) else {
        return Ok(None);
    };
    let key = value.to_str().ok().map(str::trim);
    match key.filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY) {
        Some(key) => Ok(Some(key.to_owned())),
        None => {
            let message = format!("must be from 1 to {LONGEST_KEY} printable characters");
            Err(ApiError::field("Idempotency-Key", message))
        }
    }
}

/// A configuration, ready for a run.
pub fn prepared(
    api: &Blocking<'_>,
    workspace: &Workspace,
    known: &KnownConfiguration,
) -> Result<Arc<Prepared>, ApiError> {
    let record = &known.record;
    match &known.version {
        Some(version) => api.prepared.get(&record.id, &version.source_digest, || {
            prepare_version(workspace, record, version)
                .map_err(|error| unusable(api, error, record))
        }),
        None if known.uploaded => {
            let detail = format!("no version of configuration {:?} is active", record.name);
            Err(ApiError::of(code::NOT_PUBLISHED, detail)
                .hint("publish it, or activate a version that was published"))
        }
        None => {
            let prepared = Configuration::open(&record.path)
                .map_err(ApiError::from)
                .and_then(|configuration| Ok(prepare(workspace, configuration, None)?));
            prepared
                .map(Arc::new)
                .map_err(|error| error.shown(&api.paths.about_configuration(&record.path)))
        }
    }
}

fn unusable(api: &Api, error: PrepareError, record: &ConfigurationRecord) -> ApiError {
    ApiError::from(error).shown(&api.paths.about_configuration(&record.path))
}

/// The document with this id, in a workspace that the caller's token is for.
pub fn document_of(
    api: &Blocking<'_>,
    caller: &Caller,
    id: &str,
) -> Result<DocumentRecord, ApiError> {
    let found = api.home().store.document(&id.to_lowercase())?;
    caller.demand(&found.workspace_id, "document", id)?;
    Ok(found)
}

/// The configuration with this id, in a workspace that the caller's token is for.
pub fn configuration_of(
    api: &Blocking<'_>,
    caller: &Caller,
    id: &str,
) -> Result<KnownConfiguration, ApiError> {
    let found = api.home().store.configuration(&id.to_lowercase())?;
    caller.demand(&found.record.workspace_id, "configuration", id)?;
    Ok(found)
}

fn default_of(api: &Blocking<'_>, workspace: &str) -> Result<KnownConfiguration, ApiError> {
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

/// The run with this id, in a workspace that the caller's token is for.
pub fn run_of<'a>(
    api: &Blocking<'a>,
    caller: &Caller,
    id: &str,
) -> Result<(Opened<'a>, RunRecord), ApiError> {
    let run = api.home().store.run_of_any_workspace(&id.to_lowercase())?;
    caller.demand(&run.key.workspace_id, "run", id)?;
    Ok((api.workspace(&run.key.workspace_id)?, run))
}

/// As [`run_of`], with the run's files here: those that another host has put are fetched.
pub fn run_with_files<'a>(
    api: &Blocking<'a>,
    caller: &Caller,
    id: &str,
) -> Result<(Opened<'a>, RunRecord), ApiError> {
    let (workspace, run) = run_of(api, caller, id)?;
    workspace.fetch_run(&run)?;
    Ok((workspace, run))
}

/// Which runs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The workspace; absent: that of the server.
    #[param(nullable = false)]
    workspace: Option<String>,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`; several: any of them.
    #[serde(default)]
    #[param(required = false, value_type = Vec<RunStatus>)]
    status: Vec<String>,
    /// The id, name or folder of a configuration.
    #[param(nullable = false)]
    configuration: Option<String>,
    /// Runs that were made at or after this time (RFC 3339).
    #[param(nullable = false, format = DateTime)]
    since: Option<String>,
    /// Runs with this text, in whatever case, in the name of their input or configuration or in a label, or at the end of their id.
    #[param(nullable = false, min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Runs that found issues in their input; or those that looked and found none.
    #[param(nullable = false)]
    has_issues: Option<bool>,
    /// Runs that found no column for some of their fields; or those that looked and found all.
    #[param(nullable = false)]
    fields_missing: Option<bool>,
    /// Runs with this label, as `key:value`; several: with all of them.
    #[serde(default)]
    #[param(required = false, inline, value_type = Vec<LabelFilter>)]
    label: Vec<String>,
    /// Of a file that was run again the newest run alone; only with `label`.
    #[param(nullable = false)]
    newest: Option<bool>,
    /// Also count the runs of each status, whatever `status` says.
    #[param(nullable = false)]
    counts: Option<bool>,
    /// The largest number of runs, from 1 to 1000.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(nullable = false, min_length = 48, max_length = 48)]
    cursor: Option<String>,
}

/// Of runs that are looked for by what no index knows, so many are looked at for one page.
const LOOK_AT: u32 = 20_000;
/// Of each status so many runs are counted.
const COUNTED: u32 = 10_000;
/// The longest text to look for, in characters.
const LONGEST_TEXT: usize = 200;

/// A label that is looked for.
#[derive(ToSchema)]
#[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,62}:.{1,200}$")]
#[expect(dead_code, reason = "a shape for the description of the API")]
struct LabelFilter(String);

/// One by one, or with commas between them.
fn statuses_in(words: &[String]) -> Result<Vec<RunStatus>, ApiError> {
    let words = words.iter().flat_map(|words| words.split(','));
    let status = |word: &str| {
        RunStatus::parse(word).ok_or_else(|| {
            let words = RunStatus::ALL.map(RunStatus::as_str).join(", ");
            ApiError::field("status", format!("must be one of {words}"))
        })
    };
    words.map(status).collect()
}

fn text_in(text: Option<String>) -> Result<Option<String>, ApiError> {
    match &text {
        Some(found) if !(1..=LONGEST_TEXT).contains(&found.chars().count()) => {
            let message = format!("must have from 1 to {LONGEST_TEXT} characters");
            Err(ApiError::field("q", message))
        }
        _ => Ok(text),
    }
}

/// List runs, newest first.
///
/// `q`, `has_issues`, `fields_missing` and `label` look at the records of 20,000 runs for one page; `is_whole` says whether that were all.
#[utoipa::path(get, path = "/api/v1/runs", operation_id = "list_runs", tag = "runs", params(Which), responses(
    (status = 200, body = RunPage),
))]
async fn list(Reader(api, caller): Reader, Query(which): Query<Which>) -> Answer {
    let (limit, before) = cursor::bounds(which.limit, which.cursor.as_deref())?;
    let since = which.since.as_deref().map(|text| {
        Timestamp::parse(text, Timestamp::now())
            .ok_or_else(|| ApiError::field("since", "is no time, such as 2026-11-20T10:00:00Z"))
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
        look_at: Some(LOOK_AT),
        ..RunFilter::default()
    };
    let counts = which.counts == Some(true);
    let newest = which.newest == Some(true);
    if newest && filter.labels.is_empty() {
        return Err(ApiError::field(
            "newest",
            "is asked of runs with a label alone",
        ));
    }
    api.work(move |api| {
        let id = which.workspace.as_deref().unwrap_or(api.home().id());
        let workspace = known_workspace(api, &caller, id)?;
        id.clone_into(&mut filter.workspace_id);
        if newest {
            filter.without = superseded(&labelled(&workspace, filter.labels.clone())?);
        }
        let found = workspace.store.find_runs(&filter)?;
        let items = runs_json(&workspace, &found.runs, &api.paths)?;
        let last = found.runs.last().map(|run| run.id.as_str());
        let is_whole = found.looked_to.is_none();
        let mut page = match &found.looked_to {
            None => cursor::page(items, limit, last),
            Some(looked_to) => cursor::unfinished(items, looked_to),
        };
        page["is_whole"] = json!(is_whole);
        if counts {
            page["counts"] = json!(workspace.store.count_runs(&filter, COUNTED)?);
        }
        Ok(axum::Json(page))
    })
    .await
}

/// Show a run.
#[utoipa::path(get, path = "/api/v1/runs/{id}", operation_id = "get_run", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, body = Run),
))]
async fn show(Reader(api, caller): Reader, Path(id): Path<String>) -> Answer {
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let json = runs_json(&workspace, std::slice::from_ref(&run), &api.paths)?;
        Ok(axum::Json(json.into_iter().next().unwrap_or_default()))
    })
    .await
}

/// The attempts at a run, the first one first.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a shape for the description of the API")]
struct AttemptList {
    items: Vec<Attempt>,
}

/// List the attempts at a run, the first one first.
#[utoipa::path(get, path = "/api/v1/runs/{id}/attempts", operation_id = "list_run_attempts", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, body = AttemptList),
))]
async fn attempts(Reader(api, caller): Reader, Path(id): Path<String>) -> Answer {
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let mut items = json!(workspace.store.attempts(&run.id)?);
        let paths = tail::paths_of(api, &run);
        for item in items.as_array_mut().into_iter().flatten() {
            if let Some(error) = item["error"].as_str() {
                item["error"] = json!(paths.text(error));
            }
            if caller.token.workspaces.is_some() {
                // Its name says on which machine it is.
                item["worker"] = Value::Null;
            }
        }
        Ok(axum::Json(json!({"items": items})))
    })
    .await
}

/// Read a run's log.
#[utoipa::path(get, path = "/api/v1/runs/{id}/logs", operation_id = "list_run_logs", tag = "runs", params(("id" = String, Path, description = "The run"), LogPart), responses(
    (status = 200, body = LogPage),
))]
async fn logs(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(part): Query<LogPart>,
) -> Answer {
    let (after, limit) = part.checked()?;
    api.work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        let path = tail::path_of(&workspace.paths, &run);
        shared_log::fetch(&workspace, &run.id, &path)?;
        let (of, paths) = (("run_id", run.id.as_str()), tail::paths_of(api, &run));
        let mut page = log_page(&path, of, after, limit, &paths)?;
        let is_last = page["has_more"] == false;
        let missing = is_last.then(|| tail::missing_end(&workspace, &run, path, paths));
        if let Some(line) = missing.flatten().filter(|line| line.sequence > after) {
            match page["entries"].as_array_mut() {
                Some(entries) if entries.len() < limit => {
                    entries.push(entry(&line));
                    page["next_after_id"] = json!(line.sequence);
                }
                _ => page["has_more"] = json!(true),
            }
        }
        Ok(axum::Json(page))
    })
    .await
}

/// A page of a log: lines behind number `after`, at most `limit`. `of`: the key that names the run or the build.
pub fn log_page(
    path: &std::path::Path,
    (of, id): (&str, &str),
    after: u64,
    limit: usize,
    paths: &Hider,
) -> Result<Value, ApiError> {
    let mut from = log_pieces::start_behind(path, after)?;
    let (mut entries, mut has_more) = (Vec::new(), false);
    while let Some(piece) = log_pieces::read_from(path, from, u64::MAX, paths)? {
        from = piece.to;
        for line in piece.lines.iter().filter(|line| line.sequence > after) {
            if entries.len() == limit {
                has_more = true;
                break;
            }
            entries.push(entry(line));
        }
        if has_more {
            break;
        }
    }
    let next = entries
        .last()
        .map_or(json!(after), |entry| entry["id"].clone());
    Ok(json!({of: id, "entries": entries, "next_after_id": next, "has_more": has_more}))
}

fn entry(line: &log_pieces::Line) -> Value {
    let event: Value = serde_json::from_slice(&line.text).unwrap_or_default();
    let data = event.get("data").filter(|data| data.is_object());
    json!({
        "id": line.sequence, "created": event["timestamp"], "level": event["level"], "event": line.event,
        "message": event["message"].as_str().unwrap_or_default(), "data": data.cloned().unwrap_or_else(|| json!({})),
    })
}

/// Where a stream resumes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Resume {
    /// Events behind this number; the header Last-Event-ID says the same.
    #[param(nullable = false, maximum = 9007199254740991u64)]
    after_id: Option<u64>,
}

/// Follow a run until it ends.
///
/// Server-sent events; or, with `Accept: application/x-ndjson`, the lines of JSON that a run submitted with `stream` sends, from
/// where the `resume` of such a stream says.
#[utoipa::path(get, path = "/api/v1/runs/{id}/events", operation_id = "stream_run_events", tag = "runs",
    params(("id" = String, Path, description = "The run"), Resume,
        ("Last-Event-ID" = inline(Option<u64>), Header, nullable = false, description = "The id of the last event that was received")),
    responses(
        (status = 200, content((RunEvent = "text/event-stream"), (RunStreamLine = "application/x-ndjson"))),
        (status = 204, description = "The run has ended, and the client has all of its events"),
    )
)]
async fn events(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(resume): Query<Resume>,
    headers: HeaderMap,
) -> Answer<Response> {
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
        // Nothing comes any more: a browser that gets this status does not ask again.
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

/// Cancel a run.
///
/// A queued run is cancelled at once; a running one is stopped by its worker within about a second. Asking again changes nothing.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", operation_id = "cancel_run", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, description = "It is cancelled", body = Run),
    (status = 202, description = "Its worker will stop it", body = Run),
    (status = 409),
))]
async fn cancel_run(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
) -> Result<(StatusCode, axum::Json<Value>), ApiError> {
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let (status, run) = match cancel::cancel(&workspace, &run.id)? {
            cancel::Cancelled::AtOnce(run) => (StatusCode::OK, run),
            cancel::Cancelled::Requested(run) => (StatusCode::ACCEPTED, run),
        };
        Ok((status, axum::Json(run_json(&run, None, &[], &api.paths))))
    })
    .await
}

/// Delete a run that has ended: its record and its files.
#[utoipa::path(delete, path = "/api/v1/runs/{id}", operation_id = "delete_run", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 204, description = "It is deleted"),
    (status = 409),
))]
async fn delete_run(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    api.slow_work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        remove::remove(&workspace, &run.id, false)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Run again as it was, with the same input and the same files of the configuration.
#[utoipa::path(post, path = "/api/v1/runs/{id}/retry", operation_id = "retry_run", tag = "runs",
    params(("id" = String, Path, description = "The run"),
        ("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "The same key makes one run, however often it is sent; kept for a day")),
    responses(
    (status = 201, body = Run, headers(("Location" = String, description = "The new run"))),
    (status = 200, description = "The run of the same key", body = Run),
    (status = 409), (status = 429),
))]
async fn retry_run(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let (run, is_new) = again(&api, &caller, id, &headers).await?;
    let status = status_of(is_new, StatusCode::CREATED);
    let object = run_json(&run, None, &[], &api.paths);
    Ok(created(status, "runs", object))
}

/// Run the input anew, with the configuration as it is now: its active version, or the files of its folder.
#[utoipa::path(post, path = "/api/v1/runs/{id}/again", operation_id = "repeat_run", tag = "runs",
    params(("id" = String, Path, description = "The run"),
        ("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "The same key makes one run, however often it is sent; kept for a day")),
    responses(
    (status = 201, body = Run, headers(("Location" = String, description = "The new run"))),
    (status = 200, description = "The run of the same key", body = Run),
    (status = 409), (status = 410), (status = 429),
))]
async fn repeat_run(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let key = key_of(&headers)?;
    let answered = api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let known = (api.home().store).configuration(&run.key.configuration_id)?;
        let now = Current {
            prepared: &*prepared(api, &workspace, &known)?,
            version: known.version.as_ref().map(|version| version.version),
        };
        let asked = as_client(&workspace, repeated("again", &run, key));
        let (run, is_new) = retry::anew(&workspace, &run.id, &now, &caller.submitter(), &asked)?;
        let status = status_of(is_new, StatusCode::CREATED);
        Ok(created(
            status,
            "runs",
            run_json(&run, None, &[], &api.paths),
        ))
    });
    answered.await
}

/// A client's key for repeating a run so, with the digest of that.
fn repeated(how: &str, run: &RunRecord, key: Option<String>) -> Option<(String, String)> {
    let request = digest::of(json!([how, run.id]).to_string()).to_string();
    key.map(|key| (key, request))
}

/// Queues a new run with the input and the files of another. Returns it, and whether it is new.
pub async fn again(
    api: &Api,
    caller: &Caller,
    id: String,
    headers: &HeaderMap,
) -> Result<(RunRecord, bool), ApiError> {
    let key = key_of(headers)?;
    let caller = caller.clone();
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let asked = as_client(&workspace, repeated("retry", &run, key));
        let by = caller.submitter();
        Ok(retry::retry(&workspace, &run.id, &by, &asked)?)
    })
    .await
}

/// What a run leaves.
#[derive(Clone, Copy)]
pub enum Left {
    /// The audit record.
    Artifact,
    /// The normalized workbook.
    Output,
    /// The input.
    Input,
}

/// Serves what a run leaves.
pub async fn left(
    api: &Api,
    caller: &Caller,
    id: String,
    what: Left,
    asked: &HeaderMap,
) -> Answer<Response> {
    let caller = caller.clone();
    let (path, name, tag) = api
        .work(move |api| {
            let (_, run) = run_with_files(api, &caller, &id)?;
            place_of(&run, what)
        })
        .await?;
    let file = Download {
        path: &path,
        name: &name,
        kind: download::kind_of(&name),
        tag: tag.as_deref(),
    };
    download::serve(&file, asked).await
}

/// Where a run left something: its path, its name for a browser, and what identifies its bytes.
pub fn place_of(
    run: &RunRecord,
    what: Left,
) -> Result<(PathBuf, String, Option<String>), ApiError> {
    let folder = RunFolder::at(&run.run_dir);
    if let Left::Input = what {
        // The sender's file may have changed since.
        let staged = Some(folder.staged(&run.input_name)).filter(|path| path.is_file());
        let is_same = |path: &PathBuf| {
            digest::of_file(path).is_ok_and(|(found, _)| found.to_string() == run.input_sha256)
        };
        let path = staged.or_else(|| Some(run.input_path.clone()).filter(is_same));
        let path = path.ok_or_else(|| missing(run, "input"))?;
        return Ok((path, run.input_name.clone(), Some(run.input_sha256.clone())));
    }
    demand_files(run)?;
    let path = match (what, &run.output_path) {
        (Left::Artifact, _) => folder.artifact(),
        (_, Some(path)) => path.clone(),
        (_, None) => {
            let detail = format!("run {} {} and has no output", run.id, run.status.as_str());
            let error = ApiError::of(code::RUN_FAILED_NO_OUTPUT, detail);
            return Err(match &run.error {
                Some(failure) => error.hint(format!("{}: {}", failure.code, failure.message)),
                None => error,
            });
        }
    };
    if !path.is_file() && matches!(what, Left::Artifact) {
        // A run that no worker began has none.
        let detail = format!(
            "run {} {} and has no audit record",
            run.id,
            run.status.as_str()
        );
        let code = code::RUN_FAILED_NO_OUTPUT;
        return Err(ApiError::of(code, detail));
    }
    if !path.is_file() {
        return Err(missing(run, "workbook"));
    }
    let name = match what {
        Left::Artifact => format!("{}_artifact.json", run.id),
        _ => name_of(&path),
    };
    Ok((path, name, None))
}

/// The run must have ended, and have its files still.
pub(super) fn demand_files(run: &RunRecord) -> Result<(), ApiError> {
    if !run.status.is_terminal() {
        let detail = format!("run {} is {}", run.id, run.status.as_str());
        return Err(
            ApiError::of(code::OUTPUT_NOT_READY, detail).hint("follow its events until it ends")
        );
    }
    match run.artifacts_deleted_at {
        Some(_) => Err(gone(run, "files")),
        None => Ok(()),
    }
}

/// Nobody deleted it here.
fn missing(run: &RunRecord, what: &str) -> ApiError {
    let detail = format!("the {what} of run {} is not where it was left", run.id);
    let error = ApiError::new(StatusCode::GONE, code::INPUT_GONE, detail);
    error.hint("another host may have it, or a backup; else run the file again")
}

fn gone(run: &RunRecord, what: &str) -> ApiError {
    let detail = format!("the {what} of run {} were deleted", run.id);
    ApiError::new(StatusCode::GONE, code::INPUT_GONE, detail)
}

/// Download the audit record.
#[utoipa::path(get, path = "/api/v1/runs/{id}/artifact", operation_id = "download_run_artifact", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, body = Object, content_type = "application/json"),
    (status = 206, description = "The part that was asked for"),
    (status = 304, description = "The client has it"),
    (status = 409), (status = 410), (status = 416),
))]
async fn artifact(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    left(&api, &caller, id, Left::Artifact, &headers).await
}

/// Download the normalized workbook.
#[utoipa::path(get, path = "/api/v1/runs/{id}/output", operation_id = "download_run_output", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 206, description = "The part that was asked for"),
    (status = 304, description = "The client has it"),
    (status = 409), (status = 410), (status = 416),
))]
async fn output(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    left(&api, &caller, id, Left::Output, &headers).await
}

/// Download the input.
#[utoipa::path(get, path = "/api/v1/runs/{id}/input", operation_id = "download_run_input", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, content((Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.ms-excel.sheet.macroenabled.12"), (Vec<u8> = "application/vnd.ms-excel"))),
    (status = 206, description = "The part that was asked for"),
    (status = 304, description = "The client has it"),
    (status = 409), (status = 410), (status = 416),
))]
async fn input(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    left(&api, &caller, id, Left::Input, &headers).await
}
