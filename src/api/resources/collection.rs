//! The collection of environments that nothing needs.

use utoipa_axum::router::OpenApiRouter;

use crate::api::state::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
}
