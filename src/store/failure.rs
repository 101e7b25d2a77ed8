//! The recorded reason why a run or an environment failed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::show_path::ShowPath;

/// The reason why a run or an environment failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RunError)]
pub struct FailureRecord {
    /// A stable code, listed in docs/reference/errors.md.
    pub code: String,
    /// The stage of the failure: a hook's name, `environment`, `engine` or `unknown`.
    pub stage: Option<String>,
    /// The sentence that says what happened, and where.
    pub message: String,
    /// The advice on what to do next.
    pub hint: Option<String>,
    /// The position of the failure, as far as known.
    #[serde(flatten)]
    pub place: Box<FailurePosition>,
}

/// The position of a failure: the file of the configuration, and the table or column of the input. Unknown parts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailurePosition {
    /// The file, relative to the configuration's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file: Option<String>,
    /// The line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u32>,
    /// The function of the configuration that was called: a hook, a detector, a transform or a validator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub callable: Option<String>,
    /// The sheet of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sheet: Option<String>,
    /// The number of the table on the sheet, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub table: Option<u32>,
    /// The letters of the column on the sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub column: Option<String>,
}

impl FailurePosition {
    /// Returns whether nothing about the position is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl FailureRecord {
    /// Returns the failure with paths as a reader may see them.
    #[must_use]
    pub fn shown(&self, paths: &dyn ShowPath) -> Self {
        let shown = |text: &str| paths.text(text).into_owned();
        Self {
            message: shown(&self.message),
            hint: self.hint.as_deref().map(shown),
            ..self.clone()
        }
    }

    /// Returns a failure in a known stage.
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

/// The beginning of the message of a run whose environment could not be built; the environment's own message follows.
pub const NOT_BUILT: &str = "Build failed before run could start: ";
