/** Everything that is configured, loaded once and kept while the screen is open. */

import type { Page } from '@centralita/lib/wire';
import { reactive, shallowReactive } from 'vue';

import { api, isMissing } from '../app/session.ts';
import { byName, problemText } from '../app/texts.ts';
import type { Option, Row } from './form.ts';

export const lists = shallowReactive(new Map<string, readonly Row[]>());
export const failures = reactive(new Map<string, string>());
/** Lists that this person may not read. */
export const absent = reactive(new Set<string>());
const loading = new Map<string, Promise<void>>();

export async function all(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<Row> = await api.get(path, { cursor, limit: 200 });
    rows.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

export function load(path: string, again = false): Promise<void> {
  const known = loading.get(path);
  if (known && !again) return known;
  const work = all(path).then(
    (rows) => {
      lists.set(path, rows);
      failures.delete(path);
      absent.delete(path);
    },
    (error) => {
      loading.delete(path);
      if (isMissing(error)) absent.add(path);
      else failures.set(path, problemText(error));
    },
  );
  loading.set(path, work);
  return work;
}

export function forget(): void {
  loading.clear();
  lists.clear();
  failures.clear();
}

export function put(path: string, row: Row): void {
  const rows = lists.get(path) ?? [];
  lists.set(path, rows.some(({ id }) => id === row.id) ? rows.map((known) => (known.id === row.id ? row : known)) : [...rows, row]);
}

export function drop(path: string, id: string): void {
  lists.set(path, (lists.get(path) ?? []).filter((row) => row.id !== id));
}

export const nameOf = (path: string, id: unknown): string => String(lists.get(path)?.find((row) => row.id === id)?.['name'] ?? '');

/** A mailbox is a channel that is set up elsewhere. */
export const kindOf = (kind: string, row: Row): string => (kind === 'canales' && row['kind'] === 'email' ? 'correo' : kind);

/** What can be chosen from a list, by name. */
export function options(path: string, only: (row: Row) => boolean = () => true): Option[] {
  return (lists.get(path) ?? [])
    .filter(only)
    .map((row) => ({ id: row.id, name: String(row['name'] ?? '') }))
    .sort(byName)
    .map(({ id, name }) => ({ value: id, text: name }));
}

/** Counted beside their names as soon as the screen is open. */
export const PATH_ORDER: readonly string[] = ['/api/v1/clients', '/api/v1/projects', '/api/v1/campaigns', '/api/v1/channels', '/api/v1/dispositions', '/api/v1/fields', '/api/v1/canned-texts', '/api/v1/schedules', '/api/v1/breaks', '/api/v1/users', '/api/v1/tokens'];
