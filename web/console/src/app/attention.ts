/** A new conversation or message must be impossible to miss: sound, title, mark on the icon, notification, and in words. */

import type { Conversation, Frame } from '@centralita/lib/wire';
import type { State } from '@centralita/lib/store';
import { computed, watch } from 'vue';

import { announce, interrupt } from './announcer.ts';
import { isLookedAt, open, ownerOf, unread } from './conversations.ts';
import { isConsulted, offerOf, offers } from './own.ts';
import { agentName } from './people.ts';
import { now } from './now.ts';
import { connection, me, onFrame, signedIn, state } from './session.ts';
import { settings } from './settings.ts';
import { notify, play } from './sounds.ts';
import { contactName, t, tIn } from './texts.ts';
import { toast } from './toasts.ts';

const REPEAT_MS = 10_000;
const OTHERS_MS = 15_000;
/** The title changes at most this often. */
const MARK_MS = 150;

/** Given to this agent and not looked at yet, with when it sounded last. */
const ringing = new Map<string, number>();
let go: (conversation: string) => void = () => {};
let marking: ReturnType<typeof setTimeout> | undefined;
let otherNews = 0;
let otherTimer: ReturnType<typeof setTimeout> | undefined;

export const waitingForMe = computed(() => [...unread.values()].reduce((sum, count) => sum + count, 0) + offers.value.length);

/** On a break nothing disturbs. */
const quiet = () => {
  const activity = state.value.presence?.activity.is;
  return activity === 'on_break' || activity === 'forced_pause';
};

export function startAttention(openConversation: (conversation: string) => void): void {
  go = openConversation;
  onFrame(heard);
  setInterval(repeat, 1_000);
  watch([signedIn, waitingForMe], () => (marking ??= setTimeout(mark, MARK_MS)));
  watch(connection, (is, was) => {
    if (is === 'offline' && (was === 'reconnecting' || was === 'live')) play('lost');
  });
}

function heard(frame: Frame, before: State, after: State): void {
  if (before === after) return;
  if (frame.kind === 'conversation') cameBack(before.conversations.get(frame.data.conversation.id), frame.data.conversation);
  if (frame.topic !== 'me') return;
  if (frame.kind === 'me') {
    const isFirst = before.user === null;
    for (const conversation of frame.data.conversations) if (!before.mine.has(conversation.id)) given(conversation, !isFirst);
    return;
  }
  if (frame.kind === 'gone') {
    const { conversation: id, why } = frame.data;
    ringing.delete(id);
    const known = before.conversations.get(id);
    if (why && known) toast(tIn('gone', why, { name: contactName(known) }));
  }
  if (frame.kind !== 'conversation') return;
  const { conversation, messages = [] } = frame.data;
  const old = before.conversations.get(conversation.id);
  const isNew = !before.mine.has(conversation.id) || (offerOf(conversation) !== null && (!old || offerOf(old)?.offer !== offerOf(conversation)?.offer));
  if (conversation.standing.is === 'ended' || conversation.standing.is === 'wrap_up') ringing.delete(conversation.id);
  if (isNew) given(conversation, true);
  const texts = messages.filter(({ author }) => author.is === 'contact').map(({ text }) => text);
  if (texts.length > 0 && !isNew) news(conversation, texts);
}

function given(conversation: Conversation, isNews: boolean): void {
  const offer = offerOf(conversation);
  if (!isNews && !offer) return;
  const name = contactName(conversation);
  const text = isConsulted(conversation) ? t('announce.consulted', { name, agent: agentName(ownerOf(conversation.standing) ?? '') }) : t(offer ? 'announce.offer' : 'announce.assigned', { name });
  interrupt(text);
  ring(conversation, text, offer ? 'offer' : 'assigned');
}

/** Given away, and not taken: by whichever topic it is heard first. */
function cameBack(old: Conversation | undefined, conversation: Conversation): void {
  const [was, is] = [old?.standing, conversation.standing];
  if (was?.is !== 'transferring' || was.from !== me.value || is.is === 'transferring' || ownerOf(is) !== me.value) return;
  const text = t('transfer.returned', { name: contactName(conversation), agent: agentName(was.agent) });
  toast(text);
  ring(conversation, text, 'assigned');
}

function ring(conversation: Conversation, text: string, sound: 'offer' | 'assigned'): void {
  if (isLookedAt(conversation.id) || quiet()) return;
  ringing.set(conversation.id, Date.now());
  play(sound);
  notify(conversation, text, go);
}

function news(conversation: Conversation, texts: readonly string[]): void {
  const name = contactName(conversation);
  if (conversation.id === open.value) for (const text of texts) announce(`${name}: ${text}`);
  else {
    otherNews += texts.length;
    otherTimer ??= setTimeout(() => {
      announce(t('announce.others', { count: otherNews }));
      otherNews = 0;
      otherTimer = undefined;
    }, OTHERS_MS);
  }
  if (isLookedAt(conversation.id) || quiet()) return;
  play('message');
  notify(conversation, settings.show_text ? `${name}: ${texts.at(-1)}` : t('notify.message', { name }), go);
}

/** A new conversation sounds until somebody looks at it. */
function repeat(): void {
  for (const [id, at] of ringing) {
    const conversation = state.value.conversations.get(id);
    const offered = conversation && offerOf(conversation) !== null;
    if (!conversation || !state.value.mine.has(id) || (isLookedAt(id) && !offered)) ringing.delete(id);
    else if (settings.repeat && !quiet() && Date.now() - at >= REPEAT_MS && now.value > 0) {
      ringing.set(id, Date.now());
      play(offered ? 'offer' : 'assigned');
    }
  }
}

/** `(3) ● Camila — Centralita`, and the same on the icon. */
function mark(): void {
  marking = undefined;
  const count = signedIn.value ? waitingForMe.value : 0;
  const first = offers.value[0] ?? state.value.conversations.get([...unread.keys()][0] ?? '');
  const name = count > 0 && first ? `● ${contactName(first)} — ` : '';
  document.title = `${count > 0 ? `(${count}) ` : ''}${name}Centralita`;
  document.querySelector<HTMLLinkElement>('#icon')?.setAttribute('href', count > 0 ? '/icon-news.svg' : '/icon.svg');
  const badge = navigator as Navigator & { setAppBadge?: (count: number) => Promise<void>; clearAppBadge?: () => Promise<void> };
  (count > 0 ? badge.setAppBadge?.(count) : badge.clearAppBadge?.())?.catch(() => {});
}

