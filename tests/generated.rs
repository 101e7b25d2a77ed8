//! Files that are generated from the command line and kept in the repository are current.
//!
//! `ADE_UPDATE_GENERATED=1 cargo test --test generated` brings it up to date.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::Place;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder, by their paths relative to it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            let ignored = ["__pycache__", "data", ".git"]
                .iter()
                .any(|name| entry.file_name() == *name);
            if path.is_dir() && !ignored {
                waiting.push(path);
            } else if path.is_file() {
                found.insert(
                    path.strip_prefix(folder).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

#[test]
fn man_pages_are_current() {
    let place = Place::new();
    place.ade("man man").succeeds();
    let (fresh, kept) = (place.path("man"), root().join("completions/man"));
    if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
        let _ = fs::remove_dir_all(&kept);
        for (name, content) in files(&fresh) {
            fs::create_dir_all(kept.join(&name).parent().unwrap()).unwrap();
            fs::write(kept.join(&name), content).unwrap();
        }
    }
    let (fresh, kept) = (files(&fresh), files(&kept));
    let stale: Vec<_> = fresh
        .keys()
        .chain(kept.keys())
        .filter(|name| fresh.get(*name) != kept.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "{stale:?} in completions/man are not current; ADE_UPDATE_GENERATED=1 cargo test --test generated writes them"
    );
}

#[test]
fn the_example_is_what_init_writes() {
    let example = root().join("examples/roster");
    assert!(example.is_dir(), "{} is gone", example.display());
    let place = Place::new();
    place.ade("init roster --name roster -q").succeeds();
    let (mut fresh, kept) = (files(&place.path("roster")), files(&example));
    let sample = fresh.remove(Path::new("sample.xlsx"));
    let beside = root().join("examples/messy-roster.xlsx");
    assert_eq!(sample, Some(fs::read(beside).unwrap()));
    let stale: Vec<_> = fresh
        .keys()
        .chain(kept.keys())
        .filter(|name| fresh.get(*name) != kept.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "{stale:?} of examples/roster differ from `ade init --name roster`"
    );
}

#[test]
fn the_settings_page_is_current() {
    let place = Place::new();
    let settings = place.json("settings --json");
    let mut page = String::from(
        "# Settings\n\nA setting can be given in several places. The strongest is a flag, then come the environment variable, `ade.toml` (in the\ncurrent folder or a folder above it), and the default. The second column has the key in `ade.toml`. `ade settings` shows each\nsetting with its value and the source of the value, and `ade settings KEY` shows one.\n\n| variable | key | default | meaning |\n|---|---|---|---|\n",
    );
    for setting in settings.as_array().unwrap() {
        let text = |key: &str| setting[key].as_str().unwrap_or_default().to_owned();
        let default = match (text("default").as_str(), text("default_note").as_str()) {
            ("", note) => note.to_owned(),
            (default, _) => format!("`{default}`"),
        };
        let aliases: Vec<_> = setting["aliases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|alias| format!("`{}`", alias.as_str().unwrap()))
            .collect();
        let also = if aliases.is_empty() {
            String::new()
        } else {
            format!(" Also read as {}.", aliases.join(", "))
        };
        page.push_str(&format!(
            "| `{}` | `{}` | {default} | {}{also} |\n",
            text("name"),
            text("key"),
            text("meaning")
        ));
    }
    page.push_str("\nThe engine's own settings (`ADE_ENGINE_*`, `settings.toml`) are in [engine.md](engine.md).\n");
    let kept = root().join("docs/settings.md");
    if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
        fs::write(&kept, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&kept).unwrap_or_default() == page,
        "docs/settings.md is not current; ADE_UPDATE_GENERATED=1 cargo test --test generated writes it"
    );
}

#[test]
fn the_tables_of_events_are_current() {
    use ade::events::names;
    const BEGIN: &str = "<!-- The tables below are made from src/events/names.rs. -->\n";
    const END: &str = "<!-- Here they end. -->\n";
    let keys = |kind: &names::EventKind| {
        let keys = kind.data.iter().map(|(key, shape)| match *key {
            "" => format!("`{shape}`"),
            key => format!("`{key}`"),
        });
        keys.collect::<Vec<_>>().join(", ")
    };
    let mut tables = String::new();
    for (title, kinds) in [
        ("In the log of a run", names::OF_RUN),
        ("In the log of an environment", names::OF_ENVIRONMENT),
        ("In both logs", names::OF_BOTH),
        ("Of the engine, in the log of a run", names::OF_ENGINE),
        ("Lines of a run's stream", names::LINES_OF_RUN),
        (
            "Lines of a build's stream, beside those of its log",
            names::LINES_OF_BUILD,
        ),
        (
            "The last line of a stream that ends too early",
            names::LINES_OF_BOTH,
        ),
        ("Server-sent events of a workspace", names::OF_WORKSPACE),
    ] {
        tables.push_str(&format!(
            "\n### {title}\n\n| event | level | when | data |\n|---|---|---|---|\n"
        ));
        for kind in kinds {
            let (name, level, when) = (kind.name, kind.level, kind.when());
            tables.push_str(&format!(
                "| `{name}` | {level} | {when} | {} |\n",
                keys(kind)
            ));
        }
    }
    let path = root().join("docs/events.md");
    let kept = fs::read_to_string(&path).unwrap();
    let (before, rest) = kept.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let fresh = format!("{before}{BEGIN}{tables}\n{END}{after}");
    if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == fresh,
        "docs/events.md is not current; ADE_UPDATE_GENERATED=1 cargo test --test generated writes it"
    );
}
