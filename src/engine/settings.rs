//! Handles the engine's own settings as far as ADE needs them: the list of settings, and the values that a run was recorded
//! with.
//!
//! The engine resolves its settings (`engine/ade_engine/infrastructure/settings.py`). This module checks the caller's values
//! against the same table, as far as a single value can be wrong, so that a wrong call fails at once. A run is recorded with
//! the settings in the environment of the process that records it. Every process executes it with these settings, so a repeated
//! run gives the same result.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use ade_engine_native::settings::SourceValue;

use crate::settings::{ENGINE_SETTINGS, EngineSetting, is_former_engine_setting, nearest};

/// The prefix of the environment variables of settings.
const PREFIX: &str = "ADE_ENGINE_";

/// Returns the names of the settings that may differ from run to run.
pub fn setting_names() -> impl Iterator<Item = &'static str> {
    let of_run = ENGINE_SETTINGS.iter().filter(|setting| !setting.is_of_call);
    of_run.map(|setting| setting.key)
}

/// Splits a text such as `date_order=mdy` into the name of a setting and its value.
///
/// # Errors
/// The text is not an assignment, there is no such setting, or it cannot have this value. The error is a sentence.
pub fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("not a setting and its value, such as date_order=mdy")?;
    let name = name.trim();
    demand_setting(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Refuses a name that is not a setting of a run, and a value that the setting cannot have. Tables are left to the engine.
///
/// # Errors
/// There is no such setting, or it cannot have this value. The error is a sentence.
pub fn demand_setting(name: &str, value: &str) -> Result<(), String> {
    let setting = EngineSetting::find(name).filter(|setting| !setting.is_of_call);
    if let Some(setting) = setting {
        let read = setting.kind.read(SourceValue::Text(value));
        return match read {
            Ok(_) => Ok(()),
            Err(wanted) => Err(format!("{name} should be {wanted}")),
        };
    }
    if is_former_engine_setting(name) {
        return Err(format!(
            "{name} is no longer a setting: edition 2026 always works this way"
        ));
    }
    let meant = nearest(name, setting_names())
        .map_or(String::new(), |known| format!("; did you mean {known}?"));
    Err(format!(
        "the engine has no setting {name:?} for a run{meant}"
    ))
}

/// Returns the environment variables of a process that are settings of a run.
pub fn recorded(variables: &BTreeMap<OsString, OsString>) -> BTreeMap<String, String> {
    let settings = variables
        .iter()
        .filter_map(|(name, value)| Some((variable(name)?, value.to_string_lossy().into_owned())));
    settings.collect()
}

/// Returns the environment variables of a process, with its settings replaced by those that a run was recorded with.
pub fn with_recorded(
    variables: &BTreeMap<OsString, OsString>,
    recorded: &BTreeMap<String, String>,
) -> BTreeMap<OsString, OsString> {
    let others = variables
        .iter()
        .filter(|(name, _)| variable(name).is_none())
        .map(|(name, value)| (name.clone(), value.clone()));
    let recorded = recorded.iter();
    others
        .chain(recorded.map(|(name, value)| (name.into(), value.into())))
        .collect()
}

/// Returns the canonical name of a setting's variable. The engine accepts the setting's part of it in any case.
fn variable(name: &OsStr) -> Option<String> {
    let setting = name.to_str()?.strip_prefix(PREFIX)?.to_lowercase();
    setting_names()
        .any(|known| known == setting)
        .then(|| format!("{PREFIX}{}", setting.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_names_a_setting() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(assignment("csv_delimiter=="), pair("csv_delimiter", "="));
        assert!(assignment("date_order").unwrap_err().contains("such as"));
        for of_call in ["log_level", "log_format", "config_package"] {
            assert!(demand_setting(of_call, "").is_err(), "{of_call}");
        }
    }

    #[test]
    fn every_setting_but_the_table_refuses_nonsense_and_has_its_engine_s_words() {
        let unchecked = setting_names().filter(|name| demand_setting(name, "non sense").is_ok());
        let unchecked: Vec<&str> = unchecked.collect();
        assert_eq!(
            unchecked,
            ["na", "sheets", "senders", "known", "values", "headers"]
        );
        for (name, accepted, refused) in [
            ("date_order", "auto dmy mdy ymd", "DMY |"),
            ("decimal_mark", "auto . ,", "; .,"),
            ("output_style", "plain table", "plain|table"),
            ("fill_merged", "1 TRUE no Off", "2 truth"),
            (
                "stop_at_blank_rows",
                "0 2.0 1e3 1_000",
                "-1 2.5 inf nan 1__0 _1 1_",
            ),
            ("max_empty_rows_run", "1 9999999999", "0 none"),
            ("minimum_mapping_score", "0 0.5 1e-3", "-0.5 inf nan"),
            (
                "csv_encoding",
                "AUTO latin-1 cp1250 utf_8 utf-16",
                "latin-99",
            ),
            ("csv_delimiter", "tab \\t Comma ; =", ";; \" é"),
        ] {
            for value in accepted.split(' ') {
                assert_eq!(demand_setting(name, value), Ok(()), "{name}={value}");
            }
            for value in refused.split(' ').chain([""]) {
                assert!(demand_setting(name, value).is_err(), "{name}={value}");
            }
        }
        assert_eq!(demand_setting("csv_delimiter", "\t"), Ok(()));
        assert_eq!(demand_setting("csv_delimiter", " "), Ok(()));
    }
}
