-- A delivery stays for a week after it was accepted, too: it can be listed, and told again.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_status_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_status_check CHECK (status IN ('waiting', 'delivered', 'failed'));
ALTER TABLE deliveries ADD COLUMN delivered_at bigint;
CREATE INDEX deliveries_untold ON deliveries (status) WHERE status <> 'delivered';
