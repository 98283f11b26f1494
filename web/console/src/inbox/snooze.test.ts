import { describe, expect, it } from 'vitest';

import { snoozeTimes } from './snooze.ts';

describe('the moments to be reminded', () => {
  it('lie ahead, and Monday is the next one', () => {
    for (let day = 1; day <= 14; day += 1) {
      const now = new Date(2026, 10, day, 15, 30).getTime();
      const times = snoozeTimes(now).map(({ at }) => new Date(at));
      for (const at of times) expect(at.getTime()).toBeGreaterThan(now);
      const monday = times.at(-1);
      expect(monday?.getDay()).toBe(1);
      expect((monday?.getTime() ?? 0) - now).toBeLessThanOrEqual(7 * 86_400_000);
    }
  });
});
