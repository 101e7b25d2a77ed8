//! The table of all settings: to add one, add its row.
//!
//! A row has the field of [`Settings`] with its type and the method of `value::Value` that reads its text, then the environment
//! variable, the form of its text, its default, and its meaning, and after these aliases and the like. The rows define the
//! typed structs and [`SETTINGS`], and with that `ade.toml`, `ade settings` and docs/reference/settings.md.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::setting::{Setting, SettingKind, setting};
use super::source::{Inputs, ResolvedSetting};
use super::types::{LogLevel, Recovery, SafeMode, Sandbox, WarmUse};
use super::value::SettingTexts;

/// Turns a row into the value that describes its setting.
macro_rules! row {
    ($name:literal, $kind:expr, $default:literal, $meaning:literal $(, $more:ident($($argument:expr)?))*) => {
        setting($name, $kind, $default, $meaning)$(.$more($($argument)?))*
    };
}

macro_rules! table {
    (
        all { $($field:ident: $type:ty = $read:ident, $name:literal, $kind:expr, $default:literal, $meaning:literal
            $(, $more:ident($($argument:expr)?))*;)* }
        worker { $($w_field:ident: $w_type:ty = $w_read:ident, $w_name:literal, $w_kind:expr, $w_default:literal,
            $w_meaning:literal $(, $w_more:ident($($w_argument:expr)?))*;)* }
    ) => {
        /// Every setting, in the order in which they are shown.
        pub const SETTINGS: &[Setting] = &[
            $(row!($name, $kind, $default, $meaning $(, $more($($argument)?))*),)*
            $(row!($w_name, $w_kind, $w_default, $w_meaning $(, $w_more($($w_argument)?))*),)*
        ];

        /// The typed values of all settings. Paths are absolute.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $(
                #[doc = concat!("`", $name, "`: ", $meaning)]
                pub $field: $type,
            )*
            /// The settings of the queue and of workers.
            pub worker: WorkerSettings,
            /// The folder that relative paths and a relative database URL count from.
            pub folder: PathBuf,
            /// The program's own file, without symbolic links.
            pub program: Option<PathBuf>,
            /// Every setting with its source, in the table's order.
            pub resolved: Vec<ResolvedSetting>,
            /// The environment variables that children inherit from.
            pub variables: BTreeMap<OsString, OsString>,
        }

        /// The settings of the queue and of workers.
        #[derive(Clone, Debug)]
        pub struct WorkerSettings {
            $(
                #[doc = concat!("`", $w_name, "`: ", $w_meaning)]
                pub $w_field: $w_type,
            )*
        }

        impl Settings {
            /// Converts the resolved texts to typed settings.
            pub(super) fn from_resolved(inputs: &Inputs, resolved: Vec<ResolvedSetting>) -> Self {
                let values = SettingTexts {
                    resolved: &resolved,
                    folder: &inputs.folder,
                };
                Self {
                    $($field: values.get($name).$read(),)*
                    worker: WorkerSettings {
                        $($w_field: values.get($w_name).$w_read(),)*
                    },
                    folder: inputs.folder.clone(),
                    program: inputs.program.clone(),
                    variables: inputs.variables.clone(),
                    resolved,
                }
            }
        }
    };
}

table! {
    all {
        data_dir: PathBuf = path, "ADE_DATA_DIR", SettingKind::Path, "./data",
            "The root of everything that ADE writes.",
            aliases(&["ADE_WORKER_DATA_DIR"]);
        database_url: Option<String> = maybe_text, "ADE_DATABASE_URL", SettingKind::Text, "",
            "The database that holds the queue: sqlite:///relative or sqlite:////absolute, or postgresql://user@host/database for several hosts.",
            note("sqlite:///<data-dir>/db/ade.sqlite"),
            secret();
        database_password: Option<String> = maybe_text, "ADE_DATABASE_PASSWORD", SettingKind::Secret, "",
            "The password for a PostgreSQL server, unless the URL has it. It is never shown.";
        database_password_file: Option<PathBuf> = maybe_path, "ADE_DATABASE_PASSWORD_FILE", SettingKind::Path, "",
            "A file that contains only this password.";
        sqlite_journal_mode: String = upper_case, "ADE_DATABASE_SQLITE_JOURNAL_MODE", SettingKind::Word(&["WAL", "DELETE", "TRUNCATE", "PERSIST"]), "WAL",
            "SQLite's journal mode. WAL lets readers and a writer work at the same time. The other modes are for file systems that cannot share memory.";
        sqlite_synchronous: String = upper_case, "ADE_DATABASE_SQLITE_SYNCHRONOUS", SettingKind::Word(&["OFF", "NORMAL", "FULL", "EXTRA"]), "NORMAL",
            "How often SQLite waits for the disk. With OFF the database can be damaged if the machine loses power.";
        sqlite_busy_timeout: Duration = milliseconds, "ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", SettingKind::Whole(0), "30000",
            "How long an operation waits, in milliseconds, while another process holds the database.";
        workspace: String = text, "ADE_WORKSPACE", SettingKind::Text, "default",
            "The workspace that commands act in.";
        files_url: Option<String> = maybe_text, "ADE_FILES_URL", SettingKind::Text, "",
            "The object store that hosts share: file:///folder, s3://bucket/prefix, az://container/prefix or gs://bucket/prefix. The data directory is its cache then.",
            note("none: files are only in the data directory"),
            secret();
        workspaces_dir: Option<PathBuf> = maybe_path, "ADE_WORKSPACES_DIR", SettingKind::Path, "",
            "The folder in which workspaces keep snapshots and runs.",
            note("<data-dir>/workspaces");
        documents_dir: Option<PathBuf> = maybe_path, "ADE_DOCUMENTS_DIR", SettingKind::Path, "",
            "The folder for documents that clients upload, with a folder for each workspace.",
            note("the workspaces directory");
        configs_dir: Option<PathBuf> = maybe_path, "ADE_CONFIGS_DIR", SettingKind::Path, "",
            "The folder for snapshots of configurations, with a folder for each workspace.",
            note("the workspaces directory");
        runs_dir: Option<PathBuf> = maybe_path, "ADE_RUNS_DIR", SettingKind::Path, "",
            "The folder for the files of runs, with a folder for each workspace.",
            note("the workspaces directory");
        venvs_dir: Option<PathBuf> = maybe_path, "ADE_VENVS_DIR", SettingKind::Path, "",
            "The folder for environments.",
            note("<data-dir>/venvs");
        cache_dir: Option<PathBuf> = maybe_path, "ADE_CACHE_DIR", SettingKind::Path, "",
            "The folder for downloads, uv, engines and environments that all data directories share.",
            note("ade in the user's cache folder; if that cannot be written, <data-dir>/cache");
        pip_cache_dir: Option<PathBuf> = maybe_path, "ADE_PIP_CACHE_DIR", SettingKind::Path, "",
            "The download cache of pip. ADE uses pip to fetch uv if uv is not installed.",
            note("<cache-dir>/pip");
        uv_cache_dir: Option<PathBuf> = maybe_path, "ADE_UV_CACHE_DIR", SettingKind::Path, "",
            "The download cache of uv.",
            note("<cache-dir>/uv");
        python: Option<PathBuf> = program, "ADE_PYTHON", SettingKind::Path, "",
            "The Python that environments are made from.",
            note("that of the virtual environment in which `ade` is installed, then python3 on PATH; if neither fits, the newest Python that fits");
        engine_spec: Option<String> = maybe_text, "ADE_ENGINE_SPEC", SettingKind::Text, "",
            "An engine to use instead of the one in the binary: a folder, a wheel, or a requirement.",
            note("the engine in the binary"),
            aliases(&["ADE_ENGINE_PACKAGE_PATH"]);
        offline: bool = flag, "ADE_OFFLINE", SettingKind::Flag, "0",
            "Environments are built from caches only, without a network.";
        frozen: bool = flag, "ADE_FROZEN", SettingKind::Flag, "0",
            "Environments are installed from the lock that `ade lock` wrote; a configuration whose lock is missing or out of date is refused.";
        build_timeout: Duration = seconds, "ADE_BUILD_TIMEOUT", SettingKind::Seconds, "600",
            "Seconds that building one environment may take.";
        run_timeout: Option<Duration> = maybe_seconds, "ADE_RUN_TIMEOUT_SECONDS", SettingKind::Seconds, "",
            "Seconds that one run may take.",
            note("no limit"),
            aliases(&["ADE_JOB_TIMEOUT_SECONDS"]);
        warm_engines: WarmUse = warm_use, "ADE_WARM_ENGINES", SettingKind::Word(&["auto", "0", "1"]), "auto",
            "Whether runs share a started Python: auto shares it if several runs are expected (three files or more, --watch, a worker), 1 also for a single run, 0 never.";
        sandbox: Sandbox = sandbox, "ADE_SANDBOX", SettingKind::Word(&["auto", "strict", "off"]), "auto",
            "How runs are confined: auto uses the protections that the kernel offers and records those that are missing, strict refuses to run if one is missing, off uses none.";
        sandbox_read: Vec<PathBuf> = paths, "ADE_SANDBOX_READ", SettingKind::Text, "",
            "Folders and files that runs may read in addition to their own, separated by colons.",
            note("none");
        sandbox_write: Vec<PathBuf> = paths, "ADE_SANDBOX_WRITE", SettingKind::Text, "",
            "Folders and files that runs may read and write in addition to their own, separated by colons.",
            note("none");
        allow_network: bool = flag, "ADE_ALLOW_NETWORK", SettingKind::Flag, "0",
            "Whether a run that asks for a network gets it.";
        safe_mode: SafeMode = safe_mode, "ADE_SAFE_MODE", SettingKind::Word(&["off", "on", "reject", "0", "1"]), "off",
            "Whether runs are executed. With on (or 1), new runs are accepted and end at once as succeeded; with reject, new runs are refused. With both, workers execute and build nothing, and waiting runs stay in the queue.";
        log_level: LogLevel = level, "ADE_LOG_LEVEL", SettingKind::Word(&["error", "warning", "info", "debug", "trace"]), "info",
            "The lowest level of events that are printed.";
        queue_size: u32 = count, "ADE_QUEUE_SIZE", SettingKind::Whole(1), "10",
            "The number of runs from the HTTP API that may wait in the queue before the API refuses more. Runs of the CLI are not counted.";
        limit_submitter_running: Option<u32> = most, "ADE_LIMIT_SUBMITTER_RUNNING", SettingKind::Whole(0), "0",
            "The number of runs of one submitter (a user or a token) that workers execute at the same time. 0: no limit.";
        limit_submitter_queued: Option<u32> = most, "ADE_LIMIT_SUBMITTER_QUEUED", SettingKind::Whole(0), "0",
            "The number of runs of one submitter that may wait in the queue, including those of the CLI. 0: no limit.";
        limit_submitter_stored: Option<u64> = most_megabytes, "ADE_LIMIT_SUBMITTER_STORED_MB", SettingKind::Whole(0), "0",
            "Megabytes that the documents of one submitter may have together. 0: no limit.";
        limit_workspace_running: Option<u32> = most, "ADE_LIMIT_WORKSPACE_RUNNING", SettingKind::Whole(0), "0",
            "The number of runs of one workspace that workers execute at the same time. 0: no limit.";
        limit_workspace_queued: Option<u32> = most, "ADE_LIMIT_WORKSPACE_QUEUED", SettingKind::Whole(0), "0",
            "The number of runs of one workspace that may wait in the queue, including those of the CLI. 0: no limit.";
        limit_workspace_stored: Option<u64> = most_megabytes, "ADE_LIMIT_WORKSPACE_STORED_MB", SettingKind::Whole(0), "0",
            "Megabytes that the documents of one workspace may have together. 0: no limit.";
        upload_limit: u64 = megabytes, "ADE_API_UPLOAD_LIMIT_MB", SettingKind::Whole(1), "200",
            "The largest document or archive, in megabytes, that the HTTP API accepts.";
        on_end_url: Option<String> = maybe_text, "ADE_ON_END_URL", SettingKind::Url, "",
            "The address that gets a POST request when a run ends. In ade.toml: url in the table on_end.",
            note("none"),
            secret();
        on_end_secret: Option<Vec<u8>> = key_bytes, "ADE_ON_END_SECRET", SettingKind::Secret, "",
            "The secret that signs these requests: a text, or whsec_ followed by base64. It is never shown.",
            note("they are not signed");
        on_end_command: Option<PathBuf> = program, "ADE_ON_END_COMMAND", SettingKind::Path, "",
            "A program that is started when a run ends, and gets the run on standard input. In ade.toml: command in the table on_end.",
            note("none");
        drain: Duration = whole_seconds, "ADE_API_DRAIN_SECONDS", SettingKind::Whole(0), "1",
            "Seconds that `ade serve` still answers after it was told to stop. `/readyz` reports at once that it stops.";
        metrics_need_token: bool = is_token, "ADE_API_METRICS", SettingKind::Word(&["open", "token"]), "open",
            "Who may read `/metrics`: with open, everybody who can reach the server; with token, those who send a token for all workspaces.";
        cors_origins: Option<String> = maybe_text, "ADE_API_CORS_ORIGINS", SettingKind::Text, "",
            "Origins, separated by commas, whose pages may use the HTTP API from a browser; *: all.",
            note("none");
        trusted_proxies: Option<String> = maybe_text, "ADE_API_TRUSTED_PROXIES", SettingKind::Text, "",
            "Addresses of proxies, separated by commas, whose forwarded headers `ade serve` believes.",
            note("none");
    }
    worker {
        concurrency: usize = concurrency, "ADE_WORKER_CONCURRENCY", SettingKind::Whole(1), "",
            "The number of runs that one process executes at the same time.",
            note("min(4, cores / 2), at least 1"),
            aliases(&["ADE_MAX_CONCURRENCY"]);
        poll_interval: Duration = seconds, "ADE_WORKER_POLL_INTERVAL", SettingKind::Seconds, "0.5",
            "Seconds between two polls of the queue while it has runs.";
        poll_interval_max: Duration = seconds, "ADE_WORKER_POLL_INTERVAL_MAX", SettingKind::Seconds, "2.0",
            "Seconds between two polls of the queue after it has been empty for a while.";
        cleanup_interval: Duration = seconds, "ADE_WORKER_CLEANUP_INTERVAL", SettingKind::Seconds, "30",
            "Seconds between two searches for expired leases and dead processes.";
        id: Option<String> = maybe_text, "ADE_WORKER_ID", SettingKind::Text, "",
            "The worker's name in leases and attempts.",
            note("<host>:<pid>:<index>");
        lease: Duration = seconds, "ADE_WORKER_LEASE_SECONDS", SettingKind::Seconds, "900",
            "Seconds that a lease holds without a heartbeat. Three heartbeats are sent in this time.",
            aliases(&["ADE_WORKER_JOB_LEASE_SECONDS"]);
        max_attempts: u32 = count, "ADE_WORKER_MAX_ATTEMPTS", SettingKind::Whole(1), "3",
            "How many attempts a run has.",
            aliases(&["ADE_WORKER_JOB_MAX_ATTEMPTS"]);
        backoff_base: Duration = seconds, "ADE_WORKER_BACKOFF_BASE_SECONDS", SettingKind::Seconds, "5",
            "Seconds of backoff before the second attempt. The backoff doubles for each further attempt.",
            aliases(&["ADE_WORKER_JOB_BACKOFF_BASE_SECONDS"]);
        backoff_max: Duration = seconds, "ADE_WORKER_BACKOFF_MAX_SECONDS", SettingKind::Seconds, "300",
            "The longest backoff before another attempt, in seconds.",
            aliases(&["ADE_WORKER_JOB_BACKOFF_MAX_SECONDS"]);
        cpu_time: Option<Duration> = cpu_time, "ADE_WORKER_CPU_SECONDS", SettingKind::Seconds, "",
            "Seconds of processor time that one run may use, including the processes that it starts.",
            note("no limit; 60 where ADE_SANDBOX is strict");
        memory: Option<u64> = memory, "ADE_WORKER_MEM_MB", SettingKind::Whole(0), "",
            "Megabytes of memory that one run may use, including the processes that it starts. 0: no limit.",
            note("half of the machine's memory / ADE_WORKER_CONCURRENCY, at least 1024, at most 4096");
        file_size: Option<u64> = file_size, "ADE_WORKER_FSIZE_MB", SettingKind::Whole(0), "",
            "Megabytes that one file of a run may have. 0: no limit.",
            note("512; 100 where ADE_SANDBOX is strict");
        disk: Option<u64> = most_megabytes, "ADE_WORKER_DISK_MB", SettingKind::Whole(0), "4096",
            "Megabytes that the output and the temporary files of one run may have together. 0: no limit.";
        processes: Option<u32> = most, "ADE_WORKER_PROCESSES", SettingKind::Whole(0), "64",
            "The number of processes that one run may have at the same time, including the engine's own. 0: no limit.";
        open_files: Option<u32> = most, "ADE_WORKER_OPEN_FILES", SettingKind::Whole(0), "256",
            "The number of files that one process of a run may have open at the same time. 0: no limit.";
        printed: Option<u64> = most_megabytes, "ADE_WORKER_PRINT_MB", SettingKind::Whole(0), "16",
            "Megabytes that one run may print on standard output. 0: no limit.";
        auto_create_schema: bool = flag, "ADE_WORKER_AUTO_CREATE_SCHEMA", SettingKind::Flag, "0",
            "Whether a worker creates the schema of a new database itself.";
        metrics_interval: Duration = seconds, "ADE_WORKER_METRICS_INTERVAL", SettingKind::Seconds, "30",
            "Seconds between two entries of the queue's metrics.";
        log_level: LogLevel = worker_level, "ADE_WORKER_LOG_LEVEL", SettingKind::Word(&["error", "warning", "info", "debug"]), "",
            "The lowest level of events that a worker logs.",
            note("ADE_LOG_LEVEL");
        log_json: bool = is_json, "ADE_LOG_FORMAT", SettingKind::Word(&["console", "json"]), "console",
            "The format of a worker's log.";
        recovery: Recovery = recovery, "ADE_RECOVERY", SettingKind::Word(&["requeue", "fail"]), "requeue",
            "What happens to a run whose process died on this machine: requeue puts the run back into the queue, fail leaves it to an operator to retry.";
        enable_gc: bool = flag, "ADE_WORKER_ENABLE_GC", SettingKind::Flag, "1",
            "Whether a worker deletes unused environments and files of old runs. Only one worker does so at a time.";
        gc_interval: Duration = seconds, "ADE_WORKER_GC_INTERVAL_SECONDS", SettingKind::Seconds, "3600",
            "Seconds between two such collections.";
        env_ttl: Option<Duration> = days, "ADE_WORKER_ENV_TTL_DAYS", SettingKind::Days, "30",
            "Days without use after which an environment may be deleted. 0 or less: never.";
        run_artifact_ttl: Option<Duration> = days, "ADE_WORKER_RUN_ARTIFACT_TTL_DAYS", SettingKind::Days, "30",
            "Days that the files of a run are kept after its end. 0 or less: for ever.";
        run_record_ttl: Option<Duration> = days, "ADE_WORKER_RUN_RECORD_TTL_DAYS", SettingKind::Days, "365",
            "Days that the record of a run is kept after its end; it is kept at least as long as the run's files. 0 or less: for ever.";
        cache_ttl: Option<Duration> = days, "ADE_WORKER_CACHE_TTL_DAYS", SettingKind::Days, "90",
            "Days after which a part of the cache that no build has used may be deleted. 0 or less: never.";
    }
}
