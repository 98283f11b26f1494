-- How far the folder of each mail account was read. Written under the account's lease only.
CREATE TABLE mail_positions (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES mail_accounts (id),
  -- Server, user and folder: elsewhere the numbers mean nothing.
  place TEXT NOT NULL,
  uid_validity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  -- Mail from before is no business of ours, even when the folder is read from its beginning again.
  since INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Mails that are nobody's message: our own, automatic ones, reports, and what could not be read.
CREATE TABLE mail_asides (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  account_id TEXT NOT NULL REFERENCES mail_accounts (id),
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  subject TEXT NOT NULL,
  message_id TEXT,
  -- The mail as it came in, or the beginning of one that is too large.
  source TEXT,
  size INTEGER NOT NULL,
  -- The conversation that a report is about, or that it came into after all.
  conversation_id TEXT,
  state TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX mail_asides_order ON mail_asides (created_at, id);
CREATE INDEX mail_asides_open ON mail_asides (account_id, kind) WHERE state = 'open';

-- Who must not be written to any more.
CREATE TABLE mail_suppressions (
  client_id TEXT NOT NULL REFERENCES clients (id),
  address TEXT NOT NULL,
  reason TEXT NOT NULL,
  message_id TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, address)
) WITHOUT ROWID;

-- Who was told that their mail arrived: once per campaign and day.
CREATE TABLE mail_confirmations (
  campaign_id TEXT NOT NULL,
  address TEXT NOT NULL,
  day INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, address, day)
) WITHOUT ROWID;
CREATE INDEX mail_confirmations_of_client ON mail_confirmations (client_id, at);
CREATE INDEX mail_confirmations_of_address ON mail_confirmations (address, at);
