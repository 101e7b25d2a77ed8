//! `ade openapi-types`; tests/api_clients.rs compiles what it prints.

mod common;

use common::Place;

#[test]
fn every_shape_has_a_type_and_every_route_an_operation() {
    let place = Place::new();
    let types = place.ade("openapi-types").succeeds().stdout;
    let document = place.json("openapi");
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        let is_there = [
            format!("export interface {name} {{"),
            format!("export type {name} = "),
        ];
        assert!(is_there.iter().any(|line| types.contains(line)), "{name}");
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let line = format!("\"{} {path}\": {{", method.to_uppercase());
            assert!(types.contains(&line), "{line}");
        }
    }
}
