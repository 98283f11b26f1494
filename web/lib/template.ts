// Texts with gaps: `%name%`, `${name}`, `${name|there}`. Known names only, put in once and as they are: whatever else looks like a gap
// stays as it stands, also within what was put in. `src/domain/template.rs` is the same on the server; both are tested with
// `template.vectors.json`.

/** What can stand in the gaps; what is empty is not known. */
export interface TemplateValues {
  /** The customer's name. */
  name?: string | undefined;
  /** The agent's name. */
  agent?: string | undefined;
  /** The campaign's name. */
  campaign?: string | undefined;
}

const GAP = /%(name|agent|campaign)%|\$\{(name|agent|campaign)(?:\|([^}]*))?\}/g;

/** The text with its gaps filled. A gap without a value disappears, or shows what stands behind its `|`. */
export function fillIn(template: string, values: TemplateValues): string {
  return template.replace(GAP, (_, percent: string | undefined, braces: string | undefined, fallback: string | undefined) => {
    const name = (percent ?? braces) as keyof TemplateValues;
    return values[name] || (fallback ?? '');
  });
}

/** What in braces has a name: as the server's `gaps`. */
const NAMED = /\$\{(\p{L}[\p{L}\p{N}_.-]*)(?:\|[^}]*)?\}/gu;

/** The gaps that nothing was put into, as they are written: what they are for is missing. */
export const gapsLeft = (text: string): string[] => [...new Set([...text.matchAll(NAMED)].map(([gap]) => gap))];

/** Whether something may stand in it that is not known here: the server fills it in. */
export const asksForMore = (template: string): boolean => /\$\{|%[\p{L}][^%\s]*%/u.test(template.replace(GAP, ''));
