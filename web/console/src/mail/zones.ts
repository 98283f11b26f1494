/** What clocks show where customers are. */

/** A moment there, with its place: `mar, 09:00 en Buenos Aires`; none where clocks show the same as here. */
export function there(iso: string, zone: string, language: string, here?: string): { at: string; place: string } | null {
  const shown = (timeZone: string | undefined) => new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(timeZone ? { timeZone } : {}) }).format(new Date(iso));
  try {
    const at = shown(zone);
    return at === shown(here) ? null : { at, place: (zone.split('/').pop() ?? zone).replaceAll('_', ' ') };
  } catch {
    // A zone that this browser does not know.
    return null;
  }
}
