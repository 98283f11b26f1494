/**
 * What the page of the company and the frame say to each other. Both check who speaks (window and origin) and that a message
 * has exactly a form that they know; everything else is as if nobody had spoken.
 */

export type ToFrame =
  /** First, when the frame is there. */
  | { centralita: 1; kind: 'hello'; language: string; scheme: string; shown: boolean; identity: string | null }
  | { centralita: 1; kind: 'identify'; token: string }
  | { centralita: 1; kind: 'forget' }
  | { centralita: 1; kind: 'language'; language: string }
  | { centralita: 1; kind: 'scheme'; scheme: string }
  | { centralita: 1; kind: 'shown'; shown: boolean };

export type ToPage =
  | { centralita: 1; kind: 'ready' }
  | { centralita: 1; kind: 'close' }
  | { centralita: 1; kind: 'unread'; count: number };

type Shape = Record<string, 'string' | 'boolean' | 'string?'>;

export const TO_FRAME: Record<ToFrame['kind'], Shape> = {
  hello: { language: 'string', scheme: 'string', shown: 'boolean', identity: 'string?' },
  identify: { token: 'string' },
  forget: {},
  language: { language: 'string' },
  scheme: { scheme: 'string' },
  shown: { shown: 'boolean' },
};

/** No text in a message is longer. */
const LONGEST = 5000;

/** The message, if it has one of these forms and nothing else. */
export function read<T>(data: unknown, shapes: Record<string, Shape>): T | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const { centralita, kind, ...rest } = data as Record<string, unknown>;
  if (centralita !== 1 || typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) return null;
  const shape = shapes[kind] ?? {};
  const fits = Object.entries(shape).every(([name, type]) => {
    const value = rest[name];
    if (type === 'string?' && value === null) return true;
    return typeof value === type.replace('?', '') && (typeof value !== 'string' || value.length <= LONGEST);
  });
  return fits && Object.keys(rest).length === Object.keys(shape).length ? (data as T) : null;
}
