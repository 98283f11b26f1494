import { expect, test } from 'vitest';
import { asksForMore, fillIn, gapsLeft } from './template.ts';
import vectors from './template.vectors.json' with { type: 'json' };

test.each(vectors)('$template', ({ template, text, ...values }) => {
  expect(fillIn(template, values)).toBe(text);
});

test('what stays open is seen, and what only the server knows is asked there', () => {
  expect(gapsLeft('Hola ${name}, ${ñandú|x} y ${name}: 50 % de %x%, ${}, ${1a}, $5')).toEqual(['${name}', '${ñandú|x}']);
  expect(['Hola %name%', '${agent|x} a las 10', 'Al 50 % y al 20 %'].map(asksForMore)).toEqual([false, false, false]);
  expect(['${reference}', '%subject%', '${name} ${email|x}'].map(asksForMore)).toEqual([true, true, true]);
});
