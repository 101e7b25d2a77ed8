//! The severities of issues by numbers, and how cells show them. Every sheet of the output takes them from here.

use crate::account::severity::Severity;

/// How a severity is shown: its word, the fill of cells with such issues, and the ink of the word on white.
pub struct ShownSeverity {
    pub word: &'static str,
    pub fill: Option<&'static str>,
    pub ink: Option<&'static str>,
}

/// From none to the worst: the greater number is the worse severity.
pub const SEVERITIES: [ShownSeverity; 4] = [
    ShownSeverity {
        word: "",
        fill: None,
        ink: None,
    },
    shown(Severity::Info),
    shown(Severity::Warning),
    shown(Severity::Error),
];

const fn shown(severity: Severity) -> ShownSeverity {
    ShownSeverity {
        word: severity.word(),
        fill: Some(severity.fill()),
        ink: Some(severity.ink()),
    }
}

/// The number of warnings.
pub const WARNING: u8 = 2;
/// The number of errors, which are the worst.
pub const ERROR: u8 = 3;
