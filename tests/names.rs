//! One name in three places: the command `ade runs retry` is in commands/runs/retry.rs, calls the operation in the library's module
//! `retry`, and is tested in tests/front_door/runs_retry.rs; a group of small commands may share a file of tests, such as tests/front_door/tokens.rs.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use common::Place;

/// Test files that are not about one command.
const SUBJECTS: [&str; 36] = [
    // The HTTP API, by subject; its commands have files of their own.
    "api",
    "api_access",
    "api_builds",
    "api_checks",
    "api_clients",
    "api_configurations",
    "api_documents",
    "api_environments",
    "api_events",
    "api_issues",
    "api_recovery",
    "api_runs",
    // The engine, and workbooks of which the result is known.
    "conformance",
    "engine",
    "samples",
    // Cells of inputs and outputs, read by the library alone.
    "cells",
    // The sender's workbook with its issues marked, by the library alone.
    "painting",
    // Environments and installers, below the commands.
    "environment_installs",
    "installers",
    // What a run may do, and the audit record of each.
    "artifact",
    "sandbox",
    // The queue in the seeded simulation, and what is told of its ends.
    "simulation",
    "on_end",
    // Several hosts, and the object store that they share.
    "hosts",
    "warm_engines",
    "objects",
    // The module of the wheel.
    "python",
    // The whole command line.
    "generated",
    "help",
    "terminal",
    // The repository.
    "deploy",
    "documents",
    "errors",
    "layers",
    "names",
    "picture",
];

/// The module of the library that has a command's operation, where its name is not that of the command.
const OPERATIONS: [(&str, &str); 27] = [
    // What it runs are cases.
    ("test", "checks/cases"),
    // A pause is made and ended in one module.
    ("resume", "workspace/pause"),
    ("configs limit", "workspace/configurations"),
    // An engine runs inputs in many places; this command does it in its own process.
    ("run", "run/calls/inline"),
    ("issues", "run/results/issues"),
    ("annotate", "run/results/annotated"),
    // A page of runs; `report` alone is what the engine says when it ends.
    ("report", "report"),
    // `ls`, `rm` and `gc` are words of a shell; the library's are whole.
    ("runs ls", "run/views/chosen"),
    ("runs diff", "run/views/difference"),
    ("runs rm", "run/calls/remove"),
    ("env ls", "environment/collection/find"),
    ("env rm", "environment/collection/remove"),
    ("env gc", "environment/collection"),
    ("env show", "environment/collection/find"),
    ("env path", "environment/collection/find"),
    // Whoever asks for an environment is provided with it, built or not.
    ("env build", "environment/provide"),
    // A log is followed whether it goes on or has ended.
    ("logs tail", "run/views/follow"),
    // What is done to configurations and tokens is one module each.
    ("configs ls", "workspace/configurations"),
    ("configs show", "workspace/configurations"),
    ("configs default", "workspace/configurations"),
    ("configs activate", "workspace/configurations"),
    ("configs deactivate", "workspace/configurations"),
    ("tokens create", "api/access/tokens"),
    ("tokens revoke", "api/access/tokens"),
    ("init", "configuration/scaffold"),
    // `lock` is also what a process holds.
    ("lock", "environment/write_lock"),
    ("serve", "api/server"),
];

/// Commands that ask the store or the description of the API one question, or are about the command line itself.
const WITHOUT_OPERATION: [&str; 6] = [
    "completions",
    "man",
    "migrate",
    "openapi",
    "openapi-types",
    "tokens ls",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The words of every command that does something.
fn commands() -> Vec<Vec<String>> {
    let commands = Place::new().commands();
    commands
        .into_iter()
        .filter(|command| !command.is_group)
        .map(|command| command.words)
        .collect()
}

#[test]
fn every_command_has_a_file_of_its_name_and_a_test_file_that_calls_it() {
    for words in commands() {
        let source = root()
            .join("commands")
            .join(words.join("/").replace('-', "_"));
        assert!(
            source.with_extension("rs").is_file() || source.join("mod.rs").is_file(),
            "{}.rs is missing",
            source.display()
        );
        let files = [words.join("_"), words[0].clone()].map(|name| name.replace('-', "_"));
        let named = |folder: &'static str| {
            let folder = root().join(folder);
            files.clone().map(|name| folder.join(name + ".rs"))
        };
        let [[own, shared], [own_program, shared_program]] =
            ["tests/front_door", "tests"].map(named);
        let possible = [own, own_program, shared, shared_program];
        let test = possible.iter().find(|file| file.is_file());
        let test = test.unwrap_or(&possible[0]).clone();
        let text =
            fs::read_to_string(&test).unwrap_or_else(|error| panic!("{}: {error}", test.display()));
        assert!(
            text.contains("#[test]\n") && text.contains(&words.join(" ")),
            "{} has no test that calls `ade {}`",
            test.display(),
            words.join(" ")
        );
    }
}

#[test]
fn every_command_calls_the_operation_of_its_name() {
    for words in commands() {
        let command = words.join(" ");
        if WITHOUT_OPERATION.contains(&command.as_str()) {
            continue;
        }
        let base = root().join("commands").join(words.join("/"));
        // What several commands of a group share is in its file `found.rs`.
        let files = [
            base.with_extension("rs"),
            base.join("mod.rs"),
            base.join("session.rs"),
            base.with_file_name("found.rs"),
        ];
        let code: String = files.iter().flat_map(fs::read_to_string).collect();
        let listed = OPERATIONS.iter().find(|(name, _)| *name == command);
        let path = match listed {
            Some((_, module)) => {
                let file = root().join("src").join(module);
                let is_there = file.join("mod.rs").is_file() || file.with_extension("rs").is_file();
                assert!(is_there, "src/{module} is missing");
                format!("ade::{}", module.replace('/', "::"))
            }
            None => format!("::{}::", words[words.len() - 1]),
        };
        let mut imports = code.lines().filter(|line| line.starts_with("use ade::"));
        assert!(
            imports.any(|line| line.contains(&path)),
            "`ade {command}` does not call {path}; where its operation has another name, OPERATIONS says which"
        );
    }
}

/// The names of the files with tests in a folder.
fn test_files(folder: &str) -> BTreeSet<String> {
    fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_test_file_is_named_after_a_command_or_is_a_known_subject() {
    let commands: Vec<String> = commands()
        .iter()
        .flat_map(|words| [words.join("_"), words[0].clone()])
        .map(|name| name.replace('-', "_"))
        .collect();
    let is_of_a_command = |name: &str| {
        commands.iter().any(|command| {
            name.strip_prefix(command.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        })
    };
    let mut files = test_files("tests/front_door");
    files.remove("main");
    let listed = fs::read_to_string(root().join("tests/front_door/main.rs")).unwrap();
    for name in &files {
        let is_listed = listed.contains(&format!("\nmod {name};"));
        assert!(
            is_listed,
            "tests/front_door/main.rs has no `mod {name};`: nothing runs it"
        );
    }
    files.append(&mut test_files("tests"));
    let stray: Vec<&String> = files
        .iter()
        .filter(|name| !is_of_a_command(name) && !SUBJECTS.contains(&name.as_str()))
        .collect();
    assert!(stray.is_empty(), "{stray:?}");
}

/// A rule whose test was renamed or deleted would look held.
#[test]
fn every_rule_of_the_queue_names_a_test_that_is_there() {
    let document = fs::read_to_string(root().join("docs/contributing/architecture.md")).unwrap();
    let rules = document.lines().filter_map(|line| {
        let (_, rest) = line.split_once(" | `")?;
        let (file, rest) = rest.split_once("` | `")?;
        Some((file, rest.strip_suffix("` |")?))
    });
    let mut seen = 0;
    for (file, test) in rules {
        let source = fs::read_to_string(root().join(file)).unwrap();
        assert!(
            source.contains(&format!("fn {test}(")),
            "{file} has no {test}"
        );
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

/// An event that was renamed in the engine alone would look as if it never came.
#[test]
fn every_event_of_the_engine_that_the_code_names_is_in_the_table() {
    // What the engine says to its caller alone is in no log.
    let known = ade::events::names::OF_ENGINE.iter().map(|kind| kind.name);
    let known: BTreeSet<&str> = known.chain(["engine.refused", "engine.values"]).collect();
    let is_event = |word: &&str| {
        let plain = |letter: char| letter.is_ascii_lowercase() || "._".contains(letter);
        word.strip_prefix("engine.")
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(plain))
    };
    let mut folders = vec![root().join("src"), root().join("commands")];
    let mut seen = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("events/names.rs") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                seen.extend(text.split('"').filter(is_event).map(str::to_owned));
            }
        }
    }
    let stray: Vec<&String> = seen
        .iter()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    assert!(stray.is_empty(), "not in src/events/names.rs: {stray:?}");
    assert!(seen.len() > 15, "{seen:?}");
}
