//! The `ade` command. This file reads as a table of contents: [`Command`] lists the subcommands, one file each.
//!
//! A command parses its arguments into options, calls the library, prints the result through [`ui`], and returns an
//! exit status. Decisions are made in the library, in the module of the command's name. Only [`ui`] prints.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod ack;
mod annotate;
mod backup;
mod check;
mod ci;
mod command_line;
mod completions;
mod configs;
mod context;
mod deliveries;
mod dev;
mod docs;
mod doctor;
mod drift;
mod env;
mod exit;
mod explain;
mod fix;
mod init;
mod issues;
mod lock;
mod logs;
mod man;
mod migrate;
mod openapi;
mod pause;
mod report;
mod restore;
mod resume;
mod run;
mod runs;
mod serve;
mod serving;
mod settings;
mod shape;
mod signals;
mod test;
mod tokens;
mod top;
mod ui;
mod worker;
mod workers;
mod workspaces;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use context::{Context, Globals};
use exit::{ExitStatus, Outcome};

/// Turn messy spreadsheets into clean, validated workbooks
#[derive(Parser)]
#[command(
    name = "ade",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Examples:\n  ade init my-config                    write a configuration that runs as it is\n  ade run my-config orders.xlsx         normalize a workbook\n\nExit status: 0 done · 1 a run or check failed · 2 wrong call or input ·\n3 no environment · 4 a limit was hit · 5 the database can't be used ·\n70 a bug in ade · 130 cancelled"
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Init(init::Args),
    Run(Box<run::Args>),
    Check(check::Args),
    Test(test::Args),
    Ci(Box<ci::Args>),
    Lock(lock::Args),
    #[command(subcommand)]
    Runs(runs::Command),
    Drift(drift::Args),
    Fix(fix::Args),
    Ack(ack::Args),
    Explain(explain::Args),
    Shape(shape::Args),
    Issues(issues::Args),
    Annotate(annotate::Args),
    Report(report::Args),
    #[command(subcommand)]
    Logs(logs::Command),
    #[command(subcommand)]
    Env(env::Command),
    #[command(subcommand)]
    Configs(configs::Command),
    #[command(subcommand)]
    Workspaces(workspaces::Command),
    Migrate(migrate::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Worker(worker::Args),
    #[command(subcommand)]
    Workers(workers::Command),
    Pause(pause::Args),
    Resume(resume::Args),
    #[command(subcommand)]
    Deliveries(deliveries::Command),
    Dev(dev::Args),
    Serve(serve::Args),
    #[command(subcommand)]
    Tokens(tokens::Command),
    Openapi(openapi::Args),
    OpenapiTypes(openapi::TypesArgs),
    Top(top::Args),
    Doctor(doctor::Args),
    Settings(settings::Args),
    Docs(docs::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Init(args) => init::run(args, context),
            Self::Run(args) => run::run(args, context),
            Self::Check(args) => check::run(args, context),
            Self::Test(args) => test::run(args, context),
            Self::Ci(args) => ci::run(args, context),
            Self::Lock(args) => lock::run(args, context),
            Self::Runs(command) => command.run(context),
            Self::Drift(args) => drift::run(args, context),
            Self::Fix(args) => fix::run(args, context),
            Self::Ack(args) => ack::run(args, context),
            Self::Explain(args) => explain::run(args, context),
            Self::Shape(args) => shape::run(args, context),
            Self::Issues(args) => issues::run(args, context),
            Self::Annotate(args) => annotate::run(args, context),
            Self::Report(args) => report::run(args, context),
            Self::Logs(command) => command.run(context),
            Self::Env(command) => command.run(context),
            Self::Configs(command) => command.run(context),
            Self::Workspaces(command) => command.run(context),
            Self::Migrate(args) => migrate::run(args, context),
            Self::Backup(args) => backup::run(args, context),
            Self::Restore(args) => restore::run(args, context),
            Self::Worker(args) => worker::run(args, context),
            Self::Workers(command) => command.run(context),
            Self::Pause(args) => pause::run(args, context),
            Self::Resume(args) => resume::run(args, context),
            Self::Deliveries(command) => command.run(context),
            Self::Dev(args) => dev::run(args, context),
            Self::Serve(args) => serve::run(args, context),
            Self::Tokens(command) => command.run(context),
            Self::Openapi(args) => openapi::run(args, context),
            Self::OpenapiTypes(args) => openapi::types(args, context),
            Self::Top(args) => top::run(args, context),
            Self::Doctor(args) => doctor::run(args, context),
            Self::Settings(args) => settings::run(args, context),
            Self::Docs(args) => docs::run(args, context),
            Self::Completions(args) => completions::run(args, context),
            Self::Man(args) => man::run(args, context),
        }
    }
}

fn main() -> ExitCode {
    ui::report_panics();
    let status = std::panic::catch_unwind(answer).unwrap_or(ExitStatus::Internal);
    status.max(ui::report_lost_output()).into()
}

/// `ade help runs ls` is `ade runs ls --help`: people type both.
fn with_help_as_flag(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.get(1).is_some_and(|word| word == "help") {
        words.remove(1);
        words.push("--help".into());
    }
    words
}

fn answer() -> ExitStatus {
    let words = with_help_as_flag(std::env::args_os().collect());
    let is_of_ade = words.len() <= 2;
    let matches = command_line().try_get_matches_from(words);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) if is_of_ade => return ui::answer(&error, command_line::grouped),
        Err(error) => return ui::answer(&error, str::to_owned),
    };
    let context = Context::new(cli.globals, command_line);
    cli.command.run(&context).unwrap_or_else(|failure| {
        context.ui.failure(&failure);
        failure.status
    })
}

fn command_line() -> clap::Command {
    command_line::complete(Cli::command())
}
