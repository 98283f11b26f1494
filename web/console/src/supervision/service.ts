/** How a figure stands beside its goal. Never by colour alone: each has its shape and its words. */

import type { ServiceNow, Threshold } from '@centralita/lib/wire';

export type Stand = 'none' | 'good' | 'warn' | 'act';

/** A level below its goal is worth a look; it calls for action while somebody waits too long. */
export function ofLevel(level: number | null, goal: number, late: number): Stand {
  if (level === null) return 'none';
  if (level >= goal) return 'good';
  return late > 0 ? 'act' : 'warn';
}

/** A wait beside the campaign's thresholds. */
export function ofWait(milliseconds: number | null, { warn, act }: Threshold): Stand {
  if (milliseconds === null) return 'none';
  if (milliseconds >= act * 1_000) return 'act';
  return milliseconds >= warn * 1_000 ? 'warn' : 'good';
}

/** The level of several campaigns together, and how many are below their own goal. */
export function together(services: readonly ServiceNow[]): { readonly level: number | null; readonly below: number; readonly late: number } {
  const sum = (pick: (service: ServiceNow) => number) => services.reduce((total, service) => total + pick(service), 0);
  const of = sum(({ today }) => today.answered + today.abandoned - today.abandoned_soon);
  return {
    level: of > 0 ? Math.floor((100 * sum(({ today }) => today.in_time)) / of) : null,
    below: services.filter(({ today, goal_percent }) => today.level !== null && today.level < goal_percent).length,
    late: sum(({ late }) => late),
  };
}
