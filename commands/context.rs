//! The context of every command: the global flags, and the settings and the terminal that follow from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::base::files::describe;
use ade::base::problem::{Error, code};
use ade::configuration::Configuration;
use ade::environment::needed::prepare::{PreparedConfiguration, prepare};
use ade::run::ending::recover::settle;
use ade::run::inputs::input::{Search, expand};
use ade::settings::paths::Paths;
use ade::settings::{Inputs, Settings};
use ade::store::{OpenMode, RunRecord};
use ade::workspace::{Workspace, ballast};
use clap::Args;

use crate::exit::Failure;
use crate::ui::{Color, ServerLog, Ui};

/// How often a long-running command checks whether a full disk has room again.
const AGAIN: Duration = Duration::from_secs(2);

/// The error codes that a full disk causes for the database and the files next to it.
const FULL_DISK_CODES: [&str; 2] = [code::DATABASE_UNREACHABLE, code::STORAGE_FAILED];

/// Options that all commands accept.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Keep all data in this folder [env: ADE_DATA_DIR] [default: ./data, or one in a folder above]
    #[arg(long, global = true, hide_short_help = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Keep the queue in this database [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]
    #[arg(long, global = true, hide_short_help = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Use this workspace [env: ADE_WORKSPACE] [default: default]
    #[arg(short, long, global = true, hide_short_help = true, value_name = "ID")]
    pub workspace: Option<String>,
    /// Print results as JSON: one document, or one object per line for several runs
    #[arg(long, global = true, hide_short_help = true)]
    pub json: bool,
    /// Print only results and errors [env: ADE_LOG_LEVEL=error]
    #[arg(short, long, global = true, hide_short_help = true)]
    pub quiet: bool,
    /// Print the engine's events from level debug; -vv prints all [env: ADE_LOG_LEVEL=debug]
    #[arg(short, long, global = true, hide_short_help = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// When to colour the output [env: NO_COLOR, CLICOLOR_FORCE]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: Color,
    /// Build environments from the cache, without a network [env: ADE_OFFLINE]
    #[arg(long, global = true, hide_short_help = true)]
    pub offline: bool,
    /// Install exactly what `ade.lock` names; fail if it is missing or out of date [env: ADE_FROZEN]
    #[arg(long, global = true, hide_short_help = true)]
    pub frozen: bool,
}

impl Globals {
    /// Returns globals without any flag set.
    pub fn none() -> Self {
        Self {
            data_dir: None,
            database_url: None,
            workspace: None,
            json: false,
            quiet: false,
            verbose: 0,
            color: Color::Auto,
            offline: false,
            frozen: false,
        }
    }

    /// Returns the flags that override settings, by setting name.
    fn settings(&self) -> BTreeMap<&'static str, String> {
        let data_dir = self.data_dir.as_ref();
        let log_level = match (self.quiet, self.verbose) {
            (true, _) => Some("error"),
            (_, 0) => None,
            (_, 1) => Some("debug"),
            (_, _) => Some("trace"),
        };
        [
            (
                "ADE_DATA_DIR",
                data_dir.map(|path| path.to_string_lossy().into_owned()),
            ),
            ("ADE_DATABASE_URL", self.database_url.clone()),
            ("ADE_WORKSPACE", self.workspace.clone()),
            ("ADE_OFFLINE", self.offline.then(|| "1".to_owned())),
            ("ADE_FROZEN", self.frozen.then(|| "1".to_owned())),
            ("ADE_LOG_LEVEL", log_level.map(str::to_owned)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// The global flags, the terminal and the command line, for every command.
pub struct Context {
    pub globals: Globals,
    pub ui: Ui,
    /// Builds the whole command line, for completions and manual pages.
    pub command_line: fn() -> clap::Command,
    settings: OnceLock<Settings>,
}

impl Context {
    /// Inspects the terminal; reads no settings yet.
    pub fn new(globals: Globals, command_line: fn() -> clap::Command) -> Self {
        let ui = Ui::new(globals.color, globals.json, globals.quiet, globals.verbose);
        Self {
            globals,
            ui,
            command_line,
            settings: OnceLock::new(),
        }
    }

    /// Returns a second terminal of the same form, for a log that outlives this borrow.
    pub fn own_ui(&self) -> Ui {
        let globals = &self.globals;
        Ui::new(globals.color, globals.json, globals.quiet, globals.verbose)
    }

    /// Resolves all settings once.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the process variables for settings"
    )]
    pub fn settings(&self) -> Result<Settings, Failure> {
        if let Some(known) = self.settings.get() {
            return Ok(known.clone());
        }
        let folder = std::env::current_dir().map_err(|error| {
            let message = format!("the current folder cannot be used: {}", describe(&error));
            Failure::usage(code::USAGE, message)
        })?;
        let settings = Settings::resolve(&Inputs {
            flags: self.globals.settings(),
            variables: std::env::vars_os().collect(),
            folder,
            program: std::env::current_exe()
                .and_then(|path| path.canonicalize())
                .ok(),
        })?;
        if let Some(folder) = settings.data_above() {
            let folder = self.ui.path(folder);
            self.ui
                .say(format_args!("note: the data directory is {folder}"));
        }
        Ok(self.settings.get_or_init(|| settings).clone())
    }

    /// Opens the workspace, and creates the database if it does not exist.
    pub fn open_or_create(&self) -> Result<Workspace, Failure> {
        Ok(Workspace::open(self.settings()?, OpenMode::CreateIfAbsent)?)
    }

    /// Opens the workspace for a worker or a server. A setting decides whether a missing database is created.
    pub fn open_to_work(settings: Settings) -> Result<Workspace, Failure> {
        let opening = match settings.worker.auto_create_schema {
            true => OpenMode::CreateIfAbsent,
            false => OpenMode::Existing,
        };
        Ok(Workspace::open(settings, opening)?)
    }

    /// Like [`Self::open_to_work`], but waits while the disk is full. `None`: it was stopped before there was room.
    pub fn open_to_stay(
        settings: &Settings,
        log: &ServerLog,
        stop: &Cancel,
    ) -> Result<Option<Workspace>, Failure> {
        when_there_is_room(settings, log, stop, || Self::open_to_work(settings.clone()))
    }

    /// Opens the workspace and prepares the configuration in this folder for runs. If the folder has no configuration, no
    /// database is created.
    pub fn prepare(&self, folder: &Path) -> Result<(Workspace, PreparedConfiguration), Failure> {
        let configuration = Configuration::open(folder)?;
        let workspace = self.open_or_create()?;
        let prepared = prepare(&workspace, configuration, None)?;
        Ok((workspace, prepared))
    }

    /// Opens the workspace; `None` if there is no database yet.
    pub fn open_if_present(&self) -> Result<Option<Workspace>, Failure> {
        Ok(Workspace::open_if_present(self.settings()?)?)
    }

    /// Opens the workspace for a command that shows runs or environments, and first recovers what dead processes held. `None`
    /// if there is no database yet.
    pub fn open_to_look(&self) -> Result<Option<Workspace>, Failure> {
        let workspace = self.open_if_present()?;
        workspace.iter().for_each(settle);
        Ok(workspace)
    }

    /// Like [`Self::open_to_look`], for a command that needs a run. A missing database means that there are no runs, which is
    /// an error.
    pub fn open_for_runs(&self) -> Result<Workspace, Failure> {
        self.open_to_look()?.ok_or_else(|| {
            Failure::usage(code::RUN_NOT_FOUND, "there are no runs yet")
                .hint("`ade run CONFIG FILE` creates one")
        })
    }

    /// Returns the named runs, each once. A folder means the newest run of each of its files; files without a run are reported.
    pub fn runs(&self, workspace: &Workspace, named: &[String]) -> Result<Vec<RunRecord>, Failure> {
        let mut runs: Vec<RunRecord> = Vec::new();
        let mut add = |run: RunRecord| {
            if runs.iter().all(|known| known.id != run.id) {
                runs.push(run);
            }
        };
        for given in named {
            if !Path::new(given).is_dir() {
                add(workspace.run(given)?);
                continue;
            }
            for file in files_of(workspace, &[PathBuf::from(given)])? {
                match workspace.runs_of_file(&file).next().transpose()? {
                    Some(run) => {
                        workspace.fetch_run(&run)?;
                        add(run);
                    }
                    None => self.ui.say(format_args!(
                        "note: {} has no run yet; `ade run` it first",
                        self.ui.path(&file)
                    )),
                }
            }
        }
        match runs.is_empty() {
            true => {
                let message = format!("no file in {} has a run yet", named.join(", "));
                Err(Failure::usage(code::RUN_NOT_FOUND, message))
            }
            false => Ok(runs),
        }
    }

    /// Opens the workspace for a command that needs an environment. A missing database means that there are none, which is an
    /// error.
    pub fn open_for_environments(&self) -> Result<Workspace, Failure> {
        self.open_to_look()?
            .ok_or_else(|| Failure::usage(code::NOT_FOUND, "there are no environments yet"))
    }
}

/// Repeats `attempt` while it fails because the database's disk is full, so that a server continues by itself when there is
/// room. `None`: it was stopped before.
pub fn when_there_is_room<T>(
    settings: &Settings,
    log: &ServerLog,
    stop: &Cancel,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let paths = Paths::new(settings)?;
    let mut said = false;
    loop {
        let failure = match attempt() {
            Err(failure)
                if FULL_DISK_CODES.contains(&&*failure.code)
                    && ballast::is_short(settings, &paths) =>
            {
                failure
            }
            other => return other.map(Some),
        };
        if !said {
            let message = format!("{}; ade tries again until there is room", failure.message);
            log.trouble(&message);
            said = true;
        }
        if stop.wait(AGAIN) {
            return Ok(None);
        }
    }
}

/// Returns the files that the arguments mean: for a folder, the files in it. Marked copies are left out.
pub fn files_of(workspace: &Workspace, arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let search = Search {
        recursive: false,
        not_in: &[],
        output_dir: None,
        is_copy: &|path| workspace.store.is_copy(path).unwrap_or(false),
    };
    let found = expand(arguments, &search)?.inputs;
    Ok(found.into_iter().map(|input| input.path).collect())
}
