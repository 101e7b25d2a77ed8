//! The folder of one test, and the `ade` commands in it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::Assert;
use serde_json::Value;
use tempfile::TempDir;

use super::HANG;
use super::machine::{machine, network_variables};
use super::printed::Printed;
use super::running::{Running, wait_for};
use super::told::Told;

/// A test's folder, deleted with the test.
pub struct Place {
    folder: TempDir,
    root: PathBuf,
    variables: BTreeMap<OsString, OsString>,
}

impl Place {
    /// Makes a place with uv on PATH and warm caches, like a machine that has worked before.
    pub fn new() -> Self {
        Self::named("place")
    }

    /// Makes a place in a folder whose name begins with `name`.
    pub fn named(name: &str) -> Self {
        let machine = machine();
        let folder = tempfile::Builder::new()
            .prefix(&format!("ade-{name}-"))
            .tempdir()
            .unwrap();
        let root = folder.path().canonicalize().unwrap();
        // The user's cache, which all data directories in the place share.
        let cache = root.join("home/.cache/ade");
        fs::create_dir_all(cache.join("tools")).unwrap();
        let mut place = Self {
            root,
            folder,
            variables: network_variables().into_iter().collect(),
        };
        place.remember_environments();
        place.set_path(&[
            &machine.only_uv,
            &machine.only_python,
            Path::new("/usr/bin"),
            Path::new("/bin"),
        ]);
        place.set("HOME", place.path("home"));
        place.set("NO_COLOR", "1");
        place.set("LANG", "C.UTF-8");
        // Runs wait at gates, which are files in the folder. Tests of forbidden writes unset this variable.
        place.set("ADE_SANDBOX_WRITE", place.path(""));
        // Every test must also pass if every run, or none, is a fork of a warm engine.
        if let Some(warm) = std::env::var_os("ADE_TEST_WARM_ENGINES") {
            place.set("ADE_WARM_ENGINES", warm);
        }
        if let Some(url) = super::postgres::of_all_places() {
            place.set("ADE_DATABASE_URL", url);
        }
        place.set("ADE_UV_CACHE_DIR", machine.uv_cache());
        place.set("ADE_PIP_CACHE_DIR", machine.pip_cache());
        place
    }

    /// Makes a place with the configuration `config` and the inputs `members.csv` and `people.csv`.
    pub fn cold() -> Self {
        let place = Self::new();
        place.configuration("config");
        place.members("members.csv");
        place.people();
        place
    }

    /// Like [`Self::cold`], with the environment already built.
    pub fn ready() -> Self {
        let place = Self::cold();
        place.warm("config");
        place
    }

    /// Makes a place with the configuration `crew` from `ade init`, and a run of this file.
    pub fn crew(name: &str, content: impl AsRef<[u8]>) -> Self {
        let place = Self::new();
        place.ade("init crew -q").success();
        place.write(name, content);
        place.ade(&format!("run crew {name} -q")).success();
        place
    }

    /// Like [`Self::ready`], with a configuration whose runs wait at a gate.
    pub fn gated() -> (Self, Gate) {
        let place = Self::ready();
        let gate = place.gate("gate");
        place.configuration("config").wait_at(&gate);
        (place, gate)
    }

    /// Returns the path of the folder, or of something in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    /// Sets an environment variable for every later `ade`.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.variables
            .insert(name.into(), value.as_ref().to_owned());
    }

    /// Removes an environment variable.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(OsStr::new(name));
    }

    /// Returns the environment variables of every `ade` in this place.
    pub fn variables(&self) -> &BTreeMap<OsString, OsString> {
        &self.variables
    }

    /// Sets PATH to these folders.
    pub fn set_path(&mut self, folders: &[&Path]) {
        self.set("PATH", std::env::join_paths(folders).unwrap());
    }

    /// Writes a file, and creates the folders above it.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes an executable script.
    pub fn write_program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.write(name, script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Reads a file as text.
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Writes a configuration with the fields `name` and `email`; an e-mail address without @ is an issue.
    pub fn configuration(&self, name: &str) -> Configuration {
        let configuration = Configuration {
            folder: self.path(name),
        };
        configuration.depend_on(&[]);
        configuration.write("src/ade_config/__init__.py", "");
        configuration.write("src/ade_config/row_detectors/rows.py", ROWS);
        configuration.write("src/ade_config/columns/fields.py", COLUMNS);
        configuration
    }

    /// Writes a small list of people, one with a wrong address: an input with one issue.
    pub fn people(&self) -> PathBuf {
        self.write("people.csv", PEOPLE)
    }

    /// Writes a small list without issues.
    pub fn members(&self, name: &str) -> PathBuf {
        self.write(name, "Name,Email\nAnn,ann@example.org\n")
    }

    /// Writes the small list without issues under each of these names.
    pub fn all_members(&self, names: impl IntoIterator<Item = impl AsRef<str>>) {
        for name in names {
            self.members(name.as_ref());
        }
    }

    /// Returns an `ade` command that is ready to start in this place.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ade"));
        command
            .current_dir(&self.root)
            .env_clear()
            .envs(&self.variables);
        command
    }

    /// Runs `ade` to its end; the line is split at spaces.
    pub fn ade(&self, line: &str) -> Assert {
        self.ade_with(line.split_whitespace())
    }

    /// Runs `ade`, which must succeed and print one JSON document.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        self.ade(line).success().json()
    }

    /// Runs `ade`, which must succeed and print these words on standard error.
    #[track_caller]
    pub fn ade_says(&self, line: &str, words: &str) {
        self.ade(line).success().says(words);
    }

    /// Runs `ade`, which must succeed and print these words on standard output.
    #[track_caller]
    pub fn ade_prints(&self, line: &str, words: &str) {
        self.ade(line).success().prints(words);
    }

    /// Runs `ade`, which must refuse with status 2 and these words on standard error.
    #[track_caller]
    pub fn ade_refuses(&self, line: &str, words: &str) {
        self.ade(line).code(2).says(words);
    }

    /// Runs `ade` with `--json`, which must end with this status and this error code.
    #[track_caller]
    pub fn ade_fails(&self, line: &str, status: i32, code: &str) {
        let failed = self.ade(&format!("{line} --json")).code(status);
        assert_eq!(failed.error()["code"], code, "{failed}");
    }

    /// Runs `ade` with these arguments to its end.
    pub fn ade_with(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Assert {
        self.run(&[], arguments)
    }

    /// Runs `ade` to its end with further environment variables.
    pub fn run(
        &self,
        variables: &[(&str, &str)],
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Assert {
        let mut command = self.command();
        command.args(arguments).envs(variables.iter().copied());
        Self::to_its_end(command)
    }

    /// Runs a shell command in the folder, with the same environment variables.
    pub fn shell(&self, line: &str) -> Assert {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .current_dir(&self.root)
            .env_clear()
            .envs(&self.variables);
        Self::to_its_end(command)
    }

    /// Runs a command to its end.
    pub fn to_its_end(command: Command) -> Assert {
        assert_cmd::Command::from_std(command)
            .timeout(HANG)
            .assert()
    }

    /// Starts `ade` without waiting for it.
    pub fn start(&self, line: &str) -> Running {
        let mut command = self.command();
        command.args(line.split_whitespace());
        Running::start(command)
    }

    /// Returns every command below `ade`, as the help texts list them.
    pub fn commands(&self) -> Vec<CommandName> {
        let mut commands = Vec::new();
        let mut waiting = vec![Vec::new()];
        while let Some(words) = waiting.pop() {
            let help = self.ade(&format!("{} --help", words.join(" "))).success();
            let below = listed_commands(&help.printed());
            for name in &below {
                waiting.push([words.as_slice(), std::slice::from_ref(name)].concat());
            }
            if !words.is_empty() {
                commands.push(CommandName {
                    words,
                    is_group: !below.is_empty(),
                });
            }
        }
        commands
    }

    /// Builds the environment of a configuration, so that later commands print only the run.
    pub fn warm(&self, configuration: &str) {
        self.ade(&format!("env build {configuration} -q")).success();
    }

    /// Returns the newest run.
    pub fn latest_run(&self) -> Value {
        self.ade("runs ls --limit 1 --json").json()[0].clone()
    }

    /// Returns the id of the newest run.
    #[track_caller]
    pub fn latest_id(&self) -> String {
        self.latest_run()["id"].string()
    }

    /// Reads the audit record in a run's folder.
    #[track_caller]
    pub fn artifact(&self, run_folder: &str) -> Value {
        serde_json::from_str(&self.read(format!("{run_folder}/artifact.json"))).unwrap()
    }

    /// Reads the audit record of the newest run.
    #[track_caller]
    pub fn latest_artifact(&self) -> Value {
        self.artifact(self.latest_run()["run_dir"].text())
    }

    /// Returns the statuses of all runs, newest first.
    pub fn statuses(&self) -> Vec<String> {
        let runs = self.ade("runs ls --json").json();
        runs.texts("status")
    }

    /// Returns the finding of `ade doctor` with this name.
    #[track_caller]
    pub fn finding(&self, name: &str) -> Value {
        self.ade("doctor --json").json().with("name", name).clone()
    }

    /// Returns the environments, last used first.
    pub fn environments(&self) -> Vec<Value> {
        self.ade("env ls --json").json().list().clone()
    }

    /// Returns the cells of a workbook, by sheet.
    pub fn cells(&self, path: impl AsRef<Path>) -> Value {
        let output = Command::new(&machine().reader)
            .args(["-I", "-c", READ])
            .arg(self.path(path))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Returns a gate for runs, for use in a configuration's code.
    pub fn gate(&self, name: &str) -> Gate {
        Gate {
            reached: self.path(format!("{name}-reached")),
            open: self.path(format!("{name}-open")),
        }
    }

    /// Puts a uv first on PATH that waits at a gate before it installs anything, and then acts as the real one.
    pub fn hold_installs(&mut self) -> Gate {
        let gate = self.gate("gate");
        self.before_installs(&format!(
            ": > '{}'\n  while [ ! -e '{}' ]; do sleep 0.02; done",
            gate.reached.display(),
            gate.open.display(),
        ));
        gate
    }

    /// Removes the environments that others could be linked to, so that the next environment is really installed.
    pub fn forget_environments(&self) {
        let kept = self.path("home/.cache/ade/environments");
        // Either a link to the environments of all tests, or this place's own folder.
        let _ = fs::remove_file(&kept).or_else(|_| fs::remove_dir_all(&kept));
    }

    /// Lets the next environment be linked to a shared one with the same packages, because installing and compiling takes
    /// longer than everything else in a test.
    pub fn remember_environments(&self) {
        self.forget_environments();
        // A linked folder is not this cache's own, so nothing in it is collected.
        let kept = self.path("home/.cache/ade/environments");
        symlink(machine().environments(), kept).unwrap();
    }

    /// Puts a uv first on PATH that runs a shell script before it installs anything, and then acts as the real one.
    pub fn before_installs(&mut self, script: &str) {
        self.forget_environments();
        let uv = machine().uv();
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *'pip install'*)\n  {script};;\nesac\nexec '{}' \"$@\"\n",
            uv.display()
        );
        self.write_program("held/uv", &script);
        let (held, python) = (self.path("held"), machine().only_python.clone());
        self.set_path(&[&held, &python, Path::new("/usr/bin"), Path::new("/bin")]);
    }

    /// Returns all files below a folder, relative to it, sorted.
    pub fn files_below(&self, name: impl AsRef<Path>) -> Vec<String> {
        let base = self.path(name);
        let mut waiting = vec![base.clone()];
        let mut found = Vec::new();
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    waiting.push(entry.path());
                } else {
                    let path = entry.path();
                    found.push(path.strip_prefix(&base).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    /// Returns the patterns that differ from run to run and between machines, with their replacements.
    fn differing(&self) -> Vec<(String, &'static str)> {
        let here = escape(self.root.to_str().unwrap());
        let patterns = [
            (here.as_str(), "[HERE]"),
            (r"[0-9a-f]{64}", "[SHA256]"),
            (r"embedded:[0-9.]+:[0-9a-f]{16}", "[ENGINE]"),
            (
                r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "[ID]",
            ),
            // Six digits, or more if several ids end alike.
            (r"(?m)^[0-9a-f]{6,8}  ", "[SHORT-ID]  "),
            (r"(environment|run) [0-9a-f]{6,8} ", "$1 [SHORT-ID] "),
            (r"`ade issues [0-9a-f]{6,8}`", "`ade issues [SHORT-ID]`"),
            (r"deps-[0-9a-f]{16}", "deps-[DIGEST]"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[INSTANT]"),
            (
                r"(\d+ h )?\d+ min( \d+ s)?|\b\d+ ms\b|\b\d+\.\d+ s\b",
                "[TIME]",
            ),
            (r#""duration_ms":( ?)\d+"#, r#""duration_ms":$1[MS]"#),
            (r"just now|\d+ (s|min|h|d) ago|\[TIME\] ago", "[AGO]"),
            (r"\b\d+\.\d [KMG]iB\b", "[SIZE]"),
            // Columns of a table are as wide as the text that was replaced in them.
            (r" +(\[TIME\]|\[SIZE\])  ", "  $1  "),
            (r"(ISSUES|PYTHON) +(TOOK|SIZE)  ", "$1  $2  "),
            // The seconds in the line of one of several files.
            (r"(?m)^([✓⚠✗◐] .{30,}?) +\d+\.\d($|  )", "$1  [S]$2"),
            (r#""size_bytes":( ?)\d{6,}"#, r#""size_bytes":$1[BYTES]"#),
            (r"\b\d\d:\d\d:\d\d\.\d{3}\b", "[CLOCK]"),
            (r"\b[A-Za-z0-9-]+:\d{2,}:\d+\b", "[WORKER]"),
            (
                r"\b(uv|polars|polars-runtime-\d+|openpyxl|et-xmlfile) \d+(\.\d+)+",
                "$1 [VERSION]",
            ),
            (r"\b3\.\d+\.\d+\b", "[PYTHON]"),
            (r"(submitted by +user) \S+", "$1 [USER]"),
            (
                r#"(paused by user|"paused_by": "user) [^";: \n]+"#,
                "$1 [USER]",
            ),
            (
                r#""submitted_by":( ?)\{[^}]*\}"#,
                r#""submitted_by":$1[USER]"#,
            ),
        ];
        let owned = |(pattern, replacement): (&str, _)| (pattern.to_owned(), replacement);
        patterns.map(owned).into()
    }

    /// Returns the same replacements for snapshots.
    pub fn filters(&self) -> insta::Settings {
        let mut settings = insta::Settings::clone_current();
        for (pattern, replacement) in self.differing() {
            settings.add_filter(&pattern, replacement);
        }
        settings
    }

    /// Returns a function that makes these replacements in a text, and shortens the padding before `[AGO]`.
    pub fn settling(&self) -> impl Fn(&str) -> String + use<> {
        let cell = (" {2,}\\[AGO]".to_owned(), "  [AGO]");
        let all = self.differing().into_iter().chain([cell]);
        let all: Vec<_> = all
            .map(|(pattern, replacement)| (regex::Regex::new(&pattern).unwrap(), replacement))
            .collect();
        move |text| {
            all.iter()
                .fold(text.to_owned(), |text, (pattern, replacement)| {
                    pattern.replace_all(&text, *replacement).into_owned()
                })
        }
    }
}

impl Drop for Place {
    /// Snapshots and their folders are read-only; otherwise only root could delete them.
    fn drop(&mut self) {
        let mut waiting = vec![self.root.clone()];
        while let Some(folder) = waiting.pop() {
            let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o755));
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder && entry.file_name() != ".venv" {
                    waiting.push(entry.path());
                }
            }
        }
    }
}

/// A command below `ade`.
#[derive(Debug)]
pub struct CommandName {
    /// The words of the command, such as `runs`, `retry`.
    pub words: Vec<String>,
    /// True if the command only groups other commands.
    pub is_group: bool,
}

/// Returns the commands that a help text lists.
fn listed_commands(help: &str) -> Vec<String> {
    let lists = help.split("\n\n").filter(|part| {
        let heading = part.lines().next().unwrap_or_default();
        heading.starts_with("Commands") && heading.ends_with(':') || heading == "Further commands:"
    });
    lists
        .flat_map(|list| list.lines().skip(1))
        .filter_map(|line| line.strip_prefix("  "))
        // A line that is indented further continues the line above.
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase()))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// Escapes a text so that a pattern matches it literally.
fn escape(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if letter.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// The folder of a test's configuration.
pub struct Configuration {
    pub folder: PathBuf,
}

impl Configuration {
    /// Writes a file of the configuration.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes the manifest with these dependencies.
    pub fn depend_on(&self, dependencies: &[&str]) {
        let listed = serde_json::to_string(dependencies).unwrap();
        self.write(
            "pyproject.toml",
            &format!("[project]\nname = \"people\"\nversion = \"1.0\"\nrequires-python = \">=3.10\"\ndependencies = {listed}\n"),
        );
    }

    /// Makes every run wait at the gate when it begins, until the gate is opened.
    pub fn wait_at(&self, gate: &Gate) {
        self.wait_at_with(gate, "", "");
    }

    /// Like [`Self::wait_at`], with code before and after the wait.
    pub fn wait_at_with(&self, gate: &Gate, before: &str, after: &str) {
        let indent =
            |code: &str| -> String { code.lines().map(|line| format!("    {line}\n")).collect() };
        self.write(
            "src/ade_config/hooks/gate.py",
            &format!(
                "import os, time\n\n\ndef wait():\n{}    open({:?}, \"w\").close()\n    while not os.path.exists({:?}):\n        time.sleep(0.01)\n{}\n\ndef register(registry):\n    registry.register_hook(wait, hook=\"on_workbook_start\", priority=10)\n",
                indent(before),
                gate.reached,
                gate.open,
                indent(after),
            ),
        );
    }
}

/// Two files: the first shows that a run waits, the second lets it continue.
pub struct Gate {
    pub reached: PathBuf,
    pub open: PathBuf,
}

impl Gate {
    /// Waits until a run waits at the gate.
    #[track_caller]
    pub fn wait_until_reached(&self) {
        wait_for(&format!("{}", self.reached.display()), || {
            self.reached.exists()
        });
    }

    /// Lets all waiting runs continue.
    pub fn open(&self) {
        fs::write(&self.open, "").unwrap();
    }
}

const PEOPLE: &str = "Name,Email,Shoe size\nAnn,ann@example.org,38\nBob,bob(at)example.org,44\n";

const ROWS: &str = r#"
def first_row_is_header(row_index):
    return {"header": 1.0} if row_index == 1 else {"data": 1.0}


def register(registry):
    registry.register_row_detector(first_row_is_header, row_kind="header", priority=10)
"#;

const COLUMNS: &str = r#"
import polars as pl
from ade_engine.models import FieldDef


def by_header(column_header_original, field_name):
    return {field_name: 1.0} if column_header_original.lower() == field_name else None


def check(field_name):
    return pl.when(~pl.col(field_name).cast(pl.String).str.contains("@")).then(pl.lit("no address"))


def register(registry):
    for name in ("name", "email"):
        registry.register_field(FieldDef(name=name, label=name.title()))
        registry.register_column_detector(by_header, field=name, priority=10)
    registry.register_column_validator(check, field="email", priority=10)
"#;

const READ: &str = r#"
import json, sys
from openpyxl import load_workbook
book = load_workbook(sys.argv[1])
print(json.dumps({sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}, default=str))
"#;
