-- What agents can be good at.
CREATE TABLE skills (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id),
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- JSON: the skills somebody has, with levels; none = no skill.
ALTER TABLE users ADD COLUMN skills TEXT;

-- What is set for everything at once, JSON by name; what is not there is as by default.
CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);
