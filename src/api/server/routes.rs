//! All routes of the API as one service, and their description.

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Described;
use utoipa_axum::router::OpenApiRouter;

use super::{guard, health};
use crate::api::description::openapi;
use crate::api::pages;
use crate::api::resources::{
    batches, builds, cells, checks, collection, configurations, deliveries, differences, documents,
    drafts, environments, events, explain, files, issues, jobs, mending, pauses, queue, report,
    rows, runs, settings, stats, templates, tokens, trials, versions, workers, workspaces,
};
use crate::api::state::Api;

/// All routes, and their description.
fn routes() -> (Router<Api>, Described) {
    let (router, document) = OpenApiRouter::with_openapi(openapi::OpenApiDocument::openapi())
        .merge(runs::routes())
        .merge(cells::routes())
        .merge(files::routes())
        .merge(queue::routes())
        .merge(pauses::routes())
        .merge(deliveries::routes())
        .merge(explain::routes())
        .merge(report::routes())
        .merge(batches::routes())
        .merge(differences::routes())
        .merge(rows::routes())
        .merge(issues::routes())
        .merge(documents::routes())
        .merge(configurations::routes())
        .merge(drafts::routes())
        .merge(versions::routes())
        .merge(checks::routes())
        .merge(trials::routes())
        .merge(mending::routes())
        .merge(templates::routes())
        .merge(builds::routes())
        // Before the environments by id.
        .merge(collection::routes())
        .merge(environments::routes())
        .merge(jobs::routes())
        .merge(workspaces::routes())
        .merge(events::routes())
        .merge(stats::routes())
        .merge(workers::routes())
        .merge(tokens::routes())
        .merge(settings::routes())
        .merge(health::routes())
        .split_for_parts();
    (router, openapi::with_statuses(document))
}

/// The whole API as a service.
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

/// The OpenAPI document (version 3.1), as it is served and committed.
pub fn description() -> String {
    openapi::text(&routes().1)
}
