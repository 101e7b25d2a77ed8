//! The budget: how much users of `ade` have to learn, and how much its maintainers have to read. The table is
//! tests/form/budget.md.
//!
//! `ADE_UPDATE_GENERATED=1 cargo test --test form budget` lowers figures in the table, and never raises them. A change that
//! adds something removes as much elsewhere, or its own commit raises the figure by hand and gives the reason.
//!
//! Code is counted in tokens, because neither wider lines nor moved braces change them. A string is one token. Comments,
//! documentation and generated files do not count. Figures are rounded up, so that a small change needs no new table.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use regex::Regex;

const TABLE: &str = "tests/form/budget.md";
const HEAD: &str = "# Budget\n\ntests/form/budget.rs explains how these figures are counted, lowered and raised.\n\n| what | at most |\n|---|---|\n";
/// The folders and files with code.
const PLACES: [&str; 14] = [
    "benches",
    "build.rs",
    "commands",
    "engine/ade_engine",
    "engine/module/src",
    "engine/native/src",
    "engine/native/tests",
    "engine/native/units",
    "integrations",
    "src",
    "templates",
    "tests",
    "web/src",
    "web/test",
];
/// Token counts are rounded up to multiples of these: of one room, and (below) of all code and all tests.
const ROOM_STEP: usize = 500;
const SUM_STEP: usize = 1000;

#[test]
fn nothing_is_above_its_budget() {
    let kept = kept();
    let figures = surface().into_iter().chain(weight());
    let figures: Vec<(String, usize)> = figures.collect();
    let above: Vec<String> = figures
        .iter()
        .filter_map(|(what, figure)| {
            let most = kept.get(what).filter(|most| figure > most)?;
            Some(format!("{what}: {figure}, at most {most}"))
        })
        .collect();
    assert!(above.is_empty(), "above the budget of {TABLE}: {above:#?}");
    let rows = figures
        .iter()
        .map(|(what, figure)| format!("| {what} | {figure} |\n"));
    let table = HEAD.to_owned() + &rows.collect::<String>();
    if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
        fs::write(root().join(TABLE), &table).unwrap();
    }
    assert!(
        read(TABLE) == table,
        "{TABLE} allows more than there is, or lacks a room: \
         ADE_UPDATE_GENERATED=1 cargo test --test form budget writes it anew"
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_default()
}

/// Returns the figures of the table.
fn kept() -> BTreeMap<String, usize> {
    let table = read(TABLE);
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        Some((cells.next()?.to_owned(), cells.next()?.parse().ok()?))
    });
    rows.collect()
}

/// Returns the figures for what users have to learn.
fn surface() -> Vec<(String, usize)> {
    let count = |page: &str, pattern: &str| {
        let pattern = Regex::new(&format!("(?m){pattern}")).unwrap();
        pattern.find_iter(&read(page)).count()
    };
    let commands = "docs/reference/commands.md";
    let description: serde_json::Value =
        serde_json::from_str(&read("docs/reference/openapi.json")).unwrap();
    let paths = description["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().keys());
    let settings = count("docs/reference/settings.md", r"^\| `ADE_");
    let architecture = read("docs/contributing/architecture.md");
    let figures = [
        ("commands", count(commands, "^## ade")),
        ("flags", count(commands, r"^ {2,6}(?:-\w, )?--[a-z]")),
        ("settings", settings + ade::settings::ENGINE_SETTINGS.len()),
        (
            "operations of the API",
            operations.filter(|key| *key != "parameters").count(),
        ),
        ("error codes", ade::base::problem::code::ALL.len()),
        (
            "notices",
            count(
                "docs/reference/engine.md",
                r"^\| `[^|]*\| (?:warning|info) \|",
            ),
        ),
        (
            "words of the architecture",
            architecture.split_whitespace().count(),
        ),
    ];
    figures
        .map(|(what, figure)| (what.to_owned(), figure))
        .into()
}

/// Returns the tokens of each room, of all code and of all tests.
fn weight() -> Vec<(String, usize)> {
    let counter = Counter::new();
    let mut rooms: BTreeMap<String, usize> = BTreeMap::new();
    let mut tests = 0;
    for place in PLACES {
        for file in files(&root().join(place)) {
            let name = file.strip_prefix(root()).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&file).unwrap_or_default();
            let Some(mut tokens) = counter.count(name, &text) else {
                continue;
            };
            if is_test(name) {
                tokens.tests += std::mem::take(&mut tokens.code);
            } else {
                *rooms.entry(room(name)).or_default() += tokens.code;
            }
            tests += tokens.tests;
        }
    }
    let code: usize = rooms.values().sum();
    let figures = rooms.into_iter().map(|(room, count)| {
        (
            format!("tokens of {room}"),
            count.next_multiple_of(ROOM_STEP),
        )
    });
    let sums = [("all code", code), ("all tests", tests)].map(|(what, count)| {
        (
            format!("tokens of {what}"),
            count.next_multiple_of(SUM_STEP),
        )
    });
    figures.chain(sums).collect()
}

/// Returns the room of a file: its folder in a larger place, otherwise the place.
fn room(name: &str) -> String {
    let is_large = |place: &&&str| place.starts_with("engine") || **place == "src";
    let large = PLACES.iter().filter(is_large);
    let mut below = large.filter_map(|place| Some((place, name.strip_prefix(place)?)));
    match below.next_back() {
        Some((place, below)) => {
            let folder = below.trim_start_matches('/').split_once('/');
            folder.map_or((*place).to_owned(), |(folder, _)| {
                format!("{place}/{folder}")
            })
        }
        None => name.split('/').next().unwrap_or_default().to_owned(),
    }
}

fn is_test(name: &str) -> bool {
    let mut folders: Vec<&str> = name.split('/').collect();
    let file = folders.pop().unwrap_or_default();
    let of_tests = ["benches", "fixtures", "suite", "test", "tests", "units"];
    // `commands/test` is a command, and not a folder of tests.
    folders.iter().any(|folder| of_tests.contains(folder)) && !name.starts_with("commands/")
        || file == "tests.rs"
        || file.starts_with("test_")
        || file.contains(".test.")
}

/// Returns the files of a folder and of those in it, or the file itself.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    // The types of the API are generated from its description.
    let is_counted = |name: &str| name != "types.ts" && !name.ends_with(".d.ts");
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_counted))
        .flat_map(|entry| files(&entry.path()))
        .collect()
}

#[derive(Debug, Default, PartialEq)]
struct Tokens {
    code: usize,
    tests: usize,
}

/// Counts tokens of a language.
struct Counter {
    python: Regex,
    script: Regex,
}

impl Counter {
    fn new() -> Self {
        let python = r#"(?x)
            (?P<comment> \#[^\n]*) | (?P<line> \n) | (?P<open> [(\[{]) | (?P<close> [)\]}])
            | (?P<string> [A-Za-z]{0,2} (?: "{3} (?s:.*?) "{3} | '{3} (?s:.*?) '{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ))
            | \w+ | [^\s\w]"#;
        let script = r#"(?x)
            (?P<comment> //[^\n]* | /\* (?s:.*?) \*/)
            | `(?:\\(?s:.)|[^`\\])*` | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
            | [\w$-]+ | [^\s\w]"#;
        Self {
            python: Regex::new(python).unwrap(),
            script: Regex::new(script).unwrap(),
        }
    }

    /// Returns the tokens of a file, or `None` if it has no code.
    fn count(&self, name: &str, text: &str) -> Option<Tokens> {
        let mut tokens = Tokens::default();
        match Path::new(name).extension()?.to_str()? {
            "rs" => {
                let code = text.parse();
                add_rust(
                    &mut tokens,
                    code.unwrap_or_else(|error| panic!("{name}: {error}")),
                );
            }
            "py" => tokens.code = self.count_python(text),
            "ts" | "tsx" | "js" | "css" => {
                let all = self.script.captures_iter(text);
                tokens.code = all.filter(|token| token.name("comment").is_none()).count();
            }
            _ => return None,
        }
        Some(tokens)
    }

    fn count_python(&self, text: &str) -> usize {
        let (mut count, mut depth, mut is_start) = (0, 0_usize, true);
        for token in self.python.captures_iter(text) {
            let is = |name: &str| token.name(name).is_some();
            if is("comment") {
                continue;
            }
            if is("line") {
                is_start |= depth == 0;
                continue;
            }
            // A string that begins a statement is documentation.
            count += usize::from(!(is_start && is("string")));
            is_start = false;
            depth += usize::from(is("open"));
            depth = depth.saturating_sub(usize::from(is("close")));
        }
        count
    }
}

/// Adds the tokens of Rust code.
fn add_rust(tokens: &mut Tokens, code: TokenStream) {
    let mut all = code.into_iter().peekable();
    while let Some(token) = all.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                let is_inner = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == '!');
                all.next_if(is_inner);
                let Some(TokenTree::Group(attribute)) = all.next() else {
                    continue;
                };
                let text = attribute.stream().to_string().replace(' ', "");
                if text.starts_with("cfg(test") {
                    let mut item = Tokens::default();
                    for token in all.by_ref() {
                        // An item ends with its body or a semicolon.
                        let is_end = match &token {
                            TokenTree::Group(body) => body.delimiter() == Delimiter::Brace,
                            TokenTree::Punct(mark) => mark.as_char() == ';',
                            _ => false,
                        };
                        add_rust(&mut item, token.into());
                        if is_end {
                            break;
                        }
                    }
                    tokens.tests += item.code + item.tests;
                } else if !text.starts_with("doc") {
                    tokens.code += 3;
                    add_rust(tokens, attribute.stream());
                }
            }
            TokenTree::Group(group) => {
                tokens.code += 2;
                add_rust(tokens, group.stream());
            }
            _ => tokens.code += 1,
        }
    }
}

#[test]
fn documentation_counts_nothing_and_tests_are_no_code() {
    let counter = Counter::new();
    for (name, text, code, tests) in [
        ("a.rs", "/// Says.\nfn a() -> u8 { 1 } // more\n", 10, 0),
        (
            "a.rs",
            "//! Says.\n#[cfg(test)]\nmod tests { fn b() {} }\nfn a() {}",
            6,
            10,
        ),
        (
            "a.rs",
            "#[cfg(test)]\nmod tests;\nconst A: &str = \"a b c\";",
            8,
            3,
        ),
        (
            "a.py",
            "\"\"\"Says.\n\nMore.\n\"\"\"\nimport a  # why\n",
            2,
            0,
        ),
        (
            "a.py",
            "def a():\n    \"\"\"Says.\"\"\"\n    return f(\n        'b c',\n    )\n",
            11,
            0,
        ),
        ("a.ts", "// Says.\nconst a = `b ${c}`; /* more\n*/", 5, 0),
    ] {
        let wanted = Tokens { code, tests };
        assert_eq!(counter.count(name, text), Some(wanted), "{text}");
    }
    assert_eq!(counter.count("a.md", "text"), None);
    for (name, wanted) in [
        ("src/run/views/mod.rs", "src/run"),
        ("src/lib.rs", "src"),
        ("engine/native/src/read/xml.rs", "engine/native/src/read"),
        ("commands/ui/mod.rs", "commands"),
        ("build.rs", "build.rs"),
    ] {
        assert_eq!(room(name), wanted);
    }
}
