-- Runs by the end of their id, of which commands show and accept the last digits; and where copies of workbooks were put.

CREATE INDEX runs_by_end ON runs (substr(id, -6));

CREATE TABLE output_copies (
    path           TEXT PRIMARY KEY NOT NULL,    -- absolute; a later copy at the same place takes the row over
    workspace_id   TEXT NOT NULL,
    run_id         TEXT NOT NULL,                -- may be gone: the file at the path is still one that a run wrote
    written_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX output_copies_of_run ON output_copies (run_id);
