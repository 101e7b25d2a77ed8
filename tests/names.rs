//! Names that stand in two places: events in the code and in the table, tests in the table of rules, files of tests in their program.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file that is not listed is compiled by nothing, and its tests run nowhere.
#[test]
fn every_file_of_tests_is_part_of_its_program() {
    let folder = root().join("tests/front_door");
    let listed = fs::read_to_string(folder.join("main.rs")).unwrap();
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        path.file_stem().unwrap().to_str().unwrap().to_owned()
    });
    let is_listed = |name: &String| name == "main" || listed.contains(&format!("\nmod {name};"));
    let stray: Vec<String> = files.filter(|name| !is_listed(name)).collect();
    assert!(stray.is_empty(), "{stray:?} are not in main.rs");
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
