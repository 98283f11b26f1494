// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';

import { linkOf } from './extensions.ts';
import { gapOf, gapText, inert, isRich, withChips, withoutChips } from './gaps.ts';

const KNOWN = new Set(['name', 'agent']);

describe('gaps in the editor', () => {
  it('are chips, and what they were when they are taken out again', () => {
    for (const html of ['<p>Hola ${name|cliente}, soy %agent%.</p>', '<p><strong>${name}</strong>${factura}</p>', '<p><a href="https://x.example/?n=${name}">aquí</a></p>']) {
      expect(withoutChips(withChips(html, KNOWN))).toBe(html);
    }
    expect(withChips('<p>${name|cliente} %agent%</p>', KNOWN)).toBe('<p><span data-gap="${name|cliente}"></span> <span data-gap="%agent%"></span></p>');
  });

  it('are not what only looks like one', () => {
    for (const html of ['<p>50 % de %x%</p>', '<p>${7*7} {{7*7}} {% x %}</p>', '<p>${}</p>']) expect(withChips(html, KNOWN)).toBe(html);
  });

  it('hold no brace in what stands in for the unknown', () => {
    expect(gapText({ name: 'name', fallback: ' a}${agent} ' })).toBe('${name|a$agent}');
    expect(gapText({ name: 'name', fallback: ' ' })).toBe('${name}');
    expect(gapOf('${name|a|b}')).toEqual({ name: 'name', fallback: 'a|b' });
  });
});

it('links lead to pages, mails and telephones only', () => {
  expect(linkOf('example.com/a')).toBe('https://example.com/a');
  expect(linkOf('ana@example.com')).toBe('mailto:ana@example.com');
  for (const wrong of ['javascript:alert(1)', 'JavaScript:x', 'data:text/html,x', 'a b', '', 'hola']) expect(linkOf(wrong)).toBeNull();
});

it('what the editor would lose is known before', () => {
  expect(isRich('<p>a <strong>b</strong></p><ul><li>c</li></ul>')).toBe(true);
  for (const html of ['<table><tbody><tr><td>a</td></tr></tbody></table>', '<p style="color:red">a</p>', '<img src="https://x.example/a.png">', '<p>a</p><style>p{color:red}</style>']) expect(isRich(html)).toBe(false);
});

it('styles and handlers get another name, and nothing else does', () => {
  expect(inert('<p>a</p><STYLE media=x>@import "//x.example";</style ><base href=//x.example/><b>c</b><meta http-equiv=refresh><style>d')).toBe('<p>a</p><b>c</b>');
  expect(inert('<p style="a" ONCLICK=b title="x style=y onclick=z">style="c" on=d</p><p/onload=e>')).toBe('<p data-style="a" data-ONCLICK=b title="x style=y onclick=z">style="c" on=d</p><p/data-onload=e>');
});
