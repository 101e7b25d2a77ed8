//! `ade completions`: prints shell completions.
//!
//! The scripts for bash, zsh and fish contain no commands or flags: they call `ade completions --offer=WORD -- WORDS` with the
//! word being typed and the words before it. So they fit any version of `ade`, and offer the runs, environments and
//! configurations that exist now.

use std::collections::HashSet;
use std::path::PathBuf;

use ade::base::clock::Timestamp;
use ade::environment::collection::named;
use ade::run::views::chosen;
use ade::run::views::chosen::RunsWanted;
use ade::store::{ConfigurationRecord, RunRecord};
use ade::workspace::Workspace;
use clap::{Arg, ArgAction, Command, ValueEnum};

use crate::context::{Context, Globals};
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::ago;

/// Print the completion script for a shell
///
/// Run one of the examples once, and open a new shell. The script also completes runs, environments and configurations.
#[derive(clap::Args)]
#[command(
    override_usage = "ade completions [OPTIONS] <SHELL>",
    after_help = "Examples:\n  echo 'eval \"$(ade completions bash)\"' >> ~/.bashrc\n  echo 'autoload -Uz compinit && compinit && eval \"$(ade completions zsh)\"' >> ~/.zshrc\n  mkdir -p ~/.config/fish && echo 'ade completions fish | source' >> ~/.config/fish/config.fish"
)]
pub struct Args {
    /// The shell to complete for
    #[arg(required_unless_present = "offer")]
    shell: Option<Shell>,
    /// Print what may stand in place of this word, a value and its description on each line
    #[arg(long, hide = true, value_name = "WORD", require_equals = true)]
    offer: Option<String>,
    /// The words before it, without `ade`
    #[arg(last = true, hide = true, requires = "offer")]
    words: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Fish,
    Zsh,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    if let Some(shell) = args.shell {
        let script = match shell {
            Shell::Bash => include_str!("../completions/ade.bash"),
            Shell::Fish => include_str!("../completions/ade.fish"),
            Shell::Zsh => include_str!("../completions/_ade"),
        };
        context.ui.raw(script.as_bytes());
        return Ok(ExitStatus::Done);
    }
    // A person is typing: an error message would land in the middle of the line.
    let current = args.offer.as_deref().unwrap_or_default();
    for (value, about) in offered(current, &args.words, context).unwrap_or_default() {
        if value.starts_with(current) {
            context.ui.line(format_args!("{value}\t{about}"));
        }
    }
    Ok(ExitStatus::Done)
}

/// A value and its description.
type Completion = (String, String);

/// Returns the completions for `current` after these words. Empty if only the shell can complete it, such as a file name.
fn offered(current: &str, words: &[String], context: &Context) -> Result<Vec<Completion>, Failure> {
    let mut command_line = (context.command_line)();
    command_line.build();
    let typed = TypedWords::read(&command_line, words);
    if typed.flag.is_none() && current.starts_with('-') {
        return Ok(flags(typed.command));
    }
    let mut offers = Vec::new();
    if typed.flag.is_none() && typed.positionals == 0 {
        offers.extend(commands(typed.command));
    }
    if let Some(argument) = typed.argument() {
        offers.extend(possible_values(argument));
        if let Some(kind) = typed.kind(argument) {
            let context = Context::new(typed.globals, context.command_line);
            if let Some(workspace) = context.open_if_present()? {
                offers.extend(kind.offers(&workspace, &context)?);
            }
        }
    }
    Ok(offers)
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

fn commands(command: &Command) -> Vec<Completion> {
    let shown = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set());
    shown
        .map(|below| (below.get_name().to_owned(), about(below.get_about())))
        .collect()
}

fn flags(command: &Command) -> Vec<Completion> {
    let shown = command.get_arguments().filter(|flag| !flag.is_hide_set());
    shown
        .flat_map(|flag| {
            let long = flag.get_long_and_visible_aliases().unwrap_or_default();
            let long = long.into_iter().map(|name| format!("--{name}"));
            let short = flag.get_short().map(|letter| format!("-{letter}"));
            let about = about(flag.get_help());
            long.chain(short).map(move |name| (name, about.clone()))
        })
        .collect()
}

fn possible_values(argument: &Arg) -> Vec<Completion> {
    let shown = argument.get_possible_values().into_iter();
    shown
        .filter(|value| !value.is_hide_set() && argument.get_action().takes_values())
        .map(|value| (value.get_name().to_owned(), about(value.get_help())))
        .collect()
}

/// The meaning of the words typed so far.
struct TypedWords<'a> {
    /// The last subcommand in the words.
    command: &'a Command,
    /// The flag whose value comes next.
    flag: Option<&'a Arg>,
    /// The number of words that are neither flags nor commands.
    positionals: usize,
    globals: Globals,
}

impl<'a> TypedWords<'a> {
    /// Reads the words as clap would, as far as possible.
    fn read(command_line: &'a Command, words: &[String]) -> Self {
        let mut typed = Self {
            command: command_line,
            flag: None,
            positionals: 0,
            globals: Globals::none(),
        };
        for word in words {
            if let Some(flag) = typed.flag.take() {
                typed.note(flag, word);
            } else if word.len() > 1 && word.starts_with('-') {
                if let Some((flag, value)) = flag_with_value(typed.command, word) {
                    match value {
                        Some(value) => typed.note(flag, value),
                        None => typed.flag = Some(flag),
                    }
                }
            } else if let Some(below) = typed.command.find_subcommand(word) {
                typed.command = below;
            } else {
                typed.positionals += 1;
            }
        }
        typed
    }

    /// Records the value of a flag that decides which database is used.
    fn note(&mut self, flag: &Arg, value: &str) {
        match flag.get_id().as_str() {
            "data_dir" => self.globals.data_dir = Some(PathBuf::from(value)),
            "database_url" => self.globals.database_url = Some(value.to_owned()),
            "workspace" => self.globals.workspace = Some(value.to_owned()),
            _ => {}
        }
    }

    /// Returns the argument that the next word belongs to.
    fn argument(&self) -> Option<&'a Arg> {
        let all: Vec<&Arg> = self.command.get_positionals().collect();
        let takes_more = |arg: &&&Arg| matches!(arg.get_action(), ArgAction::Append);
        let next = all.get(self.positionals).or(all.last().filter(takes_more));
        self.flag
            .or(next.copied().filter(|next| !next.is_hide_set()))
    }

    fn kind(&self, argument: &Arg) -> Option<CompletionSource> {
        Some(
            match (argument.get_id().as_str(), self.command.get_name()) {
                ("run", "cancel") => CompletionSource::Runs(|run| !run.status.is_terminal()),
                ("run", "retry" | "rm") => CompletionSource::Runs(|run| run.status.is_terminal()),
                ("run" | "runs", _) => CompletionSource::Runs(|_| true),
                ("run_or_env", _) => CompletionSource::RunsAndEnvironments,
                ("environment", _) => CompletionSource::EnvironmentsAndFolders,
                ("config", _) => CompletionSource::Folders,
                ("configuration", _) => CompletionSource::Names,
                _ => return None,
            },
        )
    }
}

/// Returns the flag in a word that takes a value, and the value if the word contains it: `--data-dir=x`, `-wx`.
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
        // In a group of short flags, only the last one can take a value.
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

/// The kind of values that are offered.
enum CompletionSource {
    /// Runs for which this function returns true.
    Runs(fn(&RunRecord) -> bool),
    RunsAndEnvironments,
    EnvironmentsAndFolders,
    /// Folders of known configurations.
    Folders,
    /// Names of known configurations.
    Names,
}

impl CompletionSource {
    fn offers(&self, workspace: &Workspace, context: &Context) -> Result<Vec<Completion>, Failure> {
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
                let configurations = chosen::configurations(workspace)?.into_iter();
                let name =
                    |known: ConfigurationRecord| (known.name, known.path.display().to_string());
                let mut names: Vec<Completion> = configurations.map(name).collect();
                let mut seen = HashSet::new();
                names.retain(|(name, _)| seen.insert(name.clone()));
                names
            }
        })
    }
}

/// Returns the newest runs.
fn runs(
    workspace: &Workspace,
    is_offered: fn(&RunRecord) -> bool,
) -> Result<Vec<Completion>, Failure> {
    const MAX_RUNS: u32 = 50;
    let wanted = RunsWanted {
        limit: MAX_RUNS,
        ..RunsWanted::default()
    };
    let mut runs = Vec::new();
    for page in chosen::pages(workspace, &wanted) {
        runs.extend(page?);
    }
    runs.retain(is_offered);
    let now = Timestamp::now();
    let about = |run: &RunRecord| {
        let (status, input) = (run.status.as_str(), &run.input_name);
        format!("{status}: {input}, {}", ago(run.created_at, now))
    };
    let ids = chosen::short_ids(workspace, &runs)?;
    Ok(ids.into_iter().zip(runs.iter().map(about)).collect())
}

fn environments(workspace: &Workspace) -> Result<Vec<Completion>, Failure> {
    let environments = named::list(workspace)?;
    let about = environments.iter().map(|judged| {
        let environment = &judged.environment;
        format!(
            "{} environment of {}",
            environment.status.as_str(),
            environment.configuration_name
        )
    });
    let ids = named::short_ids(workspace, &environments)?;
    Ok(ids.into_iter().zip(about).collect())
}

/// Returns the configuration folders that still exist, as a user would type them in the current folder.
fn folders(workspace: &Workspace, context: &Context) -> Result<Vec<Completion>, Failure> {
    let known = chosen::configurations(workspace)?.into_iter();
    let present = known.filter(|known| known.path.is_dir());
    let folder = |known: ConfigurationRecord| (context.ui.path(&known.path), known.name);
    Ok(present.map(folder).collect())
}
