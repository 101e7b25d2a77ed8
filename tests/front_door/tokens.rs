//! `ade tokens create`, `ade tokens ls` and `ade tokens revoke`.

use crate::common;

use common::{Place, Told, has};
use serde_json::json;

#[test]
fn tokens_are_made_listed_and_revoked() {
    let place = Place::new();
    let made = place.ade("tokens create reports --scope read --for finance --days 30 --json");
    let made = made.succeeds().json();
    let token = made["token"].text();
    assert!(token.starts_with("ade_") && token.len() == 68, "{token}");
    has(&made, json!({"scope": "read", "workspaces": ["finance"]}));
    assert!(made["expires_at"].is_string());
    // It is stored nowhere.
    for file in place.files_below("data") {
        let bytes = std::fs::read(place.path("data").join(&file)).unwrap_or_default();
        let holds = bytes
            .windows(token.len())
            .any(|part| part == token.as_bytes());
        assert!(!holds, "{file}");
    }
    let listed = place.ade("tokens ls").succeeds();
    listed.stdout_has("reports");
    listed.stdout_has("finance");
    place.ade("tokens create reports").succeeds();
    place.ade_refuses("tokens revoke reports", "2 tokens");
    place.ade_refuses("tokens revoke nothing", "no token");
    let id = made["id"].text();
    place.ade(&format!("tokens revoke {id}")).succeeds();
    let listed = place.json("tokens ls --json");
    let revoked = listed.with("id", id);
    assert!(revoked["revoked_at"].is_string());
    place.ade("tokens create t --for ../x").ends_with(2);
}
