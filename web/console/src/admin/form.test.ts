import { describe, expect, it } from 'vitest';

import { patchOf, read, write } from './form.ts';

describe('a form', () => {
  it('sends what changed, and nothing else', () => {
    const before = { name: 'Soporte', weight: 10, permissions: { history: true, emoticons: true }, dispositions: ['a'] };
    const after = structuredClone(before) as Record<string, unknown>;
    const keys = ['name', 'weight', 'permissions.history', 'permissions.emoticons', 'dispositions', 'schedule'];
    expect(patchOf(before, after, keys)).toEqual({});
    write(after, 'permissions.history', false);
    write(after, 'dispositions', ['a', 'b']);
    write(after, 'weight', undefined);
    expect(patchOf(before, after, keys)).toEqual({ permissions: { history: false }, dispositions: ['a', 'b'], weight: null });
    expect(read(after, 'permissions.history')).toBe(false);
    expect(read(after, 'no.such.place')).toBeUndefined();
  });
});
