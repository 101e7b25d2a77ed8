//! Errors as problem documents (RFC 9457).
//!
//! `code` is stable and explained in docs/reference/errors.md. For a mistake of the client, the detail says what is wrong and
//! where. For a failure of the machine, it says only that there was one: the full message, which may name files, goes to the
//! server's log.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::request_id;
use crate::base::hide_paths::Hider;
use crate::base::problem::{Problem, ProblemKind, code};
use crate::base::show_path::ShowPath;
use crate::store::{FailureRecord, StoreError};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Always `about:blank`; the kind of problem is in `code`.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: &'static str,
    /// The status in words.
    pub title: String,
    /// The HTTP status code.
    pub status: u16,
    /// The message: what happened.
    pub detail: String,
    /// A stable word for programs, explained in docs/reference/errors.md.
    pub code: String,
    /// The message: what to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The reason why a configuration does not load.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<Box<FailureRecord>>,
    /// The id of the request, which is also in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// The problem of one field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// The name of the field, `options.log_level`, or of a parameter.
    pub field: String,
    /// The problem of its value.
    pub message: String,
}

/// An error of the API, which becomes a problem document.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    pub(crate) detail: String,
    hint: Option<String>,
    errors: Vec<FieldError>,
    error: Option<Box<FailureRecord>>,
    retry_after: Option<u16>,
    /// The full message, only for the server's log.
    pub(crate) inner: Option<Box<str>>,
}

impl ApiError {
    /// Returns whether the same request may succeed in a moment.
    pub fn may_pass(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// Returns an error with this status and code. If the status allows a retry, it has the seconds until the next try.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            hint: None,
            errors: Vec::new(),
            error: None,
            retry_after: match status {
                StatusCode::SERVICE_UNAVAILABLE => Some(5),
                StatusCode::TOO_MANY_REQUESTS => Some(2),
                _ => None,
            },
            inner: None,
        }
    }

    /// Returns an error with this code and the status of the code.
    pub fn from_code(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(status_of(ProblemKind::Usage, code), code, detail)
    }

    /// Adds a hint to the error.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the error for a field with an invalid value: 422.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let detail = format!("{field}: {message}");
        let mut error = Self::from_code(code::INVALID_FIELD, detail);
        error.errors.push(FieldError { field, message });
        error
    }

    /// Adds the field whose value caused the error.
    #[must_use]
    pub fn of_field(mut self, field: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            message: self.detail.clone(),
        });
        self
    }

    /// Converts an error. If a name is invalid, the error names the field `name`.
    #[must_use]
    pub fn of_name(error: impl Problem) -> Self {
        let error = Self::from(error);
        match error.code {
            code::BAD_NAME => error.of_field("name"),
            _ => error,
        }
    }

    /// Adds the reason why a configuration does not load.
    #[must_use]
    pub fn because_of(mut self, error: FailureRecord) -> Self {
        self.error = Some(Box::new(error));
        self
    }

    /// Adds the seconds until the client may try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u16) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Returns the error for an unknown id: 404.
    pub fn not_found(what: &'static str, id: &str) -> Self {
        // A thing of another workspace gets the same response as an unknown one.
        StoreError::not_found(what, id).into()
    }

    /// Returns the error for a failure of the server itself: 500.
    pub fn internal(message: impl Into<String>) -> Self {
        let detail = "the server failed to answer this request; its log says why";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let mut error = Self::new(status, code::STORAGE_FAILED, detail);
        error.inner = Some(message.into().into());
        error
    }

    /// Hides this machine's paths in the error.
    #[must_use]
    pub fn shown(mut self, paths: &Hider) -> Self {
        let shown = |text: &mut String| {
            if let Cow::Owned(shown) = paths.text(text) {
                *text = shown;
            }
        };
        shown(&mut self.detail);
        self.hint.iter_mut().for_each(shown);
        let messages = self.errors.iter_mut().map(|error| &mut error.message);
        messages.for_each(shown);
        self
    }

    /// Returns the code of the error.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl<P: Problem> From<P> for ApiError {
    fn from(problem: P) -> Self {
        let facts = problem.facts();
        let status = match status_of(facts.kind, facts.code) {
            StatusCode::INTERNAL_SERVER_ERROR if facts.may_pass => StatusCode::SERVICE_UNAVAILABLE,
            status => status,
        };
        let message = problem.to_string();
        if status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE {
            let detail = match status {
                _ if facts.code == code::FILES_UNREACHABLE => {
                    "the object store cannot be reached now"
                }
                _ if facts.may_pass => "the server has too little disk space or memory now",
                StatusCode::SERVICE_UNAVAILABLE => "the database cannot be used now",
                _ => "the server failed to answer this request; its log says why",
            };
            let mut error = Self::new(status, facts.code, detail);
            error.inner = Some(message.into());
            return error;
        }
        let mut error = Self::new(status, facts.code, message);
        error.hint = facts.hint;
        error
    }
}

/// Returns the status for an error.
fn status_of(kind: ProblemKind, code: &str) -> StatusCode {
    match code {
        code::RUN_NOT_FOUND
        | code::NOT_FOUND
        | code::NO_EXPLANATION
        | code::NO_ISSUE_LIST
        | code::CONFIGURATION_NOT_FOUND => StatusCode::NOT_FOUND,
        code::RUN_ENDED
        | code::RUN_NOT_ENDED
        | code::INPUT_GONE
        | code::IN_USE
        | code::CONFIGURATION_ARCHIVED
        | code::OUTPUT_NOT_READY
        | code::RUN_FAILED_NO_OUTPUT
        | code::CANNOT_BE_PAINTED
        | code::NOT_PUBLISHED
        | code::NOTHING_TO_PUBLISH
        | code::ENVIRONMENT_NOT_READY
        | code::CONFIG_INVALID
        | code::SAFE_MODE_ENABLED
        | code::NOT_UPLOADED
        | code::COLLECTION_BUSY => StatusCode::CONFLICT,
        code::DOCUMENT_DELETED | code::OUTPUT_GONE => StatusCode::GONE,
        code::PRECONDITION_FAILED => StatusCode::PRECONDITION_FAILED,
        code::PRECONDITION_REQUIRED => StatusCode::PRECONDITION_REQUIRED,
        code::TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        code::UNSUPPORTED_FORMAT | code::UNSUPPORTED_MEDIA_TYPE => {
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        }
        code::QUEUE_FULL => StatusCode::TOO_MANY_REQUESTS,
        code::STORAGE_LIMIT => StatusCode::INSUFFICIENT_STORAGE,
        code::BUSY => StatusCode::SERVICE_UNAVAILABLE,
        code::BAD_REQUEST => StatusCode::BAD_REQUEST,
        code::UNAUTHORIZED => StatusCode::UNAUTHORIZED,
        code::FORBIDDEN => StatusCode::FORBIDDEN,
        code::METHOD_NOT_ALLOWED => StatusCode::METHOD_NOT_ALLOWED,
        code::WRONG_HOST => StatusCode::MISDIRECTED_REQUEST,
        _ => match kind {
            ProblemKind::Usage => StatusCode::UNPROCESSABLE_ENTITY,
            ProblemKind::Database => StatusCode::SERVICE_UNAVAILABLE,
            ProblemKind::Environment => StatusCode::CONFLICT,
            ProblemKind::Refused
            | ProblemKind::Limit
            | ProblemKind::Internal
            | ProblemKind::Cancelled => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let inner = self.inner.clone();
        let details = ProblemDetails {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.to_owned(),
            hint: self.hint,
            errors: self.errors,
            error: self.error,
            request_id: request_id::current(),
        };
        let mut response = (self.status, Json(details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"ade\""),
            );
        }
        if let Some(message) = inner {
            response
                .extensions_mut()
                .insert(ServerLogMessage(message.into()));
        }
        response
    }
}

/// The message of an error for the server's log only.
#[derive(Clone, Debug)]
pub struct ServerLogMessage(pub String);
