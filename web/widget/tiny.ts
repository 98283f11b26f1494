/**
 * A renderer of a kilobyte for the part of Preact that the widget uses: functions and classes as components, keys, refs, state. The
 * build puts it in Preact's place (`vite.config.ts`), because Preact alone would be a third of all that a visitor may load;
 * tests draw the same screens with both.
 */

type Props = Record<string, unknown>;
type Child = Node_ | string | number | boolean | null | undefined | Child[];
type Drawn = { render: () => Child; props: Props; state: Props } & Partial<Record<'componentDidMount' | 'componentDidUpdate' | 'componentWillUnmount', () => void>>;
type Type = string | ((props: Props) => Child) | (new (props: Props) => Drawn);

/** A wish, and what became of it. */
interface Node_ {
  readonly type: Type | null;
  readonly props: Props;
  readonly key: unknown;
  dom?: Element | Text;
  drawn?: Drawn;
  children: Node_[];
}

/** Where the next node of a parent goes. */
interface Place {
  readonly parent: Element;
  next: ChildNode | null;
}

const SVG = 'http://www.w3.org/2000/svg';

let root: { host: Element; wish: Node_; had: Node_[] } | null = null;
let later: (() => void)[] = [];

export function jsx(type: Type, props: Props, key?: unknown): Node_ {
  return { type, props, key, children: [] };
}
export { jsx as jsxs, jsx as jsxDEV };

export function Fragment(props: Props): Child {
  return props['children'] as Child;
}

export function render(wish: Node_, host: Element): void {
  root = { host, wish, had: root?.had ?? [] };
  draw();
}

/** Another page, for tests. */
export function forgetRoot(): void {
  root = null;
}

export class Component<P = Props, S = Props> {
  state = {} as S;

  constructor(public props: P) {}

  setState(change: Partial<S>, then?: () => void): void {
    this.state = { ...this.state, ...change };
    if (then) later.push(then);
    draw();
  }
}

function draw(): void {
  if (!root) return;
  const { host, wish, had } = root;
  root.had = [{ ...wish, children: [] }];
  lists({ parent: host, next: had[0] ? host.firstChild : null }, root.had, had);
  const done = later;
  later = [];
  for (const work of done) work();
}

function flat(child: Child, into: Node_[] = []): Node_[] {
  if (Array.isArray(child)) for (const one of child) flat(one, into);
  else if (typeof child === 'object' && child) into.push(child.children.length || child.dom ? { ...child, children: [] } : child);
  else if (child !== null && child !== undefined && typeof child !== 'boolean') into.push({ type: null, props: { text: `${child}` }, key: undefined, children: [] });
  return into;
}

/** What stays is not moved, so it keeps its focus. */
function lists(place: Place, wishes: Node_[], had: Node_[]): void {
  const rest = [...had];
  const before = wishes.map(({ type, key }) => {
    const at = rest.findIndex((old) => old.type === type && old.key === key);
    return at < 0 ? undefined : rest.splice(at, 1)[0];
  });
  for (const old of rest) remove(old, place);
  wishes.forEach((wish, index) => patch(place, wish, before[index]));
}

function patch(place: Place, wish: Node_, old: Node_ | undefined): void {
  const { type, props } = wish;
  if (typeof type === 'function') {
    let drawn = old?.drawn;
    let child: Child;
    if ('render' in (type.prototype ?? {})) {
      const isNew = !drawn;
      drawn ??= new (type as new (props: Props) => Drawn)(props);
      drawn.props = props;
      wish.drawn = drawn;
      child = drawn.render();
      later.push(() => drawn?.[isNew ? 'componentDidMount' : 'componentDidUpdate']?.());
    } else child = (type as (props: Props) => Child)(props);
    lists(place, (wish.children = flat(child)), old?.children ?? []);
    return;
  }
  const { parent } = place;
  if (type === null) {
    const text = (wish.dom = old?.dom ?? document.createTextNode(''));
    if ((text as Text).data !== props['text']) (text as Text).data = props['text'] as string;
  } else {
    const space = type === 'svg' || parent.namespaceURI === SVG ? SVG : 'http://www.w3.org/1999/xhtml';
    const dom = (wish.dom = (old?.dom as Element | undefined) ?? document.createElementNS(space, type));
    lists({ parent: dom, next: dom.firstChild }, (wish.children = flat(props['children'] as Child)), old?.children ?? []);
    for (const name in { ...old?.props, ...props }) set(dom, name, props[name], old?.props[name]);
    if (!old) (props['ref'] as ((dom: Element) => void) | undefined)?.(dom);
  }
  if (wish.dom === place.next) place.next = place.next?.nextSibling ?? null;
  else if (wish.dom) parent.insertBefore(wish.dom, place.next);
}

function set(dom: Element, name: string, value: unknown, old: unknown): void {
  const any = dom as unknown as Record<string, unknown>;
  if (name === 'children' || name === 'ref') return;
  if (name === 'style') for (const [property, to] of Object.entries((value ?? {}) as Record<string, string>)) (dom as HTMLElement).style.setProperty(property, to);
  else if (name === 'value' || name === 'checked') {
    // What somebody has typed meanwhile counts, not what was drawn last.
    if (any[name] !== value) any[name] = value;
  } else if (value === old) return;
  else if (name.startsWith('on')) any[name.toLowerCase()] = value ?? null;
  else if (name.includes('-') && value !== undefined) dom.setAttribute(name, `${value}`);
  else if (value === undefined || value === null || value === false) dom.removeAttribute(name);
  else dom.setAttribute(name, value === true ? '' : `${value}`);
}

function remove(old: Node_, place: Place | null): void {
  if (old.dom && place) {
    if (place.next === old.dom) place.next = old.dom.nextSibling;
    old.dom.remove();
  }
  for (const child of old.children) remove(child, old.dom ? null : place);
  old.drawn?.componentWillUnmount?.();
  (old.props['ref'] as ((dom: null) => void) | undefined)?.(null);
}
