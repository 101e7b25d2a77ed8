//! Finds the value of each setting in its strongest source.
//!
//! The sources from strongest to weakest are: flag, environment variable, `ade.toml`, default. The data directory may also be
//! that of a folder above. An alias counts as the setting itself; two names with different values are an error.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::ade_toml;
use super::paths;
use super::setting::{Setting, SettingKind};
use super::source::{Inputs, ResolvedSetting, SettingSource};
use super::table::SETTINGS;
use super::value;
use crate::base::problem::{Error, code};

/// The setting that names the data directory.
pub(super) const DATA_DIR: &str = "ADE_DATA_DIR";

/// Resolves every setting in the order of the table, and checks the given values.
///
/// # Errors
/// A value that does not parse, an unknown key or a broken `ade.toml`, or a name and its alias that disagree.
pub(super) fn resolve(inputs: &Inputs) -> Result<Vec<ResolvedSetting>, Error> {
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
            None => {
                let above = (setting.name == DATA_DIR).then(|| data_above(inputs, &file));
                match above.flatten() {
                    Some(found) => (Some(found), SettingSource::Above),
                    None => (
                        (!setting.default.is_empty()).then(|| setting.default.to_owned()),
                        SettingSource::Default,
                    ),
                }
            }
        };
        resolved.push(ResolvedSetting {
            setting,
            value,
            source,
        });
    }
    Ok(resolved)
}

/// Returns the data directory of the nearest folder above the current one, if the current folder has none itself. The search
/// ends at the folder of an `ade.toml`.
fn data_above(inputs: &Inputs, file: &ade_toml::AdeTomlFile) -> Option<String> {
    let top = file.path.parent().unwrap_or(Path::new("/"));
    let folders = inputs.folder.ancestors();
    let mut data = folders
        .take_while(|folder| folder.starts_with(top))
        .map(|folder| folder.join("data"));
    if data.next()?.exists() {
        return None;
    }
    let found = data.find(|path| paths::is_data_directory(path))?;
    Some(found.to_string_lossy().into_owned())
}

/// Returns the value of a setting in its strongest source.
fn given(
    setting: &'static Setting,
    inputs: &Inputs,
    file: &ade_toml::AdeTomlFile,
) -> Result<Option<(String, SettingSource)>, Error> {
    if let Some(value) = inputs.flags.get(setting.name) {
        return Ok(Some((value.clone(), SettingSource::Flag)));
    }
    if let Some((value, name)) = given_by_variable(setting, &inputs.variables)? {
        return Ok(Some((value, SettingSource::Variable(name.to_owned()))));
    }
    Ok(file.values.get(setting.name).map(|entry| {
        let value = if setting.kind == SettingKind::Path {
            beside(&file.path, &entry.value)
        } else {
            entry.value.clone()
        };
        (value, SettingSource::File(file.path.clone(), entry.line))
    }))
}

/// Returns the value of the setting's variable or of an alias, with the name of that variable. An empty variable counts as not
/// set.
fn given_by_variable(
    setting: &'static Setting,
    variables: &BTreeMap<OsString, OsString>,
) -> Result<Option<(String, &'static str)>, Error> {
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
                let message = format!(
                    "{} and {name} are both set, to different values",
                    setting.name
                );
                let hint = format!("keep only {}", setting.name);
                return Err(Error::usage(code::SETTINGS_INVALID, message).hint(hint));
            }
            Some(_) => {}
            None => found = Some((value, name)),
        }
    }
    Ok(found)
}

/// Returns a path from `ade.toml`, relative to the file's folder.
fn beside(file: &Path, value: &str) -> String {
    file.parent()
        .unwrap_or(Path::new("/"))
        .join(value)
        .to_string_lossy()
        .into_owned()
}
