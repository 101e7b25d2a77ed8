//! Units of systemd, the Dockerfile and the page about containers do what they say, without systemd and without an engine for
//! containers: the tests type the commands that they start, with their variables.

use crate::common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::Place;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A place with the variables of the image, whose volumes are folders here.
fn image(dockerfile: &str) -> Place {
    let mut place = Place::named("image");
    for line in dockerfile.lines() {
        let variables = line.strip_prefix("ENV ").unwrap_or_default().split(' ');
        for (name, value) in variables.filter_map(|pair| pair.split_once('=')) {
            place.set(name, value.trim_start_matches('/'));
        }
    }
    place
}

#[test]
fn the_units_start_on_an_empty_data_directory() {
    for (unit, main) in [("worker", "worker --grace"), ("serve", "serve --grace")] {
        let place = Place::named("unit");
        let text = read(&format!("docs/deploy/ade-{unit}.service"));
        let commands = |key: &str| -> Vec<String> {
            let start = format!("{key}=/usr/local/bin/ade ");
            let commands = text.lines().filter_map(|line| line.strip_prefix(&*start));
            commands.map(str::to_owned).collect()
        };
        for before in commands("ExecStartPre") {
            place.ade(&before).success();
        }
        let started = commands("ExecStart");
        let [started] = &started[..] else {
            panic!("{started:?}")
        };
        assert!(started.starts_with(main), "{started}");
        if unit == "worker" {
            place.ade(&format!("{started} --drain")).success();
        } else {
            let mut server = place.start(&format!("{started} --port 0"));
            server.wait_until_says("serving on");
            server.stops();
        }
    }
}

/// Checks that units start again after a full disk, which passes, and not after a wrong setting, which stays wrong.
#[test]
fn the_units_are_started_again_when_the_database_could_not_serve() {
    for unit in ["worker", "serve"] {
        let text = read(&format!("docs/deploy/ade-{unit}.service"));
        let has = |line: &str| assert!(text.lines().any(|found| found == line), "{unit}: {line}");
        has("StartLimitIntervalSec=0");
        has("Restart=on-failure");
        has("RestartPreventExitStatus=2");
        has("UMask=0077");
        has("StateDirectoryMode=0700");
        // A start may wait for room for as long as the disk is full.
        has("Type=notify");
        has("TimeoutStartSec=infinity");
    }
}

/// Checks that systemd reads the units without a warning.
#[test]
fn systemd_understands_the_units() {
    let place = Place::named("units");
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify");
    for name in [
        "ade-worker.service",
        "ade-serve.service",
        "ade-serve.socket",
    ] {
        let unit = read(&format!("docs/deploy/{name}"));
        let unit = unit.replace("/usr/local/bin/ade", env!("CARGO_BIN_EXE_ade"));
        place.write(name, unit);
        verify.arg(place.path(name));
    }
    let Ok(done) = verify.output() else {
        eprintln!("not tested, because there is no systemd-analyze here");
        return;
    };
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_image_starts_on_empty_volumes() {
    let dockerfile = read("Dockerfile");
    let command = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("CMD "));
    let words: Vec<String> = serde_json::from_str(command.unwrap()).unwrap();
    let place = image(&dockerfile);
    place.ade(&format!("{} --drain", words.join(" "))).success();
    let user = dockerfile.lines().find(|line| line.starts_with("USER "));
    assert_eq!(user, Some("USER 10001"), "not root");
}

/// Types the commands of the page about containers, from the first to the last.
#[test]
#[ignore = "long: .ci/nightly front"]
fn the_commands_for_containers_work() {
    let place = image(&read("Dockerfile"));
    place.ade("init crew").success();
    // The worker that the page starts before.
    place.ade("worker --drain").success();
    let mut typed = Vec::new();
    for line in read("docs/how-to/container.md").lines().map(str::trim) {
        let inside = match line.split_once(" ade ") {
            Some((start, command))
                if ["docker run ", "docker exec "]
                    .iter()
                    .any(|docker| start.starts_with(docker)) =>
            {
                command
            }
            _ => continue,
        };
        let inside = inside.split("  #").next().unwrap().trim();
        let here = inside
            .replace("/tmp/clean", "clean")
            .replace("--host 0.0.0.0", "--port 0");
        if inside.starts_with("serve ") {
            // From outside of a container, its loopback and the ports that are not published cannot be reached.
            assert!(inside.contains("--host 0.0.0.0"), "{line}");
            assert!(line.contains(" -p 127.0.0.1:8000:8000 "), "{line}");
            let mut server = place.start(&here);
            server.wait_until_says("serving on");
            server.stops();
        } else {
            place.ade(&here).success();
        }
        typed.push(inside.split(' ').next().unwrap().to_owned());
    }
    assert_eq!(typed, ["doctor", "run", "tokens", "serve"]);
    assert!(!place.files_below("clean").is_empty());
}
