//! Templates that configurations are made from.

use utoipa_axum::router::OpenApiRouter;

use crate::api::state::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
}
