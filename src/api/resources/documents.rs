//! Documents: store, list, show, download and delete them.

use axum::extract::DefaultBodyLimit;

use super::cells::SheetList;
use super::named::gone;
use super::prelude::*;
use crate::api::transfer::upload::Upload;
use crate::cells::ReadSettings;
use crate::run::inputs::documents::{IncomingDocument, bytes_of, delete};
use crate::store::DocumentRecord;

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(create_document, list_documents),
        routes!(get_document, delete_document),
        routes!(list_document_sheets),
        routes!(download_document),
    ])
    .layer(DefaultBodyLimit::disable())
}

/// A form with one file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a shape for the description of the API")]
pub struct FileForm {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

/// The query of an upload: the name of the document.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NewDocumentQuery {
    /// The file name. Required if the body is the file itself; overrides the name in a form.
    name: Option<String>,
}

/// Store a document for runs.
///
/// The body is a form with one file, or the file itself with its name in the query. The same bytes under the same name are one
/// document, even if they are sent several times.
#[utoipa::path(post, path = "/api/v1/workspaces/{workspace}/documents",
    params(NewDocumentQuery),
    request_body(content( (FileForm = "multipart/form-data"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 201, body = DocumentRecord, headers(("Location" = String, description = "The document"))),
        (status = 200, description = "It is already stored", body = DocumentRecord),
        (status = 507)
    )
)]
async fn create_document(
    Runner(api, caller): Runner,
    Path(workspace): Path<String>,
    Query(named): Query<NewDocumentQuery>,
    request: Request,
) -> ApiResult<Response> {
    let by = caller.submitter();
    let workspace = api
        .work(move |api| Ok(known_workspace(api, &caller, &workspace)?.carry()))
        .await?;
    let limit = workspace.settings().upload_limit;
    let upload = Upload::from_request(request, limit, is_document).await?;
    let place = workspace.clone();
    let arriving = upload
        .pour(&api, move |api, in_form| {
            let name = named.name.or(in_form);
            let name = name.ok_or_else(|| {
                ApiError::field("name", "is needed if the body is the file itself")
            })?;
            IncomingDocument::begin(&api.open(&place), &name, limit).map_err(|error| {
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

/// Returns whether this is the media type of a readable format, or of arbitrary bytes.
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
#[derive(Serialize, ToSchema)]
struct DocumentPage {
    items: Vec<DocumentRecord>,
    /// The `cursor` of the next page. Null on the last page.
    next_cursor: Option<String>,
}

/// The query of a page of documents.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DocumentsQuery {
    /// The SHA-256 of the bytes, 64 hexadecimal digits. If absent, all documents.
    #[param(pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Option<String>,
    /// The maximum number of documents, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// List documents, newest first.
///
/// A client that has the SHA-256 of a file can find out whether it must send the file. Deleted documents are not listed.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/documents",
    params(DocumentsQuery),
    responses((status = 200, body = DocumentPage))
)]
async fn list_documents(
    Reader(api, caller): Reader,
    Path(workspace): Path<String>,
    Query(which): Query<DocumentsQuery>,
) -> JsonResult<DocumentPage> {
    let (limit, before) = cursor::bounds(which.limit, which.cursor.as_deref())?;
    let sha256 = which.sha256.map(|digest| digest.to_lowercase());
    let is_digest =
        |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if sha256.as_ref().is_some_and(|text| !is_digest(text)) {
        return Err(ApiError::field("sha256", "must be 64 hexadecimal digits"));
    }
    api.work(move |api| {
        let workspace = known_workspace(api, &caller, &workspace)?;
        let (store, sha256) = (&workspace.store, sha256.as_deref());
        let items = store.documents(workspace.id(), sha256, before.as_deref(), limit)?;
        let next_cursor = cursor::next(&items, limit, |document| &document.id);
        Ok(Json(DocumentPage { items, next_cursor }))
    })
    .await
}

/// List the sheets of a document, with their sizes, as a run would read them unless its configuration says otherwise.
#[utoipa::path(get, path = "/api/v1/documents/{id}/sheets",
    responses((status = 200, body = SheetList), (status = 409), (status = 410))
)]
async fn list_document_sheets(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<SheetList> {
    api.slow_work(move |api| {
        let document = document_of(api, &caller, &id)?;
        let workspace = api.workspace(&document.workspace_id)?;
        let path = place_of(&workspace, &document)?;
        let sheets = api.cells.sheets(path, &ReadSettings::default())?;
        Ok(Json(SheetList { sheets }))
    })
    .await
}

/// Show a document by its id.
#[utoipa::path(get, path = "/api/v1/documents/{id}", responses((status = 200, body = DocumentRecord)))]
async fn get_document(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<DocumentRecord> {
    api.work(move |api| {
        let document = document_of(api, &caller, &id)?;
        Ok(Json(document))
    })
    .await
}

/// Returns the path of a document's bytes.
fn place_of<'a>(
    workspace: &Workspace,
    document: &'a DocumentRecord,
) -> ApiResult<&'a std::path::Path> {
    let path = bytes_of(workspace, document)?;
    if path.is_file() {
        return Ok(path);
    }
    let detail = format!("the bytes of document {} are gone", document.id);
    Err(gone(detail))
}

/// Delete a document's bytes.
///
/// The bytes are deleted. The record stays for the runs of this document, which keep their copy of it with their other files.
/// Deleting the document again changes nothing.
#[utoipa::path(delete, path = "/api/v1/documents/{id}", responses((status = 204, description = "It is deleted"), (status = 409)))]
async fn delete_document(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    api.work(move |api| {
        let document = document_of(api, &caller, &id)?;
        delete(&*api.workspace(&document.workspace_id)?, &document)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Download a document as it was sent.
#[utoipa::path(get, path = "/api/v1/documents/{id}/download",
    responses(
        (status = 200, content((Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.ms-excel.sheet.macroenabled.12"), (Vec<u8> = "application/vnd.ms-excel"))),
        (status = 206), (status = 409), (status = 410)
    )
)]
async fn download_document(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let document = api.work(move |api| {
        let document = document_of(api, &caller, &id)?;
        let workspace = api.workspace(&document.workspace_id)?;
        place_of(&workspace, &document)?;
        Ok(document)
    });
    let document = document.await?;
    let tag = Some(&*document.sha256);
    download::serve(&document.path, &document.name, tag, &headers).await
}
