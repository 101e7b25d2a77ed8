//! Settings: what the server works with.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::access::caller::Administrator;
use crate::api::http::answer::JsonAnswer;
use crate::api::state::Api;
use crate::settings::SettingView;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Every setting.
#[derive(Debug, Serialize, ToSchema)]
struct SettingList {
    items: Vec<SettingView>,
}

/// List every setting with its value and where that came from. Secrets are masked.
#[utoipa::path(get, path = "/api/v1/settings", operation_id = "list_settings", tag = "settings", responses(
    (status = 200, body = SettingList),
))]
async fn list(Administrator(api, caller): Administrator) -> JsonAnswer<SettingList> {
    caller.demand_server()?;
    let resolved = api.home().settings().resolved.iter();
    let items = resolved.map(|one| one.view()).collect();
    Ok(axum::Json(SettingList { items }))
}
