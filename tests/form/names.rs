//! Checks names that are in two places: events in the code and in the table, tests in the table of rules, test files in their
//! program, tables of the database and the page about them, headings and links to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file that is not listed is not compiled, and its tests never run.
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

/// A rule whose test was renamed or deleted would look tested.
#[test]
fn every_rule_of_the_queue_names_a_test_that_is_there() {
    let document = fs::read_to_string(root().join("docs/contributing/architecture.md")).unwrap();
    let rules = document.lines().filter_map(|line| {
        let (_, rest) = line.split_once(" | `")?;
        let (file, rest) = rest.split_once("` | `")?;
        Some((file, rest.strip_suffix("` |")?))
    });
    let rules = rules.filter(|(_, test)| !test.ends_with(".toml"));
    let mut seen = 0;
    for (file, test) in rules {
        let source = fs::read_to_string(root().join(file)).unwrap();
        let named = match file.ends_with(".md") {
            true => test.to_owned(),
            false => format!("fn {test}("),
        };
        assert!(source.contains(&named), "{file} has no {test}");
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

/// A maintainer finds the place of a rule only by this page.
#[test]
fn every_path_in_the_architecture_is_there() {
    let page = fs::read_to_string(root().join("docs/contributing/architecture.md")).unwrap();
    let is_path = |name: &&str| {
        let folder = name.split_once('/').map_or("", |(folder, _)| folder);
        let folders = ["commands", "docs", "engine", "src", "tests", "tools"];
        folders.contains(&folder) && !name.contains(['*', ' '])
    };
    let names: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_path).collect();
    let gone = names.iter().filter(|name| !root().join(name).exists());
    let gone: Vec<_> = gone.collect();
    assert!(gone.is_empty(), "{gone:?} are nowhere");
    assert!(names.len() > 100, "{}", names.len());
}

#[test]
fn every_rule_of_rows_names_a_function_and_a_sheet_that_are_there() {
    let table = fs::read_to_string(root().join("docs/contributing/rows.md")).unwrap();
    let native = root().join("engine/native/src");
    let folders = ["sheet", "layout", "layout/totals"].map(|folder| native.join(folder));
    let folders = folders
        .into_iter()
        .chain([root(), root().join("tests/sheets")]);
    let folders: Vec<PathBuf> = folders.collect();
    let mut seen = 0;
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split(" | ").collect();
        // The first and the third cell also name settings and notices: a function there is followed by its file.
        let is_told = |name: &str, behind: &str, cell: usize| {
            ![0, 2].contains(&cell) || behind.starts_with(" in ") || name.contains(['.', '/'])
        };
        let names = cells.iter().enumerate().flat_map(|(cell, text)| {
            let pieces: Vec<&str> = text.split('`').collect();
            // Each name, and the text after it.
            let pairs = pieces.windows(2).skip(1).step_by(2);
            let told = pairs.filter(|pair| is_told(pair[0], pair[1], cell));
            told.map(|pair| pair[0]).collect::<Vec<_>>()
        });
        let (paths, functions): (Vec<&str>, Vec<&str>) =
            names.partition(|name| name.contains(['.', '/']));
        let mut sources = String::new();
        for path in paths {
            let mut places = folders.iter().map(|folder| folder.join(path));
            let place = places.find(|place| place.exists());
            let place = place.unwrap_or_else(|| panic!("{path} is nowhere"));
            sources += &fs::read_to_string(place).unwrap_or_default();
        }
        for function in functions {
            let mut forms = ["fn", "def"]
                .iter()
                .map(|word| format!("{word} {function}"));
            assert!(forms.any(|form| sources.contains(&form)), "{function}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

/// An event that was renamed only in the engine would look as if it never came.
#[test]
fn every_event_of_the_engine_that_the_code_names_is_in_the_table() {
    // The log does not contain what the engine sends only to its caller.
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

/// Returns the names in the first column of the tables below a heading, a set for each table.
fn listed_below(heading: &str, page: &str) -> Vec<BTreeSet<String>> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let parts = section.split("\n\n").map(str::trim_start);
    let tables = parts.filter(|part| part.starts_with("| "));
    let name = |line: &str| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned());
    tables
        .map(|table| table.lines().filter_map(name).collect())
        .collect()
}

#[test]
fn every_table_of_the_database_is_in_the_page_about_figures_and_no_other() {
    let place = tempfile::tempdir().unwrap();
    let migrated = Command::new(env!("CARGO_BIN_EXE_ade"))
        .args(["migrate", "-q", "--data-dir"])
        .arg(place.path())
        .env_clear()
        .output();
    assert!(migrated.unwrap().status.success());
    let database = rusqlite::Connection::open(place.path().join("db/ade.sqlite")).unwrap();
    let mut tables = database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .unwrap();
    let tables = tables.query_map([], |row| row.get(0)).unwrap();
    let tables: BTreeSet<String> = tables.map(Result::unwrap).collect();
    let listed = listed_below("The tables of the database", "docs/reference/figures.md");
    let [everywhere, of_servers] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    assert_eq!(&tables, everywhere);
    // The schema of a server is read as text, because some machines have no server.
    let migrations = fs::read_dir(root().join("src/store/postgres/migrations")).unwrap();
    let text: String = migrations
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let made = ["CREATE TABLE ", "CREATE VIEW "].map(|words| text.split(words).skip(1));
    let made = made.into_iter().flatten().map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        rest[..end.unwrap()].to_owned()
    });
    let made: BTreeSet<String> = made.filter(|name| !tables.contains(name)).collect();
    assert_eq!(&made, of_servers);
}

/// Returns the anchor of a heading in links.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let is_kept = |letter: &char| letter.is_alphanumeric() || "_- ".contains(*letter);
    heading
        .chars()
        .filter(is_kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// A link to a renamed heading leads to the top of a long page.
#[test]
fn every_link_of_the_documents_leads_to_a_heading_that_is_there() {
    let mut pages = BTreeMap::new();
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                let text = fs::read_to_string(&path).unwrap();
                pages.insert(path.canonicalize().unwrap(), text);
            }
        }
    }
    let has = |page: &Path, name: &str| {
        let is_code = |line: &&str| line.starts_with("```");
        let mut inside = false;
        pages.get(page).is_some_and(|text| {
            text.contains(&format!("id=\"{name}\""))
                || text.lines().any(|line| {
                    inside ^= is_code(&line);
                    !inside && line.starts_with('#') && anchor(line) == name
                })
        })
    };
    let (mut broken, mut seen) = (Vec::new(), 0);
    for (page, text) in &pages {
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let Some((to, name)) = link.split_once('#') else {
                continue;
            };
            if to.contains("://") {
                continue;
            }
            let target = match to {
                "" => Ok(page.clone()),
                to => page.parent().unwrap().join(to).canonicalize(),
            };
            seen += 1;
            if !target.is_ok_and(|target| has(&target, name)) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(seen > 100, "{seen}");
}
