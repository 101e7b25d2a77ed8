-- What the HTTP API adds: configurations that were uploaded, with their published versions; stored documents by content;
-- tokens, sessions of browsers, and keys with which a client repeats a request safely.

ALTER TABLE configurations ADD COLUMN uploaded INTEGER NOT NULL DEFAULT 0 CHECK (uploaded IN (0, 1));   -- its folder is ADE's own
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

CREATE UNIQUE INDEX documents_by_content ON documents (workspace_id, sha256, name);

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
