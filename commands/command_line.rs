//! What all help pages have in common, put on the command line that clap derives from the commands.
//!
//! A short page (`-h`) shows what belongs to its command, and one line about the rest. A long page (`--help`, and the manual)
//! also shows the flags that work everywhere, and says where the documents are.

use clap::Command;

/// The end of a short page.
const GLOBAL: &str = "Global options, such as --data-dir, --json, -q and -v, are shown by --help.";
/// The end of a long page.
const DOCUMENTS: &str = "Documentation: the folder docs/ of ADE's repository, with authoring.md (write a configuration), operating.md (workers, databases, upgrades), settings.md and errors.md.";

/// Completes a command and those below it.
pub fn complete(command: Command) -> Command {
    let examples = command.get_after_help().map(ToString::to_string);
    let with = |end: &str| match &examples {
        Some(examples) => format!("{examples}\n\n{end}"),
        None => end.to_owned(),
    };
    let (short, long) = (with(GLOBAL), with(DOCUMENTS));
    command
        .after_help(short)
        .after_long_help(long)
        .mut_subcommands(complete)
}
