-- Which data directory the database belongs to; and the stretches of time that no process of it saw.

CREATE TABLE identity (
    one          INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    database_id  TEXT NOT NULL,
    data_id      TEXT NOT NULL,                  -- of the data directory, which names both in a file of its own
    data_path    TEXT NOT NULL,                  -- where it is; the paths in the records begin with it
    bound_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE observed_time (
    one      INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    seen_at  INTEGER NOT NULL                    -- what the wall clock said when a process last looked
) STRICT;

CREATE TABLE unseen_time (
    from_at  INTEGER PRIMARY KEY NOT NULL,
    to_at    INTEGER NOT NULL
) STRICT;

-- A database that was at work before this has seen the times that it recorded.
INSERT INTO observed_time (one, seen_at)
SELECT 1, max(at) FROM (
    SELECT max(updated_at) AS at FROM environments
    UNION ALL SELECT max(last_used_at) FROM environments
    UNION ALL SELECT max(last_run_at) FROM configurations
    UNION ALL SELECT max(seen_at) FROM workers
) HAVING max(at) IS NOT NULL;
