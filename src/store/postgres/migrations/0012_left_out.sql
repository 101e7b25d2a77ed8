-- Files that were sent with a batch and became no run, such as those that cannot be read, and why.
CREATE TABLE left_out (
    workspace_id  text COLLATE "C" NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    label         text COLLATE "C" NOT NULL,      -- what the runs of the batch share, as `key:value`
    name          text COLLATE "C" NOT NULL,
    why           text COLLATE "C" NOT NULL,
    created_at    bigint NOT NULL,
    PRIMARY KEY (workspace_id, label, name)
);
