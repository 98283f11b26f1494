/** What screen readers hear: one polite and one assertive region, empty at start, plain text only. */

import { h } from './dom.ts';

const BATCH_MS = 1_000;
const CLEAR_MS = 5_000;

export class Announcer {
  readonly element = h('div', { class: 'unseen' });
  readonly #polite = h('div', { 'aria-live': 'polite', 'aria-atomic': 'true' });
  readonly #assertive = h('div', { 'aria-live': 'assertive', 'aria-atomic': 'true' });
  #waiting: string[] = [];
  #clearing: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.element.append(this.#polite, this.#assertive);
  }

  /** What comes within a second is said in one go. */
  say(text: string): void {
    this.#waiting.push(text);
    if (this.#waiting.length > 1) return;
    setTimeout(() => {
      this.#polite.textContent = this.#waiting.join('. ');
      this.#waiting = [];
    }, BATCH_MS);
  }

  /** Interrupts: only for what cannot wait. */
  interrupt(text: string): void {
    this.#assertive.textContent = text;
    // The same words may be news again.
    clearTimeout(this.#clearing);
    this.#clearing = setTimeout(() => (this.#assertive.textContent = ''), CLEAR_MS);
  }
}
