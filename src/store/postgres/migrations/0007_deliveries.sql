-- What is still to be told of runs that have ended, to the address or the program that the operator has set: recorded with the end,
-- by a trigger that reads the kinds which its session was opened with, and deleted when it was told.
CREATE TABLE deliveries (
    run_id         text COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind           text COLLATE "C" NOT NULL CHECK (kind IN ('url', 'command')),
    status         text COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'failed')),
    attempts       bigint NOT NULL DEFAULT 0,
    available_at   bigint NOT NULL,   -- while a process is at it: when its claim expires
    claim_token    text COLLATE "C",
    claim_process  text COLLATE "C",
    last_error     text COLLATE "C",
    created_at     bigint NOT NULL,
    PRIMARY KEY (run_id, kind)
);
CREATE INDEX deliveries_waiting ON deliveries (available_at) WHERE status = 'waiting';
CREATE INDEX deliveries_claimed ON deliveries (claim_process) WHERE claim_process IS NOT NULL;

CREATE FUNCTION tell_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deliveries (run_id, kind, available_at, created_at)
        SELECT NEW.id, kind, NEW.completed_at, NEW.completed_at FROM string_to_table(coalesce(current_setting('ade.deliveries', true), ''), ',') AS kind
        WHERE kind <> '';
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_of_end AFTER UPDATE OF status ON runs FOR EACH ROW
    WHEN (OLD.status IS NULL AND NEW.status IS NOT NULL) EXECUTE FUNCTION tell_end();
