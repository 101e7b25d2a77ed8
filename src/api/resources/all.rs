//! Collects the routes of every resource.

use utoipa_axum::router::OpenApiRouter;

use super::{
    batches, builds, cells, checks, collection, configurations, deliveries, differences, documents,
    drafts, environments, events, explain, files, issues, jobs, mending, pauses, queue, report,
    rows, runs, settings, stats, templates, tokens, trials, versions, workers, workspaces,
};
use crate::api::state::Api;

/// Returns the routes of every resource, each with the name of its group in the description.
pub fn all() -> [(&'static str, OpenApiRouter<Api>); 30] {
    [
        ("runs", runs::routes()),
        ("cells", cells::routes()),
        ("runs", files::routes()),
        ("runs", queue::routes()),
        ("runs", pauses::routes()),
        ("runs", deliveries::routes()),
        ("runs", explain::routes()),
        ("issues", report::routes()),
        ("batches", batches::routes()),
        ("runs", differences::routes()),
        ("cells", rows::routes()),
        ("issues", issues::routes()),
        ("documents", documents::routes()),
        ("configurations", configurations::routes()),
        ("configurations", drafts::routes()),
        ("configurations", versions::routes()),
        ("configurations", checks::routes()),
        ("configurations", trials::routes()),
        ("configurations", mending::routes()),
        ("configurations", templates::routes()),
        ("builds", builds::routes()),
        // The collection comes before the environments by id.
        ("environments", collection::routes()),
        ("environments", environments::routes()),
        ("jobs", jobs::routes()),
        ("workspaces", workspaces::routes()),
        ("workspaces", events::routes()),
        ("workspaces", stats::routes()),
        ("workspaces", workers::routes()),
        ("tokens", tokens::routes()),
        ("settings", settings::routes()),
    ]
}
