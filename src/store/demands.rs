//! The requirements of a caller for a run beyond success, as recorded with the run's options.
//!
//! The record explains a refusal later, and a retry makes the same demands again; `run::results::demands` judges them.

use serde::{Deserialize, Serialize};

/// A caller's requirements for a run; see the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Demands {
    /// The run has no errors and no warnings, and found something.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_issues: bool,
    /// The kinds of findings that the run must not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<DeniedFinding>,
    /// The maximum number of errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorLimit>,
    /// The fields that must be found or computed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The run whose layout this run must have; empty if its sender had no good run at the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
    /// The minimum number of rows that must be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// A kind of finding that a run must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeniedFinding {
    /// Issues that are errors.
    Error,
    /// Issues that are warnings or errors.
    Warning,
    /// Columns that no field claims.
    Unmapped,
}

/// The maximum number of errors of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorLimit {
    /// This number of errors.
    Count(u64),
    /// This percentage of the rows, including quarantined rows.
    Percent(f64),
}

impl Demands {
    /// Returns whether there are no requirements.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl DeniedFinding {
    /// All kinds of findings.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Unmapped];

    /// Returns `error`, `warning` or `unmapped`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Unmapped => "unmapped",
        }
    }
}

impl ErrorLimit {
    /// Parses a text such as `5` or `0.5%`. Returns `None` for any other text.
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
        use ErrorLimit::{Count, Percent};
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
            assert_eq!(ErrorLimit::parse(text), meant, "{text}");
        }
    }

    #[test]
    fn what_is_recorded_is_asked_for_again_and_nothing_takes_no_place() {
        let demands = Demands {
            no_issues: true,
            denied: vec![DeniedFinding::Unmapped],
            errors: Some(ErrorLimit::Percent(0.5)),
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
