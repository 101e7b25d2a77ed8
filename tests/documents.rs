//! The documents do what they say: a reader writes every file that they show complete, and types every command that they show,
//! in their order, with the real `ade`. The reader has only the files of the document.
//!
//! The reader of the README sits in a clone; every other reader begins in an empty folder, with `ade` and Python on PATH. The pages
//! of the tutorial are read in their order by one reader, every other page by a reader of its own. The test adds no other file and
//! no step: a document whose examples need a file shows the file, or the command that makes it.
//!
//! Commands are the lines of indented blocks, and of fenced ones without a language or in `sh`, whose first word is a program; in
//! `console` blocks the lines after `$ `. All commands of a document are typed into one shell, so that variables last. In a
//! `console` block the lines below a command are its output (both streams, piped): a line `…` matches any lines, `…` in a line
//! any text; ids, times and sizes may differ.
//!
//! A block with a title (```` ```csv title="inbox/a.csv" ````), which its reader sees above it, is that file, complete. Comments in the
//! documents have facts that the test cannot see:
//!
//! - `<!-- not typed: REASON -->` above a block: no command of the block is typed.
//! - `<!-- not typed (START): REASON -->`: the commands of the block below that begin so are not typed.
//! - `<!-- ends with N (START) -->`: these commands of the block below end with this exit status; all others end with 0.
//! - `<!-- until stopped (START): WORDS -->`: these commands are stopped by TERM once standard error has these words.
//!
//! The files of `tests/cli` are transcripts: all of a command's output is there, with both streams in their order, and no comments
//! say how it ends. A line `> …` below a command belongs to it, and `? 2` below its output is an exit status other than 0. Changing
//! parts are `[TIME]`, `[ID]` and the like. `ADE_UPDATE_GENERATED=1 cargo test --test documents cli/pause` writes the current
//! output of the commands; a person reads the difference.
//!
//! Those of `tests/api` have requests, too, in blocks fenced `http`, to a server over the reader's `data`. Lines after `> ` are a
//! request: its method and path, its headers, its body (also `@FILE`, or `@form NAME=@FILE NAME=TEXT`), with the shell's variables
//! in it; a header without a value is removed. The token is an administrator's unless the request has a header `Authorization`.
//! Lines after `< ` are its answer: the status, with the code of a problem and its field; the headers that the transcript names
//! there; the body. `= NAME /pointer` keeps a member of the answer as a variable, `= NAME Header` one of its headers, and
//! `= @FILE` its bytes. A server has the settings `ADE_…` that the shell has at the first request.

mod common;

use std::cell::OnceCell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use common::api::{FORM, Server, form};
use common::trials::{self, Missing, Tried};
use common::{Answer, Place, Printed, Running, Told};
use serde_json::Value;

/// The first words of those lines of a block that are commands.
const PROGRAMS: [&str; 15] = [
    "\"$env/bin/ade-engine\"",
    "\"$env/bin/python\"",
    "PYTHONPATH=engine",
    "ade",
    "cargo",
    "cp",
    "docker",
    "git",
    "mkdir",
    "pip",
    "pipx",
    "python3",
    "sqlite3",
    "uv",
    "uvx",
];
/// A command that compiles ADE, and the compiled program that is typed instead; `.ci/first-command` types it with cargo.
const COMPILED: (&str, &str) = ("cargo run --release -- ", "ade ");

/// The page whose example the reader follows further than the page does.
const FUNCTIONS: &str = "docs/reference/functions.md";

/// A step that a document asks a reader to take.
#[derive(Debug)]
enum Step {
    /// Save this text under this name.
    File(String, String),
    /// Type this; with its output, if the document shows it.
    Type(String, Ending, Option<Vec<String>>),
    /// Type this somewhere else, for a reason that the document gives.
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

/// The instruction of a comment: its words, the commands that it is limited to, and the text after it.
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
            let title = language.split_once(" title=\"").map(|(_, title)| title);
            if let Some(path) = title {
                let path = path.trim_end_matches('"').to_owned();
                steps.push(Step::File(path, block.join("\n") + "\n"));
            } else if language == "console" {
                session(&block, &comments, &mut steps);
            } else if matches!(language, "" | "sh") {
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

/// The commands of a block that shows commands and no output.
fn typed(block: &[&str], comments: &[&str], steps: &mut Vec<Step>) {
    for line in block {
        // Two blanks and a number sign begin a comment on a command.
        let command = line.split("  #").next().unwrap_or_default().trim();
        let program = command.split(' ').next().unwrap_or_default();
        if PROGRAMS.contains(&program) || program.contains("=$(ade") {
            steps.push(step(command, comments, None));
        }
    }
}

/// Returns the commands of a block that also shows their output.
fn session(block: &[&str], comments: &[&str], steps: &mut Vec<Step>) {
    let mut lines = block.iter().peekable();
    while let Some(line) = lines.next() {
        let command = line
            .strip_prefix("$ ")
            .unwrap_or_else(|| panic!("a session begins with `$ `: {line}"));
        let mut shown = Vec::new();
        while let Some(next) = lines.next_if(|next| !next.starts_with("$ ")) {
            shown.push((*next).to_owned());
        }
        steps.push(step(command, comments, Some(shown)));
    }
}

/// Returns one command with the instructions that the comments above its block have for it.
fn step(command: &str, comments: &[&str], shown: Option<Vec<String>>) -> Step {
    let mut ending = Ending::Status(0);
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
                return Step::Leave(command.to_owned());
            }
            "until stopped" => ending = Ending::Stopped(rest.to_owned()),
            _ => {
                if let Some(status) = words.strip_prefix("ends with ") {
                    ending = Ending::Status(status.parse().unwrap());
                }
            }
        }
    }
    let command = match command.strip_prefix(COMPILED.0) {
        Some(rest) => format!("{}{rest}", COMPILED.1),
        None => command.to_owned(),
    };
    Step::Type(command, ending, shown)
}

/// A reader in front of a shell.
struct Reader {
    /// The server for their requests, started by the first one.
    server: OnceCell<Server>,
    place: Place,
    /// Their working folder.
    folder: PathBuf,
}

impl Reader {
    /// Returns a reader with `ade` on PATH, in a clone of the repository or in an empty folder.
    fn new(document: &str) -> Self {
        let place = Place::named("document");
        fs::create_dir_all(place.path("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_ade"), place.path("bin/ade")).unwrap();
        let folder = place.path("desk");
        fs::create_dir_all(&folder).unwrap();
        if document == "README.md" {
            clone_into(&folder);
        }
        Self {
            server: OnceCell::new(),
            place,
            folder,
        }
    }

    /// Returns a shell that runs this line in the folder and with the variables of the previous one.
    fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).env_clear();
        let command = self.place.command();
        shell.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let path = &self.place.variables()[std::ffi::OsStr::new("PATH")];
        let mut folders = vec![self.place.path("bin")];
        folders.extend(std::env::split_paths(path));
        shell.env("PATH", std::env::join_paths(folders).unwrap());
        // The module is beside the program in the wheel.
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        shell.env("PYTHONPATH", root.join("integrations/python"));
        shell.current_dir(&self.folder);
        shell
    }

    /// Types a line. Returns its exit status and its output, both streams in their order.
    fn types(&self, line: &str) -> (i32, String) {
        let kept = self.place.path("variables");
        let kept = kept.display();
        let line = format!(
            "exec 2>&1; set -a; [ -f {kept} ] && . {kept}; {line}\nstatus=$?; export -p >{kept}; exit $status"
        );
        let done = Running::start(self.shell(&line)).wait();
        assert_eq!(done.said(), "");
        (done.status().unwrap_or(-1), done.printed())
    }

    /// Types a line, and ends it once it prints these words.
    fn stops(&self, line: &str, words: &str) -> (i32, String) {
        // Without a shell between the two, the signal reaches the command itself.
        let mut running = Running::start(self.shell(&format!("exec {line}")));
        running.wait_until_says(words);
        running.signal(15);
        let done = running.wait();
        let said = format!("{}{}", done.printed(), done.said());
        (done.status().unwrap_or(-1), said)
    }
}

/// Copies the files that git keeps, in their current state.
fn clone_into(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let names = String::from_utf8(listed.stdout).unwrap();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root.join(name), folder.join(name));
        // A file that is deleted and not committed yet is listed, too.
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        }
    }
}

/// Returns a line without its changing parts: ids, times, durations, sizes.
fn settled(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.trim_end().split(' ') {
        let bare = word.trim_matches(|mark| "(),.".contains(mark));
        let is_unit = matches!(bare, "s" | "ms" | "KiB" | "MiB" | "ago");
        if is_unit
            && let Some(number) = words.iter_mut().rfind(|word| !word.is_empty())
            && number.trim_start_matches('(').parse::<f64>().is_ok()
        {
            *number = "#".to_owned();
        }
        words.push(match bare {
            "ms" => word.replace("ms", "s"),
            "KiB" => word.replace("KiB", "MiB"),
            _ => word.to_owned(),
        });
    }
    let mut line = words.join(" ");
    let is_id = |text: &str| {
        text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    let mut at = 0;
    while at + 36 <= line.len() {
        if line.get(at..at + 36).is_some_and(is_id) {
            line.replace_range(at..at + 36, "ID");
        }
        at += 1;
    }
    line
}

/// Returns whether a line shows the progress of a file, which appears if the machine is slow.
fn is_progress(line: &str) -> bool {
    line.contains(['█', '░'])
}

/// Returns whether a printed line fits the line that the document shows.
fn is_line(shown: &str, said: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = said.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    match last {
        None => rest.is_empty(),
        Some(part) => rest.is_empty() || said.ends_with(part),
    }
}

/// Fits the printed lines to the shown ones, where a line `…` matches any lines. Returns the number of lines that differ, and the
/// printed lines, with the shown line in place of each one that it fits, so that wildcards stay.
fn fit(
    shown: &[String],
    said: &[String],
    fits: impl Fn(usize, usize) -> bool,
) -> (usize, Vec<String>) {
    // For each position in both: the number of lines that differ, the next line to write, and the position after it.
    let mut ways = vec![vec![(0, None, (0, 0)); said.len() + 1]; shown.len() + 1];
    for at in (0..=shown.len()).rev() {
        for line in (0..=said.len()).rev() {
            let cost = |at: usize, line: usize| ways[at][line].0;
            let (here, next) = (shown.get(at), said.get(line));
            let mut open = Vec::new();
            if here.is_some_and(|here| here == "…") {
                open.push((cost(at + 1, line), here, (at + 1, line)));
                open.extend(next.map(|_| (cost(at, line + 1), None, (at, line + 1))));
            } else {
                if let (Some(here), Some(next)) = (here, next) {
                    let is_same = fits(at, line);
                    let cost = cost(at + 1, line + 1) + usize::from(!is_same);
                    let written = if is_same { here } else { next };
                    open.push((cost, Some(written), (at + 1, line + 1)));
                }
                open.extend(here.map(|_| (cost(at + 1, line) + 1, None, (at + 1, line))));
                open.extend(next.map(|_| (cost(at, line + 1) + 1, next, (at, line + 1))));
            }
            if let Some(least) = open.into_iter().min_by_key(|way| way.0) {
                ways[at][line] = least;
            }
        }
    }
    let (mut place, mut lines) = ((0, 0), Vec::new());
    while place != (shown.len(), said.len()) {
        let (_, written, after) = ways[place.0][place.1];
        lines.extend(written.cloned());
        place = after;
    }
    (ways[0][0].0, lines)
}

/// Works as [`fit`] on lines as they are.
fn fit_lines(shown: &[String], said: &[String]) -> (usize, Vec<String>) {
    fit(shown, said, |at, line| is_line(&shown[at], &said[line]))
}

/// The name and the value of a header.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = |letter: char| letter.is_ascii_alphabetic() || letter == '-';
    let is_field = name.starts_with(|letter: char| letter.is_ascii_uppercase());
    (is_field && name.chars().all(is_name)).then_some((name, value.trim()))
}

/// Returns an answer in lines, with those of its headers that the transcript shows.
fn lines_of(answer: &Answer, shown: &[String], settle: &dyn Fn(&str) -> String) -> String {
    let kind = answer.header("content-type").unwrap_or_default();
    let headers = shown.iter().skip(1).map_while(|line| field(line));
    // A detail may begin like a header. A header that is shown without a value is missing.
    let headers = headers.filter_map(|(name, shown)| {
        let value = answer.header(&name.to_lowercase());
        let value = value.or(shown.is_empty().then_some(shown))?;
        Some(format!("{name}: {value}\n"))
    });
    let headers: String = headers.collect();
    let status = answer.status;
    if kind == "application/problem+json" {
        let problem = answer.json();
        let of = |name: &str| problem[name].as_str().unwrap_or_default();
        let (code, detail) = (of("code"), of("detail"));
        let field = problem["errors"][0]["field"].as_str().unwrap_or_default();
        let field = if detail.starts_with(field) { "" } else { field };
        let first = format!("{status} {code} {field}");
        return format!("{}\n{headers}{detail}\n{}", first.trim_end(), of("hint"));
    }
    let body = match String::from_utf8(answer.body.clone()) {
        Ok(_) if kind == "application/json" => laid_out(&answer.json(), Some(0), settle),
        Ok(text) => text,
        Err(_) => "[BYTES]".to_owned(),
    };
    format!("{status}\n{headers}{body}")
}

/// Formats JSON as people read it, with short values in one line.
fn laid_out(value: &Value, indent: Option<usize>, settle: &dyn Fn(&str) -> String) -> String {
    let mut parts: Vec<(String, &Value)> = Vec::new();
    match value {
        Value::Array(items) => parts.extend(items.iter().map(|item| (String::new(), item))),
        Value::Object(fields) => {
            parts.extend(
                fields
                    .iter()
                    .map(|(name, value)| (format!("\"{name}\": "), value)),
            );
        }
        _ => return value.to_string(),
    }
    let (open, close) = if value.is_array() {
        ("[", "]")
    } else {
        ("{", "}")
    };
    let all = |indent: Option<usize>, between: &str| {
        let parts = parts
            .iter()
            .map(|(name, value)| format!("{name}{}", laid_out(value, indent, settle)));
        parts.collect::<Vec<_>>().join(between)
    };
    let line = format!("{open}{}{close}", all(None, ", "));
    match indent {
        Some(indent) if line.len() > 1000 || settle(&line).chars().count() + indent > 100 => {
            let (inner, outer) = (" ".repeat(indent + 2), " ".repeat(indent));
            let all = all(Some(indent + 2), &format!(",\n{inner}"));
            format!("{open}\n{inner}{all}\n{outer}{close}")
        }
        _ => line,
    }
}

/// Follows a document from its first line to its last. Returns the reader, with all that they made.
fn follow(document: &str) -> Reader {
    let reader = Reader::new(document);
    reader.follows(document);
    reader
}

impl Reader {
    /// The current transcript: its commands with their output.
    fn transcript(&self, text: &str) -> String {
        let settle = self.place.settling();
        let mut lines = text.lines().peekable();
        let (mut now, mut language) = (Vec::new(), "");
        while let Some(line) = lines.next() {
            now.push(line.to_owned());
            language = line.strip_prefix("```").unwrap_or(language);
            // The prefix of a step, and the prefix of its output.
            let (mark, behind) = match language {
                "console" => ("$ ", ""),
                "http" => ("> ", "< "),
                _ => continue,
            };
            let Some(first) = line.strip_prefix(mark) else {
                continue;
            };
            let mut typed = first.to_owned();
            while let Some(more) = lines.next_if(|next| next.starts_with('>')) {
                now.push(more.to_owned());
                typed += &format!("\n{}", more[1..].strip_prefix(' ').unwrap_or_default());
            }
            let mut shown = Vec::new();
            let is_shown = |next: &str| match behind {
                "" => !next.starts_with(mark) && next != "```",
                _ => next.starts_with(behind.trim_end()),
            };
            while let Some(next) = lines.next_if(|next| is_shown(next)) {
                shown.push(next.get(behind.len()..).unwrap_or_default().to_owned());
            }
            let (said, end) = if behind.is_empty() {
                let (status, said) = self.types(&typed);
                (said, (status != 0).then(|| format!("? {status}")))
            } else {
                let answer = self.asks(&typed);
                let kept = lines.clone().take_while(|next| next.starts_with("= "));
                kept.for_each(|kept| self.keeps(&kept[2..], &answer));
                (lines_of(&answer, &shown, &settle), None)
            };
            let said = settle(said.trim_end());
            let said = said.lines().filter(|line| !is_progress(line));
            let said = said.map(|line| line.trim_end().to_owned());
            let said: Vec<String> = said.chain(end).collect();
            now.extend(
                fit_lines(&shown, &said)
                    .1
                    .iter()
                    .map(|line| format!("{behind}{line}").trim_end().to_owned()),
            );
        }
        now.join("\n") + "\n"
    }

    /// Sends a request. Its server begins with the first one.
    fn asks(&self, typed: &str) -> Answer {
        let server = self.server.get_or_init(|| {
            let (_, set) = self.types("env");
            let set = set.lines().filter_map(|line| line.split_once('='));
            let set: Vec<_> = set.filter(|(name, _)| name.starts_with("ADE_")).collect();
            Server::below(&self.place, &self.folder, &set)
        });
        let (_, request) = self.types(&format!("cat <<EXPANDED\n{typed}\nEXPANDED"));
        let mut lines = request.trim_end().lines().peekable();
        let (method, path) = lines.next().and_then(|line| line.split_once(' ')).unwrap();
        let header = |line: &&str| field(line).is_some();
        let headers = std::iter::from_fn(|| lines.next_if(header).and_then(field));
        let headers: Vec<_> = headers.collect();
        let body = lines.collect::<Vec<_>>().join("\n");
        let file = |name: &str| fs::read(self.folder.join(name)).unwrap();
        let (usual, body) = if let Some(parts) = body.strip_prefix("@form") {
            let parts = parts
                .split_whitespace()
                .map(|part| part.split_once('=').unwrap());
            let parts = parts.map(|(name, value)| match value.strip_prefix('@') {
                Some(path) => (name, Some(path), file(path)),
                None => (name, None, value.into()),
            });
            let parts: Vec<_> = parts.collect();
            let parts = parts
                .iter()
                .map(|(name, path, bytes)| (*name, *path, &bytes[..]));
            (FORM, form(&parts.collect::<Vec<_>>(), true))
        } else if let Some(name) = body.strip_prefix('@') {
            ("application/octet-stream", file(name))
        } else {
            ("application/json", body.into_bytes())
        };
        let mut request = server.ask(method, path);
        if !body.is_empty() {
            request = request.header("Content-Type", usual);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(body).send()
    }

    /// Keeps a part of an answer.
    fn keeps(&self, what: &str, answer: &Answer) {
        if let Some(file) = what.strip_prefix('@') {
            fs::write(self.folder.join(file), &answer.body).unwrap();
            return;
        }
        let (name, part) = what.split_once(' ').unwrap();
        let value = match part.starts_with('/') {
            false => answer.header(&part.to_lowercase()).unwrap().to_owned(),
            true => match answer.json().pointer(part) {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => panic!("nothing is at {part}: {}", answer.text()),
            },
        };
        let (status, said) = self.types(&format!("{name}='{}'", value.replace('\'', "'\\''")));
        assert_eq!(status, 0, "{said}");
    }

    fn follows(&self, document: &str) {
        let reader = self;
        for step in steps(&read(document)) {
            match step {
                Step::File(path, text) => {
                    let path = reader.folder.join(place_of(document, &path));
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, text).unwrap();
                }
                Step::Leave(_) => {}
                Step::Type(command, Ending::Stopped(words), _) => {
                    let (status, said) = reader.stops(&command, &words);
                    assert!(
                        matches!(status, 0 | 130 | 143 | -1),
                        "{document}: {command}\n{said}"
                    );
                }
                Step::Type(command, Ending::Status(wanted), shown) => {
                    let (status, said) = reader.types(&command);
                    assert_eq!(status, wanted, "{document}: {command}\n{said}");
                    if wanted == 0 {
                        // The rules of errors in the input have the mark, too, further to the right.
                        let is_failure =
                            |line: &str| line.starts_with('✗') || line.starts_with("  ✗");
                        assert!(
                            !said.lines().any(is_failure),
                            "{document}: {command}\n{said}"
                        );
                        for failure in ["Traceback", "FAILED"] {
                            assert!(!said.contains(failure), "{document}: {command}\n{said}");
                        }
                    }
                    if let Some(shown) = shown {
                        let said = said.trim_end().lines().filter(|line| !is_progress(line));
                        let said: Vec<String> = said.map(str::to_owned).collect();
                        let [settled_shown, settled_said] = [&shown, &said].map(|lines| {
                            lines.iter().map(|line| settled(line)).collect::<Vec<_>>()
                        });
                        let fits = |at: usize, line: usize| {
                            is_line(&settled_shown[at], &settled_said[line])
                        };
                        let (differing, anew) = fit(&shown, &said, fits);
                        if differing > 0 && are_written() {
                            write_shown(document, &command, &shown, &anew);
                            continue;
                        }
                        assert!(
                            differing == 0,
                            "{document}: {command}\nis to say\n{}\nand says\n{}",
                            settled_shown.join("\n"),
                            settled_said.join("\n")
                        );
                    }
                }
            }
        }
    }
}

/// Writes other lines below a command of a document.
fn write_shown(document: &str, command: &str, shown: &[String], anew: &[String]) {
    let block = |lines: &[String]| format!("$ {command}\n{}\n", lines.join("\n"));
    let before = read(document);
    let after = before.replace(&block(shown), &block(anew));
    assert_ne!(
        before, after,
        "{document}: {command} is not there as it is typed"
    );
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(document), after).unwrap();
}

/// Returns the file of the example of functions, which names files by their path in the configuration, except the input.
fn place_of(document: &str, path: &str) -> PathBuf {
    if document == FUNCTIONS && path != "input.csv" {
        return Path::new("my-config").join(path);
    }
    path.into()
}

/// Checks that the example of functions makes what the page says of it.
fn the_example_of_functions_does_what_it_says() {
    let reader = follow(FUNCTIONS);
    let cells = reader.place.cells("desk/clean/input_normalized.xlsx");
    let rows = cells["input"].list();
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
    let (_, said) = reader.types("ade -v run my-config input.csv");
    let guide = read("docs/reference/functions.md");
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
    let next = "ade run my-config next.xlsx -o clean";
    let (status, said) = reader.types(&format!("{python} -c \"{make}\" && {next}"));
    assert_eq!(status, 0, "{said}");
    let cells = reader.place.cells("desk/clean/next_normalized.xlsx");
    let ids: Vec<_> = cells["Sheet"].list()[1..]
        .iter()
        .map(|row| row[0].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        ids,
        [Some("17".to_owned()), Some("18".to_owned())],
        "{cells}"
    );
}

/// The pages of a folder, in the order of their names.
fn pages(folder: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> = entries
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{folder} has no page");
    names
}

/// The pages of the tutorial, by one reader, in the order of the site.
fn the_tutorial_does_what_it_says_in_one_sitting() {
    let site = read("zensical.toml");
    let mut names = pages("docs/tutorial");
    names.sort_by_key(|name| site.find(&name["docs/".len()..]));
    let reader = Reader::new(&names[0]);
    for name in names {
        reader.follows(&name);
    }
}

fn every_page_is_in_the_order_of_the_site() {
    let site = read("zensical.toml");
    for part in [
        "",
        "/tutorial",
        "/how-to",
        "/reference",
        "/explanation",
        "/contributing",
    ] {
        for name in pages(&format!("docs{part}")) {
            let name = &name["docs/".len()..];
            assert!(
                site.contains(&format!("\"{name}\"")),
                "zensical.toml does not name {name}"
            );
        }
    }
    for name in pages("docs/how-to") {
        let lines = read(&name).lines().count();
        assert!(
            lines <= 100,
            "{name} has {lines} lines: a task is told in 80, at most 100"
        );
    }
}

/// Returns whether transcripts are rewritten.
#[expect(
    clippy::disallowed_methods,
    reason = "whether transcripts are written is no setting"
)]
fn are_written() -> bool {
    std::env::var_os("ADE_UPDATE_GENERATED").is_some()
}

/// Checks that a transcript is what its commands print, or rewrites it if that is asked for.
fn a_transcript_is_what_ade_prints(name: &str) {
    let before = read(name);
    let now = Reader::new(name).transcript(&before);
    if are_written() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), now).unwrap();
        return;
    }
    let diff = similar::TextDiff::from_lines(&before, &now);
    let mut diff = diff.unified_diff();
    assert!(before == now, "{}", diff.header(name, "what it prints"));
}

type Test = (String, Box<dyn FnOnce() -> Tried + Send>);

/// Types the commands of a document. A document with the line `<!-- long -->` is for the night.
fn document(name: String, how: impl FnOnce(&str) + Send + 'static) -> Test {
    let run = {
        let name = name.clone();
        move || {
            let is_long = read(&name).lines().any(|line| line == "<!-- long -->");
            if is_long && !are_written() && !trials::are_all() {
                return Err(Missing("long: .ci/nightly front".to_owned()));
            }
            how(&name);
            Ok(())
        }
    };
    (name, Box::new(run))
}

/// Adds a test that needs nothing that a machine may lack.
fn test(name: &str, run: impl FnOnce() + Send + 'static) -> Test {
    let run = move || {
        run();
        Ok(())
    };
    (name.to_owned(), Box::new(run))
}

/// Runs each page and each transcript as a test with its name.
fn main() -> ExitCode {
    let folders = ["", "/how-to", "/reference", "/explanation", "/contributing"];
    let all = folders.map(|folder| pages(&format!("docs{folder}")));
    let all = all.into_iter().flatten().filter(|name| name != FUNCTIONS);
    let mut tests: Vec<Test> = all
        .chain(["README.md".to_owned()])
        .map(|name| document(name, |name| drop(follow(name))))
        .collect();
    tests.extend([
        test("tutorial", the_tutorial_does_what_it_says_in_one_sitting),
        test(FUNCTIONS, the_example_of_functions_does_what_it_says),
        test("order of the site", every_page_is_in_the_order_of_the_site),
        test("comments", comments_limit_what_is_typed),
        test("wildcards", what_is_shown_of_an_output_has_to_be_there),
        test("written anew", what_is_written_anew_keeps_its_wildcards),
    ]);
    let transcripts = pages("tests/cli").into_iter().chain(pages("tests/api"));
    tests.extend(transcripts.map(|name| document(name, a_transcript_is_what_ade_prints)));
    trials::run(tests)
}

fn comments_limit_what_is_typed() {
    let text = "<!-- not typed (ade top): it needs a terminal -->\n<!-- ends with 2 (ade x) -->\n\n    ade top\n    ade x crew   # words\n    crew/\n\n```python title=\"a/b.py\"\nx = 1\n```\n\n```console\n$ ade settings\nname …\n```\n";
    let steps = steps(text);
    assert!(
        matches!(&steps[..], [
            Step::Leave(top),
            Step::Type(x, Ending::Status(2), None),
            Step::File(path, content),
            Step::Type(settings, Ending::Status(0), Some(shown)),
        ] if top == "ade top" && x == "ade x crew" && path == "a/b.py" && content == "x = 1\n"
            && settings == "ade settings" && shown == &["name …"]),
        "{steps:?}"
    );
}

fn what_is_shown_of_an_output_has_to_be_there() {
    let lines = |text: &str| text.lines().map(settled).collect::<Vec<_>>();
    let said =
        "✓ a.xlsx  3.1 s\n  2 tables\n  data/runs/01a204ce-b8e3-71da-98bd-2f26a605b88f/a.xlsx\n";
    for shown in [
        "✓ a.xlsx  271 ms\n  2 tables\n  data/runs/01a204ce-0000-71da-98bd-2f26a605b88f/a.xlsx",
        "…\n  2 tables\n…",
        "✓ a.xlsx  …\n  2 …\n  data/…/a.xlsx",
    ] {
        assert_eq!(fit_lines(&lines(shown), &lines(said)).0, 0, "{shown}");
    }
    for shown in ["✓ a.xlsx  3.1 s", "…\n  3 tables\n…", "…\n  2 tables", ""] {
        assert_ne!(fit_lines(&lines(shown), &lines(said)).0, 0, "{shown}");
    }
}

fn what_is_written_anew_keeps_its_wildcards() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (shown, said, anew) in [
        ("a …\nb\nc", "a 3 s\nB\nc", "a …\nB\nc"),
        ("a\n…\nd", "a\nb\nc\nD", "a\n…\nD"),
        ("a\nb\nc", "a\nc", "a\nc"),
        ("a\nc", "a\nb\nc\nd", "a\nb\nc\nd"),
        ("…\na …", "x\na 1", "…\na …"),
        ("", "a", "a"),
    ] {
        let (_, written) = fit_lines(&lines(shown), &lines(said));
        assert_eq!(written, lines(anew), "{shown} {said}");
    }
}
