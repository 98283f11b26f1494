/** Gaps of a template (`lib/template.ts`) as the editor shows them: `%name%` and `${name|there}` in the HTML, chips on the screen. */

/** What can stand in a gap. */
export interface Variable {
  /** As written: `${name}`. */
  readonly name: string;
  /** As people call it. */
  readonly label: string;
  /** For example. */
  readonly sample?: string;
  /** Another way to write one that is there: known, and not offered. */
  readonly alias?: boolean;
}

const NAME = '[\\p{L}][\\p{L}\\p{N}_.-]{0,59}';
const BRACES = `\\$\\{(?:${NAME})(?:\\|[^{}<>]{0,200})?\\}`;
const PERCENT = `%(?:[a-z][a-z0-9_.-]{0,59})%`;
/** At the end of what is typed. */
export const TYPED = new RegExp(`(?:${BRACES})$`, 'u');
export const PASTED = new RegExp(BRACES, 'gu');

export interface Gap {
  readonly name: string;
  /** Shown where nothing is known. */
  readonly fallback: string;
}

export function gapOf(text: string): Gap {
  if (text.startsWith('%')) return { name: text.slice(1, -1), fallback: '' };
  const inside = text.slice(2, -1);
  const at = inside.indexOf('|');
  return at < 0 ? { name: inside, fallback: '' } : { name: inside.slice(0, at), fallback: inside.slice(at + 1) };
}

/** A fallback ends at the first brace, and must not look like another gap. */
export const gapText = ({ name, fallback }: Gap): string => (fallback.trim() === '' ? `\${${name}}` : `\${${name}|${fallback.replace(/[{}<>]/g, '').trim().slice(0, 200)}}`);

const OF_A_PAGE = /<style\b[^]*?(?:<\/style\s*>|$)|<(?:base|meta|link)\b[^>]*>?/gi;

/**
 * HTML that can be taken apart here: styles and handlers get other names, `data-style` and `data-on…`. They would do nothing in a
 * document that is not shown, but the page's policy has the browser complain of each. What is a page's, such as style sheets, goes:
 * no mail keeps it.
 */
export const inert = (html: string): string =>
  html.replace(OF_A_PAGE, '').replace(/<[a-z](?:"[^"]*"|'[^']*'|[^>"'])*>/gi, (tag) => tag.replace(/("[^"]*"|'[^']*')|([\s/])(style|on[a-z]+)(?=\s*=)/gi, (whole, quoted: string | undefined, before: string, name: string) => (quoted === undefined ? `${before}data-${name}` : whole)));

const parsed = (html: string) => new DOMParser().parseFromString(inert(html), 'text/html').body;

/** Every gap that people can have meant: in braces any name, between percent signs only those that are known. */
export function gapsIn(text: string, known: ReadonlySet<string>): { readonly gap: string; readonly at: number }[] {
  const found = [...text.matchAll(new RegExp(`${BRACES}|${PERCENT}`, 'gu'))].map((match) => ({ gap: match[0], at: match.index }));
  return found.filter(({ gap }) => gap.startsWith('$') || known.has(gapOf(gap).name));
}

/** With an element in place of each gap of the text; addresses keep theirs as they are. */
export function withChips(html: string, known: ReadonlySet<string>): string {
  const body = parsed(html);
  const texts = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  while (texts.nextNode()) nodes.push(texts.currentNode as Text);
  for (const node of nodes) {
    for (const { gap, at } of gapsIn(node.data, known).reverse()) {
      const chip = body.ownerDocument.createElement('span');
      chip.dataset['gap'] = gap;
      const tail = node.splitText(at);
      tail.data = tail.data.slice(gap.length);
      tail.before(chip);
    }
  }
  return body.innerHTML;
}

export function withoutChips(html: string): string {
  const body = parsed(html);
  for (const chip of body.querySelectorAll<HTMLElement>('[data-gap]')) chip.replaceWith(chip.dataset['gap'] ?? '');
  body.normalize();
  return body.innerHTML;
}

const RICH = new Set(['P', 'BR', 'STRONG', 'B', 'EM', 'I', 'U', 'S', 'DEL', 'STRIKE', 'A', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'H1', 'H2', 'H3', 'IMG', 'DIV', 'SPAN']);
/** Whether the editor keeps all of it: not tables, colours, pictures from elsewhere. */
export function isRich(html: string): boolean {
  const all = [...parsed(html).querySelectorAll('*')];
  return html.search(OF_A_PAGE) < 0 && all.every((one) => RICH.has(one.tagName) && !one.hasAttribute('data-style') && !one.hasAttribute('align') && !one.hasAttribute('bgcolor') && (one.tagName !== 'IMG' || isOwnPicture(one.getAttribute('src') ?? '')));
}

/** A file that was uploaded, or a part of the mail. */
export const isOwnPicture = (src: string): boolean => /^(?:\/api\/v1\/attachments\/[0-9a-f-]{36}|cid:[^\s"'<>]+)$/.test(src);
