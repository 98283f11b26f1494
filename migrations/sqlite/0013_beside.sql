-- Who has to do with a conversation beside its owner: a colleague who is consulted, the sender of a transfer who still finishes.
ALTER TABLE conversations ADD COLUMN consulted TEXT;
ALTER TABLE conversations ADD COLUMN finishing TEXT;
CREATE INDEX conversations_consulted ON conversations (consulted) WHERE consulted IS NOT NULL;
CREATE INDEX conversations_finishing ON conversations (finishing) WHERE finishing IS NOT NULL;
