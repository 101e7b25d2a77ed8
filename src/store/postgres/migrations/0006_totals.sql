-- What has happened, for counters that an alarm can be set on: they never go back when runs are deleted. Counted where a run ends,
-- in the same transaction. Each connection counts in one of sixteen rows: on a single one those who end runs would wait for each other's
-- commits.
CREATE TABLE totals (
    one            bigint PRIMARY KEY NOT NULL CHECK (one BETWEEN 0 AND 15),
    succeeded      bigint NOT NULL,
    failed         bigint NOT NULL,
    cancelled      bigint NOT NULL,
    lost_attempts  bigint NOT NULL
);
INSERT INTO totals SELECT 1,
    (SELECT count(*) FROM runs WHERE status = 'succeeded'),
    (SELECT count(*) FROM runs WHERE status = 'failed'),
    (SELECT count(*) FROM runs WHERE status = 'cancelled'),
    (SELECT count(*) FROM run_attempts WHERE outcome = 'lost');
CREATE FUNCTION count_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO totals AS t VALUES (pg_backend_pid() % 16, (NEW.status = 'succeeded')::integer, (NEW.status = 'failed')::integer,
        (NEW.status = 'cancelled')::integer, 0)
        ON CONFLICT (one) DO UPDATE SET succeeded = t.succeeded + excluded.succeeded, failed = t.failed + excluded.failed,
        cancelled = t.cancelled + excluded.cancelled;
    RETURN NULL;
END $$;
CREATE FUNCTION count_lost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO totals AS t VALUES (pg_backend_pid() % 16, 0, 0, 0, 1)
        ON CONFLICT (one) DO UPDATE SET lost_attempts = t.lost_attempts + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER run_ended AFTER UPDATE OF status ON runs FOR EACH ROW
    WHEN (OLD.status IS NULL AND NEW.status IS NOT NULL) EXECUTE FUNCTION count_ended();
CREATE TRIGGER run_ended_at_once AFTER INSERT ON runs FOR EACH ROW WHEN (NEW.status IS NOT NULL) EXECUTE FUNCTION count_ended();
CREATE TRIGGER attempt_lost AFTER INSERT ON run_attempts FOR EACH ROW WHEN (NEW.outcome = 'lost') EXECUTE FUNCTION count_lost();
