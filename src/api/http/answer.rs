//! Answers that several resources give.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::body::Json;
use super::download::insert;
use super::problem::ApiError;

/// What a handler returns, or an error.
pub type Answer<T> = Result<T, ApiError>;

/// The same, as JSON.
pub type JsonAnswer<T> = Answer<Json<T>>;

/// The status of an answer about something that a request made, or that the same request made before.
pub fn status_of(is_new: bool, made: StatusCode) -> StatusCode {
    if is_new { made } else { StatusCode::OK }
}

/// An answer about something that was created, with its place.
pub fn created(status: StatusCode, kind: &str, body: impl Serialize) -> Response {
    let body = json!(body);
    let id = body["id"].as_str().unwrap_or_default();
    let place = format!("/api/v1/{kind}/{id}");
    let mut response = (status, Json(body)).into_response();
    insert(response.headers_mut(), header::LOCATION, &place);
    response
}
