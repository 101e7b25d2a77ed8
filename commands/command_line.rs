//! What all help pages have in common, put on the command line that clap derives from the commands.
//!
//! A page of a command shows what belongs to that command, and ends with a line about the rest. The flags that work everywhere
//! are shown by `ade --help`, and by the manual.

use clap::{Arg, Command};

/// The end of a page that does not show the flags that work everywhere.
const GLOBAL: &str = "Global options, such as --data-dir, --json, -q and -v: see `ade --help`.";
/// The end of a long page.
const DOCUMENTS: &str = "Documentation: `ade docs` lists its pages, `ade docs WORDS` finds sections, and `ade docs PAGE` prints a page.";

/// Completes the command line: all commands.
pub fn complete(command: Command) -> Command {
    let hidden = |arg: &Arg| arg.clone().hide_long_help(true);
    let global = command.get_arguments().filter(|arg| arg.is_global_set());
    let global: Vec<Arg> = global.map(hidden).collect();
    // Each has flags of its own with these names, or clap would give it those of `ade`, which are shown.
    with_end(command, DOCUMENTS).mut_subcommands(|below| complete_below(below.args(global.clone())))
}

fn complete_below(command: Command) -> Command {
    with_end(command, &format!("{GLOBAL}\n\n{DOCUMENTS}")).mut_subcommands(complete_below)
}

/// A command with the ends of its pages behind its examples.
fn with_end(command: Command, end_of_long: &str) -> Command {
    let examples = command.get_after_help().map(ToString::to_string);
    let with = |end: &str| match &examples {
        Some(examples) => format!("{examples}\n\n{end}"),
        None => end.to_owned(),
    };
    let (short, long) = (with(GLOBAL), with(end_of_long));
    command.after_help(short).after_long_help(long)
}
