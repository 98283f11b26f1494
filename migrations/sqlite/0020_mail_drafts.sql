-- What an answer by mail has beside its text (JSON): to whom, about what, as HTML.
ALTER TABLE drafts ADD COLUMN mail TEXT;
