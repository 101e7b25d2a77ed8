//! Imports that most handlers use: the caller, the parts of a request, and responses.

pub use axum::extract::Request;
pub use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
pub use axum::response::{IntoResponse, Response};
pub use serde::{Deserialize, Serialize};
pub use utoipa::{IntoParams, ToSchema};
pub use utoipa_axum::router::OpenApiRouter;
pub use utoipa_axum::routes;

pub use super::access::caller::{Administrator, Caller, Reader, Runner};
pub use super::http::answer::{ApiResult, JsonResult, created, status_of};
pub use super::http::body::{Json, JsonBody, MaybeJson, Path, Query};
pub use super::http::names::{named, routed};
pub use super::http::problem::ApiError;
pub(crate) use super::http::{cursor, download};
pub use super::state::{Api, BlockingApi, OpenWorkspace, WorkspaceHandle};
pub use crate::base::clock::Timestamp;
pub use crate::base::hide_paths::Hider;
pub use crate::base::problem::code;
pub use crate::base::show_path::ShowPath;
pub use crate::store::{KnownConfiguration, RunRecord, RunStatus};
pub use crate::workspace::Workspace;
