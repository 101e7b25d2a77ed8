-- Files that were sent with a batch and became no run, such as those that cannot be read, and why.
CREATE TABLE left_out (
    workspace_id  TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    label         TEXT NOT NULL,      -- what the runs of the batch share, as `key:value`
    name          TEXT NOT NULL,
    why           TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, label, name)
) STRICT, WITHOUT ROWID;
