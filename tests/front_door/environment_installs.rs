//! Environments built for real: by uv from PATH, by the one beside `ade`, and by one that is fetched once.
//!
//! These need a Python 3.10 or later and, the first time, the package index. What takes long and is the same for all tests
//! (a uv, its cache) is kept in the folder for temporary files of integration tests. The engine is a stand-in
//! of a few lines, so that these tests do not depend on the real one.

#![allow(
    clippy::disallowed_methods,
    reason = "a test finds its tools where its caller has them"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::base::problem::Problem;
use ade::configuration::Configuration;
use ade::engine::sandbox::Policy;
use ade::environment::python::{Python, PythonSearch, find_python};
use ade::environment::{
    BuildError, BuildEvent, BuildRequest, Built, EngineSource, Step, is_ready, provision,
};
use ade::settings::paths::ToolsFolder;
use ade::settings::{Inputs, Settings};
use tempfile::TempDir;

/// What is made once for all tests.
struct Machine {
    python: Python,
    /// Kept between runs of the tests: caches, and a folder with a uv in it.
    kept: PathBuf,
    uv_folder: PathBuf,
    wheels: PathBuf,
}

impl Machine {
    fn engine(&self) -> EngineSource {
        EngineSource::Wheel {
            path: self.wheels.join("ade_engine-1.10.0-py3-none-any.whl"),
            version: "1.10.0".to_owned(),
        }
    }
}

fn machine() -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("environment-installs");
        fs::create_dir_all(&kept).unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let python = find_python(&PythonSearch {
            requires: None,
            explicit: None,
            beside: None,
            path: &path,
            working_directory: &kept,
            child_variables: &variables,
            cache: &kept.join("pythons.json"),
        })
        .expect("these tests need a Python");

        let uv_venv = kept.join("uv-venv");
        if !uv_venv.join("bin/uv").exists() {
            succeed(
                Command::new(&python.executable)
                    .args(["-m", "venv", "--clear"])
                    .arg(&uv_venv),
            );
            succeed(Command::new(uv_venv.join("bin/python")).args([
                "-m",
                "pip",
                "install",
                "-q",
                "uv>=0.8,<1",
            ]));
        }
        // A folder with nothing but uv in it: the venv's has a Python as well.
        let uv_folder = kept.join("only-uv");
        fs::create_dir_all(&uv_folder).unwrap();
        let link = uv_folder.join("uv");
        if !link.exists() {
            std::os::unix::fs::symlink(uv_venv.join("bin/uv"), link).unwrap();
        }

        let wheels = kept.join("wheels");
        fs::create_dir_all(&wheels).unwrap();
        let main = "import sys\nprint('1.10.0' if sys.argv[1:] == ['version'] else sys.argv)\n";
        let engine = [
            ("ade_engine/__init__.py", "__version__ = '1.10.0'\n"),
            ("ade_engine/__main__.py", main),
        ];
        let elsewhere = "ade-engine @ https://invalid.invalid/ade_engine-9.0-py3-none-any.whl";
        for (name, requires, files) in [
            ("ade_engine-1.10.0", "et-xmlfile>=1", &engine[..]),
            (
                "small_thing-1.0",
                "",
                &[("small_thing.py", "answer = 42\n")],
            ),
            (
                "needs_engine-1.0",
                "ade-engine>=1.7.9",
                &[("needs_engine.py", "")],
            ),
            (
                "wants_other_engine-1.0",
                elsewhere,
                &[("wants_other_engine.py", "")],
            ),
        ] {
            write_wheel(&python, &wheels, name, requires, files);
        }
        Machine {
            python,
            kept,
            uv_folder,
            wheels,
        }
    })
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Packs a wheel with Python's zipfile.
fn write_wheel(python: &Python, folder: &Path, name: &str, requires: &str, files: &[(&str, &str)]) {
    const PACK: &str = r#"
import json, sys, zipfile
folder, name, requires, files = json.loads(sys.argv[1])
info = f"{name}.dist-info"
project, version = name.replace("_", "-").rsplit("-", 1)
metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
files.append([f"{info}/METADATA", metadata + (f"Requires-Dist: {requires}\n" if requires else "")])
files.append([f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"])
files.append([f"{info}/RECORD", "".join(f"{path},,\n" for path, _ in files) + f"{info}/RECORD,,\n"])
with zipfile.ZipFile(f"{folder}/{name}-py3-none-any.whl", "w") as wheel:
    for path, content in files:
        wheel.writestr(zipfile.ZipInfo(path), content)
"#;
    let arguments = serde_json::json!([folder.to_str().unwrap(), name, requires, files]);
    succeed(
        Command::new(&python.executable)
            .args(["-c", PACK])
            .arg(arguments.to_string()),
    );
}

/// A configuration, and the folders that a data directory would have.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        Self::named("config", files)
    }

    /// The name of the folder above all others, for paths that are hard on installers.
    fn named(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix(name).tempdir().unwrap();
        let place = Place { folder };
        place.write("src/ade_config/__init__.py", "who = 'live'\n");
        place.write(
            "src/ade_config/columns/a.py",
            "def register(registry):\n    pass\n",
        );
        for (name, content) in files {
            place.write(name, content);
        }
        place
    }

    fn with_dependencies(dependencies: &str) -> Self {
        Self::new(&[(
            "pyproject.toml",
            &format!("[project]\nname = 'c'\nversion = '1'\ndependencies = [{dependencies}]\n"),
        )])
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("configuration")
    }

    fn environment(&self) -> PathBuf {
        self.folder.path().join("environment")
    }

    fn python(&self) -> PathBuf {
        self.environment().join(".venv/bin/python")
    }

    /// A build by the uv on PATH with a cache that other tests have filled.
    fn request(&self) -> BuildRequest {
        let machine = machine();
        let configuration = Configuration::open(&self.root()).unwrap();
        let (_, snapshot) = configuration
            .snapshot_except(&self.folder.path().join("snapshots"), &[])
            .unwrap();
        let settings = Settings::resolve(&Inputs {
            flags: BTreeMap::new(),
            variables: BTreeMap::new(),
            folder: self.folder.path().to_owned(),
            program: None,
        })
        .unwrap();
        BuildRequest {
            own_cache: self.folder.path().join("own/workspaces/own"),
            hidden: Vec::new(),
            kept: None,
            deps_digest: String::new(),
            folder: self.environment(),
            configuration,
            snapshot,
            python: machine.python.clone(),
            engine: machine.engine(),
            lock: None,
            sandbox: Policy::of_build(&settings),
            beside: None,
            offline: false,
            timeout: Duration::from_secs(300),
            pip_cache: machine.kept.join("pip"),
            uv_cache: Some(machine.kept.join("uv-cache")),
            tools: ToolsFolder(machine.kept.join("tools")),
            environment_id: "0199".to_owned(),
            child_variables: variables(Some(&machine.uv_folder), &[]),
        }
    }

    /// What a Python of the environment prints.
    fn ask(&self, code: &str, variables: &[(&str, &str)]) -> String {
        let output = Command::new(self.python())
            .args(["-I", "-c", code])
            .envs(variables.iter().copied())
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .output()
            .unwrap();
        let text = if output.status.success() {
            output.stdout
        } else {
            output.stderr
        };
        String::from_utf8_lossy(&text).trim().to_owned()
    }
}

/// This process's environment variables with a PATH on which `uv` is only where the test puts it.
fn variables(uv_folder: Option<&Path>, more: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| !folder.join("uv").exists());
    let path =
        std::env::join_paths(uv_folder.map(Path::to_owned).into_iter().chain(folders)).unwrap();
    let replaced: Vec<&str> = more.iter().map(|(name, _)| *name).chain(["PATH"]).collect();
    std::env::vars_os()
        .filter(|(name, _)| !replaced.iter().any(|replaced| name == replaced))
        .chain(
            more.iter()
                .map(|(name, value)| (OsString::from(name), OsString::from(value))),
        )
        .chain([(OsString::from("PATH"), path)])
        .collect()
}

/// Settings for a network that is down, for uv and the pip that fetches it, with short timeouts.
const NO_NETWORK: [(&str, &str); 7] = [
    ("HTTPS_PROXY", "http://127.0.0.1:1"),
    ("HTTP_PROXY", "http://127.0.0.1:1"),
    ("https_proxy", "http://127.0.0.1:1"),
    ("http_proxy", "http://127.0.0.1:1"),
    ("NO_PROXY", ""),
    ("UV_HTTP_RETRIES", "0"),
    // Without any retry, pip does not report that the network failed.
    ("PIP_RETRIES", "1"),
];

fn build(request: &BuildRequest) -> (Result<Built, BuildError>, Vec<BuildEvent>) {
    build_with(request, &Cancel::new(), |_| {})
}

fn build_with(
    request: &BuildRequest,
    cancel: &Cancel,
    mut also: impl FnMut(&BuildEvent),
) -> (Result<Built, BuildError>, Vec<BuildEvent>) {
    let mut events = Vec::new();
    let answer = provision(request, cancel, &mut |event| {
        also(&event);
        events.push(event);
    });
    (answer, events)
}

/// A build that must fail.
#[track_caller]
fn refused(request: &BuildRequest) -> BuildError {
    build(request).0.unwrap_err()
}

/// A build that must succeed.
#[track_caller]
fn built(request: &BuildRequest) -> (Built, Vec<BuildEvent>) {
    let (answer, events) = build(request);
    match answer {
        Ok(built) => (built, events),
        Err(error) => panic!("{error}\n{}\n{events:#?}", error.last_lines().join("\n")),
    }
}

fn notes(events: &[BuildEvent]) -> String {
    let notes: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            BuildEvent::Note { message } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    notes.join("\n")
}

fn names(built: &Built) -> Vec<&str> {
    built
        .packages
        .iter()
        .map(|(name, _)| name.as_str())
        .collect()
}

#[test]
fn a_uv_is_fetched_once_where_there_is_none_and_two_at_once_share_it() {
    let tools = tempfile::tempdir().unwrap();
    let places = [
        Place::with_dependencies(""),
        Place::with_dependencies("'six'"),
    ];
    let requests = places.each_ref().map(|place| BuildRequest {
        tools: ToolsFolder(tools.path().to_owned()),
        child_variables: variables(None, &[]),
        ..place.request()
    });
    let said: Vec<String> = std::thread::scope(|scope| {
        let builders = requests
            .each_ref()
            .map(|request| scope.spawn(|| built(request)));
        builders
            .map(|builder| {
                let (built, events) = builder.join().unwrap();
                assert!(built.installer.starts_with("uv "), "{}", built.installer);
                notes(&events)
            })
            .to_vec()
    });
    assert_eq!(
        said.iter()
            .filter(|notes| notes.contains("fetching it once"))
            .count(),
        1,
        "{said:?}"
    );
    let fetched = ToolsFolder(tools.path().to_owned()).uv();
    assert!(ToolsFolder::uv_program(&fetched).exists());

    let third = Place::with_dependencies("");
    let request = BuildRequest {
        tools: ToolsFolder(tools.path().to_owned()),
        child_variables: variables(None, &NO_NETWORK),
        ..third.request()
    };
    let (_, events) = built(&request);
    assert!(!notes(&events).contains("fetching"), "{}", notes(&events));
}

#[test]
fn without_a_network_the_error_says_whether_that_may_pass() {
    let place = Place::with_dependencies("");
    let empty = tempfile::tempdir().unwrap();
    for offline in [true, false] {
        let error = refused(&BuildRequest {
            offline,
            uv_cache: Some(empty.path().to_owned()),
            child_variables: variables(Some(&machine().uv_folder), &NO_NETWORK),
            ..place.request()
        });
        assert_eq!(error.is_transient(), !offline, "{error:?}");
        let (hint, word) = (error.hint().unwrap(), ["network", "--offline"]);
        assert!(hint.contains(word[usize::from(offline)]), "{hint}");
        let error = refused(&BuildRequest {
            offline,
            tools: ToolsFolder(empty.path().join("tools")),
            pip_cache: empty.path().join("pip"),
            child_variables: variables(None, &NO_NETWORK),
            ..place.request()
        });
        assert!(
            matches!(&error, BuildError::NoInstaller { .. }),
            "{error:?}"
        );
        assert_eq!(error.is_transient(), !offline, "{error:?}");
    }
}

#[test]
fn a_dependency_on_the_engine_of_another_package_gets_the_given_one() {
    let place = Place::new(&[(
        "requirements.txt",
        "./wheels/needs_engine-1.0-py3-none-any.whl\n",
    )]);
    fs::create_dir(place.root().join("wheels")).unwrap();
    let wheel = "wheels/needs_engine-1.0-py3-none-any.whl";
    fs::copy(machine().kept.join(wheel), place.root().join(wheel)).unwrap();
    let (built, _) = built(&place.request());
    assert!(names(&built).contains(&"needs-engine"), "{built:?}");
    assert_eq!(built.engine_version, "1.10.0");
}

#[test]
fn uv_overrides_even_an_engine_that_a_package_wants_from_elsewhere() {
    let wheel = machine()
        .wheels
        .join("wants_other_engine-1.0-py3-none-any.whl");
    let place = Place::new(&[("requirements.txt", &format!("{}\n", wheel.display()))]);
    let (built, _) = built(&place.request());
    assert_eq!(built.engine_version, "1.10.0");
}

#[test]
fn uv_follows_the_sources_that_a_manifest_names() {
    let place = Place::new(&[(
        "pyproject.toml",
        "[project]\nname = 'c'\nversion = '1'\ndependencies = ['ade-engine', 'small-thing']\n\
         [tool.uv.sources]\nsmall-thing = { path = 'wheels/small_thing-1.0-py3-none-any.whl' }\n\
         ade-engine = { git = 'https://invalid.invalid/ade-engine' }\n",
    )]);
    fs::create_dir(place.root().join("wheels")).unwrap();
    let wheel = "wheels/small_thing-1.0-py3-none-any.whl";
    fs::copy(machine().kept.join(wheel), place.root().join(wheel)).unwrap();
    let (built, _) = built(&place.request());
    assert!(names(&built).contains(&"small-thing"), "{built:?}");
    assert_eq!(built.engine_version, "1.10.0");
}

#[test]
fn an_engine_at_an_address_is_replaced_and_told() {
    let place =
        Place::with_dependencies("'ade-engine @ git+https://secret@invalid.invalid/ade-engine@v1'");
    let (built, events) = built(&place.request());
    assert_eq!(built.engine_version, "1.10.0");
    assert!(
        notes(&events).contains("invalid.invalid"),
        "{}",
        notes(&events)
    );
}

#[test]
fn a_python_without_pip_gets_its_uv_through_a_passing_venv() {
    let place = Place::with_dependencies("");
    let bare = place.folder.path().join("bare");
    succeed(
        Command::new(&machine().python.executable)
            .args(["-m", "venv", "--without-pip"])
            .arg(&bare),
    );
    let mut request = place.request();
    request.python.executable = bare.join("bin/python");
    request.tools = ToolsFolder(place.folder.path().join("tools"));
    request.child_variables = variables(None, &[]);
    let (built, _) = built(&request);
    assert!(built.installer.starts_with("uv "), "{built:?}");
}

#[test]
fn the_lock_file_pins_versions() {
    let place = Place::with_dependencies("'six'");
    place.write(
        "uv.lock",
        "version = 1\n[[package]]\nname = 'six'\nversion = '1.15.0'\nsource = { registry = 'https://index.example/simple' }\n",
    );
    let (built, _) = built(&place.request());
    assert!(
        built
            .packages
            .contains(&("six".to_owned(), "1.15.0".to_owned())),
        "{built:?}"
    );
}

#[test]
fn the_configuration_is_importable_for_its_author_and_never_in_a_run() {
    let place = Place::with_dependencies("");
    built(&place.request());
    let code = "import ade_config; print(ade_config.who)";
    assert_eq!(place.ask(code, &[]), "live");
    let answer = place.ask(code, &[(ade::engine::RUN_MARKER, "1")]);
    assert!(answer.contains("ModuleNotFoundError"), "{answer}");
}

#[test]
fn bytecode_is_there_whatever_the_callers_variables_say() {
    let place = Place::with_dependencies("");
    let mut request = place.request();
    request
        .child_variables
        .push(("PYTHONDONTWRITEBYTECODE".into(), "1".into()));
    built(&request);
    let code = "import importlib.util, os; print(os.path.exists(importlib.util.find_spec('et_xmlfile').cached))";
    assert_eq!(place.ask(code, &[]), "True");
}

#[test]
fn what_only_a_build_can_tell_is_built_and_the_configuration_goes_again() {
    let setup = "from setuptools import setup\n\
        setup(name='my-config', version='1', packages=['ade_config'], package_dir={'': 'src'}, install_requires=['six'])\n";
    let place = Place::new(&[("setup.py", setup)]);
    let (built, _) = built(&place.request());
    assert!(names(&built).contains(&"six"), "{built:?}");
    assert!(!names(&built).contains(&"my-config"), "{built:?}");
    assert_eq!(
        place.ask("import ade_config; print(ade_config.who)", &[]),
        "live"
    );
}

#[test]
fn what_a_crashed_builder_left_is_removed_and_its_log_is_kept() {
    let place = Place::with_dependencies("");
    for name in [
        ".ready",
        "environment.json",
        ".venv/bin/python",
        ".venv/lib/python3.9/site-packages/x.py",
        "logs/events.ndjson",
    ] {
        let path = place.environment().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "left").unwrap();
    }
    built(&place.request());
    assert_eq!(
        fs::read_to_string(place.environment().join("logs/events.ndjson")).unwrap(),
        "left"
    );
    assert!(!place.environment().join(".venv/lib/python3.9").exists());
    assert_eq!(place.ask("print(1)", &[]), "1");
}

#[test]
fn a_cancel_in_any_step_leaves_nothing_that_counts_and_the_next_build_succeeds() {
    let place = Place::with_dependencies("'six'");
    let request = place.request();
    for step in [
        Step::PrepareInstaller,
        Step::CreateVenv,
        Step::InstallEngine,
        Step::InstallConfig,
        Step::Compile,
        Step::VerifyImports,
    ] {
        let cancel = Cancel::new();
        let (answer, _) = build_with(&request, &cancel, |event| {
            if *event == (BuildEvent::StepStarted { step }) {
                cancel.cancel();
            }
        });
        assert!(
            matches!(answer, Err(BuildError::Cancelled { .. })),
            "{answer:?}"
        );
        assert!(!is_ready(&ade::system::machine::Disk, &place.environment()));
        assert!(!place.environment().join(".venv").exists());
    }
    built(&request);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = Place::with_dependencies("");
    let blocked = place.folder.path().join("a file");
    fs::write(&blocked, "").unwrap();
    let requests = [
        BuildRequest {
            folder: blocked.join("environment"),
            ..place.request()
        },
        BuildRequest {
            tools: ToolsFolder(blocked.join("tools")),
            child_variables: variables(None, &[]),
            ..place.request()
        },
    ];
    for request in requests {
        let error = refused(&request);
        assert!(
            matches!(&error, BuildError::File(error) if error.path.starts_with(&blocked)),
            "{error:?}"
        );
    }
}

#[test]
fn an_engine_that_does_not_start_or_is_another_is_refused() {
    let place = Place::with_dependencies("");
    let folder = place.folder.path();
    write_wheel(
        &machine().python,
        folder,
        "ade_engine-1.10.0",
        "",
        &[
            ("ade_engine/__init__.py", ""),
            (
                "ade_engine/__main__.py",
                "raise SystemExit('no licence for a Tuesday')\n",
            ),
        ],
    );
    let wheel = folder.join("ade_engine-1.10.0-py3-none-any.whl");
    let engine = EngineSource::Wheel {
        path: wheel,
        version: "1.10.0".to_owned(),
    };
    let error = refused(&BuildRequest {
        engine,
        ..place.request()
    });
    assert!(
        matches!(error, BuildError::VerificationFailed { .. }),
        "{error:?}"
    );
    assert!(error.last_lines()[0].contains("Tuesday"), "{error:?}");

    let EngineSource::Wheel { path, .. } = machine().engine() else {
        unreachable!()
    };
    let engine = EngineSource::Wheel {
        path,
        version: "1.11.0".to_owned(),
    };
    let error = refused(&BuildRequest {
        engine,
        ..place.request()
    })
    .to_string();
    assert!(
        error.contains("1.10.0") && error.contains("1.11.0"),
        "{error}"
    );
}

#[test]
fn any_engine_source_can_be_installed() {
    let place = Place::with_dependencies("'ade-engine[all]>=1.7.9'");
    let wheel = machine().wheels.join("ade_engine-1.10.0-py3-none-any.whl");
    for spec in [
        wheel.display().to_string(),
        format!("ade-engine @ file://{}", wheel.display()),
    ] {
        let engine = EngineSource::Requirement(spec.clone());
        let (built, _) = built(&BuildRequest {
            engine,
            ..place.request()
        });
        assert_eq!(built.engine_version, "1.10.0");
    }
    let source = place.folder.path().join("engine source");
    fs::create_dir_all(source.join("ade_engine")).unwrap();
    fs::write(source.join("setup.py"), "from setuptools import setup\nsetup(name='ade-engine', version='1.12.0', packages=['ade_engine'])\n").unwrap();
    fs::write(source.join("ade_engine/__init__.py"), "").unwrap();
    fs::write(source.join("ade_engine/__main__.py"), "print('1.12.0')\n").unwrap();
    let (built, _) = built(&BuildRequest {
        engine: EngineSource::Folder(source.clone()),
        ..place.request()
    });
    assert_eq!(built.engine_version, "1.12.0");
}

#[test]
fn paths_with_spaces_quotes_and_foreign_letters_are_no_trouble() {
    let name = format!("it's a \"größe\" {}", "x".repeat(60));
    let place = Place::named(
        &name,
        &[(
            "requirements.txt",
            "./my wheels/small_thing-1.0-py3-none-any.whl\n",
        )],
    );
    fs::create_dir(place.root().join("my wheels")).unwrap();
    fs::copy(
        machine().wheels.join("small_thing-1.0-py3-none-any.whl"),
        place
            .root()
            .join("my wheels/small_thing-1.0-py3-none-any.whl"),
    )
    .unwrap();
    built(&place.request());
    assert_eq!(
        place.ask(
            "import small_thing, ade_config; print(small_thing.answer, ade_config.who)",
            &[]
        ),
        "42 live"
    );
}
