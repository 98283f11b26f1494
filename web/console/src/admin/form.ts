/** Forms as data: one editor draws them all. */

import type { Key } from '@centralita/lib/i18n';

export interface Row {
  readonly id: string;
  readonly [field: string]: unknown;
}
export type Values = Record<string, unknown>;
export interface Option {
  readonly value: string;
  readonly text: string;
}

export interface FormField {
  /** Dots lead into objects. */
  readonly key: string;
  readonly label: Key;
  readonly type: 'text' | 'lines' | 'number' | 'check' | 'select' | 'many' | 'words' | 'password' | 'moment';
  readonly hint?: Key;
  /** Says what the choice at hand means, in place of the hint. */
  readonly explain?: (values: Values) => string;
  readonly required?: boolean;
  /** Cannot change later. */
  readonly onlyNew?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** What `null` is called, for a select that may be empty. */
  readonly none?: Key;
  readonly options?: (values: Values) => readonly Option[];
  readonly when?: (values: Values, isNew: boolean) => boolean;
  readonly start?: unknown;
}
export interface FormGroup {
  readonly title: Key;
  readonly fields: readonly FormField[];
}

export function read(values: Values, key: string): unknown {
  return key.split('.').reduce<unknown>((at, part) => (typeof at === 'object' && at !== null ? (at as Values)[part] : undefined), values);
}

export function write(values: Values, key: string, value: unknown): void {
  const parts = key.split('.');
  const last = parts.pop() ?? key;
  let at = values;
  for (const part of parts) {
    if (typeof at[part] !== 'object' || at[part] === null) at[part] = {};
    at = at[part] as Values;
  }
  at[last] = value;
}

/** JSON Merge Patch from one to the other, of these fields. */
export function patchOf(before: Values, after: Values, keys: readonly string[]): Values {
  const patch: Values = {};
  for (const key of keys) {
    const [was, is] = [read(before, key), read(after, key)];
    if (JSON.stringify(was ?? null) !== JSON.stringify(is ?? null)) write(patch, key, is === undefined ? null : is);
  }
  return patch;
}
