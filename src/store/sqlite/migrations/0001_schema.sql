-- The queue and its records. Times are UTC milliseconds; ids are UUIDv7 as text; JSON is text. A path below the data directory is
-- relative to it, and any other is absolute.

CREATE TABLE workspaces (
    id          TEXT PRIMARY KEY NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE configurations (
    id            TEXT PRIMARY KEY NOT NULL,
    workspace_id  TEXT NOT NULL REFERENCES workspaces (id),
    name          TEXT NOT NULL,
    path          TEXT NOT NULL,                 -- the folder, symbolic links resolved
    active        INTEGER NOT NULL DEFAULT 0 CHECK (active IN (0, 1)),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_run_at   INTEGER,
    uploaded      INTEGER NOT NULL DEFAULT 0 CHECK (uploaded IN (0, 1)),   -- its folder is ADE's own
    UNIQUE (workspace_id, path)
) STRICT;
CREATE UNIQUE INDEX configurations_active ON configurations (workspace_id) WHERE active = 1;

CREATE TABLE configuration_versions (
    configuration_id  TEXT NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
    version           INTEGER NOT NULL CHECK (version > 0),
    source_digest     TEXT NOT NULL,
    snapshot_path     TEXT NOT NULL,              -- the frozen files
    status            TEXT NOT NULL CHECK (status IN ('active', 'archived')),
    published_at      INTEGER NOT NULL,
    PRIMARY KEY (configuration_id, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX configuration_versions_active ON configuration_versions (configuration_id) WHERE status = 'active';

CREATE TABLE documents (
    id            TEXT PRIMARY KEY NOT NULL,
    workspace_id  TEXT NOT NULL REFERENCES workspaces (id),
    name          TEXT NOT NULL,
    path          TEXT NOT NULL,                 -- where its bytes are
    sha256        TEXT NOT NULL,
    size_bytes    INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX documents_by_content ON documents (workspace_id, sha256, name);

CREATE TABLE environments (
    id                TEXT PRIMARY KEY NOT NULL,
    workspace_id      TEXT NOT NULL REFERENCES workspaces (id),
    configuration_id  TEXT NOT NULL REFERENCES configurations (id),
    engine_spec       TEXT NOT NULL,
    deps_digest       TEXT NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('queued', 'building', 'ready', 'failed')),
    folder            TEXT NOT NULL,             -- the environment's own folder
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
    claim_process     TEXT,                      -- workers.id of the builder
    error_may_pass    INTEGER NOT NULL DEFAULT 0 CHECK (error_may_pass IN (0, 1)),   -- built again when somebody asks for it anew
    UNIQUE (workspace_id, configuration_id, engine_spec, deps_digest),
    CHECK ((status = 'building') = (claim_token IS NOT NULL))
) STRICT;
CREATE INDEX environments_waiting ON environments (available_at, id) WHERE status = 'queued';
CREATE INDEX environments_leased ON environments (claim_expires_at) WHERE status = 'building';
CREATE INDEX environments_failed ON environments (id) WHERE status = 'failed';

-- A run is written twice: when it is recorded, and when it ends.
CREATE TABLE runs (
    id                   TEXT PRIMARY KEY NOT NULL,
    workspace_id         TEXT NOT NULL REFERENCES workspaces (id),
    configuration_id     TEXT NOT NULL REFERENCES configurations (id),
    environment_id       TEXT,                    -- the one that it ended in, which may be gone by now
    document_id          TEXT REFERENCES documents (id),
    retry_of_run_id      TEXT REFERENCES runs (id) ON DELETE SET NULL,
    engine_spec          TEXT NOT NULL,
    deps_digest          TEXT NOT NULL,
    source_digest        TEXT NOT NULL,
    snapshot_path        TEXT NOT NULL,
    input_name           TEXT NOT NULL,
    input_path           TEXT NOT NULL,           -- where the input's bytes are staged from
    input_sha256         TEXT NOT NULL,
    input_size_bytes     INTEGER NOT NULL,
    input_sheets         TEXT,                    -- JSON list of names, null: all visible sheets
    options              TEXT NOT NULL,           -- JSON, see RunOptions
    max_attempts         INTEGER NOT NULL CHECK (max_attempts > 0),
    created_at           INTEGER NOT NULL,
    run_dir              TEXT NOT NULL,
    status               TEXT CHECK (status IN ('succeeded', 'failed', 'cancelled')),   -- null: it is in the queue
    attempt_count        INTEGER NOT NULL DEFAULT 0,
    started_at           INTEGER,
    completed_at         INTEGER,
    cancel_requested_at  INTEGER,
    exit_code            INTEGER,
    error_code           TEXT,
    error_stage          TEXT,
    error_message        TEXT,
    error_hint           TEXT,
    summary              TEXT,
    output_path          TEXT,
    result               BLOB,                    -- the engine's completed payload as it came, compressed (zlib)
    artifacts_deleted_at INTEGER,
    CHECK ((status IS NULL) = (completed_at IS NULL))
) STRICT;
-- Lists of runs: of a configuration and a status, newest first, because ids grow with time; and by the end of their id, of which
-- commands show and accept the last digits.
CREATE INDEX runs_listed ON runs (configuration_id, status, id);
CREATE INDEX runs_by_end ON runs (substr(id, -6));
CREATE INDEX runs_retries ON runs (retry_of_run_id) WHERE retry_of_run_id IS NOT NULL;   -- asked for whenever a run is deleted
-- Ended runs that still have their files, which those that ended a moment ago have. The last column is always null; with it
-- the index alone answers what is asked of it.
CREATE INDEX runs_with_artifacts ON runs (completed_at, status, artifacts_deleted_at) WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL;
CREATE INDEX runs_without_artifacts ON runs (completed_at) WHERE artifacts_deleted_at IS NOT NULL;

-- Live work apart from history: the runs that are queued or running, with everything that changes while they are; the row goes
-- when the run ends. So the cost of a claim depends on what waits, never on how much has ended.
CREATE TABLE queue (
    run_id               TEXT PRIMARY KEY NOT NULL REFERENCES runs (id),
    environment_id       TEXT REFERENCES environments (id) ON DELETE SET NULL,   -- null: one has to be recorded
    status               TEXT NOT NULL CHECK (status IN ('queued', 'running')),
    available_at         INTEGER NOT NULL,
    created_at           INTEGER NOT NULL,
    attempt_count        INTEGER NOT NULL DEFAULT 0 CHECK (attempt_count <= max_attempts),
    max_attempts         INTEGER NOT NULL CHECK (max_attempts > 0),
    started_at           INTEGER,                 -- of the first attempt
    claimed_at           INTEGER,                 -- of this attempt
    claimed_by           TEXT,
    claim_token          TEXT,
    claim_expires_at     INTEGER,
    claim_process        TEXT,                    -- workers.id of the claim's holder
    cancel_requested_at  INTEGER,
    last_error           TEXT,                    -- JSON: why the last attempt did not succeed
    CHECK ((status = 'running') = (claim_token IS NOT NULL)),
    CHECK ((status = 'running') = (claimed_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- What waits for an environment, in the order in which it is claimed; and what runs in it.
CREATE INDEX queue_of_environment ON queue (environment_id, status, available_at, created_at, run_id);
-- What is running is found environment by environment, from each to the next. An index of its own would be written at each
-- claim, heartbeat and end, for a sweep every few seconds.
CREATE VIEW queue_running AS
WITH RECURSIVE environments_of_queue (id) AS (
    SELECT min(environment_id) FROM queue
    UNION ALL
    SELECT (SELECT min(environment_id) FROM queue WHERE environment_id > environments_of_queue.id)
    FROM environments_of_queue WHERE id IS NOT NULL
)
SELECT run_id, claim_expires_at, claim_process
FROM environments_of_queue JOIN queue ON environment_id IS environments_of_queue.id AND status = 'running';

-- An attempt is recorded when it ends.
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
    computed             INTEGER NOT NULL DEFAULT 0 CHECK (computed IN (0, 1)),   -- no column was found, and a hook or transform filled it
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

-- Copies of workbooks in output directories.
CREATE TABLE output_copies (
    path           TEXT PRIMARY KEY NOT NULL,    -- absolute; a later copy at the same place takes the row over
    workspace_id   TEXT NOT NULL,
    run_id         TEXT NOT NULL,                -- may be gone: the file at the path is still one that a run wrote
    written_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX output_copies_of_run ON output_copies (run_id);

-- Processes that hold claims, so that those of a dead one are reclaimed at once.
CREATE TABLE workers (
    id             TEXT PRIMARY KEY NOT NULL,    -- of one process, fresh with each start
    host           TEXT NOT NULL,
    pid            INTEGER NOT NULL,
    name           TEXT NOT NULL,                -- the worker id of its first slot
    kind           TEXT NOT NULL CHECK (kind IN ('worker', 'run')),
    slots          INTEGER NOT NULL,
    lock_path      TEXT NOT NULL,                -- held by the operating system's lock as long as the process lives
    started_at     INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL
) STRICT;

CREATE TABLE leases (
    name        TEXT PRIMARY KEY NOT NULL,       -- 'gc'
    holder      TEXT NOT NULL,
    token       TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

-- Which data directory the database belongs to; and since when it is in use.
CREATE TABLE identity (
    one          INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    database_id  TEXT NOT NULL,
    data_id      TEXT NOT NULL                   -- of the data directory, which names both in a file of its own
) STRICT;

CREATE TABLE observed_time (
    one           INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    seen_at       INTEGER NOT NULL,              -- what the wall clock said when a process last looked
    in_use_since  INTEGER                        -- the first look after the last gap, or after the clock was set back; null: there was none
) STRICT;

-- Who may use the API, and keys with which a client repeats a request safely.
CREATE TABLE tokens (
    id            TEXT PRIMARY KEY NOT NULL,
    name          TEXT NOT NULL,
    hash          TEXT NOT NULL UNIQUE,           -- SHA-256 of the token; the token itself is stored nowhere
    scope         TEXT NOT NULL CHECK (scope IN ('read', 'run', 'admin')),
    workspaces    TEXT,                           -- JSON list of ids, null: all
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    revoked_at    INTEGER,
    last_used_at  INTEGER                         -- to the minute
) STRICT;

CREATE TABLE sessions (
    hash        TEXT PRIMARY KEY NOT NULL,        -- SHA-256 of the cookie's value
    token_id    TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_token ON sessions (token_id);

CREATE TABLE idempotency_keys (
    workspace_id  TEXT NOT NULL,
    key           TEXT NOT NULL,
    request       TEXT NOT NULL,                  -- SHA-256 of what was asked for
    run_id        TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_of_run ON idempotency_keys (run_id);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
