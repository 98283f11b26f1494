/** The figures of a day as the screen shows them, and which way they should go. */

import type { Key } from '@centralita/lib/i18n';
import type { DayReport } from '@centralita/lib/wire';

import { number, t } from '../app/texts.ts';

export interface Column {
  readonly name: string;
  readonly report: DayReport;
}

export interface FigureRow {
  readonly key: Key;
  readonly label: string;
  readonly cells: readonly string[];
  readonly difference: string;
  readonly verdict: 'good' | 'bad' | null;
}

interface Figure {
  readonly key: Key;
  readonly unit: '' | '%' | 's';
  /** 1 = the more the better, -1 = the less the better, 0 = neither. */
  readonly better: 1 | -1 | 0;
  readonly of: (report: DayReport) => number | null | undefined;
}

const FIGURES: readonly Figure[] = [
  { key: 'what_if.service_level', unit: '%', better: 1, of: ({ total }) => total.service_level },
  { key: 'what_if.mean_wait', unit: 's', better: -1, of: ({ total }) => total.mean_wait },
  { key: 'what_if.median_wait', unit: 's', better: -1, of: ({ total }) => total.median_wait },
  { key: 'what_if.p90_wait', unit: 's', better: -1, of: ({ total }) => total.p90_wait },
  { key: 'what_if.longest_wait', unit: 's', better: -1, of: ({ total }) => total.longest_wait },
  { key: 'what_if.longest_queue', unit: '', better: -1, of: ({ total }) => total.longest_queue },
  { key: 'what_if.entered', unit: '', better: 0, of: ({ total }) => total.entered },
  { key: 'what_if.answered', unit: '', better: 1, of: ({ total }) => total.answered },
  { key: 'what_if.abandoned', unit: '', better: -1, of: ({ total }) => total.abandoned },
  { key: 'what_if.flowed_out', unit: '', better: 0, of: ({ total }) => total.flowed_out + total.rejected + total.out_of_hours },
  { key: 'what_if.waiting', unit: '', better: -1, of: ({ total }) => total.waiting },
  { key: 'what_if.missed', unit: '', better: -1, of: ({ total }) => total.missed },
  { key: 'what_if.handling', unit: 's', better: 0, of: ({ total }) => total.mean_handling },
  { key: 'what_if.at_work', unit: '', better: 0, of: ({ fairness }) => fairness.agents },
  { key: 'what_if.occupancy', unit: '%', better: 0, of: ({ fairness }) => fairness.occupancy },
  { key: 'what_if.fewest', unit: '', better: 0, of: ({ fairness }) => fairness.fewest },
  { key: 'what_if.most', unit: '', better: 0, of: ({ fairness }) => fairness.most },
];

/** Never minus nothing. */
const tenth = (value: number) => Math.round(10 * value) / 10 + 0;

export function shown(value: number | null | undefined, unit: Figure['unit']): string {
  if (value === null || value === undefined) return '–';
  return unit === '' ? number(tenth(value)) : `${number(tenth(value))} ${unit}`;
}

/** One row for each figure; the difference is that of the last two columns. */
export function figures(columns: readonly Column[]): FigureRow[] {
  const [before, after] = [columns.at(-2), columns.at(-1)];
  return FIGURES.map(({ key, unit, better, of }) => {
    const [one, other] = [before && of(before.report), after && of(after.report)];
    const change = typeof one === 'number' && typeof other === 'number' ? tenth(other - one) : null;
    const sign = change !== null && change > 0 ? '+' : '';
    return {
      key,
      label: t(key),
      cells: columns.map(({ report }) => shown(of(report), unit)),
      difference: change === null ? '–' : `${sign}${shown(change, unit)}`,
      verdict: change === null || change === 0 || better === 0 ? null : Math.sign(change) === better ? 'good' : 'bad',
    };
  });
}

/** What stands in a field for a number; none = empty. */
export function orNothing(value: string | number): number | null {
  return value === '' || Number.isNaN(Number(value)) ? null : Math.trunc(Number(value));
}

/** So many days from today, by the clocks here. */
export function localDate(days: number, today = new Date()): string {
  const date = new Date(today.getFullYear(), today.getMonth(), today.getDate() + days);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}
