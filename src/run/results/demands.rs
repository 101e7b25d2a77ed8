//! The demands of a caller on a run beyond success: no issues or few errors, certain fields, a number of rows.
//!
//! The run's record keeps the status succeeded, together with the demands: every view judges the run again, and shows it as
//! refused. No copy of its workbook is put into the output directory.

use serde::Serialize;
use utoipa::ToSchema;

use super::layout::{LayoutDifference, layout_of};
use crate::base::counted::{plural, thousands};
use crate::base::problem::{Error, ErrorFacts, Problem, ProblemKind, code, typed};
use crate::engine::report::IssueTotals;
use crate::engine::{RowCounts, RunNotices, RunReport};
use crate::settings::distance;
use crate::store::{
    ColumnResult, Demands, DeniedFinding, ErrorLimit, FieldResult, FieldState, RunMetrics,
    RunRecord, RunStatus, Store, StoreError,
};

/// The hint about the reason why a field is missing.
const WHY_NOT: &str = "`ade runs show` says why columns were not recognised";

/// The maximum number of headers in a message, and of characters of each.
const HEADERS: usize = 3;
const MAX_HEADER_CHARS: usize = 40;
/// The maximum number of layout differences in a message.
const SENTENCES: usize = 3;

/// The facts about a run that succeeded.
#[derive(Clone, Copy, Debug)]
pub struct RunFindings<'a> {
    /// The result of each field.
    pub fields: &'a [FieldResult],
    /// The numbers of rows; `None`: the engine did not report them.
    pub rows: Option<RowCounts>,
    /// The totals of the list of issues; `None`: there is no list.
    pub issue_list: Option<&'a IssueTotals>,
    /// The differences between the layout and that of the run to compare with.
    pub drift: &'a [LayoutDifference],
    /// The headers of the columns that no field claims, empty if a column has none; `None`: unknown.
    pub unmapped: Option<&'a [String]>,
}

/// A demand that a run does not meet.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Shortfall {
    error: Error,
    without_headers: Option<String>,
}

impl Shortfall {
    /// Returns the message without headers of the sender: a header that is taken from the wrong row is a value.
    pub fn without_headers(&self) -> String {
        let own = self.without_headers.clone();
        own.unwrap_or_else(|| self.to_string())
    }

    /// Returns whether the fault is in the call, and so the same for every file.
    pub fn is_of_call(&self) -> bool {
        self.kind() == ProblemKind::Usage
    }
}

impl From<Error> for Shortfall {
    fn from(error: Error) -> Self {
        Self {
            error,
            without_headers: None,
        }
    }
}

impl Problem for Shortfall {
    fn facts(&self) -> ErrorFacts {
        self.error.facts()
    }
}

/// The kind of thing that a successful run found none of. No list or page shows such a run as one that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = NothingFound)]
#[serde(rename_all = "lowercase")]
pub enum NothingFound {
    /// No sheet has a table.
    Table,
    /// There are tables, but none of their columns is a field, although fields are defined.
    Field,
    /// There are tables, but they have no rows.
    Row,
}

impl NothingFound {
    /// Returns the kind of thing that a run found none of. `None`: it found something, looked for nothing, or did not
    /// succeed.
    pub fn from_run(run: &RunRecord) -> Option<Self> {
        let metrics = run.metrics.as_ref()?;
        if run.status != RunStatus::Succeeded {
            None
        } else if metrics.tables == 0 {
            Some(Self::Table)
        } else if metrics.mapped_fields == 0 && metrics.expected_fields > 0 {
            Some(Self::Field)
        } else if metrics.rows == 0 {
            Some(Self::Row)
        } else {
            None
        }
    }

    /// Describes it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Table => "no table was found",
            Self::Field => "no column was recognised as a field",
            Self::Row => "no row was found below the header",
        }
    }
}

/// Returns the demands that an ended run did not meet, which is why it was refused. Empty: it was not refused.
///
/// # Errors
/// The results of the run cannot be read.
pub fn refusals(store: &Store, run: &RunRecord) -> Result<Vec<Shortfall>, StoreError> {
    let demands = &run.options.demands;
    if demands.is_empty() || run.status != RunStatus::Succeeded || run.metrics.is_none() {
        return Ok(Vec::new());
    }
    // Only reads what the demands need, because lists show many runs.
    let payload = match demands.looks_at_payload() {
        true => store.run_payload(&run.id)?,
        false => None,
    };
    let report = payload
        .map(|text| RunReport::head(&text))
        .unwrap_or_default();
    let fields = match demands.fields.is_empty() {
        true => Vec::new(),
        false => store.run_fields(&run.id)?,
    };
    let unmapped = match demands.denied.contains(&DeniedFinding::Unmapped) {
        true => Some(unclaimed(store.run_columns(&run.id)?, &report.noticed)),
        false => None,
    };
    let drift = drifted(store, run)?;
    let found = RunFindings {
        drift: &drift,
        fields: &fields,
        rows: report.rows(),
        issue_list: report.noticed.issue_list.as_ref(),
        unmapped: unmapped.as_deref(),
    };
    Ok(demands.shortfalls(run, &found))
}

impl Demands {
    /// Returns whether the demands need more than the figures of a run and its fields.
    fn looks_at_payload(&self) -> bool {
        let denies = |what: DeniedFinding| self.denied.contains(&what);
        self.errors.is_some()
            || self.rows.is_some()
            || denies(DeniedFinding::Error)
            || denies(DeniedFinding::Unmapped)
    }

    /// Returns the demands that a run with these results does not meet. A run that failed or processed nothing is not judged.
    pub(crate) fn shortfalls(&self, run: &RunRecord, found: &RunFindings<'_>) -> Vec<Shortfall> {
        let succeeded = run.status == RunStatus::Succeeded;
        let Some(metrics) = run.metrics.as_ref().filter(|_| succeeded) else {
            return Vec::new();
        };
        let input = &run.input_name;
        let mut short = Vec::new();
        if self.no_issues {
            short.extend(issues(run, metrics));
        }
        short.extend(self.too_many_errors(input, metrics, found));
        short.extend(self.denied(input, metrics, found));
        let missing = self.fields.iter();
        short.extend(missing.filter_map(|field| missing_field(input, field, found.fields)));
        short.extend(drift(input, found.drift));
        short.extend(self.too_few_rows(input, metrics, found));
        short
    }

    fn too_many_errors(
        &self,
        input: &str,
        metrics: &RunMetrics,
        found: &RunFindings<'_>,
    ) -> Option<Shortfall> {
        // Errors of a sheet or a column belong to no row, so a limit of 0 % means a number of 0 errors.
        let most = match self.errors? {
            ErrorLimit::Percent(none) if none <= 0.0 => ErrorLimit::Count(0),
            most => most,
        };
        if !knows_errors(metrics, found) {
            return Some(unknown("--max-errors"));
        }
        let message = match most {
            ErrorLimit::Count(most) => {
                let errors = metrics.errors;
                (errors > most).then(|| {
                    let errors = plural(errors, "error");
                    format!("{input} has {errors}, and --max-errors allows {most}")
                })
            }
            ErrorLimit::Percent(_) if metrics.errors == 0 => None,
            ErrorLimit::Percent(most) => {
                let Some(list) = found.issue_list else {
                    return Some(unknown("--max-errors"));
                };
                let wrong = list.rows_with_errors;
                // An engine that does not report the written rows still counts those that it read.
                let rows = found.rows.map_or(metrics.rows, RowCounts::evaluated);
                let share = percent(wrong, rows);
                (share > most).then(|| {
                    let have = if wrong == 1 { "has errors" } else { "have errors" };
                    let (wrong, rows) = (thousands(wrong), plural(rows, "row"));
                    format!(
                        "{wrong} of {rows} ({share:.1}%) of {input} {have}, and --max-errors allows {most}%"
                    )
                })
            }
        };
        let error = Error::refused(code::TOO_MANY_ERRORS, message?);
        Some(error.hint(which(input)).into())
    }

    fn denied(&self, input: &str, metrics: &RunMetrics, found: &RunFindings<'_>) -> Vec<Shortfall> {
        let denies = |what: DeniedFinding| self.denied.contains(&what);
        let mut short: Vec<Shortfall> = Vec::new();
        let denied = |what: String, of: DeniedFinding, hint: String| {
            let word = of.word();
            let message = format!("{input} has {what}, which --deny {word} does not allow");
            Shortfall::from(Error::refused(code::ISSUES_DENIED, message).hint(hint))
        };
        // Denying warnings includes denying errors, so one message is enough.
        if denies(DeniedFinding::Warning) && metrics.faults() > 0 {
            let counts = [(metrics.errors, "error"), (metrics.warnings, "warning")];
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let counts: Vec<String> = counts.map(|(count, word)| plural(*count, word)).collect();
            short.push(denied(
                counts.join(" and "),
                DeniedFinding::Warning,
                which(input),
            ));
        } else if denies(DeniedFinding::Error) && !knows_errors(metrics, found) {
            short.push(unknown("--deny error"));
        } else if denies(DeniedFinding::Error) && metrics.errors > 0 {
            let errors = plural(metrics.errors, "error");
            short.push(denied(errors, DeniedFinding::Error, which(input)));
        }
        let headers = found.unmapped;
        let columns = headers.map_or(metrics.unmapped_columns, |headers| headers.len() as u64);
        if denies(DeniedFinding::Unmapped) && columns > 0 {
            let unmapped = |headers: &[String]| {
                let (columns, named) = (plural(columns, "column"), named(columns, headers));
                let what = format!("{columns} without a field{named}");
                denied(what, DeniedFinding::Unmapped, WHY_NOT.to_owned())
            };
            short.push(Shortfall {
                without_headers: Some(unmapped(&[]).to_string()),
                ..unmapped(headers.unwrap_or_default())
            });
        }
        short
    }

    fn too_few_rows(
        &self,
        input: &str,
        metrics: &RunMetrics,
        found: &RunFindings<'_>,
    ) -> Option<Shortfall> {
        let least = self.rows?;
        let written = found.rows.map_or(metrics.rows, |rows| rows.written);
        (written < least).then(|| {
            let beside = match found.rows.map_or(0, |rows| rows.quarantined) {
                0 => String::new(),
                quarantined => format!(" and {} quarantined", thousands(quarantined)),
            };
            let written = plural(written, "row");
            let message = format!("{input} has {written}{beside}; --min-rows requires {least}");
            Error::refused(code::TOO_FEW_ROWS, message).into()
        })
    }
}

/// Returns the headers of the columns that no field claims, empty if a column has none. A column from which fields were split
/// is claimed too, and a column without header and values is not a column of the sender.
pub fn unclaimed(columns: Vec<ColumnResult>, noticed: &RunNotices) -> Vec<String> {
    let is_split = |column: &ColumnResult| {
        noticed.columns.iter().any(|told| {
            told.is_of_table(&column.sheet_name, column.table_index)
                && told.source_index() == Some(column.column_index)
        })
    };
    let unmapped = columns.into_iter().filter(|column| {
        let has_header = column
            .header_raw
            .as_deref()
            .is_some_and(|header| !header.trim().is_empty());
        let is_there = column.non_empty_cells > 0 || has_header;
        column.mapped_field.is_none() && is_there && !is_split(column)
    });
    unmapped
        .map(|column| column.header_raw.unwrap_or_default())
        .collect()
}

/// Returns the differences between the layout of a run and the layout to compare with; empty if one of the two is unknown.
///
/// # Errors
/// The records cannot be read.
pub fn drifted(store: &Store, run: &RunRecord) -> Result<Vec<LayoutDifference>, StoreError> {
    let since = run.options.demands.drift.as_deref();
    let Some(since) = since.filter(|since| !since.is_empty()) else {
        return Ok(Vec::new());
    };
    let before = match store.run_of_any_workspace(since) {
        Ok(since) => layout_of(store, &since)?,
        Err(StoreError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let now = layout_of(store, run)?;
    let both = now.zip(before);
    Ok(both.map_or_else(Vec::new, |(now, before)| now.since(&before)))
}

fn drift(input: &str, differences: &[LayoutDifference]) -> Option<Shortfall> {
    let matter = differences.iter().filter(|difference| difference.matters);
    let differences: Vec<&str> = matter
        .map(|difference| difference.message.as_str())
        .collect();
    (!differences.is_empty()).then(|| {
        let message = |what: String| {
            format!(
                "{input} has another layout than before, which --deny-drift does not allow: {what}"
            )
        };
        let hint = format!("`ade drift {input} --config CONFIG` lists all differences");
        let count = plural(differences.len() as u64, "difference");
        Shortfall {
            error: Error::refused(code::LAYOUT_DRIFTED, message(told(&differences))).hint(hint),
            without_headers: Some(message(count)),
        }
    })
}

/// Joins the first few sentences.
fn told(differences: &[&str]) -> String {
    let more = differences.len().saturating_sub(SENTENCES);
    let told = differences
        .iter()
        .take(SENTENCES)
        .map(|&difference| difference.to_owned());
    let more = (more > 0).then(|| format!("{more} more"));
    told.chain(more).collect::<Vec<_>>().join("; ")
}

/// Returns the faults that `--deny-issues` does not allow. `--min-rows` decides about the number of rows.
fn issues(run: &RunRecord, metrics: &RunMetrics) -> impl Iterator<Item = Shortfall> {
    let input = &run.input_name;
    let faults = metrics.faults();
    let issues = (faults > 0).then(|| {
        let issues = plural(faults, "issue");
        let message = format!("{input} has {issues}, which --deny-issues does not allow");
        Error::refused(code::ISSUES_DENIED, message)
    });
    let nothing = NothingFound::from_run(run).filter(|nothing| *nothing != NothingFound::Row);
    let nothing = nothing.map(|nothing| {
        let words = nothing.words();
        let message = format!("in {input} {words}, which --deny-issues does not allow");
        let hint = (nothing == NothingFound::Field).then(|| WHY_NOT.to_owned());
        Error::refused(code::NOTHING_FOUND, message).maybe_hint(hint)
    });
    issues.into_iter().chain(nothing).map(Shortfall::from)
}

/// Returns the error if it is unknown which issues are errors.
fn unknown(flag: &str) -> Shortfall {
    let message = format!(
        "{flag}: the configuration makes no list of issues, so it is not known which of them are errors"
    );
    Error::usage(code::NO_ISSUE_LIST, message)
        .hint("set `edition = \"2026\"` in its settings.toml")
        .into()
}

/// Without a list, every issue counts as a warning.
fn knows_errors(metrics: &RunMetrics, found: &RunFindings<'_>) -> bool {
    found.issue_list.is_some() || metrics.warnings < metrics.issues || metrics.issues == 0
}

fn missing_field(input: &str, field: &str, fields: &[FieldResult]) -> Option<Shortfall> {
    let state = fields.iter().find(|known| known.field == *field);
    let error = match state.map(FieldResult::state) {
        Some(FieldState::Found | FieldState::Computed) => return None,
        Some(FieldState::Missing) => {
            let message = format!("{input} has no field {field}, which --require asks for");
            Error::refused(code::FIELD_NOT_FOUND, message).hint(WHY_NOT)
        }
        None => {
            let message =
                format!("--require {field}: the configuration does not define this field");
            Error::usage(code::UNKNOWN_FIELD, message).hint(match meant(field, fields).as_slice() {
                [] => "it defines none".to_owned(),
                [one] => format!("did you mean {one}?"),
                all => format!("it defines {}", all.join(", ")),
            })
        }
    };
    Some(error.into())
}

/// Returns the percentage of a part; 0 if the whole is 0.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 * 100.0 / whole as f64
}

/// Returns a colon and the first headers, and the number of columns with other headers or none.
fn named(columns: u64, headers: &[String]) -> String {
    let mut names: Vec<String> = Vec::new();
    for header in headers {
        let words: Vec<&str> = header.split_whitespace().collect();
        let mut letters = words
            .join(" ")
            .chars()
            .filter(|letter| !letter.is_control())
            .collect::<Vec<_>>();
        if letters.len() > MAX_HEADER_CHARS {
            letters.truncate(MAX_HEADER_CHARS);
            letters.push('…');
        }
        let name: String = letters.into_iter().collect();
        if !name.is_empty() && !names.contains(&name) && names.len() < HEADERS {
            names.push(name);
        }
    }
    match columns.saturating_sub(names.len() as u64) {
        _ if names.is_empty() => String::new(),
        0 => format!(": {}", names.join(", ")),
        _ => format!(": {}, …", names.join(", ")),
    }
}

/// Returns the hint about what is wrong.
fn which(input: &str) -> String {
    format!("`ade issues {}` lists them", typed(input))
}

/// Returns the field that a misspelt name most likely means; all fields if none is similar.
fn meant(given: &str, fields: &[FieldResult]) -> Vec<String> {
    let names = fields.iter().map(|field| field.field.as_str());
    let distance_to = |name: &str| distance(&given.to_lowercase(), &name.to_lowercase());
    let nearest = names
        .clone()
        .min_by_key(|name| distance_to(name))
        .filter(|name| distance_to(name) <= name.chars().count().max(3) / 2);
    match nearest {
        Some(name) => vec![name.to_owned()],
        None => names.map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_headers_are_named() {
        assert!(percent(0, 0) < f64::EPSILON);
        let (long, cut) = ("x".repeat(99), "x".repeat(40));
        for (count, headers, words) in [
            (2, "Shirt|Shoe\n size", ": Shirt, Shoe size"),
            (5, "a||b|a|c", ": a, b, c, …"),
            (1, "", ""),
            (2, &format!("|{long}"), &format!(": {cut}…, …")),
        ] {
            let headers: Vec<String> = headers.split('|').map(str::to_owned).collect();
            assert_eq!(named(count, &headers), words);
        }
    }

    fn field(name: &str) -> FieldResult {
        FieldResult {
            field: name.to_owned(),
            label: None,
            detected: false,
            computed: false,
            best_mapping_score: None,
            valid_cells: None,
            occurrences_tables: 0,
            occurrences_columns: 0,
        }
    }

    #[test]
    fn the_nearest_field_is_meant_or_any() {
        let fields = ["email", "full_name", "start_date"].map(field);
        assert_eq!(meant("e-mail", &fields), ["email"]);
        assert_eq!(meant("Start-Date", &fields), ["start_date"]);
        assert_eq!(meant("zzz", &fields).len(), 3);
        assert!(meant("email", &[]).is_empty());
        let unknown = missing_field("a.csv", "zzz", &fields).unwrap();
        let hint = unknown.facts().hint;
        assert_eq!(hint.unwrap(), "it defines email, full_name, start_date");
    }
}
