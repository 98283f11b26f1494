-- Who owns what must have one owner (reliability.md, Leases). `token` grows with every change of owner.
CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  node TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  token INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);

-- One row per stream of the log. `epoch` changes when positions may have been reused (a restored backup).
CREATE TABLE streams (
  stream INTEGER NOT NULL PRIMARY KEY,
  epoch TEXT NOT NULL,
  head INTEGER NOT NULL
);

-- The log: ids and facts only. `pos` is dense per stream, `conv_seq` dense per conversation.
CREATE TABLE log (
  stream INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  cause TEXT,
  conversation_id TEXT,
  conv_seq INTEGER,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (stream, pos)
) WITHOUT ROWID;

-- Folded state of a stream at a position, in parts.
CREATE TABLE snapshots (
  stream INTEGER NOT NULL,
  pos INTEGER NOT NULL,
  part INTEGER NOT NULL,
  at INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (stream, pos, part)
) WITHOUT ROWID;

-- What came in. `hash` is the first 8 bytes of SHA-256 over channel and provider id: the only dedupe, short and hot.
CREATE TABLE inbox (
  hash INTEGER NOT NULL,
  channel_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  payload TEXT,
  reason TEXT
);
CREATE UNIQUE INDEX inbox_hash ON inbox (hash);
CREATE INDEX inbox_unfinished ON inbox (received_at) WHERE state <> 1;

-- Answers to writes that carried an Idempotency-Key, kept 24 h.
CREATE TABLE idempotency (
  scope TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (scope)
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE conversations (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  contact_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  agent_id TEXT,
  offered_to TEXT,
  is_open INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  arrived_at INTEGER NOT NULL,
  next_due INTEGER,
  state TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX conversations_open ON conversations (channel_id, contact_id) WHERE is_open = 1;
CREATE INDEX conversations_due ON conversations (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX conversations_campaign ON conversations (campaign_id, id);
CREATE INDEX conversations_agent ON conversations (agent_id, id) WHERE agent_id IS NOT NULL;
CREATE INDEX conversations_offered ON conversations (offered_to) WHERE offered_to IS NOT NULL;
CREATE INDEX conversations_contact ON conversations (contact_id, id);

CREATE TABLE messages (
  conversation_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  attachments TEXT,
  at INTEGER NOT NULL,
  delivery TEXT,
  reason TEXT,
  PRIMARY KEY (conversation_id, seq)
) WITHOUT ROWID;

-- Outbound messages not yet sent or failed.
CREATE TABLE outbox (
  message_id TEXT NOT NULL PRIMARY KEY,
  channel_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (channel_id, next_at);

CREATE TABLE agent_states (
  agent_id TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE clients (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  zone TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE schedules (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  config TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE campaigns (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  config TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE channels (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  campaign_id TEXT NOT NULL REFERENCES campaigns (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  endpoint TEXT,
  created_at INTEGER NOT NULL
);

-- Signing secrets, sealed with the installation's key; write-only (SX-9).
CREATE TABLE channel_secrets (
  id TEXT NOT NULL PRIMARY KEY,
  channel_id TEXT NOT NULL REFERENCES channels (id),
  sealed TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
);

CREATE TABLE dispositions (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  parent_id TEXT,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE breaks (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  login TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  scopes TEXT NOT NULL,
  capacity INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  password TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_login ON users (login);

CREATE TABLE members (
  campaign_id TEXT NOT NULL REFERENCES campaigns (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  penalty INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, user_id)
) WITHOUT ROWID;

-- Browser sessions; `hash` is SHA-256 of the cookie's token.
CREATE TABLE sessions (
  hash TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);

-- Bearer tokens for programs; `hash` is SHA-256 of the token. With a user, the token acts as that person.
CREATE TABLE tokens (
  id TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL,
  user_id TEXT,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);

CREATE TABLE contacts (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  noticed_at INTEGER
) WITHOUT ROWID;
CREATE INDEX contacts_client ON contacts (client_id, id);

CREATE TABLE contact_addresses (
  client_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  contact_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, kind, value)
) WITHOUT ROWID;
CREATE INDEX contact_addresses_contact ON contact_addresses (contact_id);

CREATE TABLE attachments (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  uploaded_by TEXT NOT NULL,
  conversation_id TEXT
) WITHOUT ROWID;
