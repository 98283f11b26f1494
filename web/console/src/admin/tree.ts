/** The tree of a client's dispositions, as it is drawn, and where a node can go. */

import type { Disposition } from '@centralita/lib/wire';

export interface TreeRow {
  readonly node: Disposition;
  readonly depth: number;
  /** Its place among those beside it that can be moved, from 0. */
  readonly at: number;
  readonly beside: readonly Disposition[];
  /** It or one above it is switched off. */
  readonly off: boolean;
}
/** Where a node goes. */
export interface Move {
  readonly parent: string | null;
  readonly position: number;
}

const turn = (one: Disposition, other: Disposition) =>
  Number(one.system !== null) - Number(other.system !== null) || (one.position ?? 0) - (other.position ?? 0) || one.id.localeCompare(other.id);

/** From the top, each followed by what lies below it. */
export function rowsOf(nodes: readonly Disposition[]): TreeRow[] {
  const known = new Set(nodes.map(({ id }) => id));
  const rows: TreeRow[] = [];
  const draw = (parent: string | null, depth: number, off: boolean): void => {
    const beside = nodes.filter((node) => (node.parent && known.has(node.parent) ? node.parent : null) === parent).sort(turn);
    beside.forEach((node, at) => {
      const isOff = off || node.enabled === false;
      rows.push({ node, depth, at, beside: beside.filter(({ system }) => system === null), off: isOff });
      draw(node.id, depth + 1, isOff);
    });
  };
  draw(null, 0, false);
  return rows;
}

/** Where `up`, `down`, `in` (below the one before) and `out` lead; nowhere = null. The server has the last word. */
export function moveOf(rows: readonly TreeRow[], id: string, way: 'up' | 'down' | 'in' | 'out'): Move | null {
  const row = rows.find(({ node }) => node.id === id);
  if (!row || row.node.system !== null) return null;
  const parent = row.node.parent ?? null;
  const into = row.beside[row.at - 1];
  const above = rows.find(({ node }) => node.id === parent);
  switch (way) {
    case 'up':
      return row.at > 0 ? { parent, position: row.at - 1 } : null;
    case 'down':
      return row.at < row.beside.length - 1 ? { parent, position: row.at + 1 } : null;
    case 'in':
      return into ? { parent: into.id, position: rows.filter(({ node }) => node.parent === into.id).length } : null;
    case 'out':
      return above ? { parent: above.node.parent ?? null, position: above.at + 1 } : null;
  }
}

/** Where a node goes that is dropped on another: `before` it or `below` it. A place among those beside it counts without itself. */
export function dropOf(rows: readonly TreeRow[], id: string, on: string, where: 'before' | 'below'): Move | null {
  const target = rows.find(({ node }) => node.id === on);
  const row = rows.find(({ node }) => node.id === id);
  if (!target || !row || id === on || target.node.system !== null || row.node.system !== null) return null;
  for (let at: string | null = on; at !== null; at = rows.find(({ node }) => node.id === at)?.node.parent ?? null) if (at === id) return null;
  if (where === 'below') return { parent: on, position: rows.filter(({ node }) => node.parent === on && node.id !== id).length };
  const parent = target.node.parent ?? null;
  const isAfter = (row.node.parent ?? null) === parent && row.at < target.at;
  return { parent, position: target.at - (isAfter ? 1 : 0) };
}
