//! What every command is given: the flags that work everywhere, and the settings and terminal that follow from them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ade::settings::{Inputs, Settings};
use ade::store::Opening;
use ade::workspace::Workspace;
use clap::{Args, ValueEnum};

use crate::exit::{ExitStatus, Failure};
use crate::ui::Ui;

/// Flags that work everywhere.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Root of everything that ADE writes [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The queue [default: sqlite:///<data-dir>/db/ade.sqlite]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The workspace that commands act in [default: default]
    #[arg(short, long, global = true, value_name = "ID")]
    pub workspace: Option<String>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Say less: errors and data alone
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Colour the output
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: Color,
    /// Build environments from caches alone
    #[arg(long, global = true)]
    pub offline: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    // Without descriptions, which would stretch every --help to a line for each flag's every value.
    Auto,
    Always,
    Never,
}

/// See the module.
pub struct Context {
    /// The flags.
    pub globals: Globals,
    /// The terminal.
    pub ui: Ui,
}

impl Context {
    /// Looks at the terminal; reads no settings yet.
    pub fn new(globals: Globals) -> Self {
        let ui = Ui::new(globals.color, globals.json, globals.quiet, globals.verbose);
        Self { globals, ui }
    }

    /// All settings, resolved.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the process environment for settings"
    )]
    pub fn settings(&self) -> Result<Settings, Failure> {
        let mut flags = BTreeMap::new();
        let globals = &self.globals;
        let mut flag = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                flags.insert(name, value);
            }
        };
        flag(
            "ADE_DATA_DIR",
            globals
                .data_dir
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned()),
        );
        flag("ADE_DATABASE_URL", globals.database_url.clone());
        flag("ADE_WORKSPACE", globals.workspace.clone());
        flag("ADE_OFFLINE", globals.offline.then(|| "1".to_owned()));
        flag(
            "ADE_LOG_LEVEL",
            match (globals.quiet, globals.verbose) {
                (true, _) => Some("error".to_owned()),
                (_, 0) => None,
                (_, 1) => Some("debug".to_owned()),
                (_, _) => Some("trace".to_owned()),
            },
        );
        let folder = std::env::current_dir().map_err(|error| Failure {
            status: ExitStatus::Usage,
            code: "no_current_folder".to_owned(),
            message: format!(
                "the current folder cannot be used: {}",
                ade::files::describe(&error)
            ),
            hint: None,
        })?;
        Ok(Settings::resolve(&Inputs {
            flags,
            environment: std::env::vars_os().collect(),
            folder,
        })?)
    }

    /// The workspace, opened; a database that does not exist is created.
    pub fn open_or_create(&self) -> Result<Workspace, Failure> {
        Ok(Workspace::open(self.settings()?, Opening::CreateIfAbsent)?)
    }

    /// The workspace, opened; `None` where there is no database yet.
    pub fn open_if_present(&self) -> Result<Option<Workspace>, Failure> {
        Ok(Workspace::open_if_present(self.settings()?)?)
    }
}
