-- What has happened, for counters that an alarm can be set on: they never go back when runs are deleted. Counted where a run ends,
-- in the same transaction.
CREATE TABLE totals (
    one            INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    succeeded      INTEGER NOT NULL,
    failed         INTEGER NOT NULL,
    cancelled      INTEGER NOT NULL,
    lost_attempts  INTEGER NOT NULL
) STRICT;
INSERT INTO totals SELECT 1,
    (SELECT count(*) FROM runs WHERE status = 'succeeded'),
    (SELECT count(*) FROM runs WHERE status = 'failed'),
    (SELECT count(*) FROM runs WHERE status = 'cancelled'),
    (SELECT count(*) FROM run_attempts WHERE outcome = 'lost');
CREATE TRIGGER run_ended AFTER UPDATE OF status ON runs WHEN OLD.status IS NULL AND NEW.status IS NOT NULL BEGIN
    UPDATE totals SET succeeded = succeeded + (NEW.status = 'succeeded'), failed = failed + (NEW.status = 'failed'),
        cancelled = cancelled + (NEW.status = 'cancelled');
END;
CREATE TRIGGER run_ended_at_once AFTER INSERT ON runs WHEN NEW.status IS NOT NULL BEGIN
    UPDATE totals SET succeeded = succeeded + (NEW.status = 'succeeded'), failed = failed + (NEW.status = 'failed'),
        cancelled = cancelled + (NEW.status = 'cancelled');
END;
CREATE TRIGGER attempt_lost AFTER INSERT ON run_attempts WHEN NEW.outcome = 'lost' BEGIN
    UPDATE totals SET lost_attempts = lost_attempts + 1;
END;
