-- Who must not be written to any more can be seen, lifted and added by hand. What was lifted stays on record.
ALTER TABLE mail_suppressions
  ADD COLUMN id TEXT,
  ADD COLUMN note TEXT,
  ADD COLUMN added_by TEXT NOT NULL DEFAULT 'system',
  -- The mail that was complained about, and the report that said so.
  ADD COLUMN conversation_id TEXT,
  ADD COLUMN report_id TEXT,
  ADD COLUMN lifted_at BIGINT,
  ADD COLUMN lifted_by TEXT;
-- Ids in the order of time, as all are.
UPDATE mail_suppressions SET id = lpad(to_hex(created_at / 1000 / 65536), 8, '0') || '-' || lpad(to_hex(created_at / 1000 % 65536), 4, '0')
  || '-7' || substr(md5(random()::text), 1, 3) || '-8' || substr(md5(random()::text), 1, 3) || '-' || substr(md5(random()::text || address), 1, 12);
ALTER TABLE mail_suppressions DROP CONSTRAINT mail_suppressions_pkey;
ALTER TABLE mail_suppressions ALTER COLUMN id SET NOT NULL;
ALTER TABLE mail_suppressions ALTER COLUMN added_by DROP DEFAULT;
ALTER TABLE mail_suppressions ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX mail_suppressions_in_force ON mail_suppressions (client_id, address) WHERE lifted_at IS NULL;
