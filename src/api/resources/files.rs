//! The files that a run has left.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::run_of;
use crate::api::access::caller::Reader;
use crate::api::http::answer::Answer;
use crate::api::http::body::Path;
use crate::api::state::Api;
use crate::base::clock::Timestamp;
use crate::run::views::files::{FileKind, files_of, kept_until};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(files))
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

/// The end of the route that has a file of this kind.
fn route_of(kind: FileKind) -> Option<&'static str> {
    match kind {
        FileKind::Input => Some("input"),
        FileKind::Output => Some("output"),
        FileKind::Issues => Some("issues"),
        FileKind::Annotated => Some("annotated"),
        FileKind::Artifact => Some("artifact"),
        FileKind::Log => Some("logs"),
        FileKind::RowMap | FileKind::Table | FileKind::Request | FileKind::Other => None,
    }
}

/// List the files that a run has left, with their sizes.
///
/// Of a run that has not ended, those that are there now; none of one whose files were collected. At most 1000 files that the run has
/// written beside its output.
#[utoipa::path(get, path = "/api/v1/runs/{id}/files", operation_id = "list_run_files", tag = "runs", params(("id" = String, Path, description = "The run")), responses(
    (status = 200, body = RunFileList),
))]
async fn files(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> Answer<axum::Json<RunFileList>> {
    api.work(move |api| {
        let (workspace, run) = run_of(api, &caller, &id)?;
        let kept_until = kept_until(&run, workspace.settings.worker.run_artifact_ttl);
        let items = files_of(&run).into_iter().map(|file| LeftFile {
            href: route_of(file.kind).map(|end| format!("/api/v1/runs/{}/{end}", run.id)),
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
