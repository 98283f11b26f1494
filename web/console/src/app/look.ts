/** Theme, density and size of letters: on the document, and in a cookie for the first paint of the next visit. */

const YEAR_SECONDS = 365 * 24 * 3600;

export function keepLook(theme: string, density: string, font: number): void {
  const root = document.documentElement.dataset;
  root['theme'] = theme;
  root['density'] = density;
  root['font'] = String(font);
  document.cookie = `centralita.look=${theme}.${density}.${font}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
