//! Code of packages and of configurations can't change the files that others import and read: the tests attack them in a build
//! and in a run. Other tests change the files of an environment after its build, or damage the cache.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Place, Printed, Told, machine};

/// Tries to change all targets and to read all secrets. The attempts that succeeded are in `done`.
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

/// A build backend without requirements that fails with the result of the attack, which saves installing and compiling a package.
const BACKEND: &str = r#"
import json
from attack import attack

TARGETS, SECRETS = json.load(open("targets.json"))


def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise SystemExit(f"attacked: {json.dumps(attack(TARGETS, SECRETS))}")
"#;

/// The beginnings of the names of all packages that the engine needs.
const NEEDED: [&str; 4] = ["polars", "_polars_runtime", "openpyxl", "et_xmlfile"];

/// Returns a place with filled caches of its own, and nothing that the sandbox opens for tests. The caches are copies, since an
/// attack that succeeds must not damage other tests. They hold only what a build needs, since a finished environment is also
/// compiled.
fn place() -> Place {
    let mut place = Place::new();
    place.unset("ADE_SANDBOX_WRITE");
    place.configuration("victim");
    place.members("members.csv");
    place.ade("env build victim -q --data-dir first").success();
    let first = files_of_packages(&place, &only_folder(&place, "first/venvs/default"));
    let all = folders(&machine().environments()).into_iter();
    let kept = all.filter(|kept| files_of_packages(&place, kept) == first);
    let cache = place.path("home/.cache/ade");
    place.forget_environments();
    copy(kept, &cache.join("environments"));
    copy_needed(&machine().uv_cache(), &cache.join("uv"));
    place.set("ADE_UV_CACHE_DIR", cache.join("uv"));
    place
        .ade("run victim members.csv --data-dir victims")
        .success();
    place
}

/// Returns the folders in a folder.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// Returns the one environment below a folder.
fn only_folder(place: &Place, name: &str) -> PathBuf {
    let mut folder = place.path(name);
    while !folder.join(".venv").exists() {
        folder = folders(&folder).remove(0);
    }
    folder
}

/// Returns the files of all packages of an environment, with sizes and times, which a copy has, too.
fn files_of_packages(place: &Place, environment: &Path) -> BTreeMap<String, (u64, i64)> {
    let packages = environment.join(".venv/lib");
    let names = place.files_below(&packages).into_iter();
    // Bytecode comes and goes, and one file has the path of the configuration.
    let lasts =
        |name: &String| !name.ends_with(".pyc") && !name.ends_with("_ade_configuration.pth");
    let state = |name: String| {
        let found = fs::symlink_metadata(packages.join(&name)).unwrap();
        (name, (found.len(), found.mtime()))
    };
    names.filter(lasts).map(state).collect()
}

/// Copies files and folders into a folder, with their times.
fn copy(from: impl IntoIterator<Item = PathBuf>, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut copies = Command::new("cp");
    copies.args(["-a", "--reflink=auto"]).args(from).arg(folder);
    assert!(copies.status().unwrap().success());
}

/// Copies the part of a cache that uv needs to install the engine. uv unpacks the engine itself in each place.
fn copy_needed(cache: &Path, folder: &Path) {
    let is_needed = |archive: &PathBuf| {
        let names = fs::read_dir(archive)
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name());
        let mut names = names.map(|name| name.to_string_lossy().into_owned());
        names.any(|name| NEEDED.iter().any(|needed| name.starts_with(needed)))
    };
    for part in fs::read_dir(cache).unwrap().flatten() {
        let (path, name) = (part.path(), part.file_name().to_string_lossy().into_owned());
        if name.starts_with("archive-") {
            let needed = folders(&path).into_iter().filter(is_needed);
            copy(needed, &folder.join(name));
        } else if name.starts_with("wheels-") {
            let of_others = folders(&path).into_iter();
            copy(
                of_others.filter(|kind| !kind.ends_with("url")),
                &folder.join(name),
            );
        } else {
            copy([path], folder);
        }
    }
}

/// Returns the state of each `polars/__init__.py` below the folders, which are the cache and the environments linked to it.
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
        found.len() >= 5,
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
    let now = imported(place);
    for (path, state) in before {
        let is_same = now.get(path) == Some(state);
        assert!(is_same, "what others import was changed: {path:?}");
    }
    place
        .ade("run victim members.csv --data-dir victims")
        .success();
}

#[test]
fn code_of_a_build_and_of_a_run_changes_nothing_that_others_import_and_reads_no_inputs() {
    let place = place();
    let before = imported(&place);
    let targets = as_json(before.keys());
    let secrets = as_json([secret(&place, "attackers")]);
    let builder = place.configuration("builder");
    builder.write(
        "pyproject.toml",
        "[project]\nname = \"builder\"\nversion = \"1.0\"\nrequires-python = \">=3.10\"\ndependencies = [\"planted\"]\n[tool.uv.sources]\nplanted = { path = \"planted\" }\n",
    );
    builder.write(
        "planted/pyproject.toml",
        "[project]\nname = \"planted\"\nversion = \"1.0\"\n[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
    );
    builder.write("planted/backend.py", BACKEND);
    builder.write("planted/attack.py", ATTACK);
    builder.write("planted/targets.json", &format!("[{targets}, {secrets}]"));
    let built = place.ade("env build builder --data-dir attackers");
    built.code(3).says("attacked: []");
    the_code_of_a_run_does_no_more(&place, &targets, &secrets);
    victim_goes_on(&place, &before);
}

/// Attacks in runs of three inputs, each in a fork of a warm engine.
fn the_code_of_a_run_does_no_more(place: &Place, targets: &str, secrets: &str) {
    let attacker = place.configuration("attacker");
    attacker.write("src/ade_config/attack.py", ATTACK);
    place.all_members(["inputs/a.csv", "inputs/b.csv", "inputs/c.csv"]);
    attacker.write(
        "src/ade_config/hooks/attacks.py",
        &format!(
            "import polars\n\nfrom ade_config.attack import attack\n\n\ndef play():\n    print('attacks:', attack([polars.__file__, *{targets}], {secrets}))\n\n\ndef register(registry):\n    registry.register_hook(play, hook=\"on_workbook_start\", priority=10)\n",
        ),
    );
    place
        .ade("run attacker inputs --data-dir attackers")
        .success();
    let logs = place.files_below("attackers").into_iter();
    let logs = logs.filter(|file| file.ends_with("events.ndjson"));
    let text: String = logs
        .map(|file| place.read(format!("attackers/{file}")))
        .collect();
    let lines = text.lines().filter(|line| line.contains("attacks: ["));
    assert_eq!(lines.clone().count(), 3, "each run attacked");
    for line in lines {
        // Changes of modes and times seem to succeed, and have no effect.
        let words = line
            .split(['\'', '[', ']'])
            .filter(|word| word.contains('/'));
        let refused = words.filter(|word| !word.starts_with("mode") && !word.starts_with("times"));
        assert_eq!(refused.count(), 0, "{line}");
    }
}

/// Checks that a path in a configuration opens a folder for the build of that package, but never one of ADE's own.
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
#[ignore = "long: .ci/nightly front"]
fn what_cannot_be_read_is_built_anew_and_doctor_says_so() {
    let place = place();
    // Root reads everything, unless it lacks the capability.
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
    // Python would take a folder that can be entered and not listed for empty.
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
