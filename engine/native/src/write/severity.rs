//! The severities of issues: their words, and how they are shown. Every sheet of the output takes them from here.

/// How a severity is shown: its word, the fill of cells with such issues, and the ink of the word on white.
pub struct Severity {
    pub word: &'static str,
    pub fill: Option<&'static str>,
    pub ink: Option<&'static str>,
}

/// From none to the worst: the greater number is the worse severity.
pub const SEVERITIES: [Severity; 4] = [
    Severity {
        word: "",
        fill: None,
        ink: None,
    },
    Severity {
        word: "info",
        fill: Some("DCE4F5"),
        ink: Some("2148C0"),
    },
    Severity {
        word: "warning",
        fill: Some("FCE4AE"),
        ink: Some("855000"),
    },
    Severity {
        word: "error",
        fill: Some("F9CCC6"),
        ink: Some("B42318"),
    },
];
/// The number of warnings.
pub const WARNING: u8 = 2;
/// The number of errors, which are the worst.
pub const ERROR: u8 = 3;
