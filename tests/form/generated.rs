//! Checks that files generated from the command line and kept in the repository are current.
//!
//! `ADE_UPDATE_GENERATED=1 cargo test --test form generated` updates them.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

use crate::common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ade::cells::{CellReader, ReadSettings, SheetSelector, WindowLimits};
use common::{Place, Printed, Told};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the files below a folder, by relative path.
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

/// Returns whether the generated files are to be written.
fn is_update() -> bool {
    std::env::var_os("ADE_UPDATE_GENERATED").is_some()
}

/// Writes a generated page, or compares it.
#[track_caller]
fn hold_page(name: &str, page: &str) {
    let kept = root().join(name);
    if is_update() {
        fs::write(&kept, page).unwrap();
    }
    assert!(
        fs::read_to_string(&kept).unwrap_or_default() == page,
        "{name} is not current; ADE_UPDATE_GENERATED=1 cargo test --test form generated writes it"
    );
}

/// Compares the files of two folders.
#[track_caller]
fn hold_files(fresh: &BTreeMap<PathBuf, Vec<u8>>, kept: &BTreeMap<PathBuf, Vec<u8>>, advice: &str) {
    let names = fresh.keys().chain(kept.keys());
    let stale: Vec<_> = names
        .filter(|name| fresh.get(*name) != kept.get(*name))
        .collect();
    assert!(stale.is_empty(), "{stale:?} {advice}");
}

#[test]
fn man_pages_are_current() {
    let place = Place::new();
    place.ade("man man").success();
    let (fresh, kept) = (place.path("man"), root().join("completions/man"));
    if is_update() {
        let _ = fs::remove_dir_all(&kept);
        for (name, content) in files(&fresh) {
            fs::create_dir_all(kept.join(&name).parent().unwrap()).unwrap();
            fs::write(kept.join(&name), content).unwrap();
        }
    }
    hold_files(
        &files(&fresh),
        &files(&kept),
        "in completions/man are not current; ADE_UPDATE_GENERATED=1 cargo test --test form generated writes them",
    );
}

#[test]
fn the_example_is_what_init_writes() {
    let example = root().join("examples/roster");
    assert!(example.is_dir(), "{} is gone", example.display());
    let place = Place::new();
    place.ade("init roster --name roster -q").success();
    let (mut fresh, kept) = (files(&place.path("roster")), files(&example));
    let sample = fresh.remove(Path::new("sample.xlsx"));
    let beside = root().join("examples/messy-roster.xlsx");
    assert_eq!(sample, Some(fs::read(beside).unwrap()));
    hold_files(
        &fresh,
        &kept,
        "of examples/roster differ from `ade init --name roster`",
    );
}

#[test]
fn the_settings_page_is_current() {
    let place = Place::new();
    let settings = place.json("settings --json");
    let mut page = String::from(
        "# Settings\n\nA setting can be given in several places. The strongest is a flag, then come the environment variable, `ade.toml` (in the\ncurrent folder or a folder above it), and the default. In `ade.toml` the key is the name\nwithout `ADE_`, in lower case. `ade settings` shows each\nsetting with its value and the source of the value, and `ade settings KEY` shows one.\n\n| variable | default | meaning |\n|---|---|---|\n",
    );
    for setting in settings.list() {
        let text = |key: &str| setting[key].as_str().unwrap_or_default().to_owned();
        let default = match (text("default").as_str(), text("default_note").as_str()) {
            ("", note) => note.to_owned(),
            (default, _) => format!("`{default}`"),
        };
        let aliases: Vec<_> = setting["aliases"]
            .list()
            .iter()
            .map(|alias| format!("`{}`", alias.text()))
            .collect();
        let also = if aliases.is_empty() {
            String::new()
        } else {
            format!(" Also read as {}.", aliases.join(", "))
        };
        page.push_str(&format!(
            "| `{}` | {default} | {}{also} |\n",
            text("name"),
            text("meaning")
        ));
    }
    page.push_str("\nThe engine's own settings (`ADE_ENGINE_*`, `settings.toml`) are those of [the engine](engine.md#settings).\n");
    hold_page("docs/reference/settings.md", &page);
}

#[test]
fn the_table_of_the_engine_s_settings_is_current() {
    let spelt = |value: &str| match value {
        "" => String::new(),
        value => format!("`{value}`"),
    };
    let mut table =
        String::from("\n| Key | Default | Edition 2026 | Meaning |\n|---|---|---|---|\n");
    for setting in ade::settings::ENGINE_SETTINGS {
        let newer = match setting.default_2026 == setting.default {
            true => String::new(),
            false => spelt(setting.default_2026),
        };
        let (key, default, meaning) = (setting.key, spelt(setting.default), setting.meaning);
        table.push_str(&format!("| `{key}` | {default} | {newer} | {meaning} |\n"));
    }
    hold_part(
        "docs/reference/engine.md",
        "<!-- The table below is made from engine/native/src/settings.rs. -->\n",
        "<!-- Here it ends. -->\n",
        &table,
    );
}

#[test]
fn the_tables_of_events_are_current() {
    use ade::events::names;
    const PAGE: &str = "docs/reference/events.md";
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
    hold_part(PAGE, BEGIN, END, &tables);
}

/// Writes or compares the part of a page between two lines.
fn hold_part(page: &str, begin: &str, end: &str, part: &str) {
    let kept = fs::read_to_string(root().join(page)).unwrap();
    let (before, rest) = kept.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    hold_page(page, &format!("{before}{begin}{part}\n{end}{after}"));
}

/// Parts of the help of each command that the page names once.
const COMMON_HELP: [&str; 3] = [
    "  -h, --help\n          Print help (see a summary with '-h')\n\n",
    "  -V, --version\n          Print version\n\n",
    "\n\nGlobal options: see `ade --help`.",
];

#[test]
fn the_page_of_commands_is_current() {
    let place = Place::new();
    let mut page = String::from(
        "# Commands\n\nThe help of each command. All of them also have `--help`, `--version` and\nthe global options of `ade`. `ade COMMAND --help` also lists its subcommands.\n",
    );
    let mut lines = vec![String::new()];
    let commands = place.commands();
    lines.extend(commands.iter().map(|command| command.words.join(" ")));
    for words in lines {
        let help = place.ade(&format!("{words} --help")).success().printed();
        // Every help ends with a pointer to the documentation, which contains this page.
        let mut help = help.split("\n\nDocumentation:").next().unwrap().to_owned();
        for common in COMMON_HELP {
            help = help.replace(common, "");
        }
        let is_list =
            |part: &&str| part.starts_with("Commands") || part.starts_with("Further commands");
        let parts = help.split("\n\n").filter(|part| !is_list(part));
        help = parts.collect::<Vec<_>>().join("\n\n");
        // A heading without options of its own.
        help = help.replace("\nOptions:\nExamples:", "\nExamples:");
        help = help.replace("\nOptions:\nGlobal options:", "\nGlobal options:");
        let title = format!("ade {words}");
        let title = title.trim_end();
        page.push_str(&format!(
            "\n## {title}\n\n```text\n{}\n```\n",
            help.trim_end()
        ));
    }
    hold_page("docs/reference/commands.md", &page);
    // Each command has a manual page, too.
    let mut pages: Vec<PathBuf> = commands
        .iter()
        .map(|command| format!("ade-{}.1", command.words.join("-")).into())
        .chain(["ade.1".into()])
        .collect();
    pages.sort();
    let kept = files(&root().join("completions/man"));
    assert_eq!(kept.into_keys().collect::<Vec<_>>(), pages);
}

#[test]
fn the_page_of_routes_is_current() {
    let document: Value = serde_json::from_str(&ade::api::description()).unwrap();
    let mut groups: BTreeMap<String, String> = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["operationId"].is_null() {
                continue;
            }
            let group = operation["tags"][0].as_str().unwrap_or("server");
            let method = method.to_uppercase();
            let summary = operation["summary"].text();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let query = parameters.filter(|parameter| parameter["in"] == "query");
            let query = query.map(|parameter| format!("`{}`", parameter["name"].text()));
            let query = query.collect::<Vec<_>>().join(" ");
            groups
                .entry(group.to_owned())
                .or_default()
                .push_str(&format!("| `{method} {path}` | {summary} | {query} |\n"));
        }
    }
    let mut page = String::from(
        "# Routes of the API\n\nParameters, bodies and answers are described in full in the OpenAPI document: `ade openapi`, or `/api/v1/openapi.json` of a\nserver. [The HTTP API](api.md) explains tokens, uploads, streams and errors.\n",
    );
    for (group, rows) in groups {
        page.push_str(&format!(
            "\n## {group}\n\n| route | purpose | query |\n|---|---|---|\n{rows}"
        ));
    }
    hold_page("docs/reference/api-routes.md", &page);
}

/// Returns a sheet's first columns as the picture shows them: row numbers, then each column with its letter, then the file.
fn drawn(rows: &[Vec<Value>], name: &str) -> Vec<String> {
    let mut texts: Vec<String> = (1..=rows.len()).map(|row| row.to_string()).collect();
    for column in 0..5 {
        texts.push(char::from(b'A' + column as u8).to_string());
        texts.extend(
            rows.iter()
                .map(|row| shown(&row[column]))
                .filter(|text| !text.is_empty()),
        );
    }
    texts.push(name.to_owned());
    texts
}

fn shown(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The picture at the head of the README, light and dark, is drawn by hand: its text must match a run of the example.
#[test]
fn the_picture_of_the_readme_shows_a_real_run() {
    const INPUT: &str = "messy-roster.xlsx";
    const OUTPUT: &str = "messy-roster_normalized.xlsx";
    const LAST_SOURCE_ROW: u64 = 15;
    let place = Place::new();
    place.ade("init roster").success();
    fs::copy(root().join("examples").join(INPUT), place.path(INPUT)).unwrap();
    place.ade(&format!("run roster {INPUT} -o .")).success();
    let cells = CellReader::new(WindowLimits::default());
    let rows_of = |name: &str| {
        let sheet = SheetSelector::Named("North");
        let window = cells.window(
            &place.path(name),
            &ReadSettings::whole(),
            sheet,
            1..=200,
            1..=26,
        );
        window.unwrap().rows
    };
    let (input, output) = (rows_of(INPUT), rows_of(OUTPUT));
    let titled = |title: &str| output[0].iter().position(|cell| cell == title).unwrap();
    let (issues, source_row) = (titled("Issues"), titled("Source row"));
    let is_shown = |row: &&Vec<Value>| {
        row[source_row]
            .as_u64()
            .is_none_or(|row| row <= LAST_SOURCE_ROW)
    };
    let output: Vec<Vec<Value>> = output.iter().take_while(is_shown).cloned().collect();
    let refused = output
        .iter()
        .find(|row| shown(&row[issues]).contains(": not "))
        .unwrap();
    let mut wanted = drawn(
        &input[..LAST_SOURCE_ROW as usize],
        &format!("{INPUT}, sheet North"),
    );
    wanted.extend(drawn(&output, OUTPUT));
    wanted.extend([
        "ade run".to_owned(),
        shown(&refused[issues]),
        format!(
            "The cell comes out empty; the issue stands in its row. Source row: {}.",
            refused[source_row]
        ),
    ]);
    for name in ["light", "dark"] {
        let picture = fs::read_to_string(root().join(format!("docs/picture/{name}.svg"))).unwrap();
        let texts = picture
            .split("</text>")
            .filter_map(|part| Some(part.rsplit_once("<text ")?.1.split_once('>')?.1));
        let texts: Vec<String> = texts
            .map(|text| text.replace("&lt;", "<").replace("&amp;", "&"))
            .collect();
        assert_eq!(texts, wanted, "{name}.svg");
    }
}
