//! The table of all settings. The process environment, `ade.toml`, `ade settings` and docs/settings.md all follow it.

/// What a setting's text must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A folder or file; relative ones count from the current folder, in `ade.toml` from the file's folder.
    Path,
    /// `1 0 true false yes no on off`.
    Flag,
    /// A whole number of at least the given size.
    Whole(i64),
    /// A number of seconds (fractions allowed), above zero.
    Seconds,
    /// A number of days; zero or less means never.
    Days,
    /// One of the listed words, case-blind.
    Word(&'static [&'static str]),
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the process environment; in `ade.toml` the same without `ADE_`, in lower case.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// What its text must look like.
    pub kind: Kind,
    /// Its default as text; empty where there is none.
    pub default: &'static str,
    /// The default in words where it depends on others or on the machine.
    pub default_note: &'static str,
    /// What it means, one sentence.
    pub meaning: &'static str,
    /// Passwords inside are masked when it is shown.
    pub secret: bool,
}

impl Setting {
    /// The key in `ade.toml`.
    pub fn key(&self) -> String {
        self.name.trim_start_matches("ADE_").to_lowercase()
    }
}

const fn setting(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting {
        name,
        aliases: &[],
        kind,
        default,
        default_note: "",
        meaning,
        secret: false,
    }
}

impl Setting {
    const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
    const fn note(mut self, note: &'static str) -> Self {
        self.default_note = note;
        self
    }
    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// Every setting, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    setting(
        "ADE_DATA_DIR",
        Kind::Path,
        "./data",
        "Root of everything that ADE writes.",
    )
    .aliases(&["ADE_WORKER_DATA_DIR"]),
    setting(
        "ADE_DATABASE_URL",
        Kind::Text,
        "",
        "The queue: sqlite:///relative or sqlite:////absolute.",
    )
    .note("sqlite:///<data-dir>/db/ade.sqlite")
    .secret(),
    setting(
        "ADE_DATABASE_SQLITE_JOURNAL_MODE",
        Kind::Word(&["WAL", "DELETE", "TRUNCATE", "PERSIST"]),
        "WAL",
        "SQLite's journal mode. WAL lets readers and a writer work at the same time; the others are for file systems that cannot share memory.",
    ),
    setting(
        "ADE_DATABASE_SQLITE_SYNCHRONOUS",
        Kind::Word(&["OFF", "NORMAL", "FULL", "EXTRA"]),
        "NORMAL",
        "How often SQLite waits for the disk. OFF can damage the database when the machine loses power.",
    ),
    setting(
        "ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS",
        Kind::Whole(0),
        "30000",
        "How long to wait, in milliseconds, while another process holds the database.",
    ),
    setting(
        "ADE_WORKSPACE",
        Kind::Text,
        "default",
        "The workspace that commands act in.",
    ),
    setting(
        "ADE_WORKSPACES_DIR",
        Kind::Path,
        "",
        "Where workspaces keep documents, snapshots and runs.",
    )
    .note("<data-dir>/workspaces"),
    setting(
        "ADE_DOCUMENTS_DIR",
        Kind::Path,
        "",
        "Where documents are kept, below a folder for each workspace.",
    )
    .note("the workspaces directory"),
    setting(
        "ADE_CONFIGS_DIR",
        Kind::Path,
        "",
        "Where snapshots of configurations are kept, below a folder for each workspace.",
    )
    .note("the workspaces directory"),
    setting(
        "ADE_RUNS_DIR",
        Kind::Path,
        "",
        "Where runs keep their files, below a folder for each workspace.",
    )
    .note("the workspaces directory"),
    setting(
        "ADE_VENVS_DIR",
        Kind::Path,
        "",
        "Where environments are kept.",
    )
    .note("<data-dir>/venvs"),
    setting("ADE_PIP_CACHE_DIR", Kind::Path, "", "pip's download cache.")
        .note("<data-dir>/cache/pip"),
    setting("ADE_UV_CACHE_DIR", Kind::Path, "", "uv's download cache.").note("<data-dir>/cache/uv"),
    setting(
        "ADE_INSTALLER",
        Kind::Word(&["auto", "uv", "pip"]),
        "auto",
        "What provisions environments: uv (from PATH, else fetched once), or the standard library's venv with pip.",
    ),
    setting(
        "ADE_PYTHON",
        Kind::Path,
        "",
        "The Python that environments are made from.",
    )
    .note("the newest suitable one on PATH"),
    setting(
        "ADE_ENGINE_SPEC",
        Kind::Text,
        "",
        "Another engine: a folder, a wheel, or a requirement.",
    )
    .note("the engine in the binary")
    .aliases(&["ADE_ENGINE_PACKAGE_PATH"]),
    setting(
        "ADE_OFFLINE",
        Kind::Flag,
        "0",
        "Environments are built from caches alone.",
    ),
    setting(
        "ADE_BUILD_TIMEOUT",
        Kind::Seconds,
        "600",
        "Seconds that provisioning one environment may take.",
    ),
    setting(
        "ADE_RUN_TIMEOUT_SECONDS",
        Kind::Seconds,
        "",
        "Seconds that one run may take.",
    )
    .note("no limit")
    .aliases(&["ADE_JOB_TIMEOUT_SECONDS"]),
    setting(
        "ADE_LOG_LEVEL",
        Kind::Word(&["error", "warning", "info", "debug", "trace"]),
        "info",
        "How much is told.",
    ),
    setting(
        "ADE_WORKER_CONCURRENCY",
        Kind::Whole(1),
        "",
        "Runs that one process executes side by side.",
    )
    .note("min(4, cores / 2), at least 1")
    .aliases(&["ADE_MAX_CONCURRENCY"]),
    setting(
        "ADE_WORKER_POLL_INTERVAL",
        Kind::Seconds,
        "0.5",
        "Seconds between two looks at the queue while it is busy.",
    ),
    setting(
        "ADE_WORKER_POLL_INTERVAL_MAX",
        Kind::Seconds,
        "2.0",
        "Seconds between two looks at the queue when it has been idle.",
    ),
    setting(
        "ADE_WORKER_CLEANUP_INTERVAL",
        Kind::Seconds,
        "30",
        "Seconds between two sweeps for expired leases.",
    ),
    setting(
        "ADE_WORKER_ID",
        Kind::Text,
        "",
        "The worker's name in leases and attempts.",
    )
    .note("<host>:<pid>:<index>"),
    setting(
        "ADE_WORKER_LEASE_SECONDS",
        Kind::Seconds,
        "900",
        "Seconds that a claim holds without a heartbeat; heartbeats come three times as often.",
    )
    .aliases(&["ADE_WORKER_JOB_LEASE_SECONDS"]),
    setting(
        "ADE_WORKER_MAX_ATTEMPTS",
        Kind::Whole(1),
        "3",
        "Attempts at one run.",
    )
    .aliases(&["ADE_WORKER_JOB_MAX_ATTEMPTS"]),
    setting(
        "ADE_WORKER_BACKOFF_BASE_SECONDS",
        Kind::Seconds,
        "5",
        "Seconds before the second attempt; doubled for each one after it.",
    )
    .aliases(&["ADE_WORKER_JOB_BACKOFF_BASE_SECONDS"]),
    setting(
        "ADE_WORKER_BACKOFF_MAX_SECONDS",
        Kind::Seconds,
        "300",
        "The longest wait before another attempt, in seconds.",
    )
    .aliases(&["ADE_WORKER_JOB_BACKOFF_MAX_SECONDS"]),
    setting(
        "ADE_WORKER_AUTO_CREATE_SCHEMA",
        Kind::Flag,
        "0",
        "A worker creates the schema of a new database itself.",
    ),
    setting(
        "ADE_WORKER_METRICS_INTERVAL",
        Kind::Seconds,
        "30",
        "Seconds between two entries of the queue's metrics.",
    ),
    setting(
        "ADE_WORKER_LOG_LEVEL",
        Kind::Word(&["error", "warning", "info", "debug"]),
        "",
        "How much a worker tells.",
    )
    .note("ADE_LOG_LEVEL"),
    setting(
        "ADE_LOG_FORMAT",
        Kind::Word(&["console", "json"]),
        "console",
        "How a worker tells it.",
    ),
    setting(
        "ADE_RECOVERY",
        Kind::Word(&["requeue", "fail"]),
        "requeue",
        "What becomes of a run whose process died on this machine: back to the queue, or failed for an operator to retry.",
    ),
    setting(
        "ADE_WORKER_ENABLE_GC",
        Kind::Flag,
        "1",
        "A worker collects what is cold. Several workers never collect at the same time.",
    ),
    setting(
        "ADE_WORKER_GC_INTERVAL_SECONDS",
        Kind::Seconds,
        "3600",
        "Seconds between two collections.",
    ),
    setting(
        "ADE_WORKER_ENV_TTL_DAYS",
        Kind::Days,
        "30",
        "Days without use after which an environment is cold; 0 or less: never.",
    ),
    setting(
        "ADE_WORKER_RUN_ARTIFACT_TTL_DAYS",
        Kind::Days,
        "30",
        "Days after its end that a run's files are kept; 0 or less: for ever.",
    ),
];
