import { describe, expect, it } from 'vitest';

import { AGENTS, first, gets, may, type Chosen } from './example.ts';

const DEFAULT: Chosen = { mode: 'nocall', order: 'least_loaded', policy: 'fifo', most: 5, perMinute: 10, mostPoints: 300 };
const with_ = (change: Partial<Chosen>): Chosen => ({ ...DEFAULT, ...change });
const names = (change: Partial<Chosen>) => may(with_(change)).map(({ name }) => name);

describe('the example of a strategy', () => {
  it('follows the mode', () => {
    expect(names({})).toEqual(['Ana', 'Bruno', 'Carla']);
    expect(names({ most: 2 })).toEqual(['Bruno', 'Carla']);
    for (const mode of ['incall', 'interaction', 'omni', 'ringall'] as const) expect(names({ mode })).toEqual(['Bruno']);
    expect(names({ mode: 'nopause', most: 1 })).toEqual(AGENTS.map(({ name }) => name));
    expect(names({ mode: 'ringallmultiple', most: 1 })).toEqual(['Bruno']);
  });
  it('follows the order', () => {
    const who = (order: Chosen['order'], change: Partial<Chosen> = {}) => gets(with_({ order, ...change }))?.name;
    expect(who('least_loaded')).toBe('Bruno');
    expect(who('leastrecent')).toBe('Carla');
    expect(who('longest_idle')).toBe('Bruno');
    expect(who('fewestcalls')).toBe('Ana');
    expect(who('rrmemory')).toBe('Bruno');
    expect(who('linear')).toBe('Ana');
    expect(who('linear', { most: 2 })).toBe('Bruno');
    expect(who('random')).toBeUndefined();
    expect(who('linear', { mode: 'ringall' })).toBeUndefined();
  });
  it('follows the policy', () => {
    const who = (change: Partial<Chosen>) => first(with_(change)).name;
    expect(who({})).toBe('Camila');
    expect(who({ policy: 'deadline' })).toBe('Camila');
    expect(who({ policy: 'strict' })).toBe('Diego');
    expect(who({ policy: 'aged' })).toBe('Diego');
    expect(who({ policy: 'aged', perMinute: 50 })).toBe('Camila');
  });
});
