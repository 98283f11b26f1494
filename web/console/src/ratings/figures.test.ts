import { expect, test } from 'vitest';

import { addDays, average, percents, rated, together } from './figures.ts';

test('sums of scores', () => {
  const scores = [1, 0, 1, 0, 2];
  expect([rated(scores), average(scores), percents(scores)]).toEqual([4, 3.5, [25, 0, 25, 0, 50]]);
  expect([average([0, 0, 0, 0, 0]), percents([0, 0, 0, 0, 0])]).toEqual([0, [0, 0, 0, 0, 0]]);
  expect(together([{ scores }, { scores: [0, 1, 0, 0, 0] }]).scores).toEqual([1, 1, 1, 0, 2]);
});

test('a day more', () => {
  expect([addDays('2026-11-30', 1), addDays('2026-02-28', 1)]).toEqual(['2026-12-01', '2026-03-01']);
});
