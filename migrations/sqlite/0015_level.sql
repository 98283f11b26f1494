-- Files of the gallery lie in folders, one level deep: the name of one, empty = in none.
ALTER TABLE resources ADD COLUMN folder TEXT NOT NULL DEFAULT '';
