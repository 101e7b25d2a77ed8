//! The inputs of a process for its settings, and the source of each value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;
use utoipa::ToSchema;

use super::setting::{Setting, SettingKind};

/// The source of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingSource {
    /// A flag of the command line.
    Flag,
    /// An environment variable of this name.
    Variable(String),
    /// A line of an `ade.toml`.
    File(PathBuf, usize),
    /// A folder above the current one, because the setting was not given.
    Above,
    /// The default, because the setting was not given.
    Default,
}

impl std::fmt::Display for SettingSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::File(path, line) => write!(formatter, "{}:{line}", path.display()),
            Self::Above => formatter.write_str("found above the current folder"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// The inputs from which a process resolves its settings.
pub struct Inputs {
    /// Values of flags, by setting name.
    pub flags: BTreeMap<&'static str, String>,
    /// The environment variables of the process.
    pub variables: BTreeMap<OsString, OsString>,
    /// The current folder of the process.
    pub folder: PathBuf,
    /// The program's own file, if the process knows it.
    pub program: Option<PathBuf>,
}

/// A setting with its value and the source of the value.
#[derive(Clone, Debug)]
pub struct ResolvedSetting {
    /// The description of the setting.
    pub setting: &'static Setting,
    /// The value as text. `None` if none was given and there is no default.
    pub value: Option<String>,
    /// The source of the value.
    pub source: SettingSource,
}

/// A setting with its value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setting)]
#[serde(deny_unknown_fields)]
pub struct SettingView {
    /// The name of the environment variable.
    name: &'static str,
    /// The key in ade.toml.
    key: String,
    /// Other names of the variable.
    aliases: &'static [&'static str],
    /// The value as text.
    value: Option<String>,
    default: Option<&'static str>,
    /// The default in words, if it is not a fixed value.
    default_note: Option<&'static str>,
    /// The source of the value.
    source: String,
    meaning: &'static str,
}

impl ResolvedSetting {
    /// Returns the value to show: secrets, and passwords in URLs, are masked.
    pub fn shown(&self) -> Option<String> {
        let value = self.value.clone()?;
        Some(match self.setting.kind {
            SettingKind::Secret => HIDDEN.to_owned(),
            _ if self.setting.secret => mask_password(&value),
            _ => value,
        })
    }

    /// Returns the object of a setting for the command and the API. Keys may be added, but not renamed or removed.
    pub fn view(&self) -> SettingView {
        let setting = self.setting;
        let if_any = |text: &'static str| (!text.is_empty()).then_some(text);
        SettingView {
            name: setting.name,
            key: setting.key(),
            aliases: setting.aliases,
            value: self.shown(),
            default: if_any(setting.default),
            default_note: if_any(setting.default_note),
            source: self.source.to_string(),
            meaning: setting.meaning,
        }
    }
}

/// The text that is shown in place of a secret.
pub(super) const HIDDEN: &str = "***";

/// Masks the password in a URL: `postgresql://user:secret@host/db` → `postgresql://user:***@host/db`.
pub fn mask_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((login, place)) = rest.rsplit_once('@') else {
        return url.to_owned();
    };
    match login.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{place}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked() {
        assert_eq!(
            mask_password("postgresql://ade:s@cret@db/ade"),
            "postgresql://ade:***@db/ade"
        );
        assert_eq!(mask_password("sqlite:///x"), "sqlite:///x");
    }
}
