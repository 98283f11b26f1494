/**
 * Plain substitution of known names, the same as `domain/template.rs` does: `${name}`, `${name|fallback}`, `%name%`. What is
 * not a known name stays as it is.
 */

export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{([a-z_]+)(?:\|([^{}]*))?\}|%([a-z_]+)%/g, (whole, braced: string | undefined, fallback: string | undefined, percent: string | undefined) => {
    const value = values[braced ?? percent ?? ''];
    if (value === undefined) return whole;
    return value !== '' ? value : (fallback ?? '');
  });
}
