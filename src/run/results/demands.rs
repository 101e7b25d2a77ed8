//! What a caller asks of a run beyond that it succeeds: no issues or few errors, certain fields, so many rows.
//!
//! The run stays succeeded in the records, with what was asked of it beside: whoever shows it judges again, and says that it was
//! refused. No copy of its workbook is put into the output directory.

use serde::Serialize;
use utoipa::ToSchema;

use super::layout::{Difference, layout_of};
use crate::base::counted::{plural, thousands};
use crate::base::problem::{Facts, Kind, Problem, code, typed};
use crate::engine::report::IssueTotals;
use crate::engine::{Noticed, RowCounts, RunReport};
use crate::settings::distance;
use crate::store::{
    ColumnResult, Demands, Denied, FieldResult, FieldState, MostErrors, RunMetrics, RunRecord,
    RunStatus, Store, StoreError,
};

/// Where a person finds out why a field is missing.
const WHY_NOT: &str = "`ade runs show` says why columns were not recognised";

/// So many headers are named, and of each so many characters.
const HEADERS: usize = 3;
const LONGEST_HEADER: usize = 40;
/// And so many differences of a layout.
const SENTENCES: usize = 3;

/// What is known of a run that succeeded.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What became of each field.
    pub fields: &'a [FieldResult],
    /// The rows; `None`: the engine did not tell.
    pub rows: Option<RowCounts>,
    /// What is known of the list of issues; `None`: there is no list.
    pub issue_list: Option<&'a IssueTotals>,
    /// In what the layout differs from that of the run that was asked for.
    pub drift: &'a [Difference],
    /// The headers of the columns that no field claims, of no length where a column has none; `None`: they are not known.
    pub unmapped: Option<&'a [String]>,
}

/// In what a run falls short.
#[derive(Debug, thiserror::Error)]
pub enum Shortfall {
    /// It has more errors than it may have.
    #[error("{input} has {}, and --max-errors allows {most}", plural(*.errors, "error"))]
    TooManyErrors {
        /// The input's name.
        input: String,
        /// How many it has.
        errors: u64,
        /// How many it may have.
        most: u64,
    },
    /// More rows have errors than may have any.
    #[error("{} of {} ({:.1}%) of {input} {}, and --max-errors allows {most}%", thousands(*.wrong), plural(*.rows, "row"), percent(*.wrong, *.rows),
        if *.wrong == 1 { "has errors" } else { "have errors" })]
    TooManyRows {
        /// The input's name.
        input: String,
        /// How many have errors.
        wrong: u64,
        /// How many there are.
        rows: u64,
        /// How many percent of them may have errors.
        most: f64,
    },
    /// It has what it may not have.
    #[error("{input} has {what}, which --deny {word} does not allow")]
    Denied {
        /// The input's name.
        input: String,
        /// How many errors and warnings.
        what: String,
        /// The flag's value.
        word: &'static str,
    },
    /// It has columns that no field claims.
    #[error("{input} has {} that no field claims{}, which --deny unmapped does not allow", plural(*.columns, "column"), named(*.columns, headers))]
    Unmapped {
        /// The input's name.
        input: String,
        /// How many.
        columns: u64,
        /// Their headers.
        headers: Vec<String>,
    },
    /// It has issues, and which of them are errors is not known.
    #[error(
        "{flag}: the configuration makes no list of issues, so it is not known which of them are errors"
    )]
    Unknown {
        /// The flag.
        flag: &'static str,
    },
    /// It has issues.
    #[error("{input} has {}, which --deny-issues does not allow", plural(*.issues, "issue"))]
    Issues {
        /// The input's name.
        input: String,
        /// How many.
        issues: u64,
    },
    /// It found nothing to normalize.
    #[error("in {input} {}, which --deny-issues does not allow", .nothing.words())]
    Nothing {
        /// The input's name.
        input: String,
        /// What it did not find.
        nothing: Nothing,
    },
    /// A field was neither found nor computed.
    #[error("{input} has no field {field}, which --require asks for")]
    Field {
        /// The input's name.
        input: String,
        /// The field.
        field: String,
    },
    /// The configuration does not define a field.
    #[error("--require {field}: the configuration does not define this field")]
    UnknownField {
        /// The field.
        field: String,
        /// The fields that it may mean: the nearest one, else all.
        known: Vec<String>,
    },
    /// Its layout is another than that of its sender's last good run.
    #[error(
        "{input} has another layout than before, which --deny-drift does not allow: {}",
        told(differences)
    )]
    Drift {
        /// The input's name.
        input: String,
        /// What differs, in sentences.
        differences: Vec<String>,
    },
    /// Fewer rows were written than asked for.
    #[error("{input} has {}{}; --min-rows wants {least}", plural(*.written, "row"),
        if *.quarantined > 0 { format!(" beside {} quarantined", thousands(*.quarantined)) } else { String::new() })]
    Rows {
        /// The input's name.
        input: String,
        /// How many were written.
        written: u64,
        /// How many more were quarantined.
        quarantined: u64,
        /// How many were asked for.
        least: u64,
    },
}

impl Problem for Shortfall {
    fn facts(&self) -> Facts {
        match self {
            Self::Issues { .. } => Facts::new(Kind::Refused, code::ISSUES_DENIED),
            Self::Denied { input, .. } => {
                Facts::new(Kind::Refused, code::ISSUES_DENIED).hint(which(input))
            }
            Self::TooManyErrors { input, .. } | Self::TooManyRows { input, .. } => {
                Facts::new(Kind::Refused, code::TOO_MANY_ERRORS).hint(which(input))
            }
            Self::Unmapped { .. } => Facts::new(Kind::Refused, code::ISSUES_DENIED).hint(WHY_NOT),
            Self::Unknown { .. } => Facts::new(Kind::Usage, code::NO_ISSUE_LIST)
                .hint("set `edition = \"2026\"` in its settings.toml"),
            Self::Nothing { nothing, .. } => Facts::new(Kind::Refused, code::NOTHING_FOUND)
                .maybe_hint((*nothing == Nothing::Field).then(|| WHY_NOT.to_owned())),
            Self::Field { .. } => Facts::new(Kind::Refused, code::FIELD_NOT_FOUND).hint(WHY_NOT),
            Self::UnknownField { known, .. } => {
                Facts::new(Kind::Usage, code::UNKNOWN_FIELD).hint(match known.as_slice() {
                    [] => "it defines none".to_owned(),
                    [one] => format!("did you mean {one}?"),
                    all => format!("it defines {}", all.join(", ")),
                })
            }
            Self::Drift { input, .. } => Facts::new(Kind::Refused, code::LAYOUT_DRIFTED).hint(
                format!("`ade drift {input} --config CONFIG` tells all of it"),
            ),
            Self::Rows { .. } => Facts::new(Kind::Refused, code::TOO_FEW_ROWS),
        }
    }
}

/// What a run that succeeded has found none of. No list or page shows such a run as one that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = NothingFound)]
#[serde(rename_all = "lowercase")]
pub enum Nothing {
    /// There is no table on any sheet.
    Table,
    /// There are tables, but no column of them is a field, although fields are defined.
    Field,
    /// There are tables, but no rows in them.
    Row,
}

impl Nothing {
    /// What a run did not find. `None`: it found something, looked for nothing, or did not succeed.
    pub fn of(run: &RunRecord) -> Option<Self> {
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

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Table => "no table was found",
            Self::Field => "no column was recognised as a field",
            Self::Row => "no row was found below the header",
        }
    }
}

/// In what an ended run falls short of what was asked of it when it was made: why it was refused. Empty: it was not.
///
/// # Errors
/// Its results cannot be read.
pub fn refusals(store: &Store, run: &RunRecord) -> Result<Vec<Shortfall>, StoreError> {
    let demands = &run.options.demands;
    if demands.is_empty() || run.status != RunStatus::Succeeded || run.metrics.is_none() {
        return Ok(Vec::new());
    }
    // What no demand looks at is not read: lists show many runs.
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
    let unmapped = match demands.denied.contains(&Denied::Unmapped) {
        true => Some(unclaimed(store.run_columns(&run.id)?, &report.noticed)),
        false => None,
    };
    let drift = drifted(store, run)?;
    let found = Found {
        drift: &drift,
        fields: &fields,
        rows: report.rows(),
        issue_list: report.noticed.issue_list.as_ref(),
        unmapped: unmapped.as_deref(),
    };
    Ok(demands.shortfalls(run, &found))
}

impl Demands {
    /// Whether the figures of a run and its fields do not say all that is asked.
    fn looks_at_payload(&self) -> bool {
        let denies = |what: Denied| self.denied.contains(&what);
        self.errors.is_some()
            || self.rows.is_some()
            || denies(Denied::Error)
            || denies(Denied::Unmapped)
    }

    /// In what a run with these results falls short. A run that failed, or that processed nothing, is not asked.
    pub(crate) fn shortfalls(&self, run: &RunRecord, found: &Found<'_>) -> Vec<Shortfall> {
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
        found: &Found<'_>,
    ) -> Option<Shortfall> {
        // Errors of a sheet or a column are of no row: none at all is a number of errors.
        let most = match self.errors? {
            MostErrors::Percent(none) if none <= 0.0 => MostErrors::Count(0),
            most => most,
        };
        let unknown = Shortfall::Unknown {
            flag: "--max-errors",
        };
        if !knows_errors(metrics, found) {
            return Some(unknown);
        }
        let input = input.to_owned();
        match most {
            MostErrors::Count(most) => {
                let errors = metrics.errors;
                (errors > most).then_some(Shortfall::TooManyErrors {
                    input,
                    errors,
                    most,
                })
            }
            MostErrors::Percent(_) if metrics.errors == 0 => None,
            MostErrors::Percent(most) => {
                let Some(list) = found.issue_list else {
                    return Some(unknown);
                };
                let wrong = list.rows_with_errors;
                // An engine that does not tell what it wrote still counts what it read.
                let rows = found.rows.map_or(metrics.rows, RowCounts::evaluated);
                let is_over = percent(wrong, rows) > most;
                is_over.then_some(Shortfall::TooManyRows {
                    input,
                    wrong,
                    rows,
                    most,
                })
            }
        }
    }

    fn denied(&self, input: &str, metrics: &RunMetrics, found: &Found<'_>) -> Vec<Shortfall> {
        let denies = |what: Denied| self.denied.contains(&what);
        let mut short = Vec::new();
        let denied = |what: String, of: Denied| Shortfall::Denied {
            input: input.to_owned(),
            what,
            word: of.word(),
        };
        // The one includes the other, so one of them says it.
        if denies(Denied::Warning) && metrics.faults() > 0 {
            let counts = [(metrics.errors, "error"), (metrics.warnings, "warning")];
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let counts: Vec<String> = counts.map(|(count, word)| plural(*count, word)).collect();
            short.push(denied(counts.join(" and "), Denied::Warning));
        } else if denies(Denied::Error) && !knows_errors(metrics, found) {
            short.push(Shortfall::Unknown {
                flag: "--deny error",
            });
        } else if denies(Denied::Error) && metrics.errors > 0 {
            short.push(denied(plural(metrics.errors, "error"), Denied::Error));
        }
        let headers = found.unmapped;
        let columns = headers.map_or(metrics.unmapped_columns, |headers| headers.len() as u64);
        if denies(Denied::Unmapped) && columns > 0 {
            short.push(Shortfall::Unmapped {
                input: input.to_owned(),
                columns,
                headers: headers.unwrap_or_default().to_vec(),
            });
        }
        short
    }

    fn too_few_rows(
        &self,
        input: &str,
        metrics: &RunMetrics,
        found: &Found<'_>,
    ) -> Option<Shortfall> {
        let least = self.rows?;
        let written = found.rows.map_or(metrics.rows, |rows| rows.written);
        (written < least).then(|| Shortfall::Rows {
            input: input.to_owned(),
            written,
            quarantined: found.rows.map_or(0, |rows| rows.quarantined),
            least,
        })
    }
}

/// The headers of the columns that no field claims, of no length where a column has none. A column is claimed too where fields
/// were split from it, and one without a header and without a value is no column of the sender.
pub fn unclaimed(columns: Vec<ColumnResult>, noticed: &Noticed) -> Vec<String> {
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

/// In what the layout of a run differs from that which was asked for. Nothing where one of the two is not known.
///
/// # Errors
/// The records cannot be read.
pub fn drifted(store: &Store, run: &RunRecord) -> Result<Vec<Difference>, StoreError> {
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

fn drift(input: &str, differences: &[Difference]) -> Option<Shortfall> {
    let matter = differences.iter().filter(|one| one.matters);
    let differences: Vec<String> = matter.map(|one| one.message.clone()).collect();
    (!differences.is_empty()).then(|| Shortfall::Drift {
        input: input.to_owned(),
        differences,
    })
}

/// The first few sentences.
fn told(differences: &[String]) -> String {
    let more = differences.len().saturating_sub(SENTENCES);
    let mut told: Vec<String> = differences.iter().take(SENTENCES).cloned().collect();
    if more > 0 {
        told.push(format!("{more} more"));
    }
    told.join("; ")
}

/// What `--deny-issues` does not allow. How many rows there have to be, `--min-rows` says.
fn issues(run: &RunRecord, metrics: &RunMetrics) -> Vec<Shortfall> {
    let input = || run.input_name.clone();
    let faults = metrics.faults();
    let issues = (faults > 0).then(|| Shortfall::Issues {
        input: input(),
        issues: faults,
    });
    let nothing = Nothing::of(run).filter(|nothing| *nothing != Nothing::Row);
    let nothing = nothing.map(|nothing| Shortfall::Nothing {
        input: input(),
        nothing,
    });
    issues.into_iter().chain(nothing).collect()
}

/// Without a list every issue counts as a warning, whatever it is.
fn knows_errors(metrics: &RunMetrics, found: &Found<'_>) -> bool {
    found.issue_list.is_some() || metrics.warnings < metrics.issues || metrics.issues == 0
}

fn missing_field(input: &str, field: &str, fields: &[FieldResult]) -> Option<Shortfall> {
    let state = fields.iter().find(|known| known.field == *field);
    match state.map(FieldResult::state) {
        Some(FieldState::Found | FieldState::Computed) => None,
        Some(FieldState::Missing) => Some(Shortfall::Field {
            input: input.to_owned(),
            field: field.to_owned(),
        }),
        None => Some(Shortfall::UnknownField {
            field: field.to_owned(),
            known: meant(field, fields),
        }),
    }
}

/// How many percent a part is; none of nothing.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 * 100.0 / whole as f64
}

/// The first headers, behind a colon, and how many columns have others or none.
fn named(columns: u64, headers: &[String]) -> String {
    let mut names: Vec<String> = Vec::new();
    for header in headers {
        let words: Vec<&str> = header.split_whitespace().collect();
        let mut letters = words
            .join(" ")
            .chars()
            .filter(|letter| !letter.is_control())
            .collect::<Vec<_>>();
        if letters.len() > LONGEST_HEADER {
            letters.truncate(LONGEST_HEADER);
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

/// Where a person finds out what is wrong.
fn which(input: &str) -> String {
    format!("`ade issues {}` lists them", typed(input))
}

/// The field that a misspelt one most likely means; all, where none is near.
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
        let unknown = Shortfall::UnknownField {
            field: "zzz".to_owned(),
            known: meant("zzz", &fields),
        };
        let hint = unknown.facts().hint;
        assert_eq!(hint.unwrap(), "it defines email, full_name, start_date");
    }
}
