/**
 * The document in which a mail's HTML is shown: a frame where nothing runs and nothing is fetched.
 *
 * What comes from the server is clean already; here it is cleaned a second time by another hand, and then it would still be harmless:
 * - the frame's sandbox forbids scripts, forms, plugins and leaving the frame; links open in a tab of their own that knows nothing of us;
 * - its policy fetches nothing at all, and pictures only out of this page's memory (`blob:`), so whatever is shown was asked for here;
 * - it also stands under the console's own policy, which frames with a document inside inherit: `style` attributes count for nothing there,
 *   so the styles that were kept are set one by one.
 *
 * The frame is of our own origin (`allow-same-origin`) and must be: only so its height can be measured and its pictures be handed over
 * without a script in it. That is sound because `allow-scripts` is not there: nothing in the frame can make use of the origin.
 */
import DOMPurify, { type Config } from 'dompurify';

export const SANDBOX = 'allow-same-origin allow-popups allow-popups-to-escape-sandbox';
const POLICY = "default-src 'none'; img-src blob:; base-uri 'none'; form-action 'none'";
export const PAGE = `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="referrer" content="no-referrer"><title></title></head><body></body></html>`;

/** Paper is white, in the dark as well: mails bring colours that were chosen for it. */
const STYLE = `
:root { color-scheme: light; background: #fff; color: #17202a; font: 14px/1.5 Inter, system-ui, sans-serif; }
body { margin: 0; padding: 12px; overflow-wrap: break-word; overflow-x: auto; overflow-y: hidden; display: flow-root; }
img { max-width: 100%; height: auto; }
img:not([src]) { display: inline-block; min-width: 12px; min-height: 12px; outline: 1px dashed #7c8a96; outline-offset: -1px; color: #4a5763; font-size: 12px; }
pre { white-space: pre-wrap; }
blockquote { margin: 0 0 0 4px; padding-left: 10px; border-left: 2px solid #d5dce3; }
table { max-width: 100%; }
a { color: #4047b8; }
details > summary { display: inline-block; margin: 6px 0; padding: 0 8px; border-radius: 8px; background: #e9edf1; color: #4a5763; font: 600 14px/18px system-ui, sans-serif; cursor: pointer; list-style: none; }
details > summary:focus-visible { outline: 2px solid #4047b8; outline-offset: 1px; }
@media print { body { padding: 0; } details > summary { display: none; } }
`;

/** The elements that the server keeps. */
const TAGS = 'a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q s samp section small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var wbr time nav summary details'.split(' ');
const ATTRIBUTES = 'align alt bgcolor border cellpadding cellspacing color colspan dir face height lang rowspan size title valign width style data-style id href data-part data-remote data-background data-fold'.split(' ');

const RULES: Config = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  // Values of the others are no addresses.
  ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== 'href'),
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|#m-)/i,
  RETURN_DOM_FRAGMENT: true,
};

/** What the mail's HTML shows from elsewhere. */
export interface Sources {
  /** File n of the mail, to be shown in its place. */
  readonly part: (number: number) => Promise<string | null>;
  /** Picture n of the world outside; asked for only after somebody wants to see them. */
  readonly remote: (number: number) => Promise<string | null>;
}

export interface Shown {
  /** Loads the pictures of the world outside. */
  readonly load: () => Promise<void>;
}

/** Tags as the server writes them. */
const TAG = /<[a-z][a-z0-9]*(?:\s+[a-z-]+="[^"]*")+\s*>/gi;

/** Cleaned, in no document yet; nothing of it was loaded. Styles are put by, so that the console's policy has nothing to say about them. */
function cleaned(written: string): DocumentFragment {
  const html = written.replace(TAG, (tag) => tag.replaceAll(' style="', ' data-style="'));
  // A frameset leaves nothing at all.
  return (DOMPurify.sanitize(html, RULES) as unknown as DocumentFragment | null) ?? document.createDocumentFragment();
}

const numberOf = (element: Element, name: string): number => Number(element.getAttribute(name) ?? Number.NaN);

/** Puts a mail on the paper. `more` names what opens a quote. */
export function show(paper: Document, html: string, sources: Sources, more: string): Shown {
  const sheet = new (paper.defaultView as Window & typeof globalThis).CSSStyleSheet();
  sheet.replaceSync(STYLE);
  paper.adoptedStyleSheets = [sheet];

  const mail = cleaned(html);
  const styles = new Map<HTMLElement, string>();
  const backgrounds = new Map<HTMLElement, number>();
  const remote = new Map<HTMLImageElement, number>();
  const parts = new Map<HTMLImageElement, number>();
  for (const element of mail.querySelectorAll<HTMLElement>('*')) {
    for (const name of ['style', 'data-style']) {
      const style = element.getAttribute(name);
      if (style !== null) styles.set(element, style);
      element.removeAttribute(name);
    }
    const background = numberOf(element, 'data-background');
    if (Number.isInteger(background)) backgrounds.set(element, background);
    if (element instanceof HTMLImageElement || element.localName === 'img') {
      const image = element as HTMLImageElement;
      const [part, outside] = [numberOf(element, 'data-part'), numberOf(element, 'data-remote')];
      if (Number.isInteger(part)) parts.set(image, part);
      else if (Number.isInteger(outside)) remote.set(image, outside);
    }
    const href = element.getAttribute('href');
    if (href?.startsWith('#')) {
      // In a frame without an address this would lead back into the console.
      element.removeAttribute('href');
    } else if (href !== null) {
      element.setAttribute('target', '_blank');
      element.setAttribute('rel', 'noopener noreferrer nofollow');
    }
  }
  for (const folded of mail.querySelectorAll('[data-fold]')) fold(folded, mail, more);
  paper.body.replaceChildren(paper.adoptNode(mail));
  for (const [element, style] of styles) setStyle(element, style);
  for (const [image, part] of parts) void sources.part(part).then((src) => src !== null && (image.src = src));
  return {
    load: async () => {
      const images = [...remote].map(async ([image, number]) => {
        const src = await sources.remote(number);
        if (src !== null) image.src = src;
      });
      const behind = [...backgrounds].map(async ([element, number]) => {
        const src = await sources.remote(number);
        if (src !== null) element.style.backgroundImage = `url("${src}")`;
      });
      await Promise.all([...images, ...behind]);
    },
  };
}

/** A style without anything that fetches or leaves its place. */
function setStyle(element: HTMLElement, text: string): void {
  const { style } = element;
  style.cssText = text;
  for (const name of [...style]) {
    if (/url|image|expression|attr\(|var\(/i.test(style.getPropertyValue(name)) || /^(position|z-index|inset|content|behavior|-|cursor|animation|transition|filter)/.test(name)) style.removeProperty(name);
  }
}

/** What was said before, or a signature, closed up; `rest` = all that follows. The browser opens it by itself. */
function fold(element: Element, mail: DocumentFragment, more: string): void {
  if (!element.isConnected && !mail.contains(element)) return;
  // What is folded already needs no second fold.
  if (element.parentElement?.closest('details')) return;
  const rest = element.getAttribute('data-fold') === 'rest';
  const within = element.parentElement;
  if (within && /^(table|tbody|thead|tfoot|tr|ul|ol|dl|colgroup)$/.test(within.localName)) return;
  const details = element.ownerDocument.createElement('details');
  const summary = element.ownerDocument.createElement('summary');
  summary.textContent = '···';
  summary.title = more;
  summary.setAttribute('aria-label', more);
  element.before(details);
  details.append(summary);
  let next: ChildNode | null = element as ChildNode;
  do {
    const following: ChildNode | null = next.nextSibling;
    details.append(next);
    next = rest ? following : null;
  } while (next);
  if (!rest) return;
  for (let above = details.parentElement; above && !/^(td|th|li)$/.test(above.localName); above = above.parentElement) {
    while (above.nextSibling) details.append(above.nextSibling);
  }
}
