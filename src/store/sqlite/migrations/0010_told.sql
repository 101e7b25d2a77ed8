-- A delivery stays for a week after it was accepted, too: it can be listed, and told again.
CREATE TABLE deliveries_new (
    run_id         TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind           TEXT NOT NULL CHECK (kind IN ('url', 'command')),
    status         TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    available_at   INTEGER NOT NULL,   -- while a process is at it: when its claim expires
    claim_token    TEXT,
    claim_process  TEXT,
    last_error     TEXT,
    created_at     INTEGER NOT NULL,   -- when it was to be told: at the end of the run, or when somebody asked for it again
    delivered_at   INTEGER,
    PRIMARY KEY (run_id, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO deliveries_new (run_id, kind, status, attempts, available_at, claim_token, claim_process, last_error, created_at)
    SELECT run_id, kind, status, attempts, available_at, claim_token, claim_process, last_error, created_at FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX deliveries_waiting ON deliveries (available_at) WHERE status = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (claim_process) WHERE claim_process IS NOT NULL;
CREATE INDEX deliveries_untold ON deliveries (status) WHERE status <> 'delivered';
