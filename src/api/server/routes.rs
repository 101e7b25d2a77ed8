//! All routes of the API as one service, and their description.

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Described;

use super::{guard, health};
use crate::api::description::openapi;
use crate::api::pages;
use crate::api::prelude::*;
use crate::api::resources;

/// Returns all routes with their description.
fn routes() -> (Router<Api>, Described) {
    let mut all = OpenApiRouter::with_openapi(openapi::OpenApiDocument::openapi());
    for (tag, mut routes) in resources::all()
        .into_iter()
        .chain([("health", health::routes())])
    {
        openapi::tag(routes.get_openapi_mut(), tag);
        all = all.merge(routes);
    }
    let (router, document) = all.split_for_parts();
    (router, openapi::with_statuses(document))
}

/// Returns the whole API as a service.
pub fn router(api: Api) -> Router {
    if api.options.figures_alone {
        let (router, _) = health::routes().split_for_parts();
        return guard::around(router, &api).with_state(api);
    }
    let (mut router, document) = routes();
    if !api.options.without_pages {
        router = router.merge(pages::routes(&openapi::json(&document)));
    }
    let router = router.merge(openapi::served(&document));
    guard::around(router, &api).with_state(api)
}

/// Returns the OpenAPI document (version 3.1) as it is served and committed.
pub fn description() -> String {
    openapi::text(&routes().1)
}
