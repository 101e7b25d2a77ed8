//! The description of the API: OpenAPI 3.1, made from the code.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Described, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::api::http::problem::{MEDIA_TYPE, ProblemDetails};
use crate::api::state::Api;

/// What the document says beside its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "ADE",
        description = "Turns messy spreadsheets into clean, validated workbooks. A document is uploaded once; a run applies a configuration to it; what happens can be followed while it happens."
    ),
    security(("token" = [])),
    modifiers(&Token)
)]
pub struct OpenApiDocument;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut Described) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token of `ade tokens create`."))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The same, with what each route answers that refuses a request. Routes without a caller say what they answer themselves.
pub fn with_refusals(mut document: Described) -> Described {
    let details = Ref::from_schema_name(ProblemDetails::name());
    let content = ContentBuilder::new().schema(Some(details)).build();
    let refusal = ResponseBuilder::new().content(MEDIA_TYPE, content).build();
    for path in document.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.delete,
        ];
        let of_callers = operations
            .into_iter()
            .flatten()
            .filter(|one| one.security.is_none());
        for operation in of_callers {
            let responses = &mut operation.responses.responses;
            responses.insert("4XX".to_owned(), refusal.clone().into());
        }
    }
    document
}

/// The route of the document itself.
pub fn served(document: &Described) -> Router<Api> {
    let text = text(document);
    Router::new().route(
        "/api/v1/openapi.json",
        get(move || {
            let text = text.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], text) }
        }),
    )
}

/// The document as a value.
pub fn json(document: &Described) -> serde_json::Value {
    serde_json::to_value(document).unwrap_or_default()
}

/// The document as it is served and committed.
pub fn text(document: &Described) -> String {
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
