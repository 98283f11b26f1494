import { expect, it } from 'vitest';

import { localDate, orNothing } from './figures.ts';

it('an empty field is no number, and a number is whole', () => {
  expect(['', 'x', '3', -2.7, 0].map(orNothing)).toEqual([null, null, 3, -2, 0]);
});

it('yesterday is by the clocks here, over the end of a month too', () => {
  expect(localDate(-1, new Date(2026, 2, 1, 0, 30))).toBe('2026-02-28');
  expect(localDate(0, new Date(2026, 2, 1, 23, 30))).toBe('2026-03-01');
});
