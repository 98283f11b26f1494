/** The order of the board: it changes when asked, or by itself when nobody points at it. */

import { onScopeDispose, ref, shallowRef, watch } from 'vue';

const RESORT_MS = 10_000;

/** Keeps the rows in their order while they change in place; new ones come last. */
export function useStableOrder<Row>(rows: () => readonly Row[], id: (row: Row) => string, compare: () => (one: Row, other: Row) => number) {
  const order = shallowRef<readonly string[]>([]);
  const pointed = ref(false);
  const sort = () => (order.value = [...rows()].sort(compare()).map(id));
  const ordered = shallowRef<readonly Row[]>([]);
  const timer = setInterval(() => {
    if (!pointed.value) sort();
  }, RESORT_MS);
  onScopeDispose(() => clearInterval(timer));
  watch([rows, order], ([now]) => {
    const byId = new Map(now.map((row) => [id(row), row]));
    const known = order.value.flatMap((key) => byId.get(key) ?? []);
    const there = new Set(order.value);
    ordered.value = [...known, ...now.filter((row) => !there.has(id(row)))];
  }, { immediate: true });
  watch(() => rows().length, (now, was) => {
    if (!was && now) sort();
  }, { immediate: true });
  return { ordered, pointed, sort };
}
