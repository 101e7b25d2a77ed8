//! Builds routers, including routes with names that OpenAPI cannot describe.

use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// The part of a path that names the workspace of a configuration.
const OF_WORKSPACE: &str = "/workspaces/{workspace}";

/// Returns a router of these routes.
pub fn routed<S: Clone + Send + Sync + 'static>(
    routes: impl IntoIterator<Item = UtoipaMethodRouter<S>>,
) -> OpenApiRouter<S> {
    let router = OpenApiRouter::new();
    routes.into_iter().fold(router, OpenApiRouter::routes)
}

/// Returns a router of these routes. `{path}` may contain slashes, but is described as one segment. A route of a configuration
/// has two paths, with and without its workspace; only one is described.
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
