-- A worker that takes the runs of one workspace, or with one label, alone; and one that takes none until it is resumed.
ALTER TABLE workers ADD COLUMN only_workspace TEXT;
ALTER TABLE workers ADD COLUMN only_label TEXT;    -- as it stands in queue.labels
ALTER TABLE workers ADD COLUMN quieted_at INTEGER;
ALTER TABLE workers ADD COLUMN quieted_by TEXT;

-- What a run was labelled with: a line for each, `"key:value"` as JSON has it. Only such runs are in the index, so that no other costs
-- a worker more that looks for one label.
ALTER TABLE queue ADD COLUMN labels TEXT;
CREATE INDEX queue_labelled ON queue (environment_id, priority, submitter, available_at, created_at, run_id, labels)
    WHERE status = 'queued' AND labels IS NOT NULL;
UPDATE queue SET labels = (SELECT char(10) || group_concat(json_quote(l.key || ':' || l.value), char(10)) || char(10)
    FROM runs r, json_each(r.options, '$.labels') l WHERE r.id = queue.run_id);

-- Whose the bytes of a document are; null: an older ade did not say.
ALTER TABLE documents ADD COLUMN submitter TEXT;
CREATE INDEX documents_of_workspace ON documents (workspace_id, size_bytes) WHERE deleted_at IS NULL;
CREATE INDEX documents_of_submitter ON documents (submitter, size_bytes) WHERE deleted_at IS NULL;

-- What has ended, of each configuration and of each submitter, for figures that never go back: how often, and how long runs waited and
-- took, by the first of `store::LIMITS` that holds the time; -1: none was begun. It takes the place of the first three columns of `totals`, which
-- keep what was counted until now.
CREATE TABLE ended (
    subject    TEXT NOT NULL,      -- `configuration <id>`, `submitter <key>`
    status     TEXT NOT NULL CHECK (status IN ('succeeded', 'failed', 'cancelled')),
    waited     INTEGER NOT NULL,
    took       INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    runs       INTEGER NOT NULL,
    waited_ms  INTEGER NOT NULL,
    took_ms    INTEGER NOT NULL,
    PRIMARY KEY (subject, status, waited, took, part)
) STRICT, WITHOUT ROWID;
DROP TRIGGER run_ended;
DROP TRIGGER run_ended_at_once;
