-- What receivers of mails thought of them (S4-20 to S4-23): one rating for each mail.
CREATE TABLE mail_ratings (
  message_id TEXT NOT NULL PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  score INTEGER NOT NULL,
  comment TEXT,
  first_at INTEGER NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX mail_ratings_campaign ON mail_ratings (campaign_id, at);
