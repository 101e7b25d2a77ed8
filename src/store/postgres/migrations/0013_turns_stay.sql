-- A turn stays when its last run is claimed or cancelled, and is deleted by the claim that passes it over: so a claim asks less.
DROP TRIGGER queue_turn_of_moved ON queue;
DROP TRIGGER queue_turn_of_gone ON queue;
DROP FUNCTION queue_turn_may_go();

-- Turns are compared within one priority, so that one index has their order and the last of them.
CREATE OR REPLACE FUNCTION queue_turn_is_there() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        PERFORM 1 FROM queue_turns WHERE environment_id = NEW.environment_id AND priority = NEW.priority AND submitter = NEW.submitter FOR KEY SHARE;
        EXIT WHEN FOUND;
        INSERT INTO queue_turns (environment_id, priority, submitter, turn)
            SELECT NEW.environment_id, NEW.priority, NEW.submitter, coalesce(max(turn), 0) + 1 FROM queue_turns WHERE priority = NEW.priority
            ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN NULL;
END $$;
DROP INDEX queue_turns_last;
