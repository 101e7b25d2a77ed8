//! `ade completions`: shell completions.
//!
//! The scripts for bash, zsh and fish offer commands and flags by themselves. For what changes (runs, environments,
//! configurations) they ask `ade completions --offer -- WORDS`, with the words before the one that is being typed.

use std::collections::HashSet;
use std::path::PathBuf;

use ade::clock::Timestamp;
use ade::environment::find;
use ade::run::list::{self, Wanted};
use ade::store::{ConfigurationRecord, RunRecord};
use ade::workspace::Workspace;
use clap::{Arg, ArgAction, Command};
use clap_complete::Shell;

use crate::context::{Context, Globals};
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::ago;

/// Print the completions for a shell
#[derive(clap::Args)]
#[command(
    override_usage = "ade completions [OPTIONS] <SHELL>",
    after_help = "Examples:\n  ade completions bash > ~/.local/share/bash-completion/completions/ade\n  ade completions zsh > ~/.zfunc/_ade\n  ade completions fish > ~/.config/fish/completions/ade.fish"
)]
pub struct Args {
    /// The shell
    #[arg(required_unless_present = "offer")]
    shell: Option<Shell>,
    /// Print what may follow these words, a value and its description on each line
    #[arg(long, hide = true)]
    offer: bool,
    /// The words
    #[arg(last = true, hide = true, requires = "offer")]
    words: Vec<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    if let Some(shell) = args.shell {
        let script = script(shell, without_hidden((context.command_line)()));
        context.ui.raw(script.as_bytes());
        return Ok(ExitStatus::Done);
    }
    // Somebody is typing: an error would land in the middle of the line.
    for (value, about) in offered(&args.words, context).unwrap_or_default() {
        context.ui.line(format_args!("{value}\t{about}"));
    }
    Ok(ExitStatus::Done)
}

/// The command line without this command's arguments that scripts use and people do not.
fn without_hidden(command_line: Command) -> Command {
    command_line.mut_subcommand("completions", |command| {
        let about = command.get_about().cloned().unwrap_or_default();
        let shown = command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set());
        let shown = shown.map(|argument| match argument.get_id().as_str() {
            // Without the arguments that are hidden, it can be required as it is.
            "shell" => Arg::new("shell")
                .required(true)
                .value_parser(clap::value_parser!(Shell))
                .help(argument.get_help().cloned().unwrap_or_default()),
            _ => argument.clone(),
        });
        Command::new("completions").about(about).args(shown)
    })
}

/// The script of a shell, with the part that asks for what changes.
fn script(shell: Shell, mut command: Command) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "ade", &mut text);
    let mut script = String::from_utf8_lossy(&text).into_owned();
    match shell {
        Shell::Bash => {
            script = script.replace("complete -F _ade ", "complete -F _ade_offering ");
            script.push_str(include_str!("completions/offer.bash"));
        }
        Shell::Zsh => {
            let lines = script.lines().map(|line| match is_offered_by_zsh(line) {
                true => line
                    .replace(":_default'", ":_ade_offered'")
                    .replace(":_files'", ":_ade_offered'"),
                false => line.to_owned(),
            });
            let lines: Vec<String> = lines.collect();
            // Before the part that registers or calls the function above.
            let end = lines.iter().rposition(|line| line.starts_with("if ["));
            let (before, after) = lines.split_at(end.unwrap_or(lines.len()));
            script = [
                &before.join("\n"),
                include_str!("completions/offer.zsh"),
                &after.join("\n"),
                "",
            ]
            .join("\n");
        }
        Shell::Fish => {
            let lines = script
                .lines()
                .map(|line| match line.contains(" -l configuration ") {
                    true => format!("{line} -f -k -a \"(__fish_ade_offered)\""),
                    false => line.to_owned(),
                });
            let lines: Vec<String> = lines.collect();
            script = lines.join("\n") + "\n" + include_str!("completions/offer.fish");
        }
        _ => {}
    }
    script
}

/// Whether a line of zsh's script describes an argument of which the values change.
fn is_offered_by_zsh(line: &str) -> bool {
    if line.starts_with("'--configuration=[") {
        return true;
    }
    let line = line.trim_start_matches(['\'', '*', ':']);
    ["run", "run_or_env", "environment", "config"]
        .iter()
        .any(|name| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(" -- "))
        })
}

/// A value and what it is.
type Offer = (String, String);

/// What may follow these words; nothing where that does not change, as of a file.
fn offered(words: &[String], context: &Context) -> Result<Vec<Offer>, Failure> {
    let mut command_line = (context.command_line)();
    command_line.build();
    let typed = Typed::read(&command_line, words);
    let Some(kind) = typed.kind() else {
        return Ok(Vec::new());
    };
    let context = Context::new(typed.globals, context.command_line);
    let Some(workspace) = context.open_if_present()? else {
        return Ok(Vec::new());
    };
    kind.offers(&workspace, &context)
}

/// What was typed so far.
struct Typed<'a> {
    /// The names of the commands, without `ade`.
    commands: Vec<&'a str>,
    /// The argument that the next word belongs to, by its id.
    argument: Option<&'a str>,
    globals: Globals,
}

impl<'a> Typed<'a> {
    /// Reads the words as clap would, as far as they go.
    fn read(command_line: &'a Command, words: &[String]) -> Self {
        let mut command = command_line;
        let mut typed = Self {
            commands: Vec::new(),
            argument: None,
            globals: Globals::none(),
        };
        let mut positional = 0;
        for word in words {
            if let Some(flag) = typed.argument.take() {
                typed.note(flag, word);
            } else if word.len() > 1 && word.starts_with('-') {
                if let Some((flag, value)) = flag_with_value(command, word) {
                    match value {
                        Some(value) => typed.note(flag.get_id().as_str(), value),
                        None => typed.argument = Some(flag.get_id().as_str()),
                    }
                }
            } else if let Some(below) = command.find_subcommand(word) {
                command = below;
                typed.commands.push(below.get_name());
            } else {
                positional += 1;
            }
        }
        if typed.argument.is_none() {
            let all: Vec<&Arg> = command.get_positionals().collect();
            let takes_more = |arg: &&&Arg| matches!(arg.get_action(), ArgAction::Append);
            let next = all.get(positional).or(all.last().filter(takes_more));
            typed.argument = next.map(|arg| arg.get_id().as_str());
        }
        typed
    }

    /// Keeps the value of a flag that decides which database is asked.
    fn note(&mut self, flag: &str, value: &str) {
        match flag {
            "data_dir" => self.globals.data_dir = Some(PathBuf::from(value)),
            "database_url" => self.globals.database_url = Some(value.to_owned()),
            "workspace" => self.globals.workspace = Some(value.to_owned()),
            _ => {}
        }
    }

    fn kind(&self) -> Option<Kind> {
        Some(match (self.argument?, self.commands.last().copied()) {
            ("run", Some("cancel")) => Kind::Runs(|run| !run.status.is_terminal()),
            ("run", Some("retry" | "rm")) => Kind::Runs(|run| run.status.is_terminal()),
            ("run", _) => Kind::Runs(|_| true),
            ("run_or_env", _) => Kind::RunsAndEnvironments,
            ("environment", _) => Kind::EnvironmentsAndFolders,
            ("config", _) => Kind::Folders,
            ("configuration", _) => Kind::Names,
            _ => return None,
        })
    }
}

/// The flag of a word that takes a value, and the value where the word has it too: `--data-dir=x`, `-wx`.
fn flag_with_value<'a, 'w>(
    command: &'a Command,
    word: &'w str,
) -> Option<(&'a Arg, Option<&'w str>)> {
    let mut flags = command.get_arguments();
    let (flag, value) = if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        (flags.find(|flag| flag.get_long() == Some(name))?, value)
    } else {
        // Of several letters only the last one can take a value.
        let is_taking = |letter: char| {
            let flag = command
                .get_arguments()
                .find(|flag| flag.get_short() == Some(letter));
            flag.filter(|flag| flag.get_action().takes_values())
        };
        let (position, flag) = word
            .char_indices()
            .skip(1)
            .find_map(|(position, letter)| Some((position, is_taking(letter)?)))?;
        let rest = word.get(position + 1..).filter(|rest| !rest.is_empty());
        (flag, rest)
    };
    flag.get_action().takes_values().then_some((flag, value))
}

/// What is offered.
enum Kind {
    /// Runs in these states.
    Runs(fn(&RunRecord) -> bool),
    RunsAndEnvironments,
    EnvironmentsAndFolders,
    /// Folders of configurations.
    Folders,
    /// Names of configurations.
    Names,
}

impl Kind {
    fn offers(&self, workspace: &Workspace, context: &Context) -> Result<Vec<Offer>, Failure> {
        Ok(match self {
            Self::Runs(is_offered) => runs(workspace, *is_offered)?,
            Self::RunsAndEnvironments => {
                let runs = runs(workspace, |_| true)?;
                runs.into_iter().chain(environments(workspace)?).collect()
            }
            Self::EnvironmentsAndFolders => {
                let folders = folders(workspace, context)?;
                folders
                    .into_iter()
                    .chain(environments(workspace)?)
                    .collect()
            }
            Self::Folders => folders(workspace, context)?,
            Self::Names => {
                let configurations = list::configurations(workspace)?.into_iter();
                let name =
                    |known: ConfigurationRecord| (known.name, known.path.display().to_string());
                let mut names: Vec<Offer> = configurations.map(name).collect();
                let mut seen = HashSet::new();
                names.retain(|(name, _)| seen.insert(name.clone()));
                names
            }
        })
    }
}

/// The newest runs.
fn runs(workspace: &Workspace, is_offered: fn(&RunRecord) -> bool) -> Result<Vec<Offer>, Failure> {
    const MOST: u32 = 50;
    let wanted = Wanted {
        status: None,
        configuration: None,
        input: None,
        since: None,
        before: None,
        limit: MOST,
    };
    let mut runs = Vec::new();
    for page in list::pages(workspace, &wanted) {
        runs.extend(page?);
    }
    runs.retain(is_offered);
    let now = Timestamp::now();
    let about = |run: &RunRecord| {
        let (status, input) = (run.status.as_str(), &run.input_name);
        format!("{status}: {input}, {}", ago(run.created_at, now))
    };
    let ids = list::short_ids(workspace, &runs)?;
    Ok(ids.into_iter().zip(runs.iter().map(about)).collect())
}

fn environments(workspace: &Workspace) -> Result<Vec<Offer>, Failure> {
    let environments = find::list(workspace)?;
    let about = environments.iter().map(|judged| {
        let environment = &judged.environment;
        format!(
            "{} environment of {}",
            environment.status.as_str(),
            environment.configuration_name
        )
    });
    let ids = find::short_ids(workspace, &environments)?;
    Ok(ids.into_iter().zip(about).collect())
}

/// The folders of configurations that are still there, as one would type them here.
fn folders(workspace: &Workspace, context: &Context) -> Result<Vec<Offer>, Failure> {
    let known = list::configurations(workspace)?.into_iter();
    let present = known.filter(|known| known.path.is_dir());
    let folder = |known: ConfigurationRecord| (context.ui.path(&known.path), known.name);
    Ok(present.map(folder).collect())
}
