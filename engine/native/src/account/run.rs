//! Counts tables, sheets and the fields found in them while a run goes on.
//!
//! Each table is reduced to numbers when it is written, so that the account keeps no table in memory. The report is made at the
//! end, because only then is it known whether the output was saved.

use std::collections::{BTreeMap, BTreeSet};

use super::completed::{
    ClosingReport, Evaluation, ExecutionReport, FieldFound, IssueCounts, KindCounts, Locator,
    NormalizedOutput, Occurrences, Outputs, Position, ReportCounts, RunFinding, ScanFound,
    SheetFound, Structure, TableFound, Validation, WorkbookFound,
};
use super::severity::Severity;

/// The version of the closing report.
const SCHEMA_VERSION: u64 = 1;

/// A registered field: its name and its label.
pub type RegisteredField = (String, Option<String>);

/// The results for one field in a table, on a sheet or in the run.
#[derive(Clone, Debug, Default)]
pub struct FieldFindings {
    pub is_mapped: bool,
    /// True if the field was made from a column, by a hook or because it is a part of the column's values.
    pub is_derived: bool,
    /// True if a hook or a transform filled the field, which has no column of its own.
    pub is_computed: bool,
    pub valid_cells: u64,
    pub best_score: Option<f64>,
    pub headers: BTreeSet<String>,
    pub tables: u64,
    pub columns: u64,
}

impl FieldFindings {
    /// Returns whether the field was found, in a column of its own or derived.
    pub fn is_detected(&self) -> bool {
        self.is_mapped || self.is_derived
    }

    /// Updates the best score. A mapping that a hook made may have no score.
    pub fn note_score(&mut self, score: Option<f64>) {
        self.best_score = match (self.best_score, score) {
            (Some(best), Some(score)) => Some(best.max(score)),
            (best, score) => best.or(score),
        };
    }

    fn add(&mut self, other: &Self) {
        if !(other.is_detected() || other.is_computed) {
            return;
        }
        self.is_mapped |= other.is_mapped;
        self.is_derived |= other.is_derived;
        self.is_computed |= other.is_computed;
        self.valid_cells += other.valid_cells;
        self.note_score(other.best_score);
        self.headers.extend(other.headers.iter().cloned());
        self.tables += other.tables;
        self.columns += other.columns;
    }

    fn found(&self, (field, label): &RegisteredField) -> FieldFound {
        FieldFound {
            field: field.clone(),
            label: label.clone(),
            detected: self.is_detected(),
            // One table that derives the field is enough, even if another table has a column of its own for it.
            derived: self.is_derived,
            valid_cells: Some(self.valid_cells),
            best_mapping_score: self.best_score.filter(|_| self.is_detected()),
            source_headers: self.headers.iter().cloned().collect(),
            occurrences: Occurrences {
                tables: self.tables,
                columns: self.columns,
            },
        }
    }
}

/// The counts of tables, which add up to those of the run.
#[derive(Clone, Debug, Default)]
pub struct AccountTotals {
    pub tables: u64,
    pub rows: u64,
    pub empty_rows: u64,
    pub columns: u64,
    pub empty_columns: u64,
    pub mapped_columns: u64,
    pub unmapped_columns: u64,
    pub cells: u64,
    pub filled_cells: u64,
    pub rows_evaluated: u64,
    /// The number of issues of each severity, the worst first.
    pub issues: [u64; 3],
    pub rows_with_errors: u64,
    /// The results for each registered field, in order.
    pub fields: Vec<FieldFindings>,
}

impl AccountTotals {
    pub fn new(fields: usize) -> Self {
        Self {
            fields: vec![FieldFindings::default(); fields],
            ..Self::default()
        }
    }

    fn add(&mut self, other: &Self) {
        self.tables += other.tables;
        self.rows += other.rows;
        self.empty_rows += other.empty_rows;
        self.columns += other.columns;
        self.empty_columns += other.empty_columns;
        self.mapped_columns += other.mapped_columns;
        self.unmapped_columns += other.unmapped_columns;
        self.cells += other.cells;
        self.filled_cells += other.filled_cells;
        self.rows_evaluated += other.rows_evaluated;
        self.add_issues(other.issues);
        self.rows_with_errors += other.rows_with_errors;
        for (own, other) in self.fields.iter_mut().zip(&other.fields) {
            own.add(other);
        }
    }

    fn add_issues(&mut self, issues: [u64; 3]) {
        for (own, other) in self.issues.iter_mut().zip(issues) {
            *own += other;
        }
    }

    fn detected(&self) -> u64 {
        let detected = self.fields.iter().filter(|field| field.is_detected());
        detected.count() as u64
    }

    fn counts(&self, [workbooks, sheets, tables]: [Option<u64>; 3]) -> ReportCounts {
        let (expected, detected) = (self.fields.len() as u64, self.detected());
        ReportCounts {
            workbooks,
            sheets,
            tables,
            rows: KindCounts {
                total: Some(self.rows),
                empty: Some(self.empty_rows),
                ..KindCounts::default()
            },
            columns: KindCounts {
                total: Some(self.columns),
                empty: Some(self.empty_columns),
                mapped: Some(self.mapped_columns),
                unmapped: Some(self.unmapped_columns),
                ..KindCounts::default()
            },
            fields: KindCounts {
                expected: Some(expected),
                detected: Some(detected),
                not_detected: Some(expected - detected),
                ..KindCounts::default()
            },
            cells: KindCounts {
                total: Some(self.cells),
                non_empty: Some(self.filled_cells),
                ..KindCounts::default()
            },
        }
    }

    fn validation(&self) -> Validation {
        let [error, warning, info] = self.issues;
        let worst = self.issues.iter().position(|count| *count > 0);
        Validation {
            rows_evaluated: Some(self.rows_evaluated),
            issues_total: Some(self.issues.iter().sum()),
            issues_by_severity: IssueCounts {
                error,
                warning,
                info,
            },
            max_severity: worst.map(|worst| Severity::ALL[worst].to_string()),
        }
    }

    fn found(&self, fields: &[RegisteredField]) -> Vec<FieldFound> {
        let found = self.fields.iter().zip(fields);
        found
            .map(|(findings, field)| findings.found(field))
            .collect()
    }
}

/// The account of one written table.
#[derive(Clone, Debug, Default)]
pub struct TableAccount {
    /// The index of the table on its sheet, from 0.
    pub index: u64,
    pub totals: AccountTotals,
    pub structure: Structure,
    /// The title of its sheet in the input, and its range in the output.
    pub sheet_name: Option<String>,
    pub range_a1: Option<String>,
    /// The headers of mapped columns as the columns' own reports spell them, by the index of the field.
    pub trimmed_headers: BTreeMap<usize, BTreeSet<String>>,
    /// The header of each column in the form that is compared with fields: without footnote marks, and without units from a row
    /// below.
    pub headers: Vec<Option<String>>,
}

/// The account of one sheet that the run has reached.
#[derive(Clone, Debug, Default)]
pub struct SheetAccount {
    pub title: String,
    /// The index of the sheet, from 0.
    pub index: u64,
    pub is_active: bool,
    pub scan: Option<ScanFound>,
    pub tables: Vec<TableAccount>,
    /// The number of issues that belong to no table of the sheet.
    pub issues: [u64; 3],
}

/// The account of a run.
#[derive(Clone, Debug, Default)]
pub struct RunAccount {
    /// The name of the input file.
    pub workbook: String,
    /// The registered fields; empty until the configuration is loaded.
    pub fields: Vec<RegisteredField>,
    pub sheets: Vec<SheetAccount>,
    /// The number of issues that belong to no sheet.
    pub issues: [u64; 3],
}

impl RunAccount {
    /// Returns the closing report. `path` is the path of the saved workbook.
    pub fn completed(&self, execution: ExecutionReport, path: Option<&str>) -> ClosingReport {
        let mut run = AccountTotals::new(self.fields.len());
        let mut sheets: Vec<&SheetAccount> = self.sheets.iter().collect();
        sheets.sort_by_key(|sheet| sheet.index);
        let mut found = Vec::with_capacity(sheets.len());
        for sheet in sheets {
            let (totals, sheet) = self.sheet(sheet, path);
            run.add(&totals);
            found.push(sheet);
        }
        run.add_issues(self.issues);
        let counts = [Some(found.len() as u64), Some(run.tables)];
        let workbook = WorkbookFound {
            scope: "workbook".to_owned(),
            locator: self.locator(None, None),
            counts: run.counts([None, counts[0], counts[1]]),
            validation: run.validation(),
            fields: run.found(&self.fields),
            sheets: found,
        };
        ClosingReport {
            schema_version: SCHEMA_VERSION,
            scope: "run".to_owned(),
            evaluation: self.evaluate(&run, &execution),
            execution,
            counts: run.counts([Some(1), counts[0], counts[1]]),
            validation: run.validation(),
            fields: run.found(&self.fields),
            outputs: outputs(path, None, None),
            workbooks: vec![workbook],
        }
    }

    /// Returns the fields that have values although no column was found for them.
    pub fn computed_fields(&self) -> Vec<&str> {
        let tables: Vec<&TableAccount> =
            self.sheets.iter().flat_map(|sheet| &sheet.tables).collect();
        let is_computed = |at: &usize| {
            let found = || {
                tables
                    .iter()
                    .filter_map(|table| table.totals.fields.get(*at))
            };
            found().any(|field| field.is_computed) && !found().any(FieldFindings::is_detected)
        };
        let fields = (0..self.fields.len()).filter(is_computed);
        fields.map(|at| self.fields[at].0.as_str()).collect()
    }

    fn sheet(&self, sheet: &SheetAccount, path: Option<&str>) -> (AccountTotals, SheetFound) {
        let locator = self.locator(Some(sheet), None);
        let mut totals = AccountTotals::new(self.fields.len());
        totals.add_issues(sheet.issues);
        let mut accounts: Vec<&TableAccount> = sheet.tables.iter().collect();
        accounts.sort_by_key(|table| table.index);
        let mut tables = Vec::with_capacity(accounts.len());
        for table in accounts {
            totals.add(&table.totals);
            // In the reports on the sheet and the run, a field has its headers in both spellings.
            for (&field, headers) in &table.trimmed_headers {
                totals.fields[field].headers.extend(headers.iter().cloned());
            }
            tables.push(TableFound {
                scope: "table".to_owned(),
                locator: self.locator(Some(sheet), Some(table.index)),
                counts: table.totals.counts([None; 3]),
                validation: table.totals.validation(),
                fields: table.totals.found(&self.fields),
                structure: table.structure.clone(),
                outputs: outputs(path, table.sheet_name.as_deref(), table.range_a1.as_deref()),
            });
        }
        let found = SheetFound {
            scope: "sheet".to_owned(),
            locator,
            counts: totals.counts([None, None, Some(tables.len() as u64)]),
            validation: totals.validation(),
            fields: totals.found(&self.fields),
            scan: sheet.scan.clone(),
            is_active_sheet: sheet.is_active,
            tables,
        };
        (totals, found)
    }

    fn locator(&self, sheet: Option<&SheetAccount>, table: Option<u64>) -> Locator {
        let named = |index: u64, name: &str| Position {
            index,
            name: Some(name.to_owned()),
        };
        Locator {
            workbook: named(0, &self.workbook),
            sheet: sheet.map(|sheet| named(sheet.index, &sheet.title)),
            table: table.map(|index| Position { index, name: None }),
        }
    }

    /// Returns the outcome of a run and the findings that led to it.
    fn evaluate(&self, run: &AccountTotals, execution: &ExecutionReport) -> Evaluation {
        let failed = execution.failure.as_ref().map(|failure| {
            let message = format!("The run failed: {}", failure.message);
            finding("execution_failed", "error", message, None)
        });
        let names = |is_wanted: &dyn Fn(&FieldFindings) -> bool| -> Vec<&str> {
            let fields = self.fields.iter().zip(&run.fields);
            let wanted = fields.filter(|(_, findings)| is_wanted(findings));
            wanted.map(|((name, _), _)| name.as_str()).collect()
        };
        let missing = names(&|field| !field.is_detected());
        let mut findings = Vec::new();
        let mut outcome = "success";
        if run.tables == 0 {
            if failed.is_some() {
                return Evaluation {
                    outcome: Some("unknown".to_owned()),
                    findings: failed.into_iter().collect(),
                };
            }
            outcome = "failure";
            let message = "No table was found on any sheet.".to_owned();
            findings.push(finding("no_tables_detected", "error", message, None));
        } else if !run.fields.is_empty() && missing.len() == run.fields.len() {
            outcome = "failure";
            let message = "None of the configuration's fields was found.".to_owned();
            findings.push(finding("no_fields_detected", "error", message, None));
        } else if !missing.is_empty() {
            outcome = "partial";
            let computed = names(&|field| field.is_computed && !field.is_detected());
            let absent = names(&|field| !field.is_computed && !field.is_detected());
            let mut said = Vec::new();
            if !absent.is_empty() {
                said.push(format!("Not found: {}.", absent.join(", ")));
            }
            if !computed.is_empty() {
                let computed = computed.join(", ");
                said.push(format!(
                    "Computed, without a column of their own: {computed}."
                ));
            }
            findings.push(finding(
                "fields_not_detected",
                "warning",
                said.join(" "),
                None,
            ));
        }
        // Issues for information only are no finding.
        let issues = run.issues[0] + run.issues[1];
        if issues > 0 {
            let were = if issues == 1 {
                "issue was"
            } else {
                "issues were"
            };
            let message = format!("{issues} {were} found.");
            let code = "validation_warnings_present";
            findings.push(finding(code, "warning", message, Some(issues)));
        }
        if failed.is_some() && outcome == "success" {
            outcome = "partial";
        }
        findings.extend(failed);
        Evaluation {
            outcome: Some(outcome.to_owned()),
            findings,
        }
    }
}

fn finding(code: &str, severity: &str, message: String, count: Option<u64>) -> RunFinding {
    RunFinding {
        code: code.to_owned(),
        severity: severity.to_owned(),
        message,
        count,
        meta: None,
    }
}

fn outputs(path: Option<&str>, sheet: Option<&str>, range: Option<&str>) -> Option<Outputs> {
    let path = path?;
    Some(Outputs {
        normalized: Some(NormalizedOutput {
            path: Some(path.to_owned()),
            sheet_name: sheet.map(str::to_owned),
            range_a1: range.map(str::to_owned),
        }),
    })
}
