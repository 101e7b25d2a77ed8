-- A field that no column was found for, and that a hook or a transform filled, is neither found nor missing.

ALTER TABLE run_fields ADD COLUMN computed INTEGER NOT NULL DEFAULT 0 CHECK (computed IN (0, 1));
