-- Mail threads: a contact has several at once on one account, each with a subject. Where there are no threads it is NULL.
ALTER TABLE conversations ADD COLUMN subject TEXT;
DROP INDEX conversations_open;
CREATE UNIQUE INDEX conversations_open ON conversations (channel_id, contact_id) WHERE is_open = 1 AND subject IS NULL;

-- What a mail has beside its text and files (JSON), and its Message-ID, for threading.
ALTER TABLE messages ADD COLUMN mail TEXT;
ALTER TABLE messages ADD COLUMN mail_id TEXT;
CREATE INDEX messages_mail_id ON messages (mail_id) WHERE mail_id IS NOT NULL;

-- Mail accounts. One with a campaign is a channel account too, under the same id.
CREATE TABLE mail_accounts (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  campaign_id TEXT REFERENCES campaigns (id),
  address TEXT NOT NULL,
  config TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  archived_at INTEGER
);
CREATE UNIQUE INDEX mail_accounts_address ON mail_accounts (client_id, address) WHERE archived_at IS NULL;

-- Passwords and tokens, sealed with the installation's key; write-only (SX-9).
CREATE TABLE mail_secrets (
  account_id TEXT NOT NULL REFERENCES mail_accounts (id),
  slot TEXT NOT NULL,
  sealed TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, slot)
) WITHOUT ROWID;
