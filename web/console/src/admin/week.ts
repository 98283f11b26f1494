/** The week of a schedule as numbers: what is painted, typed and copied. Times are minutes of the wall clock. */

export interface Hours {
  start: number;
  /** Not after `start` = on the next day; 1440 = 24:00. */
  end: number;
}
export interface Interval extends Hours {
  day: string;
}
/** A rectangle of the grid: days [first, last], minutes [from, to). */
export interface Area {
  first: number;
  last: number;
  from: number;
  to: number;
}

export const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
export const DAY = 1_440;
export const SNAP = 15;

const dayAt = (index: number) => DAYS[(index + 7) % 7] ?? 'Mon';
/** The end, counted from the midnight before the start. */
export const endOf = ({ start, end }: Hours) => (end <= start ? end + DAY : end);
export const crosses = (hours: Hours) => endOf(hours) > DAY;

const two = (value: number) => String(value).padStart(2, '0');
export const clock = (minutes: number) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
/** `9`, `930`, `9:30`, `09.30`; null for what is no time. */
export function minutesOf(text: string): number | null {
  const [, hours = '', minutes = '0'] = /^(\d{1,2})[:.h]?(\d{2})?$/.exec(text.trim()) ?? [];
  const value = Number(hours) * 60 + Number(minutes);
  return hours !== '' && Number(minutes) < 60 && value <= DAY ? value : null;
}
/** One end typed anew: 24:00 starts nothing, 0:00 ends nothing. */
export const typed = <T extends Hours>(hours: T, part: 'start' | 'end', minutes: number): T => ({ ...hours, [part]: part === 'start' ? minutes % DAY : minutes || DAY });

/** What begins `from` minutes after a day's midnight, as it is written. */
function written(day: number, from: number, to: number): Interval {
  const late = from >= DAY ? 1 : 0;
  const [start, end] = [from - late * DAY, to - late * DAY];
  return { day: dayAt(day + late), start, end: end > DAY ? end - DAY : end };
}

/** What is to be seen in the row of a day: its own hours, and the rest of the night before. */
export function blocks(week: readonly Interval[], day: number): { from: number; to: number; index: number; late: boolean }[] {
  return week
    .flatMap((interval, index) => {
      if (interval.day === dayAt(day)) return [{ from: interval.start, to: Math.min(endOf(interval), DAY), index, late: false }];
      if (interval.day === dayAt(day - 1) && crosses(interval)) return [{ from: 0, to: endOf(interval) - DAY, index, late: true }];
      return [];
    })
    .sort((one, other) => one.from - other.from);
}

export const isOpen = (week: readonly Interval[], day: number, minute: number) => blocks(week, day).some(({ from, to }) => from <= minute && minute < to);

/** Without the area. A night loses its evening, its morning, or is cut. */
export function erase(week: readonly Interval[], { first, last, from, to }: Area): Interval[] {
  return week.flatMap((interval) => {
    const day = DAYS.findIndex((name) => name === interval.day);
    let pieces: (readonly [number, number])[] = [[interval.start, endOf(interval)]];
    for (let row = first; row <= last; row += 1) {
      const shift = row === day ? 0 : (day + 1) % 7 === row ? DAY : null;
      if (shift === null) continue;
      const [low, high] = [from + shift, to + shift];
      pieces = pieces.flatMap(([start, end]) => ([[start, Math.min(end, low)], [Math.max(start, high), end]] as const).filter(([one, other]) => one < other));
    }
    return pieces.map(([start, end]) => (start === interval.start && end === endOf(interval) ? interval : written(day, start, end)));
  });
}

/** With the area open; what touches it on the same day becomes one with it. */
export function fill(week: readonly Interval[], { first, last, from, to }: Area): Interval[] {
  let next = [...week];
  for (let row = first; row <= last; row += 1) {
    let [start, end] = [from, to];
    const touches = (interval: Interval) => interval.day === dayAt(row) && interval.start <= end && endOf(interval) >= start;
    // What is joined may touch something else.
    for (let joined = next.filter(touches); joined.length > 0; joined = next.filter(touches)) {
      next = next.filter((interval) => !joined.includes(interval));
      for (const interval of joined) [start, end] = [Math.min(start, interval.start), Math.max(end, endOf(interval))];
    }
    // Longer than a day: the morning after is of its own.
    const parts = end - start > DAY ? [written(row, start, DAY), written(row, DAY, end)] : [written(row, start, end)];
    next = [...next, ...parts];
  }
  return sorted(next);
}

export const sorted = (week: readonly Interval[]) => [...week].sort((one, other) => DAYS.findIndex((day) => day === one.day) - DAYS.findIndex((day) => day === other.day) || one.start - other.start);

/** The hours of a day, for other days instead of theirs. */
export function copyTo(week: readonly Interval[], from: string, to: readonly string[]): Interval[] {
  const others = to.filter((day) => day !== from);
  const source = week.filter(({ day }) => day === from);
  return sorted([...week.filter(({ day }) => !others.includes(day)), ...others.flatMap((day) => source.map((interval) => ({ ...interval, day })))]);
}

/** What clocks of a zone show, as `2026-11-23T18:00`. */
export function wallIn(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}`;
}
/** The moment at which clocks of a zone show this; what is skipped becomes a time right beside it. */
export function momentIn(zone: string, wall: string): number {
  const wanted = Date.parse(`${wall}Z`);
  let at = wanted;
  for (let round = 0; round < 2; round += 1) at += wanted - Date.parse(`${wallIn(zone, at)}Z`);
  return at;
}
