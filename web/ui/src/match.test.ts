import { describe, expect, it } from 'vitest';

import { matches } from './match.ts';

describe('narrowing', () => {
  it('ignores accents and capitals, and takes beginnings of words in any order', () => {
    for (const query of ['numero', 'NÚMERO', 'cli num', 'número de cliente', '']) expect(matches(query, 'Número de cliente'), query).toBeGreaterThan(0);
    for (const query of ['factura', 'cliente x', 'nro']) expect(matches(query, 'Número de cliente'), query).toBe(0);
  });

  it('forgives one typo in a word that is long enough', () => {
    for (const query of ['tranferir', 'trasnferir', 'transferrir', 'tranzferir']) expect(matches(query, 'Transferir'), query).toBeGreaterThan(0);
    expect(matches('trnzferir', 'Transferir')).toBe(0);
    expect(matches('vot', 'Venta')).toBe(0);
  });

  it('puts what begins so before what only holds it', () => {
    expect(matches('ven', 'Ventas')).toBeGreaterThan(matches('ven', 'Campaña Ventas'));
    expect(matches('ven', 'Campaña Ventas')).toBeGreaterThan(matches('ven', 'Joven'));
  });
});
