-- Projects of a client (S1-4). A campaign may belong to one; what is archived keeps its history (S4-30).
CREATE TABLE projects (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
ALTER TABLE campaigns ADD COLUMN project_id TEXT REFERENCES projects (id);
ALTER TABLE campaigns ADD COLUMN archived_at INTEGER;

-- By which kinds of channels a member may write first: JSON, none = all.
ALTER TABLE members ADD COLUMN initiate TEXT;

-- Belongs to a voice campaign of the telephone system (S4-35).
ALTER TABLE users ADD COLUMN voice INTEGER NOT NULL DEFAULT 0;

-- Files that agents send with a few keys (S1-35). Without a campaign: for all of the client's.
CREATE TABLE resources (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  campaign_id TEXT REFERENCES campaigns (id),
  shortcut TEXT NOT NULL,
  title TEXT NOT NULL,
  file_id TEXT NOT NULL REFERENCES attachments (id),
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX resources_shortcut ON resources (client_id, coalesce(campaign_id, ''), shortcut);
