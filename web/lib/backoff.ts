/** Exponential back-off with jitter: many clients that lost the same server must not return in step. */

export const SHORTEST_MS = 250;
export const LONGEST_MS = 5_000;

/** How long to wait before try number `attempt` (0 = the first repetition). */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(attempt, 10));
  // Half of it is fixed, half is chance; never below the shortest wait.
  return Math.max(SHORTEST_MS, ceiling / 2 + (ceiling / 2) * random());
}
