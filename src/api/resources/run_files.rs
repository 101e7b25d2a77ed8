//! The files of a run, and its attempts.

use utoipa_axum::router::OpenApiRouter;

use crate::api::state::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
}
