//! The header rows, columns, fields and hooks of a table, and its place in the output, as a run tells them. docs/reference/engine.md
//! describes the keys.
//!
//! Any engine may have sent it: older ones told fewer keys, and a key that is not there, or null, is one of which nothing is known.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::row_counts::RowCounts;

/// The most letters of a header that are told.
const MAX_HEADER_CHARS: usize = 200;
/// The most columns that are told to want the field of another.
const MAX_RIVALS: usize = 20;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedTable)]
pub struct Table {
    /// The sender's sheet.
    pub sheet: String,
    /// Which table of the sheet: from 0 as it is recorded, from 1 as it is shown.
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
    /// How many rows were read and written, as it is shown; nothing as it is recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RowCounts>)]
    pub rows: Option<Option<RowCounts>>,
}

/// Which rows the header is, and what spoke for them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedHeaderRows)]
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
    /// The same in words, as it is shown; nothing as it is recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>)]
    pub why: Option<Vec<String>>,
}

/// What was said of a row as a header.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedVote)]
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
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedPart)]
pub struct Part {
    /// The detector.
    pub detector: String,
    /// Its share of the score.
    pub score: Option<f64>,
}

/// A column, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedColumn)]
pub struct Column {
    /// Its letters; of a turned table the row that it is.
    pub column: String,
    /// Its header; of no length where it has none.
    pub name: String,
    /// The cells in which the header stands.
    #[serde(deserialize_with = "or_default")]
    pub header_cells: Vec<String>,
    /// Whether spreadsheet programs do not show it.
    pub hidden: bool,
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
    /// `highest_score`, `no_header`, `no_score`, `below_minimum`, `lost_to_another`, `tie`.
    pub reason: Option<String>,
    /// Why it has no field, in two or three words, as it is shown, of no length where it has one; nothing as it is recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    pub unmapped_because: Option<String>,
    /// The field that the header is most like: a suggestion, which nothing goes by.
    pub nearest: Option<Nearest>,
    /// What its values look like, for the comparison with the layout of another file.
    pub values: Option<Looks>,
    /// The same in words, as it is shown; nothing as it is recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>)]
    pub why: Option<Vec<String>>,
}

/// What the values of a column look like, so that the layouts of two files can be compared: kinds, shapes and sizes, and no value.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedLooks)]
pub struct Looks {
    /// The rows of its table.
    pub rows: u64,
    /// Those in which it has a value.
    pub filled: u64,
    /// What most of the values are, such as `date`.
    pub kind: Option<String>,
    /// The share of the values that are, up to 1.
    pub share: f64,
    /// How dates are written, such as `99.99.9999`.
    pub shape: Option<String>,
    /// The order of day and month.
    pub order: Option<String>,
    /// The decimal mark.
    pub mark: Option<String>,
    /// How large numbers are, as a power of 10.
    pub size: Option<f64>,
}

/// A field that was not the first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedSecond)]
pub struct Second {
    /// The field.
    pub field: String,
    /// Its score.
    pub score: Option<f64>,
}

/// A field that a header is like.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedNearest)]
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
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedField)]
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
    /// Whether it is one of those that say whose row it is.
    pub key: bool,
}

/// A hook that returned a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedHook)]
pub struct Hook {
    /// When it was called.
    pub stage: String,
    /// Its module and name.
    pub name: String,
    /// What it did to the rows: `kept`, `moved`, or `lost`: it is not known which they are.
    pub rows: Option<String>,
}

/// Where a table was written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedOutput)]
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
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedWritten)]
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
    /// What is known of a field.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.field == name)
    }

    /// The fields that a column went to: its own, or those that were split from it.
    pub fn fields_of<'a>(&'a self, column: &'a Column) -> Vec<&'a str> {
        if let Some(field) = &column.field {
            return vec![field];
        }
        let fields = self.fields.iter();
        let split = fields.filter(|field| field.from.contains(&column.column));
        split.map(|field| field.field.as_str()).collect()
    }

    /// The column of these letters.
    pub fn column(&self, letters: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.column == letters)
    }
}

impl Column {
    /// What its values look like; where it is not known, of a column without any.
    pub fn looks(&self) -> &Looks {
        static UNKNOWN: LazyLock<Looks> = LazyLock::new(Looks::default);
        self.values.as_ref().unwrap_or(&UNKNOWN)
    }
}

impl Written {
    /// Its field, or its header where it is none.
    pub fn name(&self) -> &str {
        self.field.as_deref().unwrap_or(&self.header)
    }
}

/// What detectors found for the headers of a table, and what became of its columns: the tables of a workbook mostly share it.
#[derive(Debug, Default)]
pub struct HeaderScores {
    /// The scores of columns for fields, in the order in which they were found.
    pub scores: Vec<(usize, Vec<(String, f64)>)>,
    /// The fields of columns.
    pub fields: HashMap<usize, String>,
    /// The score that a field needs.
    pub minimum: f64,
}

/// A column of a table as its header alone explains it.
#[derive(Clone, Debug, Default)]
pub struct ExplainedHeader {
    /// Its place among the columns of its table, from 0.
    pub index: usize,
    /// Without its place in the sheet and its values.
    pub column: Column,
    /// The places of other columns whose best field is the same.
    pub rivals: Vec<usize>,
    /// Whether a suggestion may help: it has a header, no field, and wants none.
    pub wants_hint: bool,
}

impl HeaderScores {
    /// Explains the columns of a table. `columns`: their places, their headers, and whether these say nothing.
    pub fn explain(&self, columns: &[(usize, String, bool)]) -> Vec<ExplainedHeader> {
        let mapped: HashSet<&str> = self.fields.values().map(String::as_str).collect();
        let mut ranked: HashMap<usize, Vec<(&str, f64)>> = HashMap::new();
        let mut claims: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, scores) in &self.scores {
            let scores = scores.iter().map(|(field, score)| (field.as_str(), *score));
            let mut best: Vec<(&str, f64)> = scores.filter(|(_, score)| *score > 0.0).collect();
            best.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
            if let Some((field, _)) = best.first().filter(|(_, score)| *score >= self.minimum) {
                claims.entry(field).or_default().push(*index);
            }
            ranked.insert(*index, best);
        }
        let explain = |(index, name, is_none): &(usize, String, bool)| {
            let ranked = ranked.get(index).map_or(&[][..], Vec::as_slice);
            let best = ranked.first();
            let field = self.fields.get(index);
            let claimed = best.filter(|(_, score)| *score >= self.minimum);
            let rivals = claimed.map_or(&[][..], |(field, _)| &claims[field]);
            let rivals = rivals.iter().take(MAX_RIVALS + 1);
            let rivals = rivals.copied().filter(|other| other != index);
            let second = match field {
                Some(_) => ranked.get(1),
                None => best,
            };
            let reason = match best {
                _ if field.is_some() => "highest_score",
                None if *is_none => "no_header",
                None => "no_score",
                Some(_) if claimed.is_none() => "below_minimum",
                Some((best, _)) if mapped.contains(best) => "lost_to_another",
                Some(_) => "tie",
            };
            ExplainedHeader {
                index: *index,
                rivals: rivals.take(MAX_RIVALS).collect(),
                // A column that lost its field to another has a header that says enough.
                wants_hint: field.is_none() && claimed.is_none() && !name.is_empty(),
                column: Column {
                    name: shortened(name),
                    field: field.cloned(),
                    score: best.filter(|_| field.is_some()).map(|best| rounded(best.1)),
                    second: second.map(|(field, score)| Second {
                        field: (*field).to_owned(),
                        score: Some(rounded(*score)),
                    }),
                    reason: Some(reason.to_owned()),
                    ..Column::default()
                },
            }
        };
        columns.iter().map(explain).collect()
    }
}

/// Returns as many letters of a header as are told.
pub fn shortened(header: &str) -> String {
    header.chars().take(MAX_HEADER_CHARS).collect()
}

/// Returns a score with the decimals that are told.
fn rounded(score: f64) -> f64 {
    // As Python rounds, by the exact value.
    format!("{score:.6}").parse().unwrap_or(score)
}

/// A value, or nothing of it where null is sent.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Nothing, whatever is sent: the value is made when it is shown.
fn never<'de, D: Deserializer<'de>, T: Default>(deserializer: D) -> Result<T, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Ok(T::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each column its field, the reason, the next best field and its rivals.
    fn explained(scores: &[(usize, &[(&str, f64)])], fields: &[(usize, &str)]) -> Vec<String> {
        let owned = |(field, score): &(&str, f64)| ((*field).to_owned(), *score);
        let found = HeaderScores {
            scores: scores
                .iter()
                .map(|(index, scores)| (*index, scores.iter().map(owned).collect()))
                .collect(),
            fields: fields
                .iter()
                .map(|(index, field)| (*index, (*field).to_owned()))
                .collect(),
            minimum: 0.5,
        };
        let columns = [(0, "Day"), (1, ""), (2, "Date"), (3, "Note")];
        let columns = columns.map(|(index, name)| (index, name.to_owned(), name.is_empty()));
        let told = found.explain(&columns).into_iter().map(|one| {
            let second = one.column.second.map(|second| second.field);
            let reason = one.column.reason.unwrap_or_default();
            format!(
                "{:?} {reason} {second:?} {:?}",
                one.column.field, one.rivals
            )
        });
        told.map(|text| text.replace(['"', '(', ')'], "").replace("Some", ""))
            .collect()
    }

    #[test]
    fn columns_have_reasons_for_their_fields_and_for_having_none() {
        let scores: &[(usize, &[(&str, f64)])] = &[
            (0, &[("start", 1.0), ("end", 0.6)]),
            (2, &[("start", 0.8)]),
            (3, &[("remark", 0.4), ("end", -1.0)]),
        ];
        assert_eq!(
            explained(scores, &[(0, "start")]),
            [
                "start highest_score end [2]",
                "None no_header None []",
                "None lost_to_another start [0]",
                "None below_minimum remark []",
            ]
        );
        let tied = explained(scores, &[]);
        assert_eq!(tied[0], "None tie start [2]");
        assert_eq!(explained(&[], &[])[3], "None no_score None []");
    }

    #[test]
    fn scores_are_rounded_by_their_exact_values() {
        assert_eq!(
            [0.1234565, 2.0 / 3.0, 1.0].map(rounded),
            [0.123456, 0.666667, 1.0]
        );
    }
}
