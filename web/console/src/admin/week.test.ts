import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { blocks, copyTo, crosses, DAY, DAYS, erase, fill, isOpen, minutesOf, momentIn, SNAP, typed, wallIn, type Area, type Interval } from './week.ts';

const at = (day: string, start: number, end: number): Interval => ({ day, start, end });
const one = (day: number, from: number, to: number): Area => ({ first: day, last: day, from, to });

describe('the week', () => {
  it('is painted, and what touches becomes one', () => {
    expect(fill([], one(0, 540, 600))).toEqual([at('Mon', 540, 600)]);
    expect(fill([at('Mon', 540, 600)], one(0, 600, 660))).toEqual([at('Mon', 540, 660)]);
    expect(fill([at('Mon', 540, 600), at('Mon', 700, 800)], one(0, 590, 700))).toEqual([at('Mon', 540, 800)]);
    expect(fill([], { first: 5, last: 6, from: 0, to: DAY })).toEqual([at('Sat', 0, DAY), at('Sun', 0, DAY)]);
  });

  it('is erased, also in the middle of a night', () => {
    expect(erase([at('Mon', 540, 1_080)], one(0, 600, 660))).toEqual([at('Mon', 540, 600), at('Mon', 660, 1_080)]);
    const night = [at('Sun', 1_320, 360)];
    expect(erase(night, one(6, 1_380, DAY))).toEqual([at('Sun', 1_320, 1_380), at('Mon', 0, 360)]);
    expect(erase(night, one(0, 0, 120))).toEqual([at('Sun', 1_320, DAY), at('Mon', 120, 360)]);
    expect(erase(night, one(0, 300, 600))).toEqual([at('Sun', 1_320, 300)]);
    expect(erase(night, one(0, 0, 360))).toEqual([at('Sun', 1_320, DAY)]);
  });

  it('shows the rest of a night on the next day, round the end of the week', () => {
    expect(blocks([at('Sun', 1_320, 360)], 0)).toEqual([{ from: 0, to: 360, index: 0, late: true }]);
    expect(blocks([at('Sun', 1_320, 360)], 6)).toEqual([{ from: 1_320, to: DAY, index: 0, late: false }]);
    expect(crosses(at('Sun', 1_320, DAY))).toBe(false);
  });

  it('is copied to other days', () => {
    const week = [at('Mon', 540, 600), at('Tue', 0, 60), at('Sun', 0, 60)];
    expect(copyTo(week, 'Mon', ['Mon', 'Tue'])).toEqual([at('Mon', 540, 600), at('Tue', 540, 600), at('Sun', 0, 60)]);
  });

  it('takes times as people type them', () => {
    expect(['9', '930', '9:30', '09.30', '24:00', '24:01', '9:60', 'x', ''].map(minutesOf)).toEqual([540, 570, 570, 570, 1_440, null, null, null, null]);
    expect(typed(at('Mon', 540, 600), 'end', 0)).toEqual(at('Mon', 540, DAY));
    expect(typed(at('Mon', 540, 600), 'start', DAY)).toEqual(at('Mon', 0, 600));
  });

  it('knows the wall time of a zone, also where clocks change', () => {
    const at = (wall: string) => new Date(momentIn('Europe/Madrid', wall)).toISOString();
    expect(at('2026-11-23T18:00')).toBe('2026-11-23T17:00:00.000Z');
    expect(at('2026-07-23T18:00')).toBe('2026-07-23T16:00:00.000Z');
    expect(at('2026-03-29T03:00')).toBe('2026-03-29T01:00:00.000Z');
    expect(wallIn('America/Santiago', Date.parse('2026-11-23T02:30:00Z'))).toBe('2026-11-22T23:30');
  });

  it('painting opens exactly the area, erasing closes exactly it, and the server takes both', () => {
    const minute = fc.integer({ min: 0, max: DAY / SNAP - 1 }).map((quarter) => quarter * SNAP);
    const day = fc.integer({ min: 0, max: 6 });
    const interval = fc.record({ day: fc.constantFrom(...DAYS), start: minute, end: minute.map((value) => value || DAY) });
    const area = fc.tuple(day, day, minute, minute).map(([a, b, c, d]) => ({ first: Math.min(a, b), last: Math.max(a, b), from: Math.min(c, d), to: Math.max(c, d) + SNAP }));
    fc.assert(fc.property(fc.array(interval, { maxLength: 6 }), area, (week, painted) => {
      const [filled, erased] = [fill(week, painted), erase(week, painted)];
      for (const { start, end } of [...filled, ...erased]) expect(start >= 0 && start < DAY && end > 0 && end <= DAY).toBe(true);
      for (let row = 0; row < 7; row += 1) {
        for (let at = 0; at < DAY; at += SNAP) {
          const inside = painted.first <= row && row <= painted.last && painted.from <= at && at < painted.to;
          expect(isOpen(erased, row, at)).toBe(!inside && isOpen(week, row, at));
          if (inside || isOpen(week, row, at)) expect(isOpen(filled, row, at)).toBe(true);
        }
      }
    }), { numRuns: 200 });
  });
});
