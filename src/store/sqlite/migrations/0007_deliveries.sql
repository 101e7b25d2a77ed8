-- What is still to be told of runs that have ended, to the address or the program that the operator has set: recorded with the end,
-- by a trigger of the connection (sqlite/deliveries.rs), and deleted when it was told.
CREATE TABLE deliveries (
    run_id         TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind           TEXT NOT NULL CHECK (kind IN ('url', 'command')),
    status         TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'failed')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    available_at   INTEGER NOT NULL,   -- while a process is at it: when its claim expires
    claim_token    TEXT,
    claim_process  TEXT,
    last_error     TEXT,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (run_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_waiting ON deliveries (available_at) WHERE status = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (claim_process) WHERE claim_process IS NOT NULL;
