-- PostgreSQL has kept messages in the order they came from the beginning.
SELECT 1;
