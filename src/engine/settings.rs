//! The engine's own settings, as far as ADE has to know them: which there are, and those that a run was recorded with.
//!
//! The engine resolves and checks them (`engine/ade_engine/infrastructure/settings.py`). A run is recorded with those in the
//! environment of the process that records it, and is executed with these, by whatever process, so that a run that is
//! repeated gives the same.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use crate::settings::distance;

/// What the environment variable of a setting begins with.
const PREFIX: &str = "ADE_ENGINE_";

/// The settings that may differ from run to run.
pub fn setting_names() -> impl Iterator<Item = &'static str> {
    env!("ADE_ENGINE_SETTINGS").split(' ')
}

/// A text such as `date_order=mdy` as the name of a setting and its value.
///
/// # Errors
/// It is none, or there is no such setting: a sentence that says so.
pub fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("not a setting and its value, such as date_order=mdy")?;
    let name = name.trim();
    demand_setting(name)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Refuses a name that no setting of a run has.
///
/// # Errors
/// There is no such setting: a sentence that says so.
pub fn demand_setting(name: &str) -> Result<(), String> {
    if setting_names().any(|known| known == name) {
        return Ok(());
    }
    let similar = setting_names()
        .map(|known| (distance(name, known), known))
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .min();
    let meant = similar.map_or(String::new(), |(_, known)| {
        format!("; did you mean {known}?")
    });
    Err(format!(
        "the engine has no setting {name:?} for a run{meant}"
    ))
}

/// Those of a process's environment variables that are settings of a run.
pub fn recorded(variables: &BTreeMap<OsString, OsString>) -> BTreeMap<String, String> {
    let settings = variables
        .iter()
        .filter_map(|(name, value)| Some((variable(name)?, value.to_string_lossy().into_owned())));
    settings.collect()
}

/// The environment variables of a process, with the settings that a run was recorded with in place of its own.
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

/// The name of a setting's variable; the engine takes the setting's part of it in whatever case.
fn variable(name: &OsStr) -> Option<String> {
    let setting = name.to_str()?.strip_prefix(PREFIX)?.to_lowercase();
    setting_names()
        .any(|known| known == setting)
        .then(|| format!("{PREFIX}{}", setting.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(given: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        let pairs = given.iter();
        pairs
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn settings_of_a_run_are_recorded_and_nothing_else() {
        let here = variables(&[
            ("ADE_ENGINE_DATE_ORDER", "mdy"),
            ("ADE_ENGINE_csv_delimiter", ";"),
            ("ADE_ENGINE_LOG_LEVEL", "debug"),
            ("ADE_ENGINE_SPEC", "/engine"),
            ("ADE_ENGINE_TOKEN", "secret"),
            ("HOME", "/home"),
        ]);
        let recorded = recorded(&here);
        let names: Vec<&str> = recorded.keys().map(String::as_str).collect();
        assert_eq!(names, ["ADE_ENGINE_CSV_DELIMITER", "ADE_ENGINE_DATE_ORDER"]);
        let elsewhere = variables(&[
            ("ADE_ENGINE_DECIMAL_MARK", ","),
            ("ADE_ENGINE_TOKEN", "own"),
        ]);
        assert_eq!(
            with_recorded(&elsewhere, &recorded),
            variables(&[
                ("ADE_ENGINE_CSV_DELIMITER", ";"),
                ("ADE_ENGINE_DATE_ORDER", "mdy"),
                ("ADE_ENGINE_TOKEN", "own"),
            ])
        );
    }

    #[test]
    fn an_assignment_names_a_setting() {
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(assignment("date_order=mdy"), pair("date_order", "mdy"));
        assert_eq!(assignment("csv_delimiter=="), pair("csv_delimiter", "="));
        assert!(assignment("date_order").unwrap_err().contains("such as"));
        assert!(
            assignment("date_ordr=mdy")
                .unwrap_err()
                .ends_with("did you mean date_order?")
        );
        for of_call in ["log_level", "log_format", "config_package"] {
            assert!(demand_setting(of_call).is_err(), "{of_call}");
        }
    }
}
