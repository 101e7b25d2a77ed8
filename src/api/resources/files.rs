//! The files that a run has left.

use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::drafts::{about_path, serve_opened};
use super::named::{demand_files, run_with_files};
use crate::api::access::caller::Reader;
use crate::api::http::answer::{Answer, JsonAnswer};
use crate::api::http::body::Path;
use crate::api::http::download::{self, Download};
use crate::api::http::names::named;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::base::clock::Timestamp;
use crate::run::views::files::{FileKind, RunFile, files_of, kept_until};
use crate::store::RunRecord;
use crate::workspace::configurations::versions::open_of_run;

pub fn routes() -> OpenApiRouter<Api> {
    named([routes!(configuration_file), routes!(files), routes!(file)])
}

/// The files of a run.
#[derive(Debug, Serialize, ToSchema)]
struct RunFileList {
    items: Vec<LeftFile>,
    /// When collection may delete them; null: the run has not ended, has no files any more, or they are kept for ever.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    kept_until: Option<Timestamp>,
}

/// A file of a run.
#[derive(Debug, Serialize, ToSchema)]
struct LeftFile {
    name: String,
    kind: FileKind,
    size_bytes: u64,
    /// The route that has it, or its content in pages; null: none has.
    #[schema(required)]
    href: Option<String>,
    /// As that of the list.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    kept_until: Option<Timestamp>,
}

/// The route that has a file of this kind.
fn route_of(run: &RunRecord, file: &RunFile) -> Option<String> {
    let end = match file.kind {
        FileKind::Input => "input".to_owned(),
        FileKind::Output => "output".to_owned(),
        FileKind::Issues => "issues".to_owned(),
        FileKind::Annotated => "annotated".to_owned(),
        FileKind::Artifact => "artifact".to_owned(),
        FileKind::Log => "logs".to_owned(),
        FileKind::Request => return None,
        FileKind::RowMap | FileKind::Table | FileKind::Other => {
            format!("files/{}", download::in_url(&file.name))
        }
    };
    Some(format!("/api/v1/runs/{}/{end}", run.id))
}

/// List the files that a run has left, with their sizes.
///
/// Of a run that has not ended, those that are there now; none of one whose files were collected. At most 1000 files that the run has
/// written beside its output.
#[utoipa::path(get, path = "/api/v1/runs/{id}/files", operation_id = "list_run_files", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, body = RunFileList),
))]
async fn files(Reader(api, caller): Reader, Path(id): Path<String>) -> JsonAnswer<RunFileList> {
    api.work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        let kept_until = kept_until(&run, workspace.settings.worker.run_artifact_ttl);
        let items = files_of(&run).into_iter().map(|file| LeftFile {
            href: route_of(&run, &file),
            name: file.name,
            kind: file.kind,
            size_bytes: file.size_bytes,
            kept_until,
        });
        let items = items.collect();
        Ok(axum::Json(RunFileList { items, kept_until }))
    })
    .await
}

/// Download a file that a run has written beside its output: a table in another shape, the row map, or what code of the configuration
/// has written.
#[utoipa::path(get, path = "/api/v1/runs/{id}/files/{name}", operation_id = "download_run_file", tag = "runs",
    params(("id" = String, Path, description = "The run"), ("name" = String, Path, description = "The name of the file")),
    responses(
        (status = 200, content((Vec<u8> = "application/octet-stream"), (Vec<u8> = "text/csv"), (Object = "application/json"))),
        (status = 206, description = "The part that was asked for"),
        (status = 304, description = "The client has it"),
        (status = 409), (status = 410), (status = 416),
    )
)]
async fn file(
    Reader(api, caller): Reader,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let found = api
        .work(move |api| {
            let (_, run) = run_with_files(api, &caller, &id)?;
            demand_files(&run)?;
            let is_it = |file: &RunFile| {
                let written = [FileKind::RowMap, FileKind::Table, FileKind::Other];
                file.name == name && written.contains(&file.kind)
            };
            let found = files_of(&run).into_iter().find(is_it);
            found.ok_or_else(|| ApiError::not_found("file", &name))
        })
        .await?;
    let file = Download {
        path: &found.path,
        name: &found.name,
        kind: download::kind_of(&found.name),
        tag: None,
    };
    download::serve(&file, &headers).await
}

/// Read a file of the configuration as the run uses it, whatever was edited since.
#[utoipa::path(get, path = "/api/v1/runs/{id}/configuration/{path}", operation_id = "download_run_configuration_file", tag = "runs",
    params(("id" = String, Path, description = "The run"), ("path" = String, Path, description = "The file's path in the configuration; its slashes are slashes")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String, description = "SHA-256 of the file, in quotes"))),
        (status = 206, description = "The part that was asked for"),
        (status = 304, description = "The client has it"),
        (status = 416),
    )
)]
async fn configuration_file(
    Reader(api, caller): Reader,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let opened = api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        open_of_run(&run, &path).map_err(about_path)
    });
    serve_opened(opened.await?, &headers).await
}
