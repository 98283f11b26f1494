// Every type that crosses to the browser, as the server's `wire` types are exported.

export type Activity = { "is": "signed_out" } | { "is": "available" } | { "is": "on_break", 
/**
 * Of which type.
 */
kind: BreakId, } | { "is": "forced_pause", 
/**
 * Who did.
 */
by: UserId, } | { "is": "not_responding" };

export type AgentRow = { 
/**
 * Who.
 */
agent: UserId, 
/**
 * As shown.
 */
name: string, 
/**
 * A browser is connected.
 */
connected: boolean, 
/**
 * What they are doing.
 */
activity: Activity, 
/**
 * Since when.
 */
since: Time, 
/**
 * The break that begins when the conversations at hand are over.
 */
pending?: BreakId, 
/**
 * Conversations they hold.
 */
active: number, 
/**
 * Offers they have not answered.
 */
offered: number, 
/**
 * Their campaigns.
 */
campaigns: Array<CampaignId>, };

export type AnswerOffer = { 
/**
 * Which offer.
 */
offer: OfferId, };

export type Ask = { "kind": "subscribe", 
/**
 * Which.
 */
topic: string, 
/**
 * Of the last frame received.
 */
epoch?: string, 
/**
 * Of the last frame received.
 */
pos?: number, } | { "kind": "unsubscribe", 
/**
 * Which.
 */
topic: string, } | { "kind": "typing", 
/**
 * Where; visitors leave it out.
 */
conversation?: ConversationId, 
/**
 * What; visitors leave it out.
 */
mode?: WritingMode, } | { "kind": "sign_in", 
/**
 * The token.
 */
token: string, } | { "kind": "seen", 
/**
 * Of which conversation.
 */
conversation: ConversationId, 
/**
 * `seq` of the last message shown.
 */
seq: number, };

export type Attachment = { 
/**
 * To fetch it: `GET /api/v1/attachments/{id}`.
 */
id: AttachmentId, 
/**
 * As shown.
 */
name: string, 
/**
 * Found in the bytes.
 */
media_type: string, 
/**
 * Bytes.
 */
size: number, };

export type AttachmentId = string;

export type Author = { "is": "contact" } | { "is": "agent", 
/**
 * Who.
 */
id: UserId, } | { "is": "system" };

export type Board = { 
/**
 * Agents who are signed in.
 */
agents: Array<AgentRow>, 
/**
 * Campaigns.
 */
campaigns: Array<CampaignRow>, 
/**
 * Conversations that wait, the oldest first, at most 500.
 */
waiting: Array<WaitingRow>, };

export type BoardDelta = { 
/**
 * Agents that changed.
 */
agents: Array<AgentRow>, 
/**
 * Agents who signed out.
 */
agents_gone: Array<UserId>, 
/**
 * Campaigns that changed.
 */
campaigns: Array<CampaignRow>, 
/**
 * Conversations that wait since.
 */
waiting: Array<WaitingRow>, 
/**
 * Conversations that wait no longer.
 */
waiting_gone: Array<ConversationId>, };

export type BreakId = string;

export type BreakWhen = "now" | "after_current";

export type CampaignId = string;

export type CampaignRow = { 
/**
 * Which.
 */
campaign: CampaignId, 
/**
 * As shown.
 */
name: string, 
/**
 * Within its schedule.
 */
open: boolean, 
/**
 * Conversations that wait.
 */
waiting: number, 
/**
 * Since when the oldest of them waits.
 */
oldest: Time | null, 
/**
 * Conversations with agents.
 */
active: number, };

export type ChannelId = string;

export type ChannelKind = "api" | "webchat";

export type Chat = { 
/**
 * Messages, in order.
 */
messages: Array<ChatMessage>, 
/**
 * The conversation is over; the next message starts another one.
 */
ended: boolean, 
/**
 * Replaces everything shown; else adds to it.
 */
snapshot: boolean, };

export type ChatMessage = { 
/**
 * Of which conversation.
 */
conversation: ConversationId, 
/**
 * Its number there.
 */
seq: number, 
/**
 * From whom.
 */
from: ChatSender, 
/**
 * Plain text.
 */
text: string, 
/**
 * When.
 */
at: Time, 
/**
 * Files.
 */
attachments?: Array<Attachment>, };

export type ChatSender = "me" | "agent" | "system";

export type ChatTyping = { 
/**
 * In which conversation.
 */
conversation: ConversationId, };

export type ClientId = string;

export type Close = { 
/**
 * One of the campaign's.
 */
disposition?: DispositionId, };

export type ContactId = string;

export type Conversation = { 
/**
 * Its id.
 */
id: ConversationId, 
/**
 * The company served.
 */
client: ClientId, 
/**
 * By which channel account it came.
 */
channel: ChannelId, 
/**
 * Of which kind.
 */
channel_kind: ChannelKind, 
/**
 * Its campaign now.
 */
campaign: CampaignId, 
/**
 * With whom.
 */
contact: ContactId, 
/**
 * Empty when unknown.
 */
contact_name: string, 
/**
 * The address it runs under.
 */
contact_address: string, 
/**
 * Number of the last event: dense from 1.
 */
seq: number, 
/**
 * Where it stands.
 */
standing: Standing, 
/**
 * Since when.
 */
since: Time, 
/**
 * When the customer wrote first.
 */
arrived_at: Time, 
/**
 * When anybody wrote last.
 */
last_message_at: Time, 
/**
 * The customer wrote last.
 */
unanswered: boolean, 
/**
 * An agent answered at least once.
 */
replied: boolean, 
/**
 * Labels the staff gave it, sorted.
 */
tags: Array<string>, 
/**
 * How urgent the staff finds it.
 */
priority: Priority, 
/**
 * When it comes back, while it is snoozed.
 */
snoozed_until: Time | null, 
/**
 * The last message.
 */
preview: Preview | null, };

export type ConversationDelta = { 
/**
 * Its state now.
 */
conversation: Conversation, 
/**
 * Messages recorded by this change.
 */
messages?: Array<Message>, 
/**
 * Deliveries that moved.
 */
deliveries?: Array<DeliveryDelta>, };

export type ConversationId = string;

export type Delivery = "scheduled" | "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "rejected" | "complained" | "cancelled" | "suppressed";

export type DeliveryDelta = { 
/**
 * Which message.
 */
message: MessageId, 
/**
 * Where it stands now.
 */
to: Delivery, 
/**
 * A stable code.
 */
reason?: string, };

export type Denied = { 
/**
 * Which topic.
 */
topic: string, 
/**
 * A stable code.
 */
code: string, };

export type DispositionId = string;

export type Done = { 
/**
 * Which conversation.
 */
conversation: ConversationId, 
/**
 * Number of its last event after the command.
 */
seq: number, 
/**
 * Where it stands.
 */
standing: Standing, 
/**
 * The message that the command recorded.
 */
message?: MessageId, };

export type Draft = { 
/**
 * In which conversation.
 */
conversation: ConversationId, 
/**
 * For whom.
 */
mode: WritingMode, 
/**
 * As typed so far.
 */
text: string, 
/**
 * Uploaded before.
 */
attachments: Array<AttachmentId>, 
/**
 * Counted by whoever writes.
 */
rev: number, 
/**
 * When it was saved.
 */
updated_at: Time, };

export type Ending = "closed" | "out_of_hours" | "abandoned" | "expired" | "overflowed";

export type ErrorCode = "malformed_json" | "invalid_utf8" | "too_deep" | "broken_body" | "idempotency_key_invalid" | "idempotency_key_missing" | "signed_out_session" | "wrong_credentials" | "signature_no_secret" | "signature_header_missing" | "signature_header_empty" | "signature_header_repeated" | "signature_invalid_id" | "signature_invalid_timestamp" | "signature_too_old" | "signature_too_new" | "signature_no_usable_version" | "signature_mismatch" | "forbidden" | "wrong_origin" | "not_found" | "method_not_allowed" | "conflict" | "in_use" | "conversation_closed" | "wrong_state" | "not_owner" | "offer_gone" | "not_failed" | "draft_stale" | "gone" | "at_capacity" | "not_available" | "not_member" | "too_many_transfers" | "transfer_target" | "signed_out" | "forced_pause" | "too_large" | "unsupported_media_type" | "invalid" | "idempotency_key_reused" | "reply_first" | "disposition_needed" | "transfer_not_allowed" | "empty_message" | "message_too_long" | "attachments_not_allowed" | "unknown_break" | "unknown_field" | "missing_field" | "wrong_type" | "too_short" | "too_long" | "out_of_range" | "control_characters" | "unknown_reference" | "not_possible" | "duplicate" | "taken" | "password_too_short" | "password_too_long" | "schedule_name" | "schedule_hours" | "schedule_too_many_intervals" | "schedule_too_many_exceptions" | "schedule_exception_date" | "schedule_exception_twice" | "schedule_override_empty" | "schedule_override_reason" | "too_many_attempts" | "too_many_connections" | "busy" | "internal" | "unavailable";

export type FieldError = { 
/**
 * Which field; dots lead into objects, numbers into lists.
 */
field: string, 
/**
 * What is wrong with it.
 */
code: ErrorCode, 
/**
 * For people who read English.
 */
detail: string, };

export type Frame = { 
/**
 * [`VERSION`].
 */
v: number, 
/**
 * `me`, `conversation:{id}`, `waiting`, `board:{domain}`, `chat`, or `-` for the connection itself.
 */
topic: string, 
/**
 * Changes when positions may have been reused: a client with another epoch starts over.
 */
epoch: string, 
/**
 * Position in the log that this frame reflects; for snapshots the position they stand at.
 */
pos: number, } & ({ "kind": "hello", "data": Hello } | { "kind": "me", "data": Me } | { "kind": "conversation", "data": ConversationDelta } | { "kind": "gone", "data": Gone } | { "kind": "presence", "data": Presence } | { "kind": "thread", "data": Thread } | { "kind": "chat", "data": Chat } | { "kind": "board", "data": Board } | { "kind": "board_delta", "data": BoardDelta } | { "kind": "waiting", "data": Array<WaitingRow> } | { "kind": "waiting_delta", "data": WaitingDelta } | { "kind": "resync" } | { "kind": "reload" } | { "kind": "denied", "data": Denied } | { "kind": "signed_out" } | { "kind": "typing", "data": Typing } | { "kind": "viewers", "data": Viewers } | { "kind": "chat_typing", "data": ChatTyping });

export type Gone = { 
/**
 * Which.
 */
conversation: ConversationId, 
/**
 * Who has it now.
 */
owner: UserId | null, };

export type Hello = { 
/**
 * Version of the server.
 */
version: string, 
/**
 * Server time.
 */
now: Time, };

export type Me = { 
/**
 * Who.
 */
user: UserId, 
/**
 * Preset of permissions.
 */
role: Role, 
/**
 * The agent's state; none for who is no agent.
 */
presence: Presence | null, 
/**
 * Own conversations and open offers.
 */
conversations: Array<Conversation>, };

export type Member = { 
/**
 * Where.
 */
campaign: CampaignId, 
/**
 * Who.
 */
user: UserId, 
/**
 * As shown.
 */
name: string, 
/**
 * 0 to 100; the lower is preferred.
 */
penalty: number, };

export type Message = { 
/**
 * Its id.
 */
id: MessageId, 
/**
 * Number of the event that recorded it; orders the thread.
 */
seq: number, 
/**
 * Who wrote it.
 */
author: Author, 
/**
 * Internal: for the staff only, the customer never sees it.
 */
note?: boolean, 
/**
 * Plain text.
 */
text: string, 
/**
 * Files.
 */
attachments?: Array<Attachment>, 
/**
 * When it was recorded.
 */
at: Time, 
/**
 * Outbound messages only.
 */
delivery?: Delivery, 
/**
 * Why the delivery stands as it does: a stable code.
 */
reason?: string, };

export type MessageId = string;

export type Note = { 
/**
 * Plain text.
 */
text: string, 
/**
 * Colleagues it calls for, who may see the conversation or work in its campaign; at most 20.
 */
mentions?: Array<UserId>, };

export type OfferId = string;

export type Page<T> = { 
/**
 * In the order of the list.
 */
items: Array<T>, 
/**
 * To be sent as `cursor` for what follows; none at the end.
 */
next: string | null, };

export type Permission = "own" | "read_config" | "write_config" | "write_members" | "read_users" | "write_users" | "read_contacts" | "write_contacts" | "answer" | "read_conversations" | "force_conversations" | "read_board" | "control_agents";

export type Presence = { 
/**
 * What.
 */
activity: Activity, 
/**
 * Since when.
 */
since: Time, 
/**
 * The break that begins when the conversations at hand are over; until then no new offers.
 */
pending?: BreakId, };

export type Preview = { 
/**
 * At most 120 characters; empty when there are only files.
 */
text: string, 
/**
 * Who wrote it.
 */
from: Author, 
/**
 * Internal: the customer never sees it.
 */
note: boolean, };

export type Priority = "low" | "normal" | "high" | "urgent";

export type Problem = { 
/**
 * A URN of the code.
 */
type: string, 
/**
 * The same for every problem of this code.
 */
title: string, 
/**
 * The HTTP status.
 */
status: number, 
/**
 * Stable.
 */
code: ErrorCode, 
/**
 * What happened this time, for people who read English.
 */
detail: string, 
/**
 * Every field at fault, when fields are at fault.
 */
errors?: Array<FieldError>, 
/**
 * With `not_owner`, `offer_gone` and `gone`: who has the conversation now, if anybody.
 */
current_owner?: UserId | null, 
/**
 * With `draft_stale`: the one that is stored.
 */
draft?: Draft, };

export type Profile = { 
/**
 * The person; none for a program.
 */
user: ProfileUser | null, 
/**
 * Preset of permissions.
 */
role: Role, 
/**
 * What the preset holds.
 */
permissions: Array<Permission>, 
/**
 * Where it holds; an agent's follow from membership.
 */
scopes: Array<Scope>, 
/**
 * An agent's campaigns, or those in scope; by name.
 */
campaigns: Array<ProfileCampaign>, 
/**
 * Types of break that can be taken; by name.
 */
breaks: Array<ProfileBreak>, };

export type ProfileBreak = { 
/**
 * Its id.
 */
id: BreakId, 
/**
 * As shown.
 */
name: string, };

export type ProfileCampaign = { 
/**
 * Its id.
 */
id: CampaignId, 
/**
 * As shown.
 */
name: string, 
/**
 * The company served.
 */
client: ClientId, 
/**
 * Its name.
 */
client_name: string, 
/**
 * Agents may close without having replied.
 */
close_without_reply: boolean, 
/**
 * Agents may transfer to agents.
 */
agent_transfer: boolean, 
/**
 * Attachments may be sent.
 */
attachments: boolean, 
/**
 * To choose from when closing; when there are any, one is needed.
 */
dispositions: Array<ProfileDisposition>, };

export type ProfileDisposition = { 
/**
 * Its id.
 */
id: DispositionId, 
/**
 * Its name and those above it, from the top.
 */
path: Array<string>, };

export type ProfileUser = { 
/**
 * Their id.
 */
id: UserId, 
/**
 * What they sign in with.
 */
login: string, 
/**
 * As shown.
 */
name: string, };

export type Push = { "kind": "hello", "data": Hello } | { "kind": "me", "data": Me } | { "kind": "conversation", "data": ConversationDelta } | { "kind": "gone", "data": Gone } | { "kind": "presence", "data": Presence } | { "kind": "thread", "data": Thread } | { "kind": "chat", "data": Chat } | { "kind": "board", "data": Board } | { "kind": "board_delta", "data": BoardDelta } | { "kind": "waiting", "data": Array<WaitingRow> } | { "kind": "waiting_delta", "data": WaitingDelta } | { "kind": "resync" } | { "kind": "reload" } | { "kind": "denied", "data": Denied } | { "kind": "signed_out" } | { "kind": "typing", "data": Typing } | { "kind": "viewers", "data": Viewers } | { "kind": "chat_typing", "data": ChatTyping };

export type PutDraft = { 
/**
 * As typed so far; no longer than a message can be.
 */
text: string, 
/**
 * Uploaded before for this conversation by the same person; at most 10.
 */
attachments?: Array<AttachmentId>, 
/**
 * Counted by whoever writes: one more than what was saved before. The higher one stands.
 */
rev: number, };

export type QueueReason = "new" | "out_of_hours" | "transferred" | "agent_lost" | "agent_signed_out" | "not_accepted";

export type Reply = { 
/**
 * Plain text; may be empty when there are attachments.
 */
text: string, 
/**
 * Uploaded before for this conversation by the same person; at most 10.
 */
attachments?: Array<AttachmentId>, };

export type Role = "admin" | "supervisor" | "agent" | "auditor";

export type Scope = { "kind": "all" } | { "kind": "client", "id": ClientId } | { "kind": "campaign", "id": CampaignId };

export type SetPresence = { 
/**
 * `true` = take offers. `false` is not possible: take a break.
 */
available?: boolean, 
/**
 * Take this break.
 */
break_id?: BreakId, 
/**
 * When the break begins; at once by default.
 */
when?: BreakWhen, };

export type SetPriority = { 
/**
 * How urgent.
 */
priority: Priority, };

export type SetTags = { 
/**
 * All of them: at most 20, each 1 to 40 characters. Kept trimmed, sorted and each once.
 */
tags: Array<string>, };

export type SignIn = { 
/**
 * Capital letters do not matter.
 */
login: string, 
/**
 * At most 256 characters.
 */
password: string, };

export type Snooze = { 
/**
 * In the future, within a year.
 */
until: Time, };

export type Standing = { "is": "arrived" } | { "is": "admitted" } | { "is": "queued", 
/**
 * Why.
 */
reason: QueueReason, } | { "is": "offered", 
/**
 * The offer to answer.
 */
offer: OfferId, 
/**
 * To whom.
 */
agent: UserId, 
/**
 * When it counts as missed.
 */
deadline: Time, } | { "is": "active", 
/**
 * Who.
 */
agent: UserId, } | { "is": "dormant", 
/**
 * Whose it is.
 */
agent: UserId, } | { "is": "parked", 
/**
 * Whose it is.
 */
agent: UserId, 
/**
 * Until when.
 */
until: Time, } | { "is": "transferring", 
/**
 * Who keeps it meanwhile.
 */
from: UserId, 
/**
 * The offer to answer.
 */
offer: OfferId, 
/**
 * To whom.
 */
agent: UserId, 
/**
 * When it returns to the sender.
 */
deadline: Time, } | { "is": "wrap_up", 
/**
 * Who.
 */
agent: UserId, 
/**
 * Until when at most.
 */
until: Time, } | { "is": "ended", 
/**
 * How.
 */
ending: Ending, 
/**
 * The closing disposition.
 */
disposition: DispositionId | null, };

export type Thread = { 
/**
 * Its state; none for a visitor who has not written yet.
 */
conversation: Conversation | null, 
/**
 * The latest messages, in order.
 */
messages: Array<Message>, };

export type Time = string;

export type Transfer = { 
/**
 * An agent of a campaign of the same client, who must accept.
 */
agent?: UserId, 
/**
 * The queue of a campaign of the same client.
 */
campaign?: CampaignId, };

export type Typing = { 
/**
 * Where.
 */
conversation: ConversationId, 
/**
 * Who; none = the customer.
 */
agent: UserId | null, 
/**
 * What.
 */
mode: WritingMode, };

export type UserId = string;

export type Viewer = { 
/**
 * Who.
 */
user: UserId, 
/**
 * As shown.
 */
name: string, 
/**
 * What they are typing.
 */
typing: WritingMode | null, };

export type Viewers = { 
/**
 * Which.
 */
conversation: ConversationId, 
/**
 * Everybody, whoever reads this included, each once.
 */
viewers: Array<Viewer>, };

export type VisitorId = string;

export type VisitorMessage = { 
/**
 * Plain text.
 */
text: string, 
/**
 * How the visitor wants to be called.
 */
name?: string, };

export type VisitorSession = { 
/**
 * To be sent as `Authorization: Bearer` and as the first frame of the socket.
 */
token: string, 
/**
 * Who the visitor is from now on.
 */
visitor: VisitorId, };

export type VisitorStored = { 
/**
 * In which conversation; none when the same message had been stored before.
 */
conversation: ConversationId | null, 
/**
 * Its number there.
 */
seq: number | null, };

export type WaitingDelta = { 
/**
 * Conversations that wait since, or changed while they wait.
 */
waiting: Array<WaitingRow>, 
/**
 * Conversations that cannot be taken any more.
 */
waiting_gone: Array<ConversationId>, };

export type WaitingRow = { 
/**
 * Which.
 */
conversation: ConversationId, 
/**
 * Where.
 */
campaign: CampaignId, 
/**
 * By which kind of channel.
 */
channel_kind: ChannelKind, 
/**
 * From whom; empty when unknown.
 */
contact_name: string, 
/**
 * From which address.
 */
address: string, 
/**
 * Since when.
 */
arrived_at: Time, 
/**
 * How urgent the staff finds it.
 */
priority: Priority, 
/**
 * The last message.
 */
preview: Preview | null, };

export type WritingMode = "reply" | "note";
