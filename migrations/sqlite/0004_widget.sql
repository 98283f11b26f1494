-- What a web chat looks like and asks; JSON, none = the defaults.
ALTER TABLE channels ADD COLUMN webchat TEXT;

-- What a visitor answered before the chat.
CREATE TABLE visitor_answers (
  channel_id TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  answers TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (channel_id, visitor_id)
) WITHOUT ROWID;

-- Who uploaded a file in a web chat: only they may send it.
CREATE TABLE visitor_files (
  attachment_id TEXT NOT NULL PRIMARY KEY,
  channel_id TEXT NOT NULL,
  visitor_id TEXT NOT NULL
) WITHOUT ROWID;

-- What the customer thought of a conversation. The score is in the log too, the words only here.
CREATE TABLE ratings (
  conversation_id TEXT NOT NULL PRIMARY KEY,
  score INTEGER NOT NULL,
  comment TEXT,
  at INTEGER NOT NULL
) WITHOUT ROWID;
