/**
 * The script on the pages of others: a launcher in a shadow root, the chat in a frame that is made when it is first opened.
 *
 * It works under a policy that allows this server and nothing else: no inline style, no inline script, no eval, no markup from
 * text; its style sheet is made by code and adopted.
 */

import { name } from '../locales/widget/es.json';
import type { WidgetConfig } from '../lib/wire/wire.ts';
import css from './loader.css?inline';
import type { ToFrame } from './protocol.ts';

type Settings = Partial<Pick<WidgetConfig, 'theme' | 'on_colour' | 'texts' | 'languages'>>;
type Call = [command: string, argument?: unknown];

const script = (document.currentScript ?? document.querySelector('script[data-channel][src*="/widget/loader.js"]')) as HTMLScriptElement | null;
const api = window as unknown as { centralita?: { (...call: Call): void; q?: ArrayLike<unknown>[]; up?: true } };

if (script?.dataset['channel'] && !api.centralita?.up) start(script, script.dataset['channel']);

function start(script: HTMLScriptElement, channel: string): void {
  const origin = new URL(script.src).origin;
  const used = `centralita.used.${channel}`;
  let settings: Settings = {};
  let language = script.dataset['language'] || document.documentElement.lang || navigator.language;
  let scheme = script.dataset['scheme'] ?? '';
  let identity: string | null = null;
  let frame: HTMLIFrameElement | null = null;
  let ready = false;
  let shown = false;
  let unread = 0;

  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement('button');
  const label = document.createElement('span');
  const badge = document.createElement('b');
  const panel = document.createElement('div');
  const status = document.createElement('p');
  button.type = 'button';
  button.append(bubble(), label, badge);
  badge.ariaHidden = 'true';
  panel.hidden = true;
  status.role = 'status';
  root.append(panel, button, status);

  const post = (message: ToFrame) => {
    if (ready) frame?.contentWindow?.postMessage(message, origin);
  };
  function show(): void {
    const { theme, languages = [], texts } = settings;
    const spoken = languages.find((one) => one.slice(0, 2) === language.slice(0, 2).toLowerCase()) ?? languages[0];
    const own = spoken && texts?.[spoken]?.launcher;
    const news = !shown && unread > 0 ? (unread > 9 ? '9+' : `${unread}`) : '';
    label.textContent = shown ? '✕' : (own ?? '');
    badge.textContent = news;
    button.ariaLabel = (own ?? name) + (news && ` (${news})`);
    // Who does not see the badge hears of it.
    status.textContent = news && button.ariaLabel;
    button.ariaExpanded = `${shown}`;
    host.lang = spoken ?? '';
    host.className = `${shown ? 'open ' : ''}${theme?.position ?? ''}`;
    host.style.setProperty('--fill', theme?.colour ?? '#4047b8');
    host.style.setProperty('--on', settings.on_colour ?? '#fff');
  }

  function load(): void {
    if (frame) return;
    frame = document.createElement('iframe');
    frame.title = name;
    frame.src = `${origin}/widget/frame/${encodeURIComponent(channel)}`;
    frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads');
    panel.append(frame);
    // Its script has run by then; before, it has another origin, which must hear nothing.
    frame.onload = () => {
      frame?.contentWindow?.postMessage({ centralita: 1, kind: 'hello', language, scheme, shown, identity } satisfies ToFrame, origin);
    };
  }

  function turn(open: boolean): void {
    if (open === shown) return;
    shown = open;
    if (open) {
      load();
      remember('1');
    }
    panel.hidden = !open;
    if (open) unread = 0;
    show();
    post({ centralita: 1, kind: 'shown', shown });
    if (open) frame?.focus();
    else button.focus();
  }

  function remember(value: string | null): void {
    try {
      if (value) localStorage.setItem(used, value);
      else localStorage.removeItem(used);
    } catch {
      // Then the chat is loaded when it is opened, and no badge shows before.
    }
  }

  function run([command, argument]: Call): void {
    const text = String((typeof argument === 'object' && argument !== null ? (argument as { token?: unknown }).token : argument) ?? '');
    if (command === 'open' || command === 'close') turn(command === 'open');
    else if (command === 'identify' && text) post({ centralita: 1, kind: 'identify', token: (identity = text) });
    else if (command === 'forget') {
      identity = null;
      remember(null);
      if (frame) post({ centralita: 1, kind: 'forget' });
    } else if (command === 'language') {
      post({ centralita: 1, kind: 'language', language: (language = text) });
      show();
    } else if (command === 'scheme') post({ centralita: 1, kind: 'scheme', scheme: (scheme = text) });
  }

  addEventListener('message', (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    // Only these three, in exactly this form.
    const { centralita, kind, count } = Object(event.data);
    if (centralita !== 1) return;
    if (kind === 'ready') {
      // What was said since the greeting was made is said again.
      ready = true;
      if (identity) post({ centralita: 1, kind: 'identify', token: identity });
      post({ centralita: 1, kind: 'shown', shown });
    } else if (kind === 'close') turn(false);
    else if (kind === 'unread' && Number.isInteger(count)) {
      unread = shown ? 0 : count;
      show();
    }
  });
  button.addEventListener('click', () => turn(!shown));

  const early = api.centralita?.q ?? [];
  api.centralita = Object.assign((...call: Call) => run(call), { up: true as const });
  const begin = () => {
    document.body.append(host);
    show();
    for (const call of early) run(Array.from(call) as Call);
    let before: string | null = null;
    try {
      before = localStorage.getItem(used);
    } catch {
      // As if it were the first time.
    }
    if (before) load();
  };
  if (document.body) begin();
  else addEventListener('DOMContentLoaded', begin);

  fetch(`${origin}/widget/v1/${encodeURIComponent(channel)}/config`, { credentials: 'omit' })
    .then((answer) => (answer.ok ? answer.json() : {}))
    .then((found: Settings) => {
      settings = found;
      show();
    })
    // A policy without this server in `connect-src`: the product's own look.
    .catch(() => {});
}

/** The picture on the launcher, made without markup. */
function bubble(): SVGElement {
  const make = (tag: string, name: string, value: string) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement;
    element.setAttribute(name, value);
    return element;
  };
  const svg = make('svg', 'viewBox', '0 0 24 24');
  svg.append(make('path', 'd', 'M4 4h16v12H8l-4 4z'));
  return svg;
}
