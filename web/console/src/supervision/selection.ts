/** Rows that somebody has chosen, by mouse and by key; what is there no longer is chosen no longer. */

import { computed, nextTick, ref, shallowRef, watch, type Ref } from 'vue';

export function useSelection(ids: () => readonly string[], box: Ref<HTMLElement | null>, reveal: (index: number) => void) {
  const chosen = shallowRef<ReadonlySet<string>>(new Set());
  /** Where the keys are, and from where a range begins. */
  const at = ref<string | null>(null);
  watch(ids, (now) => {
    const there = new Set(now);
    if ([...chosen.value].some((id) => !there.has(id))) chosen.value = new Set([...chosen.value].filter((id) => there.has(id)));
  });
  const all = computed(() => ids().length > 0 && chosen.value.size === ids().length);

  function put(some: readonly string[], on: boolean): void {
    const next = new Set(chosen.value);
    for (const id of some) if (on) next.add(id); else next.delete(id);
    chosen.value = next;
  }
  function range(to: string): readonly string[] {
    const [from, until] = [ids().indexOf(at.value ?? to), ids().indexOf(to)];
    return from < 0 ? [to] : ids().slice(Math.min(from, until), Math.max(from, until) + 1);
  }
  /** With Shift everything from the last one on. */
  function toggle(id: string, event: MouseEvent): void {
    const on = !chosen.value.has(id);
    put(event.shiftKey ? range(id) : [id], on);
    at.value = id;
  }
  const toggleAll = () => (chosen.value = new Set(all.value ? [] : ids()));
  const keep = (some: readonly string[]) => void (chosen.value = new Set(some));

  async function move(step: number, extend: boolean): Promise<void> {
    const list = ids();
    const now = list.indexOf(at.value ?? '');
    const next = now < 0 ? 0 : Math.max(0, Math.min(list.length - 1, now + step));
    const id = list[next];
    if (id === undefined) return;
    if (extend) put(range(id), true);
    at.value = id;
    reveal(next);
    await nextTick();
    box.value?.querySelector<HTMLElement>(`[data-row="${id}"]`)?.focus();
  }
  /** Arrows or `j` and `k` move, with Shift they choose on the way, `x` chooses, Escape lets go. */
  function key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { arrowdown: 1, j: 1, arrowup: -1, k: -1 }[event.key.toLowerCase()];
    if (step !== undefined) void move(step, event.shiftKey);
    else if (event.key.toLowerCase() === 'x' && at.value !== null) put([at.value], !chosen.value.has(at.value));
    else if (event.key === 'Escape' && chosen.value.size > 0) keep([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  return { chosen, at, all, toggle, toggleAll, keep, key };
}
