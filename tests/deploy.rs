//! What is deployed starts: the units of systemd, and the image of a container, each with its own commands and variables.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::{Place, Running};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A folder with `ade` on PATH, and a workbook.
fn desk(name: &str) -> Place {
    let place = Place::named(name);
    fs::create_dir_all(place.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_ade"), place.path("bin/ade")).unwrap();
    let roster = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/messy-roster.xlsx");
    fs::copy(roster, place.path("roster.xlsx")).unwrap();
    place
}

fn shell(place: &Place, line: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).env_clear();
    let command = place.command();
    shell.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let path = &place.variables()[std::ffi::OsStr::new("PATH")];
    let mut folders = vec![place.path("bin")];
    folders.extend(std::env::split_paths(path));
    shell.env("PATH", std::env::join_paths(folders).unwrap());
    shell.current_dir(place.path(""));
    shell
}

fn types(place: &Place, line: &str) -> (i32, String) {
    let done = Running::start(shell(place, line)).wait();
    (done.status, format!("{}{}", done.stdout, done.stderr))
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
            Some((start, command))
                if start.starts_with("docker run ") || start.starts_with("docker exec ") =>
            {
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
