-- What the answer to "why?" is made of: what supervisors say of urgency as well. What is written for a message is in no part of it.
DROP INDEX log_offers;
CREATE INDEX log_steps ON log (conversation_id, conv_seq)
  WHERE kind IN ('offered', 'transfer_offered', 'offer_accepted', 'offer_ended', 'queued', 'prioritised');
