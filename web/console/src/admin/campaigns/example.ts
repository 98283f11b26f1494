/** Three agents and two customers who wait: what the strategy chosen makes of them. An illustration, the server decides. */

import type { Mode, Order, Policy } from '@centralita/lib/wire';

export interface Agent {
  readonly name: string;
  /** Conversations of this campaign they have. */
  readonly has: number;
  /** Share of their capacity in use, in percent. */
  readonly used: number;
  /** Minutes since their last one ended. */
  readonly since: number;
  /** Finished today. */
  readonly done: number;
  readonly position: number;
}
export interface Customer {
  readonly name: string;
  /** Minutes. */
  readonly waits: number;
  readonly urgent: boolean;
}

export const AGENTS: readonly [Agent, Agent, Agent] = [
  { name: 'Ana', has: 2, used: 40, since: 5, done: 3, position: 1 },
  { name: 'Bruno', has: 0, used: 0, since: 12, done: 9, position: 2 },
  { name: 'Carla', has: 1, used: 25, since: 40, done: 6, position: 3 },
];
export const CUSTOMERS: readonly [Customer, Customer] = [
  { name: 'Camila', waits: 6, urgent: false },
  { name: 'Diego', waits: 1, urgent: true },
];

export interface Chosen {
  readonly mode: Mode;
  readonly order: Order;
  readonly policy: Policy;
  readonly most: number;
  readonly perMinute: number;
  readonly mostPoints: number;
}

/** Who may get the next one. */
export function may({ mode, most }: Chosen): readonly Agent[] {
  const free = AGENTS.filter(({ has }) => has === 0);
  const below = AGENTS.filter(({ has }) => has < most);
  switch (mode) {
    case 'incall':
    case 'interaction':
    case 'omni':
    case 'ringall':
      return free;
    case 'nopause':
      return AGENTS;
    case 'nocall':
    case 'ringallmultiple':
      return below;
  }
}

export const rings = ({ mode }: Pick<Chosen, 'mode'>): boolean => mode === 'ringall' || mode === 'ringallmultiple';
export const draws = ({ order }: Pick<Chosen, 'order'>): boolean => order === 'random' || order === 'wrandom';

const least = (agents: readonly Agent[], of: (agent: Agent) => number): Agent | undefined => [...agents].sort((one, other) => of(one) - of(other))[0];

/** Who of those gets it; none when all see it, or chance decides. The turn was Ana's last. */
export function gets(chosen: Chosen): Agent | undefined {
  if (rings(chosen) || draws(chosen)) return undefined;
  const agents = may(chosen);
  switch (chosen.order) {
    case 'leastrecent':
    case 'longest_idle':
      // Who has something comes after all others.
      return least(agents, ({ has, since }) => (chosen.order === 'longest_idle' && has > 0 ? 1_000 : 0) - since);
    case 'fewestcalls':
      return least(agents, ({ done }) => done);
    case 'rrmemory':
    case 'rrordered':
      return least(agents, ({ position }) => (position > 1 ? position : position + 10));
    case 'linear':
      return least(agents, ({ position }) => position);
    default:
      return least(agents, ({ used }) => used);
  }
}

/** Who is served first. */
export function first({ policy, perMinute, mostPoints }: Chosen): Customer {
  const [camila, diego] = CUSTOMERS;
  if (policy === 'strict') return diego;
  if (policy !== 'aged') return camila;
  const points = ({ urgent, waits }: Customer) => Math.min((urgent ? 300 : 100) + waits * perMinute, mostPoints);
  return points(diego) > points(camila) ? diego : camila;
}
