-- How members stand in a campaign. `receive` is JSON: kinds of channels, none = all.
ALTER TABLE members ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN joined_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN delay_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN receive TEXT;

-- What a campaign remembers of its agents, so that turns and counts go on after a restart: the last offer accepted, when the
-- last interaction ended, how many ended on the local day that began at `day`.
CREATE TABLE pasts (
  campaign_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  served TEXT,
  ended_at INTEGER,
  completed INTEGER NOT NULL,
  day INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, agent_id)
) WITHOUT ROWID;
