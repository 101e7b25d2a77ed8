//! Every setting of ADE, resolved once.
//!
//! Strongest first: flag, environment variable, `ade.toml` (found from the current folder upwards), default. `table`
//! lists them all; [`Settings::resolve`] turns what a process was given into one typed value, and nothing else reads
//! the process environment for settings.

mod ade_toml;
mod table;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

pub use ade_toml::FILE_NAME;
pub use table::{Kind, SETTINGS, Setting};

use crate::problem::{self, Problem};
use crate::store::Recovery;

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

/// A setting cannot be used as it was given.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value does not parse.
    #[error("{}: {name} = {value:?} is {problem}", at(given_by))]
    BadValue {
        /// The setting, as it was written.
        name: String,
        /// The value, as it was written.
        value: String,
        /// What is wrong with it: `not a whole number`.
        problem: String,
        /// Where it was given.
        given_by: Box<Source>,
    },
    /// A key of `ade.toml` that no setting has.
    #[error("{}:{line}: unknown setting {key:?}", path.display())]
    UnknownKey {
        /// The key.
        key: String,
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// A setting whose key looks alike.
        similar: Option<String>,
    },
    /// `ade.toml` is no TOML.
    #[error("{}:{line}: {message}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// `ade.toml` cannot be read.
    #[error(transparent)]
    Unreadable(#[from] crate::files::FileError),
    /// A name and its alias are both set, to different values.
    #[error("{name} and {alias} are both set, to different values")]
    Conflict {
        /// The setting's name.
        name: &'static str,
        /// Its other name.
        alias: &'static str,
    },
}

fn at(source: &Source) -> String {
    source.to_string()
}

impl Problem for SettingsError {
    fn kind(&self) -> problem::Kind {
        problem::Kind::Usage
    }
    fn code(&self) -> &'static str {
        "settings_invalid"
    }
    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey {
                similar: Some(similar),
                ..
            } => Some(format!(
                "did you mean {similar:?}? `ade settings` lists them all"
            )),
            Self::UnknownKey { .. } => Some("`ade settings` lists them all".to_owned()),
            Self::Conflict { name, .. } => Some(format!("keep {name} alone")),
            Self::BadValue { .. } => {
                Some("`ade settings` tells what each setting means".to_owned())
            }
            Self::Unreadable(error) => error.hint(),
            Self::BadFile { .. } => None,
        }
    }
}

/// What a process was given to resolve its settings from.
pub struct Inputs {
    /// Values of flags, by setting name.
    pub flags: BTreeMap<&'static str, String>,
    /// The process environment.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
/// What provisions environments.
pub enum Installer {
    /// uv where it can be had, else pip.
    Auto,
    /// uv alone.
    Uv,
    /// venv and pip alone.
    Pip,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Errors.
    Error,
    /// And warnings.
    Warning,
    /// And what happens.
    Info,
    /// And how it happens.
    Debug,
    /// Everything.
    Trace,
}

/// All settings, typed. Paths are absolute.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `ADE_DATA_DIR`
    pub data_dir: PathBuf,
    /// `ADE_DATABASE_URL`; `None`: the file below the data directory.
    pub database_url: Option<String>,
    /// The folder that a relative database URL counts from.
    pub folder: PathBuf,
    /// `ADE_DATABASE_SQLITE_JOURNAL_MODE`
    pub sqlite_journal_mode: String,
    /// `ADE_DATABASE_SQLITE_SYNCHRONOUS`
    pub sqlite_synchronous: String,
    /// `ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS`
    pub sqlite_busy_timeout: Duration,
    /// `ADE_WORKSPACE`
    pub workspace: String,
    /// `ADE_WORKSPACES_DIR`
    pub workspaces_dir: Option<PathBuf>,
    /// `ADE_DOCUMENTS_DIR`
    pub documents_dir: Option<PathBuf>,
    /// `ADE_CONFIGS_DIR`
    pub configs_dir: Option<PathBuf>,
    /// `ADE_RUNS_DIR`
    pub runs_dir: Option<PathBuf>,
    /// `ADE_VENVS_DIR`
    pub venvs_dir: Option<PathBuf>,
    /// `ADE_PIP_CACHE_DIR`
    pub pip_cache_dir: Option<PathBuf>,
    /// `ADE_UV_CACHE_DIR`
    pub uv_cache_dir: Option<PathBuf>,
    /// `ADE_INSTALLER`
    pub installer: Installer,
    /// `ADE_PYTHON`
    pub python: Option<PathBuf>,
    /// `ADE_ENGINE_SPEC`
    pub engine_spec: Option<String>,
    /// `ADE_OFFLINE`
    pub offline: bool,
    /// `ADE_BUILD_TIMEOUT`
    pub build_timeout: Duration,
    /// `ADE_RUN_TIMEOUT_SECONDS`
    pub run_timeout: Option<Duration>,
    /// `ADE_LOG_LEVEL`
    pub log_level: LogLevel,
    /// `ADE_WORKER_*`
    pub worker: WorkerSettings,
    /// Every setting with its source, in the table's order.
    pub resolved: Vec<Resolved>,
    /// The process environment that children inherit from.
    pub environment: BTreeMap<OsString, OsString>,
}

/// The settings of the queue and those who work it.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// `ADE_WORKER_CONCURRENCY`
    pub concurrency: usize,
    /// `ADE_WORKER_POLL_INTERVAL`
    pub poll_interval: Duration,
    /// `ADE_WORKER_POLL_INTERVAL_MAX`
    pub poll_interval_max: Duration,
    /// `ADE_WORKER_CLEANUP_INTERVAL`
    pub cleanup_interval: Duration,
    /// `ADE_WORKER_ID`
    pub id: Option<String>,
    /// `ADE_WORKER_LEASE_SECONDS`
    pub lease: Duration,
    /// `ADE_WORKER_MAX_ATTEMPTS`
    pub max_attempts: u32,
    /// `ADE_WORKER_BACKOFF_BASE_SECONDS`
    pub backoff_base: Duration,
    /// `ADE_WORKER_BACKOFF_MAX_SECONDS`
    pub backoff_max: Duration,
    /// `ADE_WORKER_AUTO_CREATE_SCHEMA`
    pub auto_create_schema: bool,
    /// `ADE_WORKER_METRICS_INTERVAL`
    pub metrics_interval: Duration,
    /// `ADE_WORKER_LOG_LEVEL`
    pub log_level: LogLevel,
    /// `ADE_LOG_FORMAT` is `json`
    pub log_json: bool,
    /// `ADE_RECOVERY`
    pub recovery: Recovery,
    /// `ADE_WORKER_ENABLE_GC`
    pub enable_gc: bool,
    /// `ADE_WORKER_GC_INTERVAL_SECONDS`
    pub gc_interval: Duration,
    /// `ADE_WORKER_ENV_TTL_DAYS`; `None`: never
    pub env_ttl: Option<Duration>,
    /// `ADE_WORKER_RUN_ARTIFACT_TTL_DAYS`; `None`: for ever
    pub run_artifact_ttl: Option<Duration>,
}

impl Settings {
    /// Resolves every setting.
    ///
    /// # Errors
    /// A value that does not parse, an unknown key or a broken `ade.toml`, or a name and its alias that disagree.
    pub fn resolve(inputs: &Inputs) -> Result<Self, SettingsError> {
        let file = ade_toml::find(&inputs.folder)
            .map(|path| ade_toml::read(&path))
            .transpose()?
            .unwrap_or_default();
        let mut resolved = Vec::with_capacity(SETTINGS.len());
        for setting in SETTINGS {
            let (value, source) = match Self::given(setting, inputs, &file)? {
                Some(given) => given,
                None => (
                    (!setting.default.is_empty()).then(|| setting.default.to_owned()),
                    Source::Default,
                ),
            };
            if let (Some(value), true) = (&value, source != Source::Default) {
                check(setting, value, &source)?;
            }
            resolved.push(Resolved {
                setting,
                value,
                source,
            });
        }
        Ok(Values {
            resolved: &resolved,
            folder: &inputs.folder,
        }
        .settings(inputs, resolved.clone()))
    }

    fn given(
        setting: &'static Setting,
        inputs: &Inputs,
        file: &ade_toml::File,
    ) -> Result<Option<(Option<String>, Source)>, SettingsError> {
        if let Some(value) = inputs.flags.get(setting.name) {
            return Ok(Some((Some(value.clone()), Source::Flag)));
        }
        let mut found: Option<(String, &'static str)> = None;
        for name in std::iter::once(&setting.name).chain(setting.aliases) {
            let Some(value) = inputs.environment.get(std::ffi::OsStr::new(name)) else {
                continue;
            };
            let value = value.to_string_lossy().into_owned();
            if value.is_empty() {
                continue;
            }
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
        if let Some((value, name)) = found {
            return Ok(Some((Some(value), Source::Environment(name.to_owned()))));
        }
        Ok(file.values.get(setting.name).map(|entry| {
            let value = if setting.kind == Kind::Path {
                beside(&file.path, &entry.value)
            } else {
                entry.value.clone()
            };
            (Some(value), Source::File(file.path.clone(), entry.line))
        }))
    }

    /// The variables that children inherit from.
    pub fn child_environment(&self) -> Vec<(OsString, OsString)> {
        self.environment.clone().into_iter().collect()
    }

    /// `PATH`.
    pub fn path(&self) -> Option<&OsString> {
        self.environment.get(std::ffi::OsStr::new("PATH"))
    }

    /// The name that this process has as a worker.
    pub fn worker_id(&self, index: usize) -> String {
        match &self.worker.id {
            Some(id) if index == 0 => id.clone(),
            Some(id) => format!("{id}:{index}"),
            None => format!("{}:{}:{index}", host_name(), std::process::id()),
        }
    }
}

/// This machine's name, as it stands in worker ids.
pub fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// The values of a resolved table, read by name and type. Each was checked already.
struct Values<'a> {
    resolved: &'a [Resolved],
    folder: &'a Path,
}

impl Values<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.resolved
            .iter()
            .find(|resolved| resolved.setting.name == name)
            .and_then(|resolved| resolved.value.clone())
    }
    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(|value| {
            let path = self.folder.join(value);
            std::path::absolute(&path).unwrap_or(path)
        })
    }
    fn flag(&self, name: &str) -> bool {
        self.text(name)
            .and_then(|value| parse_flag(&value))
            .unwrap_or(false)
    }
    fn whole(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(|value| value.parse().ok())
    }
    fn seconds(&self, name: &str) -> Option<Duration> {
        self.text(name)
            .and_then(|value| value.parse().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
    fn level(&self, name: &str) -> Option<LogLevel> {
        Some(match self.text(name)?.to_lowercase().as_str() {
            "error" => LogLevel::Error,
            "warning" => LogLevel::Warning,
            "debug" => LogLevel::Debug,
            "trace" => LogLevel::Trace,
            _ => LogLevel::Info,
        })
    }
    fn days(&self, name: &str) -> Option<Duration> {
        let days: f64 = self.text(name)?.parse().ok()?;
        Duration::try_from_secs_f64(days * 86_400.0)
            .ok()
            .filter(|ttl| !ttl.is_zero())
    }
    fn seconds_or_zero(&self, name: &str) -> Duration {
        self.seconds(name).unwrap_or_default()
    }

    fn settings(&self, inputs: &Inputs, resolved: Vec<Resolved>) -> Settings {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Settings {
            data_dir: self.path("ADE_DATA_DIR").unwrap_or_default(),
            database_url: self.text("ADE_DATABASE_URL"),
            folder: inputs.folder.clone(),
            sqlite_journal_mode: self
                .text("ADE_DATABASE_SQLITE_JOURNAL_MODE")
                .unwrap_or_default()
                .to_uppercase(),
            sqlite_synchronous: self
                .text("ADE_DATABASE_SQLITE_SYNCHRONOUS")
                .unwrap_or_default()
                .to_uppercase(),
            sqlite_busy_timeout: Duration::from_millis(
                self.whole("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS")
                    .unwrap_or(0)
                    .unsigned_abs(),
            ),
            workspace: self.text("ADE_WORKSPACE").unwrap_or_default(),
            workspaces_dir: self.path("ADE_WORKSPACES_DIR"),
            documents_dir: self.path("ADE_DOCUMENTS_DIR"),
            configs_dir: self.path("ADE_CONFIGS_DIR"),
            runs_dir: self.path("ADE_RUNS_DIR"),
            venvs_dir: self.path("ADE_VENVS_DIR"),
            pip_cache_dir: self.path("ADE_PIP_CACHE_DIR"),
            uv_cache_dir: self.path("ADE_UV_CACHE_DIR"),
            installer: match self
                .text("ADE_INSTALLER")
                .unwrap_or_default()
                .to_lowercase()
                .as_str()
            {
                "uv" => Installer::Uv,
                "pip" => Installer::Pip,
                _ => Installer::Auto,
            },
            python: self.text("ADE_PYTHON").map(|value| {
                if value.contains('/') {
                    self.folder.join(value)
                } else {
                    PathBuf::from(value)
                }
            }),
            engine_spec: self.text("ADE_ENGINE_SPEC"),
            offline: self.flag("ADE_OFFLINE"),
            build_timeout: self.seconds_or_zero("ADE_BUILD_TIMEOUT"),
            run_timeout: self.seconds("ADE_RUN_TIMEOUT_SECONDS"),
            log_level: self.level("ADE_LOG_LEVEL").unwrap_or(LogLevel::Info),
            worker: WorkerSettings {
                concurrency: self
                    .whole("ADE_WORKER_CONCURRENCY")
                    .and_then(|count| usize::try_from(count).ok())
                    .unwrap_or_else(|| (cores / 2).clamp(1, 4)),
                poll_interval: self.seconds_or_zero("ADE_WORKER_POLL_INTERVAL"),
                poll_interval_max: self.seconds_or_zero("ADE_WORKER_POLL_INTERVAL_MAX"),
                cleanup_interval: self.seconds_or_zero("ADE_WORKER_CLEANUP_INTERVAL"),
                id: self.text("ADE_WORKER_ID"),
                lease: self.seconds_or_zero("ADE_WORKER_LEASE_SECONDS"),
                max_attempts: self
                    .whole("ADE_WORKER_MAX_ATTEMPTS")
                    .and_then(|count| u32::try_from(count).ok())
                    .unwrap_or(3),
                backoff_base: self.seconds_or_zero("ADE_WORKER_BACKOFF_BASE_SECONDS"),
                backoff_max: self.seconds_or_zero("ADE_WORKER_BACKOFF_MAX_SECONDS"),
                auto_create_schema: self.flag("ADE_WORKER_AUTO_CREATE_SCHEMA"),
                metrics_interval: self.seconds_or_zero("ADE_WORKER_METRICS_INTERVAL"),
                log_level: self
                    .level("ADE_WORKER_LOG_LEVEL")
                    .or_else(|| self.level("ADE_LOG_LEVEL"))
                    .unwrap_or(LogLevel::Info),
                log_json: self
                    .text("ADE_LOG_FORMAT")
                    .is_some_and(|format| format.eq_ignore_ascii_case("json")),
                recovery: match self.text("ADE_RECOVERY") {
                    Some(word) if word.eq_ignore_ascii_case("fail") => Recovery::Fail,
                    _ => Recovery::Requeue,
                },
                enable_gc: self.flag("ADE_WORKER_ENABLE_GC"),
                gc_interval: self.seconds_or_zero("ADE_WORKER_GC_INTERVAL_SECONDS"),
                env_ttl: self.days("ADE_WORKER_ENV_TTL_DAYS"),
                run_artifact_ttl: self.days("ADE_WORKER_RUN_ARTIFACT_TTL_DAYS"),
            },
            resolved,
            environment: inputs.environment.clone(),
        }
    }
}

fn check(setting: &'static Setting, value: &str, source: &Source) -> Result<(), SettingsError> {
    let problem = match setting.kind {
        Kind::Text | Kind::Path => None,
        Kind::Flag => parse_flag(value)
            .is_none()
            .then(|| "neither true nor false".to_owned()),
        Kind::Whole(least) => match value.parse::<i64>() {
            Err(_) => Some("not a whole number".to_owned()),
            Ok(number) if number < least || number > i64::from(u32::MAX) => {
                Some(format!("not between {least} and {}", u32::MAX))
            }
            Ok(_) => None,
        },
        Kind::Seconds => match value.parse::<f64>() {
            Ok(number) if number > 0.0 && number <= 1e9 => None,
            Ok(_) => Some("not above zero and at most a billion seconds".to_owned()),
            Err(_) => Some("not a number of seconds".to_owned()),
        },
        Kind::Days => match value.parse::<f64>() {
            Ok(number) if number.abs() <= 1e6 => None,
            _ => Some("not a number of days".to_owned()),
        },
        Kind::Word(words) => (!words.iter().any(|word| word.eq_ignore_ascii_case(value)))
            .then(|| format!("none of {}", words.join(", "))),
    };
    match problem {
        None => Ok(()),
        Some(problem) => {
            let name = match source {
                Source::Environment(name) => name.clone(),
                Source::File(..) => setting.key(),
                _ => setting.name.to_owned(),
            };
            Err(SettingsError::BadValue {
                name,
                value: value.to_owned(),
                problem,
                given_by: Box::new(source.clone()),
            })
        }
    }
}

fn parse_flag(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A path from `ade.toml`, counted from the file's folder.
fn beside(file: &Path, value: &str) -> String {
    file.parent()
        .unwrap_or(Path::new("/"))
        .join(value)
        .to_string_lossy()
        .into_owned()
}

/// `postgresql://user:secret@host/db` → `postgresql://user:***@host/db`.
fn mask_password(url: &str) -> String {
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

    fn inputs(folder: &Path, environment: &[(&str, &str)]) -> Inputs {
        Inputs {
            flags: BTreeMap::new(),
            environment: environment
                .iter()
                .map(|(name, value)| (OsString::from(name), OsString::from(value)))
                .collect(),
            folder: folder.to_owned(),
        }
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::resolve(&inputs(folder.path(), &[])).unwrap();
        assert_eq!(settings.data_dir, folder.path().join("data"));
        assert_eq!(settings.worker.lease, Duration::from_secs(900));
        assert_eq!(settings.run_timeout, None);
        assert!(settings.worker.concurrency >= 1);
    }

    #[test]
    fn flag_beats_environment_beats_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("ade.toml"),
            "workspace = \"file\"\nbuild_timeout = 5\ndata_dir = \"store\"\n",
        )
        .unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let mut given = inputs(&below, &[("ADE_WORKSPACE", "environment")]);
        let settings = Settings::resolve(&given).unwrap();
        assert_eq!(settings.workspace, "environment");
        assert_eq!(settings.build_timeout, Duration::from_secs(5));
        assert_eq!(
            settings.data_dir,
            folder.path().join("store"),
            "paths count from the file's folder"
        );
        given.flags.insert("ADE_WORKSPACE", "flag".to_owned());
        assert_eq!(Settings::resolve(&given).unwrap().workspace, "flag");
    }

    #[test]
    fn errors_name_the_key_the_file_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ade.toml");
        let message = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let error = Settings::resolve(&inputs(folder.path(), &[])).unwrap_err();
            (
                error
                    .to_string()
                    .replace(&folder.path().display().to_string(), ""),
                error.hint().unwrap_or_default(),
            )
        };
        assert_eq!(
            message("\nworkspce = 1\n"),
            (
                "/ade.toml:2: unknown setting \"workspce\"".to_owned(),
                "did you mean \"workspace\"? `ade settings` lists them all".to_owned()
            )
        );
        assert_eq!(
            message("# x\noffline = \"maybe\"\n").0,
            "/ade.toml:2: offline = \"maybe\" is neither true nor false"
        );
        assert_eq!(
            message("worker_max_attempts = 0\n").0,
            "/ade.toml:1: worker_max_attempts = \"0\" is not between 1 and 4294967295"
        );
        assert!(message("a = = 3\n").0.starts_with("/ade.toml:1: "));
    }

    #[test]
    fn an_alias_is_accepted_and_a_conflict_refused() {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            Settings::resolve(&inputs(folder.path(), &[("ADE_JOB_TIMEOUT_SECONDS", "7")])).unwrap();
        assert_eq!(settings.run_timeout, Some(Duration::from_secs(7)));
        let both = [
            ("ADE_JOB_TIMEOUT_SECONDS", "7"),
            ("ADE_RUN_TIMEOUT_SECONDS", "8"),
        ];
        assert!(matches!(
            Settings::resolve(&inputs(folder.path(), &both)),
            Err(SettingsError::Conflict { .. })
        ));
    }

    #[test]
    fn passwords_are_masked() {
        assert_eq!(
            mask_password("postgresql://ade:s@cret@db/ade"),
            "postgresql://ade:***@db/ade"
        );
        assert_eq!(mask_password("sqlite:///x"), "sqlite:///x");
    }
}
