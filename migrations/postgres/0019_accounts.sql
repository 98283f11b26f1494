-- Which mail account a client's mails of a kind go out from (S0-5).
CREATE TABLE mail_areas (
  client_id TEXT NOT NULL REFERENCES clients (id),
  area TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES mail_accounts (id),
  PRIMARY KEY (client_id, area)
);
CREATE INDEX mail_areas_account ON mail_areas (account_id);
