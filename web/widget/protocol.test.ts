import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { read, TO_FRAME } from './protocol.ts';

const good = [
  { centralita: 1, kind: 'hello', language: 'es', scheme: '', shown: true, identity: null },
  { centralita: 1, kind: 'hello', language: 'es', scheme: '', shown: true, identity: 'a.b.c' },
  { centralita: 1, kind: 'identify', token: 'a.b.c' },
  { centralita: 1, kind: 'forget' },
];

describe('a message of the page', () => {
  it('counts in exactly its form', () => {
    for (const message of good) expect(read(message, TO_FRAME)).toBe(message);
    const bad = good.flatMap((message) => [
      { ...message, more: 1 },
      { ...message, centralita: 2 },
      { ...message, kind: 'open' },
      ...Object.keys(message).map((name) => ({ ...message, [name]: {} })),
      ...Object.keys(message).map((name) => Object.fromEntries(Object.entries(message).filter(([other]) => other !== name))),
    ]);
    for (const message of [...bad, null, 1, 'x', [], [good[0]], { centralita: 1, kind: '__proto__' }, { centralita: 1, kind: 'toString' }]) {
      expect(read(message, TO_FRAME), JSON.stringify(message)).toBeNull();
    }
    expect(read({ centralita: 1, kind: 'identify', token: 'x'.repeat(5001) }, TO_FRAME)).toBeNull();
  });

  it('is nothing when it is anything else', () => {
    fc.assert(fc.property(fc.anything(), (noise) => read(noise, TO_FRAME) === null));
  });
});
