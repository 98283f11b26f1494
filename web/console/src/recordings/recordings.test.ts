import { describe, expect, it } from 'vitest';

import { asked, filtersOf, isEmpty, queryOf } from './filters.ts';
import { pieces, wantedOf } from './marks.ts';

describe('what is looked for', () => {
  it('is in the address and comes back from it', () => {
    const filters = filtersOf({ q: 'no "anda"', desde: '2026-11-01', campana: 'a,b', canal: '', id: 'x', otro: 'y' });
    expect(filters).toMatchObject({ q: 'no "anda"', desde: '2026-11-01', hasta: '', campana: ['a', 'b'], canal: [] });
    expect(queryOf(filters, 'x')).toEqual({ q: 'no "anda"', desde: '2026-11-01', campana: 'a,b', id: 'x' });
    expect(asked(filters)).toMatchObject({ q: 'no "anda"', from: '2026-11-01', campaign: 'a,b', kind: undefined });
    expect([isEmpty(filters), isEmpty(filtersOf({ id: 'x' }))]).toEqual([false, true]);
  });
});

describe('marks', () => {
  const marked = (text: string, typed: string) => pieces(text, wantedOf(typed)).filter((piece) => piece.marked).map((piece) => piece.text);
  it('stand where the server finds', () => {
    expect(marked('La FACTURÁ no llegó; facturación', 'factura')).toEqual(['FACTURÁ', 'facturación']);
    expect(marked('La factura no llegó; facturación', 'factura no')).toEqual(['factura', 'no']);
    expect(marked('lleno no', 'no')).toEqual(['no']);
    expect(marked('a.b', '*')).toEqual([]);
    expect(marked('cafe\u0301 solo', '"café"')).toEqual(['cafe\u0301']);
  });
  it('leave the text as it is', () => {
    for (const text of ['', 'no', '¿no? ¡No!', 'sin nada <b>']) {
      expect(pieces(text, wantedOf('no')).map((piece) => piece.text).join('')).toBe(text);
    }
  });
});
