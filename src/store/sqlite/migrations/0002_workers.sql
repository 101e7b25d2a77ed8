-- Processes that hold leases, so that those of a dead one are reclaimed at once; ends that were recorded and not yet told;
-- leases by name; the queue's metrics over time.

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

ALTER TABLE runs ADD COLUMN claim_process TEXT;               -- workers.id of the claim's holder
ALTER TABLE runs ADD COLUMN end_told INTEGER NOT NULL DEFAULT 1 CHECK (end_told IN (0, 1));
ALTER TABLE runs ADD COLUMN artifacts_deleted_at INTEGER;
CREATE INDEX runs_untold ON runs (completed_at) WHERE end_told = 0;
CREATE INDEX runs_with_artifacts ON runs (completed_at) WHERE completed_at IS NOT NULL AND artifacts_deleted_at IS NULL;
CREATE INDEX runs_of_process ON runs (claim_process) WHERE status = 'running';
CREATE INDEX runs_ended ON runs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX runs_without_environment ON runs (created_at) WHERE status = 'queued' AND environment_id IS NULL;
CREATE INDEX runs_retries ON runs (retry_of_run_id) WHERE retry_of_run_id IS NOT NULL;   -- asked for whenever a run is deleted
CREATE INDEX runs_of_configuration ON runs (configuration_id, created_at DESC);

CREATE TABLE leases (
    name        TEXT PRIMARY KEY NOT NULL,       -- 'gc'
    holder      TEXT NOT NULL,
    token       TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE queue_metrics (
    at                   INTEGER NOT NULL,
    worker               TEXT NOT NULL,
    queued               INTEGER NOT NULL,
    oldest_wait_ms       INTEGER,
    running              INTEGER NOT NULL,
    succeeded            INTEGER NOT NULL,       -- ended by this process since its last entry
    failed               INTEGER NOT NULL,
    cancelled            INTEGER NOT NULL,
    retried              INTEGER NOT NULL,
    claims               INTEGER NOT NULL,
    claim_latency_ms     REAL,                   -- mean time from due to claimed
    claim_latency_max_ms REAL,
    PRIMARY KEY (at, worker)
) STRICT, WITHOUT ROWID;

ALTER TABLE environments ADD COLUMN claim_process TEXT;       -- workers.id of the builder
CREATE INDEX environments_failed ON environments (id) WHERE status = 'failed';
