//! Standard output that cannot be written: every command says so, and none ends as if all had gone well.

use crate::common;

use common::{Assert, Place, Printed};

/// The command lines, in an order in which each has something to print. `RUN` and `ENVIRONMENT` are ids.
const CALLS: [&str; 57] = [
    "init other",
    "shape crew/sample.xlsx",
    "lock crew",
    "check crew",
    "test crew",
    "ci crew",
    "run crew crew/sample.xlsx",
    "run crew crew/sample.xlsx --json",
    "runs ls",
    "runs ls --json",
    "runs show RUN",
    "runs diff RUN RUN",
    "explain RUN",
    "issues RUN",
    "annotate RUN -o marked.xlsx",
    "report RUN --html page.html",
    "drift crew/sample.xlsx --config crew",
    "fix RUN",
    "ack RUN merged_cells",
    "logs tail RUN",
    "configs archive crew --json",
    "configs restore crew --json",
    "runs again RUN",
    "runs cancel latest",
    "runs retry RUN",
    "runs rm RUN",
    "env build crew",
    "env path crew",
    "env show ENVIRONMENT",
    "env ls",
    "env gc --dry-run",
    "configs ls",
    "configs show crew",
    "configs export crew",
    "configs activate crew --json",
    "configs default crew --json",
    "configs limit crew 2 --json",
    "configs deactivate crew --json",
    "workspaces ls",
    "workspaces rename default here --json",
    "deliveries ls --json",
    "workers ls --json",
    "pause --json",
    "resume --json",
    "tokens create ann",
    "tokens ls",
    "tokens revoke ann",
    "backup kept.tar.gz",
    "restore kept.tar.gz --data-dir fresh",
    "migrate",
    "openapi",
    "openapi-types",
    "doctor",
    "settings",
    "docs",
    "completions bash",
    "man",
];

/// The commands that are not tried: they print nothing there, run until they are stopped, or need a worker, a delivery or an object
/// that nothing uses.
const NOT_TRIED: [&str; 11] = [
    "configs rename",
    "configs rm",
    "deliveries retry",
    "dev",
    "env rm",
    "serve",
    "top",
    "worker",
    "workers quiet",
    "workers resume",
    "workspaces rm",
];

/// Runs `ade` with its standard output going elsewhere.
fn to(place: &Place, redirection: &str, line: &str) -> Assert {
    place.shell(&format!(
        "{} {line} {redirection}",
        env!("CARGO_BIN_EXE_ade")
    ))
}

#[test]
fn every_command_says_that_its_output_was_lost() {
    let place = Place::new();
    place.ade("init crew -q").success();
    place.ade("run crew crew/sample.xlsx -q").success();
    let run = place.latest_id();
    let environment = place.environments()[0]["id"].as_str().unwrap().to_owned();
    for line in CALLS {
        let line = line
            .replace("RUN", &run)
            .replace("ENVIRONMENT", &environment);
        let lost = to(&place, "> /dev/full", &line).code(2);
        lost.says("cannot write to standard output: no space left on device");
    }
    // The page has all commands, as tests/form checks.
    let page = include_str!("../../docs/reference/commands.md");
    let lines = page.lines();
    let commands: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("## ade "))
        .collect();
    for words in &commands {
        let below = format!("{words} ");
        let is_call = |call: &&str| call == words || call.starts_with(&below);
        let is_tried = CALLS.iter().any(is_call) || NOT_TRIED.contains(words);
        let is_group = commands.iter().any(|other| other.starts_with(&below));
        assert!(is_group || is_tried, "{words} is not tried");
    }
    assert!(commands.len() > 50, "{commands:?}");
    for line in ["--help", "-h", "--version", "help runs"] {
        to(&place, "> /dev/full", line).code(2);
    }
    // The commands do their work all the same.
    assert!(place.path("kept.tar.gz").is_file() && place.path("page.html").is_file());
}

#[test]
fn a_reader_that_wants_no_more_is_no_error_and_a_slow_one_gets_all() {
    let place = Place::new();
    // The output is more than a pipe holds, so that the pipe is closed before all is written.
    let ade = env!("CARGO_BIN_EXE_ade");
    let closed = place.shell(&format!("{{ {ade} openapi; echo status $? >&2; }} | true"));
    assert_eq!(closed.said(), "status 0\n");
    // The descriptor is open for reading alone.
    to(&place, "1< /dev/null", "--version")
        .code(2)
        .says("bad file descriptor");
    // Scripts get the code of the error.
    let error = to(&place, "> /dev/full", "settings --json").code(2).error();
    assert_eq!(error["code"], "output_unwritable");
    // `ade` waits for a full pipe that does not block.
    let program = format!(
        "import os, subprocess, sys, time\n\
         out, inlet = os.pipe()\n\
         os.set_blocking(inlet, False)\n\
         child = subprocess.Popen([{:?}, 'openapi'], stdout=inlet)\n\
         os.close(inlet)\n\
         time.sleep(0.2)\n\
         text = open(out, 'rb').read()\n\
         sys.exit(child.wait() or (len(text) < 100_000) or text[-2:] != b'}}\\n')\n",
        ade
    );
    place.write("slow.py", program);
    place.shell("python3 slow.py").success();
}
