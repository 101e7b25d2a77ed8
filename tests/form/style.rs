//! The rules of docs/contributing/style.md that a script can check, in the code of the product.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The folders of the product's code.
const FOLDERS: [&str; 3] = ["commands", "engine", "src"];

/// Type names that may be in more than two files: each module has its own error and result.
const MAX_SHARED_TYPE_NAMES: usize = 5;

/// Words that name no thing: participles, pronouns, adverbs.
const NO_NOUNS: &str = "After Again Alone Apart Asked Before Begun Chosen Claimed Collected Converted Counted Else \
    Fated Filled Found Given Held How Joined Judged Kept Known Left Listed Looked Made Marked \
    Meant Named Next Of Only Over Own Passed Read Said Seen Sent Shared Shown Sought Such \
    Taken Then These Those Told Tried Turned Unread Wanted What Where Which Who Written";

/// A line of a file: its name, its number, its text.
struct SourceLine {
    file: String,
    number: usize,
    text: String,
}

impl SourceLine {
    fn report(&self) -> String {
        format!("{}:{}: {}", self.file, self.number, self.text.trim())
    }
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_code = path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "py");
        match path.is_dir() {
            true if !["tests", "suite", "target"]
                .iter()
                .any(|name| path.ends_with(name)) =>
            {
                source_files(&path, files)
            }
            false if is_code && !path.ends_with("tests.rs") => files.push(path),
            _ => {}
        }
    }
}

fn source_lines() -> Vec<SourceLine> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("build.rs")];
    for folder in FOLDERS {
        source_files(&root.join(folder), &mut files);
    }
    files.sort();
    let lines = files.iter().flat_map(|path| {
        let file = path.strip_prefix(&root).unwrap().display().to_string();
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().enumerate().map(|(index, line)| SourceLine {
            file: file.clone(),
            number: index + 1,
            text: line.to_owned(),
        });
        lines.collect::<Vec<_>>()
    });
    lines.collect()
}

/// Fails with every line of the product's code that a pattern matches.
fn refuse(pattern: &str, rule: &str) {
    let pattern = Regex::new(pattern).unwrap();
    let lines = source_lines();
    let broken = lines.iter().filter(|line| pattern.is_match(&line.text));
    let broken: Vec<String> = broken.map(SourceLine::report).collect();
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

#[test]
fn functions_have_a_name_that_says_what_they_do() {
    refuse(r"\bfn of\b|^\s*def of\b", "no function is called `of`");
}

#[test]
fn limits_are_called_max_and_min() {
    refuse(
        r"(?:\b(?:const|static) |^)_?(?:MOST|LEAST|LONGEST|LARGEST|SHORTEST|SMALLEST|FEWEST)(?:_[A-Z_]+)?\s*[:=]",
        "a limit is called MAX_… or MIN_…, with its unit",
    );
}

#[test]
fn types_are_called_by_nouns() {
    let words = NO_NOUNS.replace(' ', "|");
    let pattern =
        format!(r"^\s*(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|type|class) (?:{words})\b");
    refuse(&pattern, "a type is called by a noun for a thing");
}

/// A reader who meets a name in three places has to find out which of three things it is.
#[test]
fn a_type_name_is_in_two_files_at_most() {
    let definition = r"^\s*(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|type) (\w+)|^class (\w+)";
    let definition = Regex::new(definition).unwrap();
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in source_lines() {
        if let Some(found) = definition.captures(&line.text) {
            let name = found.get(1).or(found.get(2)).unwrap().as_str();
            places.entry(name.to_owned()).or_default().insert(line.file);
        }
    }
    // Each command has a type of its own for its arguments, and for its subcommands.
    places.retain(|name, files| files.len() > 2 && name != "Args" && name != "Command");
    assert!(places.len() <= MAX_SHARED_TYPE_NAMES, "{places:#?}");
}

#[test]
fn comments_begin_with_a_subject_or_a_verb() {
    refuse(
        r#"(?:^\s*(?:///?|//!|#:?|""")|(?:^|\s)//.*[.!?]) (?:What|So many|Of which|Of what) [a-z]"#,
        "a comment begins with its subject or a verb",
    );
}

/// A comment of three words says what the name says.
#[test]
fn doc_comments_have_four_words_or_more() {
    let mut short = Vec::new();
    let mut comment: Vec<SourceLine> = Vec::new();
    // The comments of this file are the cells of a table in docs/reference/events.md.
    let lines = source_lines().into_iter();
    for line in lines.filter(|line| line.file != "src/events/names.rs") {
        let text = line.text.trim_start();
        match text.strip_prefix("///") {
            Some(_) => comment.push(line),
            None => {
                let words = comment.iter().flat_map(|line| line.text.split_whitespace());
                let words = words.filter(|word| *word != "///").count();
                if (1..4).contains(&words) {
                    short.push(comment[0].report());
                }
                comment.clear();
            }
        }
    }
    assert!(
        short.is_empty(),
        "doc comments of three words or fewer:\n{}",
        short.join("\n")
    );
}

/// Checks that no old wording of a message comes back. reworded.tsv lists messages that readers did not understand, with
/// their file, before and after.
#[test]
fn reworded_messages_stay_reworded() {
    let lines = source_lines();
    // A message may continue in the next line.
    let parts = lines
        .iter()
        .map(|line| line.text.trim_start().trim_end_matches('\\'));
    let text: String = parts.collect();
    let list = include_str!("reworded.tsv").lines().skip(1);
    let mut before = list.map(|line| line.split('\t').nth(1).unwrap());
    let back = before.find(|message| text.contains(message));
    assert_eq!(back, None, "an old wording is back");
}
