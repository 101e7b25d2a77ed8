-- What is paused: nothing of it is claimed, and no environments are built for it.
CREATE TABLE pauses (
    configuration_id  text COLLATE "C" PRIMARY KEY NOT NULL,   -- empty: everything
    reason            text COLLATE "C",
    paused_by         text COLLATE "C" NOT NULL,
    paused_at         bigint NOT NULL
);

-- No more runs of it at once, whoever executes them; null: any number.
ALTER TABLE configurations ADD COLUMN max_concurrency bigint CHECK (max_concurrency > 0);

-- What waits is claimed by priority, then in turns of those who submitted it.
ALTER TABLE queue ADD COLUMN priority bigint NOT NULL DEFAULT 1 CHECK (priority IN (0, 1, 2));   -- high, normal, low
ALTER TABLE queue ADD COLUMN submitter text COLLATE "C" NOT NULL DEFAULT '';   -- a token or a user of the operating system; empty: an older ade did not say
ALTER TABLE queue ADD COLUMN by_http bigint NOT NULL DEFAULT 0 CHECK (by_http IN (0, 1));
CREATE INDEX queue_by_http ON queue (run_id) WHERE status = 'queued' AND by_http = 1;
CREATE INDEX queue_of_submitter ON queue (environment_id, priority, submitter, available_at, created_at, run_id) WHERE status = 'queued';

-- Who has runs that wait for an environment, and whose turn it is: the least number. Whoever was served, or is new, goes last. The
-- triggers keep a row for as long as there are such runs, whichever way they come and go. The last row stays for whoever comes back
-- alone; a later claim deletes it.
CREATE TABLE queue_turns (
    environment_id  text COLLATE "C" NOT NULL,
    priority        bigint NOT NULL,
    submitter       text COLLATE "C" NOT NULL,
    turn            bigint NOT NULL,
    PRIMARY KEY (environment_id, priority, submitter)
);
CREATE INDEX queue_turns_in_order ON queue_turns (priority, turn, environment_id, submitter);
CREATE INDEX queue_turns_last ON queue_turns (turn);

INSERT INTO queue_turns (environment_id, priority, submitter, turn)
    SELECT environment_id, 1, '', row_number() OVER (ORDER BY min(created_at)) FROM queue
    WHERE status = 'queued' AND environment_id IS NOT NULL GROUP BY environment_id;

-- Whoever records a run holds the turn, so that nobody deletes it before the run is seen; whoever deletes it takes none that is held.
CREATE FUNCTION queue_turn_is_there() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        PERFORM 1 FROM queue_turns WHERE environment_id = NEW.environment_id AND priority = NEW.priority AND submitter = NEW.submitter FOR KEY SHARE;
        EXIT WHEN FOUND;
        INSERT INTO queue_turns (environment_id, priority, submitter, turn)
            SELECT NEW.environment_id, NEW.priority, NEW.submitter, coalesce(max(turn), 0) + 1 FROM queue_turns
            ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION queue_turn_may_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM queue_turns WHERE environment_id = OLD.environment_id AND priority = OLD.priority AND submitter = OLD.submitter FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        DELETE FROM queue_turns WHERE environment_id = OLD.environment_id AND priority = OLD.priority AND submitter = OLD.submitter
            AND turn < (SELECT max(turn) FROM queue_turns)
            AND NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = OLD.environment_id AND priority = OLD.priority AND submitter = OLD.submitter AND status = 'queued');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_turn_of_new AFTER INSERT ON queue FOR EACH ROW
    WHEN (NEW.status = 'queued' AND NEW.environment_id IS NOT NULL) EXECUTE FUNCTION queue_turn_is_there();
CREATE TRIGGER queue_turn_of_returned AFTER UPDATE OF status, environment_id ON queue FOR EACH ROW
    WHEN (NEW.status = 'queued' AND NEW.environment_id IS NOT NULL) EXECUTE FUNCTION queue_turn_is_there();
CREATE TRIGGER queue_turn_of_moved AFTER UPDATE OF status, environment_id ON queue FOR EACH ROW
    WHEN (OLD.status = 'queued' AND (NEW.status <> 'queued' OR NEW.environment_id IS DISTINCT FROM OLD.environment_id)) EXECUTE FUNCTION queue_turn_may_go();
CREATE TRIGGER queue_turn_of_gone AFTER DELETE ON queue FOR EACH ROW
    WHEN (OLD.status = 'queued') EXECUTE FUNCTION queue_turn_may_go();
