-- Live work apart from history. `queue` holds the runs that are queued or running, with everything that changes while they
-- are; the row goes when the run ends. `runs` is written twice: when a run is recorded, and when it ends. An attempt is
-- recorded when it ends. So the cost of a claim depends on what waits, never on how much has ended.

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

CREATE TABLE runs_anew (
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
    result               TEXT,                    -- the engine's completed payload as it came
    artifacts_deleted_at INTEGER,
    CHECK ((status IS NULL) = (completed_at IS NULL))
) STRICT;

INSERT INTO runs_anew (id, workspace_id, configuration_id, environment_id, document_id, retry_of_run_id, engine_spec, deps_digest, source_digest, snapshot_path,
    input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, max_attempts, created_at, run_dir)
SELECT id, workspace_id, configuration_id, NULL, document_id, retry_of_run_id, engine_spec, deps_digest, source_digest, snapshot_path,
    input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, max_attempts, created_at, run_dir
FROM runs WHERE status IN ('queued', 'running') ORDER BY id;

INSERT INTO runs_anew (id, workspace_id, configuration_id, environment_id, document_id, retry_of_run_id, engine_spec, deps_digest, source_digest, snapshot_path,
    input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, max_attempts, created_at, run_dir, status, attempt_count, started_at,
    completed_at, cancel_requested_at, exit_code, error_code, error_stage, error_message, error_hint, summary, output_path, result, artifacts_deleted_at)
SELECT id, workspace_id, configuration_id, environment_id, document_id, retry_of_run_id, engine_spec, deps_digest, source_digest, snapshot_path,
    input_name, input_path, input_sha256, input_size_bytes, input_sheets, options, max_attempts, created_at, run_dir, status, attempt_count, started_at,
    completed_at, cancel_requested_at, exit_code, error_code, error_stage, error_message, error_hint, summary, output_path, result, artifacts_deleted_at
FROM runs WHERE status NOT IN ('queued', 'running') ORDER BY id;

INSERT INTO queue (run_id, environment_id, status, available_at, created_at, attempt_count, max_attempts, started_at, claimed_at, claimed_by, claim_token,
    claim_expires_at, claim_process, cancel_requested_at, last_error)
SELECT r.id, r.environment_id, r.status, r.available_at, r.created_at, r.attempt_count, r.max_attempts, r.started_at,
    CASE WHEN r.status = 'running' THEN coalesce(a.started_at, r.started_at, r.created_at) END, r.claimed_by, r.claim_token,
    r.claim_expires_at, r.claim_process, r.cancel_requested_at,
    CASE WHEN r.error_code IS NOT NULL
        THEN json_object('code', r.error_code, 'stage', r.error_stage, 'message', coalesce(r.error_message, ''), 'hint', r.error_hint) END
FROM runs r LEFT JOIN run_attempts a ON a.run_id = r.id AND a.completed_at IS NULL
WHERE r.status IN ('queued', 'running') ORDER BY r.id;

-- What they said is in the queue now, and is recorded again when they end.
DELETE FROM run_attempts WHERE completed_at IS NULL AND run_id IN (SELECT run_id FROM queue);

DROP TABLE runs;
ALTER TABLE runs_anew RENAME TO runs;

-- Lists of runs: of a configuration and a status, newest first, because ids grow with time.
CREATE INDEX runs_listed ON runs (configuration_id, status, id);
CREATE INDEX runs_retries ON runs (retry_of_run_id) WHERE retry_of_run_id IS NOT NULL;   -- asked for whenever a run is deleted
-- Ended runs that still have their files, which those that ended a moment ago have. The last column is always null; with it
-- the index alone answers what is asked of it.
CREATE INDEX runs_with_artifacts ON runs (completed_at, status, artifacts_deleted_at) WHERE status IS NOT NULL AND artifacts_deleted_at IS NULL;

-- What waits for an environment, in the order in which it is claimed; and what runs in it.
CREATE INDEX queue_of_environment ON queue (environment_id, status, available_at, created_at, run_id);
CREATE INDEX queue_leased ON queue (claim_expires_at) WHERE status = 'running';
