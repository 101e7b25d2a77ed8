//! What the engine told of a table, as it is recorded: header rows, columns, fields, hooks, and where it was written.
//!
//! docs/reference/engine.md describes the keys. Older engines told fewer of them; a key that is not there is one of which nothing is known.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::run::results::RowCounts;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Table {
    /// The sender's sheet.
    pub sheet: String,
    /// Which table of the sheet, from 1.
    pub table: u64,
    /// Where it lies, header rows included; nothing where it was turned.
    pub region: Option<String>,
    /// Whether it lies on its side, so that its records are columns.
    pub turned: bool,
    /// Why these rows are its header.
    pub header_rows: HeaderRows,
    /// Its columns, in the order of the sheet.
    #[serde(deserialize_with = "or_default")]
    pub columns: Vec<Column>,
    /// The fields that it has.
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<Field>,
    /// The hooks that returned a table.
    #[serde(deserialize_with = "or_default")]
    pub hooks: Vec<Hook>,
    /// Where it was written; nothing where it was not, or where the engine did not say.
    pub output: Option<Output>,
    /// How many rows were read and written.
    #[serde(skip_deserializing)]
    pub rows: Option<RowCounts>,
}

/// Which rows the header is, and what spoke for them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct HeaderRows {
    /// The sender's rows.
    #[serde(deserialize_with = "or_default")]
    pub rows: Vec<u64>,
    /// `votes` of detectors, their `looks` alone, a `setting`, or `fallback`: no row was found to be one.
    pub chosen_by: Option<String>,
    /// What was said of each of the rows.
    #[serde(deserialize_with = "or_default")]
    pub votes: Vec<Vote>,
    /// The row that came next.
    pub runner_up: Option<Vote>,
    /// The same in words.
    pub why: Vec<String>,
}

/// What was said of a row as a header.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Vote {
    /// The sender's row.
    pub row: u64,
    /// What it was taken for.
    pub kind: Option<String>,
    /// Its score as a header.
    pub score: Option<f64>,
    /// The detectors that gave it.
    #[serde(deserialize_with = "or_default")]
    pub by: Vec<Part>,
}

/// What one detector gave.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Part {
    /// The detector.
    pub detector: String,
    /// Its share of the score.
    pub score: Option<f64>,
}

/// A column, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Column {
    /// Its letters; of a turned table the row that it is.
    pub column: String,
    /// Its header; of no length where it has none.
    pub name: String,
    /// The cells in which the header stands.
    #[serde(deserialize_with = "or_default")]
    pub header_cells: Vec<String>,
    /// Its field.
    pub field: Option<String>,
    /// The score of that field.
    pub score: Option<f64>,
    /// The detectors that gave the best field its score.
    #[serde(deserialize_with = "or_default")]
    pub by: Vec<Part>,
    /// The next best field; of a column without a field the best one.
    pub second: Option<Second>,
    /// Other columns whose best field is the same.
    #[serde(deserialize_with = "or_default")]
    pub wanted_by: Vec<String>,
    /// `highest_score`, `no_score`, `below_minimum`, `lost_to_another`, `tie`.
    pub reason: Option<String>,
    /// The field that the header is most like: a suggestion, which nothing goes by.
    pub nearest: Option<Nearest>,
    /// The same in words.
    pub why: Vec<String>,
}

/// A field that was not the first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Second {
    /// The field.
    pub field: String,
    /// Its score.
    pub score: Option<f64>,
}

/// A field that a header is like.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Nearest {
    /// The field.
    pub field: String,
    /// What is alike: `header`.
    pub by: Option<String>,
    /// How much, up to 1.
    pub likeness: Option<f64>,
    /// What would make the column this field.
    pub suggestion: Option<String>,
}

/// A field of a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Field {
    /// The field.
    pub field: String,
    /// The columns that it comes from; none where it was computed.
    #[serde(deserialize_with = "or_default")]
    pub from: Vec<String>,
    /// What changed its values, in order.
    #[serde(deserialize_with = "or_default")]
    pub transforms: Vec<String>,
    /// The rules that looked at them.
    #[serde(deserialize_with = "or_default")]
    pub validators: Vec<String>,
}

/// A hook that returned a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Hook {
    /// When it was called.
    pub stage: String,
    /// Its module and name.
    pub name: String,
    /// What it did to the rows: `kept`, `moved`, or `lost`: it is not known which they are.
    pub rows: Option<String>,
}

/// Where a table was written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Output {
    /// The sheet.
    pub sheet: String,
    /// The cells, the header among them.
    pub range: String,
    /// The columns, the engine's own left out.
    #[serde(deserialize_with = "or_default")]
    pub columns: Vec<Written>,
}

/// A column of the output.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Written {
    /// Its letters.
    pub column: String,
    /// Its header.
    pub header: String,
    /// Its field.
    pub field: Option<String>,
    /// The sender's column; nothing where there is none, or it is not known.
    pub from: Option<String>,
}

impl Table {
    /// A table as it is recorded. `None`: it is none.
    pub(super) fn of(told: &Value) -> Option<Self> {
        let mut table: Self = serde_json::from_value(told.clone()).ok()?;
        // People count from 1.
        table.table = table.table.checked_add(1)?;
        Some(table)
    }

    /// What is known of a field.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.field == name)
    }

    /// The column of these letters.
    pub(super) fn column(&self, letters: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.column == letters)
    }
}

/// A value, or nothing of it where null is recorded.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
