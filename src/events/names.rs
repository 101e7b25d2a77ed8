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
    /// The run is less confined than it is meant to be, or asked for a network that it did not get.
    RUN_SANDBOX = "run.sandbox", "warning", { "applied?": "string[]", "missing?": "string[]" };
    /// `ade runs cancel` or a signal asked the run to stop; once, before the end.
    RUN_CANCEL_REQUESTED = "run.cancel_requested", "warning", { "requested_at": "time|null", "attempt": "integer" };
    /// The lease of the run expired, so that its worker writes nothing more; the process that noticed this records it.
    RUN_LOST_CLAIM = "run.lost_claim", "warning",
        { "status": "Status", "error": "RunError|null", "available_at": "time", "attempt": "integer" };
    /// The process of the worker died; the process that noticed this records it.
    RUN_RECOVERED = "run.recovered", "warning",
        { "status": "Status", "error": "RunError|null", "available_at": "time", "attempt": "integer" };
    /// An attempt failed, and the run is back in the queue.
    RUN_RETRY = "run.retry", "warning",
        { "status": "Status", "error": "RunError|null", "available_at": "time", "attempt": "integer" };
    /// The end of the run; once for each attempt that ended the run. In safe mode it has `skipped_reason`.
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
    /// A step begins or ends: `prepare_installer`, `create_venv`, `install_engine`, `install_config`, `compile`,
    /// `verify_imports`, `collect_metadata`; or the builder adds a remark (`note`).
    ENVIRONMENT_STEP = "environment.step", "debug, info",
        { "step?": "string", "state?": "string", "duration_ms?": "integer", "note?": "string" };
    /// What is in the environment.
    ENVIRONMENT_VERSIONS = "environment.versions", "info",
        { "python_version": "string", "engine_version": "string", "installer": "string", "packages": "Package[]" };
    /// The environment is ready.
    ENVIRONMENT_COMPLETE = "environment.complete", "info",
        { "status": "EnvironmentStatus", "size_bytes": "integer", "lock_digest": "string" };
    /// The build has failed, or was cancelled.
    ENVIRONMENT_FAILED = "environment.failed", "warning, error",
        { "status": "EnvironmentStatus", "code": "string", "hint?": "string|null", "retry_at?": "time|null" };
    /// Another process took over; its builder writes nothing more.
    ENVIRONMENT_LOST_CLAIM = "environment.lost_claim", "warning", {};
}

events! {
    /// Events in both kinds of logs.
    OF_BOTH;

    /// A line that a program printed: an installer, or the code of a configuration.
    CONSOLE_LINE = "console.line", "info, warning", { "scope": "string", "stream": "string", "message": "string" };
}

events! {
    /// Events of the engine in the log of a run: as the engine sent them, with `sequence` and `run_id` added.
    OF_ENGINE;

    /// All settings.
    ENGINE_SETTINGS_EFFECTIVE = "engine.settings.effective", "debug", { "settings" };
    /// Input and configuration.
    ENGINE_RUN_STARTED = "engine.run.started", "info", { "input_file", "config_package" };
    /// Where output and logs go.
    ENGINE_RUN_PLANNED = "engine.run.planned", "info", { "output_file", "output_dir", "logs_file", "logs_dir" };
    /// Plugin modules, fields, settings.
    ENGINE_CONFIG_LOADED = "engine.config.loaded", "info",
        { "config_package", "entrypoint", "plugin_modules", "fields", "settings" };
    /// How many sheets.
    ENGINE_WORKBOOK_STARTED = "engine.workbook.started", "info", { "sheet_count" };
    /// Which sheet.
    ENGINE_SHEET_STARTED = "engine.sheet.started", "info", { "sheet_name", "sheet_index" };
    /// Stage (`scan`, `detect`, `write`), rows so far, and of how many if this is known; at most ten events a second, none for
    /// small sheets.
    ENGINE_SHEET_PROGRESS = "engine.sheet.progress", "info", { "sheet_name", "sheet_index", "stage", "rows", "total_rows" };
    /// One row detector's scores.
    ENGINE_DETECTOR_ROW_RESULT = "engine.detector.row_result", "debug", { "sheet_name", "row_index", "detector" };
    /// All scores for a row, and its kind.
    ENGINE_ROW_CLASSIFICATION = "engine.row_classification", "debug",
        { "sheet_name", "row_index", "detectors", "scores", "classification" };
    /// The tables of a sheet.
    ENGINE_SHEET_TABLES_DETECTED = "engine.sheet.tables_detected", "debug",
        { "sheet_name", "sheet_index", "input_file", "row_count", "table_count", "tables" };
    /// One column detector's scores.
    ENGINE_DETECTOR_COLUMN_RESULT = "engine.detector.column_result", "debug",
        { "sheet_name", "table_index", "table_region", "column_index", "detector" };
    /// All scores for a column, and its field.
    ENGINE_COLUMN_CLASSIFICATION = "engine.column_classification", "debug",
        { "sheet_name", "table_index", "table_region", "column_index", "detectors", "scores", "classification" };
    /// The same, by contribution.
    ENGINE_COLUMN_DETECTOR_CANDIDATE = "engine.column_detector.candidate", "debug",
        { "sheet_name", "table_index", "table_region", "column_index", "column_name", "column_header_original", "best_field", "best_score", "scores", "contributions" };
    /// Which columns were mapped.
    ENGINE_COLUMN_DETECTOR_SUMMARY = "engine.column_detector.summary", "debug", { "mapped", "unmapped_indices", "total_columns" };
    /// A hook begins.
    ENGINE_HOOK_START = "engine.hook.start", "debug", { "hook_name", "hook", "table_index", "table_region", "sheet_name" };
    /// A hook ends.
    ENGINE_HOOK_END = "engine.hook.end", "debug", { "hook_name", "hook", "table_index", "table_region", "sheet_name" };
    /// A transform was applied; values before and after, which are null in a run of `ade`.
    ENGINE_TRANSFORM_RESULT = "engine.transform.result", "debug",
        { "transform", "field", "table_index", "table_region", "row_count", "sample_before", "sample_after", "emitted_column" };
    /// Issues by column.
    ENGINE_VALIDATION_SUMMARY = "engine.validation.summary", "debug", { "issue_columns", "table_index", "table_region", "rows" };
    /// Only in a run of `ade`: fields without a column that a hook or a transform gave values.
    ENGINE_FIELDS_COMPUTED = "engine.fields.computed", "info", { "fields" };
    /// Only in a run of `ade`: what a reader of the result should know, and how columns were read.
    ENGINE_RUN_NOTICED = "engine.run.noticed", "info",
        { "notices", "readings", "rows?", "columns?", "tables?", "overrides?", "issues?", "issue_list?" };
    /// Where a table lies in the output.
    ENGINE_TABLE_WRITTEN = "engine.table.written", "info", { "sheet_name", "table_index", "output_range" };
    /// The closing report; always the last event of the engine, also after a failure.
    ENGINE_RUN_COMPLETED = "engine.run.completed", "info",
        { "scope", "execution", "evaluation", "counts", "validation", "fields", "outputs", "workbooks" };
    /// A log line. Where it says why a run failed, it has these keys as far as they are known.
    ENGINE_LOG = "engine.log", "any", { "code?", "stage?", "file?", "line?", "callable?", "sheet?", "table?", "hint?", "limit?" };
    /// In place of an event whose data JSON cannot hold.
    ENGINE_LOGGING_SERIALIZATION_FAILED = "engine.logging.serialization_failed", "error", {};
}

events! {
    /// Lines of JSON for followers of a run. Every other event of its log is the data of a `run.log`, and events of the engine
    /// are passed on unchanged.
    LINES_OF_RUN;

    /// The first line, unless the stream resumes.
    LINE_CREATED = "run.created", "info", { "run": "Run" };
    /// An attempt begins: the data of `run.start`.
    LINE_STARTED = "run.started", "info",
        { "attempt": "integer", "worker": "string", "input": "string", "configuration": "string" };
    /// Any other line of the log.
    LINE_LOG = "run.log", "any", {};
    /// The end: the data of `run.complete`, and the run as it is then.
    LINE_COMPLETED = "run.completed", "info, warning, error",
        { "status": "Status", "exit_code": "integer|null", "error": "RunError|null", "output_path": "string|null",
          "attempt": "integer", "execution": "RunExecution", "skipped_reason?": "string", "run?": "Run" };
}

events! {
    /// Lines of JSON for followers of a build, in addition to the lines of its log.
    LINES_OF_BUILD;

    /// The first line.
    BUILD_CREATED = "build.created", "info, error", { "build": "Environment" };
    /// The environment is ready, or could not be built.
    BUILD_COMPLETED = "build.completed", "info, error", { "build": "Environment" };
}

events! {
    /// The last line of either, if it ends before the run or the build.
    LINES_OF_BOTH;

    /// The server ends, the token has ended, or the log cannot be read (`reason`); `after_id` is the last event that was sent,
    /// and `resume` the place to go on.
    STREAM_INTERRUPTED = "stream.interrupted", "", {};
}

events! {
    /// Server-sent events of a workspace. The data is an object as it is now.
    OF_WORKSPACE;

    /// A run was made, its status, its attempt or its request to cancel changed, or it ended.
    WORKSPACE_RUN = "run", "", { "": "Run" };
    /// An environment was made, or its status or attempt changed.
    WORKSPACE_ENVIRONMENT = "environment", "", { "": "Environment" };
    /// A number of runs or of environments changed. `succeeded`, `failed` and `cancelled` are those of the last minute.
    WORKSPACE_COUNTS = "counts", "", { "": "WorkspaceCounts" };
    /// More than 1000 runs changed at once, or an environment was deleted: load lists anew.
    WORKSPACE_RESET = "reset", "", {};
}
