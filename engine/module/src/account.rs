//! The account of a run, for Python: filled table by table, and reported at the end.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::json::Json;
use ade_engine_native::account::completed::{
    Candidate, ColumnFound, ExecutionFailure, ExecutionReport, HeaderFound, MappingFound,
    RegionFound, ScanFound, SheetRowSpan, Structure,
};
use ade_engine_native::account::run::{
    AccountTotals, RegisteredField, RunAccount, SheetAccount, TableAccount,
};
use ade_engine_native::account::severity::Severity;
use ade_engine_native::cells::white_space::is_python_space;

/// The maximum number of fields of a column that are reported, those with the best scores.
const MAX_CANDIDATES: usize = 3;

/// The position of a table on its sheet.
#[derive(FromPyObject)]
struct Region {
    a1: String,
    header_row: u64,
    header_row_count: u64,
    data_first_row: u64,
    data_row_count: u64,
}

#[derive(FromPyObject)]
struct SourceColumn<'py> {
    index: usize,
    header: Bound<'py, PyAny>,
    header_as_written: Bound<'py, PyAny>,
}

#[derive(FromPyObject)]
struct MappedColumn<'py> {
    field_name: String,
    source_index: usize,
    header: Bound<'py, PyAny>,
    score: Option<f64>,
}

#[derive(FromPyObject)]
struct DerivedField {
    field_name: String,
    source_header: String,
    score: Option<f64>,
}

/// A table after its last hook; its parts are those of `TableResult`.
#[derive(FromPyObject)]
struct TableArgument<'py> {
    sheet_name: String,
    table_index: u64,
    source_region: Region,
    source_columns: Vec<SourceColumn<'py>>,
    mapped_columns: Vec<MappedColumn<'py>>,
    derived_mappings: Vec<DerivedField>,
    column_scores: Bound<'py, PyAny>,
    duplicate_unmapped_indices: HashSet<usize>,
    stacked: HashMap<usize, String>,
}

/// The counts of a table's cells and rows.
#[derive(FromPyObject)]
struct TableCounts {
    filled_by_column: Vec<u64>,
    blank_rows: u64,
}

/// The fields with positive scores, by the index of the column.
type Candidates = Arc<HashMap<usize, Vec<Candidate>>>;

/// The account of a run: see [`RunAccount`].
#[pyclass(module = "ade_engine._native")]
pub struct Account {
    run: RunAccount,
    /// The indices of the registered fields.
    places: Arc<HashMap<String, usize>>,
    /// Returns a header in the form for comparisons, and whether it is no header.
    look_of: Py<PyAny>,
    looks: HashMap<Option<String>, (Option<String>, bool)>,
    /// The candidates of the last table, and its scores: tables with the same headers share them.
    candidates: Option<(Py<PyAny>, Candidates)>,
    #[pyo3(get)]
    rows_with_errors: u64,
}

#[pymethods]
impl Account {
    #[new]
    fn new(workbook: String, look_of: Py<PyAny>) -> Self {
        Self {
            run: RunAccount {
                workbook,
                ..RunAccount::default()
            },
            places: Arc::default(),
            look_of,
            looks: HashMap::default(),
            candidates: None,
            rows_with_errors: 0,
        }
    }

    /// Sets the registered fields, with their labels.
    fn set_fields(&mut self, fields: Vec<RegisteredField>) {
        let names = fields.iter().map(|(name, _)| name.clone());
        self.places = Arc::new(names.zip(0..).collect());
        self.run.fields = fields;
    }

    /// Starts the account of a sheet that the run has reached.
    fn add_sheet(&mut self, title: String, index: u64, is_active: bool) {
        self.run.sheets.push(SheetAccount {
            title,
            index,
            is_active,
            ..SheetAccount::default()
        });
    }

    /// Adds the findings of a scan of the sheet.
    fn add_scan(
        &mut self,
        sheet: u64,
        rows_emitted: u64,
        stopped_early: bool,
        truncated_rows: u64,
    ) {
        if let Some(sheet) = self.sheet(sheet) {
            sheet.scan = Some(ScanFound {
                rows_emitted: Some(rows_emitted),
                stopped_early,
                truncated_rows,
            });
        }
    }

    /// Adds issues by severity: those of a sheet outside its tables, or those of no sheet.
    fn add_issues(&mut self, sheet: Option<u64>, by_severity: &Bound<'_, PyDict>) -> PyResult<()> {
        let counts = counts_of(by_severity)?;
        let issues = match sheet {
            None => Some(&mut self.run.issues),
            Some(index) => self.sheet(index).map(|sheet| &mut sheet.issues),
        };
        for (own, count) in issues.into_iter().flatten().zip(counts) {
            *own += count;
        }
        Ok(())
    }

    /// Adds a written table. `filled` has the number of cells with a value in the columns of its fields, `valid` the number
    /// without an issue. `quotes` says whether headers that a hook names may be reported if no column has them.
    #[pyo3(signature = (sheet, table, counts, *, filled, valid, height, by_severity, rows_with_errors, output_range, quotes))]
    fn add_table(
        &mut self,
        py: Python<'_>,
        sheet: u64,
        table: TableArgument<'_>,
        counts: TableCounts,
        filled: HashMap<String, u64>,
        valid: HashMap<String, u64>,
        height: u64,
        by_severity: &Bound<'_, PyDict>,
        rows_with_errors: u64,
        output_range: Option<String>,
        quotes: bool,
    ) -> PyResult<()> {
        let places = Arc::clone(&self.places);
        let candidates = self.candidates_of(py, &table.column_scores)?;
        let mut account = TableAccount {
            index: table.table_index,
            totals: AccountTotals::new(self.run.fields.len()),
            sheet_name: Some(table.sheet_name.clone()),
            range_a1: output_range,
            ..TableAccount::default()
        };
        let totals = &mut account.totals;
        let mapped: HashMap<usize, &MappedColumn<'_>> = table
            .mapped_columns
            .iter()
            .map(|column| (column.source_index, column))
            .collect();
        let mut columns = Vec::with_capacity(table.source_columns.len());
        for (column, &filled) in table.source_columns.iter().zip(&counts.filled_by_column) {
            totals.filled_cells += filled;
            let name = stripped(&column.header)?.filter(|name| !name.is_empty());
            let written = stripped(&column.header_as_written)?;
            let raw = written.or_else(|| name.clone());
            let (normalized, is_placeholder) = self.look(py, &raw)?;
            let own = mapped.get(&column.index).copied();
            let stacked = table.stacked.get(&column.index);
            if let Some(own) = own {
                totals.mapped_columns += 1;
                if let (Some(name), Some(&field)) = (&name, places.get(&own.field_name)) {
                    account
                        .trimmed_headers
                        .entry(field)
                        .or_default()
                        .insert(name.clone());
                }
            }
            if raw.is_none() && filled == 0 {
                totals.empty_columns += 1;
            } else if stacked.is_some() {
                totals.mapped_columns += 1;
            } else if own.is_none() {
                totals.unmapped_columns += 1;
            }
            let told = (own.is_some() || !is_placeholder).then(|| candidates.get(&column.index));
            let candidates = told.flatten().cloned().unwrap_or_default();
            let is_mapped = own.is_some() || stacked.is_some();
            let reason = if is_mapped {
                None
            } else if is_placeholder {
                Some("empty_or_placeholder_header")
            } else if table.duplicate_unmapped_indices.contains(&column.index) {
                Some("duplicate_field")
            } else if candidates.is_empty() {
                Some("no_signal")
            } else {
                Some("below_threshold")
            };
            columns.push(ColumnFound {
                index: column.index as u64,
                header: HeaderFound { raw, normalized },
                non_empty_cells: filled,
                valid_cells: own.and_then(|own| valid.get(&own.field_name).copied()),
                mapping: MappingFound {
                    status: Some(if is_mapped { "mapped" } else { "unmapped" }.to_owned()),
                    field: own
                        .map(|own| own.field_name.clone())
                        .or_else(|| stacked.cloned()),
                    score: own.and_then(|own| own.score),
                    method: own.map(|_| "classifier".to_owned()),
                    candidates,
                    unmapped_reason: reason.map(str::to_owned),
                },
            });
            account.headers.push(name);
        }
        let region = &table.source_region;
        totals.tables = 1;
        totals.rows = region.data_row_count;
        totals.empty_rows = counts.blank_rows;
        totals.columns = columns.len() as u64;
        totals.cells = region.data_row_count * totals.columns;
        totals.rows_evaluated = height;
        totals.issues = counts_of(by_severity)?;
        self.rows_with_errors += rows_with_errors;
        find_fields(&table, &places, totals, [&filled, &valid], quotes)?;
        account.structure = Structure {
            region: RegionFound {
                a1: Some(region.a1.clone()),
            },
            header: SheetRowSpan {
                row_start: Some(region.header_row),
                row_count: Some(region.header_row_count),
                inferred: Some(false),
            },
            data: SheetRowSpan {
                row_start: Some(region.data_first_row),
                row_count: Some(region.data_row_count),
                inferred: None,
            },
            columns,
        };
        if let Some(sheet) = self.sheet(sheet) {
            sheet.tables.push(account);
        }
        Ok(())
    }

    /// The Python form of [`RunAccount::computed_fields`].
    fn computed_fields(&self) -> Vec<&str> {
        self.run.computed_fields()
    }

    /// Returns, for each column of a table, the header that fields are compared with.
    fn headers_of(&self, sheet: u64, table: u64) -> Vec<Option<String>> {
        let sheets = self
            .run
            .sheets
            .iter()
            .filter(|account| account.index == sheet);
        let mut tables = sheets.flat_map(|sheet| &sheet.tables);
        let table = tables.find(|account| account.index == table);
        table.map_or_else(Vec::new, |table| table.headers.clone())
    }

    /// Returns the closing report. `failure` is the stage, code and message of the error that ended the run; `path` is the
    /// saved workbook.
    fn completed(
        &self,
        started_at: String,
        completed_at: String,
        duration_ms: u64,
        failure: Option<(String, String, String)>,
        path: Option<&str>,
    ) -> PyResult<Json> {
        let status = if failure.is_none() {
            "succeeded"
        } else {
            "failed"
        };
        let execution = ExecutionReport {
            status: status.to_owned(),
            started_at,
            completed_at,
            duration_ms,
            failure: failure.map(|(stage, code, message)| ExecutionFailure {
                stage,
                code,
                message,
            }),
        };
        Json::from_value(&self.run.completed(execution, path))
    }
}

impl Account {
    fn sheet(&mut self, index: u64) -> Option<&mut SheetAccount> {
        self.run
            .sheets
            .iter_mut()
            .find(|sheet| sheet.index == index)
    }

    fn look(&mut self, py: Python<'_>, raw: &Option<String>) -> PyResult<(Option<String>, bool)> {
        if let Some(look) = self.looks.get(raw) {
            return Ok(look.clone());
        }
        let look: (Option<String>, bool) = self.look_of.call1(py, (raw,))?.extract(py)?;
        self.looks.insert(raw.clone(), look.clone());
        Ok(look)
    }

    fn candidates_of(&mut self, py: Python<'_>, scores: &Bound<'_, PyAny>) -> PyResult<Candidates> {
        if let Some((known, candidates)) = &self.candidates
            && known.bind(py).is(scores)
        {
            return Ok(Arc::clone(candidates));
        }
        let mut found = HashMap::default();
        for entry in scores.call_method0("items")?.try_iter()? {
            let (index, scores): (usize, Bound<'_, PyAny>) = entry?.extract()?;
            let mut positive = Vec::new();
            for entry in scores.call_method0("items")?.try_iter()? {
                let (field, score): (String, f64) = entry?.extract()?;
                if score > 0.0 {
                    positive.push(Candidate { field, score });
                }
            }
            positive.sort_by(|candidate, other| {
                let by_score = other.score.total_cmp(&candidate.score);
                by_score.then_with(|| candidate.field.cmp(&other.field))
            });
            positive.truncate(MAX_CANDIDATES);
            found.insert(index, positive);
        }
        let found = Arc::new(found);
        self.candidates = Some((scores.clone().unbind(), Arc::clone(&found)));
        Ok(found)
    }
}

/// Records the findings of a table for each field.
fn find_fields(
    table: &TableArgument<'_>,
    places: &HashMap<String, usize>,
    totals: &mut AccountTotals,
    [filled, valid]: [&HashMap<String, u64>; 2],
    quotes: bool,
) -> PyResult<()> {
    let mut counted = HashSet::default();
    for mapped in &table.mapped_columns {
        let Some(&at) = places.get(&mapped.field_name) else {
            continue;
        };
        let field = &mut totals.fields[at];
        field.columns += u64::from(counted.insert((at, mapped.source_index)));
        field.note_score(mapped.score);
        let header = text_of(&mapped.header)?;
        field
            .headers
            .extend(header.filter(|header| !header.chars().all(is_python_space)));
        field.is_mapped = true;
    }
    // A header that a hook names is a cell's value, unless a column has it as its header.
    let mut headers = HashSet::default();
    if !table.derived_mappings.is_empty() {
        for column in &table.source_columns {
            headers.insert(stripped(&column.header)?.unwrap_or_default());
        }
    }
    for derived in &table.derived_mappings {
        let Some(&at) = places.get(&derived.field_name) else {
            continue;
        };
        let field = &mut totals.fields[at];
        // If tables were merged, one may derive a field that another has a column for: it is one column.
        field.columns += u64::from(!field.is_detected());
        field.note_score(derived.score);
        let header = derived.source_header.trim_matches(is_python_space);
        if quotes || headers.contains(header) {
            field.headers.insert(derived.source_header.clone());
        }
        field.is_derived = true;
    }
    for (name, &at) in places {
        let field = &mut totals.fields[at];
        if field.is_detected() {
            field.tables = 1;
            field.valid_cells = valid.get(name).copied().unwrap_or(0);
        }
        field.is_computed =
            !field.is_detected() && filled.get(name).is_some_and(|filled| *filled > 0);
    }
    Ok(())
}

/// Returns a header cell as text, or `None` if there is none.
fn text_of(header: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    match header.is_none() {
        true => Ok(None),
        false => Ok(Some(header.str()?.to_string_lossy().into_owned())),
    }
}

fn stripped(header: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let text = text_of(header)?;
    Ok(text.map(|text| text.trim_matches(is_python_space).to_owned()))
}

fn counts_of(by_severity: &Bound<'_, PyDict>) -> PyResult<[u64; 3]> {
    let mut counts = [0; 3];
    for (count, severity) in counts.iter_mut().zip(Severity::ALL) {
        if let Some(found) = by_severity.get_item(severity.word())? {
            *count = found.extract()?;
        }
    }
    Ok(counts)
}
