//! The draft of a configuration, its files one by one, and what differs between versions.

use utoipa_axum::router::OpenApiRouter;

use crate::api::state::Api;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
}
