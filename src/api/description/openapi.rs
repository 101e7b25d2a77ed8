//! The description of the API: OpenAPI 3.1, made from the code.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, ContentBuilder, OpenApi as Described, Ref, RefOr, Required, Response,
    ResponseBuilder,
};
use utoipa::{Modify, OpenApi, PartialSchema, ToSchema};

use crate::api::http::problem::{MEDIA_TYPE, ProblemDetails};
use crate::api::state::Api;
use crate::base::clock::Timestamp;

/// The parts of the document that do not depend on routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "ADE",
        description = "Turns messy spreadsheets into clean, validated workbooks. A document is uploaded once; a run applies a configuration to it; clients can follow a run while it is executed. Any route may also answer 405 to an unsupported method, 408 to a request that takes too long, and 421 to a request that reaches a server on loopback under another host name; these answers are problem documents too."
    ),
    security(("token" = [])),
    components(schemas(ProblemDetails)),
    modifiers(&TokenSecurity)
)]
pub struct OpenApiDocument;

struct TokenSecurity;

impl Modify for TokenSecurity {
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

/// The refusals: the status, its name in the document, and its cause. Each is a problem document.
const REFUSALS: [(&str, &str, &str); 16] = [
    (
        "400",
        "BadRequest",
        "The body ended early, or is not valid JSON or a valid form",
    ),
    (
        "401",
        "Unauthorized",
        "The token is missing, wrong, revoked or expired",
    ),
    (
        "403",
        "Forbidden",
        "The token's scope or its workspaces do not allow this",
    ),
    (
        "404",
        "NotFound",
        "It does not exist, or the token does not cover its workspace",
    ),
    (
        "409",
        "Conflict",
        "Not possible in the current state; the code says why",
    ),
    ("410", "Gone", "It was deleted"),
    ("412", "Stale", "It was changed since it was read"),
    ("413", "TooLarge", "The body is over its limit"),
    (
        "415",
        "OtherType",
        "The content type or the format is not accepted",
    ),
    ("416", "OutOfRange", "The range is outside the file"),
    (
        "422",
        "NotUsable",
        "A parameter, a header or a field has an invalid value",
    ),
    (
        "428",
        "NotConditional",
        "The request does not say which content it replaces",
    ),
    (
        "429",
        "Full",
        "Too many runs or requests are waiting; `Retry-After` says when to try again",
    ),
    (
        "500",
        "Failed",
        "The server failed to answer this request; its log says why",
    ),
    (
        "503",
        "Unavailable",
        "Temporarily impossible; `Retry-After` says when to try again",
    ),
    (
        "507",
        "NoRoom",
        "The workspace or the submitter would store more bytes than the operator allows",
    ),
];

/// The meaning of the parameters in paths, in the order of the paths.
const IN_PATHS: [(&str, &str); 16] = [
    ("/workspaces/{workspace}", "The workspace"),
    ("/configs/{config_id}", "The configuration"),
    ("/versions/{version}", "The version's number"),
    ("/builds/{id}", "The build"),
    ("/deliveries/{id}", "The delivery"),
    ("/documents/{id}", "The document"),
    ("/environments/{id}", "The environment"),
    ("/jobs/{id}", "The job"),
    ("/runs/{id}", "The run"),
    ("/tokens/{id}", "The token's id"),
    ("/workers/{id}", "The worker"),
    ("/workspaces/{id}", "The workspace"),
    ("/configuration/{path}", PATH_OF_FILE),
    ("/files/{path}", PATH_OF_FILE),
    ("/files/{name}", "The name of the file"),
    ("/templates/{name}", "The template"),
];
const PATH_OF_FILE: &str = "The file's path in the configuration; its slashes are slashes";

/// The operations without a required body, because each key has a default.
const BODY_IS_OPTIONAL: [&str; 6] = [
    "create_build",
    "pause_runs",
    "publish_config",
    "resume_runs",
    "retry_run",
    "try_config",
];

/// The schemas whose keys may be absent, although their values may be null.
const MAY_BE_ABSENT: [&str; 3] = ["CellWindow", "ConfigurationChange", "ProblemDetails"];

/// Completes schemas with facts that their types do not have: a time becomes text, and a nullable key is always present in a
/// response. All keys of an explanation are present, although it is read leniently because older engines wrote fewer. Keys of a
/// request for a new thing may be absent.
fn finish(components: &mut Components) {
    components.schemas.remove(&*Timestamp::name());
    for (name, schema) in &mut components.schemas {
        let is_asked_for = name.starts_with("New") || name.ends_with("Event");
        let is_lenient = is_asked_for || MAY_BE_ABSENT.contains(&name.as_str());
        finish_keys(schema, !is_lenient, name.starts_with("Explained"));
    }
}

fn finish_keys(schema: &mut RefOr<Schema>, with_null: bool, all: bool) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.properties.values_mut().for_each(put_time_in_place);
            let known = std::mem::take(&mut object.required);
            let is_there = |(name, property): &(&String, &RefOr<Schema>)| {
                all || known.contains(name) || with_null && may_be_null(property)
            };
            let required = object.properties.iter().filter(is_there);
            object.required = required.map(|(name, _)| name.clone()).collect();
        }
        RefOr::T(Schema::AllOf(parts)) => {
            for part in &mut parts.items {
                finish_keys(part, with_null, all);
            }
        }
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let kind = match schema {
        RefOr::T(Schema::OneOf(choices)) => return choices.items.iter().any(may_be_null),
        RefOr::T(Schema::Object(object)) => &object.schema_type,
        RefOr::T(Schema::Array(array)) => &array.schema_type,
        _ => return false,
    };
    match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => false,
    }
}

fn put_time_in_place(schema: &mut RefOr<Schema>) {
    let (found, kind) = match &*schema {
        RefOr::T(Schema::OneOf(choices)) => (
            choices.items.iter().find_map(time_of),
            SchemaType::from_iter([Type::String, Type::Null]),
        ),
        other => (time_of(other), Type::String.into()),
    };
    if let Some(description) = found {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        let time = ObjectBuilder::new()
            .schema_type(kind)
            .format(Some(format))
            .description(Some(description).filter(|text| !text.is_empty()));
        *schema = time.into();
    }
}

/// Returns the description of a time, if the schema is a time.
fn time_of(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(shape) if shape.ref_location.ends_with("/Timestamp") => {
            Some(shape.description.clone())
        }
        _ => None,
    }
}

/// Returns the document with every possible status of each operation. A handler names only the statuses of its own work; those
/// of a caller, a parameter or a body are added here. Routes without a caller name all of their statuses.
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
    finish(components);
    for (path, operation) in operations(&mut document) {
        describe_path(path, operation);
        let statuses = statuses_of(operation);
        let responses = &mut operation.responses.responses;
        // A file that is served in parts has a tag as well.
        if responses.contains_key("206") {
            for status in ["304", "416"] {
                responses
                    .entry(status.to_owned())
                    .or_insert_with(|| Response::default().into());
            }
        }
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
    document
}

/// Iterates over every operation, with its path.
fn operations(document: &mut Described) -> impl Iterator<Item = (&str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        let operations = operations.into_iter().flatten();
        operations.map(|operation| (path.as_str(), operation))
    })
}

/// Groups the operations without a tag under this name.
pub fn tag(document: &mut Described, name: &str) {
    for (_, operation) in operations(document) {
        operation.tags.get_or_insert_with(|| vec![name.to_owned()]);
    }
}

/// Describes the parameters in an operation's path that its handler does not describe, and puts them first.
fn describe_path(path: &str, operation: &mut Operation) {
    let mut parameters = operation.parameters.take().unwrap_or_default();
    for (place, meaning) in IN_PATHS.iter().rev().filter(|entry| path.contains(entry.0)) {
        let name = place.split(['{', '}']).nth(1).unwrap_or_default();
        let is_it =
            |known: &RefOr<Parameter>| matches!(known, RefOr::T(known) if known.name == name);
        if parameters.iter().any(is_it) {
            continue;
        }
        let schema = match name {
            "version" => u32::schema(),
            _ => String::schema(),
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(*meaning))
            .schema(Some(schema));
        parameters.insert(0, RefOr::T(parameter.build()));
    }
    operation.parameters = Some(parameters).filter(|all| !all.is_empty());
}

/// Returns the statuses that follow from an operation's parameters and body.
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
    // A thing that is named by its id may be missing, or hidden from this caller.
    let names_a_thing =
        |arg: &&Parameter| matches!(arg.parameter_in, ParameterIn::Path) || arg.name == "workspace";
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

/// Describes a response without a description by the name of its status, because the specification requires a description.
fn describe((status, response): (&String, &mut RefOr<Response>)) {
    let code = StatusCode::from_bytes(status.as_bytes()).ok();
    let name = match status.as_str() {
        "206" => Some("The requested part"),
        "304" => Some("The client already has this content"),
        _ => code.and_then(|code| code.canonical_reason()),
    };
    if let (RefOr::T(response), Some(name)) = (response, name)
        && response.description.is_empty()
    {
        name.clone_into(&mut response.description);
    }
}

/// Describes a file as bytes instead of a list of numbers.
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

/// Returns the route of the document itself.
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

/// Returns the document as a JSON value.
pub fn json(document: &Described) -> serde_json::Value {
    serde_json::to_value(document).unwrap_or_default()
}

/// Returns the document as it is served and committed.
pub fn text(document: &Described) -> String {
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
