import { expect, it } from 'vitest';

import { foldersOf } from './folders.ts';

it('what lies in no folder comes first, then folder by folder', () => {
  const file = (title: string, folder?: string) => ({ title, ...(folder !== undefined && { folder }) });
  const shown = foldersOf([file('b', 'Planes'), file('z'), file('a', 'Planes'), file('m', 'Mapas'), file('y', '')]);
  expect(shown.map(({ name, files }) => [name, files.map(({ title }) => title).join('')])).toEqual([['', 'yz'], ['Mapas', 'm'], ['Planes', 'ab']]);
  expect(foldersOf([])).toEqual([]);
});
