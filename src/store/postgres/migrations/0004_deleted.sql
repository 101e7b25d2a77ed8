-- The bytes of a document may be deleted; its record stays for the runs that were made from it. The same bytes that are stored
-- again are another document.
ALTER TABLE documents ADD COLUMN deleted_at bigint;
DROP INDEX documents_by_content;
CREATE UNIQUE INDEX documents_by_content ON documents (workspace_id, sha256, name) WHERE deleted_at IS NULL;
