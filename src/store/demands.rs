//! What a caller asks of a run beyond that it succeeds, as it is recorded with the run's options.
//!
//! The record is what makes a refusal known later, and what a retry asks for again; `run::results::demands` judges.

use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Demands {
    /// There are no errors and no warnings, and something was found.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_issues: bool,
    /// What there may be none of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<Denied>,
    /// How many errors there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<MostErrors>,
    /// The fields that have to be found or computed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The run whose layout the run has to have; of no length where its sender had no good run when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
    /// How many rows have to be written at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// What a run may have none of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Denied {
    /// Errors.
    Error,
    /// Warnings, and what is worse.
    Warning,
    /// Columns that no field claims.
    Unmapped,
}

/// How many errors a run may have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MostErrors {
    /// So many.
    Count(u64),
    /// In so many percent of the rows, those that are quarantined among them.
    Percent(f64),
}

impl Demands {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Denied {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Unmapped];

    /// `error`, `warning` or `unmapped`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Unmapped => "unmapped",
        }
    }
}

impl MostErrors {
    /// Of a text such as `5` or `0.5%`. `None`: it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().ok().map(Self::Count);
        };
        let percent: f64 = percent.trim_end().parse().ok()?;
        (0.0..=100.0)
            .contains(&percent)
            .then_some(Self::Percent(percent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_a_percentage_says_how_many_errors_there_may_be() {
        use MostErrors::{Count, Percent};
        for (text, meant) in [
            ("0", Some(Count(0))),
            ("12", Some(Count(12))),
            ("5%", Some(Percent(5.0))),
            ("0.5 %", Some(Percent(0.5))),
            ("100%", Some(Percent(100.0))),
            ("101%", None),
            ("-1%", None),
            ("NaN%", None),
            ("-1", None),
            ("few", None),
            ("1.5", None),
            ("", None),
            ("%", None),
        ] {
            assert_eq!(MostErrors::parse(text), meant, "{text}");
        }
    }

    #[test]
    fn what_is_recorded_is_asked_for_again_and_nothing_takes_no_place() {
        let demands = Demands {
            no_issues: true,
            denied: vec![Denied::Unmapped],
            errors: Some(MostErrors::Percent(0.5)),
            fields: vec!["email".to_owned()],
            drift: Some("0199c2".to_owned()),
            rows: Some(3),
        };
        let recorded = serde_json::to_string(&demands).unwrap();
        assert_eq!(
            serde_json::from_str::<Demands>(&recorded).unwrap(),
            demands,
            "{recorded}"
        );
        assert_eq!(serde_json::to_string(&Demands::default()).unwrap(), "{}");
    }
}
