-- When a mail account with a quota handed over a mail, as far back as its window reaches (S0-29).
CREATE TABLE mail_sent (
  account_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  PRIMARY KEY (account_id, at, message_id)
) WITHOUT ROWID;

-- Mail accounts that cannot send now, and why.
CREATE TABLE mail_send_troubles (
  account_id TEXT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  words TEXT,
  since INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Receivers that a mail did not go to although it was sent.
CREATE TABLE mail_refusals (
  message_id TEXT NOT NULL,
  address TEXT NOT NULL,
  reason TEXT NOT NULL,
  words TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (message_id, address)
) WITHOUT ROWID;
