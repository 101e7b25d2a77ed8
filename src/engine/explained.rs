//! Why tables were read as they were, as an engine tells it in the list `tables` of `engine.run.noticed`.
//!
//! Only keys that are known here are kept, where they have the shape that they should have: what is recorded is read by pages and
//! commands. The keys are described in docs/reference/engine.md.

use serde_json::{Map, Value};

/// The value of a key. Each may be null as well: then it is known that there is nothing.
enum Shape {
    Text,
    Number,
    Whole,
    Flag,
    /// A list of what has a shape; others are left out of it.
    List(&'static Shape),
    Object(&'static [(&'static str, Shape)]),
}
use Shape::{Flag, List, Number, Object, Text, Whole};

const SCORE_BY: Shape = Object(&[("detector", Text), ("score", Number)]);
const SCORE_OF: Shape = Object(&[("field", Text), ("score", Number)]);
const VOTE: Shape = Object(&[
    ("row", Whole),
    ("kind", Text),
    ("score", Number),
    ("by", List(&SCORE_BY)),
]);
const HEADER_ROWS: Shape = Object(&[
    ("rows", List(&Whole)),
    ("chosen_by", Text),
    ("votes", List(&VOTE)),
    ("runner_up", VOTE),
]);
const NEAREST: Shape = Object(&[
    ("field", Text),
    ("by", Text),
    ("likeness", Number),
    ("suggestion", Text),
]);
const VALUES: Shape = Object(&[
    ("rows", Whole),
    ("filled", Whole),
    ("kind", Text),
    ("share", Number),
    ("shape", Text),
    ("order", Text),
    ("mark", Text),
    ("size", Number),
]);
const COLUMN: Shape = Object(&[
    ("column", Text),
    ("name", Text),
    ("header_cells", List(&Text)),
    ("field", Text),
    ("score", Number),
    ("by", List(&SCORE_BY)),
    ("second", SCORE_OF),
    ("wanted_by", List(&Text)),
    ("reason", Text),
    ("nearest", NEAREST),
    ("values", VALUES),
]);
const FIELD: Shape = Object(&[
    ("field", Text),
    ("from", List(&Text)),
    ("transforms", List(&Text)),
    ("validators", List(&Text)),
    ("key", Flag),
]);
const HOOK: Shape = Object(&[("stage", Text), ("name", Text), ("rows", Text)]);
const WRITTEN: Shape = Object(&[
    ("column", Text),
    ("header", Text),
    ("field", Text),
    ("from", Text),
]);
const OUTPUT: Shape = Object(&[
    ("sheet", Text),
    ("range", Text),
    ("columns", List(&WRITTEN)),
]);
const TABLE: Shape = Object(&[
    ("sheet", Text),
    ("table", Whole),
    ("region", Text),
    ("turned", Flag),
    ("header_rows", HEADER_ROWS),
    ("columns", List(&COLUMN)),
    ("fields", List(&FIELD)),
    ("hooks", List(&HOOK)),
    ("output", OUTPUT),
]);

/// What is told of a table, with the keys that are known; nothing where it does not say which table it is.
pub fn table(object: &Map<String, Value>) -> Option<Value> {
    object.get("sheet").filter(|sheet| sheet.is_string())?;
    object.get("table").filter(|table| table.is_u64())?;
    TABLE.of(&Value::Object(object.clone()))
}

impl Shape {
    /// The value, with what is known of it; nothing where it has another shape.
    fn of(&self, value: &Value) -> Option<Value> {
        match (self, value) {
            (_, Value::Null)
            | (Text, Value::String(_))
            | (Number, Value::Number(_))
            | (Flag, Value::Bool(_)) => Some(value.clone()),
            (Whole, Value::Number(number)) if number.is_u64() => Some(value.clone()),
            (List(shape), Value::Array(values)) => {
                let values = values.iter().filter(|value| !value.is_null());
                Some(values.filter_map(|value| shape.of(value)).collect())
            }
            (Object(keys), Value::Object(object)) => {
                let kept = keys.iter().filter_map(|(key, shape)| {
                    let value = shape.of(object.get(*key)?)?;
                    Some(((*key).to_owned(), value))
                });
                Some(Value::Object(kept.collect()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(value: &Value) -> Option<Value> {
        table(value.as_object().unwrap())
    }

    #[test]
    fn what_is_known_is_kept() {
        let whole = json!({"sheet": "Crew", "table": 0, "region": "A3:D9", "turned": false,
            "header_rows": {"rows": [3], "chosen_by": "votes", "runner_up": null,
                "votes": [{"row": 3, "kind": "header", "score": 2.5, "by": [{"detector": "d", "score": 2.5}]}]},
            "columns": [{"column": "A", "name": "Surnam", "header_cells": ["A3"], "field": null, "score": null, "by": [],
                "second": {"field": "team", "score": 0.4}, "wanted_by": ["B"], "reason": "tie",
                "nearest": {"field": "surname", "by": "header", "likeness": 0.86, "suggestion": "headers=[…]"},
                "values": {"rows": 9, "filled": 8, "kind": "date", "share": 1.0, "shape": "99.99.9999", "order": "day-first"}}],
            "fields": [{"field": "team", "from": ["D"], "transforms": ["read"], "validators": ["team.check"]}],
            "hooks": [{"stage": "on_table_mapped", "name": "tidy", "rows": "kept"}],
            "output": {"sheet": "Crew", "range": "A1:E7",
                "columns": [{"column": "A", "header": "Team", "field": "team", "from": "D"}]}});
        assert_eq!(kept(&whole), Some(whole));
    }

    #[test]
    fn what_has_another_shape_is_left_out() {
        let odd = json!({"sheet": "Crew", "table": 1, "turned": "no", "value": "secret", "header_rows": [3],
            "columns": [1, null, {"column": 4, "name": "x", "cells": ["y"], "second": {"score": "high"}, "by": "z"}],
            "fields": {}, "hooks": [[], {"stage": "s"}]});
        let left = json!({"sheet": "Crew", "table": 1, "columns": [{"name": "x", "second": {}}], "hooks": [{"stage": "s"}]});
        assert_eq!(kept(&odd), Some(left));
        for none in [
            json!({}),
            json!({"sheet": "Crew"}),
            json!({"sheet": 1, "table": 0}),
            json!({"sheet": "S", "table": -1}),
        ] {
            assert_eq!(kept(&none), None, "{none}");
        }
    }
}
