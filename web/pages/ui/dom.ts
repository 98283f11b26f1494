/** Small helpers over the DOM. Text goes in as text, never as markup. */

type Child = Node | string | null | false;
type Props = Readonly<Record<string, string | number | boolean | ((event: never) => void) | null | undefined>>;

/** Makes an element: `on…` are listeners, `true` is an empty attribute, `false` and `null` are none. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== null && child !== false) element.append(child);
  return element;
}

/** Writes only what changes: screen readers and selections stay undisturbed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A list of elements that keeps one element per key, so focus, selection and scroll position survive an update. */
export class Keyed<Item, Part extends { readonly element: Element }> {
  #parts = new Map<string, Part>();

  constructor(
    readonly parent: Element,
    readonly key: (item: Item) => string,
    readonly create: (item: Item) => Part,
    readonly update: (part: Part, item: Item) => void,
  ) {}

  get(key: string): Part | undefined {
    return this.#parts.get(key);
  }

  show(items: readonly Item[]): void {
    const parts = new Map<string, Part>();
    for (const item of items) {
      const key = this.key(item);
      const part = this.#parts.get(key) ?? this.create(item);
      parts.set(key, part);
      this.update(part, item);
    }
    for (const [key, part] of this.#parts) if (!parts.has(key)) part.element.remove();
    this.#parts = parts;
    let place = this.parent.firstElementChild;
    for (const { element } of parts.values()) {
      if (element === place) place = place.nextElementSibling;
      else this.parent.insertBefore(element, place);
    }
  }
}

/**
 * Keeps a button from doing its work twice at once. It is not disabled meanwhile: a disabled button loses the focus, and whoever
 * uses the keyboard with it.
 */
export function whileBusy(buttons: readonly HTMLButtonElement[], work: () => Promise<unknown>): () => void {
  return () => {
    if (buttons.some((button) => button.ariaDisabled === 'true')) return;
    for (const button of buttons) button.ariaDisabled = 'true';
    void work().finally(() => {
      for (const button of buttons) button.ariaDisabled = null;
    });
  };
}

export interface Option {
  readonly value: string;
  readonly text: string;
  readonly disabled?: boolean;
}

/** Fills a select only when its options change, and keeps the choice if it is still there. */
export function setOptions(select: HTMLSelectElement, options: readonly Option[]): void {
  const now = JSON.stringify(options);
  if (select.dataset['options'] === now) return;
  select.dataset['options'] = now;
  const chosen = select.value;
  select.replaceChildren(
    ...options.map(({ value, text, disabled }) => h('option', { value, disabled: disabled ?? false }, text)),
  );
  if (options.some(({ value }) => value === chosen)) select.value = chosen;
}

/** Runs at most once per frame; hidden pages have no frames but still change their title. */
export function perFrame(work: () => void): () => void {
  let due = false;
  const run = () => {
    due = false;
    work();
  };
  return () => {
    if (due) return;
    due = true;
    if (document.hidden) setTimeout(run, 100);
    else requestAnimationFrame(run);
  };
}
