-- Runs of one input that succeeded and still have their files, newest first: what `ade run --changed` looks for. A part of the digest
-- tells inputs apart.
CREATE INDEX runs_of_input ON runs (configuration_id, substr(input_sha256, 1, 16), input_name, id)
    WHERE status = 'succeeded' AND artifacts_deleted_at IS NULL;
