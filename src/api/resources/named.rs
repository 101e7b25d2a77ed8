//! Looks up the things that a request names: a document, a configuration, a run with its files and its log. Each is found only
//! if the caller's token covers its workspace.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::api::http::log_pieces;
use crate::api::prelude::*;
use crate::base::digest;
use crate::base::files::name_of;
use crate::configuration::Configuration;
use crate::environment::needed::prepare::{
    PrepareError, PreparedConfiguration, prepare, prepare_version,
};
use crate::settings::paths::RunFolder;
use crate::store::{ConfigurationRecord, DocumentRecord, not_published};

/// Prepares a configuration for a run.
pub fn prepared(
    api: &BlockingApi<'_>,
    workspace: &Workspace,
    known: &KnownConfiguration,
) -> ApiResult<Arc<PreparedConfiguration>> {
    let record = &known.record;
    match &known.version {
        Some(version) => api.prepared.get(&record.id, &version.source_digest, || {
            prepare_version(workspace, record, version)
                .map_err(|error| unusable(api, error, record))
        }),
        None if known.uploaded => Err(not_published(&record.name).into()),
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

/// Returns the workspace with this id, which the caller's token must cover. The server's own workspace always exists; any other
/// workspace must have been created.
pub fn known_workspace<'a>(
    api: &BlockingApi<'a>,
    caller: &Caller,
    id: &str,
) -> ApiResult<OpenWorkspace<'a>> {
    caller.demand(id, "workspace", id)?;
    if id != api.home().id() {
        let recorded = api.home().store.workspaces()?;
        if !recorded.iter().any(|record| record.id == id) {
            return Err(ApiError::not_found("workspace", id));
        }
    }
    api.workspace(id)
}

/// Returns the workspace that a request names, otherwise the server's own workspace.
pub fn workspace_or_home<'a>(
    api: &BlockingApi<'a>,
    caller: &Caller,
    id: Option<&str>,
) -> ApiResult<OpenWorkspace<'a>> {
    known_workspace(api, caller, id.unwrap_or(api.home().id()))
}

/// Returns the document with this id, if the caller's token covers its workspace.
pub fn document_of(api: &BlockingApi<'_>, caller: &Caller, id: &str) -> ApiResult<DocumentRecord> {
    let found = api.home().store.document(&id.to_lowercase())?;
    caller.demand(&found.workspace_id, "document", id)?;
    Ok(found)
}

/// Returns the configuration with this id, if the caller's token covers its workspace.
pub fn configuration_of(
    api: &BlockingApi<'_>,
    caller: &Caller,
    id: &str,
) -> ApiResult<KnownConfiguration> {
    let found = api.home().store.configuration(&id.to_lowercase())?;
    caller.demand(&found.record.workspace_id, "configuration", id)?;
    Ok(found)
}

/// Returns the run with this id, if the caller's token covers its workspace.
pub fn run_of<'a>(
    api: &BlockingApi<'a>,
    caller: &Caller,
    id: &str,
) -> ApiResult<(OpenWorkspace<'a>, RunRecord)> {
    let run = api.home().store.run_of_any_workspace(&id.to_lowercase())?;
    caller.demand(&run.key.workspace_id, "run", id)?;
    Ok((api.workspace(&run.key.workspace_id)?, run))
}

/// Like [`run_of`], but also fetches the run's files if another host has stored them.
pub fn run_with_files<'a>(
    api: &BlockingApi<'a>,
    caller: &Caller,
    id: &str,
) -> ApiResult<(OpenWorkspace<'a>, RunRecord)> {
    let (workspace, run) = run_of(api, caller, id)?;
    workspace.fetch_run(&run)?;
    Ok((workspace, run))
}

/// A file of a run that has its own route.
#[derive(Clone, Copy)]
pub enum RunDownload {
    /// The audit record of the run.
    Artifact,
    /// The normalized workbook of the run.
    Output,
    /// The input of the run.
    Input,
}

/// Serves a file of a run.
pub async fn left(
    api: &Api,
    caller: &Caller,
    id: String,
    what: RunDownload,
    asked: &HeaderMap,
) -> ApiResult<Response> {
    let caller = caller.clone();
    let (path, name, tag) = api
        .work(move |api| {
            let (_, run) = run_with_files(api, &caller, &id)?;
            place_of(&run, what)
        })
        .await?;
    download::serve(&path, &name, tag.as_deref(), asked).await
}

/// Returns a file of a run: its path, its name for a browser, and the identity of its bytes if known.
pub fn place_of(
    run: &RunRecord,
    what: RunDownload,
) -> ApiResult<(PathBuf, String, Option<String>)> {
    let folder = RunFolder::at(&run.run_dir);
    if let RunDownload::Input = what {
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
        (RunDownload::Artifact, _) => folder.artifact(),
        (_, Some(path)) => path.clone(),
        (_, None) => {
            let detail = format!(
                "run {} ended as {}, so it has no output",
                run.id,
                run.status.as_str()
            );
            let error = ApiError::from_code(code::RUN_FAILED_NO_OUTPUT, detail);
            return Err(match &run.error {
                Some(failure) => error.hint(format!("{}: {}", failure.code, failure.message)),
                None => error,
            });
        }
    };
    if !path.is_file() {
        return Err(match (what, &run.output_path) {
            // The process that ended the run died before it could write the record.
            (RunDownload::Artifact, None) => {
                let status = run.status.as_str();
                let detail = format!(
                    "run {} ended as {status}, so it has no audit record",
                    run.id
                );
                ApiError::from_code(code::RUN_FAILED_NO_OUTPUT, detail)
            }
            (RunDownload::Artifact, Some(_)) => missing(run, "audit record"),
            _ => missing(run, "workbook"),
        });
    }
    let name = match what {
        RunDownload::Artifact => format!("{}_artifact.json", run.id),
        _ => name_of(&path),
    };
    Ok((path, name, None))
}

/// Returns an error unless the run has ended and still has its files.
pub(super) fn demand_files(run: &RunRecord) -> ApiResult<()> {
    if !run.status.is_terminal() {
        let detail = format!("run {} is {}", run.id, run.status.as_str());
        return Err(not_ready(detail));
    }
    match run.artifacts_deleted_at {
        Some(_) => Err(gone(format!("the files of run {} were deleted", run.id))),
        None => Ok(()),
    }
}

/// Returns the error for a file that is missing although `ade` has not deleted it.
fn missing(run: &RunRecord, what: &str) -> ApiError {
    let detail = format!("the {what} of run {} is not at its recorded path", run.id);
    gone(detail).hint("another host or a backup may have it; otherwise run the file again")
}

/// Returns the error for bytes that do not exist any more.
pub fn gone(detail: String) -> ApiError {
    ApiError::new(StatusCode::GONE, code::INPUT_GONE, detail)
}

/// Returns the error for a run that has not ended.
pub fn not_ready(detail: String) -> ApiError {
    ApiError::from_code(code::OUTPUT_NOT_READY, detail).hint("follow its events until it ends")
}

/// Returns the lines of a log after number `after`, at most `limit`, and whether there are more.
pub fn log_page(
    path: &std::path::Path,
    after: u64,
    limit: usize,
    paths: &Hider,
) -> ApiResult<(Vec<LogEntry>, bool)> {
    let mut from = log_pieces::start_behind(path, after)?;
    let mut entries = Vec::new();
    while let Some(piece) = log_pieces::read_from(path, from, u64::MAX, paths)? {
        from = piece.to;
        for line in piece.lines.iter().filter(|line| line.sequence > after) {
            if entries.len() == limit {
                return Ok((entries, true));
            }
            entries.push(entry(line));
        }
    }
    Ok((entries, false))
}

/// A line of a log.
#[derive(Serialize, ToSchema)]
pub struct LogEntry {
    /// The number of the line, from 1.
    pub id: u64,
    #[schema(value_type = String, format = DateTime)]
    created: Value,
    #[schema(value_type = String)]
    level: Value,
    /// The name of the event: `run.start`, `engine.table.mapped`, …
    event: String,
    message: String,
    /// The data of the event.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

/// Converts a line of a log to an entry of a page.
pub fn entry(line: &log_pieces::EventLine) -> LogEntry {
    let mut event: Value = serde_json::from_slice(&line.text).unwrap_or_default();
    LogEntry {
        id: line.sequence,
        created: event["timestamp"].take(),
        level: event["level"].take(),
        message: event["message"].as_str().unwrap_or_default().to_owned(),
        data: event["data"].as_object().cloned().unwrap_or_default(),
        event: line.event.clone(),
    }
}
