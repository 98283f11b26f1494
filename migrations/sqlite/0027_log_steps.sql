-- The same entries as before. SQLite makes a table of its own of what stands in IN, anew for every row that is inserted.
DROP INDEX log_steps;
CREATE INDEX log_steps ON log (conversation_id, conv_seq)
  WHERE kind = 'offered' OR kind = 'transfer_offered' OR kind = 'offer_accepted' OR kind = 'offer_ended' OR kind = 'queued'
  OR kind = 'prioritised';
