-- The order of the tree, what the product itself closes with, and what campaigns have offered: that may be in history.
ALTER TABLE dispositions ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dispositions ADD COLUMN system TEXT;
ALTER TABLE dispositions ADD COLUMN offered INTEGER NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX dispositions_system ON dispositions (client_id, system) WHERE system IS NOT NULL;

INSERT INTO dispositions (id, client_id, parent_id, name, enabled, created_at, position, system, offered)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2)
  || '-' || hex(randomblob(6))), clients.id, NULL, own.name, 1, clients.created_at, 0, own.system, 1
FROM clients CROSS JOIN (
  SELECT 'inactivity' AS system, 'Inactividad' AS name
  UNION ALL SELECT 'transfer', 'Transferencia'
  UNION ALL SELECT 'out_of_hours', 'Fuera de horario'
  UNION ALL SELECT 'ignored_comment', 'Comentario ignorado'
) AS own;
