import { expect, test } from 'vitest';
import { fillIn } from './template.ts';
import vectors from './template.vectors.json' with { type: 'json' };

test.each(vectors)('$template', ({ template, text, ...values }) => {
  expect(fillIn(template, values)).toBe(text);
});
