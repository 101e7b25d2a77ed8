//! Reads the content of a request: JSON, query parameters, ids in the path. What is wrong is named by field.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::problem::ApiError;
use crate::base::problem::code;

/// The largest JSON body.
const LARGEST: usize = 1024 * 1024;

/// A body of JSON.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        demand_json(request.headers())?;
        let bytes = axum::body::to_bytes(request.into_body(), LARGEST)
            .await
            .map_err(|error| refused_body(&error))?;
        parse(&bytes).map(Self)
    }
}

/// A body of JSON, or none at all.
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let has_type = request.headers().contains_key(header::CONTENT_TYPE);
        let checked = demand_json(request.headers());
        let bytes = axum::body::to_bytes(request.into_body(), LARGEST)
            .await
            .map_err(|error| refused_body(&error))?;
        if bytes.is_empty() && !has_type {
            return Ok(Self(T::default()));
        }
        checked?;
        parse(&bytes).map(Self)
    }
}

fn demand_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let found = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = found.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = format!("the body must be application/json, and its content type is {found:?}");
    Err(ApiError::of(code::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// A body that is too long, or that ended before its end.
pub fn refused_body(error: &(dyn std::error::Error + 'static)) -> ApiError {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    let is_too_long = causes.any(|cause| cause.is::<http_body_util::LengthLimitError>());
    if is_too_long {
        let detail = format!("the body has more than {LARGEST} bytes");
        return ApiError::of(code::TOO_LARGE, detail);
    }
    ApiError::of(code::BAD_REQUEST, "the body ended early, or took too long")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            ApiError::field(
                field_of(&path, &inner.to_string()),
                without_place(&inner.to_string()),
            )
        } else {
            let detail = format!("the body is no JSON: {inner}");
            ApiError::of(code::BAD_REQUEST, detail)
        }
    })?;
    parser.end().map_err(|error| {
        let detail = format!("the body is no JSON: {error}");
        ApiError::of(code::BAD_REQUEST, detail)
    })?;
    Ok(value)
}

/// The field that a message is about: the path, or the name that the message quotes where a field is absent or unknown.
fn field_of(path: &str, message: &str) -> String {
    let quoted = message
        .split('`')
        .nth(1)
        .filter(|_| message.starts_with("missing field") || message.starts_with("unknown field"));
    match (path, quoted) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        (path, _) => path.to_owned(),
    }
}

fn without_place(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message.to_owned(),
    }
}

/// The parameters of a query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let parser = serde_urlencoded::Deserializer::new(pairs);
        let value = serde_path_to_error::deserialize(parser).map_err(|error| {
            let path = error.path().to_string();
            let message = error.into_inner().to_string();
            ApiError::field(field_of(&path, &message), message)
        })?;
        Ok(Self(value))
    }
}

/// An id in the path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|error: PathRejection| ApiError::of(code::NOT_FOUND, error.body_text()))
    }
}
