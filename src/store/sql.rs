//! The statements of one group commit. A table's rows travel as one JSON array of objects with one-letter keys, so a group is
//! a handful of statements however many rows it has.

/// SQLite: opens the transaction, reads the fence and finds repeated claims. Rows: (0, head, '', ''), (1, hash, channel,
/// provider id), (2, 0, scope, '').
pub(super) const SQLITE_BEGIN: &str = "\
BEGIN IMMEDIATE; \
SELECT 0, s.head, '', '' FROM streams s JOIN leases l ON l.name = $1 AND l.token = $2 WHERE s.stream = $3; \
SELECT 1, hash, channel_id, provider_id FROM inbox WHERE hash IN (SELECT value FROM json_each($4)); \
SELECT 2, 0, scope, '' FROM idempotency WHERE scope IN (SELECT value FROM json_each($5))";

macro_rules! sqlite_hot {
    ($end:literal) => {
        concat!(
            "UPDATE streams SET head = $2 WHERE stream = $1; \
INSERT INTO inbox (hash, channel_id, provider_id, received_at, state) \
 SELECT value->>'h', value->>'c', value->>'p', value->>'t', 1 FROM json_each($3); \
INSERT INTO log (stream, pos, at, actor, cause, conversation_id, conv_seq, kind, version, data) \
 SELECT $1, value->>'p', value->>'t', value->>'w', value->>'c', value->>'i', value->>'q', value->>'$.e.kind', 1, \
 coalesce(value->'$.e.data', 'null') FROM json_each($4); \
INSERT INTO messages (conversation_id, seq, id, author, text, attachments, at, delivery) \
 SELECT value->>'c', value->>'q', value->>'i', value->>'w', value->>'x', value->'a', value->>'t', value->>'d' FROM json_each($5); \
INSERT INTO conversations (id, client_id, channel_id, campaign_id, contact_id, phase, agent_id, offered_to, is_open, seq, \
 arrived_at, next_due, state) \
 SELECT value->>'$.s.id', value->>'$.s.client', value->>'$.s.channel', value->>'$.s.campaign', value->>'$.s.contact', value->>'p', \
 value->>'a', value->>'o', value->>'n', value->>'$.s.seq', value->>'$.s.arrived_at', value->>'d', value->'s' \
 FROM json_each($6) WHERE true \
 ON CONFLICT (id) DO UPDATE SET campaign_id = excluded.campaign_id, phase = excluded.phase, agent_id = excluded.agent_id, \
 offered_to = excluded.offered_to, is_open = excluded.is_open, seq = excluded.seq, next_due = excluded.next_due, \
 state = excluded.state; \
UPDATE conversations SET seq = r.value->>'$.s.seq', state = r.value->'s' \
 FROM json_each($7) r WHERE conversations.id = r.value->>'$.s.id'",
            $end
        )
    };
}

/// SQLite: the rows every message brings, then the commit.
pub(super) const SQLITE_HOT_COMMIT: &str = sqlite_hot!("; COMMIT");
/// SQLite: the rows every message brings; more follow.
pub(super) const SQLITE_HOT: &str = sqlite_hot!("");
/// SQLite: what only some groups bring, then the commit.
pub(super) const SQLITE_COLD_COMMIT: &str = "\
INSERT INTO idempotency (scope, request_hash, status, body, at) \
 SELECT value->>'s', value->>'h', value->>'c', value->>'b', value->>'t' FROM json_each($1); \
UPDATE messages SET delivery = d.value->>'d', reason = coalesce(d.value->>'r', messages.reason) \
 FROM json_each($2) d WHERE conversation_id = d.value->>'c' AND seq = d.value->>'q'; \
INSERT INTO outbox (message_id, channel_id, conversation_id, seq, state, attempts, next_at) \
 SELECT value->>'i', value->>'c', value->>'v', value->>'q', 'queued', 0, value->>'t' FROM json_each($3); \
UPDATE outbox SET state = o.value->>'s', attempts = coalesce(o.value->>'n', attempts), next_at = coalesce(o.value->>'t', next_at) \
 FROM json_each($4) o WHERE message_id = o.value->>'i'; \
DELETE FROM outbox WHERE message_id IN (SELECT value FROM json_each($5)); \
INSERT INTO contacts (id, client_id, name, created_at) \
 SELECT value->>'i', value->>'c', value->>'n', value->>'t' FROM json_each($6); \
INSERT INTO contact_addresses (client_id, kind, value, contact_id, created_at) \
 SELECT value->>'c', value->>'k', value->>'a', value->>'i', value->>'t' FROM json_each($6); \
UPDATE contacts SET noticed_at = n.value->>'t' FROM json_each($7) n WHERE contacts.id = n.value->>'i'; \
INSERT INTO agent_states (agent_id, state) SELECT value->>'id', value FROM json_each($8) WHERE true \
 ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state; \
INSERT INTO conversation_fields (conversation_id, field_id, value) \
 SELECT value->>'c', value->>'f', value->>'v' FROM json_each($9) WHERE true \
 ON CONFLICT (conversation_id, field_id) DO UPDATE SET value = excluded.value; \
COMMIT";

/// PostgreSQL: the fence as it stands and the repeated claims, outside any transaction.
pub(super) const POSTGRES_CHECK: &str = "\
SELECT 0::bigint, s.head, '', '' FROM streams s JOIN leases l ON l.name = $1 AND l.token = $2 WHERE s.stream = $3 \
UNION ALL SELECT 1::bigint, hash, channel_id, provider_id FROM inbox \
 WHERE hash IN (SELECT v::bigint FROM json_array_elements_text($4::json) v) \
UNION ALL SELECT 2::bigint, 0::bigint, scope, '' FROM idempotency \
 WHERE scope IN (SELECT v FROM json_array_elements_text($5::json) v)";

/// PostgreSQL: the rows every message brings, in one statement that does nothing unless the fence holds. Returns the new head.
pub(super) const POSTGRES_HOT: &str = "\
WITH fence AS (UPDATE streams SET head = $4 WHERE stream = $3 AND head = $5 \
 AND EXISTS (SELECT 1 FROM leases WHERE name = $1 AND token = $2 FOR SHARE) RETURNING head), \
new_inbox AS (INSERT INTO inbox (hash, channel_id, provider_id, received_at, state) \
 SELECT h, c, p, t, 1 FROM fence, json_to_recordset($6::json) AS r(h bigint, c text, p text, t bigint)), \
new_log AS (INSERT INTO log (stream, pos, at, actor, cause, conversation_id, conv_seq, kind, version, data) \
 SELECT $3, p, t, w, c, i, q, e->>'kind', 1, coalesce((e->'data')::text, 'null') \
 FROM fence, json_to_recordset($7::json) AS r(p bigint, t bigint, w text, c text, i text, q bigint, e json)), \
new_messages AS (INSERT INTO messages (conversation_id, seq, id, author, text, attachments, at, delivery) \
 SELECT c, q, i, w, x, a::text, t, d \
 FROM fence, json_to_recordset($8::json) AS r(c text, q bigint, i text, w text, x text, a json, t bigint, d text)), \
new_conversations AS (INSERT INTO conversations (id, client_id, channel_id, campaign_id, contact_id, phase, agent_id, offered_to, \
 is_open, seq, arrived_at, next_due, state) \
 SELECT s->>'id', s->>'client', s->>'channel', s->>'campaign', s->>'contact', p, a, o, n, (s->>'seq')::bigint, \
 (s->>'arrived_at')::bigint, d, s::text \
 FROM fence, json_to_recordset($9::json) AS r(s json, p text, a text, o text, n bigint, d bigint) \
 ON CONFLICT (id) DO UPDATE SET campaign_id = excluded.campaign_id, phase = excluded.phase, agent_id = excluded.agent_id, \
 offered_to = excluded.offered_to, is_open = excluded.is_open, seq = excluded.seq, next_due = excluded.next_due, \
 state = excluded.state), \
touched AS (UPDATE conversations v SET seq = (r.s->>'seq')::bigint, state = r.s::text \
 FROM fence, json_to_recordset($10::json) AS r(s json) WHERE v.id = r.s->>'id') \
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
 ON CONFLICT (conversation_id, field_id) DO UPDATE SET value = excluded.value) \
INSERT INTO agent_states (agent_id, state) SELECT v->>'id', v::text FROM json_array_elements($8::json) v \
 ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state";

pub(super) const SQLITE_STATEMENTS: &[&str] = &[SQLITE_BEGIN, SQLITE_HOT_COMMIT, SQLITE_HOT, SQLITE_COLD_COMMIT];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[POSTGRES_CHECK, POSTGRES_HOT, POSTGRES_COLD];
