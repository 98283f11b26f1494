/** The texts of the screens, in the language in force. Reading one while drawing follows a change of language. */

import { isSignedOut, ProblemError } from '@centralita/lib/api';
import { chooseLanguage, loadTexts, rememberedLanguage, rememberLanguage, type Extra, type Key, type Language, type Texts, type Values } from '@centralita/lib/i18n';
import type { Conversation } from '@centralita/lib/wire';
import { shallowRef } from 'vue';

const current = shallowRef<Texts>();

export type { Key, Language };

export function texts(): Texts {
  if (!current.value) throw new Error('texts are loaded first');
  return current.value;
}

export function t(key: Key, values?: Values): string {
  return texts().t(key, values);
}

/** With what follows a state as the end of its key. */
export function tIn(family: string, word: string, values?: Values): string {
  return t(`${family}.${word}` as Key, values);
}

export async function startTexts(): Promise<void> {
  await setLanguage(chooseLanguage(navigator.languages, rememberedLanguage()), false);
}

const extras = new Set<Extra>();
/** One after the other, so that the last one has all of them. */
let loading: Promise<unknown> = Promise.resolve();
function loadExtra(extra: Extra): Promise<unknown> {
  if (extras.has(extra)) return loading;
  extras.add(extra);
  loading = loading.catch(() => {}).then(async () => (current.value = await loadTexts(texts().language, extras)));
  // What did not come is asked for again the next time.
  loading.catch(() => extras.delete(extra));
  return loading;
}
/** Before administration is shown, and what belongs to it. */
export const loadAdminTexts = (): Promise<unknown> => loadExtra('admin');
/** Before a mail is shown or written. */
export const loadMailTexts = (): Promise<unknown> => loadExtra('mail');

export async function setLanguage(language: Language, remember = true): Promise<void> {
  if (remember) rememberLanguage(language);
  current.value = await loadTexts(language, extras);
  document.documentElement.lang = language;
}

/** What went wrong, for the person who tried. */
export function problemText(error: unknown): string {
  if (!(error instanceof ProblemError)) return t('problem.unreachable');
  if (isSignedOut(error)) return t('error.signed_out_session');
  // Of a form it is the first field at fault that says something.
  return codeText(error.code === 'invalid' ? (error.fields[0]?.code ?? error.code) : error.code);
}

/** Codes that people meet have their own sentence, the rest share one that names the code. */
export function codeText(code: string): string {
  const key = `error.${code}`;
  return key in texts().catalogue ? t(key as Key) : t('problem.other', { code });
}

/** Visitors of a web chat have no address but a long random one: its end tells them apart. */
export function addressText(address: string): string {
  const visitor = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(address);
  return visitor ? t('contact.visitor', { code: address.slice(-4).toUpperCase() }) : address;
}

export function contactName({ contact_name, contact_address }: Pick<Conversation, 'contact_name' | 'contact_address'>): string {
  return contact_name || addressText(contact_address) || t('contact.unknown');
}

/** What numbers mean here: cached, because making one is slow. */
const numbers = new Map<string, Intl.NumberFormat>();
export function number(value: number): string {
  const { language } = texts();
  let format = numbers.get(language);
  if (!format) numbers.set(language, (format = new Intl.NumberFormat(language)));
  return format.format(value);
}

const collators = new Map<string, Intl.Collator>();
/** The order of names for people. */
export function byName<T extends { readonly name: string }>(one: T, other: T): number {
  const language = current.value?.language ?? 'es';
  let collator = collators.get(language);
  if (!collator) collators.set(language, (collator = new Intl.Collator(language, { numeric: true })));
  return collator.compare(one.name, other.name);
}
