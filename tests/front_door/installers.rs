//! Environments that `ade` builds: with each uv that it may find, with and without a network and a Python, and with a timeout.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads its caller's process variables"
)]

use crate::common;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Place, Running, Told, machine, snapshot};

/// Without uv on PATH.
fn without_uv(place: &mut Place) {
    place.forget_environments();
    place.set_path(&[
        &machine().only_python,
        Path::new("/usr/bin"),
        Path::new("/bin"),
    ]);
}

/// Settings for a proxy that does not exist, so that no index can be reached.
fn without_network(place: &mut Place) {
    place.forget_environments();
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "PIP_PROXY",
    ] {
        place.set(name, "http://127.0.0.1:9");
    }
    for name in ["NO_PROXY", "no_proxy", "PIP_FIND_LINKS", "UV_FIND_LINKS"] {
        place.unset(name);
    }
    place.set("UV_HTTP_RETRIES", "0");
    place.set("PIP_RETRIES", "0");
}

/// The program of a fetched uv, in a place.
fn fetched_uv() -> String {
    let real = machine().uv();
    let below = real.strip_prefix(machine().data.join("cache")).unwrap();
    format!("home/.cache/ade/{}", below.display())
}

#[test]
fn by_the_first_uv_on_path_that_is_recent_enough() {
    let mut place = Place::new();
    place.forget_environments();
    let old = place.write_program(
        "old/uv",
        "#!/bin/sh\necho 'uv 0.4.30 (61ed2a236 2024-11-04)'\n",
    );
    let machine = machine();
    place.set_path(&[
        old.parent().unwrap(),
        &machine.only_uv,
        &machine.only_python,
    ]);
    place.configuration("config");
    place
        .ade("env build config")
        .succeeds()
        .says("uv 0.4.30 at")
        .says("old/uv is too old");
    let environment = &place.environments()[0];
    let installer = environment["installer"].text();
    assert!(
        installer.starts_with("uv ") && installer != "uv 0.4.30",
        "{environment}"
    );
    // None was fetched, and no folder of the build is left.
    assert!(!place.path(fetched_uv()).exists());
    let left = place.files_below("data/venvs");
    assert!(!left.iter().any(|name| name.contains("/.build/")));
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn by_a_uv_that_is_fetched_once() {
    let mut place = Place::cold();
    without_uv(&mut place);
    // Two at once share it, and so do data directories.
    let both =
        ["one", "two"].map(|data| place.start(&format!("env build config --data-dir {data}")));
    let said = both.map(|build| build.wait().succeeds().stderr);
    let words = "there is no uv on PATH; fetching it once";
    let fetching = said.iter().filter(|said| said.contains(words));
    assert_eq!(fetching.count(), 1, "{said:?}");
    assert!(place.path(fetched_uv()).exists());
    let third = place.ade("run config members.csv").succeeds();
    third.stderr_has("Building the environment");
    third.stderr_lacks("fetching");
    let environment = &place.environments()[0];
    let installer = environment["installer"].text();
    assert!(installer.starts_with("uv "), "{environment}");
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn data_directories_share_what_was_fetched_and_compiled() {
    let mut place = Place::cold();
    place.unset("ADE_UV_CACHE_DIR");
    place.unset("ADE_PIP_CACHE_DIR");
    let cache = place.path("home/.cache/ade");
    symlink(machine().uv_cache(), cache.join("uv")).unwrap();
    for data in ["one", "two"] {
        let run = format!("run config members.csv --offline --data-dir {data}");
        place.ade_says(&run, "Environment ready");
        assert!(!place.path(data).join("cache").exists(), "{data}");
    }
    assert_eq!(std::fs::read_dir(cache.join("engine")).unwrap().count(), 1);
    assert!(cache.join("tools/pythons.json").exists());
    // XDG's folder comes before the home's, and the setting before both.
    place.set("XDG_CACHE_HOME", place.path("xdg"));
    let build = "env build config --force -q";
    place.set("ADE_UV_CACHE_DIR", machine().uv_cache());
    place.ade(build).succeeds();
    assert!(place.path("xdg/ade/engine").exists());
    place.set("ADE_CACHE_DIR", place.path("chosen"));
    place.ade(build).succeeds();
    assert!(place.path("chosen/engine").exists());
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn without_a_home_the_cache_is_below_the_data_directory() {
    let mut place = Place::cold();
    place.unset("HOME");
    place
        .ade("run config members.csv")
        .succeeds()
        .says("note: there is no home folder for the cache; ")
        .says("/data/cache is used");
    assert!(place.path("data/cache/engine").exists());
    let doctor = place.ade("doctor").succeeds();
    doctor.stdout_has("cache, because there is no home");
}

#[test]
fn a_dependency_that_does_not_exist_fails_in_the_installers_own_words() {
    let place = Place::new();
    let configuration = place.configuration("config");
    configuration.depend_on(&["no-such-package-of-ade==1.0"]);
    place.members("members.csv");
    place
        .ade("run config members.csv")
        .ends_with(3)
        .says("install_config: uv")
        .says("no-such-package-of-ade was not found")
        .says("hint: correct the dependencies");
    // It failed finally: the record has the error, and the log all lines of the installer.
    let environment = &place.environments()[0];
    assert_eq!(environment["status"], "failed");
    assert_eq!(environment["error"]["code"], "install_failed");
    let left = place.files_below("data/venvs");
    assert!(!left.iter().any(|name| name.contains("/.venv/")));
    let id = environment["id"].text();
    place.ade_prints(
        &format!("logs tail {id}"),
        "no-such-package-of-ade was not found",
    );
    place.ade("env path config").ends_with(2);
    place.ade("env build config --json").ends_with(3);
    place.ade("check config").ends_with(3);
    let shown = place.ade("env show config").succeeds();
    assert!(shown.stdout.starts_with("people failed\n"), "{shown}");
    shown
        .prints("error          install_config")
        .prints("hint           correct the dependencies");
    let shown = place.json("env show config --json");
    assert_eq!(shown["error"]["code"], "install_failed");
    assert!(shown["packages"].is_null(), "{shown}");
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn without_a_network_a_warm_cache_suffices_and_a_cold_one_says_what_to_do() {
    let mut place = Place::cold();
    without_network(&mut place);
    place
        .ade("run config members.csv --data-dir warm")
        .succeeds();
    place.set("ADE_UV_CACHE_DIR", place.path("cold"));
    place.forget_environments();
    place
        .ade("run config members.csv")
        .ends_with(3)
        .says("install_engine: uv")
        .says("hint:");
    assert_eq!(place.latest_run()["error"]["code"], "environment_failed");
    // The network is back.
    let cache = machine().uv_cache();
    place.set("ADE_UV_CACHE_DIR", cache);
    place.ade("run config members.csv").succeeds();
}

#[test]
fn without_a_network_uv_or_cache() {
    let mut place = Place::cold();
    without_uv(&mut place);
    without_network(&mut place);
    let run = place.ade("run config members.csv --offline");
    run.stderr_lacks("fetch");
    run.says(
        "there is no uv on PATH, and without a network it is looked for among local packages alone",
    )
    .says("there is no uv: none is among local packages")
    .says("hint: install uv");
    place.set("ADE_UV_CACHE_DIR", place.path("cold"));
    place.set("ADE_PIP_CACHE_DIR", place.path("cold-pip"));
    place
        .ade("run config members.csv")
        .ends_with(3)
        .says("there is no uv: none could be fetched (")
        .says("hint: install uv");
}

#[test]
fn offline_builds_from_caches_alone() {
    let mut place = Place::cold();
    let configuration = place.configuration("config");
    place.ade("run config members.csv --offline -q").succeeds();
    configuration.depend_on(&["et-xmlfile"]);
    place
        .run(
            &[("ADE_OFFLINE", "1")],
            ["run", "config", "members.csv", "-q"],
        )
        .succeeds();
    place.set("ADE_UV_CACHE_DIR", place.path("cold"));
    configuration.depend_on(&["openpyxl"]);
    let run = place.ade("run config members.csv --offline").ends_with(3);
    run.stderr_has("--offline");
    // What is ready needs no cache at all.
    configuration.depend_on(&[]);
    place.ade("run config members.csv --offline -q").succeeds();
}

#[test]
fn no_python() {
    let mut place = Place::cold();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    place.set_path(&[&empty]);
    snapshot!(place, place.ade("run config members.csv"), @r"
    status 3
    --- stderr
    error: no Python was found
    hint: install Python 3.10 or later, or name one with ADE_PYTHON; looked for python3, python, python3.14, python3.13, python3.12, python3.11, python3.10
    ");
    place.ade_fails("run config members.csv", 3, "python_unsuitable");
    place
        .ade("doctor")
        .ends_with(1)
        .prints("✗ python          no Python was found")
        .prints("→ install Python 3.10 or later")
        .prints("uv is fetched once, with the first environment");
    place.set("ADE_PYTHON", place.path("absent/python3"));
    place
        .ade("run config members.csv")
        .ends_with(3)
        .says("absent/python3");
}

/// As a wheel installs it: the program beside the Python and the uv of a virtual environment, which nobody has activated, and a
/// link to it on PATH, as `uv tool install` and pipx make one.
#[test]
fn an_ade_in_a_virtual_environment_uses_the_python_and_the_uv_of_that_environment() {
    let mut place = Place::cold();
    let (venv, empty) = (place.path("venv"), place.path("empty"));
    std::fs::create_dir(&empty).unwrap();
    let done = |command: &mut Command| assert!(command.status().unwrap().success());
    done(
        Command::new(&machine().python)
            .args(["-m", "venv", "--without-pip"])
            .arg(&venv),
    );
    done(
        Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_ade"))
            .arg(venv.join("bin/ade")),
    );
    symlink(machine().uv(), venv.join("bin/uv")).unwrap();
    symlink(venv.join("bin/ade"), empty.join("ade")).unwrap();
    place.set_path(&[&empty]);
    place.ade("run config members.csv").ends_with(3);
    let installed = |line: &str| {
        let mut command = Command::new(empty.join("ade"));
        command.args(line.split(' ')).current_dir(place.path(""));
        command.env_clear().envs(place.variables());
        Running::start(command).wait().succeeds()
    };
    installed("run config members.csv");
    let environment = installed("env path config").stdout;
    let manifest = std::fs::read_to_string(Path::new(environment.trim()).join("pyvenv.cfg"));
    let home = manifest
        .unwrap()
        .lines()
        .find_map(|line| line.strip_prefix("home = ").map(PathBuf::from))
        .unwrap();
    let real = machine().python.canonicalize().unwrap();
    assert_eq!(
        home.join("python3").canonicalize().unwrap(),
        real,
        "{environment}"
    );
    assert!(!place.path(fetched_uv()).exists());
    let uv = venv.join("bin/uv").display().to_string();
    let doctor = installed("doctor").stdout;
    assert!(doctor.contains(&uv), "{doctor}");
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_build_that_takes_too_long() {
    let mut place = Place::cold();
    place.forget_environments();
    let _never = place.hold_installs();
    place.set("ADE_BUILD_TIMEOUT", "2");
    place
        .ade("run config members.csv")
        .ends_with(3)
        .says("2 s")
        .says("ADE_BUILD_TIMEOUT");
}
