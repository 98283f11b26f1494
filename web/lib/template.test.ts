import { expect, test } from 'vitest';
import { render } from './template.ts';
import vectors from './template.vectors.json' with { type: 'json' };

test.each(vectors)('$template', ({ template, text, ...values }) => {
  expect(render(template, values)).toBe(text);
});
