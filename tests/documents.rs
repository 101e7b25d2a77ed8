//! The documents do what they say: every file that they show complete is written, and every command that they show is typed,
//! in their order, in a fresh folder, with the real `ade`.
//!
//! Comments in the documents say what the test cannot see:
//!
//! - `<!-- file: PATH -->` above a block: the block is that file, complete.
//! - `<!-- not typed: REASON -->` above a block: no command of the block is typed.
//! - `<!-- not typed (START): REASON -->`: the commands of the block below that begin so are not typed.
//! - `<!-- ends with N (START) -->`: these commands of the block below end with this exit status; all others end with 0.
//! - `<!-- until stopped (START): WORDS -->`: these commands are stopped by TERM once standard error has these words.
//!
//! A command is a line of an indented or fenced block whose first word is a program. Words in capitals that stand for something
//! (`CONFIG`, `FILE`, `RUN`) are replaced, see [`NAMES`]; what a reader has done before is in [`BEFORE`].

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::{Place, Running};

/// The documents with commands or complete files.
const DOCUMENTS: [&str; 11] = [
    "README.md",
    "docs/api.md",
    "docs/architecture.md",
    "docs/authoring.md",
    "docs/engine.md",
    "docs/errors.md",
    "docs/events.md",
    "docs/installing.md",
    "docs/layout.md",
    "docs/operating.md",
    "docs/package.md",
];
/// What a line of a block begins with that is a command.
const PROGRAMS: [&str; 13] = [
    "ade",
    "ade-engine",
    "cargo",
    "docker",
    "env=$(ade",
    "pip",
    "pipx",
    "python",
    "python3",
    "sqlite3",
    "systemctl",
    "uv",
    "uvx",
];
/// Words that stand for something of the reader's.
const NAMES: [(&str, &str); 3] = [
    ("CONFIG", "crew"),
    ("FILE", "roster.xlsx"),
    ("RUN", "latest"),
];
/// What a reader has done before a command that begins so.
const BEFORE: [(&str, &str); 6] = [
    ("ade runs cancel", "ade run crew roster.xlsx --detach"),
    ("ade runs retry", "ade run crew roster.xlsx"),
    ("ade runs rm", "ade run crew roster.xlsx"),
    ("ade logs tail latest -f", "ade run crew roster.xlsx"),
    ("ade env path crew", "ade env build crew"),
    ("env=$(ade env path crew)", "ade env build crew"),
];

/// What a document lets a reader do.
#[derive(Debug)]
enum Step {
    File(String, String),
    Type(String, Ending),
    Leave(String),
}

#[derive(Clone, Debug)]
enum Ending {
    Status(i32),
    Stopped(String),
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The instruction of a comment: its words, what it is limited to, and what follows.
fn instruction(line: &str) -> Option<(&str, &str, &str)> {
    let inside = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    let (head, rest) = inside.split_once(": ").unwrap_or((inside, ""));
    let (words, limit) = head.split_once(" (").unwrap_or((head, ""));
    Some((words, limit.trim_end_matches(')'), rest))
}

/// The steps of a document, in order.
fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut comments: Vec<&str> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("<!-- ") {
            comments.push(line);
        } else if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let file = comments
                .iter()
                .find_map(|comment| instruction(comment).filter(|(words, ..)| *words == "file"));
            if let Some((.., path)) = file {
                steps.push(Step::File(path.to_owned(), block.join("\n") + "\n"));
            } else if matches!(language, "" | "sh" | "console") {
                typed(&block, &comments, &mut steps);
            }
            comments.clear();
        } else if line.starts_with("    ") {
            let mut block = vec![line.trim()];
            while let Some(next) = lines.next_if(|next| next.starts_with("    ") || next.is_empty())
            {
                block.push(next.trim());
            }
            typed(&block, &comments, &mut steps);
            comments.clear();
        } else if !line.is_empty() {
            comments.clear();
        }
    }
    steps
}

fn typed(block: &[&str], comments: &[&str], steps: &mut Vec<Step>) {
    for line in block {
        // Two blanks and a number sign begin what is said of a command.
        let command = line.split("  #").next().unwrap_or_default().trim();
        let program = command.split_whitespace().next().unwrap_or_default();
        if !PROGRAMS.contains(&program) {
            continue;
        }
        let mut ending = Ending::Status(0);
        let mut is_left = false;
        for comment in comments {
            let Some((words, start, rest)) = instruction(comment) else {
                continue;
            };
            if !command.starts_with(start) {
                continue;
            }
            match words {
                "not typed" => {
                    assert!(!rest.is_empty(), "{command}: why is it not typed?");
                    is_left = true;
                }
                "until stopped" => ending = Ending::Stopped(rest.to_owned()),
                _ => {
                    if let Some(status) = words.strip_prefix("ends with ") {
                        ending = Ending::Status(status.parse().unwrap());
                    }
                }
            }
        }
        let command = NAMES
            .iter()
            .fold(command.to_owned(), |command, (name, value)| {
                let words = command
                    .split(' ')
                    .map(|word| if word == *name { value } else { word });
                words.collect::<Vec<_>>().join(" ")
            });
        steps.push(if is_left {
            Step::Leave(command)
        } else {
            Step::Type(command, ending)
        });
    }
}

/// A shell in the place, with `ade` on its PATH, and with the engine's own commands once `my-config` has an environment.
fn shell(place: &Place, line: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).env_clear();
    let command = place.command();
    shell.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let path = command
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .unwrap()
        .1
        .unwrap();
    let mut folders = vec![place.path("bin"), place.path("engine/bin")];
    folders.extend(std::env::split_paths(path));
    shell.env("PATH", std::env::join_paths(folders).unwrap());
    shell.current_dir(place.path(""));
    shell
}

fn types(place: &Place, line: &str) -> (i32, String) {
    let done = Running::start(shell(place, line)).wait();
    (done.status, format!("{}{}", done.stdout, done.stderr))
}

/// A folder with what a reader has: spreadsheets, and where the document does not make it, a configuration.
fn desk(name: &str) -> Place {
    let place = Place::named(name);
    fs::create_dir_all(place.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_ade"), place.path("bin/ade")).unwrap();
    let roster = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/messy-roster.xlsx");
    for folder in ["inbox", "samples"] {
        fs::create_dir_all(place.path(folder)).unwrap();
    }
    for name in [
        "inbox/roster.xlsx",
        "messy-roster.xlsx",
        "roster.xlsx",
        "orders.xlsx",
    ] {
        fs::copy(&roster, place.path(name)).unwrap();
    }
    for name in ["inbox/members.csv", "samples/members.csv"] {
        place.write(
            name,
            "First name,Last name,Email\nAnn,Lee,ann@example.org\n",
        );
    }
    place
}

fn follow(document: &str) -> Place {
    let place = desk("document");
    let steps = steps(&read(document));
    let makes = |name: &str| {
        let init = format!("ade init {name}");
        steps
            .iter()
            .any(|step| matches!(step, Step::Type(command, _) if command.starts_with(&init)))
    };
    if !makes("crew") {
        place.ade("init crew").succeeds();
    }
    if document == "docs/engine.md" {
        // The page continues where the guide for authors ends.
        for (path, text) in files_of_the_guide() {
            place.write(path, text);
        }
        place.ade("env build my-config").succeeds();
        let venv = place.ade("env path my-config").succeeds().stdout;
        symlink(venv.trim(), place.path("engine")).unwrap();
    }
    for step in &steps {
        match step {
            Step::File(path, text) => {
                place.write(place_of(document, path), text);
            }
            Step::Leave(_) => {}
            Step::Type(command, ending) => {
                for (start, before) in BEFORE {
                    if command.starts_with(start) {
                        let (status, said) = types(&place, before);
                        assert!(
                            status <= 1,
                            "{document}: before {command}: {before}\n{said}"
                        );
                    }
                }
                match ending {
                    Ending::Status(wanted) => {
                        let (status, said) = types(&place, command);
                        assert_eq!(status, *wanted, "{document}: {command}\n{said}");
                    }
                    Ending::Stopped(words) => {
                        // Without a shell between the two, the signal reaches the command itself.
                        let mut running = Running::start(shell(&place, &format!("exec {command}")));
                        running.wait_until_says(words);
                        running.signal(15);
                        let done = running.wait();
                        assert!(
                            matches!(done.status, 0 | 130 | 143 | -15),
                            "{document}: {command}\n{}",
                            done.stderr
                        );
                    }
                }
            }
        }
    }
    place
}

/// The guide for authors names files as they lie in the configuration, but for the input.
fn place_of(document: &str, path: &str) -> String {
    match (document, path) {
        (_, "input.csv") => path.to_owned(),
        ("docs/authoring.md", _) => format!("my-config/{path}"),
        _ => path.to_owned(),
    }
}

fn files_of_the_guide() -> Vec<(String, String)> {
    let name = "docs/authoring.md";
    let files = steps(&read(name))
        .into_iter()
        .filter_map(|step| match step {
            Step::File(path, text) => Some((place_of(name, &path), text)),
            _ => None,
        });
    files.collect()
}

#[test]
fn the_readme_does_what_it_says() {
    let place = follow("README.md");
    let found = place.read("staff/src/ade_config/columns/work.py");
    assert!(found.contains("def register(registry)"));
}

#[test]
fn the_guide_for_authors_does_what_it_says() {
    let place = follow("docs/authoring.md");
    let cells = place.cells("clean/input_normalized.xlsx");
    let rows = cells["input"].as_array().unwrap();
    let shown = serde_json::to_string(&rows[..2]).unwrap();
    for word in [
        "order_id",
        "Title",
        "A-17",
        "ann@example.org",
        "Orders of March",
    ] {
        assert!(shown.contains(word), "{shown}");
    }
    let said = place.ade("-v run my-config input.csv").succeeds().stderr;
    let guide = read("docs/authoring.md");
    let shown: Vec<_> = guide
        .lines()
        .filter(|line| line.starts_with("  debug "))
        .collect();
    assert!(!shown.is_empty());
    for line in shown {
        assert!(said.contains(line), "{line}\n{said}");
    }
    // The next file of another sender: a column is missing, and ids are numbers.
    let make = "import openpyxl; book = openpyxl.Workbook(); sheet = book.active; \
                [sheet.append(row) for row in (['Order', 'Customer', 'Amount'], [17, 'Ann Lee', 5], [18, 'Bob Ray', 7.5])]; \
                book.save('next.xlsx')";
    let python = "\"$(ade env path my-config)/bin/python\"";
    let (status, said) = types(&place, &format!("{python} -c \"{make}\""));
    assert_eq!(status, 0, "{said}");
    place.ade("run my-config next.xlsx -o clean").succeeds();
    let cells = place.cells("clean/next_normalized.xlsx");
    let ids: Vec<_> = cells["Sheet"].as_array().unwrap()[1..]
        .iter()
        .map(|row| row[0].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        ids,
        [Some("17".to_owned()), Some("18".to_owned())],
        "{cells}"
    );
}

#[test]
fn the_page_about_the_engine_does_what_it_says() {
    follow("docs/engine.md");
}

#[test]
fn the_other_documents_do_what_they_say() {
    for document in DOCUMENTS {
        if !["README.md", "docs/authoring.md", "docs/engine.md"].contains(&document) {
            follow(document);
        }
    }
}

/// What no list names is not forgotten: a document with commands is one of [`DOCUMENTS`].
#[test]
fn every_document_is_followed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for entry in fs::read_dir(folder).unwrap() {
        let name = format!("docs/{}", entry.unwrap().file_name().to_string_lossy());
        if name.ends_with(".md") && !DOCUMENTS.contains(&name.as_str()) {
            let steps = steps(&read(&name));
            assert!(steps.is_empty(), "{name} has commands or files: {steps:?}");
        }
    }
}

#[test]
fn comments_limit_what_is_typed() {
    let text = "<!-- not typed (ade top): it needs a terminal -->\n<!-- ends with 2 (ade x) -->\n\n    ade top\n    ade x CONFIG   # words\n    crew/\n\n<!-- file: a/b.py -->\n```python\nx = 1\n```\n";
    let steps = steps(text);
    assert!(
        matches!(&steps[..], [Step::Leave(top), Step::Type(x, Ending::Status(2)), Step::File(path, content)]
            if top == "ade top" && x == "ade x crew" && path == "a/b.py" && content == "x = 1\n"),
        "{steps:?}"
    );
}

/// The worker under systemd and in a container starts on an empty data directory.
#[test]
fn the_deployed_workers_start_on_an_empty_data_directory() {
    let unit = read("docs/deploy/ade-worker.service");
    let place = desk("unit");
    let mut started = 0;
    for line in unit.lines() {
        let Some((key @ ("ExecStartPre" | "ExecStart"), command)) = line.split_once('=') else {
            continue;
        };
        let mut command = command.replace("/usr/local/bin/", "");
        if key == "ExecStart" {
            command.push_str(" --drain");
            started += 1;
        }
        let (status, said) = types(&place, &command);
        assert_eq!(status, 0, "{line}\n{said}");
    }
    assert_eq!(started, 1);

    let image = read("Dockerfile");
    let mut place = desk("image");
    for line in image.lines() {
        let variables = line.strip_prefix("ENV ").unwrap_or_default().split(' ');
        for (name, value) in variables.filter_map(|pair| pair.split_once('=')) {
            // Its volumes are folders here.
            place.set(name, value.trim_start_matches('/'));
        }
    }
    let command = image
        .lines()
        .find_map(|line| line.strip_prefix("CMD "))
        .unwrap();
    let words: Vec<String> = serde_json::from_str(command).unwrap();
    let (status, said) = types(&place, &format!("ade {} --drain", words.join(" ")));
    assert_eq!(status, 0, "{said}");

    // What the page about containers has them do, from the first to the last, without the containers.
    place.ade("init my-config").succeeds();
    let page = read("docs/installing.md");
    let mut typed = Vec::new();
    for line in page.lines().map(str::trim) {
        let inside = match line.split_once(" ade ") {
            Some((start, command)) if start.starts_with("docker ") => {
                command.split("  #").next().unwrap().trim()
            }
            _ => continue,
        };
        let command = format!("ade {inside}").replace("/tmp/clean", "clean");
        if !inside.starts_with("serve") {
            let (status, said) = types(&place, &command);
            assert_eq!(status, 0, "{line}\n{said}");
        } else {
            // From outside of its container it is reached by a port that is passed on, and by no address of loopback.
            assert!(line.contains(" -p 127.0.0.1:8000:8000 "), "{line}");
            let here = command.replace("--host 0.0.0.0", "--host 127.0.0.1 --port 0");
            assert_ne!(here, command);
            let mut running = Running::start(shell(&place, &format!("exec {here}")));
            running.wait_until_says("serving on");
            running.signal(15);
            running.wait().succeeds();
        }
        typed.push(inside.split(' ').next().unwrap().to_owned());
    }
    assert_eq!(typed, ["doctor", "run", "tokens", "serve"]);
    assert!(!place.files_below("clean").is_empty());
}

/// systemd reads the units without a word.
#[test]
fn systemd_understands_the_units() {
    let place = Place::named("units");
    let names = [
        "ade-worker.service",
        "ade-serve.service",
        "ade-serve.socket",
    ];
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify");
    for name in names {
        let unit = read(&format!("docs/deploy/{name}"));
        place.write(
            name,
            unit.replace("/usr/local/bin/ade", env!("CARGO_BIN_EXE_ade")),
        );
        verify.arg(place.path(name));
    }
    let Ok(done) = verify.output() else {
        eprintln!("not tested, because there is no systemd-analyze here");
        return;
    };
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.is_empty(), "{said}");
}
