//! The queue, in the order in which it is worked through.

use utoipa_axum::router::OpenApiRouter;

use crate::api::state::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
}
