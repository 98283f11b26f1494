-- What people have begun to write, for the customer or for colleagues. Not part of the log. `away_since`: since when the
-- conversation has not been with them.
CREATE TABLE drafts (
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  text TEXT NOT NULL,
  attachments TEXT NOT NULL,
  rev BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  away_since BIGINT,
  PRIMARY KEY (user_id, conversation_id, mode)
);
