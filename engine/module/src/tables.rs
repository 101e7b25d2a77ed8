//! The Python classes for the explanation of tables.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::column::series_of;
use super::json::Json;
use ade_engine_native::account::tables::{
    DetectorScore, ExplainedColumn, ExplainedField, ExplainedHeader, ExplainedTable, HeaderRows,
    HeaderScores, Hook, NearestField, OutputColumn, TableOutput, Vote, shortened,
};
use ade_engine_native::fields::looks::outline::outline;

/// The maximum numbers of tables of a run that are explained, and of their columns and fields.
const MAX_TABLES: usize = 200;
const MAX_COLUMNS: usize = 2_000;
const MAX_FIELDS: usize = 5_000;

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct VotePartArgument {
    detector: String,
    score: f64,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct VoteArgument {
    row: u64,
    kind: String,
    score: f64,
    by: Vec<VotePartArgument>,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct HeaderRowsArgument {
    rows: Vec<u64>,
    chosen_by: String,
    votes: Vec<VoteArgument>,
    runner_up: Option<VoteArgument>,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct NearestFieldArgument {
    field: String,
    by: String,
    likeness: f64,
    suggestion: String,
}

/// Name, source columns, transforms, rules, and whether it is a key.
type FieldTuple = (String, Vec<String>, Vec<String>, Vec<String>, bool);

impl From<VotePartArgument> for DetectorScore {
    fn from(told: VotePartArgument) -> Self {
        Self {
            detector: told.detector,
            score: Some(told.score),
        }
    }
}

impl From<VoteArgument> for Vote {
    fn from(told: VoteArgument) -> Self {
        Self {
            row: told.row,
            kind: Some(told.kind),
            score: Some(told.score),
            by: told.by.into_iter().map(DetectorScore::from).collect(),
        }
    }
}

/// The columns of a table as headers alone explain them: see [`HeaderScores`].
#[pyclass(frozen, module = "ade_engine._native")]
pub struct ExplainedHeaders {
    columns: Arc<Vec<ExplainedHeader>>,
}

#[pymethods]
impl ExplainedHeaders {
    /// Takes the indices of columns, their headers, and whether these are meaningless; the fields; the scores of columns for
    /// fields; the contribution of each detector to a column's best field; the minimum score of a field; and a function that
    /// returns the field that a header resembles.
    #[new]
    fn new(
        columns: Vec<(usize, String, bool)>,
        fields: HashMap<usize, String>,
        scores: &Bound<'_, PyDict>,
        by: &Bound<'_, PyDict>,
        minimum: f64,
        nearest: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let mut found = HeaderScores {
            fields,
            minimum,
            ..HeaderScores::default()
        };
        for (index, scores) in scores {
            let scores = scores.cast::<PyDict>()?.items().extract()?;
            found.scores.push((index.extract()?, scores));
        }
        let mut explained = found.explain(&columns);
        for ((index, name, _), header) in columns.iter().zip(&mut explained) {
            if let Some(parts) = by.get_item(index)? {
                let parts: Vec<VotePartArgument> = parts.extract()?;
                header.column.by = parts.into_iter().map(DetectorScore::from).collect();
            }
            if header.wants_hint {
                let told: Option<NearestFieldArgument> = nearest.call1((name,))?.extract()?;
                header.column.nearest = told.map(|told| NearestField {
                    field: told.field,
                    by: Some(told.by),
                    likeness: Some(told.likeness),
                    suggestion: Some(told.suggestion),
                });
            }
        }
        Ok(Self {
            columns: Arc::new(explained),
        })
    }
}

/// Explains how the tables of a run were read.
#[pyclass(module = "ade_engine._native")]
#[derive(Default)]
pub struct ExplainedTables {
    tables: Vec<ExplainedTable>,
    /// The source of the columns of each table, by their names in its frame.
    origins: Vec<HashMap<String, String>>,
    columns: usize,
    fields: usize,
    /// The number of columns of the output.
    placed: usize,
}

#[pymethods]
impl ExplainedTables {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn __len__(&self) -> usize {
        self.tables.len()
    }

    /// Returns the number of columns of one more table that can be explained.
    #[getter]
    fn room(&self) -> usize {
        match self.tables.len() {
            ..MAX_TABLES => MAX_COLUMNS - self.columns,
            _ => 0,
        }
    }

    /// Adds a table. `headers` are the meanings of its headers; `columns` has, for each explained column, its index, the cells
    /// of its header, whether it is hidden, and some of its values; `origins` has the sources of the columns of its frame.
    #[pyo3(signature = (*, sheet, table, region, turned, header_rows, headers, columns, fields, hooks, origins))]
    fn add(
        &mut self,
        sheet: String,
        table: u64,
        region: Option<String>,
        turned: bool,
        header_rows: HeaderRowsArgument,
        headers: &ExplainedHeaders,
        columns: Vec<(String, Vec<String>, bool, Bound<'_, PyAny>)>,
        mut fields: Vec<FieldTuple>,
        hooks: Vec<(String, String, String)>,
        origins: HashMap<String, String>,
    ) -> PyResult<()> {
        let mut told = Vec::with_capacity(columns.len());
        let mut places = HashMap::with_capacity(columns.len());
        for ((place, header_cells, hidden, values), known) in
            columns.into_iter().zip(&*headers.columns)
        {
            let values = outline(&series_of(&values)?.values());
            places.insert(known.index, place.clone());
            told.push(ExplainedColumn {
                column: place,
                header_cells,
                hidden,
                values: Some(values),
                ..known.column.clone()
            });
        }
        for (column, known) in told.iter_mut().zip(&*headers.columns) {
            let rivals = known.rivals.iter();
            column.wanted_by = rivals.filter_map(|at| places.get(at).cloned()).collect();
        }
        fields.truncate(MAX_FIELDS - self.fields);
        self.columns += told.len();
        self.fields += fields.len();
        self.origins.push(origins);
        self.tables.push(ExplainedTable {
            sheet,
            table,
            region,
            turned,
            header_rows: HeaderRows {
                rows: header_rows.rows,
                chosen_by: Some(header_rows.chosen_by),
                votes: header_rows.votes.into_iter().map(Vote::from).collect(),
                runner_up: header_rows.runner_up.map(Vote::from),
                why: None,
            },
            columns: told,
            fields: fields
                .into_iter()
                .map(
                    |(field, from, transforms, validators, key)| ExplainedField {
                        field,
                        from,
                        transforms,
                        validators,
                        key,
                    },
                )
                .collect(),
            hooks: hooks
                .into_iter()
                .map(|(stage, name, rows)| Hook {
                    stage,
                    name,
                    rows: Some(rows),
                })
                .collect(),
            ..ExplainedTable::default()
        });
        Ok(())
    }

    /// Records where a table of a sheet, or all of its tables, were written: the sheet, the range, and for each column its
    /// letters, its header, its name in the frame, and whether that is a field.
    #[pyo3(signature = (sheet, table, output, range, columns))]
    fn place(
        &mut self,
        sheet: &str,
        table: Option<u64>,
        output: &str,
        range: &str,
        columns: Vec<(String, String, String, bool)>,
    ) {
        for (told, origins) in self.tables.iter_mut().zip(&self.origins) {
            if told.sheet != sheet || table.is_some_and(|table| table != told.table) {
                continue;
            }
            let columns = columns.iter().take(MAX_COLUMNS - self.placed);
            let columns: Vec<OutputColumn> = columns
                .map(|(column, header, name, is_field)| OutputColumn {
                    column: column.clone(),
                    header: shortened(header),
                    field: is_field.then(|| name.clone()),
                    from: origins.get(name).cloned(),
                })
                .collect();
            self.placed += columns.len();
            told.output = Some(TableOutput {
                sheet: output.to_owned(),
                range: range.to_owned(),
                columns,
            });
        }
    }

    /// Returns the tables in the form of an event.
    fn told(&self) -> PyResult<Json> {
        Json::from_value(&self.tables)
    }
}
