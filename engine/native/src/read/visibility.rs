//! How the sheets of a workbook are shown, whatever its format.

/// How a sheet is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Visibility {
    #[default]
    Visible,
    Hidden,
    VeryHidden,
}

impl Visibility {
    /// The name that openpyxl and the file format use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::VeryHidden => "veryHidden",
        }
    }
}
