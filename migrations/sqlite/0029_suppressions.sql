-- Who must not be written to any more can be seen, lifted and added by hand. What was lifted stays on record.
ALTER TABLE mail_suppressions RENAME TO mail_suppressions_before;
CREATE TABLE mail_suppressions (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  address TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT,
  added_by TEXT NOT NULL,
  -- The mail that was complained about, and the report that said so.
  message_id TEXT,
  conversation_id TEXT,
  report_id TEXT,
  created_at INTEGER NOT NULL,
  lifted_at INTEGER,
  lifted_by TEXT
) WITHOUT ROWID;
-- Ids in the order of time, as all are.
INSERT INTO mail_suppressions (id, client_id, address, reason, added_by, message_id, created_at)
SELECT printf('%08x-%04x-7%s-8%s-%s', created_at / 1000 / 65536, created_at / 1000 % 65536, substr(lower(hex(randomblob(2))), 2),
  substr(lower(hex(randomblob(2))), 2), lower(hex(randomblob(6)))), client_id, address, reason, 'system', message_id, created_at
FROM mail_suppressions_before;
DROP TABLE mail_suppressions_before;
CREATE UNIQUE INDEX mail_suppressions_in_force ON mail_suppressions (client_id, address) WHERE lifted_at IS NULL;
