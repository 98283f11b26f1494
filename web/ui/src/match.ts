/** Narrowing by what people type: accents and capitals do not matter, words may be begun only, one typo is forgiven. */

export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** 0 = no match; the higher the better. */
export function matches(query: string, text: string): number {
  const wanted = folded(query).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return 1;
  const within = folded(text);
  const words = within.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  let score = 0;
  for (const part of wanted) {
    if (within.startsWith(part)) score += 8;
    else if (words.some((word) => word.startsWith(part))) score += 6;
    else if (within.includes(part)) score += 3;
    else if (part.length >= 4 && words.some((word) => isOneOff(part, word))) score += 1;
    else return 0;
  }
  return score;
}

/** Whether the beginning of `word` is `part` with one letter changed, missing, added, or two swapped. */
function isOneOff(part: string, word: string): boolean {
  for (const length of [part.length - 1, part.length, part.length + 1]) {
    const start = word.slice(0, length);
    if (start.length !== length) continue;
    let front = 0;
    while (front < Math.min(part.length, length) && part[front] === start[front]) front += 1;
    const [one, other] = [part.slice(front), start.slice(front)];
    if (one.slice(1) === other.slice(1) || one.slice(1) === other || one === other.slice(1)) return true;
    if (one[0] === other[1] && one[1] === other[0] && one.slice(2) === other.slice(2)) return true;
  }
  return false;
}
