//! The description of the API: OpenAPI 3.1, made from the code.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, ContentBuilder, OpenApi as Described, Ref, RefOr, Required,
    ResponseBuilder,
};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::api::http::problem::{MEDIA_TYPE, ProblemDetails};
use crate::api::state::Api;

/// What the document says beside its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "ADE",
        description = "Turns messy spreadsheets into clean, validated workbooks. A document is uploaded once; a run applies a configuration to it; what happens can be followed while it happens. Any route may also answer 405 to a method that it does not have, 408 to a request that takes too long, and 421 to one that asks a server on loopback under another name; these are problem documents too."
    ),
    security(("token" = [])),
    components(schemas(ProblemDetails)),
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

/// The refusals: the status, the name that the document has for it, and when it is sent. Every one is a problem document.
const REFUSALS: [(&str, &str, &str); 16] = [
    (
        "400",
        "BadRequest",
        "The body ended early, or is neither JSON nor a form",
    ),
    (
        "401",
        "Unauthorized",
        "No token, or one that is wrong, revoked or past its end",
    ),
    (
        "403",
        "Forbidden",
        "The token's scope or its workspaces do not allow this",
    ),
    (
        "404",
        "NotFound",
        "There is no such thing, or the token does not see it",
    ),
    (
        "409",
        "Conflict",
        "Not as things are now; the code says why",
    ),
    ("410", "Gone", "It was deleted"),
    ("412", "Stale", "It was changed since it was read"),
    ("413", "TooLarge", "The body is over its limit"),
    (
        "415",
        "OtherType",
        "The content type or the format is none that is taken",
    ),
    ("416", "OutOfRange", "The range lies outside of the file"),
    (
        "422",
        "NotUsable",
        "A parameter, a header or a field has a value that cannot be used",
    ),
    (
        "428",
        "NotConditional",
        "The request does not say which content it replaces",
    ),
    (
        "429",
        "Full",
        "Too many wait; `Retry-After` says when to try again",
    ),
    (
        "500",
        "Failed",
        "The server could not do this; its log says why",
    ),
    (
        "503",
        "Unavailable",
        "Not now; `Retry-After` says when to try again",
    ),
    (
        "507",
        "NoRoom",
        "The workspace, or who sends it, would store more bytes than the operator allows",
    ),
];

/// Operations that need no body: each of its keys has a default.
const BODY_IS_OPTIONAL: [&str; 5] = [
    "create_build",
    "pause_config",
    "pause_everything",
    "publish_config",
    "try_config",
];

/// Requires the keys of what is explained: they are read leniently, because older engines told fewer, and always answered.
fn keys_are_always_there(components: &mut Components) {
    for (name, schema) in &mut components.schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && name.starts_with("Explained")
        {
            object.required = object.properties.keys().cloned().collect();
        }
    }
}

/// The same, with every status that an operation may answer. A handler names those of what it does alone; those that come with a
/// caller, a parameter or a body are added here. Routes without a caller say all themselves.
pub fn with_statuses(mut document: Described) -> Described {
    let components = document.components.get_or_insert_default();
    for (_, name, meaning) in REFUSALS {
        let details = Ref::from_schema_name(ProblemDetails::name());
        let content = ContentBuilder::new().schema(Some(details)).build();
        let refusal = ResponseBuilder::new()
            .description(meaning)
            .content(MEDIA_TYPE, content)
            .build();
        components.responses.insert(name.to_owned(), refusal.into());
    }
    keys_are_always_there(components);
    for path in document.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.patch,
            &mut path.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let statuses = statuses_of(operation);
            let responses = &mut operation.responses.responses;
            for (status, name, _) in REFUSALS {
                if statuses.contains(&status) || responses.contains_key(status) {
                    let refusal = RefOr::Ref(Ref::from_response_name(name));
                    responses.insert(status.to_owned(), refusal);
                }
            }
            responses.iter_mut().for_each(describe);
            let id = operation.operation_id.as_deref().unwrap_or_default();
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                if BODY_IS_OPTIONAL.contains(&id) {
                    body.required = Some(Required::False);
                }
                body.content.iter_mut().for_each(describe_bytes);
            }
            for response in responses.values_mut() {
                if let RefOr::T(response) = response {
                    response.content.iter_mut().for_each(describe_bytes);
                }
            }
        }
    }
    document
}

/// The statuses that follow from what an operation takes.
fn statuses_of(operation: &Operation) -> Vec<&'static str> {
    if operation.security.is_some() {
        return Vec::new();
    }
    let mut statuses = vec!["401", "403", "500", "503"];
    let parameters: Vec<&Parameter> = operation
        .parameters
        .iter()
        .flatten()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
        .collect();
    // What is looked for by its id may not be there, or not for this caller.
    let names_a_thing =
        |one: &&Parameter| matches!(one.parameter_in, ParameterIn::Path) || one.name == "workspace";
    if parameters.iter().any(names_a_thing) {
        statuses.push("404");
    }
    if !parameters.is_empty() || operation.request_body.is_some() {
        statuses.push("422");
    }
    if operation.request_body.is_some() {
        statuses.extend(["400", "413", "415"]);
    }
    statuses
}

/// The specification wants each answer described, if only by what its status is called.
fn describe((status, response): (&String, &mut RefOr<utoipa::openapi::Response>)) {
    let code = status
        .parse()
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok());
    let name = code.and_then(|code| code.canonical_reason());
    if let (RefOr::T(response), Some(name)) = (response, name)
        && response.description.is_empty()
    {
        name.clone_into(&mut response.description);
    }
}

/// A file is described as bytes, and not as a list of numbers.
fn describe_bytes((kind, content): (&String, &mut RefOr<Content>)) {
    if let RefOr::T(content) = content
        && !kind.ends_with("json")
        && matches!(content.schema, Some(RefOr::T(Schema::Array(_))))
    {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        let bytes = ObjectBuilder::new().schema_type(Type::String);
        content.schema = Some(bytes.format(Some(format)).into());
    }
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
