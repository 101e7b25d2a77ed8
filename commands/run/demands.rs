//! The arguments for requirements on runs, shared by `ade run` and `ade ci`.

use std::collections::HashSet;

use ade::store::{Demands, DeniedFinding, ErrorLimit};
use clap::builder::{PossibleValuesParser, TypedValueParser};

const DEMANDS: &str =
    "Requirements (a run that fails one is refused: exit status 1, no copy with -o)";

/// The requirements on each run that succeeds.
#[derive(Clone, clap::Args)]
pub struct DemandArgs {
    /// Refuse a run with errors or warnings, or without any table or field
    #[arg(long, help_heading = DEMANDS)]
    pub deny_issues: bool,
    /// Refuse a run with errors, with warnings or errors, or with unmapped columns; may be repeated
    #[arg(long, value_name = "WHAT", value_parser = denied(), help_heading = DEMANDS)]
    pub deny: Vec<DeniedFinding>,
    /// Refuse a run with more than N errors, or with errors in more than P percent of its rows
    #[arg(long, value_name = "N|P%", value_parser = most_errors, help_heading = DEMANDS)]
    pub max_errors: Option<ErrorLimit>,
    /// Refuse a run if this field is neither found nor computed; may be repeated
    #[arg(long, value_name = "FIELD", help_heading = DEMANDS)]
    pub require: Vec<String>,
    /// Refuse a run if the file's layout differs from the sender's last good run (see `ade drift`)
    #[arg(long, help_heading = DEMANDS)]
    pub deny_drift: bool,
    /// Refuse a run that writes fewer rows
    #[arg(long, value_name = "N", help_heading = DEMANDS)]
    pub min_rows: Option<u64>,
}

impl DemandArgs {
    /// Returns whether repeated rows are denied in a combined table.
    pub fn deny_repeated(&self) -> bool {
        let are_denied =
            |what: &DeniedFinding| matches!(what, DeniedFinding::Error | DeniedFinding::Warning);
        self.deny_issues || self.deny.iter().any(are_denied)
    }

    /// Returns the demands in the form that runs are recorded with.
    pub fn demands(&self) -> Demands {
        // A field that is required twice is missing only once.
        let mut fields = self.require.clone();
        let mut seen = HashSet::new();
        fields.retain(|field| seen.insert(field.clone()));
        Demands {
            no_issues: self.deny_issues,
            denied: self.deny.clone(),
            errors: self.max_errors,
            fields,
            drift: self.deny_drift.then(String::new),
            rows: self.min_rows,
        }
    }
}

fn denied() -> impl TypedValueParser<Value = DeniedFinding> {
    PossibleValuesParser::new(DeniedFinding::ALL.map(DeniedFinding::word)).try_map(|word| {
        let all = DeniedFinding::ALL.into_iter();
        all.into_iter()
            .find(|what| what.word() == word)
            .ok_or("not one of these")
    })
}

fn most_errors(text: &str) -> Result<ErrorLimit, String> {
    ErrorLimit::parse(text).ok_or_else(|| {
        "not a number of errors, such as 5, or a part of the rows, such as 2%".to_owned()
    })
}
