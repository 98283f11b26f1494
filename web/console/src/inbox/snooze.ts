/** When to be reminded: moments people say, in the time of this computer. */

import type { Key } from '@centralita/lib/i18n';

const HOUR = 3_600_000;
const MORNING = 9;

export function snoozeTimes(now: number): { key: Key; at: string }[] {
  const at = (days: number) => {
    const date = new Date(now);
    date.setDate(date.getDate() + days);
    date.setHours(MORNING, 0, 0, 0);
    return date.toISOString();
  };
  const toMonday = ((8 - new Date(now).getDay()) % 7) || 7;
  return [
    { key: 'snooze.hour', at: new Date(now + HOUR).toISOString() },
    { key: 'snooze.three_hours', at: new Date(now + 3 * HOUR).toISOString() },
    { key: 'snooze.tomorrow', at: at(1) },
    { key: 'snooze.monday', at: at(toMonday) },
  ];
}
