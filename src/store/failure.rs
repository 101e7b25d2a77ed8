//! Why a run or an environment failed, as it is recorded.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::show_path::ShowPath;

/// Why a run or an environment failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RunError)]
pub struct Failure {
    /// A stable code, listed in docs/reference/errors.md.
    pub code: String,
    /// In which stage: a hook's name, `environment`, `engine`, `unknown`.
    pub stage: Option<String>,
    /// What happened, and where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Where, as far as that is known.
    #[serde(flatten)]
    pub place: Box<Place>,
}

/// Where something failed: in which file of the configuration, and at which table or column of the input. What is not known is
/// left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// The file, relative to the configuration's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file: Option<String>,
    /// Its line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u32>,
    /// What of the configuration was called: a hook, a detector, a transform, a validator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub callable: Option<String>,
    /// The sender's sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sheet: Option<String>,
    /// Which table of the sheet, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub table: Option<u32>,
    /// The letters of the sheet's column.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub column: Option<String>,
}

impl Place {
    /// Whether nothing of it is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl Failure {
    /// The same with its paths as a reader sees them.
    #[must_use]
    pub fn shown(&self, paths: &dyn ShowPath) -> Self {
        let shown = |text: &str| paths.text(text).into_owned();
        Self {
            message: shown(&self.message),
            hint: self.hint.as_deref().map(shown),
            ..self.clone()
        }
    }

    /// A failure in a stage that is known.
    pub fn new(code: &str, stage: &str, message: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            code: code.to_owned(),
            stage: Some(stage.to_owned()),
            message: message.into(),
            hint,
            place: Box::default(),
        }
    }
}

/// How the message of a run begins whose environment could not be built; the environment's own message follows.
pub const NOT_BUILT: &str = "Build failed before run could start: ";
