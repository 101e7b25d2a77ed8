//! Templates that configurations are made from.

use super::prelude::*;
use crate::configuration::scaffold;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_templates), routes!(download_template_sample)])
}

/// The list of all templates.
#[derive(Serialize, ToSchema)]
struct TemplateList {
    items: Vec<Template>,
}

/// A template that a configuration can start from.
#[derive(Serialize, ToSchema)]
struct Template {
    name: &'static str,
    /// The content in one sentence.
    description: &'static str,
    /// The paths of the files.
    files: Vec<&'static str>,
}

/// List the templates that a configuration can start from.
#[utoipa::path(get, path = "/api/v1/templates", responses((status = 200, body = TemplateList)))]
async fn list_templates(_: Reader) -> Json<TemplateList> {
    let items = scaffold::templates().map(|name| {
        let files = scaffold::files(name, name).unwrap_or_default();
        Template {
            name,
            description: scaffold::about(name),
            files: files.into_iter().map(|(path, _)| path).collect(),
        }
    });
    Json(TemplateList {
        items: items.collect(),
    })
}

/// Download a sample workbook for a template's configuration: a roster as people make them.
#[utoipa::path(get, path = "/api/v1/templates/{name}/sample",
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
)]
async fn download_template_sample(_: Reader, Path(name): Path<String>) -> ApiResult<Response> {
    if !scaffold::templates().any(|known| known == name) {
        return Err(ApiError::not_found("template", &name));
    }
    let file = format!("attachment; filename=\"{}\"", scaffold::SAMPLE);
    let mut response = scaffold::sample().into_response();
    let headers = response.headers_mut();
    let kind = download::kind_of(scaffold::SAMPLE);
    download::insert(headers, header::CONTENT_TYPE, kind);
    download::insert(headers, header::CONTENT_DISPOSITION, &file);
    Ok(response)
}
