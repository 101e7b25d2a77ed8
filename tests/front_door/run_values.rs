//! Cell values are in the input and in the output, and nowhere else: each cell of an input is a word of its own, and after
//! every kind of end the test searches all other files for those words. tests/engine/test_values.py checks the engine's log at
//! each level.

use crate::common;

use std::fs;
use std::path::Path;

use common::{Assert, Place, Printed, Told};
use serde_json::Value;

/// The code of a hook that uses the cells in `table`, and the code of the run's error.
const ENDS: [(&str, Option<&str>); 8] = [
    ("pass", None),
    (
        "__import__('threading').Thread(target=int, args=(table['name'][0],)).start()",
        None,
    ),
    ("import os; os._exit(3)", Some("engine_crashed")),
    // The status of a usage error.
    ("import os; os._exit(2)", Some("engine_crashed")),
    (
        "open(f\"/nowhere-{table['name'][0]}\", 'w')",
        Some("hook_error"),
    ),
    (
        "__import__('polars').DataFrame({'a': [1]}).write_csv(f\"/var/{table['name'][0]}.csv\")",
        Some("hook_error"),
    ),
    (
        "__import__('socket').create_connection((table['name'][0] + '.example.org', 80))",
        Some("hook_error"),
    ),
    (
        "kept = bytearray(4_000_000_000); kept += table['name'][0].encode()",
        Some("memory_limit"),
    ),
];
const QUOTING: &str = "raise ValueError(f\"no office {table['name'][0]}\")";
const LONG: &str = "__import__('time').sleep(600)";

fn words() -> Vec<String> {
    (0..24).map(|number| format!("tok{number:03}en")).collect()
}

/// Returns the files outside of inputs and outputs that hold one of the words.
fn leaks(place: &Place) -> Vec<String> {
    let files = place.files_below("").into_iter().filter(|name| {
        let has = |part: &str| name.split('/').any(|one| one == part);
        let is_cells = has("runs") && (has("input") || has("output"));
        // The files that an installer put into an environment were there before any input.
        !(is_cells || has(".venv") || name.starts_with("inbox/") || name.starts_with("clean/"))
    });
    files
        .filter(|name| holds_a_word(&place.path(name)))
        .collect()
}

fn holds_a_word(path: &Path) -> bool {
    // Links lead to files that are searched in their own folder, or to the machine's own.
    if !path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return false;
    }
    let content = fs::read(path).unwrap_or_default().to_ascii_lowercase();
    let text = String::from_utf8_lossy(&content);
    // All words begin with these letters.
    text.contains("tok0") && words().iter().any(|word| text.contains(word.as_str()))
}

#[test]
fn no_file_holds_a_cell_outside_of_input_and_output() {
    let mut place = Place::new();
    place.set("ADE_WORKER_MAX_ATTEMPTS", "1");
    place.unset("ADE_SANDBOX_WRITE");
    place.set("ADE_WORKER_MEM_MB", "400");
    let configuration = place.configuration("config");
    place.warm("config");
    let mut text = "Name,Email,Note\n".to_owned();
    for row in words().chunks(3) {
        text.push_str(&format!("{},{}@example.org,{}\n", row[0], row[1], row[2]));
    }
    let does = |code: &str| {
        let body = format!("import polars as pl\n{code}");
        configuration.hook("on_table_validated", "end(table, input_file_name)", &body)
    };
    // Each fork of one engine ends in a different way.
    let files = || (0..ENDS.len()).map(|number| format!("end_{number}.csv"));
    let ends = files().zip(ENDS);
    let ends = ends.map(|(file, (code, _))| format!("if input_file_name == '{file}':\n    {code}"));
    does(&ends.collect::<Vec<_>>().join("\n"));
    let inputs: Vec<String> = files().map(|file| format!("inbox/{file}")).collect();
    for input in &inputs {
        place.write(input, &text);
    }
    let call = format!("-vv run config {} -o clean --jobs 1", inputs.join(" "));
    tells_nothing(&place, &place.ade(&call));
    let runs = place.json("runs ls --json");
    for (file, (code, error)) in files().zip(ENDS) {
        let mut runs = runs.list().iter();
        let run = runs.find(|run| run["input"]["name"] == *file).unwrap();
        ends_with(&place, run, error, code);
    }
    // For a single file, `ade` prints more.
    place.write("inbox/marked.csv", text);
    for (code, flags, error) in [
        (LONG, "--timeout 2", "timeout"),
        (QUOTING, "", "hook_error"),
    ] {
        does(code);
        let ran = place.ade(&format!("-vv run config inbox/marked.csv -o clean {flags}"));
        tells_nothing(&place, &ran);
        ends_with(&place, &place.latest_run(), Some(error), code);
        if code == QUOTING {
            // The exception and its line are enough to find the value.
            ran.says("raised ValueError at `raise ValueError(f\"no office {table['name'][0]}\")`")
                .says("(`ade run --show-values` shows the message)")
                .says("config/src/ade_config/hooks/end.py, line 3, in end");
        }
    }
    // A file is no terminal, and keeps the text that is written into it.
    let call = "run config inbox/marked.csv --show-values";
    let shown = place.ade(call).code(1);
    shown.stderr_lacks("tok");
    shown.says("note: values are not shown, because standard error");
    place.ade(&format!("{call} --detach")).code(2);
    // The search finds words that are there.
    assert!(holds_a_word(&place.path("inbox/marked.csv")));
}

/// Checks that no cell is in the output of `ade` or in a file that it left.
#[track_caller]
fn tells_nothing(place: &Place, ran: &Assert) {
    let said = format!("{ran}").to_lowercase();
    let shown = words().into_iter().find(|word| said.contains(word));
    assert_eq!(shown, None, "{ran}");
    assert_eq!(leaks(place), [""; 0], "{ran}");
}

#[track_caller]
fn ends_with(place: &Place, run: &Value, error: Option<&str>, code: &str) {
    assert_eq!(run["error"]["code"].as_str(), error, "{code}: {run}");
    let artifact = place.artifact(run["run_dir"].text());
    Place::keeps_to_the_schema(&artifact);
    assert_eq!(artifact["run"]["error"]["code"].as_str(), error, "{code}");
}
