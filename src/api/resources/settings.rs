//! Settings: what the server works with.

use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::access::caller::Administrator;
use crate::api::description::schemas::SettingList;
use crate::api::http::answer::Answer;
use crate::api::state::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List every setting with its value and where that came from. Secrets are masked.
#[utoipa::path(get, path = "/api/v1/settings", operation_id = "list_settings", tag = "settings", responses(
    (status = 200, body = SettingList),
))]
async fn list(Administrator(api, caller): Administrator) -> Answer {
    caller.demand_server()?;
    let resolved = api.home().settings().resolved.iter();
    let items: Vec<Value> = resolved.map(|one| one.json()).collect();
    Ok(axum::Json(json!({"items": items})))
}
