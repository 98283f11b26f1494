/** Whether the open campaign can start, as the server sees it. */

import type { Readiness, ReadinessState } from '@centralita/lib/wire';
import { onScopeDispose, shallowRef, watch } from 'vue';

import { api } from '../../app/session.ts';
import type { Tab } from './tabs.ts';

const WORST: readonly ReadinessState[] = ['missing', 'advised', 'done'];

export function useReadiness(id: () => string | null) {
  const told = shallowRef<Readiness | null>(null);
  let asked = 0;

  function look(): void {
    const [campaign, turn] = [id(), (asked += 1)];
    if (campaign === null) return;
    api.get<Readiness>(`/api/v1/campaigns/${campaign}/readiness`).then(
      (answer) => {
        if (turn === asked) told.value = answer;
      },
      () => {},
    );
  }
  watch(id, look, { immediate: true });
  onScopeDispose(() => (asked += 1));

  /** The worst of what is settled on a tab. */
  const of = (tab: Tab): ReadinessState | null => {
    const states = (told.value?.checks ?? []).filter(({ topic }) => tab.topics.includes(topic)).map(({ state }) => state);
    return WORST.find((state) => states.includes(state)) ?? null;
  };
  return { told, look, of };
}
