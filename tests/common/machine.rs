//! What is made once for all tests: a Python on a PATH of its own, a uv, and warm caches.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Packages beside the engine: other readers and writers of the same formats, and what runs the tests in Python.
const COMPANIONS: [&str; 6] = [
    "pytest>=8",
    "pytest-xdist",
    "xlsxwriter",
    "xlwt",
    "xlrd",
    "python-calamine",
];

/// See the module.
pub struct Machine {
    /// A folder with `python3` and nothing else.
    pub only_python: PathBuf,
    /// A folder with `uv` and nothing else.
    pub only_uv: PathBuf,
    /// The interpreter itself.
    pub python: PathBuf,
    /// Of an environment with the engine, polars and openpyxl: it reads what tests wrote.
    pub reader: PathBuf,
    /// The data directory that holds the caches.
    pub data: PathBuf,
}

impl Machine {
    /// uv's cache, with all that the engine needs.
    pub fn uv_cache(&self) -> PathBuf {
        self.data.join("cache/uv")
    }
    /// pip's cache.
    pub fn pip_cache(&self) -> PathBuf {
        self.data.join("cache/pip")
    }
    /// Finished environments, for others of the same packages.
    pub fn environments(&self) -> PathBuf {
        self.data.join("cache/environments")
    }
    /// A Python that imports the engine, and its companions.
    pub fn python_with_companions(&self) -> Command {
        static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
        let mut python = Command::new(&self.reader);
        python
            .env(
                "PYTHONPATH",
                INSTALLED.get_or_init(|| self.install_companions()),
            )
            .env("PYTHONDONTWRITEBYTECODE", "1");
        python
    }
    /// Installs them in a folder of their own, which it returns: an environment with them would compile all packages of the engine again.
    fn install_companions(&self) -> PathBuf {
        let kept = self.data.with_file_name("companions");
        // Test binaries may run at the same time.
        let lock = File::create(kept.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        let mut installs = Command::new(self.uv());
        installs
            .env_clear()
            .envs(network_variables())
            .args(["pip", "install", "--quiet", "--compile-bytecode"])
            .arg("--python")
            .arg(&self.reader)
            .arg("--target")
            .arg(&kept)
            .args(COMPANIONS)
            .env("UV_CACHE_DIR", self.uv_cache());
        assert!(installs.status().unwrap().success(), "{COMPANIONS:?}");
        kept
    }
    /// The real uv.
    pub fn uv(&self) -> PathBuf {
        let kind = format!("uv-{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        self.data.join("cache/tools").join(kind).join("bin/uv")
    }
}

/// Environment variables by which a machine reaches its package index; the caller's others are not passed on.
pub fn network_variables() -> Vec<(OsString, OsString)> {
    let kept = |name: &str| {
        let name = name.to_ascii_uppercase();
        let is_index = ["PIP_", "UV_"].iter().any(|start| name.starts_with(start))
            && !name.contains("CACHE")
            && !name.contains("TARGET")
            && !name.starts_with("UV_PYTHON");
        is_index
            || name.ends_with("_PROXY")
            || [
                "SSL_CERT_FILE",
                "SSL_CERT_DIR",
                "REQUESTS_CA_BUNDLE",
                "CURL_CA_BUNDLE",
                "NETRC",
            ]
            .contains(&name.as_str())
    };
    std::env::vars_os()
        .filter(|(name, _)| name.to_str().is_some_and(kept))
        .collect()
}

/// Makes it, or reuses what an earlier run of the tests made.
pub fn machine() -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("front-door");
        fs::create_dir_all(&kept).unwrap();
        // Test binaries may run at the same time.
        let lock = File::create(kept.join("lock")).unwrap();
        lock.lock().unwrap();

        let python = python();
        let only_python = kept.join("only-python");
        link(&python, &only_python.join("python3"));
        let data = kept.join("data");
        let mut machine = Machine {
            only_uv: kept.join("only-uv"),
            only_python,
            python,
            reader: PathBuf::new(),
            data,
        };
        machine.reader = warm_up(&machine, &kept);
        link(&machine.uv(), &machine.only_uv.join("uv"));
        machine
    })
}

/// Has `ade` itself fetch uv and build an environment, which fills the caches.
fn warm_up(machine: &Machine, kept: &Path) -> PathBuf {
    let configuration = kept.join("configuration");
    let module = configuration.join("ade_config/columns/none.py");
    fs::create_dir_all(module.parent().unwrap()).unwrap();
    fs::write(configuration.join("ade_config/__init__.py"), "").unwrap();
    fs::write(module, "def register(registry):\n    pass\n").unwrap();
    fs::write(
        configuration.join("pyproject.toml"),
        "[project]\nname = \"reader\"\nversion = \"1\"\n",
    )
    .unwrap();
    // The folder lies below `target`, which git ignores.
    fs::create_dir_all(configuration.join(".git")).unwrap();
    let ade = |arguments: &[&str]| {
        let folders = [
            machine.only_python.as_path(),
            Path::new("/usr/bin"),
            Path::new("/bin"),
        ];
        Command::new(env!("CARGO_BIN_EXE_ade"))
            .args(arguments)
            .arg("--data-dir")
            .arg(&machine.data)
            .env_clear()
            .envs(network_variables())
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("HOME", kept)
            .env("ADE_CACHE_DIR", machine.data.join("cache"))
            .output()
            .unwrap()
    };
    // The database may have the schema of another `ade`: only the caches are kept.
    if !ade(&["migrate", "--check"]).status.success() {
        let _ = fs::remove_dir_all(machine.data.join("db"));
        let _ = fs::remove_file(machine.data.join("identity.json"));
        let _ = fs::remove_dir_all(machine.data.join("venvs"));
    }
    let env = |command: &str| {
        let words = ["env"].into_iter().chain(command.split(' '));
        let words: Vec<&str> = words.chain(configuration.to_str()).collect();
        let output = ade(&words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "ade env {command}: {said}");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    };
    // With a cache of another `ade` its environment may be ready, and uv elsewhere: then it is fetched by a new build.
    env(if machine.uv().exists() {
        "build"
    } else {
        "build --force"
    });
    env("path").join("bin/python")
}

/// The first Python of the caller's PATH that the engine runs on: the interpreter itself, not the script of a version
/// manager nor that of a virtual environment.
fn python() -> PathBuf {
    const ASK: &str = "import sys; assert sys.version_info >= (3, 10); print(getattr(sys, '_base_executable', sys.executable))";
    let names = [
        "python3",
        "python",
        "python3.14",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3.10",
    ];
    names
        .iter()
        .find_map(|name| {
            let output = Command::new(name)
                .args(["-E", "-s", "-c", ASK])
                .output()
                .ok()?;
            let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
            (output.status.success() && path.exists()).then(|| path.canonicalize().unwrap())
        })
        .expect("these tests need Python 3.10 or later on PATH")
}

fn link(to: &Path, at: &Path) {
    if fs::read_link(at).is_ok_and(|known| known == to) {
        return;
    }
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    let _ = fs::remove_file(at);
    symlink(to, at).unwrap();
}
