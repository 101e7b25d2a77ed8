//! Routers, also of routes with names that a description has no words for.

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Where a workspace is named before a configuration of it.
const OF_WORKSPACE: &str = "/workspaces/{workspace}";

/// A router of these routes.
pub fn routed<S: Clone + Send + Sync + 'static>(
    routes: impl IntoIterator<Item = UtoipaMethodRouter<S>>,
) -> OpenApiRouter<S> {
    let router = OpenApiRouter::new();
    routes.into_iter().fold(router, OpenApiRouter::routes)
}

/// A router of these routes. A `{path}` has slashes in it, and is described as one part. A route of one configuration has two names, with its
/// workspace and without, for the same; one of them is described.
pub fn named<S: Clone + Send + Sync + 'static>(
    routes: impl IntoIterator<Item = UtoipaMethodRouter<S>>,
) -> OpenApiRouter<S> {
    let mut router = OpenApiRouter::new();
    for (schemas, paths, methods) in routes {
        for path in paths.paths.keys() {
            let short = path.replace("{path}", "{*path}").replace(OF_WORKSPACE, "");
            if short.starts_with("/api/v1/configs/") {
                let long = short.replace("/configs/", &format!("{OF_WORKSPACE}/configs/"));
                router = router.route(&long, methods.clone());
            }
            router = router.route(&short, methods.clone());
        }
        let described = router.get_openapi_mut();
        described.paths.paths.extend(paths.paths);
        let components = described.components.get_or_insert_default();
        components.schemas.extend(schemas);
    }
    router
}
