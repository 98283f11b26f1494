// Every type that crosses to the browser, as the server's `wire` types are exported.

export type AcceptInvitation = { 
/**
 * What stands behind `#`.
 */
token: string, 
/**
 * 8 to 256 characters.
 */
password: string, };

export type Activity = { "is": "signed_out" } | { "is": "available" } | { "is": "on_break", 
/**
 * Of which type.
 */
kind: BreakId, } | { "is": "forced_pause", 
/**
 * Who did.
 */
by: UserId, } | { "is": "not_responding" };

export type AddressKind = "api" | "visitor" | "webchat" | "email" | "phone";

export type AgentDay = { 
/**
 * Who. Agents that a change adds have ids of their own.
 */
agent: UserId, 
/**
 * Conversations accepted.
 */
answered: number, 
/**
 * Offers that ran out.
 */
missed: number, 
/**
 * Signed in, seconds.
 */
at_work: number, 
/**
 * With at least one conversation, seconds.
 */
busy: number, 
/**
 * Percent.
 */
occupancy?: number | null, 
/**
 * Percent.
 */
utilisation?: number | null, };

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
 * What they have weighs more than they can have.
 */
over_capacity?: boolean, 
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

export type AskFor = { 
/**
 * Skills of its client, each once, at most 8; none = whatever its campaign asks for.
 */
skills: Array<SkillLevel>, };

export type AskPreview = { 
/**
 * What it would be.
 */
schedule: ScheduleFields, 
/**
 * Whose holidays are listed, 1900 to 2200; this year by default.
 */
year?: number | null, };

export type Asking = { 
/**
 * Of every conversation, besides what it asks for itself; each skill once, at most [`MAX_ASKED`].
 */
skills?: Array<SkillLevel> | null, 
/**
 * How that relaxes while a conversation waits, one after the other; at most [`MAX_RINGS`].
 */
rings?: Array<Ring> | null, };

export type AtClosing = "keep" | "close" | "overflow";

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

export type BeginMailSignIn = { 
/**
 * Where.
 */
provider: MailProviderKind, 
/**
 * Switch the account on when it works.
 */
enable?: boolean, };

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

export type Break = { 
/**
 * Its id.
 */
id: BreakId, 
/**
 * When it was created.
 */
created_at: Time, 
/**
 * 1 to 60 characters.
 */
name: string, 
/**
 * Switched off ones cannot be taken. On by default.
 */
enabled?: boolean, 
/**
 * How long it may take, 1 to 1,440; none = nobody counts.
 */
minutes?: number | null, 
/**
 * The name of a picture, 1 to 40 of `a` to `z`, digits and hyphens.
 */
icon?: string | null, };

export type BreakFields = { 
/**
 * 1 to 60 characters.
 */
name: string, 
/**
 * Switched off ones cannot be taken. On by default.
 */
enabled?: boolean, 
/**
 * How long it may take, 1 to 1,440; none = nobody counts.
 */
minutes?: number | null, 
/**
 * The name of a picture, 1 to 40 of `a` to `z`, digits and hyphens.
 */
icon?: string | null, };

export type BreakId = string;

export type BreakWhen = "now" | "after_current";

export type CalendarDays = { 
/**
 * In order of dates, at most 500.
 */
days: Array<ScheduleOwnDay>, 
/**
 * Events that give no days; the first 200.
 */
not_taken: Array<EventNotTaken>, 
/**
 * How many give no days.
 */
not_taken_count: number, };

export type CalendarFile = { 
/**
 * iCalendar (RFC 5545), at most 512 kB.
 */
text: string, };

export type Campaign = { 
/**
 * Its id.
 */
id: CampaignId, 
/**
 * When it was created.
 */
created_at: Time, 
/**
 * Since when it is put away.
 */
archived_at?: Time, 
/**
 * The company served; cannot change.
 */
client: ClientId, 
/**
 * A project of this client.
 */
project?: ProjectId | null, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Off: nothing is admitted, nothing offered. On by default. Only one without agents and open conversations can be switched off.
 */
enabled?: boolean | null, 
/**
 * The higher is served first, strictly; 1 to 100, 1 by default.
 */
weight?: number | null, 
/**
 * How it chooses who gets what.
 */
strategy?: Strategy | null, 
/**
 * How much may wait.
 */
limits?: Limits | null, 
/**
 * What it asks of who serves.
 */
asking?: Asking | null, 
/**
 * How well it is to be served, and by whom.
 */
service?: Service | null, 
/**
 * When it is open; none = always.
 */
schedule?: ScheduleId | null, 
/**
 * What a new conversation meets out of hours; `queue` by default.
 */
out_of_hours?: OutOfHours | null, 
/**
 * Sent to who writes out of hours, 1 to 4,000 characters; none = nothing is sent.
 */
out_of_hours_message?: string | null, 
/**
 * Conversations of this campaign one agent may hold, 1 to 10,000; 5 by default.
 */
max_per_agent?: number | null, 
/**
 * Offers are accepted by themselves. Off by default.
 */
auto_accept?: boolean | null, 
/**
 * How long an offer stays open, 5 to 600 s; 20 by default.
 */
offer_seconds?: number | null, 
/**
 * What holds for offers of some kinds only.
 */
offering?: Offering | null, 
/**
 * How long a transfer to an agent stays open, 5 to 600 s or 0: until somebody ends it; 30 by default.
 */
transfer_seconds?: number | null, 
/**
 * Time after closing in which the agent still holds the conversation, 0 to 900 s; 0 by default.
 */
wrap_up_seconds?: number | null, 
/**
 * How conversations come to their end.
 */
closing?: Closing | null, 
/**
 * How agents hold what they have.
 */
holding?: Holding | null, 
/**
 * What its mails say beside what somebody writes.
 */
mail?: MailSettings | null, 
/**
 * What its agents may do and see.
 */
permissions?: CampaignPermissions | null, 
/**
 * Dynamic fields of this client that agents fill in, in this order; at most 50, each once.
 */
fields?: Array<FieldUse> | null, 
/**
 * Offered when closing, at most 500, a branch with all below it; when there are any, one is needed.
 */
dispositions?: Array<DispositionId> | null, 
/**
 * Closes the segment of a transfer; none = the client's own for it.
 */
transfer_disposition?: DispositionId | null, };

export type CampaignDay = { 
/**
 * Which.
 */
campaign: CampaignId, 
/**
 * Its figures.
 */
figures: DayFigures, 
/**
 * Period by period, from the beginning.
 */
periods: Array<DayPeriod>, };

export type CampaignFields = { 
/**
 * The company served; cannot change.
 */
client: ClientId, 
/**
 * A project of this client.
 */
project?: ProjectId | null, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Off: nothing is admitted, nothing offered. On by default. Only one without agents and open conversations can be switched off.
 */
enabled?: boolean | null, 
/**
 * The higher is served first, strictly; 1 to 100, 1 by default.
 */
weight?: number | null, 
/**
 * How it chooses who gets what.
 */
strategy?: Strategy | null, 
/**
 * How much may wait.
 */
limits?: Limits | null, 
/**
 * What it asks of who serves.
 */
asking?: Asking | null, 
/**
 * How well it is to be served, and by whom.
 */
service?: Service | null, 
/**
 * When it is open; none = always.
 */
schedule?: ScheduleId | null, 
/**
 * What a new conversation meets out of hours; `queue` by default.
 */
out_of_hours?: OutOfHours | null, 
/**
 * Sent to who writes out of hours, 1 to 4,000 characters; none = nothing is sent.
 */
out_of_hours_message?: string | null, 
/**
 * Conversations of this campaign one agent may hold, 1 to 10,000; 5 by default.
 */
max_per_agent?: number | null, 
/**
 * Offers are accepted by themselves. Off by default.
 */
auto_accept?: boolean | null, 
/**
 * How long an offer stays open, 5 to 600 s; 20 by default.
 */
offer_seconds?: number | null, 
/**
 * What holds for offers of some kinds only.
 */
offering?: Offering | null, 
/**
 * How long a transfer to an agent stays open, 5 to 600 s or 0: until somebody ends it; 30 by default.
 */
transfer_seconds?: number | null, 
/**
 * Time after closing in which the agent still holds the conversation, 0 to 900 s; 0 by default.
 */
wrap_up_seconds?: number | null, 
/**
 * How conversations come to their end.
 */
closing?: Closing | null, 
/**
 * How agents hold what they have.
 */
holding?: Holding | null, 
/**
 * What its mails say beside what somebody writes.
 */
mail?: MailSettings | null, 
/**
 * What its agents may do and see.
 */
permissions?: CampaignPermissions | null, 
/**
 * Dynamic fields of this client that agents fill in, in this order; at most 50, each once.
 */
fields?: Array<FieldUse> | null, 
/**
 * Offered when closing, at most 500, a branch with all below it; when there are any, one is needed.
 */
dispositions?: Array<DispositionId> | null, 
/**
 * Closes the segment of a transfer; none = the client's own for it.
 */
transfer_disposition?: DispositionId | null, };

export type CampaignId = string;

export type CampaignOverview = { 
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
 * The project it belongs to.
 */
project: ProjectId | null, 
/**
 * Its name.
 */
project_name: string | null, 
/**
 * How it stands.
 */
state: CampaignState, 
/**
 * Names of the channel accounts that lead here.
 */
channels: Array<string>, 
/**
 * How many agents are members.
 */
members: number, 
/**
 * How many conversations wait.
 */
waiting: number, 
/**
 * How many conversations are open, those counted that wait.
 */
open: number, 
/**
 * When it was created.
 */
created_at: Time, };

export type CampaignPermissions = { 
/**
 * Files may be sent (S1-20). On by default.
 */
external_resources?: boolean | null, 
/**
 * Agents may close without having replied (S1-21). Off by default.
 */
close_unanswered?: boolean | null, 
/**
 * Agents may transfer to agents (S1-22). On by default.
 */
transfer_to_agents?: boolean | null, 
/**
 * Agents may transfer to other campaigns and to who has a skill. On by default.
 */
transfer_to_campaigns?: boolean | null, 
/**
 * Emoticons may be sent (S1-23). On by default.
 */
emoticons?: boolean | null, 
/**
 * Agents see the customer's number (S1-24); else only its last four digits. On by default.
 */
show_contact_number?: boolean | null, 
/**
 * Agents may read earlier conversations of the contact (S1-25). On by default.
 */
history?: boolean | null, 
/**
 * How far back that history goes (S1-26), 1 to 87,600 hours; none = without end.
 */
history_hours?: number | null, };

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
active: number, 
/**
 * How well it is served; none for a moment after a start, while the day is being read.
 */
service: ServiceNow | null, };

export type CampaignState = "open" | "closed" | "disabled" | "archived";

export type Candidate = { 
/**
 * Who.
 */
agent: UserId, 
/**
 * Whether they could have it, or the first rule that says no.
 */
reason: Reason, 
/**
 * Their penalty, when they could.
 */
penalty: number | null, 
/**
 * What they are compared by, when they could.
 */
measure: Measure | null, };

export type CannedText = { 
/**
 * Its id.
 */
id: CannedTextId, 
/**
 * When it was created.
 */
created_at: Time, 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * For this campaign of the client only; none = for all of them. Cannot change.
 */
campaign?: CampaignId | null, 
/**
 * What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
 */
shortcut: string, 
/**
 * 1 to 120 characters.
 */
title: string, 
/**
 * 1 to 4,000 characters. `${name}`, `${agent}` and `${campaign}` are filled in, `${name|there}` says what stands there for a
 * customer without a name; `%name%` is the same as `${name}`.
 */
text: string, };

export type CannedTextFields = { 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * For this campaign of the client only; none = for all of them. Cannot change.
 */
campaign?: CampaignId | null, 
/**
 * What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
 */
shortcut: string, 
/**
 * 1 to 120 characters.
 */
title: string, 
/**
 * 1 to 4,000 characters. `${name}`, `${agent}` and `${campaign}` are filled in, `${name|there}` says what stands there for a
 * customer without a name; `%name%` is the same as `${name}`.
 */
text: string, };

export type CannedTextId = string;

export type Capacity = { 
/**
 * Each kind once; a kind that is not named weighs what it does by default.
 */
kinds: Array<KindLoad>, };

export type ChangePassword = { 
/**
 * The one in force.
 */
current: string, 
/**
 * 8 to 256 characters.
 */
new: string, };

export type ChannelId = string;

export type ChannelKind = "api" | "webchat" | "email";

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
snapshot: boolean, 
/**
 * Of which conversation this speaks; none before the first message.
 */
conversation?: ConversationId, 
/**
 * Nobody has taken it yet.
 */
waiting?: boolean, 
/**
 * What the visitor thought of it, once it was over.
 */
rating?: number, };

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

export type CheckInvitation = { 
/**
 * What stands behind `#`.
 */
token: string, };

export type Choice = { 
/**
 * The campaign's mode then.
 */
mode: Mode, 
/**
 * Its order then.
 */
order: Order, 
/**
 * Its policy then.
 */
policy: Policy, 
/**
 * Which of its configurations was in force, counted from 1.
 */
revision: number, 
/**
 * How far the Router knew the log.
 */
position: number | null, 
/**
 * The winner's penalty.
 */
penalty: number, 
/**
 * What the winner was compared by.
 */
measure: Measure, 
/**
 * How many could have had it.
 */
eligible: number, 
/**
 * How many of them were compared; the others came after.
 */
among: number, 
/**
 * After how many steps of relaxing what it asks the winner could have it; 0 = they have every skill that was asked.
 */
ring: number, 
/**
 * It went back to who closed the last one of its contact.
 */
preferred: boolean, 
/**
 * Everybody who could have had it had missed or declined it before.
 */
again: boolean, 
/**
 * Where it was left to chance: what was drawn.
 */
drawn: Drawn | null, 
/**
 * Who came next, if that is known.
 */
runner_up: RunnerUp | null, };

export type Client = { 
/**
 * Its id.
 */
id: ClientId, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * IANA time zone.
 */
zone: string, 
/**
 * Off: its channels take nothing in.
 */
enabled: boolean, 
/**
 * In which messages that the product writes by itself name dates.
 */
language: WidgetLanguage, 
/**
 * When it was created.
 */
created_at: Time, };

export type ClientFields = { 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * IANA time zone; UTC by default.
 */
zone?: string, 
/**
 * Off: its channels take nothing in. On by default.
 */
enabled?: boolean, 
/**
 * In which messages that the product writes by itself name dates; Spanish by default.
 */
language?: WidgetLanguage, };

export type ClientId = string;

export type Close = { 
/**
 * One of the campaign's.
 */
disposition?: DispositionId, 
/**
 * Asks for time to finish, where the campaign leaves that to its agents.
 */
wrap_up?: boolean, };

export type Closing = { 
/**
 * What an agent has after closing; `mandatory_timed` by default.
 */
wrap_up?: WrapUp | null, 
/**
 * A customer silent for so long after their agent's answer is reminded, after the last reminder the conversation is closed
 * (S1-15); 1 to 604,800 s, none = never.
 */
inactivity_seconds?: number | null, 
/**
 * What the customer is told, one after the other; at most 10, each 1 to 1,000 characters.
 */
reminders?: Array<string> | null, 
/**
 * Closes what its customer left (S1-14); none = the client's own for it.
 */
inactivity_disposition?: DispositionId | null, 
/**
 * Closes an ignored comment (S1-19); none = the client's own for it.
 */
ignore_disposition?: DispositionId | null, 
/**
 * A customer who writes again so soon after closing goes back to the same agent if that is possible; 0 to 604,800 s, 0 = never.
 */
reopen_seconds?: number | null, 
/**
 * An agent who lets a customer wait for so long for their first answer loses the conversation to another; 1 to 86,400 s,
 * none = never.
 */
first_reply_seconds?: number | null, };

export type Consult = { 
/**
 * A colleague who works for the same client.
 */
agent: UserId, };

export type Contact = { 
/**
 * Their id.
 */
id: ContactId, 
/**
 * The company that serves them.
 */
client: ClientId, 
/**
 * Empty when unknown.
 */
name: string, 
/**
 * What agents noted about them.
 */
notes: string, 
/**
 * Where they can be reached; who must not know the number sees its end only.
 */
addresses: Array<ContactAddress>, 
/**
 * When they first wrote.
 */
created_at: Time, };

export type ContactAddress = { 
/**
 * The network.
 */
kind: AddressKind, 
/**
 * 1 to 254 bytes.
 */
value: string, };

export type ContactFields = { 
/**
 * At most 120 characters; empty = unknown.
 */
name?: string, 
/**
 * For agents: at most 4,000 characters; empty by default.
 */
notes?: string, };

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
 * What it is about, where conversations have a subject; may be empty.
 */
subject?: string, 
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
 * What it asks of who serves it, besides what its campaign does.
 */
skills?: Array<SkillLevel>, 
/**
 * When it comes back, while it is snoozed.
 */
snoozed_until: Time | null, 
/**
 * Its agent lets the customer wait too long for the first answer, and nobody else can take it.
 */
overdue?: boolean, 
/**
 * A colleague who is consulted: reads along and writes notes.
 */
consulted?: UserId, 
/**
 * Who gave it away and still finishes.
 */
finishing?: Finishing, 
/**
 * The last message.
 */
preview: Preview | null, 
/**
 * What was noted in its dynamic fields.
 */
fields: Record<FieldId, FieldValue>, 
/**
 * What the customer thought of it, 1 to 5.
 */
rating?: number, };

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

export type ConversationsMoved = { 
/**
 * Those named twice are told of once.
 */
outcomes: Array<MoveOutcome>, };

export type Country = "AR" | "BO" | "BR" | "CL" | "CO" | "CR" | "DO" | "EC" | "ES" | "GT" | "MX" | "PA" | "PE" | "PY" | "UY" | "VE";

export type DayFigures = { 
/**
 * Entered the queue.
 */
entered: number, 
/**
 * Accepted by an agent.
 */
answered: number, 
/**
 * Of these, within the threshold.
 */
answered_in_time: number, 
/**
 * Left unanswered.
 */
abandoned: number, 
/**
 * Of these, so soon that they do not count.
 */
abandoned_soon: number, 
/**
 * Left the queue otherwise: to another campaign, at closing time.
 */
flowed_out: number, 
/**
 * Still wait at the end.
 */
waiting: number, 
/**
 * Turned away because the queue was full.
 */
rejected: number, 
/**
 * Ended because it was out of hours.
 */
out_of_hours: number, 
/**
 * Sent on to another campaign for want of room.
 */
overflowed: number, 
/**
 * Offers that ran out unanswered.
 */
missed: number, 
/**
 * Answered in time ÷ (answered + abandoned − abandoned soon).
 */
service_level?: number | null, 
/**
 * Abandoned ÷ entered.
 */
abandonment?: number | null, 
/**
 * Mean wait of those answered (ASA).
 */
mean_wait?: number | null, 
/**
 * Half of those answered waited less.
 */
median_wait?: number | null, 
/**
 * Nine in ten of those answered waited less.
 */
p90_wait?: number | null, 
/**
 * Who was answered after the longest wait.
 */
longest_wait?: number | null, 
/**
 * Mean time from acceptance to the end of wrap-up.
 */
mean_handling?: number | null, 
/**
 * The most who waited at once, those counted who were being offered.
 */
longest_queue: number, };

export type DayOf = "week" | "exception" | "holiday";

export type DayPeriod = { 
/**
 * Entered the queue.
 */
entered: number, 
/**
 * Accepted by an agent.
 */
answered: number, 
/**
 * Left unanswered.
 */
abandoned: number, 
/**
 * Of those answered or gone in this period.
 */
service_level?: number | null, 
/**
 * Of those answered in this period, seconds.
 */
mean_wait?: number | null, 
/**
 * The most who waited at once, those counted who were being offered.
 */
longest_queue: number, };

export type DayReport = { 
/**
 * RFC 3339.
 */
from: string, 
/**
 * RFC 3339.
 */
until: string, 
/**
 * Answered within so many seconds counts for the service level.
 */
threshold_seconds: number, 
/**
 * The length of a period.
 */
period_seconds: number, 
/**
 * Of the campaign looked at, or of all together.
 */
total: DayFigures, 
/**
 * Each campaign in which anything happened, by id.
 */
campaigns: Array<CampaignDay>, 
/**
 * How evenly the work was spread over those who were at work.
 */
fairness: Fairness, 
/**
 * Each agent who was at work, by id.
 */
agents: Array<AgentDay>, };

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

export type DemoEntry = { 
/**
 * One of the demo's people.
 */
login: string, };

export type DemoInfo = { 
/**
 * Who can be let in without a password; the others are simulated.
 */
people: Array<DemoPerson>, 
/**
 * Conversations that begin per minute.
 */
pace: number, };

export type DemoPace = { 
/**
 * Conversations that begin per minute, 0 to 60.
 */
pace: number, };

export type DemoPerson = { 
/**
 * What they type to sign in.
 */
login: string, 
/**
 * As shown.
 */
name: string, 
/**
 * What they may do.
 */
role: Role, };

export type Denied = { 
/**
 * Which topic.
 */
topic: string, 
/**
 * A stable code.
 */
code: string, };

export type DiscoverMail = { 
/**
 * Of the mailbox.
 */
address: string, };

export type Disposition = { 
/**
 * Its id.
 */
id: DispositionId, 
/**
 * The product uses it by itself for this: it is renamed, but neither moved, switched off nor deleted.
 */
system: SystemDisposition | null, 
/**
 * Somebody gave it another name than the product's, which is shown in the reader's language.
 */
renamed: boolean, 
/**
 * A campaign has offered it, so it may be in history: it is switched off rather than deleted.
 */
offered: boolean, 
/**
 * Whose tree; cannot change.
 */
client: ClientId, 
/**
 * The node above, of the same client; none = at the top. At most 5 levels.
 */
parent?: DispositionId | null, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Switched off ones stay in history and are offered no more. On by default.
 */
enabled?: boolean, 
/**
 * Its place among those beside it, from 0; as the last one by default.
 */
position?: number | null, };

export type DispositionFields = { 
/**
 * Whose tree; cannot change.
 */
client: ClientId, 
/**
 * The node above, of the same client; none = at the top. At most 5 levels.
 */
parent?: DispositionId | null, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Switched off ones stay in history and are offered no more. On by default.
 */
enabled?: boolean, 
/**
 * Its place among those beside it, from 0; as the last one by default.
 */
position?: number | null, };

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

export type Doubt = "name_is_another_address" | "looks_like_another" | "our_own_address" | "replies_elsewhere" | "unproven";

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
 * The same, as they are shown; what is gone is missing here.
 */
files: Array<Attachment>, 
/**
 * In mail threads.
 */
mail?: MailDraft, 
/**
 * Counted by whoever writes.
 */
rev: number, 
/**
 * When it was saved.
 */
updated_at: Time, };

export type Drawn = { 
/**
 * From 1.
 */
place: number, 
/**
 * Of so many with the same chance.
 */
of: number, };

export type Ending = "closed" | "inactive" | "full" | "out_of_hours" | "abandoned" | "expired" | "overflowed";

export type ErrorCode = "malformed_json" | "invalid_utf8" | "too_deep" | "broken_body" | "idempotency_key_invalid" | "idempotency_key_missing" | "signed_out_session" | "wrong_credentials" | "identity_invalid" | "signature_no_secret" | "signature_header_missing" | "signature_header_empty" | "signature_header_repeated" | "signature_invalid_id" | "signature_invalid_timestamp" | "signature_too_old" | "signature_too_new" | "signature_no_usable_version" | "signature_mismatch" | "forbidden" | "not_allowed_in_campaign" | "wrong_origin" | "not_found" | "invitation_not_valid" | "method_not_allowed" | "conflict" | "in_use" | "campaign_in_use" | "conversation_closed" | "wrong_state" | "not_owner" | "offer_gone" | "not_failed" | "not_waiting" | "not_then" | "draft_stale" | "already_open" | "cannot_start" | "gone" | "not_next" | "not_skilled" | "at_capacity" | "not_available" | "not_member" | "too_many_transfers" | "transfer_target" | "wrap_up_timed" | "rating_final" | "signed_out" | "forced_pause" | "too_large" | "unsupported_media_type" | "invalid" | "idempotency_key_reused" | "not_answered" | "disposition_needed" | "fields_missing" | "empty_message" | "message_too_long" | "attachments_not_allowed" | "emoticons_not_allowed" | "unknown_break" | "unknown_field" | "missing_field" | "wrong_type" | "too_short" | "too_long" | "out_of_range" | "control_characters" | "voice_needed" | "unknown_reference" | "not_possible" | "duplicate" | "taken" | "password_too_short" | "password_too_long" | "schedule_name" | "schedule_hours" | "schedule_too_many_intervals" | "schedule_too_many_exceptions" | "schedule_exception_date" | "schedule_exception_twice" | "schedule_too_many_own_days" | "schedule_own_day_date" | "schedule_own_day_twice" | "schedule_own_day_name" | "schedule_holiday_unknown" | "calendar_file_not_valid" | "schedule_override_empty" | "schedule_override_reason" | "mail_login_refused" | "mail_host_forbidden" | "mail_not_working" | "mail_sign_in_needed" | "mail_provider_unset" | "mail_servers_of_others" | "mail_in_clear" | "too_many_attempts" | "too_many_connections" | "busy" | "internal" | "unavailable";

export type EventNotTaken = { 
/**
 * As the file calls it.
 */
name: string, 
/**
 * Why.
 */
reason: NotTaken, };

export type Excerpt = { 
/**
 * `seq` of the message.
 */
seq: number, 
/**
 * The place, with what stands around it.
 */
text: string, 
/**
 * In an internal note.
 */
note: boolean, };

export type Fairness = { 
/**
 * Agents at work.
 */
agents: number, 
/**
 * Conversations of who had fewest.
 */
fewest?: number | null, 
/**
 * Of who is in the middle.
 */
median?: number | null, 
/**
 * Of who had most.
 */
most?: number | null, 
/**
 * 0 = all had as many, nearly 1 = one had all.
 */
gini?: number | null, 
/**
 * Time with work ÷ (time with work + time free), percent, of all.
 */
occupancy?: number | null, 
/**
 * Capacity units used ÷ capacity units there, percent, of all.
 */
utilisation?: number | null, };

export type Field = { 
/**
 * Its id.
 */
id: FieldId, 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * 1 to 60 characters.
 */
name: string, 
/**
 * What connected systems know it by: `a` to `z`, `0` to `9` and `_`, a letter first, at most 40; no other field of the client has it.
 * Made from the name when it is left out.
 */
key?: string, 
/**
 * What it holds; cannot change.
 */
kind: FieldKind, 
/**
 * Of a list: 1 to 200 to choose from, each 1 to 120 characters and once.
 */
options?: Array<string>, 
/**
 * For agents: at most 240 characters.
 */
description?: string, 
/**
 * Switched off ones stay in history and are asked for no more. On by default.
 */
enabled?: boolean, };

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

export type FieldFields = { 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * 1 to 60 characters.
 */
name: string, 
/**
 * What connected systems know it by: `a` to `z`, `0` to `9` and `_`, a letter first, at most 40; no other field of the client has it.
 * Made from the name when it is left out.
 */
key?: string, 
/**
 * What it holds; cannot change.
 */
kind: FieldKind, 
/**
 * Of a list: 1 to 200 to choose from, each 1 to 120 characters and once.
 */
options?: Array<string>, 
/**
 * For agents: at most 240 characters.
 */
description?: string, 
/**
 * Switched off ones stay in history and are asked for no more. On by default.
 */
enabled?: boolean, };

export type FieldId = string;

export type FieldKind = "text" | "number" | "date" | "list" | "phone" | "document" | "yes_no";

export type FieldUse = { 
/**
 * Which; of the same client.
 */
field: FieldId, 
/**
 * A conversation cannot be closed without it (S1-29). Off by default.
 */
mandatory?: boolean, 
/**
 * What agents of this campaign see for its name (S1-31), 1 to 60 characters; none = its name.
 */
label?: string | null, };

export type FieldValue = boolean | number | string;

export type Finishing = { 
/**
 * Who.
 */
agent: UserId, 
/**
 * When it ends by itself; none = it does not.
 */
until: Time | null, 
/**
 * Only by itself.
 */
locked: boolean, };

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
pos: number, } & ({ "kind": "hello", "data": Hello } | { "kind": "me", "data": Me } | { "kind": "conversation", "data": ConversationDelta } | { "kind": "gone", "data": Gone } | { "kind": "presence", "data": Presence } | { "kind": "thread", "data": Thread } | { "kind": "chat", "data": Chat } | { "kind": "queue", "data": Queue } | { "kind": "board", "data": Board } | { "kind": "board_delta", "data": BoardDelta } | { "kind": "waiting", "data": Array<WaitingRow> } | { "kind": "waiting_delta", "data": WaitingDelta } | { "kind": "resync" } | { "kind": "reload" } | { "kind": "denied", "data": Denied } | { "kind": "signed_out" } | { "kind": "typing", "data": Typing } | { "kind": "viewers", "data": Viewers } | { "kind": "chat_typing", "data": ChatTyping });

export type Gone = { 
/**
 * Which.
 */
conversation: ConversationId, 
/**
 * Who has it now.
 */
owner: UserId | null, 
/**
 * Why, where that was neither the agent's doing nor a colleague's.
 */
why?: WhyGone, };

export type Hello = { 
/**
 * Version of the server.
 */
version: string, 
/**
 * Server time.
 */
now: Time, };

export type Holding = { 
/**
 * A conversation whose customer is silent for so long after their agent's answer takes no capacity until they write again; 1 to
 * 604,800 s, none = never.
 */
dormant_seconds?: number | null, 
/**
 * Who transfers a conversation has the campaign's time to finish, as after closing.
 */
sender_wrap_up?: boolean | null, };

export type HolidayRow = { 
/**
 * When: `2026-12-25`.
 */
date: string, 
/**
 * What the country calls it, or the own day is called.
 */
name: string, 
/**
 * With this it is switched; none = an own day.
 */
key: string | null, 
/**
 * Many work then: it counts only where it is switched on.
 */
optional: boolean, 
/**
 * It counts.
 */
on: boolean, 
/**
 * Open then all the same; none = closed all day.
 */
intervals: Array<ScheduleHours>, };

export type How = "chosen" | "taken" | "transferred" | "assigned";

export type InUse = { 
/**
 * How many agents are members.
 */
agents: number, 
/**
 * How many conversations are open.
 */
conversations: number, 
/**
 * How many channels that are on lead here; they are in the way of putting it away only.
 */
channels: number, };

export type IndexBehind = { "is": "being_made" } | { "is": "seconds", 
/**
 * So old is the oldest that is missing.
 */
seconds: number, };

export type InventedLoad = { 
/**
 * 1 to 500.
 */
agents: number, 
/**
 * About so many, 1 to 20,000.
 */
conversations: number, 
/**
 * From acceptance to closing on average, 10 to 7,200.
 */
handling_seconds: number, };

export type Invitation = { 
/**
 * To what.
 */
kind: InvitationKind, 
/**
 * `/invitation#…`, to be put behind the address under which people reach this server. Shown this once; null when the request is
 * repeated under its `Idempotency-Key`.
 */
url_path: string | null, 
/**
 * Shown this once, as `url_path`.
 */
token: string | null, 
/**
 * 72 hours later.
 */
expires_at: Time, };

export type InvitationFields = { 
/**
 * To work here, or to choose another password.
 */
kind?: InvitationKind, };

export type InvitationKind = "invitation" | "reset";

export type Invited = { 
/**
 * To what.
 */
kind: InvitationKind, 
/**
 * What they sign in with.
 */
login: string, 
/**
 * As shown.
 */
name: string, };

export type KindLoad = { 
/**
 * Which kind.
 */
kind: ChannelKind, 
/**
 * Capacity units of one conversation, 1 to 1,000.
 */
units: number, 
/**
 * An agent has at most so many at once, 1 to 10,000; none = as many as fit.
 */
most?: number | null, 
/**
 * Kinds that weigh nothing when one of these is given out.
 */
interrupts?: Array<ChannelKind> | null, };

export type Limits = { 
/**
 * At most so many wait, those counted that are just coming in; 1 to 1,000,000, none = no limit (S4-26).
 */
max_waiting?: number | null, 
/**
 * What a new conversation meets then; `leave_message` by default.
 */
when_full?: WhenFull | null, 
/**
 * Sent to who writes then and does not go elsewhere, 1 to 4,000 characters; none = nothing is sent.
 */
full_message?: string | null, 
/**
 * What happens at closing time to what waits; `keep` by default.
 */
at_closing?: AtClosing | null, 
/**
 * Sent to whom closing time ends the conversation, 1 to 4,000 characters; none = nothing is sent.
 */
closing_message?: string | null, 
/**
 * Another campaign of the client, where either may lead.
 */
overflow?: CampaignId | null, };

export type MailAccount = { 
/**
 * Its id; where it has a campaign, that of its channel, too.
 */
id: ChannelId, 
/**
 * There is something to sign in with.
 */
has_password: boolean, 
/**
 * Who signed it in at a provider.
 */
signed_in: MailSignedIn | null, 
/**
 * There is a password for the login of its own to send.
 */
has_sending_password: boolean, 
/**
 * Put away; its history stays.
 */
archived_at: Time | null, 
/**
 * When it was created.
 */
created_at: Time, 
/**
 * When it was last changed.
 */
updated_at: Time, 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * Where its mails arrive as conversations, and whose agents write from it. Without one it only sends what areas send.
 */
campaign?: CampaignId | null, 
/**
 * Mails come to it and go from it; cannot change.
 */
address: string, 
/**
 * The sender's name that people read; may be empty.
 */
from_name?: string, 
/**
 * Mails to the address become conversations of the campaign: needs both `imap` and a campaign (S4-18).
 */
receives?: boolean, 
/**
 * Where mail is fetched.
 */
imap?: MailServer | null, 
/**
 * Where mail is handed over.
 */
smtp: MailServer, 
/**
 * Who signs in; the address when it is left out.
 */
user?: string | null, 
/**
 * With a password, or with what a provider gives to whoever signs in there.
 */
login?: MailLogin, 
/**
 * Who signs in to send.
 */
sending?: MailSending, 
/**
 * The folders of the mailbox.
 */
folders?: MailFolders, 
/**
 * The name under which the receiving server signs what it found out about senders; none = it is not asked.
 */
trusted_authserv?: string | null, 
/**
 * Mail that lies in the folder already when it is first read comes in, too.
 */
takes_existing?: boolean, 
/**
 * A limit of the provider (S0-21…S0-23).
 */
quota?: MailQuota | null, 
/**
 * Off: neither receives nor sends.
 */
enabled?: boolean, 
/**
 * Yes, a server is talked to without encryption: user, password and every mail can be read and changed on the way.
 */
accept_in_clear?: boolean, 
/**
 * Write-only. Needed to switch the account on, and again when it would travel to another server.
 */
password?: string, 
/**
 * Write-only: of the login of its own to send.
 */
sending_password?: string, };

export type MailAccountFields = { 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * Where its mails arrive as conversations, and whose agents write from it. Without one it only sends what areas send.
 */
campaign?: CampaignId | null, 
/**
 * Mails come to it and go from it; cannot change.
 */
address: string, 
/**
 * The sender's name that people read; may be empty.
 */
from_name?: string, 
/**
 * Mails to the address become conversations of the campaign: needs both `imap` and a campaign (S4-18).
 */
receives?: boolean, 
/**
 * Where mail is fetched.
 */
imap?: MailServer | null, 
/**
 * Where mail is handed over.
 */
smtp: MailServer, 
/**
 * Who signs in; the address when it is left out.
 */
user?: string | null, 
/**
 * With a password, or with what a provider gives to whoever signs in there.
 */
login?: MailLogin, 
/**
 * Who signs in to send.
 */
sending?: MailSending, 
/**
 * The folders of the mailbox.
 */
folders?: MailFolders, 
/**
 * The name under which the receiving server signs what it found out about senders; none = it is not asked.
 */
trusted_authserv?: string | null, 
/**
 * Mail that lies in the folder already when it is first read comes in, too.
 */
takes_existing?: boolean, 
/**
 * A limit of the provider (S0-21…S0-23).
 */
quota?: MailQuota | null, 
/**
 * Off: neither receives nor sends.
 */
enabled?: boolean, 
/**
 * Yes, a server is talked to without encryption: user, password and every mail can be read and changed on the way.
 */
accept_in_clear?: boolean, 
/**
 * Write-only. Needed to switch the account on, and again when it would travel to another server.
 */
password?: string, 
/**
 * Write-only: of the login of its own to send.
 */
sending_password?: string, };

export type MailAccountHealth = { 
/**
 * Which.
 */
account: ChannelId, 
/**
 * What its mailbox is doing.
 */
mailbox: MailboxState, 
/**
 * It gets nothing to sign in with at its provider: it neither receives nor sends.
 */
sign_in: MailSignInTrouble | null, 
/**
 * Whether it can send.
 */
sending: SendingState, 
/**
 * The server lets us read and not change: mails stay unread there.
 */
read_only: boolean, 
/**
 * When the last mail was taken in, since the server started.
 */
last_mail_at: Time | null, 
/**
 * Mails that lie on the server and are not taken in yet.
 */
backlog: number, 
/**
 * Mails in quarantine that nobody has looked at.
 */
quarantined: number, 
/**
 * Mails that wait to leave.
 */
waiting: number, 
/**
 * When the first of them leaves, at the earliest: the next window, where a limit holds them back.
 */
next_at: Time | null, };

export type MailAddress = { 
/**
 * As people read it.
 */
name?: string, 
/**
 * `name@domain`.
 */
address: string, };

export type MailAnswer = { 
/**
 * What it answers or passes on; none where nothing was said yet.
 */
about: MessageId | null, 
/**
 * Whose account it leaves by.
 */
from: Mailbox | null, 
/**
 * To whom.
 */
to: Array<Mailbox>, 
/**
 * Who else.
 */
cc: Array<Mailbox>, 
/**
 * Where the author would have answers go, outside their own organisation.
 */
elsewhere: Mailbox | null, 
/**
 * About what.
 */
subject: string, 
/**
 * What would stand below, as HTML: with `history`, and in what is passed on. As in [`MailView::html`], with pictures left out.
 */
quote: string, 
/**
 * What stands below what somebody writes in this campaign, as HTML with everything filled in.
 */
signature: string, 
/**
 * Files that would go along.
 */
files: Array<Attachment>, };

export type MailArea = "invoices" | "payments" | "tickets" | "customers" | "all";

export type MailAreaAccount = { 
/**
 * Which kind of mail.
 */
area: MailArea, 
/**
 * One of the same client.
 */
account: ChannelId, };

export type MailAreas = { 
/**
 * Each area at most once. One without an account uses that of `all`.
 */
areas: Array<MailAreaAccount>, };

export type MailAside = { 
/**
 * Its id.
 */
id: MailAsideId, 
/**
 * The mail account it came to.
 */
account: ChannelId, 
/**
 * Why it is nobody's message.
 */
kind: MailAsideKind, 
/**
 * The same as a stable code: what said that it is automatic, what a report says, what was wrong.
 */
reason: string, 
/**
 * Who says to have written it, as far as that could be read.
 */
author: string, 
/**
 * Its subject, as far as that could be read.
 */
subject: string, 
/**
 * Its size in bytes.
 */
size: number, 
/**
 * It can be downloaded.
 */
has_source: boolean, 
/**
 * The conversation that a report is about, or that it came into after all.
 */
conversation: ConversationId | null, 
/**
 * What became of it.
 */
state: MailAsideState, 
/**
 * When the mail server took it.
 */
received_at: Time, 
/**
 * When it was put aside.
 */
created_at: Time, };

export type MailAsideId = string;

export type MailAsideKind = "own" | "automatic" | "report" | "quarantined";

export type MailAsideState = "open" | "retried" | "dismissed";

export type MailDirection = "receive" | "send";

export type MailDraft = { 
/**
 * What it is.
 */
kind: MailKind, 
/**
 * What it answers or passes on.
 */
about: MessageId | null, 
/**
 * To whom, as typed so far.
 */
to: Array<MailAddress>, 
/**
 * Who else.
 */
cc: Array<MailAddress>, 
/**
 * Who else, without the others knowing.
 */
bcc: Array<MailAddress>, 
/**
 * About what.
 */
subject: string, 
/**
 * What it says so far.
 */
html: string, 
/**
 * What was written to and fro stands below.
 */
history: boolean, 
/**
 * Files of the mail that is passed on that go along; none = all of them.
 */
files: Array<AttachmentId> | null, };

export type MailFields = { 
/**
 * What it is.
 */
kind?: MailKind, 
/**
 * The mail of this conversation that is answered or passed on; none = the last one that came in.
 */
about?: MessageId, 
/**
 * To whom; none = as follows from that mail. With `cc` and `bcc` at most 100.
 */
to?: Array<MailAddress>, 
/**
 * Who else; none = as follows from that mail.
 */
cc?: Array<MailAddress>, 
/**
 * Who else, without the others knowing.
 */
bcc?: Array<MailAddress>, 
/**
 * One line, at most 500 characters; none = as follows from that mail.
 */
subject?: string, 
/**
 * What it says, as HTML of at most 256 kB; it is cleaned, and the text is made of it. Pictures are files uploaded for this conversation
 * (`src="/api/v1/attachments/{id}"`).
 */
html?: string, 
/**
 * What was written to and fro so far stands below.
 */
history?: boolean, 
/**
 * Files of the mail that is passed on that go along; none = all of them.
 */
files?: Array<AttachmentId>, };

export type MailFolders = { 
/**
 * Where mail arrives.
 */
inbox: string, 
/**
 * Where stored mail is moved to, if it is moved at all.
 */
done: string | null, 
/**
 * Where mail goes that could not be read, if anywhere.
 */
failed: string | null, };

export type MailHead = { 
/**
 * On one line; may be empty.
 */
subject: string, 
/**
 * Who wrote it; none of what the staff sends.
 */
from?: Mailbox, 
/**
 * To whom.
 */
to: Array<Mailbox>, 
/**
 * Who else.
 */
cc?: Array<Mailbox>, 
/**
 * Who else, without the others knowing.
 */
bcc?: Array<Mailbox>, 
/**
 * Where its author would have answers go, outside their own organisation.
 */
elsewhere?: Mailbox, 
/**
 * When it says it was written.
 */
date?: Time, 
/**
 * It can be shown as HTML.
 */
has_html: boolean, 
/**
 * What speaks against believing who wrote it.
 */
doubts?: Array<Doubt>, 
/**
 * Passed on to others.
 */
forwarded?: boolean, 
/**
 * The conversation that it answers, though its author takes no part in it.
 */
names?: ConversationId, };

export type MailHeader = { 
/**
 * All fields, as text.
 */
text: string, };

export type MailInvitation = { 
/**
 * What is asked: `REQUEST`, `CANCEL`, `REPLY`, `PUBLISH` …
 */
method: string, 
/**
 * What it is called.
 */
summary: string, 
/**
 * Where it is.
 */
location: string, 
/**
 * The address of who invites, or what stands in its place.
 */
organiser: string, 
/**
 * When it begins.
 */
start: MailMoment, 
/**
 * When it ends, if it says so by a moment.
 */
end: MailMoment | null, 
/**
 * It repeats; the times are those of the first one.
 */
repeats: boolean, };

export type MailKind = "reply" | "reply_all" | "forward";

export type MailLeftOut = { 
/**
 * Who.
 */
address: string, 
/**
 * A stable code, and after a colon how the other server put it: `unknown_address:5.1.1`.
 */
reason: string, 
/**
 * What the other server said.
 */
words: string | null, };

export type MailLogin = "password" | "oauth";

export type MailMoment = { 
/**
 * RFC 3339 in UTC; none when it is a whole day or nobody knows which zone is meant.
 */
utc: string | null, 
/**
 * As it stands on the organiser's wall: `2026-11-22` or `2026-11-22T10:00:00`.
 */
local: string, 
/**
 * The zone as it is named there.
 */
zone: string | null, };

export type MailPasswords = { 
/**
 * Of the mailbox.
 */
password?: string, 
/**
 * Of the login of its own to send.
 */
sending_password?: string, };

export type MailProposal = { 
/**
 * Why.
 */
source: MailProposalSource, 
/**
 * Whose they are, when we know.
 */
provider: string | null, 
/**
 * How that provider lets programs in.
 */
signs_in: MailSignsIn | null, 
/**
 * Mails a day that it lets out, as far as it says.
 */
daily: number | null, 
/**
 * For receiving.
 */
imap: MailServer | null, 
/**
 * For sending.
 */
smtp: MailServer | null, };

export type MailProposalSource = "address" | "mail_exchanger" | "announced" | "answered";

export type MailProposals = { 
/**
 * None when nothing was found: ask the provider.
 */
proposals: Array<MailProposal>, };

export type MailProvider = { 
/**
 * Which.
 */
provider: MailProviderKind, 
/**
 * There is a secret.
 */
has_secret: boolean, 
/**
 * When it was last changed.
 */
updated_at: Time, 
/**
 * The id of our client at the provider.
 */
client_id: string, 
/**
 * Write-only: the secret of our client there. Needed at first, and again when it would be sent to another address.
 */
client_secret?: string, 
/**
 * Microsoft: the directory (tenant), as an id or a domain; none = `common`.
 */
tenant?: string | null, 
/**
 * Another one: what people call it.
 */
name?: string | null, 
/**
 * Another one: where people sign in; https.
 */
authorize_url?: string | null, 
/**
 * Another one: where codes become tokens; https.
 */
token_url?: string | null, 
/**
 * Another one: what is asked for, spaces between.
 */
scopes?: string | null, };

export type MailProviderFields = { 
/**
 * The id of our client at the provider.
 */
client_id: string, 
/**
 * Write-only: the secret of our client there. Needed at first, and again when it would be sent to another address.
 */
client_secret?: string, 
/**
 * Microsoft: the directory (tenant), as an id or a domain; none = `common`.
 */
tenant?: string | null, 
/**
 * Another one: what people call it.
 */
name?: string | null, 
/**
 * Another one: where people sign in; https.
 */
authorize_url?: string | null, 
/**
 * Another one: where codes become tokens; https.
 */
token_url?: string | null, 
/**
 * Another one: what is asked for, spaces between.
 */
scopes?: string | null, };

export type MailProviderKind = "google" | "microsoft" | "generic";

export type MailProviders = { 
/**
 * Where a provider sends people back to: it has to know this address.
 */
redirect_url: string, 
/**
 * Those that are set.
 */
providers: Array<MailProvider>, };

export type MailQuota = { 
/**
 * In so many hours, 1 to 720.
 */
hours: number, 
/**
 * So many, 1 to 1,000,000.
 */
mails: number, };

export type MailRating = { 
/**
 * Stands above the marks: 1 to 200 characters.
 */
prompt: string, 
/**
 * Shown to who has rated: 1 to 1,000 characters.
 */
thanks: string, };

export type MailRatingView = { 
/**
 * In which conversation.
 */
conversation: ConversationId, 
/**
 * Of which message.
 */
message: MessageId, 
/**
 * Where the conversation was.
 */
campaign: CampaignId, 
/**
 * Who wrote the mail.
 */
agent: UserId, 
/**
 * 1 (bad) to 5 (good).
 */
score: number, 
/**
 * In words.
 */
comment: string | null, 
/**
 * When it was given or changed.
 */
at: Time, };

export type MailRatings = { 
/**
 * By campaign and agent; only where there are any.
 */
totals: Array<RatingTotal>, 
/**
 * The latest, at most 100, the latest first.
 */
latest: Array<MailRatingView>, };

export type MailSecurity = "tls" | "starttls" | "plain";

export type MailSending = { 
/**
 * Who.
 */
login?: MailSendingLogin, 
/**
 * With `own`: as whom.
 */
user?: string | null, };

export type MailSendingLogin = "same" | "own" | "nobody";

export type MailServer = { 
/**
 * A name or an address, without a scheme or a port.
 */
host: string, 
/**
 * Its port.
 */
port: number, 
/**
 * How it is talked to.
 */
security: MailSecurity, };

export type MailSettings = { 
/**
 * The template below what agents write.
 */
signature?: TemplateId | null, 
/**
 * The template that answers a customer's first mail by itself; none = nothing does.
 */
confirmation?: TemplateId | null, 
/**
 * Recipients may rate; none = they are not asked.
 */
rating?: MailRating | null, 
/**
 * Who mails come from, as people read it, 1 to 120 characters; none = the name of the agent.
 */
from_name?: string | null, };

export type MailSignIn = { 
/**
 * To be opened in the browser.
 */
url: string, 
/**
 * Until then.
 */
expires_at: Time, };

export type MailSignInTrouble = { 
/**
 * Why, a stable code; with `sign_in_again` nothing changes before somebody does.
 */
code: string, 
/**
 * What the provider said: one line of plain text.
 */
words: string | null, 
/**
 * Since when.
 */
since: Time, };

export type MailSignedIn = { 
/**
 * At which provider.
 */
provider: MailProviderKind, 
/**
 * By whom of the staff.
 */
by: UserId, 
/**
 * When.
 */
at: Time, };

export type MailSignsIn = "password" | "application_password" | "browser";

export type MailSuppression = { 
/**
 * Its id.
 */
id: SuppressionId, 
/**
 * In whose name nothing is sent.
 */
client: ClientId, 
/**
 * To whom, in lower case.
 */
address: string, 
/**
 * Why.
 */
reason: SuppressionReason, 
/**
 * The same in the words of who added it.
 */
note: string | null, 
/**
 * Who added it; none: the product, or a program.
 */
added_by: UserId | null, 
/**
 * The conversation of the mail that was complained about, where it is known.
 */
conversation: ConversationId | null, 
/**
 * The report that said so, where it is known: an entry of `mail-asides`.
 */
report: MailAsideId | null, 
/**
 * Since when.
 */
created_at: Time, 
/**
 * They may be written to again: since when.
 */
lifted_at: Time | null, 
/**
 * Who says so; none: a program.
 */
lifted_by: UserId | null, };

export type MailSuppressionFields = { 
/**
 * In whose name nothing is to be sent.
 */
client: ClientId, 
/**
 * To whom.
 */
address: string, 
/**
 * Why: 1 to 200 characters.
 */
note: string, };

export type MailTest = { 
/**
 * One that is saved. Where `settings` has no password, its stored ones are used, if they go nowhere else than they do now.
 */
account?: ChannelId | null, 
/**
 * What is tried; without it the saved account as it is.
 */
settings?: MailAccountFields | null, 
/**
 * Where a test mail goes; without it none is sent.
 */
to?: string | null, };

export type MailTestLine = { "line": "step" } & MailTestStep | { "line": "end", 
/**
 * Receiving works; none when it was not tried.
 */
receive: boolean | null, 
/**
 * Sending works.
 */
send: boolean | null, };

export type MailTestStep = { 
/**
 * Which half.
 */
direction: MailDirection, 
/**
 * `name`, `connect`, `greeting`, `tls`, `login`, `folder`, `sender` or `test_mail`.
 */
step: string, 
/**
 * Why it did not work, a stable code; none when it did. What would follow is not tried then.
 */
code: string | null, 
/**
 * What the server said about it: one line of plain text.
 */
words: string | null, 
/**
 * How long it took.
 */
ms: number, };

export type MailText = { 
/**
 * What it is.
 */
kind: MailTextKind, 
/**
 * It says this.
 */
text: string, };

export type MailTextKind = "said" | "quote" | "signature";

export type MailView = { 
/**
 * Who wrote it; of ours the account's address.
 */
from: Mailbox | null, 
/**
 * Where an answer goes when that is not who wrote it.
 */
reply_to: Mailbox | null, 
/**
 * What it says, in parts.
 */
text: Array<MailText>, 
/**
 * The same as HTML: for a frame in which nothing runs. `data-part="n"` is entry n of `parts`, `data-remote="n"` and
 * `data-background="n"` are picture n of the world outside.
 */
html: string | null, 
/**
 * How many pictures of the world outside it would show.
 */
remote: number, 
/**
 * The files that its HTML may show, by their numbers there.
 */
parts: Array<AttachmentId | null>, 
/**
 * The meeting it invites to.
 */
invitation: MailInvitation | null, 
/**
 * It is too large or too tangled to be shown whole; the source is.
 */
cut: boolean, 
/**
 * The mail as it came in is there to be saved.
 */
source: boolean, 
/**
 * A machine wrote it.
 */
automatic: boolean, 
/**
 * Of ours: whom it did not reach.
 */
left_out: Array<MailLeftOut>, 
/**
 * Of ours, while it has not left: what the server said that did not take it, one line of plain text.
 */
refusal: string | null, };

export type MailWaits = { "for": "moment" } | { "for": "quota" } | { "for": "account", 
/**
 * Why, a stable code.
 */
code: string, } | { "for": "switched_off" } | { "for": "retry", 
/**
 * How often it was tried.
 */
attempts: number, };

export type Mailbox = { 
/**
 * As they call themselves; may be empty and proves nothing.
 */
name: string, 
/**
 * In lower case.
 */
address: string, };

export type MailboxState = { "is": "off" } | { "is": "connecting" } | { "is": "idle" } | { "is": "polling" } | { "is": "reading", 
/**
 * So much.
 */
done: number, 
/**
 * Of so much, as far as the server has said.
 */
of: number, } | { "is": "failing", 
/**
 * Since when.
 */
since: Time, 
/**
 * Why, a stable code.
 */
code: string, 
/**
 * What the server said: one line of plain text.
 */
words: string | null, 
/**
 * When it tries again.
 */
next_try: Time, } | { "is": "elsewhere" };

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
 * Own conversations and open offers, those about which they are consulted, and those they gave away and still finish.
 */
conversations: Array<Conversation>, };

export type Measure = { "by": "chance" } | { "by": "ended", 
/**
 * When.
 */
at: Time | null, } | { "by": "completed", 
/**
 * How many.
 */
count: number, } | { "by": "position", 
/**
 * The lower, the earlier.
 */
position: number, } | { "by": "idle", 
/**
 * They have something.
 */
busy: boolean, 
/**
 * Since when not; none = never had.
 */
since: Time | null, 
/**
 * Their last offer: breaks a tie.
 */
offered_at: Time | null, } | { "by": "load", 
/**
 * Units in use.
 */
used: number, 
/**
 * Of so many.
 */
limit: number, 
/**
 * Their last offer: breaks a tie.
 */
offered_at: Time | null, } | { "by": "skill", 
/**
 * Levels, added up.
 */
proficiency: number, 
/**
 * They have something to do.
 */
busy: boolean, 
/**
 * Since when not; none = never had.
 */
since: Time | null, 
/**
 * Their last offer: breaks a tie.
 */
offered_at: Time | null, } | { "by": "spare", 
/**
 * Units.
 */
units: number, 
/**
 * Their last offer: breaks a tie.
 */
offered_at: Time | null, };

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
 * 0 to 100; the lower is preferred. 0 by default.
 */
penalty?: number | null, 
/**
 * Place among the members, for orders that go by it; 0 to 1,000,000, 0 by default.
 */
position?: number | null, 
/**
 * Gets only what has waited for so long, so that others go first; 0 to 3,600 s, 0 by default.
 */
delay_seconds?: number | null, 
/**
 * Gets conversations of these kinds of channels only; none = of all.
 */
receive?: Array<ChannelKind> | null, 
/**
 * May write first by these kinds of channels only; none = by all.
 */
initiate?: Array<ChannelKind> | null, };

export type MemberChange = { "do": "put", 
/**
 * Where.
 */
campaign: CampaignId, 
/**
 * Who.
 */
user: UserId, 
/**
 * How.
 */
fields?: MemberFields, } | { "do": "remove", 
/**
 * Where.
 */
campaign: CampaignId, 
/**
 * Who.
 */
user: UserId, };

export type MemberChanges = { 
/**
 * 1 to 500, each membership once.
 */
changes: Array<MemberChange>, };

export type MemberFields = { 
/**
 * 0 to 100; the lower is preferred. 0 by default.
 */
penalty?: number | null, 
/**
 * Place among the members, for orders that go by it; 0 to 1,000,000, 0 by default.
 */
position?: number | null, 
/**
 * Gets only what has waited for so long, so that others go first; 0 to 3,600 s, 0 by default.
 */
delay_seconds?: number | null, 
/**
 * Gets conversations of these kinds of channels only; none = of all.
 */
receive?: Array<ChannelKind> | null, 
/**
 * May write first by these kinds of channels only; none = by all.
 */
initiate?: Array<ChannelKind> | null, };

export type MembersChanged = { 
/**
 * How many were made or changed.
 */
put: number, 
/**
 * How many were ended.
 */
removed: number, };

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
 * What else a mail has.
 */
mail?: MailHead, 
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
reason?: string, 
/**
 * When a message that waits leaves, as far as is known.
 */
leaves_at?: Time, 
/**
 * Why a mail that waits does.
 */
waits?: MailWaits, };

export type MessageId = string;

export type Mode = "incall" | "nocall" | "interaction" | "nopause" | "omni" | "ringall" | "ringallmultiple";

export type MoveAction = { "do": "assign", 
/**
 * A member of its campaign who is at work.
 */
agent: UserId, } | { "do": "move", 
/**
 * Open, enabled and not full.
 */
campaign: CampaignId, } | { "do": "prioritise", 
/**
 * So urgent.
 */
priority: Priority, };

export type MoveConversations = { 
/**
 * 1 to 100, in the order in which it is done.
 */
conversations: Array<ConversationId>, 
/**
 * What.
 */
action: MoveAction, };

export type MoveOutcome = { 
/**
 * Which.
 */
conversation: ConversationId, 
/**
 * Why it was not done; none = done.
 */
code: ErrorCode | null, 
/**
 * With `transfer_target`: `closed`, `full`, `disabled`, `unknown`, `other_client` or `same_campaign`.
 */
reason: string | null, };

export type NamedAgent = { 
/**
 * Who.
 */
agent: UserId, 
/**
 * As shown.
 */
name: string, };

export type NewRating = { 
/**
 * Of which conversation; it must be over.
 */
conversation: ConversationId, 
/**
 * 1 (bad) to 5 (good).
 */
score: number, 
/**
 * In words, at most 1,000 characters.
 */
comment?: string | null, };

export type NewVisitor = { 
/**
 * A JSON Web Token that the company's server has signed (docs/web-chat.md). Without it the visitor is anonymous.
 */
identity?: string | null, };

export type Nobody = { "is": "unknown" } | { "is": "disabled" } | { "is": "closed", 
/**
 * Until then, when that is known.
 */
until: Time | null, } | { "is": "rings" };

export type NotTaken = "damaged" | "not_whole_day" | "too_long" | "called_off" | "repeats" | "past" | "duplicate" | "too_many";

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

export type Offered = { 
/**
 * When.
 */
at: Time, 
/**
 * Its place in the log.
 */
position: number, 
/**
 * In which campaign; none when that is too long ago.
 */
campaign: CampaignId | null, 
/**
 * To whom.
 */
agent: UserId, 
/**
 * How it came to that.
 */
how: How, 
/**
 * It was given to them although they had no room for it by the rules.
 */
over_capacity: boolean, 
/**
 * Who gave it to them; none when nobody did.
 */
by: UserId | null, 
/**
 * What became of it.
 */
outcome: Outcome, 
/**
 * Why them; none when they were not chosen, or before that was recorded.
 */
choice: Choice | null, };

export type Offering = { 
/**
 * How long an offer of a mail stays open, 5 to 600 s; 60 by default.
 */
mail_seconds?: number | null, };

export type OpenHours = { 
/**
 * HH:MM or HH:MM:SS.
 */
from: string, 
/**
 * HH:MM or HH:MM:SS; not after `from` = of the next day.
 */
to: string, };

export type Order = "leastrecent" | "fewestcalls" | "random" | "rrmemory" | "rrordered" | "linear" | "wrandom" | "longest_idle" | "least_loaded" | "most_spare" | "best_skill";

export type OutOfHours = "close" | "queue";

export type Outcome = "open" | "accepted" | "declined" | "missed" | "withdrawn";

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

export type Policy = "fifo" | "strict" | "aged" | "deadline";

export type PreChatAnswer = { 
/**
 * Name of the field.
 */
name: string, 
/**
 * As people read it.
 */
label: string, 
/**
 * What was answered.
 */
value: string, };

export type PreChatAnswers = { 
/**
 * Answers; those that may be left out may be empty.
 */
answers: { [key in string]: string }, };

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
pending?: BreakId, 
/**
 * What they have weighs more than they can have: customers came back who had been silent, or the limit was lowered. No
 * offers until then. Told by the socket.
 */
over_capacity?: boolean, };

export type Present = { 
/**
 * As of then.
 */
at: Time, 
/**
 * In which campaign.
 */
campaign: CampaignId, 
/**
 * Its mode.
 */
mode: Mode, 
/**
 * Its order.
 */
order: Order, 
/**
 * Which of its configurations is in force.
 */
revision: number, 
/**
 * Where the conversation stands.
 */
place: WhyPlace, 
/**
 * Why the campaign offers nothing to anybody; none = it does.
 */
nobody: Nobody | null, 
/**
 * How many members the campaign has.
 */
members: number, 
/**
 * How many of them for each reason, the most first.
 */
counts: Array<ReasonCount>, 
/**
 * The members, the next first; agents see themselves only.
 */
candidates: Array<Candidate>, };

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
 * With `already_open`: which, for who may see it.
 */
conversation?: ConversationId, 
/**
 * With `draft_stale`: the one that is stored.
 */
draft?: Draft, 
/**
 * With `campaign_in_use`: what stands in the way.
 */
in_use?: InUse, 
/**
 * With `mail_login_refused`, `mail_not_working` and `mail_host_forbidden`: what the server was asked for, and what it said.
 */
mail?: MailTestStep, };

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
 * BCP 47; none = the browser's.
 */
language: string | null, 
/**
 * Decides on formats; none = the browser's.
 */
region: string | null, 
/**
 * The console's own.
 */
settings: Record<string, unknown>, 
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
 * What campaigns let choose from when closing, each list once.
 */
trees: Array<Array<ProfileDisposition>>, 
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
name: string, 
/**
 * How long it may take.
 */
minutes: number | null, 
/**
 * The name of a picture.
 */
icon: string | null, };

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
 * Where its customers are: an IANA time zone.
 */
zone: string, 
/**
 * What its agents may do and see.
 */
permissions: Required<CampaignPermissions>, 
/**
 * To be filled in, in this order.
 */
fields: Array<ProfileField>, 
/**
 * Which of the profile's trees to choose from when closing; when there is one, a choice is needed.
 */
tree: number | null, 
/**
 * To give a conversation to who has it; those of its members.
 */
skills: Array<ProfileSkill>, 
/**
 * How its conversations come to its agents: where it rings they take what waits.
 */
mode: Mode, 
/**
 * By which channel accounts one may write first.
 */
starts: Array<StartChannel>, 
/**
 * What an agent has after closing.
 */
wrap_up: WrapUp, 
/**
 * How long, in seconds.
 */
wrap_up_seconds: number, };

export type ProfileDisposition = { 
/**
 * Its id.
 */
id: DispositionId, 
/**
 * Its name and those above it, from the top.
 */
path: Array<string>, 
/**
 * The product's own, under the name it came with: shown in the reader's language.
 */
system?: SystemDisposition, };

export type ProfileField = { 
/**
 * Its id.
 */
id: FieldId, 
/**
 * As shown in this campaign.
 */
name: string, 
/**
 * What it holds.
 */
kind: FieldKind, 
/**
 * Of a list: what can be chosen.
 */
options: Array<string>, 
/**
 * What it is for.
 */
description: string, 
/**
 * A conversation cannot be closed without it.
 */
mandatory: boolean, };

export type ProfileFields = { 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * BCP 47, such as `es-AR`; none = the browser's.
 */
language?: string | null, 
/**
 * Two letters (ISO 3166) or three digits (UN M.49); decides on formats; none = the browser's.
 */
region?: string | null, 
/**
 * The console's own, at most 16 kB.
 */
settings?: Record<string, unknown>, };

export type ProfileSkill = { 
/**
 * Its id.
 */
id: SkillId, 
/**
 * As shown.
 */
name: string, };

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

export type Project = { 
/**
 * Its id.
 */
id: ProjectId, 
/**
 * When it was created.
 */
created_at: Time, 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Off: takes no more campaigns. On by default.
 */
enabled?: boolean, };

export type ProjectFields = { 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Off: takes no more campaigns. On by default.
 */
enabled?: boolean, };

export type ProjectId = string;

export type Push = { "kind": "hello", "data": Hello } | { "kind": "me", "data": Me } | { "kind": "conversation", "data": ConversationDelta } | { "kind": "gone", "data": Gone } | { "kind": "presence", "data": Presence } | { "kind": "thread", "data": Thread } | { "kind": "chat", "data": Chat } | { "kind": "queue", "data": Queue } | { "kind": "board", "data": Board } | { "kind": "board_delta", "data": BoardDelta } | { "kind": "waiting", "data": Array<WaitingRow> } | { "kind": "waiting_delta", "data": WaitingDelta } | { "kind": "resync" } | { "kind": "reload" } | { "kind": "denied", "data": Denied } | { "kind": "signed_out" } | { "kind": "typing", "data": Typing } | { "kind": "viewers", "data": Viewers } | { "kind": "chat_typing", "data": ChatTyping };

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
 * In mail threads: to whom, about what, as HTML.
 */
mail?: MailDraft, 
/**
 * Counted by whoever writes: one more than what was saved before. The higher one stands.
 */
rev: number, };

export type Queue = { 
/**
 * Which conversation waits.
 */
conversation: ConversationId, 
/**
 * 1 = goes next; none = more than 100 go before.
 */
position: number | null, };

export type QueueReason = "new" | "out_of_hours" | "transferred" | "agent_lost" | "agent_signed_out" | "not_accepted" | "overflowed" | "no_reply" | "moved";

export type Rating = { 
/**
 * 1 (bad) to 5 (good).
 */
score: number, 
/**
 * In words.
 */
comment: string | null, 
/**
 * When it was given or changed.
 */
at: Time, };

export type RatingTotal = { 
/**
 * Where.
 */
campaign: CampaignId, 
/**
 * Whose.
 */
agent: UserId, 
/**
 * How often 1 (bad), 2, 3, 4 and 5 (good).
 */
scores: [number, number, number, number, number], };

export type Readiness = { 
/**
 * Nothing is missing.
 */
ready: boolean, 
/**
 * Every topic, in the order of the screen.
 */
checks: Array<ReadinessCheck>, };

export type ReadinessCheck = { 
/**
 * Which.
 */
topic: ReadinessTopic, 
/**
 * How it stands.
 */
state: ReadinessState, 
/**
 * How many channels, members who receive something, dispositions there are; how many messages are missing.
 */
count: number, 
/**
 * When it opens, for a campaign that is closed now.
 */
opens?: Time, };

export type ReadinessState = "done" | "advised" | "missing";

export type ReadinessTopic = "client" | "channels" | "hours" | "members" | "dispositions" | "messages" | "overflow";

export type Reason = { "is": "offered" } | { "is": "eligible" } | { "is": "higher_penalty" } | { "is": "not_idle" } | { "is": "passed_over" } | { "is": "not_member" } | { "is": "kind" } | { "is": "no_voice" } | { "is": "unknown" } | { "is": "signed_out" } | { "is": "away" } | { "is": "taken_up" } | { "is": "in_call" } | { "is": "busy", 
/**
 * How many.
 */
interactions: number, } | { "is": "has_one" } | { "is": "max_per_agent", 
/**
 * How many.
 */
holding: number, 
/**
 * Of so many.
 */
most: number, } | { "is": "max_of_kind", 
/**
 * So many.
 */
most: number, } | { "is": "skills" } | { "is": "held" } | { "is": "capacity", 
/**
 * Units in use.
 */
used: number, 
/**
 * Units that a call takes.
 */
call: number, 
/**
 * Of so many.
 */
limit: number, 
/**
 * So many are needed.
 */
needed: number, } | { "is": "delay", 
/**
 * Until then.
 */
until: Time, };

export type ReasonCount = { 
/**
 * The word of a reason.
 */
reason: Reason["is"], 
/**
 * How many.
 */
members: number, };

export type Recording = { 
/**
 * The conversation.
 */
conversation: Conversation, 
/**
 * Who attended it, in order.
 */
agents: Array<UserId>, 
/**
 * How many messages and notes it has.
 */
messages: number, 
/**
 * Where the words stand that were looked for; none where only its files hold them.
 */
excerpt?: Excerpt, };

export type RecordingsFound = { 
/**
 * In order.
 */
items: Array<Recording>, 
/**
 * The cursor of what follows.
 */
next: string | null, 
/**
 * With the first page, when what happened lately is not found yet.
 */
behind?: IndexBehind, };

export type Relax = { "is": "drop", 
/**
 * Which.
 */
skills: Array<SkillId>, } | { "is": "lower", 
/**
 * 1 to 9.
 */
by: number, } | { "is": "add", 
/**
 * What.
 */
skill: SkillId, 
/**
 * One of [`LEVELS`].
 */
level: number, };

export type Reply = { 
/**
 * Plain text; may be empty when there are attachments.
 */
text: string, 
/**
 * Uploaded before for this conversation by the same person; at most 10.
 */
attachments?: Array<AttachmentId>, 
/**
 * By mail only: not before this moment, a year ahead at most. It can be withdrawn until then.
 */
send_at?: Time, 
/**
 * By mail only: it leaves after ten seconds and can be withdrawn until then.
 */
undo?: boolean, 
/**
 * By mail only: to whom, about what, as HTML.
 */
mail?: MailFields, };

export type Resource = { 
/**
 * Its id; stays when the file is replaced.
 */
id: ResourceId, 
/**
 * The file at present.
 */
file: Attachment, 
/**
 * When it was created.
 */
created_at: Time, 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * For this campaign of the client only; none = for all of them. Cannot change.
 */
campaign?: CampaignId | null, 
/**
 * What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
 */
shortcut: string, 
/**
 * 1 to 120 characters.
 */
title: string, 
/**
 * The folder it lies in, at most 60 characters; empty = none. There are no folders in folders, and one is there while a file
 * lies in it.
 */
folder?: string, };

export type ResourceFields = { 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * For this campaign of the client only; none = for all of them. Cannot change.
 */
campaign?: CampaignId | null, 
/**
 * What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
 */
shortcut: string, 
/**
 * 1 to 120 characters.
 */
title: string, 
/**
 * The folder it lies in, at most 60 characters; empty = none. There are no folders in folders, and one is there while a file
 * lies in it.
 */
folder?: string, };

export type ResourceId = string;

export type Ring = { 
/**
 * So long after the ring before, or after it began to wait in this campaign; 1 to 86,400 s.
 */
after_seconds: number, 
/**
 * What is given up.
 */
relax: Relax, };

export type Role = "admin" | "supervisor" | "agent" | "auditor";

export type RunnerUp = { 
/**
 * Who; agents are not told.
 */
agent: UserId | null, 
/**
 * Their penalty.
 */
penalty: number, 
/**
 * What they were compared by.
 */
measure: Measure, };

export type Schedule = { 
/**
 * Its id.
 */
id: ScheduleId, 
/**
 * How it stands.
 */
status: ScheduleStatus, 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * The zone in which all its dates and times are meant (IANA name).
 */
zone: string, 
/**
 * At most 100.
 */
weekly: Array<ScheduleInterval>, 
/**
 * At most 500, each date once.
 */
exceptions?: Array<ScheduleException>, 
/**
 * Holidays of a country and own days.
 */
holidays?: ScheduleHolidays, 
/**
 * Stands above everything else while it is in force.
 */
override?: ScheduleOverride | null, };

export type ScheduleDay = { 
/**
 * Which: `2026-12-24`.
 */
date: string, 
/**
 * In order; none = closed.
 */
intervals: Array<ScheduleHours>, 
/**
 * What decides about it.
 */
why: DayOf, 
/**
 * The holiday's name.
 */
name: string | null, };

export type ScheduleException = { 
/**
 * Which date: `2026-12-25`.
 */
date: string, 
/**
 * None = closed all day.
 */
intervals: Array<ScheduleHours>, };

export type ScheduleFields = { 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * The zone in which all its dates and times are meant (IANA name).
 */
zone: string, 
/**
 * At most 100.
 */
weekly: Array<ScheduleInterval>, 
/**
 * At most 500, each date once.
 */
exceptions?: Array<ScheduleException>, 
/**
 * Holidays of a country and own days.
 */
holidays?: ScheduleHolidays, 
/**
 * Stands above everything else while it is in force.
 */
override?: ScheduleOverride | null, };

export type ScheduleHolidays = { 
/**
 * Whose holidays it keeps; none = only its own days.
 */
country?: Country | null, 
/**
 * Single holidays of the country by their key: kept or not, whatever is usual there. At most 50.
 */
switched?: Record<string, boolean>, 
/**
 * Days besides those of the country, or different from them; at most 500, each date once.
 */
days?: Array<ScheduleOwnDay>, };

export type ScheduleHours = { 
/**
 * As in [`ScheduleInterval`].
 */
start: number, 
/**
 * As in [`ScheduleInterval`].
 */
end: number, };

export type ScheduleId = string;

export type ScheduleInterval = { 
/**
 * The day it starts on: `Mon` to `Sun`.
 */
day: "Mon" | "Tue" | "Wed" | "Thu" | "Fri" | "Sat" | "Sun", 
/**
 * Minutes since midnight, 0 to 1439.
 */
start: number, 
/**
 * Minutes since midnight, 1 to 1440; not after `start` = on the next day.
 */
end: number, };

export type ScheduleOverride = { 
/**
 * What it makes of the schedule.
 */
open: boolean, 
/**
 * Since when; now by default.
 */
from?: Time | null, 
/**
 * When it ends by itself; none = when somebody takes it away.
 */
until?: Time | null, 
/**
 * Why, for colleagues: 1 to 120 characters.
 */
reason: string, 
/**
 * Who set it; what is written here is ignored.
 */
by?: UserId | null, };

export type ScheduleOwnDay = { 
/**
 * Which date: `2026-12-24`; where it comes back, the first one.
 */
date: string, 
/**
 * It comes back every year.
 */
yearly?: boolean, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Open then; none = closed all day.
 */
intervals?: Array<ScheduleHours>, };

export type SchedulePreview = { 
/**
 * How it stands.
 */
status: ScheduleStatus, 
/**
 * The next 14 days, overrides aside.
 */
days: Array<ScheduleDay>, 
/**
 * The holidays of the year.
 */
holidays: Array<HolidayRow>, };

export type ScheduleStatus = { 
/**
 * Open now.
 */
open: boolean, 
/**
 * The next change; none = it stays as it is.
 */
until: Time | null, 
/**
 * The next opening, after the coming closing where it is open now; none = there is none.
 */
next_opening: Time | null, 
/**
 * Who opened or closed it by hand; none = nobody, or a program.
 */
override_by: string | null, };

export type Scope = { "kind": "all" } | { "kind": "client", "id": ClientId } | { "kind": "campaign", "id": CampaignId };

export type SendingState = { "is": "off" } | { "is": "working" } | { "is": "full", 
/**
 * When the next mail may leave.
 */
until: Time, 
/**
 * So many left within the hours of the quota.
 */
sent: number, 
/**
 * So many may.
 */
of: number, } | { "is": "failing", 
/**
 * Since when.
 */
since: Time, 
/**
 * Why, a stable code.
 */
code: string, 
/**
 * What the server said: one line of plain text.
 */
words: string | null, 
/**
 * When it tries again; none while nothing waits: with the next mail.
 */
next_try: Time | null, };

export type Service = { 
/**
 * Within how many seconds what comes in should be attended, 1 to 86,400; 60 by default (S4-5).
 */
level_seconds?: number | null, 
/**
 * Of how many in a hundred, 1 to 100; 80 by default.
 */
level_percent?: number | null, 
/**
 * How long the oldest one waits; 60 and 180 by default.
 */
waiting?: Threshold | null, 
/**
 * How long a customer waits for the first reply; 120 and 300 by default.
 */
first_reply?: Threshold | null, 
/**
 * How long a conversation lasts; 1,200 and 2,400 by default.
 */
handling?: Threshold | null, 
/**
 * Only who belongs to a voice campaign may become a member (S4-35). Off by default.
 */
voice_members_only?: boolean | null, };

export type ServiceNow = { 
/**
 * Within how many seconds what comes in should be attended.
 */
goal_seconds: number, 
/**
 * Of how many in a hundred.
 */
goal_percent: number, 
/**
 * From when on the longest wait calls for attention.
 */
waiting: Threshold, 
/**
 * Since midnight, where the client is.
 */
today: ServiceWindow, 
/**
 * In the last 30 minutes.
 */
recent: ServiceWindow, 
/**
 * Waits now for longer than the goal allows.
 */
late: number, 
/**
 * The service level of the last 30 minutes with those counted who are late.
 */
live: number | null, };

export type ServiceWindow = { 
/**
 * Entered the queue.
 */
entered: number, 
/**
 * Accepted by an agent.
 */
answered: number, 
/**
 * Of these, within the goal's time.
 */
in_time: number, 
/**
 * Left unanswered.
 */
abandoned: number, 
/**
 * Of these, so soon (5 s) that they do not count.
 */
abandoned_soon: number, 
/**
 * Left the queue otherwise: to another campaign, at closing time.
 */
flowed_out: number, 
/**
 * In time ÷ (answered + abandoned − abandoned soon), in whole percent, rounded down; none = nobody counts yet.
 */
level: number | null, };

export type Session = { 
/**
 * Its id.
 */
id: SessionId, 
/**
 * When they signed in.
 */
created_at: Time, 
/**
 * When it was last used, to a quarter of an hour.
 */
used_at: Time, 
/**
 * When it ends unless used.
 */
expires_at: Time, 
/**
 * As the browser names itself; anybody can claim anything.
 */
browser: string, 
/**
 * The one that asks.
 */
current: boolean, };

export type SessionId = string;

export type SetFields = { 
/**
 * By field of the conversation's campaign: a text (`2026-11-22` for a date), a number or `true`/`false`, as its kind says; null = taken
 * away.
 */
values: Record<FieldId, FieldValue | null>, };

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

export type Simulation = { 
/**
 * As asked.
 */
seed: number, 
/**
 * What happened on that day; none for an invented one.
 */
recorded?: DayReport | null, 
/**
 * The day simulated as it is: the same customers under today's settings.
 */
before: DayReport, 
/**
 * The same with the changes; none when nothing was to change.
 */
after?: DayReport | null, 
/**
 * Names of the agents in it. Those that a change adds have none.
 */
agents: Array<NamedAgent>, };

export type SimulationChanges = { 
/**
 * Who may get a conversation.
 */
mode?: Mode | null, 
/**
 * Who of those does.
 */
order?: Order | null, 
/**
 * Which goes first.
 */
policy?: Policy | null, 
/**
 * Conversations one agent may have at once, 1 to 10,000.
 */
max_per_agent?: number | null, 
/**
 * At most so many wait, 1 to 1,000,000.
 */
max_waiting?: number | null, 
/**
 * Offers are accepted by themselves.
 */
auto_accept?: boolean | null, 
/**
 * Agents more (who work as others of the campaign do) or less; −1,000 to 1,000.
 */
agents?: number | null, 
/**
 * Open every day between these times instead of by its schedule.
 */
open?: OpenHours | null, };

export type SimulationFields = { 
/**
 * The campaign that is looked at and changed.
 */
campaign: CampaignId, 
/**
 * A recorded day, YYYY-MM-DD by the clocks of the campaign's client. Either this or `load`.
 */
day?: string | null, 
/**
 * An invented day under the campaign's settings.
 */
load?: InventedLoad | null, 
/**
 * What would be different; nothing = the day is shown as it is.
 */
changes?: SimulationChanges | null, 
/**
 * Answered within so many seconds counts for the service level, 1 to 86,400; 20 by default.
 */
threshold_seconds?: number | null, 
/**
 * Decides what is left to chance; 1 by default.
 */
seed?: number | null, };

export type Skill = { 
/**
 * Its id.
 */
id: SkillId, 
/**
 * Whose conversations ask for it; cannot change.
 */
client: ClientId, 
/**
 * 1 to 120 characters.
 */
name: string, };

export type SkillFields = { 
/**
 * Whose conversations ask for it; cannot change.
 */
client: ClientId, 
/**
 * 1 to 120 characters.
 */
name: string, };

export type SkillId = string;

export type SkillLevel = { 
/**
 * Which.
 */
skill: SkillId, 
/**
 * One of [`LEVELS`].
 */
level: number, };

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
 * When it counts as missed; none = it does not.
 */
deadline: Time | null, } | { "is": "active", 
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
 * When it returns to the sender by itself; none = it does not.
 */
deadline: Time | null, } | { "is": "wrap_up", 
/**
 * Who.
 */
agent: UserId, 
/**
 * When it ends by itself; none = it does not.
 */
until: Time | null, 
/**
 * Only by itself.
 */
locked: boolean, } | { "is": "ended", 
/**
 * How.
 */
ending: Ending, 
/**
 * The closing disposition.
 */
disposition: DispositionId | null, };

export type StartChannel = { 
/**
 * Which.
 */
id: ChannelId, 
/**
 * Its kind.
 */
kind: ChannelKind, 
/**
 * As shown.
 */
name: string, };

export type StartConversation = { 
/**
 * In whose name; where one may write first.
 */
campaign: CampaignId, 
/**
 * One of its channel accounts.
 */
channel: ChannelId, 
/**
 * Somebody known, by the address they have on this kind of channel.
 */
contact?: ContactId, 
/**
 * Somebody by their address on this kind of channel; who is not known yet becomes a contact.
 */
address?: string, 
/**
 * What somebody new is called, at most 120 characters.
 */
name?: string, 
/**
 * Whose it is: a member of the campaign. Oneself, unless one answers no customers there.
 */
agent?: UserId, 
/**
 * Plain text; may be empty in a mail with HTML.
 */
text: string, 
/**
 * By mail: about what, to whom else, as HTML.
 */
mail?: StartMail, };

export type StartMail = { 
/**
 * One line, at most 500 characters.
 */
subject: string, 
/**
 * To whom beside the customer. With `cc` and `bcc` at most 100.
 */
to?: Array<MailAddress>, 
/**
 * Who else.
 */
cc?: Array<MailAddress>, 
/**
 * Who else, without the others knowing.
 */
bcc?: Array<MailAddress>, 
/**
 * What it says, as in [`MailFields::html`]; its pictures were uploaded for the channel.
 */
html?: string, 
/**
 * Uploaded before for this channel by the same person; at most 10.
 */
attachments?: Array<AttachmentId>, 
/**
 * Not before this moment, within a year; until then it can be withdrawn.
 */
send_at?: Time, 
/**
 * It leaves after ten seconds and can be withdrawn until then.
 */
undo?: boolean, };

export type Strategy = { 
/**
 * Who may get a conversation; `nocall` by default.
 */
mode?: Mode | null, 
/**
 * Who of those does; `least_loaded` by default.
 */
order?: Order | null, 
/**
 * While fewer members than this may get a conversation, penalties do not matter; 0 to 10,000, 0 by default.
 */
penalty_members_limit?: number | null, 
/**
 * Which conversation goes first; `fifo` by default.
 */
policy?: Policy | null, 
/**
 * `aged`: a minute of waiting counts this many points, each step of priority 100; 0 to 1,000, 10 by default.
 */
points_per_minute?: number | null, 
/**
 * `aged`: nothing counts more than this many points, 0 to 10,000; 300 by default, as much as just arrived and urgent.
 */
most_points?: number | null, 
/**
 * `deadline`: how long one may wait, 1 to 86,400 s; 60 by default.
 */
due_seconds?: number | null, 
/**
 * A conversation goes to the agent who closed the last one of its contact, if that was at most so many days ago and they may
 * get it; before any order. 0 to 365, 0 by default: to anybody.
 */
sticky_days?: number | null, 
/**
 * So long it waits for that agent while they are there but busy, 0 to 3,600 s; 0 by default.
 */
sticky_wait_seconds?: number | null, };

export type SuppressionId = string;

export type SuppressionReason = "complaint" | "manual";

export type SystemDisposition = "inactivity" | "transfer" | "out_of_hours" | "ignored_comment";

export type Template = { 
/**
 * Its id.
 */
id: TemplateId, 
/**
 * Counts its changes, from 1.
 */
version: number, 
/**
 * When it was created.
 */
created_at: Time, 
/**
 * When it was changed last.
 */
updated_at: Time, 
/**
 * Since when it is put away.
 */
archived_at?: Time, 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * For this campaign of the client only; none = for all of them.
 */
campaign?: CampaignId | null, 
/**
 * 1 to 120 characters, unique where it is for.
 */
name: string, 
/**
 * What it is for; cannot change.
 */
purpose: TemplatePurpose, 
/**
 * At most 300 characters; a signature has none.
 */
subject?: string | null, 
/**
 * At most 100,000 characters. It is kept clean: no scripts, no style sheets, no forms; pictures are files uploaded for the
 * client (`/api/v1/attachments/{id}`, at most 20) or `https`.
 */
html?: string | null, 
/**
 * For programs that show no HTML, at most 50,000 characters; none = what the HTML says.
 */
text?: string | null, };

export type TemplateFields = { 
/**
 * Whose; cannot change.
 */
client: ClientId, 
/**
 * For this campaign of the client only; none = for all of them.
 */
campaign?: CampaignId | null, 
/**
 * 1 to 120 characters, unique where it is for.
 */
name: string, 
/**
 * What it is for; cannot change.
 */
purpose: TemplatePurpose, 
/**
 * At most 300 characters; a signature has none.
 */
subject?: string | null, 
/**
 * At most 100,000 characters. It is kept clean: no scripts, no style sheets, no forms; pictures are files uploaded for the
 * client (`/api/v1/attachments/{id}`, at most 20) or `https`.
 */
html?: string | null, 
/**
 * For programs that show no HTML, at most 50,000 characters; none = what the HTML says.
 */
text?: string | null, };

export type TemplateFilled = { 
/**
 * On one line.
 */
subject: string, 
/**
 * Clean; still to be shown without the right to run anything.
 */
html: string, 
/**
 * For programs that show no HTML.
 */
text: string, 
/**
 * Gaps without a value and without what stands in for it: they disappear.
 */
missing: Array<string>, 
/**
 * Names that nobody knows: they stay as they are written.
 */
unknown: Array<string>, };

export type TemplateId = string;

export type TemplatePurpose = "message" | "signature" | "confirmation";

export type TemplateRow = { 
/**
 * Its id.
 */
id: TemplateId, 
/**
 * Whose.
 */
client: ClientId, 
/**
 * For this campaign only.
 */
campaign: CampaignId | null, 
/**
 * As shown in a list.
 */
name: string, 
/**
 * What it is for.
 */
purpose: TemplatePurpose, 
/**
 * Its subject, with gaps.
 */
subject: string, 
/**
 * Counts its changes, from 1.
 */
version: number, 
/**
 * When it was changed last.
 */
updated_at: Time, 
/**
 * Since when it is put away.
 */
archived_at?: Time, };

export type TemplateTest = { 
/**
 * What it says, for whom.
 */
template: TemplateTry, 
/**
 * By which mail account of the same client; it must be switched on.
 */
account: ChannelId, 
/**
 * To this address.
 */
to: string, };

export type TemplateTested = { 
/**
 * Where it went.
 */
to: string, 
/**
 * Its subject, which says that it is a test.
 */
subject: string, 
/**
 * What did not work; none when the server has taken it.
 */
failure: MailTestStep | null, };

export type TemplateTry = { 
/**
 * Whose.
 */
client: ClientId, 
/**
 * As if written there.
 */
campaign?: CampaignId | null, 
/**
 * As if written in this conversation, to its contact.
 */
conversation?: ConversationId | null, 
/**
 * As if written to this contact.
 */
contact?: ContactId | null, 
/**
 * At most 300 characters.
 */
subject?: string | null, 
/**
 * At most 100,000 characters.
 */
html?: string | null, 
/**
 * At most 50,000 characters; none = what the HTML says.
 */
text?: string | null, 
/**
 * Known all the same: at most 100 names, values of at most 1,000 characters.
 */
values?: { [key in string]: string } | null, };

export type TemplateVariable = { 
/**
 * As written: `${name}`.
 */
name: string, 
/**
 * The dynamic field whose value it is, as people call it.
 */
field?: string, 
/**
 * Another way to write this one: made from the field's name, and gone when that changes.
 */
same_as?: string, };

export type Thread = { 
/**
 * Its state; none for a visitor who has not written yet.
 */
conversation: Conversation | null, 
/**
 * The latest messages, in order.
 */
messages: Array<Message>, };

export type Threshold = { 
/**
 * Worth a look, 1 to 86,400.
 */
warn: number, 
/**
 * Act now, 1 to 86,400 and not below `warn`.
 */
act: number, };

export type Time = string;

export type Transfer = { 
/**
 * An agent of a campaign of the same client, who must accept.
 */
agent?: UserId, 
/**
 * The queue of a campaign of the same client.
 */
campaign?: CampaignId, 
/**
 * Whoever of its campaign is good at these: skills of the same client, each once, at most 8.
 */
skills?: Array<SkillLevel>, };

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

export type User = { 
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
name: string, 
/**
 * Preset of permissions.
 */
role: Role, 
/**
 * Where it holds.
 */
scopes: Array<Scope>, 
/**
 * Capacity units as an agent.
 */
capacity: number, 
/**
 * What they are good at.
 */
skills: Array<SkillLevel>, 
/**
 * Off: cannot sign in.
 */
enabled: boolean, 
/**
 * Without one they cannot sign in before they accept an invitation.
 */
has_password: boolean, 
/**
 * Belongs to a voice campaign of the telephone system.
 */
voice: boolean, 
/**
 * When they were created.
 */
created_at: Time, };

export type UserFields = { 
/**
 * 1 to 120 characters without spaces; kept in lower case, unique.
 */
login: string, 
/**
 * 1 to 120 characters.
 */
name: string, 
/**
 * Preset of permissions.
 */
role: Role, 
/**
 * Where it holds, at most 100. An agent works in the campaigns they are a member of; their scopes say who administers
 * them.
 */
scopes?: Array<Scope>, 
/**
 * Capacity units as an agent, 1 to 1,000,000; 100 by default.
 */
capacity?: number, 
/**
 * What they are good at as an agent: each skill once, at most 50.
 */
skills?: Array<SkillLevel>, 
/**
 * Off: cannot sign in, sessions are void. On by default.
 */
enabled?: boolean, 
/**
 * Belongs to a voice campaign of the telephone system (S4-35). Off by default.
 */
voice?: boolean, 
/**
 * Write-only, 8 to 256 characters. Changing it ends all sessions. Without one nobody can sign in as this user.
 */
password?: string, };

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

export type VisitorCard = { 
/**
 * Asked before the chat, in the order of the form.
 */
answers: Array<PreChatAnswer>, 
/**
 * Asked afterwards.
 */
rating: Rating | null, };

export type VisitorId = string;

export type VisitorMessage = { 
/**
 * Plain text; may be empty when there are attachments.
 */
text: string, 
/**
 * How the visitor wants to be called.
 */
name?: string, 
/**
 * Files that this visitor has uploaded, at most 10.
 */
attachments?: Array<AttachmentId>, };

export type VisitorSession = { 
/**
 * To be sent as `Authorization: Bearer` and as the first frame of the socket.
 */
token: string, 
/**
 * Who the visitor is from now on. Who is identified is the same on every device.
 */
visitor: VisitorId, 
/**
 * Identified visitors: when the token stops counting.
 */
expires_at?: Time, };

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

export type WhenFull = "reject" | "overflow" | "leave_message";

export type Why = { 
/**
 * About which conversation.
 */
conversation: ConversationId, 
/**
 * To whom it was offered, the latest first; agents see their own only.
 */
decisions: Array<Offered>, 
/**
 * Who has had it since it was begun from our side; none = the customer wrote first.
 */
begun: WhyBegun | null, 
/**
 * What supervisors did with it while it waited, the latest first; agents see none.
 */
steps: Array<WhyStep>, 
/**
 * How it stands with those who could have it; none when it is not to be given to anybody.
 */
now: Present | null, };

export type WhyBegun = { 
/**
 * Whose it was from the first moment.
 */
agent: UserId, 
/**
 * They had no room for it by the rules.
 */
over_capacity: boolean, };

export type WhyGone = "no_reply" | "inactive" | "consult_ended";

export type WhyPlace = { "is": "waiting", 
/**
 * From 1; none = very far back.
 */
position: number | null, 
/**
 * How many wait there.
 */
of: number, } | { "is": "offered", 
/**
 * To whom.
 */
agent: UserId, };

export type WhySteering = { "is": "moved", 
/**
 * From here; none when that is too long ago.
 */
from: CampaignId | null, 
/**
 * Here.
 */
to: CampaignId, } | { "is": "prioritised", 
/**
 * So urgent.
 */
priority: Priority, };

export type WhyStep = { 
/**
 * When.
 */
at: Time, 
/**
 * Its place in the log.
 */
position: number, 
/**
 * Who; none = a program.
 */
by: UserId | null, 
/**
 * What they did.
 */
what: WhySteering, };

export type WidgetConfig = { 
/**
 * Origins of pages that may show it, beside this server's own.
 */
allowed_origins: Array<string>, 
/**
 * How it looks.
 */
theme: WidgetTheme, 
/**
 * The colour of writing on the theme's colour: black or white, whichever reads better.
 */
on_colour: string, 
/**
 * Which languages it offers, the first is for who speaks none of them.
 */
languages: Array<WidgetLanguage>, 
/**
 * The company's own words.
 */
texts: { [key in WidgetLanguage]?: WidgetTexts }, 
/**
 * Asked before the chat.
 */
pre_chat: Array<WidgetField>, 
/**
 * Asks afterwards how it was.
 */
rating: boolean, 
/**
 * Files may be sent.
 */
attachments: boolean, 
/**
 * The largest of them, in bytes.
 */
max_file_bytes: number, 
/**
 * Within the campaign's hours.
 */
open: boolean, 
/**
 * Out of hours: when it opens next, if it ever does.
 */
opens_at: Time | null, };

export type WidgetField = { 
/**
 * 1 to 40 of `a-z`, `0-9` and `_`; each once.
 */
name: string, 
/**
 * What it takes.
 */
kind: WidgetFieldKind, 
/**
 * The chat does not begin without it.
 */
required?: boolean, 
/**
 * By language, 1 to 80 characters. `name`, `email` and `phone` need none.
 */
labels?: { [key in WidgetLanguage]?: string }, 
/**
 * `choice`: 1 to 20, each 1 to 80 characters.
 */
options?: Array<string>, };

export type WidgetFieldKind = "name" | "email" | "phone" | "text" | "choice";

export type WidgetLanguage = "es" | "en" | "pt-BR";

export type WidgetPosition = "right" | "left";

export type WidgetScheme = "system" | "light" | "dark";

export type WidgetTexts = { 
/**
 * In the header, 1 to 60 characters.
 */
title?: string | null, 
/**
 * What the launcher says, 1 to 40 characters.
 */
launcher?: string | null, 
/**
 * Above an empty thread, 1 to 500 characters.
 */
welcome?: string | null, 
/**
 * While nobody is there, 1 to 500 characters.
 */
out_of_hours?: string | null, };

export type WidgetTheme = { 
/**
 * `#rrggbb`: the launcher, the header, the button that sends. The writing on it is black or white, whichever reads better.
 */
colour: string, 
/**
 * Where the launcher stands.
 */
position: WidgetPosition, 
/**
 * Light or dark.
 */
scheme: WidgetScheme, };

export type WrapUp = "none" | "optional" | "mandatory" | "mandatory_timed" | "timed_without_exit";

export type WritingMode = "reply" | "note";
