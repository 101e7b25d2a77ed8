//! The settings that the server uses.

use super::prelude::*;
use crate::settings::SettingView;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_settings)])
}

/// The list of every setting.
#[derive(Serialize, ToSchema)]
struct SettingList {
    items: Vec<SettingView>,
}

/// List every setting with its value and the source of the value. Secrets are masked.
#[utoipa::path(get, path = "/api/v1/settings", responses((status = 200, body = SettingList)))]
async fn list_settings(Administrator(api, caller): Administrator) -> JsonResult<SettingList> {
    caller.demand_server()?;
    let resolved = api.home().settings().resolved.iter();
    let items = resolved.map(|setting| setting.view()).collect();
    Ok(Json(SettingList { items }))
}
