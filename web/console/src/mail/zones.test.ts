import { expect, test } from 'vitest';

import { there } from './zones.ts';

test('the clock of customers who are elsewhere', () => {
  const noon = '2026-11-24T12:00:00Z';
  expect(there(noon, 'America/Argentina/Buenos_Aires', 'es', 'Europe/Madrid')).toEqual({ at: 'mar, 09:00', place: 'Buenos Aires' });
  // Another day there.
  expect(there('2026-11-24T01:00:00Z', 'America/Mexico_City', 'es', 'UTC')?.at).toBe('lun, 19:00');
});

test('nothing is said where clocks show the same, or nobody knows', () => {
  expect(there('2026-11-24T12:00:00Z', 'Europe/Paris', 'es', 'Europe/Madrid')).toBeNull();
  expect(there('2026-11-24T12:00:00Z', 'Nowhere/At_All', 'es', 'UTC')).toBeNull();
});
