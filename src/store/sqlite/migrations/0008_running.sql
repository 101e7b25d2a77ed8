-- What is running is found environment by environment in `queue_of_environment`, from each to the next and last where there is
-- none, as what is due is. An index of its own would be written at each claim, heartbeat and end, for a sweep every few seconds.

DROP INDEX queue_leased;

CREATE VIEW queue_running AS
WITH RECURSIVE environments_of_queue (id) AS (
    SELECT min(environment_id) FROM queue
    UNION ALL
    SELECT (SELECT min(environment_id) FROM queue WHERE environment_id > environments_of_queue.id)
    FROM environments_of_queue WHERE id IS NOT NULL
)
SELECT run_id, claim_expires_at, claim_process
FROM environments_of_queue JOIN queue ON environment_id IS environments_of_queue.id AND status = 'running';
