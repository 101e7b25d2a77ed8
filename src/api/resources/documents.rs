//! Documents: store, list, show, download, delete.

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cells::SheetList;
use super::named::document_of;
use super::workspaces::known_workspace;
use crate::api::access::caller::{Administrator, Reader, Runner};
use crate::api::http::answer::{Answer, JsonAnswer, created, status_of};
use crate::api::http::body::{Path, Query};
use crate::api::http::cursor;
use crate::api::http::download;
use crate::api::http::download::Download;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::api::transfer::upload::Upload;
use crate::base::problem::code;
use crate::cells::Reading;
use crate::run::inputs::documents::{Arriving, bytes_of, delete};
use crate::store::DocumentRecord;
use crate::workspace::Workspace;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(store, list))
        .routes(routes!(show, delete_document))
        .routes(routes!(find))
        .routes(routes!(sheets))
        .routes(routes!(download_document))
        .layer(DefaultBodyLimit::disable())
}

/// A file in a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a shape for the description of the API")]
pub struct FileForm {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

/// How a document is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Named {
    /// Its file name; needed where the body is the file itself, and stronger than that in a form.
    name: Option<String>,
}

/// Store a document.
///
/// The body is a form with one file, or the file itself with its name in the query. The same bytes under the same name are one
/// document, however often they are sent.
#[utoipa::path(post, path = "/api/v1/workspaces/{workspace}/documents", operation_id = "create_document", tag = "documents",
    params(("workspace" = String, Path, description = "The workspace"), Named),
    request_body(content(
        (FileForm = "multipart/form-data"),
        (Vec<u8> = "application/octet-stream"),
    )),
    responses(
        (status = 201, body = DocumentRecord, headers(("Location" = String, description = "The document"))),
        (status = 200, description = "It is stored already", body = DocumentRecord),
        (status = 507),
    )
)]
async fn store(
    Runner(api, caller): Runner,
    Path(workspace): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Answer<Response> {
    let by = caller.submitter();
    let workspace = api
        .work(move |api| Ok(known_workspace(api, &caller, &workspace)?.carry()))
        .await?;
    let limit = workspace.settings().upload_limit;
    let upload = Upload::of(request, limit, is_document).await?;
    let place = workspace.clone();
    let arriving = upload
        .pour(&api, move |api, in_form| {
            let name = named.name.or(in_form);
            let name = name.ok_or_else(|| {
                ApiError::field("name", "is needed where the body is the file itself")
            })?;
            Arriving::begin(&api.open(&place), &name, limit).map_err(|error| {
                let error = ApiError::from(error);
                match error.code() {
                    code::BAD_NAME | code::UNSUPPORTED_FORMAT => error.of_field("name"),
                    _ => error,
                }
            })
        })
        .await?;
    let (document, is_new) = api
        .work(move |api| Ok(arriving.keep(&api.open(&workspace), &by)?))
        .await?;
    let status = status_of(is_new, StatusCode::CREATED);
    Ok(created(status, "documents", document))
}

/// The media types of the formats that are read, and that of any bytes.
fn is_document(kind: &str) -> bool {
    matches!(
        kind,
        "application/octet-stream"
            | "text/csv"
            | "application/csv"
            | "application/vnd.ms-excel"
            | "application/vnd.ms-excel.sheet.macroenabled.12"
            | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
}

/// A page of documents, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct DocumentPage {
    items: Vec<DocumentRecord>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A page of documents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The largest number of documents, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List documents, newest first.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/documents", operation_id = "list_documents", tag = "documents",
    params(("workspace" = String, Path, description = "The workspace"), Which),
    responses(
        (status = 200, body = DocumentPage),
    )
)]
async fn list(
    Reader(api, caller): Reader,
    Path(workspace): Path<String>,
    Query(which): Query<Which>,
) -> Page {
    let (limit, before) = cursor::bounds(which.limit, which.cursor.as_deref())?;
    api.work(move |api| {
        let workspace = known_workspace(api, &caller, &workspace)?;
        page(&workspace, None, limit, before.as_deref())
    })
    .await
}

type Page = JsonAnswer<DocumentPage>;

fn page(workspace: &Workspace, sha256: Option<&str>, limit: u32, before: Option<&str>) -> Page {
    let found = (workspace.store).documents(workspace.id(), sha256, before, limit)?;
    let next_cursor = cursor::next(&found, limit, |document| &document.id);
    let items = found;
    Ok(axum::Json(DocumentPage { items, next_cursor }))
}

/// Which documents to find.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichContent {
    /// The SHA-256 of their bytes, 64 hexadecimal digits; absent: all documents.
    #[param(nullable = false, pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Option<String>,
    /// The workspace; absent: that of the server.
    #[param(nullable = false)]
    workspace: Option<String>,
    /// The largest number of documents, from 1 to 1000.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(nullable = false, min_length = 48, max_length = 48)]
    cursor: Option<String>,
}

/// Find documents by their bytes, newest first.
///
/// A client that knows the SHA-256 of a file finds out in this way whether it has to send it. Documents that were deleted are not found.
#[utoipa::path(get, path = "/api/v1/documents", operation_id = "find_documents", tag = "documents", params(WhichContent), responses(
    (status = 200, body = DocumentPage),
))]
async fn find(Reader(api, caller): Reader, Query(which): Query<WhichContent>) -> Page {
    let (limit, before) = cursor::bounds(which.limit, which.cursor.as_deref())?;
    let sha256 = which.sha256.map(|digest| digest.to_lowercase());
    let is_digest =
        |text: &String| text.len() == 64 && text.bytes().all(|one| one.is_ascii_hexdigit());
    if sha256.as_ref().is_some_and(|text| !is_digest(text)) {
        return Err(ApiError::field("sha256", "must be 64 hexadecimal digits"));
    }
    api.work(move |api| {
        let id = which.workspace.as_deref().unwrap_or(api.home().id());
        let workspace = known_workspace(api, &caller, id)?;
        page(&workspace, sha256.as_deref(), limit, before.as_deref())
    })
    .await
}

/// List the sheets of a document, with their sizes, as a run would read them unless its configuration says otherwise.
#[utoipa::path(get, path = "/api/v1/documents/{id}/sheets", operation_id = "list_document_sheets", tag = "documents", params(("id" = String, Path, description = "The document")), responses(
    (status = 200, body = SheetList),
    (status = 409), (status = 410),
))]
async fn sheets(Reader(api, caller): Reader, Path(id): Path<String>) -> JsonAnswer<SheetList> {
    api.slow_work(move |api| {
        let document = document_of(api, &caller, &id)?;
        let workspace = api.workspace(&document.workspace_id)?;
        let path = place_of(&workspace, &document)?;
        let sheets = api.cells.sheets(path, &Reading::default())?;
        Ok(axum::Json(SheetList { sheets }))
    })
    .await
}

/// Show a document.
#[utoipa::path(get, path = "/api/v1/documents/{id}", operation_id = "get_document", tag = "documents", params(("id" = String, Path, description = "The document")), responses(
    (status = 200, body = DocumentRecord),
))]
async fn show(Reader(api, caller): Reader, Path(id): Path<String>) -> JsonAnswer<DocumentRecord> {
    api.work(move |api| {
        let document = document_of(api, &caller, &id)?;
        Ok(axum::Json(document))
    })
    .await
}

/// Where the bytes of a document are.
fn place_of<'a>(
    workspace: &Workspace,
    document: &'a DocumentRecord,
) -> Result<&'a std::path::Path, ApiError> {
    let path = bytes_of(workspace, document)?;
    if path.is_file() {
        return Ok(path);
    }
    let detail = format!("the bytes of document {} are gone", document.id);
    Err(ApiError::new(StatusCode::GONE, code::INPUT_GONE, detail))
}

/// Delete a document.
///
/// Its bytes go; its record stays for the runs that were made from it, which keep the copy that they have read with their other files.
/// Deleting it again changes nothing.
#[utoipa::path(delete, path = "/api/v1/documents/{id}", operation_id = "delete_document", tag = "documents", params(("id" = String, Path, description = "The document")), responses(
    (status = 204, description = "It is deleted"),
    (status = 409),
))]
async fn delete_document(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    api.work(move |api| {
        let document = document_of(api, &caller, &id)?;
        delete(&*api.workspace(&document.workspace_id)?, &document)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Download a document.
#[utoipa::path(get, path = "/api/v1/documents/{id}/download", operation_id = "download_document", tag = "documents", params(("id" = String, Path, description = "The document")), responses(
    (status = 200, content((Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.ms-excel.sheet.macroenabled.12"), (Vec<u8> = "application/vnd.ms-excel"))),
    (status = 206, description = "The part that was asked for"),
    (status = 304, description = "The client has it"),
    (status = 409), (status = 410), (status = 416),
))]
async fn download_document(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let document = api.work(move |api| {
        let document = document_of(api, &caller, &id)?;
        let workspace = api.workspace(&document.workspace_id)?;
        place_of(&workspace, &document)?;
        Ok(document)
    });
    let document = document.await?;
    let file = Download {
        path: &document.path,
        name: &document.name,
        kind: download::kind_of(&document.name),
        tag: Some(&document.sha256),
    };
    download::serve(&file, &headers).await
}
