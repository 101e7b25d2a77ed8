//! The request for a new run, and the check of its options.

use std::collections::BTreeMap;

use super::prelude::*;
use crate::run::calls::request::demand_setting;
use crate::store::{Priority, RunOptions};

/// The request for a new run.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// The id of the input document.
    pub document_id: String,
    /// Return a stream of the run's events instead of the run.
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    pub options: NewRunOptions,
    /// The priority in the queue: before or after runs of other priorities.
    #[serde(default)]
    pub priority: Priority,
    /// The sender's labels of the run, at most 16, by which lists find it. A key has up to 63 of `a-z`, `0-9`, `.`, `_` and
    /// `-`, a letter or digit first; a value has up to 200 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl JsonBody for NewRun {
    const ARRAYS: &'static [&'static str] = &["options.input_sheet_names"];
}

/// The options of a run.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewRunOptions {
    /// Record the run, but start no engine.
    pub dry_run: bool,
    /// Load and check the configuration, but process nothing.
    pub validate_only: bool,
    /// The sheets to process. If absent, all visible sheets.
    pub input_sheet_names: Option<Vec<String>>,
    /// Only the sheet that was active when the workbook was saved.
    pub active_sheet_only: bool,
    /// The least severe level of events that the engine sends.
    #[schema(value_type = Option<Level>)]
    pub log_level: Option<String>,
    /// Request network access. Refused unless the operator allows it.
    pub runtime_network_access: Option<bool>,
    /// The time limit of the run in seconds.
    #[schema(exclusive_minimum = 0.0)]
    pub timeout_seconds: Option<f64>,
    /// Settings of the engine for this run, by name, such as `{"date_order": "mdy"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

/// The least severe level of events that are sent.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "a shape for the description of the API")]
enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// Returns whether no sheet can have this name. No process can receive a NUL in an argument.
fn is_no_name(name: &str) -> bool {
    name.is_empty() || name.contains('\0')
}

impl NewRunOptions {
    /// Checks the options and converts them to those of the library.
    pub(super) fn checked(&self, network_allowed: bool) -> ApiResult<RunOptions> {
        const LEVELS: [&str; 4] = ["debug", "info", "warning", "error"];
        if let Some(level) = &self.log_level
            && !LEVELS.contains(&level.as_str())
        {
            let message = format!("must be one of {}", LEVELS.join(", "));
            return Err(ApiError::field("options.log_level", message));
        }
        if self.runtime_network_access == Some(true) && !network_allowed {
            let message =
                "cannot be used: the operator does not allow runs a network (ADE_ALLOW_NETWORK)";
            return Err(ApiError::field("options.runtime_network_access", message));
        }
        if self
            .timeout_seconds
            .is_some_and(|seconds| !(seconds > 0.0 && seconds <= 1e9))
        {
            let message = "must be above zero, and at most a billion";
            return Err(ApiError::field("options.timeout_seconds", message));
        }
        if self
            .input_sheet_names
            .as_ref()
            .is_some_and(|names| names.is_empty() || names.iter().any(|name| is_no_name(name)))
        {
            let message = "must name at least one sheet, and no name may be empty or hold a NUL";
            return Err(ApiError::field("options.input_sheet_names", message));
        }
        if self.input_sheet_names.is_some() && self.active_sheet_only {
            let message = "contradicts input_sheet_names";
            return Err(ApiError::field("options.active_sheet_only", message));
        }
        for (name, value) in &self.settings {
            let field = format!("options.settings.{name}");
            demand_setting(name, value).map_err(|message| ApiError::field(&field, message))?;
            if value.contains('\0') {
                return Err(ApiError::field(&field, "must not hold a NUL"));
            }
        }
        Ok(RunOptions {
            settings: self.settings.clone(),
            active_sheet_only: self.active_sheet_only,
            validate_only: self.validate_only,
            dry_run: self.dry_run,
            timeout_seconds: self.timeout_seconds,
            network: self.runtime_network_access == Some(true),
            log_level: self.log_level.clone(),
            ..RunOptions::default()
        })
    }
}
