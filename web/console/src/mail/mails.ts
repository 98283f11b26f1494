/** Mails as they are shown: read when they are opened, kept for a while, and forgotten with the session. */

import type { MailView } from '@centralita/lib/wire';
import { reactive, shallowRef } from 'vue';

import { api, onLeave } from '../app/session.ts';

export type AnswerKind = 'reply' | 'reply_all' | 'forward';

const KEPT = 60;
const read = new Map<string, Promise<MailView>>();
/** Mails whose pictures somebody wanted to see; until they sign out or load the page again. */
const withPictures = reactive(new Set<string>());
/** A mail is to be answered or passed on. */
export const asked = shallowRef<{ readonly conversation: string; readonly kind: AnswerKind; readonly about: string | null } | null>(null);

onLeave(() => {
  read.clear();
  withPictures.clear();
  asked.value = null;
});

export const mailPath = (conversation: string, message: string): string => `/api/v1/conversations/${conversation}/messages/${message}/mail`;

export function mailOf(conversation: string, message: string): Promise<MailView> {
  const known = read.get(message);
  if (known) return known;
  const asking = api.get<MailView>(mailPath(conversation, message));
  read.set(message, asking);
  // What failed is asked again the next time.
  asking.catch(() => read.delete(message));
  if (read.size > KEPT) read.delete(read.keys().next().value ?? '');
  return asking;
}

/** It may be another now. */
export const forgetMail = (message: string): void => void read.delete(message);

export const showsPictures = (message: string): boolean => withPictures.has(message);
export const showPictures = (message: string): void => void withPictures.add(message);

/** A picture in this page's memory; the address ends with whoever asked for it. */
export class Blobs {
  readonly #urls = new Map<string, Promise<string | null>>();
  #over = false;

  of(path: string, method: 'GET' | 'POST'): Promise<string | null> {
    const known = this.#urls.get(path);
    if (known) return known;
    const asking = this.#fetch(path, method);
    this.#urls.set(path, asking);
    return asking;
  }

  async #fetch(path: string, method: 'GET' | 'POST'): Promise<string | null> {
    try {
      const answer = await fetch(path, { method, credentials: 'same-origin' });
      const type = answer.headers.get('content-type') ?? '';
      if (!answer.ok || !/^image\/(?!svg)/.test(type)) return null;
      const url = URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type }));
      if (!this.#over) return url;
      URL.revokeObjectURL(url);
    } catch {
      // Then it is not shown.
    }
    return null;
  }

  end(): void {
    this.#over = true;
    for (const asking of this.#urls.values()) void asking.then((url) => url !== null && URL.revokeObjectURL(url));
  }
}
