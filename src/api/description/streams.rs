//! The schemas of streamed events, made from the table of events.

use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::environment::json::EnvironmentView;
use crate::events::names::{self, EventKind};
use crate::run::ending::ends::RunExecution;
use crate::run::views::json::RunView;
use crate::store::{FailureRecord, InstalledPackage, Overview};

type NamedSchema = (String, RefOr<Schema>);

/// Defines types that each stand for a schema with a list of alternatives.
macro_rules! shapes {
    ($($(#[doc = $what:literal])+ $name:ident: $choices:expr;)*) => {$(
        $(#[doc = $what])+
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                shape(json!({"description": concat!($($what),+).trim(), "oneOf": $choices}))
            }
        }

        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<NamedSchema>) {
                add_all(schemas);
            }
        }
    )*};
}

shapes! {
    /// A line of a run's log.
    RunLogLine: [refs(names::OF_RUN), refs(names::OF_BOTH), vec![reference("EngineEvent")]].concat();
    /// A line of JSON in the stream of a run.
    RunStreamLine: [refs(names::LINES_OF_RUN), refs(names::LINES_OF_BOTH), vec![reference("EngineEvent")]].concat();
    /// A line of JSON in the stream of a build.
    BuildStreamLine: [refs(names::LINES_OF_BUILD), refs(names::LINES_OF_BOTH), refs(names::OF_ENVIRONMENT), refs(names::OF_BOTH)].concat();
    /// A server-sent event of a workspace; its `data` is sent as JSON. Of events that are sent together, only the last has an
    /// `id`, a time: use it as Last-Event-ID to resume after it.
    WorkspaceEvent: refs(names::OF_WORKSPACE);
}

/// A server-sent event of a run.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is described here, and sent by `transfer`")]
pub struct RunEvent {
    /// The number of the line: use it as Last-Event-ID to resume after it.
    id: String,
    /// The name of the event.
    event: String,
    /// The line, a `RunLogLine`, as JSON.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// Adds the schemas of every event, and the schemas that events refer to.
fn add_all(schemas: &mut Vec<NamedSchema>) {
    fn add<T: ToSchema>(schemas: &mut Vec<NamedSchema>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
    schemas.extend(log_events());
    schemas.extend(stream_events());
    schemas.extend(workspace_events());
    schemas.push((RunLogLine::name().into_owned(), RunLogLine::schema()));
    add::<RunView>(schemas);
    add::<EnvironmentView>(schemas);
    add::<FailureRecord>(schemas);
    add::<Overview>(schemas);
    add::<InstalledPackage>(schemas);
    add::<RunExecution>(schemas);
}

fn shape(schema: Value) -> RefOr<Schema> {
    serde_json::from_value(schema).unwrap_or_default()
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn refs(kinds: &[EventKind]) -> Vec<Value> {
    kinds.iter().map(|kind| reference(&name_of(kind))).collect()
}

/// Returns the name of an event's schema: `RunQueuedEvent`.
fn name_of(kind: &EventKind) -> String {
    let workspace = if kind.name.contains('.') {
        ""
    } else {
        "workspace."
    };
    let words = format!("{workspace}{}.event", kind.name);
    let pascal = |word: &str| word[..1].to_uppercase() + &word[1..];
    words.split(['.', '_']).map(pascal).collect()
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": words.into_iter().collect::<Vec<_>>()})
}

/// Returns the schema of a key's type in the table of events.
fn type_of(kind: &str) -> Value {
    if let Some(kind) = kind.strip_suffix("[]") {
        return json!({"type": "array", "items": type_of(kind)});
    }
    if kind.contains('/') {
        return one_of(kind.split('/'));
    }
    let (kind, may_be_null) = match kind.strip_suffix("|null") {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    let mut schema = match kind {
        "time" => json!({"type": "string", "format": "date-time"}),
        "integer" => json!({"type": "integer", "format": "int64"}),
        shape if shape.starts_with(char::is_uppercase) => {
            let shape = reference(shape);
            return match may_be_null {
                true => json!({"oneOf": [{"type": "null"}, shape]}),
                false => shape,
            };
        }
        kind => json!({"type": kind}),
    };
    if may_be_null {
        schema["type"] = json!([schema["type"], "null"]);
    }
    schema
}

/// Returns the schema of an object with these keys. Those with a `?` may be absent.
fn object<'a>(keys: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (key, schema) in keys {
        let name = key.trim_end_matches('?');
        if name == key {
            required.push(name);
        }
        properties.insert(name.to_owned(), schema);
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// The names of keys with their types.
type Keys<'a> = [(&'a str, &'a str)];

fn typed<'a>(keys: &Keys<'a>) -> Vec<(&'a str, Value)> {
    let typed = |(key, kind): &(&'a str, &str)| (*key, type_of(kind));
    keys.iter().map(typed).collect()
}

/// Returns the schema of an event with these keys in addition to its name, level, message and data.
fn event_of(kind: &EventKind, keys: &Keys<'_>) -> NamedSchema {
    let mut all = typed(keys);
    match kind.level {
        "" => {}
        "any" => all.push(("level", type_of("string"))),
        levels => all.push(("level", one_of(levels.split(", ")))),
    }
    all.push(("event", one_of([kind.name])));
    all.push(("message", type_of("string")));
    let is_optional = kind.data.iter().all(|(key, _)| key.ends_with('?'));
    if !kind.data.is_empty() {
        let data = object(typed(kind.data));
        all.push((if is_optional { "data?" } else { "data" }, data));
    }
    described(name_of(kind), &kind.when(), object(all))
}

fn events_of(kinds: &[EventKind], keys: &Keys<'_>) -> Vec<NamedSchema> {
    kinds.iter().map(|kind| event_of(kind, keys)).collect()
}

fn described(name: String, what: &str, mut schema: Value) -> NamedSchema {
    schema["description"] = json!(what);
    (name, shape(schema))
}

/// Returns the keys of a line of a log: those of its subject, between those of every line.
fn of_log<'a>(of: &Keys<'a>) -> Vec<(&'a str, &'a str)> {
    let behind = [("sequence", "integer"), ("timestamp", "time")];
    [&[("event_id", "string")], of, &behind].concat()
}

/// Returns the schemas of the lines of logs.
fn log_events() -> Vec<NamedSchema> {
    let either = of_log(&[("run_id?", "string"), ("environment_id?", "string")]);
    let mut events = events_of(names::OF_RUN, &of_log(&[("run_id", "string")]));
    let of_environment = of_log(&[("environment_id", "string")]);
    events.extend(events_of(names::OF_ENVIRONMENT, &of_environment));
    events.extend(events_of(names::OF_BOTH, &either));
    let mut keys = of_log(&[("run_id", "string")]);
    keys.extend([("engine_run_id", "string"), ("level", "string")]);
    keys.extend([
        ("message", "string"),
        ("data?", "object"),
        ("error?", "object"),
    ]);
    let name = json!({"type": "string", "pattern": "^engine\\."});
    let what = "An event of the engine, or one of a configuration's code below `engine.config`; docs/reference/events.md has the data of each.";
    let keys = typed(&keys).into_iter().chain([("event", name)]);
    events.push(described("EngineEvent".to_owned(), what, object(keys)));
    events
}

/// Returns the schemas of the lines that only streams have, and not logs.
fn stream_events() -> Vec<NamedSchema> {
    let of_run = |kind: &EventKind| {
        let mut keys = vec![
            ("run_id", "string"),
            ("sequence", "integer"),
            ("timestamp", "time"),
        ];
        match kind.name {
            names::LINE_LOG => keys.push(("data", "RunLogLine")),
            names::LINE_CREATED => {}
            _ => keys.push(("event_id", "string")),
        }
        event_of(kind, &keys)
    };
    let mut events: Vec<NamedSchema> = names::LINES_OF_RUN.iter().map(of_run).collect();
    let of_build = [("build_id", "string"), ("timestamp", "time")];
    events.extend(events_of(names::LINES_OF_BUILD, &of_build));
    let of_both = [
        ("run_id?", "string"),
        ("build_id?", "string"),
        ("reason", "server_stopping/token_ended/storage_failed"),
        ("after_id", "integer"),
        ("resume", "string"),
    ];
    events.extend(events_of(names::LINES_OF_BOTH, &of_both));
    events
}

/// Returns the schemas of the events of a workspace.
fn workspace_events() -> Vec<NamedSchema> {
    let of = |kind: &EventKind| {
        let data = kind.data.first().map_or("object", |(_, kind)| *kind);
        let keys = [
            ("id?", type_of("string")),
            ("event", one_of([kind.name])),
            ("data", type_of(data)),
        ];
        described(name_of(kind), &kind.when(), object(keys))
    };
    names::OF_WORKSPACE.iter().map(of).collect()
}
