// Every type that crosses to the browser, as the server's `wire` types are exported.

export type Activity = { "is": "signed_out" } | { "is": "available" } | { "is": "on_break", kind: string, } | { "is": "forced_pause", by: string, } | { "is": "not_responding" };

export type AgentRow = { agent: string, name: string, connected: boolean, activity: Activity, since: string, active: number, offered: number, campaigns: Array<string>, };

export type AnswerOffer = { offer: string, };

export type Ask = { "kind": "subscribe", topic: string, epoch?: string, pos?: number, } | { "kind": "unsubscribe", topic: string, } | { "kind": "typing", conversation?: string, } | { "kind": "sign_in", token: string, } | { "kind": "seen", conversation: string, seq: number, };

export type Attachment = { id: string, name: string, media_type: string, size: number, };

export type Author = { "is": "contact" } | { "is": "agent", id: string, } | { "is": "system" };

export type Board = { agents: Array<AgentRow>, campaigns: Array<CampaignRow>, waiting: Array<WaitingRow>, };

export type BoardDelta = { agents: Array<AgentRow>, agents_gone: Array<string>, campaigns: Array<CampaignRow>, waiting: Array<WaitingRow>, waiting_gone: Array<string>, };

export type CampaignRow = { campaign: string, name: string, open: boolean, waiting: number, oldest: string | null, active: number, };

export type ChannelKind = "api" | "webchat";

export type Chat = { messages: Array<ChatMessage>, ended: boolean, snapshot: boolean, };

export type ChatMessage = { conversation: string, seq: number, from: ChatSender, text: string, at: string, attachments?: Array<Attachment>, };

export type ChatSender = "me" | "agent" | "system";

export type Close = { disposition?: string, };

export type Conversation = { id: string, client: string, channel: string, channel_kind: ChannelKind, campaign: string, contact: string, contact_name: string, contact_address: string, seq: number, standing: Standing, since: string, arrived_at: string, last_message_at: string, unanswered: boolean, replied: boolean, };

export type ConversationDelta = { conversation: Conversation, messages?: Array<Message>, deliveries?: Array<DeliveryDelta>, };

export type Delivery = "scheduled" | "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "rejected" | "complained" | "cancelled" | "suppressed";

export type DeliveryDelta = { message: string, to: Delivery, reason?: string, };

export type Denied = { topic: string, code: string, };

export type Done = { conversation: string, seq: number, standing: Standing, message?: string, };

export type Ending = "closed" | "out_of_hours" | "abandoned" | "expired" | "overflowed";

export type ErrorCode = "malformed_json" | "invalid_utf8" | "too_deep" | "broken_body" | "idempotency_key_invalid" | "idempotency_key_missing" | "signed_out_session" | "wrong_credentials" | "signature_no_secret" | "signature_header_missing" | "signature_header_empty" | "signature_header_repeated" | "signature_invalid_id" | "signature_invalid_timestamp" | "signature_too_old" | "signature_too_new" | "signature_no_usable_version" | "signature_mismatch" | "forbidden" | "wrong_origin" | "not_found" | "method_not_allowed" | "conflict" | "in_use" | "conversation_closed" | "wrong_state" | "not_owner" | "offer_gone" | "too_many_transfers" | "transfer_target" | "signed_out" | "forced_pause" | "too_large" | "unsupported_media_type" | "invalid" | "idempotency_key_reused" | "reply_first" | "disposition_needed" | "transfer_not_allowed" | "empty_message" | "message_too_long" | "attachments_not_allowed" | "unknown_break" | "unknown_field" | "missing_field" | "wrong_type" | "too_short" | "too_long" | "out_of_range" | "control_characters" | "unknown_reference" | "not_possible" | "duplicate" | "taken" | "password_too_short" | "password_too_long" | "schedule_name" | "schedule_hours" | "schedule_too_many_intervals" | "schedule_too_many_exceptions" | "schedule_exception_date" | "schedule_exception_twice" | "schedule_override_empty" | "schedule_override_reason" | "too_many_attempts" | "too_many_connections" | "busy" | "internal" | "unavailable";

export type FieldError = { field: string, code: ErrorCode, detail: string, };

export type Frame = { v: number, topic: string, epoch: string, pos: number, } & Push;

export type Gone = { conversation: string, owner: string | null, };

export type Hello = { version: string, now: string, };

export type Me = { user: string, role: Role, presence: Presence | null, conversations: Array<Conversation>, };

export type Member = { campaign: string, user: string, name: string, penalty: number, };

export type Message = { id: string, seq: number, author: Author, text: string, attachments?: Array<Attachment>, at: string, delivery?: Delivery, reason?: string, };

export type Page<T> = { items: Array<T>, next: string | null, };

export type Permission = "own" | "read_config" | "write_config" | "write_members" | "read_users" | "write_users" | "read_contacts" | "write_contacts" | "answer" | "read_conversations" | "force_conversations" | "read_board" | "control_agents";

export type Presence = { activity: Activity, since: string, };

export type Problem = { type: string, title: string, status: number, code: ErrorCode, detail: string, errors?: Array<FieldError>, current_owner?: string | null, };

export type Profile = { user: ProfileUser | null, role: Role, permissions: Array<Permission>, scopes: Array<Scope>, campaigns: Array<ProfileCampaign>, breaks: Array<ProfileBreak>, };

export type ProfileBreak = { id: string, name: string, };

export type ProfileCampaign = { id: string, name: string, client: string, client_name: string, close_without_reply: boolean, agent_transfer: boolean, attachments: boolean, dispositions: Array<ProfileDisposition>, };

export type ProfileDisposition = { id: string, path: Array<string>, };

export type ProfileUser = { id: string, login: string, name: string, };

export type Push = { "kind": "hello", "data": Hello } | { "kind": "me", "data": Me } | { "kind": "conversation", "data": ConversationDelta } | { "kind": "gone", "data": Gone } | { "kind": "presence", "data": Presence } | { "kind": "thread", "data": Thread } | { "kind": "chat", "data": Chat } | { "kind": "board", "data": Board } | { "kind": "board_delta", "data": BoardDelta } | { "kind": "resync" } | { "kind": "reload" } | { "kind": "denied", "data": Denied } | { "kind": "signed_out" } | { "kind": "typing", "data": Typing };

export type QueueReason = "new" | "out_of_hours" | "transferred" | "agent_lost" | "agent_signed_out" | "not_accepted";

export type Reply = { text: string, attachments?: Array<string>, };

export type Role = "admin" | "supervisor" | "agent" | "auditor";

export type Scope = { "kind": "all" } | { "kind": "client", "id": string } | { "kind": "campaign", "id": string };

export type SetPresence = { available?: boolean, break_id?: string, };

export type SignIn = { login: string, password: string, };

export type Standing = { "is": "arrived" } | { "is": "admitted" } | { "is": "queued", reason: QueueReason, } | { "is": "offered", offer: string, agent: string, deadline: string, } | { "is": "active", agent: string, } | { "is": "dormant", agent: string, } | { "is": "parked", agent: string, until: string, } | { "is": "transferring", from: string, offer: string, agent: string, deadline: string, } | { "is": "wrap_up", agent: string, until: string, } | { "is": "ended", ending: Ending, disposition: string | null, };

export type Thread = { conversation: Conversation | null, messages: Array<Message>, };

export type Transfer = { agent?: string, campaign?: string, };

export type Typing = { conversation: string, agent: string | null, };

export type VisitorMessage = { text: string, name?: string, };

export type VisitorSession = { token: string, visitor: string, };

export type VisitorStored = { conversation: string | null, seq: number | null, };

export type WaitingRow = { conversation: string, campaign: string, address: string, arrived_at: string, };
