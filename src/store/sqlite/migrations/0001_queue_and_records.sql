-- The queue and its records. Times are UTC milliseconds; ids are UUIDv7 as text; JSON is text.

CREATE TABLE workspaces (
    id          TEXT PRIMARY KEY NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE configurations (
    id            TEXT PRIMARY KEY NOT NULL,
    workspace_id  TEXT NOT NULL REFERENCES workspaces (id),
    name          TEXT NOT NULL,
    path          TEXT NOT NULL,                 -- the folder, absolute, symbolic links resolved
    active        INTEGER NOT NULL DEFAULT 0 CHECK (active IN (0, 1)),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_run_at   INTEGER,
    UNIQUE (workspace_id, path)
) STRICT;

CREATE TABLE documents (
    id            TEXT PRIMARY KEY NOT NULL,
    workspace_id  TEXT NOT NULL REFERENCES workspaces (id),
    name          TEXT NOT NULL,
    path          TEXT NOT NULL,                 -- where its bytes are
    sha256        TEXT NOT NULL,
    size_bytes    INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE environments (
    id                TEXT PRIMARY KEY NOT NULL,
    workspace_id      TEXT NOT NULL REFERENCES workspaces (id),
    configuration_id  TEXT NOT NULL REFERENCES configurations (id),
    engine_spec       TEXT NOT NULL,
    deps_digest       TEXT NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('queued', 'building', 'ready', 'failed')),
    folder            TEXT NOT NULL,             -- the environment's own folder, absolute
    snapshot_path     TEXT NOT NULL,             -- the configuration's files that it is provisioned from
    claimed_by        TEXT,
    claim_token       TEXT,
    claim_expires_at  INTEGER,
    attempt_count     INTEGER NOT NULL DEFAULT 0,
    available_at      INTEGER NOT NULL,
    error_code        TEXT,
    error_message     TEXT,
    error_hint        TEXT,
    python_version    TEXT,
    python_path       TEXT,
    engine_version    TEXT,
    installer         TEXT,
    packages          TEXT,                      -- [{"name", "version"}]
    lock_digest       TEXT,
    size_bytes        INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    ready_at          INTEGER,
    last_used_at      INTEGER,
    UNIQUE (workspace_id, configuration_id, engine_spec, deps_digest),
    CHECK ((status = 'building') = (claim_token IS NOT NULL))
) STRICT;
CREATE INDEX environments_waiting ON environments (available_at, id) WHERE status = 'queued';
CREATE INDEX environments_leased ON environments (claim_expires_at) WHERE status = 'building';

CREATE TABLE runs (
    id                    TEXT PRIMARY KEY NOT NULL,
    workspace_id          TEXT NOT NULL REFERENCES workspaces (id),
    configuration_id      TEXT NOT NULL REFERENCES configurations (id),
    environment_id        TEXT REFERENCES environments (id) ON DELETE SET NULL,
    document_id           TEXT REFERENCES documents (id),
    retry_of_run_id       TEXT REFERENCES runs (id) ON DELETE SET NULL,
    engine_spec           TEXT NOT NULL,
    deps_digest           TEXT NOT NULL,
    source_digest         TEXT NOT NULL,
    snapshot_path         TEXT NOT NULL,
    input_name            TEXT NOT NULL,
    input_path            TEXT NOT NULL,         -- where the input's bytes are staged from
    input_sha256          TEXT NOT NULL,
    input_size_bytes      INTEGER NOT NULL,
    input_sheets          TEXT,                  -- JSON list of names, null: all visible sheets
    options               TEXT NOT NULL,         -- JSON, see run::Options
    status                TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    attempt_count         INTEGER NOT NULL DEFAULT 0 CHECK (attempt_count <= max_attempts),
    max_attempts          INTEGER NOT NULL CHECK (max_attempts > 0),
    available_at          INTEGER NOT NULL,
    claimed_by            TEXT,
    claim_token           TEXT,
    claim_expires_at      INTEGER,
    cancel_requested_at   INTEGER,
    created_at            INTEGER NOT NULL,
    started_at            INTEGER,
    completed_at          INTEGER,
    exit_code             INTEGER,
    error_code            TEXT,
    error_stage           TEXT,
    error_message         TEXT,
    error_hint            TEXT,
    summary               TEXT,
    output_path           TEXT,
    run_dir               TEXT NOT NULL,
    result                TEXT,                  -- the engine's completed payload as it came
    CHECK ((status = 'running') = (claim_token IS NOT NULL)),
    CHECK ((status IN ('succeeded', 'failed', 'cancelled')) = (completed_at IS NOT NULL))
) STRICT;
CREATE INDEX runs_waiting ON runs (available_at, created_at, id) WHERE status = 'queued';
CREATE INDEX runs_leased ON runs (claim_expires_at) WHERE status = 'running';
CREATE INDEX runs_newest ON runs (workspace_id, created_at DESC, id DESC);
CREATE INDEX runs_of_environment ON runs (environment_id) WHERE status IN ('queued', 'running');

CREATE TABLE run_attempts (
    run_id             TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt            INTEGER NOT NULL,
    worker             TEXT NOT NULL,
    started_at         INTEGER NOT NULL,
    completed_at       INTEGER,
    outcome            TEXT CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'retried', 'lost', 'released')),
    exit_code          INTEGER,
    error              TEXT,
    peak_memory_bytes  INTEGER,
    cpu_seconds        REAL,
    PRIMARY KEY (run_id, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_metrics (
    run_id                     TEXT PRIMARY KEY NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    evaluation_outcome         TEXT,
    evaluation_findings_total  INTEGER,
    evaluation_findings_info   INTEGER,
    evaluation_findings_warning INTEGER,
    evaluation_findings_error  INTEGER,
    validation_issues_total    INTEGER,
    validation_issues_info     INTEGER,
    validation_issues_warning  INTEGER,
    validation_issues_error    INTEGER,
    validation_max_severity    TEXT,
    workbook_count             INTEGER,
    sheet_count                INTEGER,
    table_count                INTEGER,
    row_count_total            INTEGER,
    row_count_empty            INTEGER,
    column_count_total         INTEGER,
    column_count_empty         INTEGER,
    column_count_mapped        INTEGER,
    column_count_unmapped      INTEGER,
    field_count_expected       INTEGER,
    field_count_detected       INTEGER,
    field_count_not_detected   INTEGER,
    cell_count_total           INTEGER,
    cell_count_non_empty       INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE run_fields (
    run_id               TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    field                TEXT NOT NULL,
    position             INTEGER NOT NULL,       -- order in the configuration
    label                TEXT,
    detected             INTEGER NOT NULL CHECK (detected IN (0, 1)),
    best_mapping_score   REAL,
    valid_cells          INTEGER,
    occurrences_tables   INTEGER NOT NULL,
    occurrences_columns  INTEGER NOT NULL,
    PRIMARY KEY (run_id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_table_columns (
    run_id             TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    workbook_index     INTEGER NOT NULL,
    sheet_index        INTEGER NOT NULL,
    table_index        INTEGER NOT NULL,
    column_index       INTEGER NOT NULL,
    workbook_name      TEXT NOT NULL,
    sheet_name         TEXT NOT NULL,
    header_raw         TEXT,
    header_normalized  TEXT,
    non_empty_cells    INTEGER NOT NULL,
    valid_cells        INTEGER,
    mapping_status     TEXT NOT NULL CHECK (mapping_status IN ('mapped', 'unmapped')),
    mapped_field       TEXT,
    mapping_score      REAL,
    mapping_method     TEXT,
    unmapped_reason    TEXT CHECK (unmapped_reason IN ('no_signal', 'below_threshold', 'ambiguous_top_candidates', 'duplicate_field', 'empty_or_placeholder_header')),
    PRIMARY KEY (run_id, workbook_index, sheet_index, table_index, column_index)
) STRICT, WITHOUT ROWID;
