/** What the rich editor knows: the few marks and blocks that every mail program shows alike. */

import { Mark, mergeAttributes, Node, nodeInputRule, nodePasteRule, type Extensions } from '@tiptap/core';
import Blockquote from '@tiptap/extension-blockquote';
import Bold from '@tiptap/extension-bold';
import Document from '@tiptap/extension-document';
import HardBreak from '@tiptap/extension-hard-break';
import Heading from '@tiptap/extension-heading';
import Image from '@tiptap/extension-image';
import Italic from '@tiptap/extension-italic';
import { BulletList } from '@tiptap/extension-list/bullet-list';
import { ListItem } from '@tiptap/extension-list/item';
import { ListKeymap } from '@tiptap/extension-list/keymap';
import { OrderedList } from '@tiptap/extension-list/ordered-list';
import Paragraph from '@tiptap/extension-paragraph';
import Strike from '@tiptap/extension-strike';
import Text from '@tiptap/extension-text';
import Underline from '@tiptap/extension-underline';
import { Placeholder } from '@tiptap/extensions/placeholder';
import { UndoRedo } from '@tiptap/extensions/undo-redo';

import { isOwnPicture, PASTED, TYPED } from './gaps.ts';

/** What a link may begin with; the server says the same. */
export function linkOf(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === '' || /[\s<>"]/.test(trimmed)) return null;
  if (/^(?:https?:\/\/|tel:|mailto:)/i.test(trimmed)) return trimmed;
  if (/^[a-z][a-z0-9+.-]*:/i.test(trimmed)) return null;
  if (/^[^@/]+@[^@/]+\.[^@/]+$/.test(trimmed)) return `mailto:${trimmed}`;
  return /^[^/]+\.[^/]{2,}/.test(trimmed) ? `https://${trimmed}` : null;
}

const Link = Mark.create({
  name: 'link',
  inclusive: false,
  priority: 1000,
  addAttributes: () => ({ href: { default: null, parseHTML: (element) => linkOf(element.getAttribute('href') ?? '') } }),
  parseHTML: () => [{ tag: 'a[href]', getAttrs: (element) => (linkOf(element.getAttribute('href') ?? '') === null ? false : null) }],
  renderHTML: ({ HTMLAttributes }) => ['a', mergeAttributes(HTMLAttributes), 0],
});

const Picture = Image.extend({
  parseHTML: () => [{ tag: 'img[src]', getAttrs: (element) => (isOwnPicture(element.getAttribute('src') ?? '') ? null : false) }],
  addAttributes: () => ({ src: { default: null }, alt: { default: '' } }),
  // `![alt](address)` would bring pictures from elsewhere.
  addInputRules: () => [],
}).configure({ inline: true });

const Variable = (label: (gap: string) => string) =>
  Node.create({
    name: 'variable',
    group: 'inline',
    inline: true,
    atom: true,
    selectable: true,
    marks: '_',
    addAttributes: () => ({ gap: { default: '', parseHTML: (element) => element.dataset['gap'] ?? '', renderHTML: ({ gap }: { gap?: string }) => ({ 'data-gap': gap ?? '' }) } }),
    parseHTML: () => [{ tag: 'span[data-gap]' }],
    renderHTML: ({ node, HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes, { class: 'rich-gap', contenteditable: 'false' }), label(String(node.attrs['gap']))],
    renderText: ({ node }) => String(node.attrs['gap']),
    addInputRules() {
      return [nodeInputRule({ find: TYPED, type: this.type, getAttributes: ([gap]) => ({ gap }) })];
    },
    addPasteRules() {
      return [nodePasteRule({ find: PASTED, type: this.type, getAttributes: ([gap]) => ({ gap }) })];
    },
  });

export function extensions({ placeholder, label }: { placeholder: () => string; label: (gap: string) => string }): Extensions {
  return [
    Document, Paragraph, Text, HardBreak, Bold, Italic, Underline, Strike, Link, Blockquote, BulletList, OrderedList, ListItem, ListKeymap,
    Heading.configure({ levels: [1, 2, 3] }), Picture, Variable(label), UndoRedo, Placeholder.configure({ placeholder }),
  ];
}
