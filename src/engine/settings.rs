//! The engine's own settings, as far as ADE has to know them: which there are, and those that a run was recorded with.
//!
//! The engine resolves and checks them (`engine/ade_engine/infrastructure/settings.py`). What a caller gives is checked here too,
//! by the engine's own table, as far as one value shows that it is wrong: so a wrong call is refused as such. A run is recorded with those in the
//! environment of the process that records it, and is executed with these, by whatever process, so that a run that is
//! repeated gives the same.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use ade_engine_native::read::csv::decode::Charset;

use crate::settings::nearest;

/// What the environment variable of a setting begins with.
const PREFIX: &str = "ADE_ENGINE_";

/// A setting that may differ from run to run.
struct RunSetting {
    name: &'static str,
    /// The engine's function that reads its value.
    reader: &'static str,
    /// The words that it chooses from, if it does.
    words: &'static str,
}

fn settings() -> impl Iterator<Item = RunSetting> {
    env!("ADE_ENGINE_SETTINGS").split(' ').map(|setting| {
        let (name, rest) = setting.split_once(':').unwrap_or((setting, ""));
        let (reader, words) = rest.split_once(':').unwrap_or((rest, ""));
        RunSetting {
            name,
            reader,
            words,
        }
    })
}

/// The settings that may differ from run to run.
pub fn setting_names() -> impl Iterator<Item = &'static str> {
    settings().map(|setting| setting.name)
}

/// Whether this told edition 2026 from engine 1.9, and has no effect in a configuration of that edition.
pub fn is_superfluous(name: &str) -> bool {
    settings().any(|known| known.name == name && known.reader == "flag_of_1_9")
}

/// A text such as `date_order=mdy` as the name of a setting and its value.
///
/// # Errors
/// It is none, or there is no such setting, or this cannot have the value: a sentence that says so.
pub fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("not a setting and its value, such as date_order=mdy")?;
    let name = name.trim();
    demand_setting(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Refuses a name that no setting of a run has, and a value that the setting cannot have. Tables are left to the engine.
///
/// # Errors
/// There is no such setting, or it cannot have the value: a sentence that says so.
pub fn demand_setting(name: &str, value: &str) -> Result<(), String> {
    if let Some(setting) = settings().find(|known| known.name == name) {
        return match setting.refusal(value) {
            Some(wanted) => Err(format!("{name} should be {wanted}")),
            None => Ok(()),
        };
    }
    let meant = nearest(name, setting_names())
        .map_or(String::new(), |known| format!("; did you mean {known}?"));
    Err(format!(
        "the engine has no setting {name:?} for a run{meant}"
    ))
}

impl RunSetting {
    /// What a text should have been that this cannot have as its value. What the engine accepts is never refused, but for an
    /// encoding that no file can be read in.
    fn refusal(&self, text: &str) -> Option<String> {
        let word = text.trim().to_lowercase();
        // As in Python, digits may have underscores between them.
        let number = word.replace('_', "").parse().unwrap_or(f64::NAN);
        let is_whole = number.is_finite() && number.fract() == 0.0;
        let (is_good, wanted) = match self.reader {
            "one_of" => {
                let words: Vec<String> = self
                    .words
                    .split('|')
                    .map(|word| format!("'{word}'"))
                    .collect();
                let is_known = self.words.split('|').any(|known| known == text);
                return (!is_known).then(|| words.join(" or "));
            }
            "flag" | "flag_of_1_9" => (FLAGS.contains(&&*word), "true or false"),
            "count" | "count_or_none" => (is_whole && number >= 1.0, "a whole number, at least 1"),
            "count_from_zero" => (is_whole && number >= 0.0, "a whole number, 0 or more"),
            "score" => (number.is_finite() && number >= 0.0, "a number from 0 up"),
            "encoding" => (
                word == "auto" || Charset::named(&word).is_ok(),
                "'auto' or the name of an encoding, such as 'utf-8' or 'latin-1'",
            ),
            "delimiter" => (
                DELIMITERS.contains(&&*word) || is_separator(text),
                "'auto', 'tab' or one character, such as ',' or ';'",
            ),
            _ => return None,
        };
        (!is_good).then(|| wanted.to_owned())
    }
}

/// The words for yes and for no.
const FLAGS: &[&str] = &[
    "1", "true", "t", "yes", "y", "on", "0", "false", "f", "no", "n", "off",
];
/// Separators by their names.
const DELIMITERS: &[&str] = &["auto", "tab", "\\t", "comma", "semicolon", "pipe"];

fn is_separator(text: &str) -> bool {
    text.len() == 1 && !["\"", "\r", "\n"].contains(&text)
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
        let unchecked = settings().filter(|setting| setting.refusal("non sense").is_none());
        let unchecked: Vec<&str> = unchecked.map(|setting| setting.name).collect();
        assert_eq!(unchecked, ["na", "sheets", "senders", "known", "values"]);
        for (name, accepted, refused) in [
            ("date_order", "auto dmy mdy ymd", "DMY |"),
            ("decimal_mark", "auto . ,", "; .,"),
            ("output_style", "plain table", "plain|table"),
            ("fill_merged", "1 TRUE no Off", "2 truth"),
            ("stop_at_blank_rows", "0 2.0 1e3 1_000", "-1 2.5 inf nan"),
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
