//! TypeScript types of the API's shapes, from its OpenAPI document: an interface for each schema, and a map of the operations.

use serde_json::Value;

/// The types of an OpenAPI document, as the text of a `.ts` file.
pub fn types(document: &Value) -> String {
    let mut text = "// Types of ADE's HTTP API, made by `ade openapi-types`.\n\n".to_owned();
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        comment(&mut text, schema, "");
        if schema["properties"].is_object() {
            text.push_str(&format!(
                "export interface {name} {}\n\n",
                shape(schema, "")
            ));
        } else {
            text.push_str(&format!("export type {name} = {};\n\n", kind(schema, "")));
        }
    }
    text.push_str("/** Every operation: what it takes, and what it answers with by status. */\nexport interface Operations {\n");
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            text.push_str(&self::operation(path, method, operation, document));
        }
    }
    text.push_str("}\n");
    text
}

fn operation(path: &str, method: &str, operation: &Value, document: &Value) -> String {
    let mut text = String::new();
    comment(
        &mut text,
        &serde_json::json!({"description": operation["summary"]}),
        "  ",
    );
    text.push_str(&format!("  \"{} {path}\": {{\n", method.to_uppercase()));
    for place in ["path", "query"] {
        let parameters: Vec<String> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == place)
            .map(|parameter| {
                let name = parameter["name"].as_str().unwrap_or_default();
                let mark = if parameter["required"] == true {
                    ""
                } else {
                    "?"
                };
                format!("{name}{mark}: {}", kind(&parameter["schema"], "    "))
            })
            .collect();
        if !parameters.is_empty() {
            text.push_str(&format!("    {place}: {{ {} }};\n", parameters.join("; ")));
        }
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        text.push_str(&format!("    body: {};\n", kind(body, "    ")));
    }
    text.push_str("    answers: {\n");
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        // A refusal is described once for all operations.
        let place = answer["$ref"].as_str();
        let shared = place.and_then(|place| document.pointer(place.trim_start_matches('#')));
        let answer = shared.unwrap_or(answer);
        let kinds: Vec<String> = answer["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(media, content)| {
                if media.ends_with("json") {
                    kind(&content["schema"], "      ")
                } else if media.starts_with("text/") || media.ends_with("ndjson") {
                    "string".to_owned()
                } else {
                    "Blob".to_owned()
                }
            })
            .collect();
        let kinds = if kinds.is_empty() {
            "undefined".to_owned()
        } else {
            kinds.join(" | ")
        };
        text.push_str(&format!("      \"{status}\": {kinds};\n"));
    }
    text.push_str("    };\n  };\n");
    text
}

fn comment(text: &mut String, schema: &Value, indent: &str) {
    if let Some(description) = schema["description"].as_str() {
        let description = description.replace("*/", "*\\/").replace('\n', " ");
        text.push_str(&format!("{indent}/** {} */\n", description.trim()));
    }
}

/// An object's fields.
fn shape(schema: &Value, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut text = "{\n".to_owned();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        comment(&mut text, field, &inner);
        let mark = if required.contains(&name.as_str()) {
            ""
        } else {
            "?"
        };
        text.push_str(&format!("{inner}{name}{mark}: {};\n", kind(field, &inner)));
    }
    text.push_str(&format!("{indent}}}"));
    text
}

/// The type of a schema.
fn kind(schema: &Value, indent: &str) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or("unknown").to_owned();
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        return values.join(" | ");
    }
    for together in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[together].as_array() {
            let choices: Vec<String> = choices.iter().map(|choice| kind(choice, indent)).collect();
            return choices.join(" | ");
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts: Vec<String> = parts.iter().map(|part| kind(part, indent)).collect();
        return parts.join(" & ");
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let mut one = schema.clone();
            let kinds: Vec<String> = kinds
                .iter()
                .map(|each| {
                    one["type"] = each.clone();
                    kind(&one, indent)
                })
                .collect();
            kinds.join(" | ")
        }
        Value::String(word) => match word.as_str() {
            "string" => "string".to_owned(),
            "integer" | "number" => "number".to_owned(),
            "boolean" => "boolean".to_owned(),
            "null" => "null".to_owned(),
            "array" => format!("Array<{}>", kind(&schema["items"], indent)),
            "object" if schema["properties"].is_object() => shape(schema, indent),
            _ => "Record<string, unknown>".to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}
