//! Explains why no column of a table was mapped to a field: the nearest columns, why they were not mapped to it, and what
//! would map one of them.
//!
//! The record only has the two best fields of each column and the one field that is most like its header, so nothing else is
//! reported.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::nearest_in_words;
use crate::base::counted;
use crate::engine::report::{ExplainedColumn, ExplainedTable};
use crate::store::FieldResult;

/// The maximum number of columns without a field in a message.
const MAX_NAMED_COLUMNS: usize = 8;

/// A requested field, and a table in which no column is mapped to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ExplainedWithout)]
pub struct UnmappedField {
    /// The name of the field.
    pub field: String,
    /// The sheet of the sender.
    pub sheet: String,
    /// The number of the table on the sheet, from 1.
    pub table: u64,
    /// The columns that came nearest, the nearest first.
    pub nearest: Vec<NearColumn>,
    /// The sources of its values if it has any, or that no column came near.
    pub why: Vec<String>,
    /// The changes that would map a column to it.
    pub to_map: Vec<String>,
}

/// A column that came near to a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = ExplainedNear)]
pub struct NearColumn {
    /// Its letters; in a turned table, the number of its row.
    pub column: String,
    /// The header of the column.
    pub name: String,
    /// The field to which it was mapped instead.
    pub field: Option<String>,
    /// Its score for the requested field.
    pub score: Option<f64>,
    /// The likeness of its header to those of that field, up to 1.
    pub likeness: Option<f64>,
    /// The reasons why it was not mapped to the field.
    pub why: Vec<String>,
}

/// Returns the field of the configuration with this name, or else with this label.
pub fn field_named<'f>(fields: &'f [FieldResult], name: &str) -> Option<&'f FieldResult> {
    let lower = name.trim().to_lowercase();
    let is_label = |field: &&FieldResult| {
        let label = field.label.as_deref().unwrap_or_default();
        label.to_lowercase() == lower
    };
    let own = fields
        .iter()
        .find(|field| field.field.to_lowercase() == lower);
    own.or_else(|| fields.iter().find(is_label))
}

/// Returns why a table has no column for a field. `None`: it has one.
pub fn without(table: &ExplainedTable, field: &FieldResult) -> Option<UnmappedField> {
    let name = field.field.as_str();
    let is_it = |column: &ExplainedColumn| column.field.as_deref() == Some(name);
    let is_part = table.field(name).is_some_and(|told| !told.from.is_empty());
    if is_part || table.columns.iter().any(is_it) {
        return None;
    }
    let columns = table.columns.iter();
    let mut nearest: Vec<NearColumn> = columns.filter_map(|column| near(column, name)).collect();
    let rank = |near: &NearColumn| near.score.or(near.likeness).unwrap_or_default();
    nearest.sort_by(|one, other| {
        let has_score = other.score.is_some().cmp(&one.score.is_some());
        has_score.then(rank(other).total_cmp(&rank(one)))
    });
    let mut why = Vec::new();
    if nearest.is_empty() {
        why.push(format!(
            "no column resembles {name}, neither by its header nor by its values"
        ));
    }
    if field.computed {
        why.push("its values, if any, come from a transform or a hook".to_owned());
    }
    Some(UnmappedField {
        field: name.to_owned(),
        sheet: table.sheet.clone(),
        table: table.table,
        to_map: to_map(table, name, &nearest),
        nearest,
        why,
    })
}

/// Returns how near a column came to a field. `None`: that was not recorded.
fn near(column: &ExplainedColumn, field: &str) -> Option<NearColumn> {
    let second = column
        .second
        .as_ref()
        .filter(|second| second.field == field);
    let like = column
        .nearest
        .as_ref()
        .filter(|nearest| nearest.field == field);
    if second.is_none() && like.is_none() {
        return None;
    }
    let score = second.and_then(|second| second.score);
    let mut why = Vec::new();
    match (&column.field, score) {
        (Some(other), Some(score)) => why.push(format!(
            "it went to {other} with a score of {:.2}, and has {score:.2} for {field}",
            column.score.unwrap_or_default()
        )),
        (Some(other), None) => why.push(format!("it went to {other}")),
        // The reasons of a column without a field end with the field that is most like its header.
        (None, _) => {
            let said = like.map(nearest_in_words);
            let own = column
                .why
                .iter()
                .flatten()
                .filter(|why| Some(*why) != said.as_ref());
            why.extend(own.cloned());
        }
    }
    let likeness = like.and_then(|like| like.likeness);
    why.extend(likeness.map(|likeness| {
        format!(
            "its header is {:.0}% like those of {field}",
            likeness * 100.0
        )
    }));
    Some(NearColumn {
        column: column.column.clone(),
        name: column.name.clone(),
        field: column.field.clone(),
        score,
        likeness,
        why,
    })
}

/// Returns what to write into the configuration, for the columns that came near, or else for any column without a field.
fn to_map(table: &ExplainedTable, field: &str, nearest: &[NearColumn]) -> Vec<String> {
    let of = |near: &NearColumn| table.column(&near.column);
    let mut said = Vec::new();
    for near in nearest.iter().filter(|near| near.field.is_none()) {
        let Some(column) = of(near) else { continue };
        let place = format!("column {} is {field}", near.column);
        let like = column.nearest.as_ref().filter(|like| like.field == field);
        let suggestion = like.and_then(|like| like.suggestion.clone());
        said.push(match (column.reason.as_deref(), suggestion) {
            (_, Some(suggestion)) => format!("if {place}: {suggestion}"),
            (Some("tie"), None) => format!(
                "if {place}: list its header in headers=[…] of {field} and of no other field, or set mapping_tie_resolution to choose which column gets it"
            ),
            _ if near.name.is_empty() => {
                format!("if {place}: lower minimum_mapping_score, or write a column detector")
            }
            _ => format!(
                "if {place}: {}, or lower minimum_mapping_score",
                headers_with(&near.name)
            ),
        });
    }
    if said.is_empty() {
        said.push(any_column(table, field));
    }
    said
}

/// Returns what to write if no column came near.
fn any_column(table: &ExplainedTable, field: &str) -> String {
    let is_free =
        |column: &&ExplainedColumn| !column.name.is_empty() && table.fields_of(column).is_empty();
    let mut names: Vec<String> = Vec::new();
    let mut first = None;
    for column in table.columns.iter().filter(is_free) {
        first = first.or(Some(column));
        names.push(format!("{} {}", column.column, column.name));
    }
    let Some(first) = first else {
        return format!(
            "no column with a header is without a field: {field} is not in this table, or its column went to another field"
        );
    };
    // If there are several columns, none is shown as the intended one.
    let how = match names.len() {
        1 => format!("list its header, as in {}", headers_with(&first.name)),
        _ => format!("list its header in headers=[…] of {field}; `ade fix` says which it may be"),
    };
    format!(
        "if one of the columns without a field is {field} ({}): {how}",
        counted::first(MAX_NAMED_COLUMNS, names.into_iter())
    )
}

fn headers_with(header: &str) -> String {
    format!("headers=[…, {}]", serde_json::Value::from(header))
}
