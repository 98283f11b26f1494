-- In which messages that the product writes by itself name dates (BCP 47).
ALTER TABLE clients ADD COLUMN language TEXT NOT NULL DEFAULT 'es';
