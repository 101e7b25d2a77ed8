//! What a process was given, and where each value came from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;
use utoipa::ToSchema;

use super::setting::{Setting, SettingKind};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingSource {
    /// A flag of the command line.
    Flag,
    /// An environment variable of this name.
    Variable(String),
    /// A line of an `ade.toml`.
    File(PathBuf, usize),
    /// Not given: that of a folder above the current one.
    Above,
    /// Not given: the default.
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

/// What a process was given to resolve its settings from.
pub struct Inputs {
    /// Values of flags, by setting name.
    pub flags: BTreeMap<&'static str, String>,
    /// The environment variables.
    pub variables: BTreeMap<OsString, OsString>,
    /// The current folder.
    pub folder: PathBuf,
    /// The program's own file, where the process knows it.
    pub program: Option<PathBuf>,
}

/// One setting with its value and where that came from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The setting.
    pub setting: &'static Setting,
    /// Its value as text; `None` where there is none and no default.
    pub value: Option<String>,
    /// Where it came from.
    pub source: SettingSource,
}

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setting)]
#[serde(deny_unknown_fields)]
pub struct SettingView {
    /// The environment variable.
    name: &'static str,
    /// The key in ade.toml.
    key: String,
    /// Other names of the variable.
    aliases: &'static [&'static str],
    /// Its value as text.
    value: Option<String>,
    default: Option<&'static str>,
    /// What the default is, where that is no fixed value.
    default_note: Option<&'static str>,
    /// Where the value came from.
    source: String,
    meaning: &'static str,
}

impl Resolved {
    /// The value to show: secrets, and passwords in URLs, are masked.
    pub fn shown(&self) -> Option<String> {
        let value = self.value.clone()?;
        Some(match self.setting.kind {
            SettingKind::Secret => HIDDEN.to_owned(),
            _ if self.setting.secret => mask_password(&value),
            _ => value,
        })
    }

    /// The object of a setting, as the command and the API give it. A key may be added, none is renamed or removed.
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

/// What is shown in place of a secret.
pub(super) const HIDDEN: &str = "***";

/// A URL without its password: `postgresql://user:secret@host/db` → `postgresql://user:***@host/db`.
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
