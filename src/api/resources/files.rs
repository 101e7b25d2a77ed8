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
    /// When collection may delete them; null: the run has not ended, has no files any more, or they are kept for ever.
    kept_until: Option<Timestamp>,
}

/// A file of a run.
#[derive(Serialize, ToSchema)]
struct LeftFile {
    name: String,
    kind: FileKind,
    size_bytes: u64,
    /// The route that has it, or its content in pages; null: none has.
    href: Option<String>,
    /// As that of the list.
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
#[utoipa::path(get, path = "/api/v1/runs/{id}/files", responses((status = 200, body = RunFileList)))]
async fn list_run_files(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonAnswer<RunFileList> {
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

/// Download a file that a run has written beside its output: a table in another shape, the row map, or what code of the configuration
/// has written.
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
    download::serve(&found.path, &found.name, None, &headers).await
}

/// Read a file of the configuration as the run uses it, whatever was edited since.
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
) -> Answer<Response> {
    let opened = api.slow_work(move |api| {
        let (_, run) = run_with_files(api, &caller, &id)?;
        open_of_run(&run, &path).map_err(about_path)
    });
    serve_opened(opened.await?, &headers).await
}
