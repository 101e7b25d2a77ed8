//! What code of packages and of configurations can't do to what others import and read: the attacks are played, as a build and as a
//! run, cold and warm. And what happens where files of an environment are not as they were built, or the cache is damaged.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Place, Printed, Told, machine};

/// Tries to change everything that it is told of, and to read what is secret. What succeeded is in `done`.
const ATTACK: &str = r#"
import os


def attack(targets, secrets):
    done = []
    for path in targets:
        own = os.path.join(os.path.dirname(path), "planted.py")
        for name, attempt in {
            "write": lambda: open(path, "a").write("\nraise SystemExit(3)\n"),
            "replace": lambda: os.replace(path, path + ".old"),
            "remove": lambda: os.remove(path),
            "plant": lambda: open(own, "w").close(),
            "link": lambda: os.link(path, os.path.join(os.environ["TMPDIR"], "linked")),
            "attribute": lambda: os.setxattr(path, "user.planted", b"1"),
            "mode": lambda: os.chmod(path, 0),
            "mode of folder": lambda: os.chmod(os.path.dirname(path), 0),
            "times": lambda: os.utime(path, (1, 1)),
        }.items():
            try:
                attempt()
            except OSError:
                continue
            done.append(f"{name} {path}")
    for path in secrets:
        try:
            open(path, "rb").read(1)
        except OSError:
            continue
        done.append(f"read {path}")
    return done
"#;

/// A build backend without requirements: its wheel holds what the attack did.
const BACKEND: &str = r#"
import json, zipfile
from attack import attack

TARGETS, SECRETS = json.load(open("targets.json"))


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "planted-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("planted_done.json", json.dumps(attack(TARGETS, SECRETS)))
        wheel.writestr("planted-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
        wheel.writestr("planted-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("planted-1.0.dist-info/RECORD", "planted_done.json,,\n")
    return name
"#;

/// A place with caches of its own, filled, and nothing that the sandbox opens for tests.
fn place() -> Place {
    let mut place = Place::new();
    place.unset("ADE_SANDBOX_WRITE");
    let cache = place.path("home/.cache/ade");
    fs::remove_file(cache.join("environments")).unwrap();
    let copied = Command::new("cp")
        .args(["-r", "--reflink=auto"])
        .arg(machine().uv_cache())
        .arg(cache.join("uv"))
        .status();
    assert!(copied.unwrap().success());
    place.set("ADE_UV_CACHE_DIR", cache.join("uv"));
    place.configuration("victim");
    place.members("members.csv");
    place
        .ade("run victim members.csv --data-dir victims")
        .success();
    place
}

/// Each `polars/__init__.py` below the folders, which are the cache and what is linked to it, by its state.
fn imported(place: &Place) -> BTreeMap<PathBuf, (u64, u32, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for name in ["home/.cache/ade", "victims"] {
        for file in place.files_below(name) {
            if file.ends_with("polars/__init__.py") || file.ends_with("ade_engine/__init__.py") {
                let path = place.path(name).join(file);
                let metadata = fs::metadata(&path).unwrap();
                let folder = fs::metadata(path.parent().unwrap()).unwrap();
                let state = (
                    metadata.len(),
                    metadata.mode() ^ folder.mode().rotate_left(16),
                    metadata.mtime(),
                    fs::read(&path).unwrap(),
                );
                found.insert(path, state);
            }
        }
    }
    assert!(
        found.len() >= 6,
        "cache, kept and linked: {:?}",
        found.keys()
    );
    found
}

fn as_json(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> String {
    let paths: Vec<String> = paths
        .into_iter()
        .map(|path| path.as_ref().display().to_string())
        .collect();
    serde_json::to_string(&paths).unwrap()
}

/// The input of a run that another workspace has in this data directory.
fn secret(place: &Place, data: &str) -> PathBuf {
    let line = format!("run victim members.csv --data-dir {data}");
    let other = [("ADE_WORKSPACE", "other")];
    place.run(&other, line.split(' ')).success();
    let files = place.files_below(data);
    let input = files.iter().find(|file| file.ends_with("members.csv"));
    place.path(data).join(input.unwrap())
}

#[track_caller]
fn victim_goes_on(place: &Place, before: &BTreeMap<PathBuf, (u64, u32, i64, Vec<u8>)>) {
    assert!(*before == imported(place), "what others import was changed");
    place
        .ade("run victim members.csv --data-dir victims")
        .success();
}

#[test]
fn code_of_a_package_that_is_built_changes_nothing_that_others_import_and_reads_no_inputs() {
    let place = place();
    let before = imported(&place);
    let attacker = place.configuration("attacker");
    attacker.depend_on(&["planted @ file:///${PROJECT_ROOT}/planted"]);
    attacker.write(
        "pyproject.toml",
        "[project]\nname = \"attacker\"\nversion = \"1.0\"\nrequires-python = \">=3.10\"\ndependencies = [\"planted\"]\n[tool.uv.sources]\nplanted = { path = \"planted\" }\n",
    );
    attacker.write(
        "planted/pyproject.toml",
        "[project]\nname = \"planted\"\nversion = \"1.0\"\n[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
    );
    attacker.write("planted/backend.py", BACKEND);
    attacker.write("planted/attack.py", ATTACK);
    let targets = as_json(before.keys());
    let secrets = as_json([secret(&place, "attackers")]);
    attacker.write("planted/targets.json", &format!("[{targets}, {secrets}]"));
    place
        .ade("env build attacker --data-dir attackers")
        .success();
    let done = place.files_below("attackers");
    let done = done.iter().find(|file| file.ends_with("planted_done.json"));
    let done = place.read(format!("attackers/{}", done.unwrap()));
    assert_eq!(done, "[]");
    victim_goes_on(&place, &before);
}

/// A path that a configuration names opens a folder for the build of that package, but never one of ADE's own.
#[test]
#[ignore = "long: .ci/nightly front"]
fn a_dependency_on_a_folder_of_the_cache_opens_nothing_of_it() {
    let place = place();
    let before = imported(&place);
    let kept = place.path("home/.cache/ade/uv");
    let attacker = place.configuration("attacker");
    attacker.depend_on(&[&format!("planted @ file://{}", kept.display())]);
    place.write(
        "home/.cache/ade/uv/pyproject.toml",
        "[project]\nname = \"planted\"\nversion = \"1.0\"\n[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
    );
    place.write("home/.cache/ade/uv/backend.py", BACKEND);
    place.write("home/.cache/ade/uv/attack.py", ATTACK);
    let targets = as_json(before.keys());
    place.write(
        "home/.cache/ade/uv/targets.json",
        format!("[{targets}, []]"),
    );
    let built = place.ade("env build attacker --data-dir attackers");
    let built = built.code(3);
    assert!(built.said().contains("Permission denied"));
    victim_goes_on(&place, &before);
}

#[test]
fn a_run_changes_nothing_that_others_import_cold_or_warm() {
    let place = place();
    let before = imported(&place);
    let attacker = place.configuration("attacker");
    attacker.write("src/ade_config/attack.py", ATTACK);
    for file in ["a.csv", "b.csv"] {
        place.members(&format!("inputs/{file}"));
    }
    for (warm, data) in [("0", "cold"), ("1", "warm")] {
        let targets = as_json(before.keys());
        let secrets = as_json([secret(&place, data)]);
        attacker.write(
            "src/ade_config/hooks/attacks.py",
            &format!(
                "import polars\n\nfrom ade_config.attack import attack\n\n\ndef play():\n    print('attacks:', attack([polars.__file__, *{targets}], {secrets}))\n\n\ndef register(registry):\n    registry.register_hook(play, hook=\"on_workbook_start\", priority=10)\n",
            ),
        );
        let line = format!("run attacker inputs --data-dir {data}");
        let warm = [("ADE_WARM_ENGINES", warm)];
        place.run(&warm, line.split(' ')).success();
        let logs = place.files_below(data);
        let logs = logs.iter().filter(|file| file.ends_with("events.ndjson"));
        let lines: Vec<String> = logs
            .flat_map(|file| {
                place
                    .read(format!("{data}/{file}"))
                    .lines()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter(|line| line.contains("attacks: ["))
            .collect();
        assert_eq!(lines.len(), 2, "each run attacked");
        for line in lines {
            // Modes and times seem to be changed, and are not.
            let words = line
                .split(['\'', '[', ']'])
                .filter(|word| word.contains('/'));
            let refused =
                words.filter(|word| !word.starts_with("mode") && !word.starts_with("times"));
            assert_eq!(refused.count(), 0, "{line}");
        }
        victim_goes_on(&place, &before);
    }
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn what_cannot_be_read_is_built_anew_and_doctor_says_so() {
    let place = place();
    // Root reads everything, but for one who lacks the capability.
    let without = match rustix::process::geteuid().is_root() {
        true => "setpriv --bounding-set=-dac_override,-dac_read_search",
        false => "",
    };
    let ade = env!("CARGO_BIN_EXE_ade");
    let ordinary = |line: &str| place.shell(&format!("exec {without} '{ade}' {line}"));
    let doctor = || {
        let findings = ordinary("doctor --json --data-dir victims").json();
        findings.with("name", "environments")["message"].string()
    };
    let close = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let files = place.files_below("victims");
    let file = files
        .iter()
        .find(|file| file.ends_with("polars/__init__.py"));
    let polars = place.path("victims").join(file.unwrap());
    let packages = polars.ancestors().nth(2).unwrap();
    // One that can be entered and not listed, too: Python would take it for empty.
    for mode in [0, 0o300] {
        close(packages, mode).unwrap();
        let said = doctor();
        assert!(said.contains("1 of 1 environment cannot be used"), "{said}");
        assert!(said.contains("site-packages cannot be read"), "{said}");
        close(packages, 0o755).unwrap();
    }
    assert_eq!(doctor(), "1 environment ready");
    close(packages, 0).unwrap();
    ordinary("run victim members.csv --data-dir victims").success();
    assert_eq!(doctor(), "1 environment ready");
    close(packages, 0o755).unwrap();

    let kept = place.path("home/.cache/ade/environments");
    let kept = fs::read_dir(kept).unwrap().next().unwrap().unwrap().path();
    close(&kept, 0).unwrap();
    ordinary("run victim members.csv --data-dir second").success();
    assert!(kept.join("files.json").is_file(), "kept anew");
}
