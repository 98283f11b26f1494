-- Templates of mails: messages, signatures, confirmations (S4-36 to S4-40). Without a campaign: for all of the client's.
CREATE TABLE templates (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  campaign_id TEXT REFERENCES campaigns (id),
  purpose TEXT NOT NULL,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  html TEXT NOT NULL,
  text TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  archived_at INTEGER
);
CREATE UNIQUE INDEX templates_name ON templates (client_id, coalesce(campaign_id, ''), purpose, name) WHERE archived_at IS NULL;
