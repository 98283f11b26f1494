import type { Disposition } from '@centralita/lib/wire';
import { describe, expect, it } from 'vitest';

import { dropOf, moveOf, rowsOf } from './tree.ts';

const node = (id: string, parent: string | null, position: number, more: Partial<Disposition> = {}): Disposition => ({ id, client: 'c', parent, name: id, enabled: true, position, system: null, renamed: false, offered: false, ...more });
/** a ── b, c ── d; e; the product's. */
const nodes = [node('s', null, 0, { system: 'transfer' }), node('e', null, 1), node('a', null, 0, { enabled: false }), node('c', 'a', 1), node('b', 'a', 0), node('d', 'c', 0)];
const rows = rowsOf(nodes);

describe('the tree of dispositions', () => {
  it('is drawn from the top, what the product uses last', () => {
    expect(rows.map((row) => [row.node.id, row.depth, row.off])).toEqual([['a', 0, true], ['b', 1, true], ['c', 1, true], ['d', 2, true], ['e', 0, false], ['s', 0, false]]);
  });

  it('moves a node one step', () => {
    expect(moveOf(rows, 'c', 'up')).toEqual({ parent: 'a', position: 0 });
    expect(moveOf(rows, 'c', 'down')).toBeNull();
    expect(moveOf(rows, 'c', 'in')).toEqual({ parent: 'b', position: 0 });
    expect(moveOf(rows, 'c', 'out')).toEqual({ parent: null, position: 1 });
    expect(moveOf(rows, 'e', 'in')).toEqual({ parent: 'a', position: 2 });
    expect(moveOf(rows, 'e', 'down')).toBeNull();
    expect(moveOf(rows, 'e', 'out')).toBeNull();
    expect(moveOf(rows, 's', 'up')).toBeNull();
  });

  it('drops a node before or below another, never below itself', () => {
    expect(dropOf(rows, 'a', 'e', 'before')).toEqual({ parent: null, position: 0 });
    expect(dropOf(rows, 'e', 'a', 'before')).toEqual({ parent: null, position: 0 });
    expect(dropOf(rows, 'e', 'c', 'before')).toEqual({ parent: 'a', position: 1 });
    expect(dropOf(rows, 'e', 'a', 'below')).toEqual({ parent: 'a', position: 2 });
    expect(dropOf(rows, 'a', 'd', 'below')).toBeNull();
    expect(dropOf(rows, 'e', 's', 'below')).toBeNull();
  });

  it('draws damaged data without end only once', () => {
    expect(rowsOf([node('x', 'y', 0), node('y', 'x', 0), node('z', 'gone', 0)]).map(({ node }) => node.id)).toEqual(['z']);
  });
});
