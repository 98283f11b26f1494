import { describe, expect, it } from 'vitest';

import { changes, counts, DEFAULT, shown, toggled, wish, type Pending, type Seat } from './pending.ts';

const seat = (user: string, change: Partial<Seat> = {}): Seat => ({ campaign: 'c', user, name: user, ...DEFAULT, ...change });
const SEATS = [seat('ana'), seat('bruno')];
const after = (...wishes: readonly [Seat, Seat | null][]) => wishes.reduce<Pending>((pending, [place, next]) => wish(SEATS, pending, place, next), new Map());

describe('what is pending of members', () => {
  it('is what differs, and nothing else', () => {
    const pending = after([seat('ana'), null], [seat('carla'), seat('carla')], [seat('bruno'), seat('bruno', { penalty: 3 })]);
    expect(counts(SEATS, pending)).toEqual({ added: 1, removed: 1, changed: 1 });
    expect(shown(SEATS, pending).map(({ user, is }) => `${user} ${is}`)).toEqual(['ana removed', 'bruno changed', 'carla added']);
    expect(changes(pending)).toEqual([
      { do: 'remove', campaign: 'c', user: 'ana' },
      { do: 'put', campaign: 'c', user: 'carla', fields: DEFAULT },
      { do: 'put', campaign: 'c', user: 'bruno', fields: { ...DEFAULT, penalty: 3 } },
    ]);
  });
  it('is nothing once it is taken back', () => {
    expect(after([seat('ana'), null], [seat('ana'), seat('ana')]).size).toBe(0);
    expect(after([seat('carla'), seat('carla')], [seat('carla'), null]).size).toBe(0);
    expect(after([seat('bruno'), seat('bruno', { receive: ['api'] })], [seat('bruno'), seat('bruno')]).size).toBe(0);
  });
  it('all kinds are no restriction', () => {
    const every = ['webchat', 'api'] as const;
    expect(toggled(null, 'api', false, every)).toEqual(['webchat']);
    expect(toggled(['webchat'], 'api', true, every)).toBeNull();
    expect(toggled(['webchat'], 'webchat', false, every)).toEqual([]);
  });
});
