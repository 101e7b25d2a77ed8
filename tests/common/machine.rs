//! Resources that are made once for all tests: a Python on its own PATH, a uv, and warm caches.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Packages next to the engine: other readers and writers of the same formats, and the Python test runner.
const COMPANIONS: [&str; 6] = [
    "pytest>=8",
    "pytest-xdist",
    "xlsxwriter",
    "xlwt",
    "xlrd",
    "python-calamine",
];

/// The shared Python, uv and caches.
pub struct Machine {
    /// A folder that contains only `python3`.
    pub only_python: PathBuf,
    /// A folder that contains only `uv`.
    pub only_uv: PathBuf,
    /// The path of the Python interpreter.
    pub python: PathBuf,
    /// The Python of an environment with the engine, polars and openpyxl, which reads files that tests wrote.
    pub reader: PathBuf,
    /// The data directory that holds the caches.
    pub data: PathBuf,
}

impl Machine {
    /// Returns uv's cache with all packages of the engine.
    pub fn uv_cache(&self) -> PathBuf {
        self.data.join("cache/uv")
    }
    /// Returns the folder of pip's cache.
    pub fn pip_cache(&self) -> PathBuf {
        self.data.join("cache/pip")
    }
    /// Returns the folder of finished environments, which others with the same packages reuse.
    pub fn environments(&self) -> PathBuf {
        self.data.join("cache/environments")
    }
    /// Returns a Python that can import the engine and its companions.
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
    /// Installs them in their own folder and returns it. An environment with them would compile all packages of the engine
    /// again.
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
    /// Returns the real uv.
    pub fn uv(&self) -> PathBuf {
        let kind = format!("uv-{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        self.data.join("cache/tools").join(kind).join("bin/uv")
    }
}

/// Returns the environment variables for reaching the package index; the caller's other variables are not passed on.
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

/// Returns the shared resources; they are made once and reused by later test runs.
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

/// Fills the caches by letting `ade` itself fetch uv and build an environment.
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
    // The folder is below `target`, which git ignores.
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
    // With the cache of another `ade`, the environment may be ready and uv elsewhere; then a new build fetches it.
    env(if machine.uv().exists() {
        "build"
    } else {
        "build --force"
    });
    env("path").join("bin/python")
}

/// Returns the first Python on the caller's PATH that can run the engine: the real interpreter, not the script of a version
/// manager or of a virtual environment.
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
