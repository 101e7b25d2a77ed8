-- What has happened, for counters that an alarm can be set on: they never go back when runs are deleted. Counted where a run ends,
-- in the same transaction.
CREATE TABLE totals (
    one            bigint PRIMARY KEY NOT NULL CHECK (one = 1),
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
    UPDATE totals SET succeeded = succeeded + (NEW.status = 'succeeded')::integer, failed = failed + (NEW.status = 'failed')::integer,
        cancelled = cancelled + (NEW.status = 'cancelled')::integer;
    RETURN NULL;
END $$;
CREATE FUNCTION count_lost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE totals SET lost_attempts = lost_attempts + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER run_ended AFTER UPDATE OF status ON runs FOR EACH ROW
    WHEN (OLD.status IS NULL AND NEW.status IS NOT NULL) EXECUTE FUNCTION count_ended();
CREATE TRIGGER run_ended_at_once AFTER INSERT ON runs FOR EACH ROW WHEN (NEW.status IS NOT NULL) EXECUTE FUNCTION count_ended();
CREATE TRIGGER attempt_lost AFTER INSERT ON run_attempts FOR EACH ROW WHEN (NEW.outcome = 'lost') EXECUTE FUNCTION count_lost();
