/** The chat in the frame, and by itself on a whole page. */

import { render } from 'preact';

import type { ChatMessage } from '@centralita/lib/wire';

import { createChat } from './chat.ts';
import { read, TO_FRAME, type ToFrame, type ToPage } from './protocol.ts';
import { choose, load, type Texts } from './texts.ts';
import { App } from './view.tsx';

/** Messages of the page kept until the settings are here. */
const EARLY = 50;
/** What arrives together is read out together. */
const READ_OUT_AFTER_MS = 400;

const LANGUAGE = 'centralita.widget.language';
const inFrame = window.parent !== window;
const channel = location.pathname.includes('/frame/') ? (location.pathname.split('/').pop() ?? '') : (new URLSearchParams(location.search).get('channel') ?? '');

let texts: Texts | null = null;
let wanted: string[] = [];
let page: string | null = null;
let started = !inFrame;
let spoken = '';
let toSay: string[] = [];
let drawn = false;
let told = 0;

const chat = createChat(channel, draw, announce);

/** Once per frame, however much has changed. */
function draw(): void {
  // A frame that is not shown draws nothing, but counts.
  if (chat.unread !== told) tell({ centralita: 1, kind: 'unread', count: (told = chat.unread) });
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    if (texts) render(<App chat={chat} texts={texts} spoken={spoken} framed={inFrame} speak={speak} close={close} />, document.body);
  });
}

function announce(messages: readonly ChatMessage[]): void {
  if (toSay.length === 0) {
    setTimeout(() => {
      // The same words once more are said once more.
      spoken = toSay.join(' ') + (spoken.endsWith(' ') ? '' : ' ');
      toSay = [];
      draw();
    }, READ_OUT_AFTER_MS);
  }
  for (const { from, text, attachments = [] } of messages) {
    toSay.push(`${texts?.t(from === 'agent' ? 'agent' : 'system')}: ${[text, ...attachments.map(({ name }) => name)].join(' ')}`);
  }
}

async function speak(language: string, remember = false): Promise<void> {
  if (remember) {
    wanted = [language];
    try {
      localStorage.setItem(LANGUAGE, language);
    } catch {
      // Then it holds until the page is closed.
    }
  }
  const next = choose([language, ...navigator.languages], chat.config?.languages ?? ['es', 'en', 'pt-BR']);
  if (texts?.language !== next) texts = await load(next);
  document.documentElement.lang = next;
  document.title = chat.config?.texts[next]?.title ?? texts.t('name');
  draw();
}

function scheme(asked: string): void {
  // What is none of the known ones is as the system says.
  document.documentElement.dataset['scheme'] = asked || (chat.config?.theme.scheme ?? '');
}

function close(): void {
  tell({ centralita: 1, kind: 'close' });
}

/** Only to the page that has shown itself to be one of the company's. */
function tell(message: ToPage): void {
  if (page) window.parent.postMessage(message, page);
}

function heard(message: ToFrame): void {
  switch (message.kind) {
    case 'hello':
      tell({ centralita: 1, kind: 'ready' });
      if (started) return;
      started = true;
      wanted = [...wanted, message.language];
      scheme(message.scheme);
      void speak(wanted[0] ?? '');
      chat.show(message.shown);
      void chat.start(message.identity);
      break;
    case 'identify':
      void chat.start(message.token);
      break;
    case 'forget':
      chat.forget();
      break;
    case 'language':
      void speak(message.language);
      break;
    case 'scheme':
      scheme(message.scheme);
      break;
    case 'shown':
      chat.show(message.shown);
      if (message.shown) focus();
      break;
  }
}

function focus(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('form input, form select, textarea')?.focus());
}

async function begin(): Promise<void> {
  try {
    wanted = [localStorage.getItem(LANGUAGE) ?? []].flat();
  } catch {
    // As if nothing had been chosen.
  }
  scheme('');
  // Whoever speaks before it is known who may is heard afterwards.
  let early: MessageEvent[] | null = [];
  const hear = (event: MessageEvent) => {
    const message = inFrame && event.source === window.parent && read<ToFrame>(event.data, TO_FRAME);
    if (!message) return;
    if (early) {
      if (early.length < EARLY) early.push(event);
      return;
    }
    if (event.origin !== location.origin && !chat.config?.allowed_origins.includes(event.origin)) return;
    page = event.origin;
    heard(message);
  };
  window.addEventListener('message', hear);
  await speak(wanted[0] ?? navigator.language);
  await chat.configure();
  scheme('');
  await speak(wanted[0] ?? navigator.language);
  if (!chat.config) return;
  const waiting = early;
  early = null;
  waiting.forEach(hear);
  // In a frame the page says who, once it has greeted.
  if (inFrame) return;
  chat.show(true);
  await chat.start(null);
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && inFrame && !event.defaultPrevented) close();
});

void begin();
