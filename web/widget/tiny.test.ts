// @vitest-environment happy-dom
import fc from 'fast-check';
import { h, render as preact } from 'preact';
import { beforeEach, describe, expect, it } from 'vitest';

import * as tiny from './tiny.ts';

/** A wish in neither's words. */
interface Wish {
  tag: string;
  key?: string;
  props: Record<string, string | boolean>;
  children: (Wish | string | null)[];
  /** Drawn by a component around it. */
  wrapped: boolean;
}

const wish: fc.Arbitrary<Wish> = fc.letrec<{ wish: Wish }>((tie) => ({
  wish: fc.record({
    tag: fc.constantFrom('p', 'b', 'ul', 'svg'),
    props: fc.dictionary(fc.constantFrom('title', 'id', 'aria-label', 'class', 'hidden'), fc.oneof(fc.constantFrom('a', 'b'), fc.boolean()), { maxKeys: 3 }).map((props) => {
      // Preact and HTML differ about what a boolean means for these.
      for (const name of Object.keys(props)) if (name !== 'hidden' && typeof props[name] === 'boolean') delete props[name];
      if (typeof props['hidden'] === 'string') delete props['hidden'];
      return props;
    }),
    children: fc.array(fc.oneof({ depthSize: 'small', maxDepth: 3 }, fc.constantFrom('x', 'y', null), tie('wish')), { maxLength: 4 }),
    wrapped: fc.boolean(),
  }),
})).wish;

/** Some children have keys, each once among its siblings. */
function keyed(root: Wish, seed: number): Wish {
  let next = seed;
  const children = root.children.map((child, index) => {
    if (typeof child !== 'object' || child === null) return child;
    next = (next * 1103515245 + 12345) & 0x7fffffff;
    return { ...keyed(child, next), ...(next % 2 && { key: `k${(index + next) % 4}-${index}` }) };
  });
  return { ...root, children };
}

type Make = (type: unknown, props: Record<string, unknown>, children: unknown[], key?: string) => unknown;

function made(make: Make, { tag, key, props, children, wrapped }: Wish): unknown {
  const inner = () => make(tag, props, children.map((child) => (typeof child === 'object' && child ? made(make, child) : child)));
  return wrapped ? make(around, { inner }, [], key) : make(tag, props, children.map((child) => (typeof child === 'object' && child ? made(make, child) : child)), key);
}

const around = ({ inner }: { inner: () => unknown }) => inner();

const withPreact: Make = (type, props, children, key) => h(type as string, { ...props, ...(key !== undefined && { key }) }, ...(children as string[]));
const withTiny: Make = (type, props, children, key) => tiny.jsx(type as string, { ...props, children: children as string[] }, key);

/** Preact leaves some attributes empty where they are taken away. */
const html = (host: Element) => host.innerHTML.replace(/ xmlns="[^"]*"/g, '').replaceAll('hidden="true"', 'hidden=""').replace(/ (title|id|class|aria-label)=""/g, '');
const sorted = (text: string) => text.replace(/<(\w+)((?: [a-z-]+="[^"]*")*)>/g, (_, tag: string, attributes: string) => `<${tag}${(attributes.match(/ [a-z-]+="[^"]*"/g) ?? []).sort().join('')}>`);

let host: HTMLElement;
beforeEach(() => {
  host = document.createElement('div');
  document.body.replaceChildren(host);
  tiny.forgetRoot();
});

describe('the small renderer', () => {
  it('draws what Preact draws, whatever is drawn after whatever', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(wish, fc.nat()), { minLength: 1, maxLength: 5 }), (wishes) => {
        const [one, other] = [document.createElement('div'), document.createElement('div')];
        tiny.forgetRoot();
        for (const [root, seed] of wishes) {
          const asked = keyed(root, seed);
          preact(made(withPreact, asked) as never, one);
          tiny.render(made(withTiny, asked) as never, other);
          expect(sorted(html(other))).toBe(sorted(html(one)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('keeps what stays: the very elements, their focus and what was typed', () => {
    const list = (...keys: string[]) => tiny.jsx('ul', { children: keys.map((key) => tiny.jsx('li', { children: tiny.jsx('input', { id: key }) }, key)) });
    tiny.render(list('a', 'b', 'c'), host);
    const b = host.querySelector<HTMLInputElement>('#b');
    b?.focus();
    tiny.render(list('x', 'b', 'y'), host);
    expect(host.querySelector('#b')).toBe(b);
    expect(document.activeElement).toBe(b);
    expect([...host.querySelectorAll('input')].map(({ id }) => id)).toEqual(['x', 'b', 'y']);
  });

  it('tells components of their life, and draws again when they change', () => {
    const life: string[] = [];
    class Counter extends tiny.Component<Record<string, unknown>, { count: number }> {
      override state = { count: 0 };
      componentDidMount() {
        life.push('born');
      }
      componentDidUpdate() {
        life.push(`changed ${this.state.count}`);
      }
      componentWillUnmount() {
        life.push('gone');
      }
      render() {
        return tiny.jsx('button', { onClick: () => this.setState({ count: this.state.count + 1 }, () => life.push('then')), children: this.state.count });
      }
    }
    tiny.render(tiny.jsx('p', { children: tiny.jsx(Counter as never, {}) }), host);
    host.querySelector('button')?.click();
    expect(host.textContent).toBe('1');
    tiny.render(tiny.jsx('p', {}), host);
    expect([life[0], life[3], ...life.slice(1, 3).sort()]).toEqual(['born', 'gone', 'changed 1', 'then']);
  });

  it('never makes markup of text', () => {
    tiny.render(tiny.jsx('p', { title: '"><img src=x onerror=alert(1)>', children: '<img src=x onerror=alert(1)>' }), host);
    expect(host.querySelector('img')).toBeNull();
    expect(host.textContent).toBe('<img src=x onerror=alert(1)>');
  });
});
