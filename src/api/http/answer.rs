//! Responses that several resources return.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::body::Json;
use super::download::insert;
use super::problem::ApiError;

/// The result of a handler: its response, or an error.
pub type ApiResult<T> = Result<T, ApiError>;

/// The result of a handler that returns JSON.
pub type JsonResult<T> = ApiResult<Json<T>>;

/// Returns the status for a thing that this request made, or that the same request made before.
pub fn status_of(is_new: bool, made: StatusCode) -> StatusCode {
    if is_new { made } else { StatusCode::OK }
}

/// Returns a response with a thing that was created, and its `Location`.
pub fn created(status: StatusCode, kind: &str, body: impl Serialize) -> Response {
    let body = json!(body);
    let id = body["id"].as_str().unwrap_or_default();
    let place = format!("/api/v1/{kind}/{id}");
    let mut response = (status, Json(body)).into_response();
    insert(response.headers_mut(), header::LOCATION, &place);
    response
}
