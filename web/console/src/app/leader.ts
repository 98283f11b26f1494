/** Of all tabs of one browser, one makes sounds and notifications. */

import { ref } from 'vue';

export const leads = ref(false);

const NAME = 'centralita.sounding';
const BEAT_MS = 1_000;
const DEAD_MS = 3_500;

export function standForLeader(): void {
  // Locks exist on secure origins only; a console on http://10.0.0.5 has none.
  if (navigator.locks) {
    void navigator.locks.request(NAME, () => {
      leads.value = true;
      return new Promise(() => {});
    });
    return;
  }
  const self = String(Math.random());
  const beat = () => {
    try {
      const [holder, at] = (localStorage.getItem(NAME) ?? ' 0').split(' ');
      leads.value = holder === self || Date.now() - Number(at) > DEAD_MS;
      if (leads.value) localStorage.setItem(NAME, `${self} ${Date.now()}`);
    } catch {
      leads.value = true;
    }
  };
  beat();
  setInterval(beat, BEAT_MS);
}
