-- A workspace's default configuration is another thing than the version of a configuration that is active.
ALTER TABLE configurations RENAME COLUMN active TO is_default;
DROP INDEX configurations_active;
CREATE UNIQUE INDEX configurations_default ON configurations (workspace_id) WHERE is_default = 1;

-- Where in the configuration and in the input a run failed: JSON. Failed runs alone have it, and they have no result: a value
-- behind that blob would cost a walk through its pages.
ALTER TABLE runs ADD COLUMN error_place text COLLATE "C";
