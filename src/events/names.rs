//! Lists every event: those that ADE writes into the logs of runs and environments, those of the engine, and those that only
//! streams and followers of a workspace get. The tables of docs/reference/events.md and the shapes of
//! docs/reference/openapi.json are generated from this file.

/// The facts about an event.
#[derive(Debug)]
pub struct EventKind {
    /// The name of the event.
    pub name: &'static str,
    /// `debug`, `info`, `warning` or `error`; several if it depends.
    pub level: &'static str,
    /// When the event happens, in lines.
    pub when: &'static [&'static str],
    /// The keys of its data, each with its type: a JSON type, `time`, or a shape of the API. `[]` after a type: a list of
    /// them; `|null`: it may be null; empty: the key of an engine's event, from which nothing is generated. Optional keys end
    /// with `?`.
    pub data: &'static [(&'static str, &'static str)],
}

impl EventKind {
    /// Returns when the event happens, as one text.
    pub fn when(&self) -> String {
        self.when.concat().trim().to_owned()
    }
}

/// Defines the names of events and a list of their facts.
macro_rules! events {
    ($(#[doc = $all:literal])+ $list:ident; $(
        $(#[doc = $when:literal])+
        $constant:ident = $name:literal, $level:literal, { $($key:literal $(: $kind:literal)?),* };
    )*) => {
        $($(#[doc = $when])+ pub const $constant: &str = $name;)*
        $(#[doc = $all])+
        pub const $list: &[EventKind] = &[$(EventKind {
            name: $name,
            level: $level,
            when: &[$($when),+],
            data: &[$(($key, concat!($($kind)?))),*],
        }),*];
    };
}

events! {
    /// Events in the log of a run.
    OF_RUN;

    /// A run waits for a worker.
    RUN_QUEUED = "run.queued", "info",
        { "input": "string", "environment_id": "string|null", "created_at?": "time", "retry_of_run_id?": "string" };
    /// An attempt begins.
    RUN_START = "run.start", "info",
        { "attempt": "integer", "worker": "string", "input": "string", "configuration": "string" };
    /// Sandbox or network differ from the request.
    RUN_SANDBOX = "run.sandbox", "warning", { "applied?": "string[]", "missing?": "string[]" };
    /// `ade runs cancel` or a signal.
    RUN_CANCEL_REQUESTED = "run.cancel_requested", "warning", { "requested_at": "time|null", "attempt": "integer" };
    /// The lease expired.
    RUN_LOST_CLAIM = "run.lost_claim", "warning",
        { "status": "Status", "error": "RunError|null", "available_at": "time", "attempt": "integer" };
    /// The worker died.
    RUN_RECOVERED = "run.recovered", "warning",
        { "status": "Status", "error": "RunError|null", "available_at": "time", "attempt": "integer" };
    /// An attempt failed; another follows.
    RUN_RETRY = "run.retry", "warning",
        { "status": "Status", "error": "RunError|null", "available_at": "time", "attempt": "integer" };
    /// The run ended.
    RUN_COMPLETE = "run.complete", "info, warning, error",
        { "status": "Status", "exit_code": "integer|null", "error": "RunError|null", "output_path": "string|null",
          "attempt": "integer", "execution": "RunExecution", "skipped_reason?": "string" };
}

events! {
    /// Events in the log of an environment.
    OF_ENVIRONMENT;

    /// A build begins.
    ENVIRONMENT_START = "environment.start", "info",
        { "configuration": "string", "deps_digest": "string", "attempt": "integer", "worker": "string" };
    /// A step (`prepare_installer`, `create_venv`, `install_engine`, `install_config`, `compile`, `verify_imports`,
    /// `collect_metadata`) or `note`.
    ENVIRONMENT_STEP = "environment.step", "debug, info",
        { "step?": "string", "state?": "string", "duration_ms?": "integer", "note?": "string" };
    /// Installed versions.
    ENVIRONMENT_VERSIONS = "environment.versions", "info",
        { "python_version": "string", "engine_version": "string", "installer": "string", "packages": "Package[]" };
    /// The environment is ready.
    ENVIRONMENT_COMPLETE = "environment.complete", "info",
        { "status": "EnvironmentStatus", "size_bytes": "integer", "lock_digest": "string" };
    /// The build failed or was cancelled.
    ENVIRONMENT_FAILED = "environment.failed", "warning, error",
        { "status": "EnvironmentStatus", "code": "string", "hint?": "string|null", "retry_at?": "time|null" };
    /// Another process took over.
    ENVIRONMENT_LOST_CLAIM = "environment.lost_claim", "warning", {};
}

events! {
    /// Events in both kinds of logs.
    OF_BOTH;

    /// An installer or configuration printed this.
    CONSOLE_LINE = "console.line", "info, warning", { "scope": "string", "stream": "string", "message": "string" };
}

events! {
    /// Events of the engine in the log of a run: as the engine sent them, with `sequence` and `run_id` added.
    OF_ENGINE;

    /// All settings.
    ENGINE_SETTINGS_EFFECTIVE = "engine.settings.effective", "debug", { "settings" };
    /// Input and configuration.
    ENGINE_RUN_STARTED = "engine.run.started", "info", { "input_file", "config_package" };
    /// Paths of output and logs.
    ENGINE_RUN_PLANNED = "engine.run.planned", "info", { "output_file", "output_dir", "logs_file", "logs_dir" };
    /// Plugins, fields, settings.
    ENGINE_CONFIG_LOADED = "engine.config.loaded", "info",
        { "config_package", "entrypoint", "plugin_modules", "fields", "settings" };
    /// Number of sheets.
    ENGINE_WORKBOOK_STARTED = "engine.workbook.started", "info", { "sheet_count" };
    /// A sheet begins.
    ENGINE_SHEET_STARTED = "engine.sheet.started", "info", { "sheet_name", "sheet_index" };
    /// Rows so far; `stage`: `scan`, `detect`, `write`.
    ENGINE_SHEET_PROGRESS = "engine.sheet.progress", "info", { "sheet_name", "sheet_index", "stage", "rows", "total_rows" };
    /// A row detector's scores.
    ENGINE_DETECTOR_ROW_RESULT = "engine.detector.row_result", "debug", { "sheet_name", "row_index", "detector" };
    /// All scores, and the kind.
    ENGINE_ROW_CLASSIFICATION = "engine.row_classification", "debug",
        { "sheet_name", "row_index", "detectors", "scores", "classification" };
    /// A sheet's tables.
    ENGINE_SHEET_TABLES_DETECTED = "engine.sheet.tables_detected", "debug",
        { "sheet_name", "sheet_index", "input_file", "row_count", "table_count", "tables" };
    /// A column detector's scores.
    ENGINE_DETECTOR_COLUMN_RESULT = "engine.detector.column_result", "debug",
        { "sheet_name", "table_index", "table_region", "column_index", "detector" };
    /// All scores, and the field.
    ENGINE_COLUMN_CLASSIFICATION = "engine.column_classification", "debug",
        { "sheet_name", "table_index", "table_region", "column_index", "detectors", "scores", "classification" };
    /// The same by contribution.
    ENGINE_COLUMN_DETECTOR_CANDIDATE = "engine.column_detector.candidate", "debug",
        { "sheet_name", "table_index", "table_region", "column_index", "column_name", "column_header_original", "best_field", "best_score", "scores", "contributions" };
    /// Mapped columns.
    ENGINE_COLUMN_DETECTOR_SUMMARY = "engine.column_detector.summary", "debug", { "mapped", "unmapped_indices", "total_columns" };
    /// A hook begins.
    ENGINE_HOOK_START = "engine.hook.start", "debug", { "hook_name", "hook", "table_index", "table_region", "sheet_name" };
    /// A hook ends.
    ENGINE_HOOK_END = "engine.hook.end", "debug", { "hook_name", "hook", "table_index", "table_region", "sheet_name" };
    /// A transform; samples are null in `ade`.
    ENGINE_TRANSFORM_RESULT = "engine.transform.result", "debug",
        { "transform", "field", "table_index", "table_region", "row_count", "sample_before", "sample_after", "emitted_column" };
    /// Issues by column.
    ENGINE_VALIDATION_SUMMARY = "engine.validation.summary", "debug", { "issue_columns", "table_index", "table_region", "rows" };
    /// Fields filled without a column.
    ENGINE_FIELDS_COMPUTED = "engine.fields.computed", "info", { "fields" };
    /// Notices and records.
    ENGINE_RUN_NOTICED = "engine.run.noticed", "info",
        { "notices", "readings", "rows?", "columns?", "tables?", "overrides?", "issues?", "issue_list?" };
    /// A table's range.
    ENGINE_TABLE_WRITTEN = "engine.table.written", "info", { "sheet_name", "table_index", "output_range" };
    /// The closing report, always last.
    ENGINE_RUN_COMPLETED = "engine.run.completed", "info",
        { "scope", "execution", "evaluation", "counts", "validation", "fields", "outputs", "workbooks" };
    /// A log line; keys if known.
    ENGINE_LOG = "engine.log", "any", { "code?", "stage?", "file?", "line?", "callable?", "sheet?", "table?", "hint?", "limit?" };
    /// JSON cannot hold an event's data.
    ENGINE_LOGGING_SERIALIZATION_FAILED = "engine.logging.serialization_failed", "error", {};
}

events! {
    /// Lines of JSON for followers of a run. Every other event of its log is the data of a `run.log`, and events of the engine
    /// are passed on unchanged.
    LINES_OF_RUN;

    /// The first line, unless resumed.
    LINE_CREATED = "run.created", "info", { "run": "Run" };
    /// An attempt begins.
    LINE_STARTED = "run.started", "info",
        { "attempt": "integer", "worker": "string", "input": "string", "configuration": "string" };
    /// Any other line.
    LINE_LOG = "run.log", "any", {};
    /// The run ended.
    LINE_COMPLETED = "run.completed", "info, warning, error",
        { "status": "Status", "exit_code": "integer|null", "error": "RunError|null", "output_path": "string|null",
          "attempt": "integer", "execution": "RunExecution", "skipped_reason?": "string", "run?": "Run" };
}

events! {
    /// Lines of JSON for followers of a build, in addition to the lines of its log.
    LINES_OF_BUILD;

    /// The first line.
    BUILD_CREATED = "build.created", "info, error", { "build": "Environment" };
    /// The build ended.
    BUILD_COMPLETED = "build.completed", "info, error", { "build": "Environment" };
}

events! {
    /// The last line of either, if it ends before the run or the build.
    LINES_OF_BOTH;

    /// Too early (`reason`). `after_id`: last event sent. Continue at `resume`.
    STREAM_INTERRUPTED = "stream.interrupted", "", {};
}

events! {
    /// Server-sent events of a workspace. The data is an object as it is now.
    OF_WORKSPACE;

    /// A run began, changed or ended.
    WORKSPACE_RUN = "run", "", { "": "Run" };
    /// An environment began or changed.
    WORKSPACE_ENVIRONMENT = "environment", "", { "": "Environment" };
    /// Numbers changed; ended runs are of the last minute.
    WORKSPACE_COUNTS = "counts", "", { "": "WorkspaceCounts" };
    /// Load lists anew, after too many changes.
    WORKSPACE_RESET = "reset", "", {};
}
