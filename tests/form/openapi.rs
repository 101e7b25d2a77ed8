//! Checks `ade openapi`, the description of the API. `ade openapi-types` prints a command, which .ci/clients runs to compile a
//! program with the resulting types.

use crate::common;

use common::{Place, Printed, Server};
use serde_json::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "whether the committed file is written is not a setting"
)]
#[test]
fn the_committed_description_is_that_of_the_code() {
    let place = Place::new();
    let printed = place.ade("openapi").success().printed();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/openapi.json");
    if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        printed == committed,
        "docs/reference/openapi.json is not what the code says; ADE_UPDATE_GENERATED=1 cargo test --test form openapi writes it"
    );
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let server = Server::dev(&place, "--no-worker --no-web");
    assert_eq!(
        server
            .plain("GET", "/api/v1/openapi.json")
            .send()
            .is(200)
            .text(),
        printed
    );
}

/// Returns every operation of the document: its route and its description.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    const VERBS: [&str; 25] = [
        "activate",
        "cancel",
        "check",
        "create",
        "deactivate",
        "delete",
        "download",
        "explain",
        "find",
        "fix",
        "get",
        "infer",
        "list",
        "pause",
        "publish",
        "quiet",
        "repeat",
        "replace",
        "resume",
        "retry",
        "revoke",
        "stream",
        "try",
        "update",
        "write",
    ];
    let document: Value = serde_json::from_str(&ade::api::description()).unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for (route, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        let (verb, noun) = name.split_once('_').unwrap_or_default();
        assert!(
            VERBS.contains(&verb),
            "{route}: {name:?} begins with no verb"
        );
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        assert!(
            !noun.is_empty() && noun.chars().all(is_plain),
            "{route}: {name}"
        );
        let other = seen.insert(name, route.clone());
        assert_eq!(other, None, "{name} is {route} too");
    }
    assert!(seen.len() > 50, "{}", seen.len());
}

#[test]
fn every_status_is_named_and_a_file_is_described_as_bytes() {
    let document: Value = serde_json::from_str(&ade::api::description()).unwrap();
    let mut files = 0;
    for (route, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let has = |status: &str| responses.contains_key(status);
        for (status, response) in responses {
            let number: u16 = status.parse().unwrap_or_default();
            assert!(
                (200..600).contains(&number),
                "{route}: {status} is no status"
            );
            let refusal = response["$ref"].as_str();
            assert_eq!(refusal.is_some(), number >= 400, "{route}: {status}");
            let described = match refusal {
                None => response,
                Some(place) => document.pointer(&place[1..]).unwrap(),
            };
            let words = described["description"].as_str().unwrap_or_default();
            assert!(!words.is_empty(), "{route}: {status} is not described");
            if refusal.is_some() {
                let content = &described["content"]["application/problem+json"];
                let shape = &content["schema"]["$ref"];
                assert_eq!(
                    shape, "#/components/schemas/ProblemDetails",
                    "{route}: {status}"
                );
            }
        }
        let is_open = operation["security"] == serde_json::json!([{}]);
        assert_eq!(has("401") && has("403") && has("500"), !is_open, "{route}");
        let has_body = !operation["requestBody"].is_null();
        assert_eq!(has("400") && has("413") && has("415"), has_body, "{route}");
        assert!(has("404") || !route.contains('{'), "{route}");
        for body in responses.values().chain([&operation["requestBody"]]) {
            for (kind, content) in body["content"].as_object().into_iter().flatten() {
                let schema = &content["schema"];
                let is_json = kind.ends_with("json");
                files += usize::from(!is_json && schema["format"] == "binary");
                assert!(is_json || schema["type"] != "array", "{route}: {kind}");
            }
        }
    }
    assert!(files > 20, "{files}");
}

#[test]
fn the_command_that_makes_types_is_printed_alone() {
    let place = Place::new();
    let printed = place.ade("openapi-types").success().printed();
    assert_eq!(
        printed,
        "ade openapi | npx --yes openapi-typescript@7 -o ade.d.ts\n"
    );
}
