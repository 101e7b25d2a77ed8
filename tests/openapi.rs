//! `ade openapi`: the description of the API.

mod common;

use common::{Place, Server};
use serde_json::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "whether the committed file is written is not a setting"
)]
#[test]
fn the_committed_description_is_that_of_the_code() {
    let place = Place::new();
    let printed = place.ade("openapi").succeeds().stdout;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        printed == committed,
        "docs/openapi.json is not what the code says; ADE_UPDATE_GENERATED=1 cargo test --test openapi writes it"
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
