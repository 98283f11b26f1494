/** What the agent is doing, since when, and the way to change it. */

import { clock, type Texts } from '@centralita/lib/i18n';
import type { Presence, Profile, SetPresence } from '@centralita/lib/wire';

import { h, setAttribute, setOptions, setText, type Option } from '../ui/dom.ts';
import { activityText } from '../ui/words.ts';

const AVAILABLE = 'available';
/** The present state when it cannot be chosen. */
const AS_IT_IS = 'as_it_is';

export class PresenceControl {
  readonly #select: HTMLSelectElement;
  readonly #since = h('span', { class: 'clock' });
  readonly element: HTMLElement;
  #busy = false;

  constructor(
    readonly texts: Texts,
    readonly set: (presence: SetPresence) => Promise<void>,
  ) {
    this.#select = h('select', { onchange: () => void this.#choose() });
    this.element = h(
      'div',
      { class: 'presence' },
      h('label', {}, h('span', { class: 'unseen' }, texts.t('presence.label')), this.#select),
      this.#since,
    );
  }

  show(presence: Presence | null, profile: Profile, now: number): void {
    const activity = presence?.activity ?? { is: 'signed_out' as const };
    const current = activity.is === 'available' ? AVAILABLE : activity.is === 'on_break' ? activity.kind : AS_IT_IS;
    const breakName = (kind: string) => profile.breaks.find(({ id }) => id === kind)?.name;
    const options: Option[] = [
      { value: AVAILABLE, text: this.texts.t('activity.available') },
      ...profile.breaks.map(({ id, name }) => ({ value: id, text: name })),
    ];
    if (!options.some(({ value }) => value === current)) {
      options.unshift({ value: current, text: activityText(this.texts, activity, breakName), disabled: true });
    }
    setOptions(this.#select, options);
    if (!this.#busy && this.#select.value !== current) this.#select.value = current;
    // Only a supervisor ends a forced pause.
    this.#select.disabled = presence === null || activity.is === 'forced_pause';
    setAttribute(this.element, 'data-activity', activity.is);
    setText(this.#since, presence === null ? '' : clock(now - Date.parse(presence.since)));
  }

  async #choose(): Promise<void> {
    const { value } = this.#select;
    this.#busy = true;
    try {
      await this.set(value === AVAILABLE ? { available: true } : { break_id: value });
    } finally {
      this.#busy = false;
    }
  }
}
