-- Whether an environment's failure can pass, so that it is built again when somebody asks for it anew.

ALTER TABLE environments ADD COLUMN error_may_pass INTEGER NOT NULL DEFAULT 0 CHECK (error_may_pass IN (0, 1));

-- Failures of before, as far as they tell. The hint is that of an installer without a network.
UPDATE environments SET error_may_pass = 1 WHERE status = 'failed'
    AND (error_code IN ('build_timeout', 'storage_failed') OR error_hint LIKE 'check the network%');
