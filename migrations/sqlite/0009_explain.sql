-- Which configuration of a campaign a decision of the Router was made under: counts its changes.
ALTER TABLE campaigns ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- The offers of a conversation, found without reading the log. What is written for a message is in no part of it.
CREATE INDEX log_offers ON log (conversation_id, conv_seq)
  WHERE kind IN ('offered', 'transfer_offered', 'offer_accepted', 'offer_ended', 'queued');
