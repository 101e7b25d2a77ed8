//! The collection of unused environments: a preview with the reason for every environment, and the collection itself.

use super::prelude::*;
use crate::base::cancel::Cancel;
use crate::environment::collection::{
    CollectOptions, JudgedEnvironment, RemovedItem, Report, collect_alone,
};
use crate::store::EnvironmentStatus;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(get_collection, create_collection)])
}

/// The extent of a collection. Unused environments of unused configurations are always collected.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CollectionQuery {
    /// Also collect unused environments of configurations in use that need another environment now, because their dependencies
    /// changed.
    #[serde(default)]
    #[param(required = false)]
    superseded: bool,
}

/// The result of a collection, or of its preview.
#[derive(Serialize, ToSchema)]
struct Collection {
    /// If true, nothing was deleted, and this is a preview.
    dry_run: bool,
    /// Every environment, with the decision about it.
    items: Vec<CollectionItem>,
    /// The deleted environments, files and records of runs that ended long ago, and leftovers.
    removed: Vec<CollectedThing>,
    /// The numbers of environments, runs with files, and folders that were kept, by reason.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    skipped: std::collections::BTreeMap<&'static str, u64>,
    /// Things that could not be deleted, with the reason.
    failed: Vec<String>,
    bytes_freed: u64,
    /// Nothing is collected before this time, because the clock had a gap or a jump.
    collects_from: Option<Timestamp>,
}

/// An environment, with the decision about it.
#[derive(Serialize, ToSchema)]
struct CollectionItem {
    id: String,
    workspace_id: String,
    configuration_name: String,
    status: EnvironmentStatus,
    /// The decision as a word for programs: `delete`, `superseded`, `in_use`, `warm`, …
    #[schema(value_type = String)]
    fate: crate::environment::collection::CollectionVerdict,
    /// The same decision in words.
    reason: &'static str,
    /// True if the environment is deleted for that reason.
    deletes: bool,
    /// The size in bytes. Null until the environment was built.
    size_bytes: Option<u64>,
}

/// A thing that was deleted, or would be.
#[derive(Serialize, ToSchema)]
struct CollectedThing {
    /// `environment`, `run` (its files), `record` (of a run), `snapshot`, `process`, `leftover`. If somebody asked for the
    /// deletion, also `configuration`, `version`, `draft`, `pause`, `workspace`, `left_out` (files of batches).
    kind: &'static str,
    /// The id or the path of the thing.
    id: String,
    /// The name of the configuration or of the input.
    name: String,
    reason: &'static str,
    bytes: u64,
}

/// Everything that a deletion removed, or would remove.
#[derive(Serialize, ToSchema)]
pub struct Deletion {
    /// If true, nothing was deleted, and this is a preview.
    dry_run: bool,
    /// The thing itself, and everything that is deleted with it.
    removed: Vec<CollectedThing>,
    /// Things that could not be deleted, with the reason.
    failed: Vec<String>,
    bytes_freed: u64,
}

/// The options of a deletion.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeletionQuery {
    /// Only report what would be deleted.
    #[serde(default)]
    #[param(required = false)]
    pub dry_run: bool,
}

impl Deletion {
    pub fn new(report: Report, paths: &dyn ShowPath) -> Self {
        let Collection {
            dry_run,
            removed,
            failed,
            bytes_freed,
            ..
        } = Collection::new(&report, paths);
        Self {
            dry_run,
            removed,
            failed,
            bytes_freed,
        }
    }
}

impl CollectionItem {
    fn new(judged: &JudgedEnvironment) -> Self {
        let environment = &judged.environment;
        Self {
            id: environment.id.clone(),
            workspace_id: environment.key.workspace_id.clone(),
            configuration_name: environment.configuration_name.clone(),
            status: environment.status,
            fate: judged.verdict,
            reason: judged.verdict.reason(),
            deletes: judged.verdict.deletes(),
            size_bytes: environment.contents.as_ref().map(|found| found.size_bytes),
        }
    }
}

impl CollectedThing {
    fn new(removed: &RemovedItem, paths: &dyn ShowPath) -> Self {
        Self {
            kind: removed.kind,
            id: paths.text(&removed.id).into_owned(),
            name: removed.name.clone(),
            reason: removed.reason,
            bytes: removed.bytes,
        }
    }
}

impl Collection {
    fn new(report: &Report, paths: &dyn ShowPath) -> Self {
        let removed = report.removed.iter();
        let failed = report.failed.iter().map(ToString::to_string);
        Self {
            dry_run: report.dry_run,
            items: report.judged.iter().map(CollectionItem::new).collect(),
            removed: removed
                .map(|thing| CollectedThing::new(thing, paths))
                .collect(),
            skipped: report.skipped.clone(),
            failed: failed.map(|text| paths.text(&text).into_owned()).collect(),
            bytes_freed: report.bytes_freed,
            collects_from: report.collects_from,
        }
    }
}

/// Preview a collection: what it would delete now, and why the rest stays. Nothing is deleted.
#[utoipa::path(get, path = "/api/v1/environments/collection", params(CollectionQuery), responses((status = 200, body = Collection)))]
async fn get_collection(
    Administrator(api, caller): Administrator,
    Query(extent): Query<CollectionQuery>,
) -> JsonResult<Collection> {
    collected(&api, &caller, &extent, true).await
}

/// Delete unused environments, files of old runs and leftovers, as workers do from time to time.
///
/// One process collects at a time. The status is 409 `collection_busy` if another process collects.
#[utoipa::path(post, path = "/api/v1/environments/collection",
    params(CollectionQuery),
    responses((status = 200, body = Collection), (status = 409))
)]
async fn create_collection(
    Administrator(api, caller): Administrator,
    Query(extent): Query<CollectionQuery>,
) -> JsonResult<Collection> {
    collected(&api, &caller, &extent, false).await
}

async fn collected(
    api: &Api,
    caller: &Caller,
    extent: &CollectionQuery,
    dry_run: bool,
) -> JsonResult<Collection> {
    // The collection covers environments of every workspace, and every file of the data directory.
    caller.demand_server()?;
    let superseded = extent.superseded;
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let work = api.slow_work(move |api| {
        let workspace = api.home();
        let options = CollectOptions {
            superseded,
            dry_run,
            ..CollectOptions::of_settings(&workspace.settings)
        };
        let report = collect_alone(workspace, &workspace.worker_id(0), &options, &stop)?;
        Ok(Json(Collection::new(&report, &api.paths)))
    });
    // A server that stops deletes nothing more.
    let mut stopping = api.stopping();
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        _ = stopping.wait_for(|stopping| *stopping) => cancel.cancel(),
    }
    work.await
}
