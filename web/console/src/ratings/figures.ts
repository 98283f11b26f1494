/** Sums over scores from 1 (bad) to 5 (good). */

export type Scores = readonly number[];

export const rated = (scores: Scores): number => scores.reduce((sum, times) => sum + times, 0);

/** From 1 to 5; 0 of none. */
export const average = (scores: Scores): number => scores.reduce((sum, times, index) => sum + times * (index + 1), 0) / Math.max(1, rated(scores));

/** Whole percents, each rounded. */
export const percents = (scores: Scores): number[] => scores.map((times) => Math.round((100 * times) / Math.max(1, rated(scores))));

export function together(rows: readonly { readonly scores: Scores }[]): { scores: [number, number, number, number, number] } {
  const at = (index: number) => rows.reduce((sum, { scores }) => sum + (scores[index] ?? 0), 0);
  return { scores: [at(0), at(1), at(2), at(3), at(4)] };
}

/** `2026-11-30` and 1 make `2026-12-01`. */
export function addDays(day: string, count: number): string {
  const date = new Date(`${day}T00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}
