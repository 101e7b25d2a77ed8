//! `ade env show`.

use crate::common;

use common::{Place, Told, snapshot};

#[test]
fn one_is_shown_by_its_configuration_or_its_id() {
    let place = Place::new();
    let configuration = place.configuration("config");
    place.ade("env show config").ends_with(2);
    place.members("members.csv");
    place.warm("config");
    let shown = place.json("env show config --json");
    let id = shown["id"].text();
    for given in [id, &id[..18]] {
        assert_eq!(place.json(&format!("env show {given} --json"))["id"], id);
    }
    for (key, expected) in [("status", "ready"), ("configuration_name", "people")] {
        assert_eq!(shown[key], expected, "{key}");
    }
    assert!(shown["engine_spec"].text().starts_with("embedded:"));
    for key in [
        "python_version",
        "python_path",
        "engine_version",
        "lock_digest",
        "installer",
        "deps_digest",
    ] {
        assert!(
            shown[key].as_str().is_some_and(|value| !value.is_empty()),
            "{key}: {shown}"
        );
    }
    assert!(shown["size_bytes"].as_u64().unwrap() > 1_000_000);
    let names = shown["packages"].texts("name");
    for name in ["ade-engine", "openpyxl", "polars"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    let text = place.ade("env show config").succeeds();
    assert!(text.stdout.starts_with("people ready\n"), "{text}");
    text.stdout_has("in use by      0 runs");

    configuration.depend_on(&["openpyxl"]);
    snapshot!(place, place.ade("env show config"), @r"
    status 2
    --- stderr
    error: config has no environment yet
    hint: `ade env build config` builds it
    ");
    place.ade_refuses("env show nonsense", "there is no environment \"nonsense\"");
}
