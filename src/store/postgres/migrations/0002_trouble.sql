-- Trouble of the machine or the network spends no attempt. How often it came in a row is counted apart, for the backoff.

ALTER TABLE queue ADD COLUMN trouble_count bigint NOT NULL DEFAULT 0;

-- Each lease is judged by the length that its holder was started with: other processes may have other settings.
ALTER TABLE workers ADD COLUMN lease_ms bigint NOT NULL DEFAULT 900000;

CREATE INDEX queue_in_trouble ON queue (environment_id) WHERE trouble_count > 0;
