-- Providers at which the mail accounts of a client sign in, with the secret of our client there, sealed.
CREATE TABLE mail_providers (
  client_id TEXT NOT NULL REFERENCES clients (id),
  provider TEXT NOT NULL,
  config TEXT NOT NULL,
  sealed TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, provider)
) WITHOUT ROWID;

-- Mail accounts that sign in at a provider; what they got there lies in mail_secrets.
CREATE TABLE mail_sign_ins (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES mail_accounts (id),
  provider TEXT NOT NULL,
  -- Where it may be shown again: the provider's address and our client there.
  place TEXT NOT NULL,
  user_id TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
