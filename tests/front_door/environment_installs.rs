//! What a build makes of a configuration's dependencies, and how it fails. The engine is a stand-in of a few lines, so that
//! these builds are fast. What `ade` itself says of builds is in installers.rs.

#![allow(
    clippy::disallowed_methods,
    reason = "a test finds its tools where its caller has them"
)]

use crate::common;

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
    wheels: PathBuf,
}

impl Machine {
    /// The stand-in, said to be this version.
    fn engine(&self, version: &str) -> EngineSource {
        EngineSource::Wheel {
            path: self.wheel("ade_engine-1.10.0"),
            version: version.to_owned(),
            embedded: true,
        }
    }

    fn wheel(&self, name: &str) -> PathBuf {
        self.wheels.join(format!("{name}-py3-none-any.whl"))
    }
}

fn machine() -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("environment-installs");
        let wheels = kept.join("wheels");
        fs::create_dir_all(&wheels).unwrap();
        let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let python = find_python(&PythonSearch {
            requires: None,
            explicit: None,
            beside: None,
            path: common::machine().only_python.as_os_str(),
            working_directory: &kept,
            child_variables: &variables,
            cache: &kept.join("pythons.json"),
        })
        .expect("these tests need a Python");
        let machine = Machine { python, wheels };
        let main = "import sys\nprint('1.10.0' if sys.argv[1:] == ['version'] else sys.argv)\n";
        let engine = [
            ("ade_engine/__init__.py", "__version__ = '1.10.0'\n"),
            ("ade_engine/__main__.py", main),
        ];
        let elsewhere = "ade-engine @ https://invalid.invalid/ade_engine-9.0-py3-none-any.whl";
        for (name, version, requires, files) in [
            ("ade_engine", "1.10.0", "et-xmlfile>=1", &engine[..]),
            (
                "small_thing",
                "1.0",
                "",
                &[("small_thing.py", "answer = 42\n")],
            ),
            (
                "needs_engine",
                "1.0",
                "ade-engine>=1.7.9",
                &[("needs_engine.py", "")],
            ),
            (
                "wants_other_engine",
                "1.0",
                elsewhere,
                &[("wants_other_engine.py", "")],
            ),
        ] {
            let path = machine.wheel(&format!("{name}-{version}"));
            fs::write(path, common::wheel(name, version, requires, files)).unwrap();
        }
        machine
    })
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
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

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Puts a wheel of small-thing into a folder of the configuration.
    fn add_small_thing(&self, folder: &str) {
        let bytes = fs::read(machine().wheel("small_thing-1.0")).unwrap();
        self.write(&format!("{folder}/small_thing-1.0-py3-none-any.whl"), bytes);
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
        let machine = common::machine();
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
            python: self::machine().python.clone(),
            engine: self::machine().engine("1.10.0"),
            lock: None,
            sandbox: Policy::of_build(&settings),
            beside: None,
            offline: false,
            timeout: Duration::from_secs(300),
            pip_cache: machine.pip_cache(),
            uv_cache: Some(machine.uv_cache()),
            tools: ToolsFolder(self.folder.path().join("tools")),
            environment_id: "0199".to_owned(),
            child_variables: variables(Some(&machine.only_uv), &[]),
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
fn without_a_network_the_error_says_whether_that_may_pass() {
    let place = Place::with_dependencies("");
    let empty = tempfile::tempdir().unwrap();
    for offline in [true, false] {
        let error = refused(&BuildRequest {
            offline,
            uv_cache: Some(empty.path().to_owned()),
            child_variables: variables(Some(&common::machine().only_uv), &NO_NETWORK),
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
#[ignore = "long: .ci/nightly front"]
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
    request.child_variables = variables(None, &[]);
    let (built, _) = built(&request);
    assert!(built.installer.starts_with("uv "), "{built:?}");
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
fn an_environment_has_what_the_lock_names_and_nothing_of_what_was_there() {
    let place = Place::with_dependencies("'six'");
    let lock = "version = 1\n[[package]]\nname = 'six'\nversion = '1.15.0'\nsource = { registry = 'https://index.example/simple' }\n";
    place.write("uv.lock", lock);
    // Left by a builder that crashed.
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
    let mut request = place.request();
    request
        .child_variables
        .push(("PYTHONDONTWRITEBYTECODE".into(), "1".into()));
    let (built, _) = built(&request);
    let six = ("six".to_owned(), "1.15.0".to_owned());
    assert!(built.packages.contains(&six), "{built:?}");
    assert!(!place.environment().join(".venv/lib/python3.9").exists());
    let log = fs::read_to_string(place.environment().join("logs/events.ndjson"));
    assert_eq!(log.unwrap(), "left");
    // Bytecode is there whatever the caller's variables say.
    let code = "import importlib.util, os; print(os.path.exists(importlib.util.find_spec('et_xmlfile').cached))";
    assert_eq!(place.ask(code, &[]), "True");
    // The configuration can be imported by its author, and never in a run.
    let code = "import ade_config; print(ade_config.who)";
    assert_eq!(place.ask(code, &[]), "live");
    let answer = place.ask(code, &[(ade::engine::RUN_MARKER, "1")]);
    assert!(answer.contains("ModuleNotFoundError"), "{answer}");
}

/// The folder's name has what is hard on installers.
#[test]
fn packages_that_want_another_engine_get_the_given_one() {
    let name = format!("it's a \"größe\" {}", "x".repeat(60));
    let [needs, wants] = ["needs_engine-1.0", "wants_other_engine-1.0"]
        .map(|name| machine().wheel(name).display().to_string());
    let small = "./my wheels/small_thing-1.0-py3-none-any.whl";
    let place = Place::named(
        &name,
        &[("requirements.txt", &format!("{needs}\n{wants}\n{small}\n"))],
    );
    place.add_small_thing("my wheels");
    let (built, _) = built(&place.request());
    assert!(names(&built).contains(&"needs-engine"), "{built:?}");
    assert_eq!(built.engine_version, "1.10.0");
    let code = "import small_thing, ade_config; print(small_thing.answer, ade_config.who)";
    assert_eq!(place.ask(code, &[]), "42 live");
}

#[test]
fn an_engine_at_an_address_is_replaced_and_other_sources_of_a_manifest_are_followed() {
    let place = Place::new(&[(
        "pyproject.toml",
        "[project]\nname = 'c'\nversion = '1'\ndependencies = ['ade-engine', 'small-thing']\n\
         [tool.uv.sources]\nsmall-thing = { path = 'wheels/small_thing-1.0-py3-none-any.whl' }\n\
         ade-engine = { git = 'https://invalid.invalid/ade-engine' }\n",
    )]);
    place.add_small_thing("wheels");
    let (answer, _) = built(&place.request());
    assert!(names(&answer).contains(&"small-thing"), "{answer:?}");
    assert_eq!(answer.engine_version, "1.10.0");

    let place =
        Place::with_dependencies("'ade-engine @ git+https://secret@invalid.invalid/ade-engine@v1'");
    let (answer, events) = built(&place.request());
    assert_eq!(answer.engine_version, "1.10.0");
    let told = notes(&events);
    assert!(told.contains("invalid.invalid"), "{told}");
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
    let broken = "raise SystemExit('no licence for a Tuesday')\n";
    let files = [
        ("ade_engine/__init__.py", ""),
        ("ade_engine/__main__.py", broken),
    ];
    let path = place
        .folder
        .path()
        .join("ade_engine-1.10.0-py3-none-any.whl");
    fs::write(&path, common::wheel("ade_engine", "1.10.0", "", &files)).unwrap();
    let version = "1.10.0".to_owned();
    let error = refused(&BuildRequest {
        engine: EngineSource::Wheel {
            path,
            version,
            embedded: false,
        },
        ..place.request()
    });
    assert!(
        matches!(error, BuildError::VerificationFailed { .. }),
        "{error:?}"
    );
    assert!(error.last_lines()[0].contains("Tuesday"), "{error:?}");

    let error = refused(&BuildRequest {
        engine: machine().engine("1.11.0"),
        ..place.request()
    })
    .to_string();
    assert!(
        error.contains("1.10.0") && error.contains("1.11.0"),
        "{error}"
    );
}

#[test]
fn of_an_engine_that_cannot_be_installed_the_setting_is_named_that_asks_for_it() {
    let place = Place::with_dependencies("");
    let path = place
        .folder
        .path()
        .join("ade_engine-1.10.0-py3-none-any.whl");
    fs::write(&path, "no wheel").unwrap();
    for (embedded, wanted) in [
        (
            false,
            format!("ADE_ENGINE_SPEC asks for {}", path.display()),
        ),
        (true, "correct the dependencies".to_owned()),
    ] {
        let error = refused(&BuildRequest {
            engine: EngineSource::Wheel {
                path: path.clone(),
                version: "1.10.0".to_owned(),
                embedded,
            },
            ..place.request()
        });
        let hint = ade::base::problem::Problem::hint(&error).unwrap_or_default();
        assert!(hint.starts_with(&wanted), "{hint}: {error:?}");
    }
}

#[test]
fn any_engine_source_can_be_installed() {
    let place = Place::with_dependencies("'ade-engine[all]>=1.7.9'");
    let wheel = machine().wheel("ade_engine-1.10.0");
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
