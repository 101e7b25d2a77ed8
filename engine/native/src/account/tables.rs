//! The header rows, columns, fields and hooks of a table, and its position in the output, as a run reports them.
//! docs/reference/engine.md describes the keys.
//!
//! Any engine may send this. Older engines report fewer keys. If a key is missing or null, its value is unknown.

use std::sync::LazyLock;

use foldhash::{HashMap, HashSet};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::row_counts::RowCounts;

/// The maximum length of a reported header.
const MAX_HEADER_CHARS: usize = 200;
/// The maximum number of reported rivals of a column.
const MAX_RIVALS: usize = 20;

/// The explanation of one table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedTable)]
pub struct ExplainedTable {
    /// The name of the sender's sheet.
    pub sheet: String,
    /// The number of the table on its sheet: from 0 as recorded, from 1 as shown.
    pub table: u64,
    /// The range of the table including header rows; null if the table was turned.
    pub region: Option<String>,
    /// True if the records of the table are columns.
    pub turned: bool,
    /// The header rows, and the reasons for them.
    pub header_rows: HeaderRows,
    /// The columns, in the order of the sheet.
    #[serde(deserialize_with = "or_default")]
    pub columns: Vec<ExplainedColumn>,
    /// The fields of the table.
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<ExplainedField>,
    /// The hooks that returned a table.
    #[serde(deserialize_with = "or_default")]
    pub hooks: Vec<Hook>,
    /// The position in the output; null if the table was not written or the engine did not report it.
    pub output: Option<TableOutput>,
    /// The number of rows read and written. Only set for display; not recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RowCounts>)]
    pub rows: Option<Option<RowCounts>>,
}

/// The header rows, and the evidence for them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedHeaderRows)]
pub struct HeaderRows {
    /// The numbers of the sender's rows.
    #[serde(deserialize_with = "or_default")]
    pub rows: Vec<u64>,
    /// The basis of the choice: `votes` of detectors, their `looks` alone, a `setting`, or `fallback` if no row looks like a
    /// header.
    pub chosen_by: Option<String>,
    /// The votes on each of these rows.
    #[serde(deserialize_with = "or_default")]
    pub votes: Vec<Vote>,
    /// The row with the second-best score.
    pub runner_up: Option<Vote>,
    /// The reasons in words. Only set for display; not recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, default = json!([]))]
    pub why: Option<Vec<String>>,
}

/// The votes on one row as a header.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedVote)]
pub struct Vote {
    /// The number of the sender's row.
    pub row: u64,
    /// The kind of row that it was taken for.
    pub kind: Option<String>,
    /// The score as a header row.
    pub score: Option<f64>,
    /// The detectors that contributed to the score.
    #[serde(deserialize_with = "or_default")]
    pub by: Vec<DetectorScore>,
}

/// The contribution of one detector.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedPart)]
pub struct DetectorScore {
    /// The name of the detector.
    pub detector: String,
    /// The share of the score.
    pub score: Option<f64>,
}

/// A column and its mapping to a field.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedColumn)]
pub struct ExplainedColumn {
    /// The letters of the column; in a turned table, the number of the row.
    pub column: String,
    /// The header; empty if there is none.
    pub name: String,
    /// The cells that contain the header.
    #[serde(deserialize_with = "or_default")]
    pub header_cells: Vec<String>,
    /// True if the column is hidden in spreadsheet programs.
    pub hidden: bool,
    /// The field of the column.
    pub field: Option<String>,
    /// The score of that field.
    pub score: Option<f64>,
    /// The detectors that contributed to the score of the best field.
    #[serde(deserialize_with = "or_default")]
    pub by: Vec<DetectorScore>,
    /// The second-best field; if the column has no field, the best one.
    pub second: Option<RunnerUpField>,
    /// Other columns with the same best field.
    #[serde(deserialize_with = "or_default")]
    pub wanted_by: Vec<String>,
    /// The reason code: `highest_score`, `no_header`, `no_score`, `below_minimum`, `lost_to_another`, `tie`.
    pub reason: Option<String>,
    /// The reason why the column has no field, in two or three words; empty if it has one. Only set for display; not recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, default = "")]
    pub unmapped_because: Option<String>,
    /// The field that is most similar to the header. It is only a suggestion.
    pub nearest: Option<NearestField>,
    /// A profile of the values, to compare the layouts of files.
    pub values: Option<ColumnValueProfile>,
    /// The reasons in words. Only set for display; not recorded.
    #[serde(deserialize_with = "never", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, default = json!([]))]
    pub why: Option<Vec<String>>,
}

/// A profile of the values of a column: kinds, shapes and sizes, but no value. It serves to compare the layouts of two files.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedLooks)]
pub struct ColumnValueProfile {
    /// The number of rows of the table.
    pub rows: u64,
    /// The number of rows in which the column has a value.
    pub filled: u64,
    /// The kind of most values, such as `date`.
    pub kind: Option<String>,
    /// The share of values of that kind, up to 1.
    pub share: f64,
    /// The shape of dates, such as `99.99.9999`.
    pub shape: Option<String>,
    /// The order of day and month.
    pub order: Option<String>,
    /// The decimal mark of the numbers.
    pub mark: Option<String>,
    /// The size of the numbers, as a power of 10.
    pub size: Option<f64>,
}

/// A field that did not have the best score.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedSecond)]
pub struct RunnerUpField {
    /// The name of the field.
    pub field: String,
    /// The score of the field.
    pub score: Option<f64>,
}

/// A field that is similar to a header.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedNearest)]
pub struct NearestField {
    /// The name of the field.
    pub field: String,
    /// The thing that is similar: `header`.
    pub by: Option<String>,
    /// The similarity, up to 1.
    pub likeness: Option<f64>,
    /// A change that would map the column to this field.
    pub suggestion: Option<String>,
}

/// A field of a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedField)]
pub struct ExplainedField {
    /// The name of the field.
    pub field: String,
    /// The columns that it comes from; empty if it was computed.
    #[serde(deserialize_with = "or_default")]
    pub from: Vec<String>,
    /// The transforms of its values, in order.
    #[serde(deserialize_with = "or_default")]
    pub transforms: Vec<String>,
    /// The validators that checked its values.
    #[serde(deserialize_with = "or_default")]
    pub validators: Vec<String>,
    /// True if the field is part of the key of a row.
    pub key: bool,
}

/// A hook that returned a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedHook)]
pub struct Hook {
    /// The stage at which it was called.
    pub stage: String,
    /// The module and name of the hook.
    pub name: String,
    /// The effect on the rows: `kept`, `moved`, or `lost` if the rows can't be matched any more.
    pub rows: Option<String>,
}

/// The position of a table in the output.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedOutput)]
pub struct TableOutput {
    /// The name of the output sheet.
    pub sheet: String,
    /// The range of cells, including the header.
    pub range: String,
    /// The columns, without the engine's own.
    #[serde(deserialize_with = "or_default")]
    pub columns: Vec<OutputColumn>,
}

/// A column of the output.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = ExplainedWritten)]
pub struct OutputColumn {
    /// The letters of the column.
    pub column: String,
    /// The header of the column.
    pub header: String,
    /// The field of the column.
    pub field: Option<String>,
    /// The sender's column; null if there is none or it is unknown.
    pub from: Option<String>,
}

impl ExplainedTable {
    /// Returns the field with this name.
    pub fn field(&self, name: &str) -> Option<&ExplainedField> {
        self.fields.iter().find(|field| field.field == name)
    }

    /// Returns the fields of a column: its own field, or the fields that were split from it.
    pub fn fields_of<'a>(&'a self, column: &'a ExplainedColumn) -> Vec<&'a str> {
        if let Some(field) = &column.field {
            return vec![field];
        }
        let fields = self.fields.iter();
        let split = fields.filter(|field| field.from.contains(&column.column));
        split.map(|field| field.field.as_str()).collect()
    }

    /// Returns the column with these letters.
    pub fn column(&self, letters: &str) -> Option<&ExplainedColumn> {
        self.columns.iter().find(|column| column.column == letters)
    }
}

impl ExplainedColumn {
    /// Returns the profile of the values; that of a column without values if it is unknown.
    pub fn looks(&self) -> &ColumnValueProfile {
        static UNKNOWN: LazyLock<ColumnValueProfile> = LazyLock::new(ColumnValueProfile::default);
        self.values.as_ref().unwrap_or(&UNKNOWN)
    }
}

impl OutputColumn {
    /// Returns the field, or the header if there is no field.
    pub fn name(&self) -> &str {
        self.field.as_deref().unwrap_or(&self.header)
    }
}

/// The scores that detectors gave to the headers of a table, and the mapping of its columns. Most tables of a workbook share
/// it.
#[derive(Debug, Default)]
pub struct HeaderScores {
    /// The scores of each column for fields, in the order in which they were found.
    pub scores: Vec<(usize, Vec<(String, f64)>)>,
    /// The field of each mapped column.
    pub fields: HashMap<usize, String>,
    /// The minimum score for a field.
    pub minimum: f64,
}

/// The explanation of a column from its header alone.
#[derive(Clone, Debug, Default)]
pub struct ExplainedHeader {
    /// The index of the column in its table, from 0.
    pub index: usize,
    /// The column without its position in the sheet and its values.
    pub column: ExplainedColumn,
    /// The indices of other columns with the same best field.
    pub rivals: Vec<usize>,
    /// True if a suggestion may help: the column has a header and no field, and claims none.
    pub wants_hint: bool,
}

impl HeaderScores {
    /// Explains the columns of a table. `columns` are their indices, their headers, and whether these headers say nothing.
    pub fn explain(&self, columns: &[(usize, String, bool)]) -> Vec<ExplainedHeader> {
        let mapped: HashSet<&str> = self.fields.values().map(String::as_str).collect();
        let mut ranked: HashMap<usize, Vec<(&str, f64)>> = HashMap::default();
        let mut claims: HashMap<&str, Vec<usize>> = HashMap::default();
        for (index, scores) in &self.scores {
            let scores = scores.iter().map(|(field, score)| (field.as_str(), *score));
            let mut best: Vec<(&str, f64)> = scores.filter(|(_, score)| *score > 0.0).collect();
            best.sort_by(|pair, other| other.1.total_cmp(&pair.1).then(pair.0.cmp(other.0)));
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
                // If a column lost its field to another one, its header is clear enough.
                wants_hint: field.is_none() && claimed.is_none() && !name.is_empty(),
                column: ExplainedColumn {
                    name: shortened(name),
                    field: field.cloned(),
                    score: best.filter(|_| field.is_some()).map(|best| rounded(best.1)),
                    second: second.map(|(field, score)| RunnerUpField {
                        field: (*field).to_owned(),
                        score: Some(rounded(*score)),
                    }),
                    reason: Some(reason.to_owned()),
                    ..ExplainedColumn::default()
                },
            }
        };
        columns.iter().map(explain).collect()
    }
}

/// Cuts a header to the length that is reported.
pub fn shortened(header: &str) -> String {
    header.chars().take(MAX_HEADER_CHARS).collect()
}

/// Rounds a score to the decimals that are reported.
fn rounded(score: f64) -> f64 {
    // Rounds like Python, by the exact value.
    format!("{score:.6}").parse().unwrap_or(score)
}

/// Reads a value; null becomes the default.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Ignores the value that was sent: it is only made for display.
fn never<'de, D: Deserializer<'de>, T: Default>(deserializer: D) -> Result<T, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Ok(T::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the field, the reason, the next best field and the rivals of each column.
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
        let told = found.explain(&columns).into_iter().map(|header| {
            let second = header.column.second.map(|second| second.field);
            let reason = header.column.reason.unwrap_or_default();
            format!(
                "{:?} {reason} {second:?} {:?}",
                header.column.field, header.rivals
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
