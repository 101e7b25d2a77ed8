//! Checks answers of the API against its description: the status and the type must be documented for the route, and the body
//! must have exactly the documented fields.

use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Value};

use super::place::Place;

/// Statuses of HTTP itself that any route may answer; the document lists them once.
const EVERYWHERE: [u16; 3] = [405, 408, 421];

pub struct Description(Value);

/// The description that the code generates.
pub static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| Description(serde_json::from_str(&ade::api::description()).unwrap()));

/// The schema of audit records with its index.
static ARTIFACT_SCHEMA: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/reference/artifact.schema.json"
    );
    let mut schemas = Schemas::new();
    let schema = Compiler::new().compile(file, &mut schemas).unwrap();
    (schemas, schema)
});

/// Checks an event of a stream against its described shape.
#[track_caller]
pub fn demand_event(shape: &str, event: &Value) {
    if let Some(fault) = DESCRIPTION.fault_of_event(shape, event) {
        panic!("{event} is no {shape}: {fault}");
    }
}

impl Description {
    /// Returns the fault of an answer. `path` has no query.
    pub fn fault(
        &self,
        method: &str,
        path: &str,
        status: u16,
        kind: &str,
        body: &[u8],
    ) -> Option<String> {
        let operation = self.operation(method, path)?;
        let responses = &operation["responses"];
        let response = if EVERYWHERE.contains(&status) {
            self.0.pointer("/components/responses/BadRequest").unwrap()
        } else {
            self.resolve(&responses[status.to_string()])
        };
        if response.is_null() {
            return Some(format!("{status} is not described"));
        }
        let contents = response["content"].as_object()?;
        let essence = kind.split(';').next().unwrap_or_default();
        // A file has the media type of its format.
        let described = contents
            .get(essence)
            .or(contents.get("application/octet-stream"));
        let Some(described) = described else {
            return Some(format!("the type {kind:?} is not described for {status}"));
        };
        if essence == "application/x-ndjson" {
            let lines = body
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty());
            let mut lines = lines.map(|line| serde_json::from_slice(line).unwrap_or_default());
            return lines.find_map(|line: Value| self.misfit(&described["schema"], &line, "line"));
        }
        if essence != "application/json" && !essence.ends_with("+json") {
            return None;
        }
        let value: Value = match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(error) => return Some(format!("the body is not valid JSON: {error}")),
        };
        self.misfit(&described["schema"], &value, "body")
    }

    /// Returns the fault of an event, for one of these shapes.
    fn fault_of_event(&self, shape: &str, event: &Value) -> Option<String> {
        let schema = serde_json::json!({"$ref": format!("#/components/schemas/{shape}")});
        self.misfit(&schema, event, "event")
    }

    /// Returns the operation of a route in the document. `None`: undocumented, such as a second name for a route.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object()?;
        let found = paths.iter().filter(|(template, _)| matches(template, path));
        // `/runs/latest` is more specific than `/runs/{id}`.
        let (_, routes) = found.min_by_key(|(template, _)| template.matches('{').count())?;
        routes.get(method.to_lowercase())
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(place) => {
                let pointer = place.trim_start_matches('#');
                let found = self.0.pointer(pointer);
                self.resolve(found.unwrap_or_else(|| panic!("{place} is nowhere")))
            }
            None => schema,
        }
    }

    fn misfit(&self, schema: &Value, value: &Value, place: &str) -> Option<String> {
        let schema = self.resolve(schema);
        for any in ["oneOf", "anyOf"] {
            if let Some(several) = schema[any].as_array() {
                let faults: Vec<_> = several
                    .iter()
                    .map(|shape| self.misfit(shape, value, place))
                    .collect();
                let is_fit = faults.iter().any(Option::is_none);
                return (!is_fit).then(|| {
                    faults
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join("; or ")
                });
            }
        }
        if !has_type(&schema["type"], value) {
            return Some(format!("{place} is {value}, not {}", schema["type"]));
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            return Some(format!("{place} is {value}, none of {words:?}"));
        }
        if let Some(items) = value.as_array() {
            return items.iter().enumerate().find_map(|(index, item)| {
                self.misfit(&schema["items"], item, &format!("{place}[{index}]"))
            });
        }
        let mut properties = Map::new();
        let mut required = Vec::new();
        self.collect(schema, &mut properties, &mut required);
        let (Some(fields), false) = (value.as_object(), properties.is_empty()) else {
            return None;
        };
        if let Some(absent) = required.iter().find(|name| !fields.contains_key(*name)) {
            return Some(format!("{place}.{absent} is absent"));
        }
        let takes_others = self.resolve(schema)["additionalProperties"] == true;
        fields.iter().find_map(|(name, value)| {
            let place = format!("{place}.{name}");
            match properties.get(name) {
                Some(schema) => self.misfit(schema, value, &place),
                None if takes_others => None,
                None => Some(format!("{place} is not described")),
            }
        })
    }

    /// Collects the fields of an object, also if it combines several schemas.
    fn collect(
        &self,
        schema: &Value,
        properties: &mut Map<String, Value>,
        required: &mut Vec<String>,
    ) {
        let schema = self.resolve(schema);
        let parts = schema["allOf"].as_array().into_iter().flatten();
        parts.for_each(|part| self.collect(part, properties, required));
        let own = schema["properties"].as_object().into_iter().flatten();
        properties.extend(own.map(|(name, schema)| (name.clone(), schema.clone())));
        let names = schema["required"].as_array().into_iter().flatten();
        required.extend(names.filter_map(|name| name.as_str().map(str::to_owned)));
    }
}

/// Returns whether a path fits a template. The path of a file in a configuration may contain slashes.
fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("{path}"), Some(_)) => return true,
            (Some(part), Some(found)) if part.starts_with('{') || part == found => {}
            _ => return false,
        }
    }
}

fn has_type(described: &Value, value: &Value) -> bool {
    let is = |word: &str| match word {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match described {
        Value::String(word) => is(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

impl Place {
    /// Returns the faults of an audit record by its schema, if it has any.
    pub fn fault_of_artifact(artifact: &Value) -> Option<String> {
        let (schemas, schema) = &*ARTIFACT_SCHEMA;
        let fault = schemas.validate(artifact, *schema).err()?;
        Some(format!("{fault:#}"))
    }

    /// Checks an audit record against its schema.
    #[track_caller]
    pub fn keeps_to_the_schema(artifact: &Value) {
        if let Some(fault) = Self::fault_of_artifact(artifact) {
            panic!("{fault}");
        }
    }
}
