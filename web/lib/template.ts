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
