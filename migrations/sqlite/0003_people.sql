-- Invitations and password resets: one per user, a new one voids the one before. `hash` is SHA-256 of the token.
CREATE TABLE invitations (
  hash TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX invitations_user ON invitations (user_id);

-- What people set for themselves; `settings` is JSON that only the console understands.
CREATE TABLE profiles (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
  language TEXT,
  region TEXT,
  settings TEXT NOT NULL
) WITHOUT ROWID;

-- As the browser names itself.
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';

ALTER TABLE contacts ADD COLUMN notes TEXT NOT NULL DEFAULT '';

ALTER TABLE breaks ADD COLUMN minutes INTEGER;
ALTER TABLE breaks ADD COLUMN icon TEXT;

-- Dynamic fields (S1-27); which campaign uses which is in the campaign's configuration.
CREATE TABLE fields (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  options TEXT NOT NULL,
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);

-- What was noted in them. NULL: it was taken away again.
CREATE TABLE conversation_fields (
  conversation_id TEXT NOT NULL,
  field_id TEXT NOT NULL,
  value TEXT,
  PRIMARY KEY (conversation_id, field_id)
) WITHOUT ROWID;

-- Without a campaign: for all of the client's.
CREATE TABLE canned_texts (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  campaign_id TEXT REFERENCES campaigns (id),
  shortcut TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX canned_texts_shortcut ON canned_texts (client_id, coalesce(campaign_id, ''), shortcut);

-- What agents of a campaign may do is one object now (S1-20 to S1-26).
UPDATE campaigns SET config = json_remove(
  json_set(config, '$.permissions', json_object(
    'external_resources', json(coalesce(config -> '$.attachments', 'true')),
    'close_unanswered', json(coalesce(config -> '$.close_without_reply', 'false')),
    'transfer_to_agents', json(coalesce(config -> '$.agent_transfer', 'true')))),
  '$.attachments', '$.close_without_reply', '$.agent_transfer');
