//! Real clients use the API: curl as docs/reference/api.md says, and a program with httpx. Those that are made from its description are tried
//! by .ci/clients.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

mod common;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::trials::{Missing, Tried, trials};
use common::{Place, Server, machine};

trials!(
    the_session_of_the_documentation_works_as_it_is_written,
    a_program_in_python_uses_the_api,
);

fn demand(program: &str, flag: &str) -> Tried {
    let found = Command::new(program).arg(flag).output();
    match found {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(Missing(format!("{program} is not here"))),
    }
}

/// Runs a command to its end. Returns what it printed.
#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    out.into_owned()
}

fn served() -> (Place, Server) {
    let mut place = Place::cold();
    place.hurry();
    let server = Server::dev(&place, "");
    (place, server)
}

fn the_session_of_the_documentation_works_as_it_is_written() -> Tried {
    demand("curl", "--version")?;
    let document = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/api.md"),
    )
    .unwrap();
    let chapter = document.split("## From upload to download").nth(1).unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let blocks: Vec<&str> = chapter
        .split("```sh\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let [start, typed @ ..] = &blocks[..] else {
        panic!("the chapter begins with the server");
    };
    assert_eq!(*start, "ade init crew\nade dev\n");
    let mut place = Place::new();
    place.hurry();
    place.ade("init crew").succeeds();
    let server = Server::dev(&place, "");
    // The port is the only thing that differs.
    let script = typed.concat();
    let here = script.replace(
        "http://127.0.0.1:8000",
        &format!("http://{}", server.address),
    );
    assert_ne!(here, script);
    symlink(env!("CARGO_BIN_EXE_ade"), place.path("ade")).unwrap();
    let path = format!(
        "{}:{}",
        place.path("").display(),
        std::env::var("PATH").unwrap()
    );
    let printed = done(
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", &here])
            .current_dir(place.path(""))
            .envs(place.variables())
            .env("PATH", path)
            .env("NO_PROXY", "127.0.0.1"),
    );
    assert!(printed.contains("event: run.complete\n"), "{printed}");
    assert!(printed.ends_with("succeeded\n"), "{printed}");
    let cells = place.cells("sample_normalized.xlsx");
    assert!(cells.to_string().contains("First name"), "{cells}");
    Ok(())
}

fn a_program_in_python_uses_the_api() -> Tried {
    let (place, server) = served();
    let configuration = place.configuration_id("config");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/client.py");
    let printed = done(
        Command::new(machine().uv())
            .env("NO_PROXY", "127.0.0.1")
            .args([
                "run",
                "--no-project",
                "--quiet",
                "--with",
                "httpx==0.28.1",
                "python",
            ])
            .arg(&script)
            .arg(format!("http://{}", server.address))
            .args([&server.token, &configuration])
            .arg(place.path("members.csv")),
    );
    assert_eq!(printed.trim(), "done");
    Ok(())
}

fn main() -> std::process::ExitCode {
    common::trials::run(TRIALS.to_vec())
}
