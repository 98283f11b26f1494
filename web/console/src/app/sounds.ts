/** What makes people look up. Sounds, made here: no files, each under a second, each different. Every sound has something to be seen as well. */

import type { Conversation } from '@centralita/lib/wire';
import { ref } from 'vue';

import { leads } from './leader.ts';
import { settings, type SoundName } from './settings.ts';
import { t } from './texts.ts';

/** Pitch in Hz and start and length in seconds of each tone. */
const TUNES: Record<SoundName, readonly (readonly [number, number, number])[]> = {
  assigned: [[660, 0, 0.16], [880, 0.16, 0.16], [1175, 0.32, 0.3]],
  offer: [[784, 0, 0.12], [1047, 0.14, 0.12], [784, 0.28, 0.12], [1047, 0.42, 0.22]],
  message: [[988, 0, 0.12]],
  warning: [[440, 0, 0.2], [392, 0.24, 0.3]],
  lost: [[330, 0, 0.22], [247, 0.24, 0.4]],
};

/** Many messages at once are one sound. */
const SHORTEST_GAP_MS = 1_000;
const playedAt: Partial<Record<SoundName, number>> = {};
let context: AudioContext | undefined;
/** Browsers play nothing before the first click or key. */
export const unlocked = ref(false);

export function unlockSounds(): void {
  try {
    context ??= new AudioContext();
    void context.resume().then(() => (unlocked.value = context?.state === 'running'));
  } catch {
    // A computer without any sound device.
  }
}

for (const event of ['pointerdown', 'keydown'] as const) window.addEventListener(event, unlockSounds, { once: true, capture: true });

/** Plays for the person of this browser, once over all tabs. */
export function play(name: SoundName): void {
  if (!leads.value || !settings.sounds[name] || Date.now() - (playedAt[name] ?? 0) < SHORTEST_GAP_MS) return;
  playedAt[name] = Date.now();
  sound(name);
}

/** Plays here and now. */
export function sound(name: SoundName): void {
  document.dispatchEvent(new CustomEvent('centralita:sound', { detail: name }));
  if (!context || context.state !== 'running' || settings.volume === 0) return;
  const start = context.currentTime + 0.01;
  for (const [pitch, after, length] of TUNES[name]) {
    const [tone, gain] = [context.createOscillator(), context.createGain()];
    const at = start + after;
    tone.type = 'triangle';
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime((settings.volume / 100) * 0.4, at + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.001, at + length);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + length + 0.02);
  }
}

/** On the desktop, while nobody looks at the browser. */
export function notify(conversation: Pick<Conversation, 'id' | 'channel_kind'>, text: string, go: (conversation: string) => void = () => {}): void {
  if (!leads.value || !settings.notifications || document.hasFocus()) return;
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const note = new Notification(text, { body: t(`channel.${conversation.channel_kind}`), tag: conversation.id, icon: '/icon.svg' });
  note.onclick = () => {
    window.focus();
    go(conversation.id);
    note.close();
  };
}
