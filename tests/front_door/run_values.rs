//! Cell values are in the input and in the output, and nowhere else: each cell of an input is a word of its own, and after
//! every way to end all other files are searched for those words. What the engine says at each level, tests/engine/test_values.py
//! holds.

use crate::common;

use std::fs;
use std::path::Path;

use common::{Configuration, Place, Told};

/// What a hook does with the cells in `table`, and the beginning of what the run's error says.
const ENDS: [(&str, &str, Option<&str>); 10] = [
    ("success", "pass", None),
    (
        "raised with a value",
        "raise ValueError(f\"no office {table['name'][0]}\")",
        Some("hook_error"),
    ),
    (
        "a thread",
        "import threading; threading.Thread(target=int, args=(table['name'][0],)).start()",
        None,
    ),
    ("an exit", "import os; os._exit(3)", Some("engine_crashed")),
    (
        "an exit with the status of a usage error",
        "import os; os._exit(2)",
        Some("engine_crashed"),
    ),
    (
        "a file that may not be written",
        "open(f\"/nowhere-{table['name'][0]}\", 'w')",
        Some("hook_error"),
    ),
    (
        "a folder that may not be written",
        "__import__('polars').DataFrame({'a': [1]}).write_csv(f\"/var/{table['name'][0]}.csv\")",
        Some("hook_error"),
    ),
    (
        "no network",
        "import socket; socket.create_connection((table['name'][0] + '.example.org', 80))",
        Some("hook_error"),
    ),
    (
        "a limit of memory",
        "kept = bytearray(4_000_000_000); kept += table['name'][0].encode()",
        Some("memory_limit"),
    ),
    (
        "a time limit",
        "import time; time.sleep(600)",
        Some("timeout"),
    ),
];

fn words() -> Vec<String> {
    (0..24).map(|number| format!("tok{number:03}en")).collect()
}

fn input(place: &Place) {
    let mut text = "Name,Email,Note\n".to_owned();
    for row in words().chunks(3) {
        text.push_str(&format!("{},{}@example.org,{}\n", row[0], row[1], row[2]));
    }
    place.write("inbox/marked.csv", text);
}

fn ends_so(configuration: &Configuration, code: &str) {
    configuration.write(
        "src/ade_config/hooks/end.py",
        &format!(
            "import polars as pl\n\n\ndef end(table, logger):\n    {code}\n\n\ndef register(registry):\n    registry.register_hook(end, hook=\"on_table_validated\", priority=10)\n"
        ),
    );
}

/// The files outside of inputs and outputs that hold one of the words.
fn leaks(place: &Place) -> Vec<String> {
    let found = place.files_below("").into_iter().filter(|name| {
        let parts: Vec<&str> = name.split('/').collect();
        let is_run = parts.contains(&"runs");
        let is_cells = is_run && (parts.contains(&"input") || parts.contains(&"output"));
        // What an installer put into an environment was there before any input.
        let is_installed = parts.contains(&".venv");
        !(is_cells || is_installed || name.starts_with("inbox/") || name.starts_with("clean/"))
    });
    found
        .filter(|name| holds_a_word(&place.path(name)))
        .collect()
}

fn holds_a_word(path: &Path) -> bool {
    // Links lead to files that are searched where they are, or to the machine's own.
    if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return false;
    }
    let content = fs::read(path).unwrap_or_default().to_ascii_lowercase();
    let text = String::from_utf8_lossy(&content);
    words().iter().any(|word| text.contains(word.as_str()))
}

#[test]
fn no_file_holds_a_cell_outside_of_input_and_output() {
    let mut place = Place::new();
    place.set("ADE_WORKER_MAX_ATTEMPTS", "1");
    place.unset("ADE_SANDBOX_WRITE");
    place.set("ADE_WORKER_MEM_MB", "400");
    let configuration = place.configuration("config");
    place.warm("config");
    input(&place);
    for (what, code, error) in ENDS {
        ends_so(&configuration, code);
        let limit = match what {
            "a time limit" => "--timeout 2",
            _ => "",
        };
        let ran = place.ade(&format!("-vv run config inbox/marked.csv -o clean {limit}"));
        let run = place.latest_run();
        assert_eq!(run["error"]["code"].as_str(), error, "{what}: {ran}");
        let artifact = place.artifact(run["run_dir"].text());
        Place::keeps_to_the_schema(&artifact);
        assert_eq!(artifact["run"]["error"]["code"].as_str(), error, "{what}");
        let said = format!("{ran}").to_lowercase();
        let shown = words().into_iter().find(|word| said.contains(word));
        assert_eq!(shown, None, "{what}: {ran}");
        assert_eq!(leaks(&place), [""; 0], "{what}");
        if what == "raised with a value" {
            // It is enough to find the value.
            ran.says("raised ValueError at `raise ValueError(f\"no office {table['name'][0]}\")`")
                .says("(`ade run --show-values` shows the message)")
                .says("config/src/ade_config/hooks/end.py, line 5, in end");
            // A file is no terminal, and keeps what is written into it.
            let call = "run config inbox/marked.csv --show-values";
            let shown = place.ade(call).ends_with(1);
            assert!(!shown.stderr.contains("tok"), "{shown}");
            shown.says("note: values are not shown, because standard error");
            place.ade(&format!("{call} --detach")).ends_with(2);
        }
    }
    // The search finds what is there: the input, its staged copies, the outputs.
    assert!(holds_a_word(&place.path("inbox/marked.csv")));
    // The last of these runs failed, so that the copy of an earlier one is no result any more.
    assert!(place.path("clean/marked_normalized.xlsx.stale").is_file());
}
