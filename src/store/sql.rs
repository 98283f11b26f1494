//! The statements of a group commit. On SQLite they run row by row; on PostgreSQL a table's rows travel as one JSON array of
//! objects with one-letter keys.

/// SQLite: the head, if the fence holds.
pub(super) const SQLITE_FENCE: &str =
    "SELECT s.head FROM streams s JOIN leases l ON l.name = ?1 AND l.token = ?2 WHERE s.stream = ?3";
/// SQLite: who has made a claim with this hash.
pub(super) const SQLITE_CLAIMED: &str = "SELECT channel_id, provider_id FROM inbox WHERE hash = ?1";
/// SQLite: whether an answer is kept.
pub(super) const SQLITE_ANSWERED: &str = "SELECT 1 FROM idempotency WHERE scope = ?1";
pub(super) const SQLITE_ADVANCE: &str = "UPDATE streams SET head = ?2 WHERE stream = ?1";
pub(super) const SQLITE_INBOX: &str =
    "INSERT INTO inbox (hash, channel_id, provider_id, received_at, state) VALUES (?1, ?2, ?3, ?4, 1)";
pub(super) const SQLITE_LOG: &str = "INSERT INTO log (stream, pos, at, actor, cause, conversation_id, conv_seq, kind, version, data) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9)";
pub(super) const SQLITE_MESSAGE: &str = "INSERT INTO messages (conversation_id, seq, id, author, text, attachments, at, delivery, \
     mail, mail_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
pub(super) const SQLITE_CONVERSATION: &str = "INSERT INTO conversations (id, client_id, channel_id, campaign_id, contact_id, phase, agent_id, \
     offered_to, is_open, seq, arrived_at, next_due, state, consulted, finishing, subject) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) \
     ON CONFLICT (id) DO UPDATE SET campaign_id = excluded.campaign_id, phase = excluded.phase, agent_id = excluded.agent_id, \
     offered_to = excluded.offered_to, is_open = excluded.is_open, seq = excluded.seq, next_due = excluded.next_due, \
     state = excluded.state, consulted = excluded.consulted, finishing = excluded.finishing";
pub(super) const SQLITE_STATE: &str = "UPDATE conversations SET seq = ?2, state = ?3 WHERE id = ?1";
pub(super) const SQLITE_ANSWER: &str =
    "INSERT INTO idempotency (scope, request_hash, status, body, at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const SQLITE_DELIVERY: &str =
    "UPDATE messages SET delivery = ?3, reason = coalesce(?4, reason) WHERE conversation_id = ?1 AND seq = ?2";
pub(super) const SQLITE_OUTBOX_IN: &str = "INSERT INTO outbox (message_id, channel_id, conversation_id, seq, state, attempts, next_at) \
     VALUES (?1, ?2, ?3, ?4, 'queued', 0, ?5)";
pub(super) const SQLITE_OUTBOX_SET: &str = "UPDATE outbox SET state = ?2, attempts = coalesce(?3, attempts), \
     next_at = coalesce(?4, next_at) WHERE message_id = ?1";
pub(super) const SQLITE_OUTBOX_OUT: &str = "DELETE FROM outbox WHERE message_id = ?1";
pub(super) const SQLITE_CONTACT: &str = "INSERT INTO contacts (id, client_id, name, created_at) VALUES (?1, ?2, ?3, ?4)";
pub(super) const SQLITE_ADDRESS: &str =
    "INSERT INTO contact_addresses (client_id, kind, value, contact_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const SQLITE_NOTICED: &str = "UPDATE contacts SET noticed_at = ?2 WHERE id = ?1";
pub(super) const SQLITE_AGENT: &str = "INSERT INTO agent_states (agent_id, state) VALUES (?1, ?2) \
     ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state";
pub(super) const SQLITE_FIELD: &str = "INSERT INTO conversation_fields (conversation_id, field_id, value) VALUES (?1, ?2, ?3) \
     ON CONFLICT (conversation_id, field_id) DO UPDATE SET value = excluded.value";
pub(super) const SQLITE_PAST: &str = "INSERT INTO pasts (campaign_id, agent_id, served, ended_at, completed, day) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (campaign_id, agent_id) DO UPDATE SET served = CASE WHEN pasts.served IS NULL \
 OR excluded.served > pasts.served THEN excluded.served ELSE pasts.served END, \
     ended_at = coalesce(excluded.ended_at, pasts.ended_at), completed = CASE WHEN excluded.completed = 0 THEN pasts.completed \
     WHEN pasts.day = excluded.day THEN pasts.completed + excluded.completed ELSE excluded.completed END, \
     day = CASE WHEN excluded.completed = 0 THEN pasts.day ELSE excluded.day END";

/// PostgreSQL: the fence as it stands and the repeated claims, outside any transaction.
pub(super) const POSTGRES_CHECK: &str = "\
SELECT 0::bigint, s.head, '', '' FROM streams s JOIN leases l ON l.name = $1 AND l.token = $2 WHERE s.stream = $3 \
UNION ALL SELECT 1::bigint, hash, channel_id, provider_id FROM inbox WHERE hash = ANY ($4::bigint[]) \
UNION ALL SELECT 2::bigint, 0::bigint, scope, '' FROM idempotency WHERE scope = ANY ($5::text[])";

/// PostgreSQL: the rows every message brings, in one statement that does nothing unless the fence holds. Returns the new head. A table's
/// rows come as an array for each column: taking JSON apart would cost the server as much as storing what is in it.
pub(super) const POSTGRES_HOT: &str = "\
WITH fence AS (UPDATE streams SET head = $4 WHERE stream = $3 AND head = $5 \
 AND EXISTS (SELECT 1 FROM leases WHERE name = $1 AND token = $2 FOR SHARE) RETURNING head), \
new_inbox AS (INSERT INTO inbox (hash, channel_id, provider_id, received_at, state) \
 SELECT h, c, p, t, 1 FROM fence, unnest($6::bigint[], $7::text[], $8::text[], $9::bigint[]) AS r(h, c, p, t)), \
new_log AS (INSERT INTO log (stream, pos, at, actor, cause, conversation_id, conv_seq, kind, version, data) \
 SELECT $3, p, t, w, c, i, q, k, 1, d FROM fence, unnest($10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[], \
 $15::bigint[], $16::text[], $17::text[]) AS r(p, t, w, c, i, q, k, d)), \
new_messages AS (INSERT INTO messages (conversation_id, seq, id, author, text, attachments, at, delivery, mail, mail_id) \
 SELECT c, q, i, w, x, a, t, d, m, mi FROM fence, unnest($18::text[], $19::bigint[], $20::text[], $21::text[], $22::text[], \
 $23::text[], $24::bigint[], $25::text[], $26::text[], $27::text[]) AS r(c, q, i, w, x, a, t, d, m, mi)), \
new_conversations AS (INSERT INTO conversations (id, client_id, channel_id, campaign_id, contact_id, phase, agent_id, offered_to, \
 is_open, seq, arrived_at, next_due, state, consulted, finishing, subject) \
 SELECT s->>'id', s->>'client', s->>'channel', s->>'campaign', s->>'contact', p, a, o, n, (s->>'seq')::bigint, \
 (s->>'arrived_at')::bigint, d, s::text, s->'beside'->>'consulted', s->'beside'->'sender'->>'agent', j \
 FROM fence, json_to_recordset($28::json) AS r(s json, p text, a text, o text, n bigint, d bigint, j text) \
 ON CONFLICT (id) DO UPDATE SET campaign_id = excluded.campaign_id, phase = excluded.phase, agent_id = excluded.agent_id, \
 offered_to = excluded.offered_to, is_open = excluded.is_open, seq = excluded.seq, next_due = excluded.next_due, \
 state = excluded.state, consulted = excluded.consulted, finishing = excluded.finishing), \
touched AS (UPDATE conversations v SET seq = r.q, state = r.s \
 FROM fence, unnest($29::text[], $30::bigint[], $31::text[]) AS r(i, q, s) WHERE v.id = r.i) \
SELECT head FROM fence";

/// PostgreSQL: what only some groups bring, in the same transaction as [`POSTGRES_HOT`].
pub(super) const POSTGRES_COLD: &str = "\
WITH new_idempotency AS (INSERT INTO idempotency (scope, request_hash, status, body, at) \
 SELECT s, h, c, b, t FROM json_to_recordset($1::json) AS r(s text, h text, c bigint, b text, t bigint)), \
moved AS (UPDATE messages m SET delivery = r.d, reason = coalesce(r.r, m.reason) \
 FROM json_to_recordset($2::json) AS r(c text, q bigint, d text, r text) WHERE m.conversation_id = r.c AND m.seq = r.q), \
outbox_in AS (INSERT INTO outbox (message_id, channel_id, conversation_id, seq, state, attempts, next_at) \
 SELECT i, c, v, q, 'queued', 0, t FROM json_to_recordset($3::json) AS r(i text, c text, v text, q bigint, t bigint)), \
outbox_set AS (UPDATE outbox o SET state = r.s, attempts = coalesce(r.n, o.attempts), next_at = coalesce(r.t, o.next_at) \
 FROM json_to_recordset($4::json) AS r(i text, s text, n bigint, t bigint) WHERE o.message_id = r.i), \
outbox_out AS (DELETE FROM outbox WHERE message_id IN (SELECT v FROM json_array_elements_text($5::json) v)), \
new_contacts AS (INSERT INTO contacts (id, client_id, name, created_at) \
 SELECT i, c, n, t FROM json_to_recordset($6::json) AS r(i text, c text, n text, t bigint)), \
new_addresses AS (INSERT INTO contact_addresses (client_id, kind, value, contact_id, created_at) \
 SELECT c, k, a, i, t FROM json_to_recordset($6::json) AS r(i text, c text, k text, a text, t bigint)), \
noticed AS (UPDATE contacts c SET noticed_at = r.t FROM json_to_recordset($7::json) AS r(i text, t bigint) WHERE c.id = r.i), \
fields AS (INSERT INTO conversation_fields (conversation_id, field_id, value) \
 SELECT c, f, v FROM json_to_recordset($9::json) AS r(c text, f text, v text) \
 ON CONFLICT (conversation_id, field_id) DO UPDATE SET value = excluded.value), \
new_pasts AS (INSERT INTO pasts (campaign_id, agent_id, served, ended_at, completed, day) \
 SELECT c, a, s, e, n, d FROM json_to_recordset($10::json) AS r(c text, a text, s text, e bigint, n bigint, d bigint) \
 ON CONFLICT (campaign_id, agent_id) DO UPDATE SET served = CASE WHEN pasts.served IS NULL \
 OR excluded.served > pasts.served THEN excluded.served ELSE pasts.served END, \
 ended_at = coalesce(excluded.ended_at, pasts.ended_at), completed = CASE WHEN excluded.completed = 0 THEN pasts.completed \
 WHEN pasts.day = excluded.day THEN pasts.completed + excluded.completed ELSE excluded.completed END, \
 day = CASE WHEN excluded.completed = 0 THEN pasts.day ELSE excluded.day END) \
INSERT INTO agent_states (agent_id, state) SELECT v->>'id', v::text FROM json_array_elements($8::json) v \
 ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state";

pub(super) const SQLITE_STATEMENTS: &[&str] = &[
    SQLITE_FENCE,
    SQLITE_CLAIMED,
    SQLITE_ANSWERED,
    SQLITE_ADVANCE,
    SQLITE_INBOX,
    SQLITE_LOG,
    SQLITE_MESSAGE,
    SQLITE_CONVERSATION,
    SQLITE_STATE,
    SQLITE_ANSWER,
    SQLITE_DELIVERY,
    SQLITE_OUTBOX_IN,
    SQLITE_OUTBOX_SET,
    SQLITE_OUTBOX_OUT,
    SQLITE_CONTACT,
    SQLITE_ADDRESS,
    SQLITE_NOTICED,
    SQLITE_AGENT,
    SQLITE_FIELD,
    SQLITE_PAST,
];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[POSTGRES_CHECK, POSTGRES_HOT, POSTGRES_COLD];
