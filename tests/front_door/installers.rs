//! Builds that are interrupted, and a uv that two builds fetch. Messages of builds are in `tests/cli/installers.md` and
//! `env-build*.md`.

use crate::common;

use std::path::Path;

use common::{Place, Printed, Told, machine};

#[test]
fn an_interrupt_in_any_step_leaves_nothing_that_counts_and_the_next_build_succeeds() {
    let place = Place::cold();
    place.forget_environments();
    for step in [
        "prepare installer",
        "create venv",
        "install engine",
        "install config",
    ] {
        let mut build = place.start("env build config --force");
        build.wait_until_says(&format!("✓ {step}"));
        build.signal(libc::SIGINT);
        let ended = build.wait();
        let left = place.files_below("data/venvs");
        let counts = |name: &String| name.ends_with("/.ready") || name.contains("/.venv/");
        // If this test was kept from running for long, the build has finished.
        assert!(
            ended.status() == Some(0) || !left.iter().any(counts),
            "{step}: {ended} {left:?}"
        );
    }
    place.remember_environments();
    place.ade("env build config").success();
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_uv_is_fetched_once() {
    let mut place = Place::cold();
    place.forget_environments();
    place.set_path(&[
        &machine().only_python,
        Path::new("/usr/bin"),
        Path::new("/bin"),
    ]);
    // A Python without pip gets it through a virtual environment that passes.
    place.shell("python3 -m venv --without-pip bare").success();
    place.set("ADE_PYTHON", place.path("bare/bin/python"));
    // Two builds at once share uv, and so do data directories.
    let both =
        ["one", "two"].map(|data| place.start(&format!("env build config --data-dir {data}")));
    let said = both.map(|build| build.wait().success().said());
    let words = "there is no uv on PATH; fetching it once";
    let fetching = said.iter().filter(|said| said.contains(words));
    assert_eq!(fetching.count(), 1, "{said:?}");
    let third = place.ade("run config members.csv").success();
    third.says("Building the environment");
    third.stderr_lacks("fetching");
    let installer = place.environments()[0]["installer"].string();
    assert!(installer.starts_with("uv "), "{installer}");
}
