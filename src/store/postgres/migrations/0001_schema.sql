-- The queue and its records: the tables and columns of SQLite's 0001_schema.sql. Times are UTC milliseconds; ids are UUIDv7 as
-- text; JSON is text. Texts sort by their bytes, as in SQLite: the ranges of ids rely on it.

-- A list of texts as rows, by the name that SQLite has for it.
CREATE FUNCTION json_each(list text) RETURNS TABLE (key bigint, value text) LANGUAGE sql IMMUTABLE
    AS $$ SELECT place - 1, entry FROM json_array_elements_text(list::json) WITH ORDINALITY AS entries (entry, place) $$;
-- Paths are stored as they are.
CREATE FUNCTION below(path text, folder text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN starts_with(path, folder || '/') AND '..' <> ALL (string_to_array(substr(path, length(folder) + 2), '/'))
        THEN nullif(substr(path, length(folder) + 2), '') END $$;
CREATE FUNCTION relative(path text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(below(path, current_setting('ade.data')), below(path, current_setting('ade.data_resolved')), path) $$;
CREATE FUNCTION absolute(path text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN starts_with(path, '/') THEN path ELSE current_setting('ade.data') || '/' || path END $$;

CREATE TABLE workspaces (
    id          text COLLATE "C" PRIMARY KEY NOT NULL,
    created_at  bigint NOT NULL
);

CREATE TABLE configurations (
    id            text COLLATE "C" PRIMARY KEY NOT NULL,
    workspace_id  text COLLATE "C" NOT NULL REFERENCES workspaces (id),
    name          text COLLATE "C" NOT NULL,
    path          text COLLATE "C" NOT NULL,                 -- the folder, symbolic links resolved
    active        bigint NOT NULL DEFAULT 0 CHECK (active IN (0, 1)),
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL,
    last_run_at   bigint,
    uploaded      bigint NOT NULL DEFAULT 0 CHECK (uploaded IN (0, 1)),   -- its folder is ADE's own
    UNIQUE (workspace_id, path)
);
CREATE UNIQUE INDEX configurations_active ON configurations (workspace_id) WHERE active = 1;

CREATE TABLE configuration_versions (
    configuration_id  text COLLATE "C" NOT NULL REFERENCES configurations (id) ON DELETE CASCADE,
    version           bigint NOT NULL CHECK (version > 0),
    source_digest     text COLLATE "C" NOT NULL,
    snapshot_path     text COLLATE "C" NOT NULL,              -- the frozen files
    status            text COLLATE "C" NOT NULL CHECK (status IN ('active', 'archived')),
    published_at      bigint NOT NULL,
    PRIMARY KEY (configuration_id, version)
);
CREATE UNIQUE INDEX configuration_versions_active ON configuration_versions (configuration_id) WHERE status = 'active';

CREATE TABLE documents (
    id            text COLLATE "C" PRIMARY KEY NOT NULL,
    workspace_id  text COLLATE "C" NOT NULL REFERENCES workspaces (id),
    name          text COLLATE "C" NOT NULL,
    path          text COLLATE "C" NOT NULL,                 -- where its bytes are
    sha256        text COLLATE "C" NOT NULL,
    size_bytes    bigint NOT NULL,
    created_at    bigint NOT NULL
);
CREATE UNIQUE INDEX documents_by_content ON documents (workspace_id, sha256, name);

-- One key has one id, and a row for each host that has such an environment, builds it or has failed at it. A host is a data directory;
-- which one a session works for says its setting ade.host.
CREATE TABLE environments_of_hosts (
    id                text COLLATE "C" NOT NULL,
    host_id           text COLLATE "C" NOT NULL DEFAULT current_setting('ade.host'),
    workspace_id      text COLLATE "C" NOT NULL REFERENCES workspaces (id),
    configuration_id  text COLLATE "C" NOT NULL REFERENCES configurations (id),
    engine_spec       text COLLATE "C" NOT NULL,
    deps_digest       text COLLATE "C" NOT NULL,
    status            text COLLATE "C" NOT NULL CHECK (status IN ('queued', 'building', 'ready', 'failed')),
    folder            text COLLATE "C" NOT NULL,             -- the environment's own folder
    snapshot_path     text COLLATE "C" NOT NULL,             -- the configuration's files that it is provisioned from
    claimed_by        text COLLATE "C",
    claim_token       text COLLATE "C",
    claim_expires_at  bigint,
    attempt_count     bigint NOT NULL DEFAULT 0,
    available_at      bigint NOT NULL,
    error_code        text COLLATE "C",
    error_message     text COLLATE "C",
    error_hint        text COLLATE "C",
    python_version    text COLLATE "C",
    python_path       text COLLATE "C",
    engine_version    text COLLATE "C",
    installer         text COLLATE "C",
    packages          text COLLATE "C",                      -- [{"name", "version"}]
    lock_digest       text COLLATE "C",
    size_bytes        bigint,
    created_at        bigint NOT NULL,
    updated_at        bigint NOT NULL,
    ready_at          bigint,
    last_used_at      bigint,
    claim_process     text COLLATE "C",                      -- workers.id of the builder
    error_may_pass    bigint NOT NULL DEFAULT 0 CHECK (error_may_pass IN (0, 1)),   -- it failed here, and another host may build it
    trouble_count     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, host_id),
    UNIQUE (workspace_id, configuration_id, engine_spec, deps_digest, host_id),
    CHECK ((status = 'building') = (claim_token IS NOT NULL))
);
CREATE INDEX environments_waiting ON environments_of_hosts (host_id, available_at, id) WHERE status = 'queued';
CREATE INDEX environments_leased ON environments_of_hosts (host_id, claim_expires_at) WHERE status = 'building';
CREATE INDEX environments_failed ON environments_of_hosts (host_id, id) WHERE status = 'failed';
-- Those of this host: what it builds, claims runs for and collects.
CREATE VIEW environments AS
    SELECT id, workspace_id, configuration_id, engine_spec, deps_digest, status, folder, snapshot_path, claimed_by, claim_token, claim_expires_at,
        attempt_count, available_at, error_code, error_message, error_hint, python_version, python_path, engine_version, installer, packages,
        lock_digest, size_bytes, created_at, updated_at, ready_at, last_used_at, claim_process, error_may_pass, trouble_count
    FROM environments_of_hosts WHERE host_id = current_setting('ade.host', true)
    WITH CHECK OPTION;
-- Each once, as it stands best on any host.
CREATE VIEW environments_anywhere AS
    SELECT id, workspace_id, configuration_id, max(trouble_count) AS trouble_count,
        CASE WHEN bool_or(status = 'ready') THEN 'ready' WHEN bool_or(status = 'building') THEN 'building'
            WHEN bool_or(status = 'queued') THEN 'queued' ELSE 'failed' END AS status
    FROM environments_of_hosts GROUP BY id, workspace_id, configuration_id;

-- A run is written twice: when it is recorded, and when it ends.
CREATE TABLE runs (
    id                   text COLLATE "C" PRIMARY KEY NOT NULL,
    workspace_id         text COLLATE "C" NOT NULL REFERENCES workspaces (id),
    configuration_id     text COLLATE "C" NOT NULL REFERENCES configurations (id),
    environment_id       text COLLATE "C",                    -- the one that it ended in, which may be gone by now
    document_id          text COLLATE "C" REFERENCES documents (id),
    retry_of_run_id      text COLLATE "C" REFERENCES runs (id) ON DELETE SET NULL,
    engine_spec          text COLLATE "C" NOT NULL,
    deps_digest          text COLLATE "C" NOT NULL,
    source_digest        text COLLATE "C" NOT NULL,
    snapshot_path        text COLLATE "C" NOT NULL,
    input_name           text COLLATE "C" NOT NULL,
    input_path           text COLLATE "C" NOT NULL,           -- where the input's bytes are staged from
    input_sha256         text COLLATE "C" NOT NULL,
    input_size_bytes     bigint NOT NULL,
    input_sheets         text COLLATE "C",                    -- JSON list of names, null: all visible sheets
    options              text COLLATE "C" NOT NULL,           -- JSON, see RunOptions
    max_attempts         bigint NOT NULL CHECK (max_attempts > 0),
    created_at           bigint NOT NULL,
    run_dir              text COLLATE "C" NOT NULL,
    status               text COLLATE "C" CHECK (status IN ('succeeded', 'failed', 'cancelled')),   -- null: it is in the queue
    attempt_count        bigint NOT NULL DEFAULT 0,
    started_at           bigint,
    completed_at         bigint,
    cancel_requested_at  bigint,
    exit_code            bigint,
    error_code           text COLLATE "C",
    error_stage          text COLLATE "C",
    error_message        text COLLATE "C",
    error_hint           text COLLATE "C",
    summary              text COLLATE "C",
    output_path          text COLLATE "C",
    result               bytea,                    -- the engine's completed payload as it came, compressed (zlib)
    artifacts_deleted_at bigint,
    CHECK ((status IS NULL) = (completed_at IS NULL))
);
-- Lists of runs: of a configuration and a status, newest first, because ids grow with time; and by the end of their id, of which
-- commands show and accept the last digits.
CREATE INDEX runs_listed ON runs (configuration_id, status, id);
CREATE INDEX runs_by_end ON runs (right(id, 6));
CREATE INDEX runs_retries ON runs (retry_of_run_id) WHERE retry_of_run_id IS NOT NULL;   -- asked for whenever a run is deleted
-- Ended runs that still have their files, which those that ended a moment ago have. The last column is always null; with it
-- the index alone answers what is asked of it.
CREATE INDEX runs_with_artifacts ON runs (completed_at, status, artifacts_deleted_at) WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL;
CREATE INDEX runs_without_artifacts ON runs (completed_at) WHERE artifacts_deleted_at IS NOT NULL;

-- Live work apart from history: the runs that are queued or running, with everything that changes while they are; the row goes
-- when the run ends. So the cost of a claim depends on what waits, never on how much has ended.
CREATE TABLE queue (
    run_id               text COLLATE "C" PRIMARY KEY NOT NULL REFERENCES runs (id),
    environment_id       text COLLATE "C",   -- of environments_of_hosts; null: one has to be recorded
    status               text COLLATE "C" NOT NULL CHECK (status IN ('queued', 'running')),
    available_at         bigint NOT NULL,
    created_at           bigint NOT NULL,
    attempt_count        bigint NOT NULL DEFAULT 0 CHECK (attempt_count <= max_attempts),
    max_attempts         bigint NOT NULL CHECK (max_attempts > 0),
    started_at           bigint,                 -- of the first attempt
    claimed_at           bigint,                 -- of this attempt
    claimed_by           text COLLATE "C",
    claim_token          text COLLATE "C",
    claim_expires_at     bigint,
    claim_process        text COLLATE "C",                    -- workers.id of the claim's holder
    cancel_requested_at  bigint,
    last_error           text COLLATE "C",                    -- JSON: why the last attempt did not succeed
    CHECK ((status = 'running') = (claim_token IS NOT NULL)),
    CHECK ((status = 'running') = (claimed_at IS NOT NULL))
) WITH (fillfactor = 60);   -- a heartbeat finds room beside the row that it replaces
-- What waits for an environment, in the order in which it is claimed; and what runs in it.
CREATE INDEX queue_of_environment ON queue (environment_id, status, available_at, created_at, run_id);
-- What a foreign key would do, if an id had one row: a run names an environment that there is, and none when the last host has deleted its own.
CREATE FUNCTION environment_is_there() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM environments_of_hosts WHERE id = NEW.environment_id LIMIT 1 FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'there is no environment ' || NEW.environment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER environment_of_new AFTER INSERT ON queue FOR EACH ROW
    WHEN (NEW.environment_id IS NOT NULL) EXECUTE FUNCTION environment_is_there();
CREATE TRIGGER environment_of_moved AFTER UPDATE OF environment_id ON queue FOR EACH ROW
    WHEN (NEW.environment_id IS NOT NULL AND NEW.environment_id IS DISTINCT FROM OLD.environment_id) EXECUTE FUNCTION environment_is_there();
CREATE FUNCTION environment_is_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Of several hosts that delete at once, one is last.
    PERFORM pg_advisory_xact_lock(hashtext(current_schema()), hashtext(OLD.id));
    IF NOT EXISTS (SELECT 1 FROM environments_of_hosts WHERE id = OLD.id) THEN
        UPDATE queue SET environment_id = NULL WHERE environment_id = OLD.id;
        DELETE FROM queue_turns WHERE environment_id = OLD.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER environment_gone AFTER DELETE ON environments_of_hosts FOR EACH ROW EXECUTE FUNCTION environment_is_gone();
-- What is running is found by an index of its own. It holds nothing that a heartbeat changes.
CREATE VIEW queue_running AS SELECT run_id, claim_expires_at, claim_process FROM queue WHERE status = 'running';
CREATE INDEX queue_claimed ON queue (claim_process) WHERE status = 'running';

-- An attempt is recorded when it ends.
CREATE TABLE run_attempts (
    run_id             text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt            bigint NOT NULL,
    worker             text COLLATE "C" NOT NULL,
    started_at         bigint NOT NULL,
    completed_at       bigint,
    outcome            text COLLATE "C" CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'retried', 'lost', 'released')),
    exit_code          bigint,
    error              text COLLATE "C",
    peak_memory_bytes  bigint,
    cpu_seconds        double precision,
    PRIMARY KEY (run_id, attempt)
);

CREATE TABLE run_metrics (
    run_id                     text COLLATE "C" PRIMARY KEY NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    evaluation_outcome         text COLLATE "C",
    evaluation_findings_total  bigint,
    evaluation_findings_info   bigint,
    evaluation_findings_warning bigint,
    evaluation_findings_error  bigint,
    validation_issues_total    bigint,
    validation_issues_info     bigint,
    validation_issues_warning  bigint,
    validation_issues_error    bigint,
    validation_max_severity    text COLLATE "C",
    workbook_count             bigint,
    sheet_count                bigint,
    table_count                bigint,
    row_count_total            bigint,
    row_count_empty            bigint,
    column_count_total         bigint,
    column_count_empty         bigint,
    column_count_mapped        bigint,
    column_count_unmapped      bigint,
    field_count_expected       bigint,
    field_count_detected       bigint,
    field_count_not_detected   bigint,
    cell_count_total           bigint,
    cell_count_non_empty       bigint
);

CREATE TABLE run_fields (
    run_id               text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    field                text COLLATE "C" NOT NULL,
    position             bigint NOT NULL,       -- order in the configuration
    label                text COLLATE "C",
    detected             bigint NOT NULL CHECK (detected IN (0, 1)),
    best_mapping_score   double precision,
    valid_cells          bigint,
    occurrences_tables   bigint NOT NULL,
    occurrences_columns  bigint NOT NULL,
    computed             bigint NOT NULL DEFAULT 0 CHECK (computed IN (0, 1)),   -- no column was found, and a hook or transform filled it
    PRIMARY KEY (run_id, field)
);

CREATE TABLE run_table_columns (
    run_id             text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    workbook_index     bigint NOT NULL,
    sheet_index        bigint NOT NULL,
    table_index        bigint NOT NULL,
    column_index       bigint NOT NULL,
    workbook_name      text COLLATE "C" NOT NULL,
    sheet_name         text COLLATE "C" NOT NULL,
    header_raw         text COLLATE "C",
    header_normalized  text COLLATE "C",
    non_empty_cells    bigint NOT NULL,
    valid_cells        bigint,
    mapping_status     text COLLATE "C" NOT NULL CHECK (mapping_status IN ('mapped', 'unmapped')),
    mapped_field       text COLLATE "C",
    mapping_score      double precision,
    mapping_method     text COLLATE "C",
    unmapped_reason    text COLLATE "C" CHECK (unmapped_reason IN ('no_signal', 'below_threshold', 'ambiguous_top_candidates', 'duplicate_field', 'empty_or_placeholder_header')),
    PRIMARY KEY (run_id, workbook_index, sheet_index, table_index, column_index)
);

-- Copies of workbooks in output directories.
CREATE TABLE output_copies (
    path           text COLLATE "C" PRIMARY KEY NOT NULL,    -- absolute; a later copy at the same place takes the row over
    workspace_id   text COLLATE "C" NOT NULL,
    run_id         text COLLATE "C" NOT NULL,                -- may be gone: the file at the path is still one that a run wrote
    written_at     bigint NOT NULL
);
CREATE INDEX output_copies_of_run ON output_copies (run_id);

-- Processes that hold claims, so that those of a dead one are reclaimed at once.
CREATE TABLE workers (
    id             text COLLATE "C" PRIMARY KEY NOT NULL,    -- of one process, fresh with each start
    host           text COLLATE "C" NOT NULL,
    pid            bigint NOT NULL,
    name           text COLLATE "C" NOT NULL,                -- the worker id of its first slot
    kind           text COLLATE "C" NOT NULL CHECK (kind IN ('worker', 'run')),
    slots          bigint NOT NULL,
    lock_path      text COLLATE "C" NOT NULL,                -- held by the operating system's lock as long as the process lives
    host_id        text COLLATE "C" NOT NULL DEFAULT current_setting('ade.host'),   -- whose processes alone can see that lock
    started_at     bigint NOT NULL,
    seen_at        bigint NOT NULL
);

CREATE TABLE leases (
    name        text COLLATE "C" PRIMARY KEY NOT NULL,       -- 'gc'
    holder      text COLLATE "C" NOT NULL,
    token       text COLLATE "C" NOT NULL,
    expires_at  bigint NOT NULL
);

-- Which data directory the database belongs to; and since when it is in use.
CREATE TABLE identity (
    one          bigint PRIMARY KEY NOT NULL CHECK (one = 1),
    database_id  text COLLATE "C" NOT NULL,
    data_id      text COLLATE "C" NOT NULL                   -- of the data directory, which names both in a file of its own
);

CREATE TABLE observed_time (
    one           bigint PRIMARY KEY NOT NULL CHECK (one = 1),
    seen_at       bigint NOT NULL,              -- what the wall clock said when a process last looked
    in_use_since  bigint                        -- the first look after the last gap, or after the clock was set back; null: there was none
);

-- Who may use the API, and keys with which a client repeats a request safely.
CREATE TABLE tokens (
    id            text COLLATE "C" PRIMARY KEY NOT NULL,
    name          text COLLATE "C" NOT NULL,
    hash          text COLLATE "C" NOT NULL UNIQUE,           -- SHA-256 of the token; the token itself is stored nowhere
    scope         text COLLATE "C" NOT NULL CHECK (scope IN ('read', 'run', 'admin')),
    workspaces    text COLLATE "C",                           -- JSON list of ids, null: all
    created_at    bigint NOT NULL,
    expires_at    bigint,
    revoked_at    bigint,
    last_used_at  bigint                         -- to the minute
);

CREATE TABLE sessions (
    hash        text COLLATE "C" PRIMARY KEY NOT NULL,        -- SHA-256 of the cookie's value
    token_id    text COLLATE "C" NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    created_at  bigint NOT NULL,
    expires_at  bigint NOT NULL
);
CREATE INDEX sessions_of_token ON sessions (token_id);

CREATE TABLE idempotency_keys (
    workspace_id  text COLLATE "C" NOT NULL,
    key           text COLLATE "C" NOT NULL,
    request       text COLLATE "C" NOT NULL,                  -- SHA-256 of what was asked for
    run_id        text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    created_at    bigint NOT NULL,
    PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_keys_of_run ON idempotency_keys (run_id);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The logs of runs, for hosts that do not execute them: whole lines, each piece with its place in the log, in bytes.
CREATE TABLE run_logs (
    run_id  text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    at      bigint NOT NULL,
    lines   text NOT NULL,
    PRIMARY KEY (run_id, at)
);
