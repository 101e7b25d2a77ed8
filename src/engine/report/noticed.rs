//! Reads the engine's notices on a run, in addition to its findings, and how it read columns whose text had to be interpreted.
//!
//! Both the event `engine.run.noticed` and the stored payload contain lists of objects. Objects that are not valid notices are
//! skipped.

use std::borrow::Cow;

use ade_engine_native::account::issues::{IssueTotals, RuleCount};
use ade_engine_native::account::tables::ExplainedTable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The name by which `ade ack` refers to readings that the cells leave open, and the key that marks such a reading.
const AMBIGUOUS: &str = "ambiguous";
/// The key that marks entries that are known for the sender.
const KNOWN: &str = "known";

/// The source of a setting that was passed in the engine's call.
const OF_THE_CALL: &str = "--set";

/// The keys whose values must be text.
const TEXTS: &[&str] = &[
    "sheet",
    "field",
    "hook",
    "column",
    "header",
    "kind",
    "read_as",
    "decided_by",
];
/// The keys whose values must be whole numbers.
const NUMBERS: &[&str] = &["table", "count", "row", "certain", "contradict"];

/// The lists of notices of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunNotices {
    /// Notices for a reader of the result, in the engine's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<RunNotice>,
    /// Readings: an entry per column whose text had to be interpreted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<RunNotice>,
    /// The classification of rows at the borders of headers, data and notes, with the reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RunNotice>,
    /// The evidence for the fields of columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<RunNotice>,
    /// The settings that applied to this run but not to every run of the configuration, and the source of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<RunNotice>,
    /// The number of issues of each rule on each sheet, and the ranges of their cells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<RuleCount>,
    /// The reasons why each table was read this way: its header rows, columns, fields and hooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<ExplainedTable>,
    /// The totals of the issue list; `None` if the run has no list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_list: Option<IssueTotals>,
}

/// A notice or a reading in its stored form: an object with a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RunNotice(Map<String, Value>);

impl RunNotices {
    /// Reads the lists from an event's data or from a stored payload. Malformed entries are left out.
    pub fn parse(holder: &Value) -> Self {
        let list = |key: &str| {
            let list = holder.get(key).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_object)
        };
        Self {
            notices: list("notices").filter_map(notice).collect(),
            readings: list("readings").filter_map(told).collect(),
            rows: list("rows").filter_map(told).collect(),
            columns: list("columns").filter_map(told).collect(),
            overrides: list("overrides").filter_map(told).collect(),
            issues: each(holder, "issues").into_iter().map(of_rule).collect(),
            tables: each::<ExplainedTable>(holder, "tables")
                .into_iter()
                .filter(|table| !table.sheet.is_empty())
                .collect(),
            issue_list: part(holder, "issue_list"),
        }
    }

    /// Returns the payload followed by the lists that are not empty, as the text to store.
    pub fn recorded_with(&self, payload: &Value) -> String {
        #[derive(Serialize)]
        struct RecordedPayload<'a> {
            #[serde(flatten)]
            payload: &'a Map<String, Value>,
            #[serde(flatten)]
            noticed: &'a RunNotices,
        }

        let Value::Object(payload) = payload else {
            return payload.to_string();
        };
        let noticed = self;
        // Serialization to JSON cannot fail: all keys are text.
        serde_json::to_string(&RecordedPayload { payload, noticed }).unwrap_or_default()
    }

    /// Replaces the words of every sentence.
    pub fn reword(&mut self, words: impl Fn(&str) -> String) {
        let all = self.notices.iter_mut().chain(&mut self.readings);
        for told in all.chain(&mut self.rows).chain(&mut self.columns) {
            let message = words(told.message());
            told.0.insert("message".to_owned(), message.into());
        }
    }

    /// Returns the entries to show to people: notices, and readings that the cells leave open.
    pub fn new_notices(&self) -> impl Iterator<Item = &RunNotice> {
        let open = self.readings.iter().filter(|told| told.is_ambiguous());
        self.notices.iter().chain(open)
    }

    /// Marks the entries that are known for the sender, so that they no longer ask for attention.
    pub fn know(&mut self, is_known: impl Fn(&RunNotice) -> bool) {
        let open = self.readings.iter_mut().filter(|told| told.is_ambiguous());
        let all = self.notices.iter_mut().chain(open);
        for told in all.filter(|told| is_known(told)) {
            if told.code().is_empty() {
                told.0.insert(AMBIGUOUS.to_owned(), false.into())
            } else {
                told.0.insert("level".to_owned(), "info".into())
            };
            told.0.insert(KNOWN.to_owned(), true.into());
        }
    }

    /// Replaces the source of a setting that was passed in the engine's call, where the engine reports it as `--set`.
    pub fn attribute(&mut self, setting: &str, source: &str) {
        let mut overrides = self.overrides.iter_mut();
        let told = overrides
            .find(|told| told.text("setting") == setting && told.text("source") == OF_THE_CALL);
        let Some(told) = told else { return };
        let words = told.message().strip_suffix(OF_THE_CALL);
        let message = words.map(|words| format!("{words}{source}"));
        if let Some(message) = message {
            told.0.insert("message".to_owned(), message.into());
        }
        told.0.insert("source".to_owned(), source.into());
    }
}

impl PartialSchema for RunNotice {
    fn schema() -> RefOr<Schema> {
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        let mut told = ObjectBuilder::new()
            .description(Some("A sentence, and the facts that it is made of."))
            .property("message", of(Type::String))
            .required("message");
        for text in TEXTS.iter().chain(&["code", "level"]) {
            told = told.property(*text, of(Type::String));
        }
        for number in NUMBERS {
            told = told.property(*number, of(Type::Integer));
        }
        told.additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for RunNotice {
    fn name() -> Cow<'static, str> {
        "Notice".into()
    }
}

impl RunNotice {
    /// Returns one of its texts, or an empty text if there is none of this name.
    pub fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the message as the engine wrote it.
    pub fn message(&self) -> &str {
        self.text("message")
    }

    /// Returns a whole sentence. Its subject, for a reading, is the header of the column, or the field if the column has no
    /// header.
    pub fn sentence(&self) -> String {
        let header = self.text("header").split_whitespace().collect::<Vec<_>>();
        let subject = if header.is_empty() {
            self.text("field").to_owned()
        } else {
            header.join(" ")
        };
        if self.code().is_empty() && !subject.is_empty() {
            match self.message().strip_prefix("not read as ") {
                Some(rest) => format!("{subject} was not read as {rest}"),
                None => format!("{subject} was read as {}", self.message()),
            }
        } else {
            self.message().to_owned()
        }
    }

    /// Returns the code of a notice; empty for a reading.
    pub fn code(&self) -> &str {
        self.text("code")
    }

    /// Returns the name by which `ade ack` refers to it.
    pub fn rule(&self) -> &str {
        match self.code() {
            "" => AMBIGUOUS,
            code => code,
        }
    }

    /// Returns the cells that it names.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.list("cells").filter_map(Value::as_str)
    }

    /// Returns the sheets that it names, if it is about several.
    pub fn sheets(&self) -> impl Iterator<Item = &str> {
        self.list("sheets").filter_map(Value::as_str)
    }

    /// Returns the number of things that it is about.
    pub fn count(&self) -> Option<u64> {
        self.number("count")
    }

    /// Returns the ranges of rows that it names, from 1: the first and the last row of each.
    pub fn stretches(&self) -> impl Iterator<Item = (u64, u64)> {
        self.list("rows").filter_map(|range| {
            let end = |at: usize| range.get(at).and_then(Value::as_u64);
            let (first, last) = (end(0)?, end(1)?);
            (0 < first && first <= last).then_some((first, last))
        })
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.0.get(key).and_then(Value::as_u64)
    }

    fn list(&self, key: &str) -> impl Iterator<Item = &Value> {
        let list = self.0.get(key).and_then(Value::as_array);
        list.into_iter().flatten()
    }

    /// Returns whether it is known for the sender.
    pub fn is_known(&self) -> bool {
        self.0.get(KNOWN) == Some(&Value::Bool(true))
    }

    /// Returns whether it is a notice that asks for attention.
    pub fn is_warning(&self) -> bool {
        self.text("level") == "warning"
    }

    /// Returns whether it is a reading that the cells leave open.
    pub fn is_ambiguous(&self) -> bool {
        let left_open = self.0.get(AMBIGUOUS);
        // A number counts the open cells; if other cells are certain, those have decided.
        let certain = self.number("certain").unwrap_or(0);
        left_open.is_some_and(|value| {
            value.as_bool() == Some(true)
                || value
                    .as_u64()
                    .is_some_and(|cells| cells > 0 && certain == 0)
        })
    }

    /// Returns the title of the sheet that it is about, or an empty text.
    pub fn sheet(&self) -> &str {
        self.text("sheet")
    }

    /// Returns the row that it is about, from 1.
    pub fn row(&self) -> Option<u64> {
        self.number("row")
    }

    /// Returns whether this row is among the rows that it is about.
    pub fn has_row(&self, row: u64) -> bool {
        self.stretches()
            .any(|(first, last)| (first..=last).contains(&row))
    }

    /// Returns the field that it is about, or an empty text.
    pub fn field(&self) -> &str {
        self.text("field")
    }

    /// Returns whether it is about this field.
    pub fn is_of_field(&self, field: &str) -> bool {
        self.field() == field
    }

    /// Returns the position in the table of the source column that its field was split from.
    pub fn source_index(&self) -> Option<u64> {
        self.number("source_index")
    }

    /// Returns whether it is about the table with this index on the sheet with this title.
    pub fn is_of_table(&self, sheet: &str, table: u64) -> bool {
        self.sheet() == sheet && self.number("table") == Some(table)
    }
}

/// Returns the value of a key, or the default if it is missing or malformed.
pub(super) fn part<T: DeserializeOwned + Default>(holder: &Value, key: &str) -> T {
    let found = holder.get(key).and_then(|value| T::deserialize(value).ok());
    found.unwrap_or_default()
}

/// Returns the well-formed entries of a list.
pub(super) fn each<T: DeserializeOwned>(holder: &Value, key: &str) -> Vec<T> {
    let list = holder.get(key).and_then(Value::as_array);
    let entries = list.into_iter().flatten();
    entries
        .filter_map(|entry| T::deserialize(entry).ok())
        .collect()
}

/// Reads an object with a sentence. Leaves out facts of the wrong type.
fn told(object: &Map<String, Value>) -> Option<RunNotice> {
    let said = object.get("message").and_then(Value::as_str);
    said.filter(|words| !words.trim().is_empty())?;
    let mut object = object.clone();
    object.retain(|key, value| {
        let is_text = !TEXTS.contains(&key.as_str()) || value.is_string();
        let is_number = !NUMBERS.contains(&key.as_str()) || value.is_u64();
        is_text && is_number
    });
    Some(RunNotice(object))
}

/// Returns the issues of a rule on a sheet, without cells that are not ranges.
fn of_rule(mut rule: RuleCount) -> RuleCount {
    let in_range = |letter: u8| letter.is_ascii_alphanumeric() || letter == b':';
    let is_range = |text: &String| !text.is_empty() && text.bytes().all(in_range);
    rule.cells.retain(is_range);
    rule
}

fn notice(object: &Map<String, Value>) -> Option<RunNotice> {
    let code = object.get("code").and_then(Value::as_str)?;
    let in_code = |letter: u8| letter.is_ascii_alphanumeric() || b"_-.".contains(&letter);
    if code.is_empty() || !code.bytes().all(in_code) {
        return None;
    }
    let mut told = told(object)?;
    // Show notices with an unknown level, so that none is overlooked.
    if told.text("level") != "info" {
        told.0.insert("level".to_owned(), "warning".into());
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn noticed(text: &str) -> RunNotices {
        RunNotices::parse(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_reading_names_its_column() {
        for (object, sentence) in [
            (
                r#"{"field": "start", "header": "Start\n date ", "message": "dates day-first"}"#,
                "Start date was read as dates day-first",
            ),
            (
                r#"{"field": "start", "header": " ", "message": "a"}"#,
                "start was read as a",
            ),
            (
                r#"{"field": "net", "message": "not read as numbers: no cell is one"}"#,
                "net was not read as numbers: no cell is one",
            ),
            (r#"{"message": "a"}"#, "a"),
            (r#"{"code": "b", "field": "start", "message": "a"}"#, "a"),
        ] {
            let object = serde_json::from_str(object).unwrap();
            assert_eq!(told(&object).unwrap().sentence(), sentence);
        }
    }

    #[test]
    fn what_is_no_notice_is_passed_over() {
        let odd = noticed(
            r#"{"notices": [
                1, null, "text", [], {}, {"code": "a"}, {"message": "b"}, {"code": 1, "message": "c"}, {"code": "", "message": "d"},
                {"code": "e", "message": "  "}, {"code": "f", "message": ["g"]}, {"code": "\u001b[2J", "message": "g"},
                {"code": "kept", "message": "h", "level": "loud", "count": "many", "sheet": 1, "rows": [[2, 3]]},
                {"code": "quiet", "message": "i", "level": "info", "count": 3}],
            "readings": [{"message": "j", "ambiguous": true}, {"field": "no sentence"}, 7],
            "issues": [1, {"rule": "c"}, {"rule": "a.b", "severity": "loud", "sheet": "S", "count": 1, "cells": []}],
            "issue_list": {"count": "many"},
            "tables": [{}, {"sheet": 1, "table": 0}, {"sheet": "S", "table": -1}, {"sheet": "S", "table": 0, "columns": [1]}]}"#,
        );
        let kept = noticed(
            r#"{"notices": [{"code": "kept", "message": "h", "level": "warning", "rows": [[2, 3]]},
                {"code": "quiet", "message": "i", "level": "info", "count": 3}],
            "readings": [{"message": "j", "ambiguous": true}]}"#,
        );
        assert_eq!((odd, kept.notices.len()), (kept, 2));
        for nothing in [
            "null",
            "[]",
            r#""x""#,
            r#"{"notices": {}, "readings": "y", "issues": "x"}"#,
        ] {
            assert_eq!(noticed(nothing), RunNotices::default(), "{nothing}");
        }
    }

    /// A complete payload, with all lists.
    const WHOLE: &str = r#"{"notices": [{"code": "a", "message": "b", "level": "warning"}], "readings": [{"message": "c"}],
        "issue_list": {"schema_version": 1, "count": 2, "unlisted": 0, "rows_with_errors": 1, "rows_quarantined": 0,
            "by_severity": {"error": 1, "warning": 1, "info": 0}},
        "issues": [{"rule": "a.b", "field": null, "severity": "error", "sheet": "S", "count": 1, "cells": ["C2:C3"], "more": 0}],
        "tables": [{"sheet": "Crew", "table": 0, "region": "A3:D9", "turned": false,
            "header_rows": {"rows": [3], "chosen_by": "votes", "runner_up": null,
                "votes": [{"row": 3, "kind": "header", "score": 2.5, "by": [{"detector": "d", "score": 2.5}]}]},
            "columns": [{"column": "A", "name": "Surnam", "header_cells": ["A3"], "hidden": false, "field": null, "score": null, "by": [],
                "second": {"field": "team", "score": 0.4}, "wanted_by": ["B"], "reason": "tie",
                "nearest": {"field": "surname", "by": "header", "likeness": 0.86, "suggestion": "headers=[…]"},
                "values": {"rows": 9, "filled": 8, "kind": "date", "share": 1.0, "shape": "99.99.9999", "order": "day-first",
                    "mark": null, "size": null}}],
            "fields": [{"field": "team", "from": ["D"], "transforms": ["read"], "validators": ["team.check"], "key": true}],
            "hooks": [{"stage": "on_table_mapped", "name": "tidy", "rows": "kept"}],
            "output": {"sheet": "Crew", "range": "A1:E7",
                "columns": [{"column": "A", "header": "Team", "field": "team", "from": "D"}]}}]}"#;

    #[test]
    fn what_is_known_is_kept_in_the_payload_unless_that_is_no_object() {
        let given: Value = serde_json::from_str(WHOLE).unwrap();
        let known = RunNotices::parse(&given);
        let recorded = known.recorded_with(&json!({"notices": 1, "counts": {}}));
        let recorded: Value = serde_json::from_str(&recorded).unwrap();
        assert_eq!(recorded["counts"], json!({}));
        for (key, value) in given.as_object().unwrap() {
            assert_eq!(&recorded[key], value, "{key}");
        }
        assert_eq!(RunNotices::parse(&recorded), known);
        for payload in ["null", "[1]", r#""x""#] {
            let value = serde_json::from_str(payload).unwrap();
            assert_eq!(known.recorded_with(&value), payload);
        }
        let payload = json!({"notices": 1, "counts": {}});
        let nothing = RunNotices::default().recorded_with(&payload);
        assert_eq!(nothing, payload.to_string());
    }

    #[test]
    fn a_reading_is_ambiguous_where_it_says_so_or_counts_cells() {
        for (value, wanted) in [
            ("true", true),
            ("40", true),
            ("0", false),
            ("false", false),
            ("null", false),
            (r#""yes""#, false),
        ] {
            let text = format!(r#"{{"readings": [{{"message": "m", "ambiguous": {value}}}]}}"#);
            assert_eq!(noticed(&text).readings[0].is_ambiguous(), wanted, "{value}");
        }
    }

    #[test]
    fn sentences_are_reworded_and_know_their_table() {
        let mut noticed =
            noticed(r#"{"readings": [{"message": "in /snapshot/x", "sheet": "S", "table": 1}]}"#);
        noticed.reword(|text| text.replace("/snapshot", "/crew"));
        let reading = &noticed.readings[0];
        assert_eq!(reading.message(), "in /crew/x");
        let is_of =
            [("S", 1), ("S", 0), ("T", 1)].map(|(sheet, table)| reading.is_of_table(sheet, table));
        assert_eq!(is_of, [true, false, false]);
    }

    #[test]
    fn other_keys_of_a_table_are_left_out() {
        let odd = noticed(
            r#"{"tables": [{"sheet": "Crew", "table": 1, "value": "secret", "rows": "secret",
                "columns": [{"name": "x", "cells": ["secret"], "why": ["secret"]}]}]}"#,
        );
        let left = json!(odd.tables).to_string();
        assert!(left.contains("\"x\"") && !left.contains("secret"), "{left}");
    }
}
