//! Templates that configurations are made from.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::access::caller::Reader;
use crate::api::http::answer::Answer;
use crate::api::http::body::Path;
use crate::api::http::download::kind_of;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::configuration::scaffold;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(sample))
}

/// The templates.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateList {
    items: Vec<Template>,
}

/// A template that a configuration can begin with.
#[derive(Debug, Serialize, ToSchema)]
struct Template {
    name: &'static str,
    /// What it holds, in one sentence.
    description: &'static str,
    /// The paths of its files.
    files: Vec<&'static str>,
}

/// List the templates that a configuration can begin with.
#[utoipa::path(get, path = "/api/v1/templates", operation_id = "list_templates", tag = "configurations", responses(
    (status = 200, body = TemplateList),
))]
async fn list(Reader(_, _): Reader) -> axum::Json<TemplateList> {
    let items = scaffold::templates().map(|name| {
        let files = scaffold::files(name, name).unwrap_or_default();
        Template {
            name,
            description: scaffold::about(name),
            files: files.into_iter().map(|(path, _)| path).collect(),
        }
    });
    axum::Json(TemplateList {
        items: items.collect(),
    })
}

/// Download a workbook to run a template's configuration on: a roster as people make them.
#[utoipa::path(get, path = "/api/v1/templates/{name}/sample", operation_id = "download_template_sample", tag = "configurations",
    params(("name" = String, Path, description = "The template")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )
)]
async fn sample(Reader(_, _): Reader, Path(name): Path<String>) -> Answer<Response> {
    if !scaffold::templates().any(|known| known == name) {
        return Err(ApiError::not_found("template", &name));
    }
    let file = format!("attachment; filename=\"{}\"", scaffold::SAMPLE);
    let mut response = scaffold::sample().into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(kind_of(scaffold::SAMPLE));
    headers.insert(header::CONTENT_TYPE, kind);
    if let Ok(file) = HeaderValue::from_str(&file) {
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    Ok(response)
}
