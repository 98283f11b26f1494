/** One thing being edited: what was, what is, what of it is at fault. */

import { ProblemError } from '@centralita/lib/api';
import { computed, reactive, ref } from 'vue';

import { api } from '../app/session.ts';
import { codeText, problemText, t } from '../app/texts.ts';
import { toast } from '../app/toasts.ts';
import { put } from './data.ts';
import { patchOf, read, write, type Row, type Values } from './form.ts';
import type { Kind } from './kinds.ts';

/** Whoever comes from a branch of the tree goes on there. */
export function fromAddress(query: Readonly<Record<string, unknown>>): Values {
  const names = { cliente: 'client', proyecto: 'project', campana: 'campaign' };
  const given = Object.entries(names).filter(([name]) => typeof query[name] === 'string');
  return Object.fromEntries(given.map(([name, field]) => [field, query[name]]));
}

export function useEditing(kind: () => Kind, row: () => Row | null, more: () => readonly string[], started: () => Values) {
  const values = reactive<Values>({});
  const errors = reactive<Record<string, string>>({});
  const [busy, problem, dirty] = [ref(false), ref<string | null>(null), ref(false)];
  let original: Values = {};

  const isNew = computed(() => row() === null);
  const groups = computed(() => kind().groups(values));
  const keys = computed(() => [...groups.value.flatMap(({ fields }) => fields.map(({ key }) => key)), ...more()]);
  const look = () => (dirty.value = Object.keys(patchOf(original, values, keys.value)).length > 0);

  function start(): void {
    original = JSON.parse(JSON.stringify(row() ?? {})) as Values;
    for (const key of Object.keys(values)) delete values[key];
    Object.assign(values, JSON.parse(JSON.stringify(original)));
    if (isNew.value) {
      Object.assign(values, started());
      for (const field of kind().groups(values).flatMap(({ fields }) => fields)) {
        if (read(values, field.key) !== undefined) continue;
        const first = field.required && field.type === 'select' ? field.options?.(values)[0]?.value : undefined;
        if (field.start !== undefined || first !== undefined) write(values, field.key, field.start ?? first);
      }
      original = JSON.parse(JSON.stringify(values)) as Values;
    }
    dirty.value = false;
  }

  function body(): Values {
    if (!isNew.value) return patchOf(original, values, keys.value);
    const whole: Values = {};
    for (const key of keys.value) {
      const value = read(values, key);
      if (value !== undefined && value !== null && value !== '') write(whole, key, value);
    }
    return whole;
  }

  /** What the server made of it; none when it refused. */
  async function save(extra: Values = {}): Promise<Row | null> {
    busy.value = true;
    problem.value = null;
    for (const key of Object.keys(errors)) delete errors[key];
    const { path, name } = kind();
    try {
      const sent = { ...body(), ...extra };
      const answer = isNew.value ? await api.write<Row>('POST', path, sent) : await api.write<Row>('PATCH', `${path}/${row()?.id}`, sent);
      put(path, answer);
      toast(t('admin.saved', { name: name(answer) }));
      dirty.value = false;
      return answer;
    } catch (error) {
      problem.value = problemText(error);
      if (error instanceof ProblemError) for (const { field, code } of error.fields) errors[keys.value.find((key) => field === key || field.startsWith(`${key}.`)) ?? field] = codeText(code);
      return null;
    } finally {
      busy.value = false;
    }
  }

  return { values, errors, busy, problem, dirty, isNew, groups, start, save, look };
}
