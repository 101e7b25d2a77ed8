//! What a caller asks of a run beyond that it succeeds: no issues, certain fields, so many rows.
//!
//! The run stays what it is in the records. Only the command that made it says no, and puts no copy of its workbook into the
//! output directory.

use super::RowCounts;
use crate::base::counted::plural;
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::settings::distance;
use crate::store::{FieldResult, FieldState, RunMetrics, RunRecord, RunStatus};

/// Where a person finds out why a field is missing.
const WHY_NOT: &str = "`ade runs show` says why columns were not recognised";

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// There are no validation issues, and something was found.
    pub no_issues: bool,
    /// The fields that have to be found or computed.
    pub fields: Vec<String>,
    /// How many rows have to be written at least.
    pub rows: Option<u64>,
}

/// In what a run falls short.
#[derive(Debug, thiserror::Error)]
pub enum Shortfall {
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
    /// Fewer rows were written than asked for.
    #[error("{input} came to {}, and --min-rows asks for {least}", plural(*.written, "row"))]
    Rows {
        /// The input's name.
        input: String,
        /// How many were written.
        written: u64,
        /// How many were asked for.
        least: u64,
    },
}

impl Problem for Shortfall {
    fn facts(&self) -> Facts {
        match self {
            Self::Issues { .. } => Facts::new(Kind::Refused, code::ISSUES_DENIED),
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
            Self::Rows { .. } => Facts::new(Kind::Refused, code::TOO_FEW_ROWS),
        }
    }
}

/// Nothing that a run found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// No table on any sheet.
    Table,
    /// Tables, but no column of them is a field, although fields are defined.
    Field,
}

impl Nothing {
    /// What a succeeded run did not find. `None`: it found something, or looked for nothing.
    pub fn of(metrics: &RunMetrics) -> Option<Self> {
        if metrics.tables == 0 {
            Some(Self::Table)
        } else if metrics.mapped_fields == 0 && metrics.expected_fields > 0 {
            Some(Self::Field)
        } else {
            None
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Table => "no table was found",
            Self::Field => "no column was recognised as a field",
        }
    }
}

impl Demands {
    /// In what a run with these results falls short. A run that failed, or that processed nothing, is not asked.
    pub fn shortfalls(
        &self,
        run: &RunRecord,
        fields: &[FieldResult],
        rows: Option<RowCounts>,
    ) -> Vec<Shortfall> {
        let Some(metrics) = run
            .metrics
            .as_ref()
            .filter(|_| run.status == RunStatus::Succeeded)
        else {
            return Vec::new();
        };
        let input = || run.input_name.clone();
        let mut found = Vec::new();
        if self.no_issues {
            if metrics.issues > 0 {
                found.push(Shortfall::Issues {
                    input: input(),
                    issues: metrics.issues,
                });
            }
            if let Some(nothing) = Nothing::of(metrics) {
                let input = input();
                found.push(Shortfall::Nothing { input, nothing });
            }
        }
        for field in &self.fields {
            let state = fields.iter().find(|known| known.field == *field);
            match state.map(FieldResult::state) {
                Some(FieldState::Found | FieldState::Computed) => {}
                Some(FieldState::Missing) => found.push(Shortfall::Field {
                    input: input(),
                    field: field.clone(),
                }),
                None => found.push(Shortfall::UnknownField {
                    field: field.clone(),
                    known: meant(field, fields),
                }),
            }
        }
        if let Some(least) = self.rows {
            // An engine that does not tell what it wrote still counts what it read.
            let written = rows.map_or(metrics.rows, |rows| rows.written);
            if written < least {
                found.push(Shortfall::Rows {
                    input: input(),
                    written,
                    least,
                });
            }
        }
        found
    }
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
        assert_eq!(plural(1, "row"), "1 row");
        assert_eq!(plural(1_234, "row"), "1,234 rows");
    }
}
