import type { ServiceNow } from '@centralita/lib/wire';
import { describe, expect, it } from 'vitest';

import { ofLevel, ofWait, together } from './service.ts';

const window = (answered: number, in_time: number, level: number | null) => ({ entered: answered, answered, in_time, abandoned: 0, abandoned_soon: 0, flowed_out: 0, level });
const service = (answered: number, in_time: number, level: number | null, late = 0): ServiceNow => ({
  goal_seconds: 60, goal_percent: 80, waiting: { warn: 60, act: 180 }, today: window(answered, in_time, level), recent: window(0, 0, null), late, live: null,
});

describe('how a figure stands', () => {
  it('a level is good at its goal, worth a look below it, urgent while somebody waits too long', () => {
    expect([ofLevel(null, 80, 3), ofLevel(80, 80, 3), ofLevel(79, 80, 0), ofLevel(79, 80, 1)]).toEqual(['none', 'good', 'warn', 'act']);
  });

  it('a wait goes by the thresholds of its campaign', () => {
    const thresholds = { warn: 60, act: 180 };
    expect([null, 59_999, 60_000, 180_000].map((wait) => ofWait(wait, thresholds))).toEqual(['none', 'good', 'warn', 'act']);
  });

  it('several campaigns count as one, each with its own goal', () => {
    expect(together([])).toEqual({ level: null, below: 0, late: 0 });
    expect(together([service(10, 10, 100), service(20, 10, 50, 2), service(0, 0, null)])).toEqual({ level: 66, below: 1, late: 2 });
  });
});
