/** Who is to be a member where and how, before it is saved. */

import type { ChannelKind, Member, MemberChange, MemberFields } from '@centralita/lib/wire';

export interface How {
  readonly penalty: number;
  readonly position: number;
  readonly delay_seconds: number;
  readonly receive: ChannelKind[] | null;
  readonly initiate: ChannelKind[] | null;
}
export interface Place {
  readonly campaign: string;
  readonly user: string;
}
export interface Seat extends Place, How {
  readonly name: string;
}
/** What is to become of a seat; none = it is to be given up. */
export type Pending = ReadonlyMap<string, Seat | null>;

export const DEFAULT: How = { penalty: 0, position: 0, delay_seconds: 0, receive: null, initiate: null };
/** The most changes of one request. */
export const MOST = 500;

export const key = ({ campaign, user }: Place): string => `${campaign}/${user}`;
const how = ({ penalty, position, delay_seconds, receive, initiate }: MemberFields): How => ({ penalty: penalty ?? 0, position: position ?? 0, delay_seconds: delay_seconds ?? 0, receive: receive ?? null, initiate: initiate ?? null });
export const seatOf = (member: Member): Seat => ({ campaign: member.campaign, user: member.user, name: member.name, ...how(member) });
const same = (one: How, other: How): boolean => JSON.stringify(how(one)) === JSON.stringify(how(other));

/** What was, with what is pending: `added`, `removed`, `changed` or as it was. */
export interface Shown extends Seat {
  readonly is: 'added' | 'removed' | 'changed' | 'kept';
}
export function shown(seats: readonly Seat[], pending: Pending): Shown[] {
  const known = new Set(seats.map(key));
  const kept = seats.map((seat): Shown => {
    const next = pending.get(key(seat));
    if (next === undefined) return { ...seat, is: 'kept' };
    return next === null ? { ...seat, is: 'removed' } : { ...next, is: 'changed' };
  });
  const added = [...pending].flatMap(([id, next]): Shown[] => (next && !known.has(id) ? [{ ...next, is: 'added' }] : []));
  return [...kept, ...added];
}

/** With one more wish; one that changes nothing is none. */
export function wish(seats: readonly Seat[], pending: Pending, place: Place, next: Seat | null): Pending {
  const [id, changed] = [key(place), new Map(pending)];
  const now = seats.find((seat) => key(seat) === id);
  if (now ? next !== null && same(now, next) : next === null) changed.delete(id);
  else changed.set(id, next);
  return changed;
}

export function counts(seats: readonly Seat[], pending: Pending): { added: number; removed: number; changed: number } {
  const rows = shown(seats, pending);
  const count = (is: Shown['is']) => rows.filter((row) => row.is === is).length;
  return { added: count('added'), removed: count('removed'), changed: count('changed') };
}

export function changes(pending: Pending): MemberChange[] {
  return [...pending].map(([id, next]) => {
    const [campaign = '', user = ''] = id.split('/');
    return next ? { do: 'put', campaign, user, fields: how(next) } : { do: 'remove', campaign, user };
  });
}

/** All kinds are no restriction. */
export function toggled(kinds: readonly ChannelKind[] | null, kind: ChannelKind, on: boolean, every: readonly ChannelKind[]): ChannelKind[] | null {
  const next = every.filter((one) => (one === kind ? on : (kinds ?? every).includes(one)));
  return next.length === every.length ? null : next;
}
