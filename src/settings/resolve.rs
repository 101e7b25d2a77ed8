//! Which of the places where a setting may be given decides, and what it says.
//!
//! Strongest first: flag, environment variable, `ade.toml`, default. Aliases count as the setting itself; two names
//! that disagree are an error.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::value::{self, mask_password};
use super::{Kind, SETTINGS, Setting, SettingsError, ade_toml};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line.
    Flag,
    /// An environment variable of this name.
    Environment(String),
    /// A line of an `ade.toml`.
    File(PathBuf, usize),
    /// Nothing was said.
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::File(path, line) => write!(formatter, "{}:{line}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// What a process was given to resolve its settings from.
pub struct Inputs {
    /// Values of flags, by setting name.
    pub flags: BTreeMap<&'static str, String>,
    /// The environment variables.
    pub environment: BTreeMap<OsString, OsString>,
    /// The current folder.
    pub folder: PathBuf,
}

/// One setting with its value and where that came from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The setting.
    pub setting: &'static Setting,
    /// Its value as text; `None` where there is none and no default.
    pub value: Option<String>,
    /// Where it came from.
    pub source: Source,
}

impl Resolved {
    /// The value to show: passwords in URLs are masked.
    pub fn shown(&self) -> Option<String> {
        let value = self.value.clone()?;
        Some(if self.setting.secret {
            mask_password(&value)
        } else {
            value
        })
    }
}

/// Looks every setting up, in the table's order, and checks what was given.
///
/// # Errors
/// A value that does not parse, an unknown key or a broken `ade.toml`, or a name and its alias that disagree.
pub(super) fn resolve(inputs: &Inputs) -> Result<Vec<Resolved>, SettingsError> {
    let file = ade_toml::find(&inputs.folder)
        .map(|path| ade_toml::read(&path))
        .transpose()?
        .unwrap_or_default();
    let mut resolved = Vec::with_capacity(SETTINGS.len());
    for setting in SETTINGS {
        let (value, source) = match given(setting, inputs, &file)? {
            Some((value, source)) => {
                value::check(setting, &value, &source)?;
                (Some(value), source)
            }
            None => (
                (!setting.default.is_empty()).then(|| setting.default.to_owned()),
                Source::Default,
            ),
        };
        resolved.push(Resolved {
            setting,
            value,
            source,
        });
    }
    Ok(resolved)
}

/// What was given for a setting, in the strongest place.
fn given(
    setting: &'static Setting,
    inputs: &Inputs,
    file: &ade_toml::File,
) -> Result<Option<(String, Source)>, SettingsError> {
    if let Some(value) = inputs.flags.get(setting.name) {
        return Ok(Some((value.clone(), Source::Flag)));
    }
    if let Some((value, name)) = given_by_variable(setting, &inputs.environment)? {
        return Ok(Some((value, Source::Environment(name.to_owned()))));
    }
    Ok(file.values.get(setting.name).map(|entry| {
        let value = if setting.kind == Kind::Path {
            beside(&file.path, &entry.value)
        } else {
            entry.value.clone()
        };
        (value, Source::File(file.path.clone(), entry.line))
    }))
}

/// The value of the setting's variable or of an alias of it, with the name that gave it. Empty ones count as not set.
fn given_by_variable(
    setting: &'static Setting,
    variables: &BTreeMap<OsString, OsString>,
) -> Result<Option<(String, &'static str)>, SettingsError> {
    let mut found: Option<(String, &'static str)> = None;
    for name in std::iter::once(&setting.name).chain(setting.aliases) {
        let Some(value) = variables
            .get(OsStr::new(name))
            .filter(|value| !value.is_empty())
        else {
            continue;
        };
        let value = value.to_string_lossy().into_owned();
        match &found {
            Some((first, _)) if *first != value => {
                return Err(SettingsError::Conflict {
                    name: setting.name,
                    alias: name,
                });
            }
            Some(_) => {}
            None => found = Some((value, name)),
        }
    }
    Ok(found)
}

/// A path from `ade.toml`, counted from the file's folder.
fn beside(file: &Path, value: &str) -> String {
    file.parent()
        .unwrap_or(Path::new("/"))
        .join(value)
        .to_string_lossy()
        .into_owned()
}
