//! The files that a run has left.

use super::drafts::{about_path, serve_opened};
use super::named::demand_files;
use super::prelude::*;
use crate::run::views::files::{FileKind, RunFile, files_of, kept_until};
use crate::workspace::configurations::versions::open_of_run;

pub fn routes() -> OpenApiRouter<Api> {
    named([
        routes!(download_run_configuration_file),
        routes!(list_run_files),
        routes!(download_run_file),
    ])
}

/// The files of a run.
#[derive(Serialize, ToSchema)]
struct RunFileList {
    items: Vec<LeftFile>,
    /// The time after which collection may delete the files. Null if the run has not ended, has no files any more, or keeps
    /// them forever.
    kept_until: Option<Timestamp>,
}

/// A file of a run.
#[derive(Serialize, ToSchema)]
struct LeftFile {
    name: String,
    kind: FileKind,
    size_bytes: u64,
    /// The route of the file, or of its content in pages. Null if no route has it.
    href: Option<String>,
    /// The same time as `kept_until` of the list.
    kept_until: Option<Timestamp>,
}

/// Returns the route of a file of this kind.
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
/// For a run that has not ended, the current files are listed; for a run whose files were collected, none. Of the files that
/// the run has written next to its output, at most 1000 are listed.
#[utoipa::path(get, path = "/api/v1/runs/{id}/files", responses((status = 200, body = RunFileList)))]
async fn list_run_files(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<RunFileList> {
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
        Ok(Json(RunFileList { items, kept_until }))
    })
    .await
}

/// Download a file that a run has written next to its output: a table in another shape, the row map, or a file that code of the
/// configuration has written.
#[utoipa::path(get, path = "/api/v1/runs/{id}/files/{name}",
    responses(
        (status = 200, content((Vec<u8> = "application/octet-stream"), (Vec<u8> = "text/csv"), (Object = "application/json"))),
        (status = 206), (status = 409), (status = 410)
    )
)]
async fn download_run_file(
    Reader(api, caller): Reader,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
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
    download::serve(&found.path, &found.name, None, &headers).await
}

/// Read a file of the configuration as the run uses it, even if it was edited since.
#[utoipa::path(get, path = "/api/v1/runs/{id}/configuration/{path}",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String, description = "SHA-256 of the file, in quotes"))),
        (status = 206)
    )
)]
async fn download_run_configuration_file(
    Reader(api, caller): Reader,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let opened = api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        open_of_run(&run, &path).map_err(about_path)
    });
    serve_opened(opened.await?, &headers).await
}
