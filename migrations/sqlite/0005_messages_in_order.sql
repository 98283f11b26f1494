-- Messages lie in the order they came, with a narrow index by conversation: kept in the order of their conversations, nearly
-- every message made SQLite rearrange several pages.
CREATE TABLE messages_in_order (
  conversation_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  attachments TEXT,
  at INTEGER NOT NULL,
  delivery TEXT,
  reason TEXT,
  PRIMARY KEY (conversation_id, seq)
);
INSERT INTO messages_in_order (conversation_id, seq, id, author, text, attachments, at, delivery, reason)
  SELECT conversation_id, seq, id, author, text, attachments, at, delivery, reason FROM messages ORDER BY at;
DROP TABLE messages;
ALTER TABLE messages_in_order RENAME TO messages;
