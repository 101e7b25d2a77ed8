//! What the contract's closing report says, as far as anything goes by it. What is not there is null or absent.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::rows::RowCounts;
use super::shape::{each, or_default, part};

/// The closing report of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completed {
    /// How it went.
    pub evaluation: Evaluation,
    /// What validators found.
    pub validation: Validation,
    /// What there was.
    pub counts: Counts,
    /// The fields that the configuration defines.
    pub fields: Vec<FieldFound>,
    /// The workbooks that were read: one.
    pub workbooks: Vec<WorkbookFound>,
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Evaluation {
    /// In one word.
    pub outcome: Option<String>,
    /// What is worth a word.
    #[serde(deserialize_with = "or_default")]
    pub findings: Vec<Finding>,
}

/// One thing that is worth a word.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// What kind of thing.
    pub code: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// A sentence.
    #[serde(deserialize_with = "or_default")]
    pub message: String,
}

/// What validators found in a run or a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Validation {
    /// All issues.
    pub issues_total: Option<u64>,
    /// Those of each severity.
    #[serde(deserialize_with = "or_default")]
    pub issues_by_severity: BTreeMap<String, u64>,
    /// The worst of them.
    pub max_severity: Option<String>,
    /// The rows that were looked at: those of the result.
    pub rows_evaluated: Option<u64>,
}

/// What there was in a run or a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Workbooks.
    pub workbooks: Option<u64>,
    /// Sheets.
    pub sheets: Option<u64>,
    /// Tables.
    pub tables: Option<u64>,
    /// Data rows.
    #[serde(deserialize_with = "or_default")]
    pub rows: Number,
    /// Columns.
    #[serde(deserialize_with = "or_default")]
    pub columns: Number,
    /// Fields.
    #[serde(deserialize_with = "or_default")]
    pub fields: Number,
    /// Cells.
    #[serde(deserialize_with = "or_default")]
    pub cells: Number,
}

/// How many there were of one kind; not each kind has all of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Number {
    /// All of them.
    pub total: Option<u64>,
    /// Without a value.
    pub empty: Option<u64>,
    /// With a value.
    pub non_empty: Option<u64>,
    /// That went to a field.
    pub mapped: Option<u64>,
    /// That went to none.
    pub unmapped: Option<u64>,
    /// That the configuration defines.
    pub expected: Option<u64>,
    /// For which there is a column.
    pub detected: Option<u64>,
    /// For which there is none.
    pub not_detected: Option<u64>,
}

/// A field of the configuration.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FieldFound {
    /// Its name.
    pub field: String,
    /// What its column is called.
    #[serde(default)]
    pub label: Option<String>,
    /// Whether a column was found for it.
    #[serde(default, deserialize_with = "or_default")]
    pub detected: bool,
    /// The best score of its columns.
    #[serde(default)]
    pub best_mapping_score: Option<f64>,
    /// How many of its cells have a value without an issue.
    #[serde(default)]
    pub valid_cells: Option<u64>,
    /// Where it is.
    #[serde(default, deserialize_with = "or_default")]
    pub occurrences: Occurrences,
}

/// In how many tables and columns a field is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Occurrences {
    /// Tables.
    pub tables: u64,
    /// Columns.
    pub columns: u64,
}

/// What a thing is a part of, and which of them, from 0.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Locator {
    #[serde(deserialize_with = "or_default")]
    workbook: Which,
    #[serde(deserialize_with = "or_default")]
    sheet: Which,
    #[serde(deserialize_with = "or_default")]
    table: Which,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Which {
    #[serde(deserialize_with = "or_default")]
    index: u64,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

/// A workbook.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WorkbookFound {
    locator: Locator,
    /// Its sheets that were read.
    #[serde(deserialize_with = "or_default")]
    pub sheets: Vec<SheetFound>,
}

/// A sheet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SheetFound {
    locator: Locator,
    #[serde(deserialize_with = "or_default")]
    scan: Scan,
    /// Its tables.
    #[serde(deserialize_with = "or_default")]
    pub tables: Vec<TableFound>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Scan {
    rows_emitted: Option<u64>,
}

/// A table; tables that were merged are one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TableFound {
    locator: Locator,
    #[serde(deserialize_with = "or_default")]
    counts: Counts,
    #[serde(deserialize_with = "or_default")]
    validation: Validation,
    #[serde(deserialize_with = "or_default")]
    outputs: Outputs,
    /// Where its parts lie.
    #[serde(deserialize_with = "or_default")]
    pub structure: Structure,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Outputs {
    #[serde(deserialize_with = "or_default")]
    normalized: Normalized,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Normalized {
    range_a1: Option<String>,
}

/// Where the parts of a table lie.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Structure {
    #[serde(deserialize_with = "or_default")]
    region: Region,
    /// Its header.
    #[serde(deserialize_with = "or_default")]
    pub header: Stretch,
    /// Its rows of data.
    #[serde(deserialize_with = "or_default")]
    pub data: Stretch,
    /// Its columns, the engine's own among them.
    #[serde(deserialize_with = "or_default")]
    pub columns: Vec<ColumnFound>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Region {
    a1: Option<String>,
}

/// A stretch of rows of the sheet, from 1.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Stretch {
    row_start: Option<u64>,
    row_count: Option<u64>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ColumnFound {
    /// Its position in the table, from 0.
    pub index: u64,
    /// Its header.
    #[serde(deserialize_with = "or_default")]
    pub header: HeaderFound,
    /// How many of its cells have a value.
    #[serde(deserialize_with = "or_default")]
    pub non_empty_cells: u64,
    /// How many of them have no issue.
    pub valid_cells: Option<u64>,
    /// What became of it.
    #[serde(deserialize_with = "or_default")]
    pub mapping: Mapping,
}

/// The header of a column.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct HeaderFound {
    /// As it stands.
    pub raw: Option<String>,
    /// As it is compared.
    pub normalized: Option<String>,
}

/// What became of a column.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Mapping {
    /// `mapped` or `unmapped`.
    pub status: Option<String>,
    /// Its field.
    pub field: Option<String>,
    /// The score of that field.
    pub score: Option<f64>,
    /// What gave it.
    pub method: Option<String>,
    /// Why it has none.
    pub unmapped_reason: Option<String>,
}

impl Completed {
    pub fn of(payload: &Value) -> Self {
        Self {
            evaluation: part(payload, "evaluation"),
            validation: part(payload, "validation"),
            counts: part(payload, "counts"),
            fields: each(payload, "fields"),
            workbooks: each(payload, "workbooks"),
        }
    }

    /// The sheets that were read.
    pub fn sheets(&self) -> impl Iterator<Item = &SheetFound> {
        self.workbooks.iter().flat_map(|workbook| &workbook.sheets)
    }
}

impl WorkbookFound {
    /// Which of the workbooks, from 0.
    pub fn index(&self) -> u64 {
        self.locator.workbook.index
    }

    /// The name of its file.
    pub fn name(&self) -> &str {
        &self.locator.workbook.name
    }
}

impl SheetFound {
    /// Which of the sheets, from 0.
    pub fn index(&self) -> u64 {
        self.locator.sheet.index
    }

    /// Its title.
    pub fn name(&self) -> &str {
        &self.locator.sheet.name
    }

    /// How many rows were read of it.
    pub fn rows_read(&self) -> Option<u64> {
        self.scan.rows_emitted
    }
}

impl TableFound {
    /// Which of the sheet's tables, from 0.
    pub fn index(&self) -> u64 {
        self.locator.table.index
    }

    /// Where it lies, header rows included; of merged tables nothing.
    pub fn region(&self) -> Option<&str> {
        self.structure.region.a1.as_deref()
    }

    /// Where it was written.
    pub fn written(&self) -> Option<&str> {
        self.outputs.normalized.range_a1.as_deref()
    }

    /// How many data rows were read.
    pub fn rows_read(&self) -> Option<u64> {
        self.counts.rows.total
    }

    /// The rows of the table. `None`: the engine does not tell them.
    pub fn rows(&self) -> Option<RowCounts> {
        let evaluated = self.validation.rows_evaluated?;
        Some(RowCounts::of(self.rows_read()?, evaluated, 0))
    }
}

impl Stretch {
    /// The rows; nothing where there are none, or it is not known.
    pub fn rows(&self) -> Option<std::ops::RangeInclusive<u64>> {
        let first = self.row_start.filter(|&first| first > 0)?;
        let count = self.row_count.filter(|&count| count > 0)?;
        Some(first..=first.checked_add(count - 1)?)
    }
}

impl ColumnFound {
    /// Whether it is the engine's own: the frame of merged tables holds its diagnostics, and its report counts them among the
    /// source columns, as the contract says. People would take them for the sender's.
    pub fn is_own(&self) -> bool {
        const RESERVED: &str = "__ade_";
        let header = self.header.raw.as_deref();
        header.is_some_and(|header| header.starts_with(RESERVED)) && !self.mapping.is_mapped()
    }
}

impl Mapping {
    /// Whether it has a field; what says neither is unmapped.
    pub fn is_mapped(&self) -> bool {
        self.status.as_deref() == Some("mapped")
    }
}
