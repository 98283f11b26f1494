/** A random key: names one request for ever, so repeating the request does its work once. */
export function newKey(): string {
  // `randomUUID` exists only on secure origins; a console on http://10.0.0.5 is none.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
