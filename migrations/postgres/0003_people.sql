-- Invitations and password resets: one per user, a new one voids the one before. `hash` is SHA-256 of the token.
CREATE TABLE invitations (
  hash TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_user ON invitations (user_id);

-- What people set for themselves; `settings` is JSON that only the console understands.
CREATE TABLE profiles (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
  language TEXT,
  region TEXT,
  settings TEXT NOT NULL
);

-- As the browser names itself.
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';

ALTER TABLE contacts ADD COLUMN notes TEXT NOT NULL DEFAULT '';

ALTER TABLE breaks ADD COLUMN minutes BIGINT;
ALTER TABLE breaks ADD COLUMN icon TEXT;

-- Dynamic fields (S1-27); which campaign uses which is in the campaign's configuration.
CREATE TABLE fields (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  options TEXT NOT NULL,
  description TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- What was noted in them. NULL: it was taken away again.
CREATE TABLE conversation_fields (
  conversation_id TEXT NOT NULL,
  field_id TEXT NOT NULL,
  value TEXT,
  PRIMARY KEY (conversation_id, field_id)
);

-- Without a campaign: for all of the client's.
CREATE TABLE canned_texts (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  campaign_id TEXT REFERENCES campaigns (id),
  shortcut TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX canned_texts_shortcut ON canned_texts (client_id, coalesce(campaign_id, ''), shortcut);

-- What agents of a campaign may do is one object now (S1-20 to S1-26).
UPDATE campaigns SET config = (
  (config::jsonb - 'attachments' - 'close_without_reply' - 'agent_transfer') || jsonb_build_object('permissions', jsonb_build_object(
    'external_resources', coalesce(config::jsonb -> 'attachments', 'true'::jsonb),
    'close_unanswered', coalesce(config::jsonb -> 'close_without_reply', 'false'::jsonb),
    'transfer_to_agents', coalesce(config::jsonb -> 'agent_transfer', 'true'::jsonb))))::text;
