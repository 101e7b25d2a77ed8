//! Every setting of ADE, resolved once.
//!
//! `table` lists them all; to add a setting, add its row there. [`Settings::resolve`] turns the flags, variables and files of a
//! process into one typed value (`resolve` decides between flag, variable, `ade.toml` and default; `value` checks and reads
//! texts). No other code reads environment variables for settings. The enums of settings with a choice are in `types`.

mod ade_toml;
mod output_names;
pub mod paths;
mod resolve;
mod setting;
mod source;
mod table;
mod types;
mod value;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use crate::base::problem::{Error, code};

pub use ade_engine_native::settings::{
    EngineSetting, SETTINGS as ENGINE_SETTINGS, is_former as is_former_engine_setting,
};
pub use ade_toml::{FILE_NAME, distance, nearest};
pub use setting::{Setting, SettingKind};
pub use source::{Inputs, ResolvedSetting, SettingSource, SettingView, mask_password};
pub use table::{SETTINGS, Settings, WorkerSettings};
pub use types::{LogLevel, Recovery, SafeMode, Sandbox, WarmUse};

/// The lease on a server, where other hosts notice only by an expired lease that a process is dead.
const LEASE_ON_SERVER: Duration = Duration::from_secs(60);

impl Settings {
    /// Resolves every setting from a process's inputs.
    ///
    /// # Errors
    /// A value that does not parse, an unknown key or a broken `ade.toml`, or a name and its alias that disagree.
    pub fn resolve(inputs: &Inputs) -> Result<Self, Error> {
        Ok(Self::from_resolved(inputs, resolve::resolve(inputs)?))
    }

    /// Returns the variables that children inherit from.
    pub fn child_variables(&self) -> Vec<(OsString, OsString)> {
        self.variables.clone().into_iter().collect()
    }

    /// Returns a variable of this process, if it is text.
    pub fn variable(&self, name: &str) -> Option<String> {
        let value = self.variables.get(OsStr::new(name))?;
        value.to_str().map(str::to_owned)
    }

    /// Returns the settings for a database on a server, which other hosts use too: the default lease of a worker is shorter.
    #[must_use]
    pub fn on_server(mut self) -> Self {
        let mut all = self.resolved.iter_mut();
        let lease = all.find(|resolved| resolved.setting.name == "ADE_WORKER_LEASE_SECONDS");
        if let Some(lease) = lease.filter(|lease| lease.source == SettingSource::Default) {
            self.worker.lease = LEASE_ON_SERVER;
            lease.value = Some(LEASE_ON_SERVER.as_secs().to_string());
        }
        self
    }

    /// Returns the data directory, if it was found above the current folder.
    pub fn data_above(&self) -> Option<&Path> {
        let mut all = self.resolved.iter();
        let is_it = |resolved: &ResolvedSetting| {
            resolved.setting.name == resolve::DATA_DIR && resolved.source == SettingSource::Above
        };
        all.any(is_it).then_some(&*self.data_dir)
    }

    /// Returns the variable `PATH`.
    pub fn path(&self) -> Option<&OsString> {
        self.variables.get(OsStr::new("PATH"))
    }
}

impl Settings {
    /// Returns the setting with this name: its environment variable, its key in `ade.toml`, or an older name.
    ///
    /// # Errors
    /// No setting has this name.
    pub fn named(&self, name: &str) -> Result<&ResolvedSetting, Error> {
        let (variable, key) = (name.to_uppercase(), name.to_lowercase());
        let is_meant = |resolved: &&ResolvedSetting| {
            let setting = resolved.setting;
            let mut names = setting.aliases.iter().chain([&setting.name]);
            names.any(|known| *known == variable) || setting.key() == key
        };
        let mut all = self.resolved.iter();
        all.find(is_meant).ok_or_else(|| {
            if is_former_engine_setting(key.trim_start_matches("ade_engine_")) {
                let message = format!("{name} is no longer a setting");
                return Error::usage(code::SETTINGS_INVALID, message).hint(
                    "remove it; `edition = \"2026\"` in settings.toml always behaves this way",
                );
            }
            let similar = ade_toml::similar(key.trim_start_matches("ade_"));
            let hint = match similar.or_else(|| similar_of_engine(&key)) {
                Some(similar) => ade_toml::meant(&similar),
                None => {
                    "`ade settings` lists all settings, `ade settings --engine` those of the engine"
                        .to_owned()
                }
            };
            let message = format!("there is no setting {name:?}");
            Error::usage(code::SETTINGS_INVALID, message).hint(hint)
        })
    }
}

/// Returns the key of the engine that a misspelt key most likely meant.
fn similar_of_engine(key: &str) -> Option<String> {
    let known = ENGINE_SETTINGS.iter().map(|setting| setting.key);
    nearest(key.trim_start_matches("ade_engine_"), known).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn resolved(folder: &Path) -> Result<Settings, Error> {
        Settings::resolve(&Inputs {
            flags: BTreeMap::new(),
            variables: BTreeMap::new(),
            folder: folder.to_owned(),
            program: None,
        })
    }

    #[test]
    fn a_data_directory_is_found_above_unless_there_is_one_here_or_an_ade_toml_between() {
        let folder = tempfile::tempdir().unwrap();
        let (top, here) = (folder.path().join("a/data"), folder.path().join("a/b/c"));
        std::fs::create_dir_all(&top).unwrap();
        std::fs::create_dir_all(&here).unwrap();
        let found = || {
            let settings = resolved(&here).unwrap();
            (settings.data_dir.clone(), settings.data_above().is_some())
        };
        // Another program's folder with this name is no data directory.
        assert_eq!(found(), (here.join("data"), false));
        std::fs::write(top.join("identity.json"), "{}").unwrap();
        assert_eq!(found(), (top.clone(), true));
        std::fs::write(folder.path().join("a/b/ade.toml"), "").unwrap();
        assert_eq!(found(), (here.join("data"), false));
        let between = folder.path().join("a/b/ade.toml");
        std::fs::rename(between, folder.path().join("a/ade.toml")).unwrap();
        assert_eq!(found(), (top, true));
        std::fs::create_dir(here.join("data")).unwrap();
        assert_eq!(found(), (here.join("data"), false));
    }

    #[test]
    fn errors_name_the_key_the_file_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ade.toml");
        for (text, said) in [
            (
                "# x\noffline = \"maybe\"\n",
                "2: offline = \"maybe\" is neither true nor false",
            ),
            (
                "worker_max_attempts = 0\n",
                "1: worker_max_attempts = \"0\" is not between 1 and 4294967295",
            ),
            ("a = = 3\n", "1: "),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = resolved(folder.path()).unwrap_err().to_string();
            let said = format!("{}:{said}", file.display());
            assert!(error.starts_with(&said), "{error}");
        }
    }
}
