import { expect, it } from 'vitest';

import { isAddress, parsed } from './addresses.ts';

it('reads what people type and paste', () => {
  expect(parsed('Ana Pérez <Ana@X.example>, luz@x.example; "Paz, Eva" <eva@x.example>\n,, ')).toEqual([
    { name: 'Ana Pérez', address: 'ana@x.example' },
    { name: '', address: 'luz@x.example' },
    { name: 'Paz, Eva', address: 'eva@x.example' },
  ]);
});

it('knows an address from what only looks like one', () => {
  for (const good of ['ana@x.example', 'a.b+c@sub.x.co', 'ñandú@correo.example', 'x@xn--oda.example']) expect(isAddress(good), good).toBe(true);
  for (const bad of ['', 'ana', '@x.example', 'ana@', 'ana@x', 'a b@x.example', 'a@b@x.example', 'ana@127.0.0.1', 'ana@x..example', '.a@x.example', 'a.@x.example', 'ana@x.example>\r\nBcc: b@x.example']) expect(isAddress(bad), bad).toBe(false);
});
