-- What connected systems know a field by. NULL: of before, made from its name when it is read.
ALTER TABLE fields ADD COLUMN key TEXT;
CREATE UNIQUE INDEX fields_key ON fields (client_id, key);
