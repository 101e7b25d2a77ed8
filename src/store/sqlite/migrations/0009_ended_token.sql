-- The claim under which a run ended: which attempt's files in the object store are its own.
ALTER TABLE runs ADD COLUMN ended_token TEXT;
