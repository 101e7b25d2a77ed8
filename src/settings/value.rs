//! Checks the texts of settings, and converts them to typed values.
//!
//! Every text is checked before it is converted, so converting cannot fail.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;

use super::setting::{Setting, SettingKind};
use super::source::{HIDDEN, ResolvedSetting, SettingSource};
use super::types::{LogLevel, Recovery, SafeMode, Sandbox, WarmUse};
use crate::base::host;
use crate::base::problem::{Error, code};

/// Checks a text that was given for a setting.
pub(super) fn check(
    setting: &'static Setting,
    value: &str,
    source: &SettingSource,
) -> Result<(), Error> {
    let problem = match setting.kind {
        SettingKind::Text | SettingKind::Path => None,
        SettingKind::Flag => parse_flag(value)
            .is_none()
            .then(|| "neither true nor false".to_owned()),
        SettingKind::Whole(least) => match value.parse::<i64>() {
            Err(_) => Some("not a whole number".to_owned()),
            Ok(number) if number < least || number > i64::from(u32::MAX) => {
                Some(format!("not between {least} and {}", u32::MAX))
            }
            Ok(_) => None,
        },
        SettingKind::Seconds => match value.parse::<f64>() {
            Ok(number) if number > 0.0 && number <= 1e9 => None,
            Ok(_) => Some("not a number of seconds above 0 and up to 1000000000".to_owned()),
            Err(_) => Some("not a number of seconds".to_owned()),
        },
        SettingKind::Days => match value.parse::<f64>() {
            Ok(number) if number.abs() <= 1e6 => None,
            _ => Some("not a number of days".to_owned()),
        },
        SettingKind::Url => {
            (!is_url(value)).then(|| "not an http:// or https:// address".to_owned())
        }
        SettingKind::Secret => {
            (key_of(value).is_none()).then(|| "not base64 after whsec_".to_owned())
        }
        SettingKind::Word(words) => (!words.iter().any(|word| word.eq_ignore_ascii_case(value)))
            .then(|| format!("not one of {}", words.join(", "))),
    };
    match problem {
        None => Ok(()),
        Some(problem) => {
            let name = match source {
                SettingSource::Variable(name) => name.clone(),
                SettingSource::File(..) => setting.key(),
                _ => setting.name.to_owned(),
            };
            let shown = match setting.kind {
                SettingKind::Secret => HIDDEN,
                _ => value,
            };
            Err(bad_value(&name, shown, &problem, source))
        }
    }
}

/// The hint for a setting with an unusable value.
pub(super) const EXPLAINED: &str = "`ade settings` explains each setting";

/// Returns the error for a value that does not parse. `name` and `value` are as they were written.
fn bad_value(name: &str, value: &str, problem: &str, given_by: &SettingSource) -> Error {
    let message = format!("{given_by}: {name} = {value:?} is {problem}");
    Error::usage(code::SETTINGS_INVALID, message).hint(EXPLAINED)
}

fn is_url(value: &str) -> bool {
    let uri = value.parse::<axum::http::Uri>();
    uri.is_ok_and(|uri| {
        let scheme = uri.scheme_str().unwrap_or_default();
        matches!(scheme, "http" | "https") && uri.host().is_some_and(|host| !host.is_empty())
    })
}

/// Returns the bytes of a secret, which is base64 after `whsec_`.
fn key_of(value: &str) -> Option<Vec<u8>> {
    match value.strip_prefix("whsec_") {
        Some(encoded) => base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .ok(),
        None => Some(value.as_bytes().to_vec()),
    }
}

fn parse_flag(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The texts of all settings, each of them checked.
pub(super) struct SettingTexts<'a> {
    pub resolved: &'a [ResolvedSetting],
    /// The folder that relative paths count from.
    pub folder: &'a Path,
}

impl<'a> SettingTexts<'a> {
    /// Returns the text of one setting.
    pub fn get(&self, name: &'static str) -> SettingText<'_> {
        let text = self
            .resolved
            .iter()
            .find(|resolved| resolved.setting.name == name)
            .and_then(|resolved| resolved.value.as_deref());
        SettingText { text, all: self }
    }
}

/// The text of one setting. Its methods convert it to the type in the table.
pub(super) struct SettingText<'a> {
    text: Option<&'a str>,
    all: &'a SettingTexts<'a>,
}

impl SettingText<'_> {
    pub fn text(&self) -> String {
        self.maybe_text().unwrap_or_default()
    }

    pub fn maybe_text(&self) -> Option<String> {
        self.text.map(str::to_owned)
    }

    pub fn key_bytes(&self) -> Option<Vec<u8>> {
        self.text.and_then(key_of)
    }

    pub fn upper_case(&self) -> String {
        self.text().to_uppercase()
    }

    pub fn path(&self) -> PathBuf {
        self.maybe_path().unwrap_or_default()
    }

    pub fn maybe_path(&self) -> Option<PathBuf> {
        self.text.map(|text| self.absolute(text))
    }

    fn absolute(&self, text: &str) -> PathBuf {
        let path = self.all.folder.join(text);
        std::path::absolute(&path).unwrap_or(path)
    }

    /// Returns a number of megabytes in bytes.
    pub fn megabytes(&self) -> u64 {
        u64::from(self.count()) * 1024 * 1024
    }

    /// Returns a path, or the name of a program to find on PATH.
    pub fn program(&self) -> Option<PathBuf> {
        self.text.map(|text| {
            if text.contains('/') {
                self.all.folder.join(text)
            } else {
                PathBuf::from(text)
            }
        })
    }

    pub fn flag(&self) -> bool {
        self.text.and_then(parse_flag).unwrap_or(false)
    }

    pub fn count(&self) -> u32 {
        self.text
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    }

    /// Returns the number of runs that one process executes at the same time. The default is half of the machine's cores, at
    /// most 4.
    pub fn concurrency(&self) -> usize {
        self.text
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| (host::processors() / 2).clamp(1, 4))
    }

    pub fn milliseconds(&self) -> Duration {
        Duration::from_millis(u64::from(self.count()))
    }

    pub fn whole_seconds(&self) -> Duration {
        Duration::from_secs(u64::from(self.count()))
    }

    pub fn seconds(&self) -> Duration {
        self.maybe_seconds().unwrap_or_default()
    }

    pub fn maybe_seconds(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.text?.parse().ok()?).ok()
    }

    /// Returns a number of days. `None`: zero or less, which means never.
    pub fn days(&self) -> Option<Duration> {
        let days: f64 = self.text?.parse().ok()?;
        Duration::try_from_secs_f64(days * 86_400.0)
            .ok()
            .filter(|ttl| !ttl.is_zero())
    }

    fn is(&self, word: &str) -> bool {
        self.text
            .is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    pub fn is_json(&self) -> bool {
        self.is("json")
    }

    pub fn is_token(&self) -> bool {
        self.is("token")
    }

    pub fn sandbox(&self) -> Sandbox {
        if self.is("strict") {
            Sandbox::Strict
        } else if self.is("off") {
            Sandbox::Off
        } else {
            Sandbox::Auto
        }
    }

    /// Returns whether the sandbox is strict.
    fn is_strict(&self) -> bool {
        self.all.get("ADE_SANDBOX").sandbox() == Sandbox::Strict
    }

    /// Returns absolute paths from a list that is separated by colons.
    pub fn paths(&self) -> Vec<PathBuf> {
        let parts = self.text.unwrap_or_default().split(':');
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(|part| self.absolute(part)).collect()
    }

    /// Returns a maximum number of things. `None`: 0, which means any number.
    pub fn most(&self) -> Option<u32> {
        Some(self.count()).filter(|count| *count > 0)
    }

    /// Returns a maximum number of megabytes in bytes. `None`: not set, or 0, which means any number.
    pub fn most_megabytes(&self) -> Option<u64> {
        Some(self.megabytes()).filter(|bytes| *bytes > 0)
    }

    /// Returns the maximum size of a file in bytes. The default is smaller in a strict sandbox. `None`: any size.
    pub fn file_size(&self) -> Option<u64> {
        match self.text {
            None if self.is_strict() => Some(100 << 20),
            None => Some(512 << 20),
            Some(_) => self.most_megabytes(),
        }
    }

    /// Returns the limit of processor time. Only a strict sandbox has a default. `None`: any time.
    pub fn cpu_time(&self) -> Option<Duration> {
        match self.text {
            None if self.is_strict() => Some(Duration::from_secs(60)),
            _ => self.maybe_seconds(),
        }
    }

    /// Returns the maximum memory of one run in bytes. The default is half of the machine's memory divided by the number of
    /// runs at the same time, at least 1 GiB and at most 4 GiB. `None`: any amount.
    pub fn memory(&self) -> Option<u64> {
        match self.text {
            Some(_) => self.most_megabytes(),
            None => {
                let slots = self.all.get("ADE_WORKER_CONCURRENCY").concurrency() as u64;
                let share = crate::base::host::memory_bytes()? / 2 / slots.max(1);
                Some(share.clamp(1 << 30, 4 << 30))
            }
        }
    }

    pub fn safe_mode(&self) -> SafeMode {
        if self.is("reject") {
            SafeMode::Reject
        } else if self.is("on") || self.is("1") {
            SafeMode::On
        } else {
            SafeMode::Off
        }
    }

    pub fn warm_use(&self) -> WarmUse {
        if self.is("0") {
            WarmUse::Never
        } else if self.is("1") {
            WarmUse::Always
        } else {
            WarmUse::Auto
        }
    }

    pub fn recovery(&self) -> Recovery {
        if self.is("fail") {
            Recovery::Fail
        } else {
            Recovery::Requeue
        }
    }

    pub fn level(&self) -> LogLevel {
        self.maybe_level().unwrap_or(LogLevel::Info)
    }

    fn maybe_level(&self) -> Option<LogLevel> {
        Some(match self.text?.to_lowercase().as_str() {
            "error" => LogLevel::Error,
            "warning" => LogLevel::Warning,
            "debug" => LogLevel::Debug,
            "trace" => LogLevel::Trace,
            _ => LogLevel::Info,
        })
    }

    /// Returns the worker's own level, otherwise that of all commands.
    pub fn worker_level(&self) -> LogLevel {
        self.maybe_level()
            .unwrap_or_else(|| self.all.get("ADE_LOG_LEVEL").level())
    }
}
