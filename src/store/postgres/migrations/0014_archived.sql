-- An archived configuration is kept for its runs: it is listed for who asks, and nothing new is run with it.
ALTER TABLE configurations ADD COLUMN archived_at bigint;

-- What a workspace is called; null: by its id, which stays in addresses, tokens and settings.
ALTER TABLE workspaces ADD COLUMN name text COLLATE "C";
