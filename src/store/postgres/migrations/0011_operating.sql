-- A worker that takes the runs of one workspace, or with one label, alone; and one that takes none until it is resumed.
ALTER TABLE workers ADD COLUMN only_workspace text COLLATE "C";
ALTER TABLE workers ADD COLUMN only_label text COLLATE "C";    -- as it stands in queue.labels
ALTER TABLE workers ADD COLUMN quieted_at bigint;
ALTER TABLE workers ADD COLUMN quieted_by text COLLATE "C";

-- What a run was labelled with: a line for each, `"key:value"` as JSON has it.
CREATE FUNCTION instr(whole text, part text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT strpos(whole, part) $$;
ALTER TABLE queue ADD COLUMN labels text COLLATE "C";
CREATE INDEX queue_labelled ON queue (environment_id, priority, submitter, available_at, created_at, run_id)
    WHERE status = 'queued' AND labels IS NOT NULL;
UPDATE queue SET labels = (SELECT chr(10) || string_agg(to_json(l.key || ':' || l.value)::text, chr(10)) || chr(10)
    FROM runs r, json_each_text(r.options::json -> 'labels') l WHERE r.id = queue.run_id);

-- Whose the bytes of a document are; null: an older ade did not say.
ALTER TABLE documents ADD COLUMN submitter text COLLATE "C";
CREATE INDEX documents_of_workspace ON documents (workspace_id, size_bytes) WHERE deleted_at IS NULL;
CREATE INDEX documents_of_submitter ON documents (submitter, size_bytes) WHERE deleted_at IS NULL;

-- What has ended, of each configuration and of each submitter, for figures that never go back: how often, and how long runs waited and
-- took, by the first of `store::LIMITS` that holds the time; -1: none was begun. It takes the place of the first three columns of `totals`, which
-- keep what was counted until now. Each connection counts in one of sixteen parts: on a single row those who end runs would wait for
-- each other's commits.
CREATE TABLE ended (
    subject    text COLLATE "C" NOT NULL,      -- `configuration <id>`, `submitter <key>`
    status     text COLLATE "C" NOT NULL CHECK (status IN ('succeeded', 'failed', 'cancelled')),
    waited     bigint NOT NULL,
    took       bigint NOT NULL,
    part       bigint NOT NULL,
    runs       bigint NOT NULL,
    waited_ms  bigint NOT NULL,
    took_ms    bigint NOT NULL,
    PRIMARY KEY (subject, status, waited, took, part)
);
DROP TRIGGER run_ended ON runs;
DROP TRIGGER run_ended_at_once ON runs;
DROP FUNCTION count_ended();

-- When any host used an environment last.
CREATE OR REPLACE VIEW environments_anywhere AS
    SELECT id, workspace_id, configuration_id, max(trouble_count) AS trouble_count,
        CASE WHEN bool_or(status = 'ready') THEN 'ready' WHEN bool_or(status = 'building') THEN 'building'
            WHEN bool_or(status = 'queued') THEN 'queued' ELSE 'failed' END AS status, max(last_used_at) AS last_used_at
    FROM environments_of_hosts GROUP BY id, workspace_id, configuration_id;
