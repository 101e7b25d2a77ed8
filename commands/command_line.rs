//! Adds the parts that all help pages share to the command line that clap derives from the commands.
//!
//! A command's page shows only its own options and ends with a line that points to the global ones. `ade --help` and the manual
//! list the global options.

use clap::{Arg, Command};

/// The last line of pages that do not list the global options.
const GLOBAL: &str = "Global options: see `ade --help`.";
/// The last line of a long help page.
const DOCUMENTS: &str = "Documentation: `ade docs` lists its pages, `ade docs WORDS` finds sections, and `ade docs PAGE` prints a page.";

/// Completes the help of all commands.
pub fn complete(command: Command) -> Command {
    let hidden = |arg: &Arg| arg.clone().hide_long_help(true);
    let global = command.get_arguments().filter(|arg| arg.is_global_set());
    let global: Vec<Arg> = global.map(hidden).collect();
    // Each subcommand gets its own copies of the global flags; otherwise clap would inherit the visible ones of `ade`.
    with_end(command, DOCUMENTS).mut_subcommands(|below| complete_below(below.args(global.clone())))
}

fn complete_below(command: Command) -> Command {
    with_end(command, &format!("{GLOBAL}\n\n{DOCUMENTS}")).mut_subcommands(complete_below)
}

/// Appends the shared last lines to a command's examples.
fn with_end(command: Command, end_of_long: &str) -> Command {
    let examples = command.get_after_help().map(ToString::to_string);
    let with = |end: &str| match &examples {
        Some(examples) => format!("{examples}\n\n{end}"),
        None => end.to_owned(),
    };
    let (short, long) = (with(GLOBAL), with(end_of_long));
    command.after_help(short).after_long_help(long)
}

/// The groups of commands in `ade --help`, most used first; a command in no group goes to the last group.
const GROUPS: [(&str, &[&str]); 3] = [
    (
        "Commands:",
        &[
            "init", "run", "check", "test", "fix", "issues", "explain", "annotate", "report",
            "runs",
        ],
    ),
    (
        "Commands for recurring files, teams and servers:",
        &[
            "shape",
            "drift",
            "ack",
            "ci",
            "lock",
            "dev",
            "serve",
            "tokens",
            "worker",
            "workers",
            "pause",
            "resume",
            "top",
            "logs",
            "deliveries",
            "env",
            "configs",
            "migrate",
            "backup",
            "restore",
        ],
    ),
    ("Further commands:", &[]),
];

/// Sorts the commands of the `ade --help` page into groups; other pages are returned unchanged. The text may contain colours.
pub fn grouped(page: &str) -> String {
    let lines: Vec<&str> = page.split_inclusive('\n').collect();
    let is_heading = |line: &&str| bare(line).trim_end() == GROUPS[0].0;
    let Some(heading) = lines.iter().position(is_heading) else {
        return page.to_owned();
    };
    let length = lines[heading + 1..]
        .iter()
        .take_while(|line| line.starts_with("  "))
        .count();
    let (commands, behind) = lines[heading + 1..].split_at(length);
    // A line that is indented further continues the line above.
    let all: Vec<&[&str]> = commands
        .chunk_by(|_, next| next.starts_with("    "))
        .collect();
    let name = |lines: &[&str]| bare(lines[0]).split_whitespace().next().map(str::to_owned);
    let group_of = |lines: &[&str]| {
        let name = name(lines).unwrap_or_default();
        let is_there = |(_, names): &(&str, &[&str])| names.contains(&&*name);
        GROUPS.iter().position(is_there).unwrap_or(GROUPS.len() - 1)
    };
    let is_first = |command: &&[&str]| name(command).as_deref() == Some(GROUPS[0].1[0]);
    if !all.iter().any(is_first) {
        return page.to_owned();
    }
    let mut text = lines[..heading].concat();
    for (number, (title, names)) in GROUPS.iter().enumerate() {
        let mut those: Vec<&&[&str]> = all
            .iter()
            .filter(|command| group_of(command) == number)
            .collect();
        those.sort_by_key(|command| {
            names
                .iter()
                .position(|known| name(command).as_deref() == Some(*known))
        });
        let blank = if number > 0 { "\n" } else { "" };
        text += &format!("{blank}{}", lines[heading].replace(GROUPS[0].0, title));
        text.extend(those.iter().flat_map(|command| command.iter().copied()));
    }
    text + &behind.concat()
}

/// Removes the colours from a line.
fn bare(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('m').map_or("", |(_, text)| text));
    std::iter::once(first).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_in_groups_and_none_is_lost() {
        let page = "About\n\n\u{1b}[1mCommands:\u{1b}[0m\n  \u{1b}[1mworker\u{1b}[0m  Work\n  run     Run\n          files\n  new     New\n  init    Begin\n\nOptions:\n";
        let found: Vec<String> = grouped(page).lines().map(bare).collect();
        let wanted = [
            "About",
            "",
            "Commands:",
            "  init    Begin",
            "  run     Run",
            "          files",
            "",
            "Commands for recurring files, teams and servers:",
            "  worker  Work",
            "",
            "Further commands:",
            "  new     New",
            "",
            "Options:",
        ];
        assert_eq!(found, wanted);
        let below = "About\n\nCommands:\n  ls    List\n  resume  Go on\n";
        assert_eq!(grouped(below), below);
    }
}
