//! Builds: a worker provisions the environment of a configuration. A build has the id of its environment.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream as streams;
use serde_json::json;

use super::configurations::ConfigurationPath;
use super::named::{LogEntry, log_page, prepared};
use super::prelude::*;
use crate::api::description::streams::BuildStreamLine;
use crate::api::http::cursor::LogPart;
use crate::api::http::log_pieces;
use crate::api::transfer::held::HeldToken;
use crate::api::transfer::stream;
use crate::api::transfer::stream::Interruption;
use crate::base::problem::{Error, Problem, code};
use crate::environment::json::EnvironmentView;
use crate::environment::provide::ask;
use crate::events::names;
use crate::settings::paths::EnvironmentFolder;
use crate::store::{EnvironmentRecord, EnvironmentStatus};

/// The interval of checks for a build that a client waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The interval of keep-alive lines while nothing happens.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub fn routes() -> OpenApiRouter<Api> {
    named([
        routes!(create_build),
        routes!(get_build),
        routes!(list_build_logs),
    ])
}

/// The request for a new build.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct NewBuild {
    /// Return a stream of the build's events instead of the build.
    stream: bool,
    options: NewBuildOptions,
}

impl JsonBody for NewBuild {}

/// The options of a build.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct NewBuildOptions {
    /// Build the environment even if it is ready.
    force: bool,
    /// Return when the environment is ready or has failed, or when the time limit of a build has passed.
    wait: bool,
}

/// Build the environment of a configuration.
///
/// The environment is that of the published version, or of a folder's files as they are now. If the environment is ready, it is
/// only built again on request (`force`). With `stream`, the status is 200 and the body is lines of JSON: `build.created`, the
/// events of the build, and `build.completed` at the end.
#[utoipa::path(post, path = "/api/v1/workspaces/{workspace}/configs/{config_id}/builds",
    request_body = NewBuild,
    responses(
        (status = 202, description = "It waits to be built, or is being built", body = EnvironmentView, headers(("Location" = String, description = "The build"))),
        (status = 200, description = "It is ready, or has failed after the request waited for it; or the requested stream", content((EnvironmentView = "application/json"), (BuildStreamLine = "application/x-ndjson"))),
        (status = 409)
    )
)]
async fn create_build(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    MaybeJson(new): MaybeJson<NewBuild>,
) -> ApiResult<Response> {
    let force = new.options.force;
    let held = HeldToken::new(&api, caller.holder());
    let (workspace, mut build) = api
        .work(move |api| {
            let (workspace, known) = which.find(api, &caller)?;
            let prepared = prepared(api, &workspace, &known)?;
            let build = ask(&workspace, &prepared, force).map_err(in_time)?;
            Ok((workspace.carry(), build))
        })
        .await?;
    if new.stream {
        return Ok(lines(&api, &workspace, &build, held));
    }
    if new.options.wait {
        build = wait(&api, &workspace, build).await?;
    }
    let has_ended = match build.status {
        EnvironmentStatus::Ready => true,
        EnvironmentStatus::Failed => new.options.wait,
        EnvironmentStatus::Queued | EnvironmentStatus::Building => false,
    };
    let status = if has_ended {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok(created(
        status,
        "builds",
        EnvironmentView::new(&build, &api.paths),
    ))
}

/// Converts an error of a build. A refusal that asks the caller to come back later keeps its message for the client; the
/// message of an unusable database does not reach the client.
pub fn in_time(error: Error) -> ApiError {
    if error.code() != code::BUSY {
        return error.into();
    }
    let busy = crate::api::state::busy(&error.to_string());
    match error.facts().hint {
        Some(hint) => busy.hint(hint),
        None => busy,
    }
}

/// Waits for the end of a build, at most as long as a build may take.
async fn wait(
    api: &Api,
    workspace: &WorkspaceHandle,
    mut build: EnvironmentRecord,
) -> ApiResult<EnvironmentRecord> {
    let until = Instant::now() + workspace.settings().build_timeout;
    let stopping = api.stopping();
    while !has_ended(&build) && Instant::now() < until && !*stopping.borrow() {
        tokio::time::sleep(LOOK_AGAIN).await;
        build = again(api, workspace, &build.id).await?;
    }
    Ok(build)
}

fn has_ended(build: &EnvironmentRecord) -> bool {
    use EnvironmentStatus::{Failed, Ready};
    matches!(build.status, Ready | Failed)
}

async fn again(api: &Api, workspace: &WorkspaceHandle, id: &str) -> ApiResult<EnvironmentRecord> {
    let (workspace, id) = (workspace.clone(), id.to_owned());
    api.work(move |api| {
        let workspace = api.open(&workspace);
        Ok(workspace.store.environment(workspace.id(), &id)?)
    })
    .await
}

/// A client that follows a build.
struct BuildFollower {
    api: Api,
    held: HeldToken,
    workspace: WorkspaceHandle,
    build: EnvironmentRecord,
    /// The position up to which the log in the environment's folder was read. Another builder starts another folder.
    position: u64,
    /// The number of the last event that was sent.
    after: u64,
    said: Instant,
    begun: bool,
    over: bool,
}

/// Returns the events of a build as lines of JSON, until the build is ready or has failed.
fn lines(
    api: &Api,
    workspace: &WorkspaceHandle,
    build: &EnvironmentRecord,
    held: HeldToken,
) -> Response {
    let following = BuildFollower {
        api: api.clone(),
        held,
        workspace: workspace.clone(),
        build: build.clone(),
        position: 0,
        after: 0,
        said: Instant::now(),
        begun: false,
        over: false,
    };
    let lines = streams::unfold(following, |mut following| async move {
        let bytes = following.next().await?;
        following.said = Instant::now();
        Some((bytes, following))
    });
    stream::streamed("application/x-ndjson", lines)
}

impl BuildFollower {
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if !self.begun {
            self.begun = true;
            return Some(self.line(names::BUILD_CREATED, "The environment is in the queue"));
        }
        let stopping = self.api.stopping();
        loop {
            // The log is read after the end was seen, so that all lines before the end are sent.
            let has_ended = has_ended(&self.build);
            if let Some(lines) = self.read().await {
                return Some(lines);
            }
            if has_ended {
                self.over = true;
                return Some(self.line(names::BUILD_COMPLETED, self.end()));
            }
            if *stopping.borrow() {
                return Some(self.interrupted(Interruption::ServerStopping));
            }
            if self.held.has_ended().await {
                return Some(self.interrupted(Interruption::TokenEnded));
            }
            if self.said.elapsed() >= KEEP_ALIVE {
                // An empty line is no event; readers of lines of JSON skip it.
                return Some(Bytes::from_static(b"\n"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            let found = match again(&self.api, &self.workspace, &self.build.id).await {
                Ok(found) => found,
                // A busy database is asked again.
                Err(error) if error.may_pass() => continue,
                Err(_) => return Some(self.interrupted(Interruption::StorageFailed)),
            };
            if found.folder != self.build.folder {
                (self.position, self.after) = (0, 0);
            }
            self.build = found;
        }
    }

    /// Reads the new lines of the log.
    async fn read(&mut self) -> Option<Bytes> {
        let path = EnvironmentFolder(self.build.folder.clone()).events();
        let (from, paths) = (self.position, paths_of(&self.api, &self.build));
        let read = tokio::task::spawn_blocking(move || {
            log_pieces::read_from(&path, from, u64::MAX, &paths)
        });
        let piece = read.await.ok()?.ok()??;
        self.position = piece.to;
        let mut bytes = Vec::new();
        for line in &piece.lines {
            self.after = line.sequence;
            bytes.extend_from_slice(&line.text);
            bytes.push(b'\n');
        }
        Some(bytes.into())
    }

    /// Returns the last line of a stream that ends before its build.
    fn interrupted(&mut self, why: Interruption) -> Bytes {
        self.over = true;
        let (id, after) = (&self.build.id, self.after);
        let resume = format!("/api/v1/builds/{id}/logs?after_id={after}");
        stream::interrupted(why, "build_id", id, after, &resume)
    }

    fn end(&self) -> &'static str {
        match self.build.status {
            EnvironmentStatus::Ready => "The environment is ready",
            _ => "The environment could not be built",
        }
    }

    fn line(&self, event: &str, message: &str) -> Bytes {
        let now = self.workspace.now();
        let line = json!({
            "event": event, "build_id": self.build.id, "timestamp": now, "message": message,
            "level": if self.build.status == EnvironmentStatus::Failed { "error" } else { "info" },
            "data": {"build": EnvironmentView::new(&self.build, &self.api.paths)},
        });
        Bytes::from(format!("{line}\n"))
    }
}

/// Returns what hides this machine's paths in the messages of a build.
fn paths_of(api: &Api, build: &EnvironmentRecord) -> Hider {
    api.paths.about_configuration(&build.configuration_path)
}

/// Returns the environment with this id, if the caller's token covers its workspace.
pub fn environment_of(
    api: &BlockingApi<'_>,
    caller: &Caller,
    what: &'static str,
    id: &str,
) -> ApiResult<EnvironmentRecord> {
    let wanted = id.to_lowercase();
    let mut all = api.home().store.all_environments()?.into_iter();
    let found = all.find(|known| known.id == wanted && caller.is_for(&known.key.workspace_id));
    found.ok_or_else(|| ApiError::not_found(what, id))
}

/// Show a build: the environment that it makes.
#[utoipa::path(get, path = "/api/v1/builds/{id}", responses((status = 200, body = EnvironmentView)))]
async fn get_build(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<EnvironmentView> {
    api.work(move |api| {
        let build = environment_of(api, &caller, "build", &id)?;
        Ok(Json(EnvironmentView::new(&build, &api.paths)))
    })
    .await
}

/// A page of a build's log.
#[derive(Serialize, ToSchema)]
struct BuildLogPage {
    build_id: String,
    entries: Vec<LogEntry>,
    /// The `after_id` of the next page: the number of this page's last line, or the given `after_id` if the page is empty.
    next_after_id: u64,
    /// If false, this page reached the current end of the log.
    has_more: bool,
}

/// Read the log of a build.
#[utoipa::path(get, path = "/api/v1/builds/{id}/logs", params(LogPart), responses((status = 200, body = BuildLogPage)))]
async fn list_build_logs(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(part): Query<LogPart>,
) -> JsonResult<BuildLogPage> {
    let (after, limit) = part.checked()?;
    api.work(move |api| {
        let build = environment_of(api, &caller, "build", &id)?;
        let path = EnvironmentFolder(build.folder.clone()).events();
        let (entries, has_more) = log_page(&path, after, limit, &paths_of(api, &build))?;
        Ok(Json(BuildLogPage {
            build_id: build.id,
            next_after_id: entries.last().map_or(after, |entry| entry.id),
            entries,
            has_more,
        }))
    })
    .await
}
