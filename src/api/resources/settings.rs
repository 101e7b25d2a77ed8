//! Settings: what the server works with.

use axum::extract::State;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::access::caller::Administrator;
use crate::api::description::schemas::SettingList;
use crate::api::http::problem::{ApiError, ProblemDetails};
use crate::api::state::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List every setting with its value and where that came from. Secrets are masked.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", responses(
    (status = 200, body = SettingList),
    (status = "4XX", body = ProblemDetails, content_type = "application/problem+json"),
))]
async fn list(
    State(api): State<Api>,
    Administrator(_): Administrator,
) -> Result<axum::Json<Value>, ApiError> {
    let resolved = api.home().settings.resolved.iter();
    let items: Vec<Value> = resolved.map(|one| one.json()).collect();
    Ok(axum::Json(json!({"items": items})))
}
